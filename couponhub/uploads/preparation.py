"""The first step of an upload: read, checked and written as files, less what the list was given before."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import attrs

from couponhub.codes import PreparedCodes
from couponhub.errors import Conflict, LocalError
from couponhub.models import FileUrl
from couponhub.protocols import AcceptsFiles, AcceptsFileUrls
from couponhub.state import Ledger, ListHistory, PartRecord, UploadRecord
from couponhub.uploads.bounds import Bounds
from couponhub.uploads.names import part_name
from couponhub.uploads.reconciling import Reconciler
from couponhub.uploads.recovery import OrphanRecovery
from couponhub.uploads.request import PreparedSource, UploadRequest
from couponhub.uploads.submission import wait_command
from couponhub.uploads.subtraction import Subtractor


@attrs.frozen(kw_only=True)
class Preparer:
    """Prepares uploads of one connection. Only for the one who holds the right to send to the list."""

    connection: str
    adapter: AcceptsFiles | AcceptsFileUrls
    bounds: Bounds
    ledger: Ledger
    reconciler: Reconciler
    recovery: OrphanRecovery

    def prepare(
        self, request: UploadRequest, workspace: Path
    ) -> tuple[UploadRecord, PreparedSource, ListHistory]:
        """Return the upload, which is not written down yet, its files, and what the list was given before.

        Raises:
            Conflict: The same codes were sent before.
            LocalError: What the list was given is not known any more.
            UsageError, VendorError, WaitTimeout: See `Uploads.send`.
        """
        history = self.ledger.history(request.list_id)
        if not request.again:
            _require_memory(request, history)
            if self.reconciler.settle_list(history.uploads):
                history = self.ledger.history(request.list_id)
        name = request.name
        if isinstance(request.source, FileUrl):
            upload = UploadRecord(
                id=request.id,
                connection=self.connection,
                list_id=request.list_id,
                name=name,
                fingerprint=hashlib.sha256(f"url\n{request.source.url}".encode()).hexdigest(),
                warnings=self.bounds.warnings(request.source),
                parts=(PartRecord.prepared(1, name=part_name(name), rows=None),),
            )
            self._refuse_repetition(request, upload, history)
            return upload, PreparedSource(url=request.source), history
        rest = Subtractor(
            history=history,
            rules=self.adapter.file_rules,
            column=request.column,
            tagging=request.tagging,
            accepts_ruined=request.accepts_ruined,
            recover=lambda: self._recovered(request),
        ).prepare(request.source, workspace, again=request.again)
        codes, doubtful, history = rest.codes, rest.doubtful, rest.history
        upload = UploadRecord(
            id=request.id,
            connection=self.connection,
            list_id=request.list_id,
            name=name,
            fingerprint=codes.fingerprint,
            rows=codes.rows,
            duplicates=codes.duplicates,
            skipped=codes.skipped - doubtful,
            tagging=request.tagging.identifier if request.tagging else None,
            warnings=(*codes.warnings, *self._warnings(request, codes, doubtful, history)),
            parts=tuple(
                PartRecord.prepared(number, name=part_name(name), rows=file.rows)
                for number, file in enumerate(codes.parts, start=1)
            ),
        )
        self._refuse_repetition(request, upload, history)
        return upload, PreparedSource(files=codes.parts, rows=rest.record), history

    def _recovered(self, request: UploadRequest) -> ListHistory:
        self.recovery.recover(request.list_id, request.progress)
        return self.ledger.history(request.list_id)

    def _warnings(
        self, request: UploadRequest, codes: PreparedCodes, doubtful: int, history: ListHistory
    ) -> Iterator[str]:
        if not codes.parts:
            yield "every code was sent to this list before: nothing was sent"
        if not request.again and (unknown := len(history.unknown)):
            yield (
                f"the store does not know the uploads of {unknown} code sets of this list that lie beside it: it has"
                " lost its memory; their codes were left out, see `couponhub doctor`"
            )
        if doubtful:
            yield (
                f"{doubtful} codes were sent to this list before, in parts of which the vendor does not show that it"
                f" took all, and were left out; see `couponhub uploads ls {self.connection} {request.list_id}`"
            )

    def _refuse_repetition(self, request: UploadRequest, upload: UploadRecord, history: ListHistory) -> None:
        """Refuse a batch that was sent before, unless what is left of it provably never arrived."""
        if request.again:
            return
        # The newest first: what earlier calls left, it has sent, so that its end is that of the whole batch.
        for earlier in reversed(history.same_batch(upload.fingerprint)):
            known = history.codes_known(earlier)
            if any(part.maybe_sent for part in earlier.parts) and not (known and upload.parts):
                raise Conflict(
                    f"the same codes were sent to this list before, as upload {earlier.id}; nothing was sent",
                    hint=f"`{wait_command(earlier)}` tells how that ends; --again would send every code once more,"
                    " also those that the vendor has",
                    connection=self.connection,
                    operation="send codes",
                )


def _require_memory(request: UploadRequest, history: ListHistory) -> None:
    """Refuse to send where the store has lost what the list was given, and it cannot be left out."""
    lost = ""
    if history.has_lost_codes:
        lost = "the store knows that codes were sent to this list, and the folder with them is gone"
    elif isinstance(request.source, FileUrl) and history.unknown:
        lost = "code sets of this list lie beside the store, which does not know their uploads"
    if lost:
        raise LocalError(
            f"{lost}: codes could go out twice, so nothing was sent",
            hint="restore the store and its folder codes/ from one backup, see `couponhub doctor`; --again"
            " would send every code, also those that the vendor has",
        )
