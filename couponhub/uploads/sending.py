"""One upload on its way: checked, prepared, recorded, then staged or sent, part by part."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import BinaryIO

import attrs

from couponhub.codes import CodeSource, PreparedCodes, PreparedFile
from couponhub.errors import (
    Conflict,
    CouponhubError,
    LocalError,
    OutcomeUnknown,
    PartialFailure,
    VendorError,
    VendorUnavailable,
    WaitTimeout,
)
from couponhub.models import CodeFile, CouponList, FileUrl, ListId, Tagging, Upload
from couponhub.protocols import AcceptsFiles, AcceptsFileUrls
from couponhub.staging import StagedFile, Staging
from couponhub.state import Ledger, ListHistory, PartRecord, Stage, UploadRecord
from couponhub.uploads.bounds import Bounds
from couponhub.uploads.doorbell import Doorbell
from couponhub.uploads.events import EventKind, Progress, UploadEvent
from couponhub.uploads.names import default_name, new_upload_id, part_name
from couponhub.uploads.patience import Patience
from couponhub.uploads.reconciling import Reconciler
from couponhub.uploads.settling import Settler, arrived_parts_ended
from couponhub.uploads.submitting import Submitter, Way, show_command, wait_command
from couponhub.uploads.subtracting import Subtractor
from couponhub.uploads.summary import upload_of
from couponhub.uploads.watching import STRAY_REFUSALS, Watcher


@attrs.frozen(kw_only=True)
class Order:
    """What a caller wants to be sent; see `Uploads.send`."""

    list_id: ListId
    source: CodeSource | FileUrl
    name: str | None
    column: str | int | None
    tagging: Tagging | None
    accepts_ruined: bool
    callback: str | None
    again: bool
    progress: Progress


@attrs.frozen(kw_only=True)
class Sender:
    """Sends uploads of one connection.

    Attributes:
        bounds: What the vendor takes at most.
        staging: None when files need no staging.
        doorbell: Where vendors that report somewhere may do so.
    """

    connection: str
    adapter: AcceptsFiles | AcceptsFileUrls
    bounds: Bounds
    ledger: Ledger
    staging: Staging | None
    doorbell: Doorbell
    submitter: Submitter
    reconciler: Reconciler
    settler: Settler
    watcher: Watcher
    patience: Patience

    def send(self, order: Order) -> UploadRecord:
        """Send, and with staging stay until the vendor has ended every part; see `Uploads.send`."""
        self.ledger.require_writable()
        coupon_list = self._check_list(order)
        with ExitStack() as job:
            workspace = job.enter_context(self.ledger.workspace())
            with self.ledger.list_lock(order.list_id, timeout=self.patience.seconds):
                upload, files = self._prepare(order, workspace)
                self.bounds.check_room(coupon_list, upload)
                self._require_time()
                order = self._with_callback(order, upload)
                staged = [
                    self._stage(job, file, part) for file, part in zip(files, upload.parts, strict=False)
                ]
                upload = _with_addresses(upload, staged)
                ways = list(self._ways(order, upload, files, staged))
                upload = self.ledger.begin(upload, [file.codes for file in files])
                self._tell(order, EventKind.RECORDED, upload)
                upload, trouble = self._submit_all(order, upload, ways)
            if trouble is not None:
                with suppress(LocalError):
                    # What became of each part; if even this cannot be read, `trouble` says why.
                    upload = self.ledger.find(upload.id) or upload
            if self.staging is not None and files:
                upload = self._see_off(order, upload, [file for file in staged if file], trouble)
        if trouble is not None:
            raise self._told(trouble, upload)
        return upload

    def _with_callback(self, order: Order, upload: UploadRecord) -> Order:
        by_url = self.staging is not None or isinstance(order.source, FileUrl)
        if order.callback is not None or not by_url or not upload.parts:
            return order
        return attrs.evolve(order, callback=self.doorbell.hang(upload.id))

    def _check_list(self, order: Order) -> CouponList:
        try:
            return self.patience.ask(
                lambda left: self.adapter.prepare_list(order.list_id, order.tagging, deadline=left)
            )
        except VendorUnavailable as error:
            if self.patience.deadline.passed():
                raise self._nothing_sent() from error
            raise

    def _require_time(self) -> None:
        if self.patience.deadline.passed():
            raise self._nothing_sent()

    def _nothing_sent(self) -> WaitTimeout:
        return WaitTimeout(f"nothing was sent within {self.patience.deadline.seconds:g} seconds")

    def _prepare(self, order: Order, workspace: Path) -> tuple[UploadRecord, tuple[PreparedFile, ...]]:
        history = self.ledger.history(order.list_id)
        if not order.again:
            _require_memory(order, history)
            if self.reconciler.settle_list(history.uploads):
                history = self.ledger.history(order.list_id)
        name = order.name or default_name(order.source)
        if isinstance(order.source, FileUrl):
            upload = UploadRecord(
                id=new_upload_id(),
                connection=self.connection,
                list_id=order.list_id,
                name=name,
                fingerprint=hashlib.sha256(f"url\n{order.source.url}".encode()).hexdigest(),
                warnings=self.bounds.warnings(order.source),
                parts=(PartRecord(number=1, name=part_name(name)),),
            )
            self._refuse_repetition(order, upload, history)
            return upload, ()
        codes, doubtful, history = Subtractor(
            history=history,
            rules=self.adapter.file_rules,
            column=order.column,
            tagging=order.tagging,
            accepts_ruined=order.accepts_ruined,
            settle=lambda: self._settled(order),
        ).prepare(order.source, workspace, again=order.again)
        upload = UploadRecord(
            id=new_upload_id(),
            connection=self.connection,
            list_id=order.list_id,
            name=name,
            fingerprint=codes.fingerprint,
            rows=codes.rows,
            duplicates=codes.duplicates,
            skipped=codes.skipped - doubtful,
            tagging=order.tagging.identifier if order.tagging else None,
            warnings=(*codes.warnings, *self._warnings(order, codes, doubtful, history)),
            parts=tuple(
                PartRecord(number=number, name=part_name(name), rows=file.rows)
                for number, file in enumerate(codes.parts, start=1)
            ),
        )
        self._refuse_repetition(order, upload, history)
        return upload, codes.parts

    def _settled(self, order: Order) -> ListHistory:
        self.settler.settle(order.list_id, order.progress)
        return self.ledger.history(order.list_id)

    def _warnings(
        self, order: Order, codes: PreparedCodes, doubtful: int, history: ListHistory
    ) -> Iterator[str]:
        if not codes.parts:
            yield "every code was sent to this list before: nothing was sent"
        if not order.again and (unknown := len(history.unknown)):
            yield (
                f"the store does not know the uploads of {unknown} code sets of this list that lie beside it: it has"
                " lost its memory; their codes were left out, see `couponhub doctor`"
            )
        if doubtful:
            yield (
                f"{doubtful} codes were sent to this list before, in parts of which the vendor does not show that it"
                f" took all, and were left out; see `couponhub uploads ls {self.connection} {order.list_id}`"
            )

    def _refuse_repetition(self, order: Order, upload: UploadRecord, history: ListHistory) -> None:
        """Refuse a batch that was sent before, unless what is left of it provably never arrived."""
        if order.again:
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

    def _stage(self, job: ExitStack, file: PreparedFile, part: PartRecord) -> StagedFile | None:
        return job.enter_context(self.staging.stage(file.path, part.name)) if self.staging else None

    def _ways(
        self,
        order: Order,
        upload: UploadRecord,
        files: Sequence[PreparedFile],
        staged: Sequence[StagedFile | None],
    ) -> Iterator[Way]:
        """For each part, the one call that hands it to the vendor."""
        if isinstance(order.source, FileUrl):
            yield self._way_of_url(order, order.source, upload.parts[0])
        for file, place, part in zip(files, staged, upload.parts, strict=bool(files)):
            if place is not None:
                yield self._way_of_url(order, FileUrl(url=place.url), part)
            elif isinstance(self.adapter, AcceptsFiles):
                # In a vendor file the customer is always the first column.
                tagging = order.tagging and attrs.evolve(order.tagging, column=0)
                code_file = CodeFile(
                    name=part.name, rows=file.rows, size=file.size, open=partial(_open, file.path)
                )
                yield _way_of_file(self.adapter, order.list_id, code_file, tagging)

    def _way_of_url(self, order: Order, url: FileUrl, part: PartRecord) -> Way:
        assert isinstance(self.adapter, AcceptsFileUrls)  # noqa: S101 - the route was chosen so
        submit = partial(self.adapter.submit_url, order.list_id, url, part.name, order.callback)
        return lambda left: submit(deadline=left)

    def _submit_all(
        self, order: Order, upload: UploadRecord, ways: Sequence[Way]
    ) -> tuple[UploadRecord, CouponhubError | None]:
        """Send the parts in order; the first error ends it and is answered, for others may have arrived."""
        try:
            for number, way in enumerate(ways, start=1):
                self._require_time()
                upload = self._submit(order, upload, number, way)
                self._tell(order, EventKind.SUBMITTED, upload)
        except CouponhubError as error:
            return upload, error
        return upload, None

    def _submit(self, order: Order, upload: UploadRecord, number: int, way: Way) -> UploadRecord:
        return self.patience.ask(
            lambda _: self.submitter.submit(upload, number, way),
            paused=lambda: self._tell(order, EventKind.PAUSED, upload),
        )

    def _see_off(
        self,
        order: Order,
        upload: UploadRecord,
        staged: Sequence[StagedFile],
        trouble: CouponhubError | None,
    ) -> UploadRecord:
        """Stay while the vendor fetches: the URLs end with this job, which a stray refusal must not end."""
        last = upload
        written: UploadRecord | None = upload

        def refresh() -> Upload:
            nonlocal last, written
            # Read anew, but for what was written a moment ago: it may be deleted meanwhile.
            last, written = written or self.ledger.find(last.id) or last, None
            last = self.reconciler.refresh(last)
            self.reconciler.require_shown(last)
            return upload_of(last, sending=False)

        seen, hears = upload_of(upload, sending=False), self.doorbell.heard(upload.id)
        if trouble is not None:
            with suppress(CouponhubError):
                self.watcher.wait(
                    seen,
                    refresh,
                    self.patience.deadline,
                    order.progress,
                    is_over=arrived_parts_ended,
                    refusals=STRAY_REFUSALS,
                    hears=hears,
                )
            return last
        try:
            self.watcher.wait(
                seen,
                refresh,
                self.patience.deadline,
                order.progress,
                refusals=STRAY_REFUSALS,
                hears=hears,
            )
        except VendorError as error:
            if show_command(upload) not in error.hint:
                sent = f"the codes were sent; find out what became of them with `{show_command(upload)}`"
                raise error.reworded(
                    hint=f"{error.hint}; {sent}" if error.hint else sent
                ) from error.__cause__
            raise
        except WaitTimeout as error:
            fetches = [file.fetched for file in staged]
            fetched = "its URL has ended"
            if None not in fetches:
                fetched = (
                    f"the vendor fetched {sum(map(bool, fetches))} of {len(fetches)} files, and {fetched}"
                )
            if fetches and not any(fetches) and None not in fetches:
                fetched = "the vendor never fetched the file, and its URL has ended"
            raise error.reworded(message=f"{error.message}; {fetched}") from error.__cause__
        return last

    def _told(self, trouble: CouponhubError, upload: UploadRecord) -> CouponhubError:
        """The error to raise: one that also says what was sent before it."""
        sent = sum(part.stage is Stage.SUBMITTED for part in upload.parts)
        too_late = (
            isinstance(trouble, (OutcomeUnknown, VendorUnavailable)) and self.patience.deadline.passed()
        )
        if too_late or isinstance(trouble, WaitTimeout):
            return self._too_late(trouble, upload, sent)
        if isinstance(trouble, OutcomeUnknown) and sent:
            return trouble.reworded(message=f"{trouble.message}; {sent} of {len(upload.parts)} parts arrived")
        if isinstance(trouble, LocalError):
            return trouble.reworded(hint=f"find out what was sent with `{show_command(upload)}`")
        if isinstance(trouble, OutcomeUnknown) or not sent:
            return trouble
        error = PartialFailure(
            f"upload {upload.id}: {sent} of {len(upload.parts)} parts were sent, then: {trouble.message}",
            hint=f"see `{show_command(upload)}`; sending the same codes again sends only what did not arrive",
            connection=self.connection,
            operation="send codes",
            vendor_code=trouble.vendor_code,
            status=trouble.status,
            retry_after=trouble.retry_after,
        )
        error.__cause__ = trouble
        return error

    def _too_late(self, trouble: CouponhubError, upload: UploadRecord, sent: int) -> WaitTimeout:
        unknown = sum(part.stage is Stage.SUBMITTING for part in upload.parts)
        doubt = f", of {unknown} it is not known whether they did" if unknown else ""
        error = WaitTimeout(
            f"upload {upload.id} was not sent whole within {self.patience.deadline.seconds:g} seconds:"
            f" {sent} of {len(upload.parts)} parts arrived{doubt}",
            hint=f"see `{show_command(upload)}`; sending the same codes again sends only what did not arrive",
            upload=upload_of(upload, sending=False),
        )
        error.__cause__ = trouble
        return error

    def _tell(self, order: Order, kind: EventKind, upload: UploadRecord) -> None:
        order.progress(UploadEvent(kind, upload_of(upload, sending=True)))


def _require_memory(order: Order, history: ListHistory) -> None:
    """Refuse to send where the store has lost what the list was given, and it cannot be left out."""
    lost = ""
    if history.has_lost_codes:
        lost = "the store knows that codes were sent to this list, and the folder with them is gone"
    elif isinstance(order.source, FileUrl) and history.unknown:
        lost = "code sets of this list lie beside the store, which does not know their uploads"
    if lost:
        raise LocalError(
            f"{lost}: codes could go out twice, so nothing was sent",
            hint="restore the store and its folder codes/ from one backup, see `couponhub doctor`; --again"
            " would send every code, also those that the vendor has",
        )


def _with_addresses(upload: UploadRecord, staged: Sequence[StagedFile | None]) -> UploadRecord:
    """The upload with the addresses of its files, for whoever has to serve them should this process die."""
    urls = [None if place is None else place.url for place in staged]
    addressed = (attrs.evolve(part, url=url) for part, url in zip(upload.parts, urls, strict=False))
    return attrs.evolve(upload, parts=(*addressed, *upload.parts[len(urls) :]))


def _way_of_file(adapter: AcceptsFiles, list_id: ListId, file: CodeFile, tagging: Tagging | None) -> Way:
    return lambda left: adapter.submit_file(list_id, file, tagging, deadline=left)


def _open(path: Path) -> BinaryIO:
    return path.open("rb")
