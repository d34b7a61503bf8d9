"""Bringing the ledger up to what the vendor shows."""

from collections.abc import Iterable
from contextlib import suppress

import attrs

from couponhub.clock import Deadline
from couponhub.errors import NotFound, OutcomeUnknown, VendorError, WaitTimeout
from couponhub.models import Part, UploadStatus
from couponhub.protocols import AcceptsFiles, AcceptsFileUrls, ReadsParts
from couponhub.state import Ledger, PartRecord, Stage, UploadRecord
from couponhub.uploads.events import SECOND_LOOK
from couponhub.uploads.rate_limit_wait import RateLimitWait
from couponhub.uploads.submission import show_command

_LOOKS_FOR_VANISHED = 3


@attrs.define
class _Vanished:
    """A part that the vendor had and has not shown since; when that was first seen, and how often."""

    since: float
    looks: int = 0


@attrs.frozen(kw_only=True)
class Reconciler:
    """Compares the uploads of one connection with the vendor, on behalf of one caller.

    Attributes:
        settle: Seconds after which a part that was sent, and is not there, counts as absent.
    """

    adapter: object
    ledger: Ledger
    settle: float
    rate_limit_wait: RateLimitWait
    _vanished: dict[int, _Vanished] = attrs.field(factory=dict, init=False)

    def anew(self) -> "Reconciler":
        """Return one for another upload: what was noted of one says nothing of others."""
        return attrs.evolve(self)

    def refresh(self, upload: UploadRecord, *, ended_too: bool = False) -> UploadRecord:
        """Ask the vendor for every part that it may hold.

        A part whose sender died half way is looked for by its name: found, it is ours; not found while no
        sender lives, and long enough after it was sent, it is absent; else nobody can tell yet.

        Args:
            upload: As last known.
            ended_too: Ask also for parts that are known to have ended.

        Raises:
            VendorError: The vendor cannot be asked.
        """
        for part in upload.parts:
            match part.stage:
                case Stage.SUBMITTING:
                    upload = self._look_for(upload, part)
                case Stage.SUBMITTED if ended_too or not _is_final(part):
                    upload = self._reread(upload, part)
                case _:
                    pass
        return upload

    def require_shown(self, upload: UploadRecord) -> None:
        """Refuse to wait for parts that the vendor has ceased to show, once all others have ended.

        Raises:
            OutcomeUnknown: Several looks over at least the settling time did not find them.
        """
        waited_for = [
            part for part in upload.parts if part.stage is Stage.SUBMITTED and not part.shown.status.ended
        ]
        if waited_for and all(self._is_lost(part) for part in waited_for):
            raise OutcomeUnknown(
                f"the vendor took {len(waited_for)} of {len(upload.parts)} parts of upload {upload.id} and does"
                " not show them any more: whether their codes arrived is not known",
                hint=f"perhaps somebody deleted them; see `{show_command(upload)}`",
            )

    def settle_list(self, uploads: Iterable[UploadRecord]) -> bool:
        """Find out about the parts of a list's uploads that a dead sender left; waits until absence counts.

        Returns True when there were any. Only for the one who holds the right to send to the list. What cannot be found out stays unknown.

        Raises:
            WaitTimeout: The caller's time ends before absence counts.
        """
        left = [one for one in uploads if any(part.stage is Stage.SUBMITTING for part in one.parts)]
        for upload in left:
            with suppress(VendorError):
                self.settle_upload(upload)
        return bool(left)

    def settle_upload(self, upload: UploadRecord) -> UploadRecord:
        """Settle one upload, whose parts then are either at the vendor or not.

        Raises:
            VendorError: The vendor cannot be asked.
            WaitTimeout: As above.
        """
        for part in upload.parts:
            if part.stage is Stage.SUBMITTING:
                upload = self._settle_part(upload, part)
        return upload

    def match(self, upload: UploadRecord, shown: dict[str, Part]) -> UploadRecord:
        """Bring an upload up to a listing of the vendor's files, keyed by id and by name."""
        for part in upload.parts:
            seen = (shown.get(part.shown.id) if part.shown.id else None) or shown.get(part.name)
            if seen is not None:
                upload = self.ledger.mark_submitted(upload, part.number, seen)
        return upload

    def _settle_part(self, upload: UploadRecord, part: PartRecord) -> UploadRecord:
        found = self._find_patiently(upload, part)
        if found is None:
            # At most `settle`, also where the clock was set back since and the age is below zero.
            pause = min(self.settle, max(0.0, self.settle - self._age(part)))
            if not self.rate_limit_wait.deadline.allows(pause):
                raise WaitTimeout(
                    f"whether a part of upload {upload.id} arrived cannot be found out in the time left",
                    hint=f"allow {self.settle:g} seconds more, or see `{show_command(upload)}` later",
                )
            self.rate_limit_wait.pause(pause, SECOND_LOOK)
            found = self._find_patiently(upload, part)
        if found is not None:
            return self.ledger.mark_submitted(upload, part.number, found)
        return self.ledger.mark_absent(upload, part.number)

    def _look_for(self, upload: UploadRecord, part: PartRecord) -> UploadRecord:
        # Asked in this order, for a sender that ends in between may have been successful.
        gone = not self.ledger.is_locked(upload) and self._age(part) >= self.settle
        found = self._find(upload, part, self.rate_limit_wait.limit)
        if found is not None:
            return self.ledger.mark_submitted(upload, part.number, found)
        return self.ledger.mark_absent(upload, part.number) if gone else upload

    def _reread(self, upload: UploadRecord, part: PartRecord) -> UploadRecord:
        left = self.rate_limit_wait.limit
        found: Part | None
        if isinstance(self.adapter, ReadsParts) and part.shown.id is not None:
            try:
                found = self.adapter.get_part(upload.list_id, part.shown.id, deadline=left)
            except NotFound:
                found = None
        else:
            found = self._find(upload, part, left)
        if found is not None:
            self._vanished.pop(part.number, None)
            return self.ledger.mark_submitted(upload, part.number, found)
        if part.shown.status.ended:
            return upload
        # It was there, and somebody deleted it before it ended. Not written down: whoever deleted it may be us.
        now = self.rate_limit_wait.clock.monotonic()
        self._vanished.setdefault(part.number, _Vanished(since=now)).looks += 1
        gone = part.known_as(status=UploadStatus.UNKNOWN, accepted=None, rejected=None)
        return upload.with_part(gone)

    def _find_patiently(self, upload: UploadRecord, part: PartRecord) -> Part | None:
        return self.rate_limit_wait.call(lambda left: self._find(upload, part, left))

    def _find(self, upload: UploadRecord, part: PartRecord, left: Deadline | None) -> Part | None:
        if isinstance(self.adapter, (AcceptsFiles, AcceptsFileUrls)):
            return self.adapter.find_submitted(upload.list_id, part.name, deadline=left)
        return None

    def _is_lost(self, part: PartRecord) -> bool:
        vanished = self._vanished.get(part.number)
        if vanished is None or vanished.looks < _LOOKS_FOR_VANISHED:
            return False
        return self.rate_limit_wait.clock.monotonic() - vanished.since >= self.settle

    def _age(self, part: PartRecord) -> float:
        if part.submitted_at is None:
            return 0.0
        # By the clock that wrote it: another machine's may be minutes apart from this one's.
        return (self.ledger.now() - part.submitted_at).total_seconds()


def _is_final(part: PartRecord) -> bool:
    """Ended and counted: a vendor may say "finished" a moment before it has counted."""
    shown = part.shown
    return shown.status is UploadStatus.FAILED or (shown.status.ended and shown.accepted is not None)
