"""Waiting for the end of an upload of ours: the vendor is asked, and the ledger brought up to what it shows."""

from collections.abc import Callable

import attrs

from couponhub.clock import Deadline
from couponhub.models import Upload
from couponhub.state import JobRecord, Ledger, UploadRecord
from couponhub.uploads.callback_urls import CallbackUrls
from couponhub.uploads.events import Progress
from couponhub.uploads.polling import Poller
from couponhub.uploads.reconciling import Reconciler
from couponhub.uploads.summary import is_idle, upload_of

_IDLE_SECONDS = 5.0
"""The seconds for which nobody may drive an upload before nobody will: workers look every second."""


def has_ended(upload: Upload) -> bool:
    """Return True when the vendor has ended every part."""
    return upload.status.ended


def arrived_parts_ended(upload: Upload) -> bool:
    """Return True when the vendor has ended what it has of an upload."""
    return all(part.status.ended for part in upload.parts if part.id is not None)


@attrs.define(kw_only=True)
class CompletionWait:
    """One caller's wait for one upload.

    Attributes:
        record: The upload as last known.
        is_fresh: True when that is what the ledger says: it need not be read before the first look.
        is_sending: Tells whether somebody may still be sending the upload.
        job: Gives its job, for a wait that is to end also when nobody goes on with the upload.
        ended_too: True to ask also for parts that are known to have ended.
    """

    record: UploadRecord
    ledger: Ledger
    reconciler: Reconciler
    poller: Poller
    callback_urls: CallbackUrls
    deadline: Deadline
    is_fresh: bool = False
    is_sending: Callable[[UploadRecord], bool] = lambda _: False
    ended_too: bool = False
    job: Callable[[UploadRecord], JobRecord | None] = lambda _: None
    _idle_since: float | None = attrs.field(default=None, init=False)

    def run(
        self, progress: Progress, *, is_over: Callable[[Upload], bool] = has_ended, refusals: int = 0
    ) -> Upload:
        """Return the upload once it is over, or once nobody goes on with what was not sent; see `Poller.wait`.

        Raises:
            OutcomeUnknown: The vendor has ceased to show it.
            WaitTimeout, VendorError: See `Poller.wait`.
        """
        return self.poller.wait(
            upload_of(self.record),
            self._refresh,
            self.deadline,
            progress,
            is_over=lambda upload: is_over(upload) or self._is_left(upload),
            refusals=refusals,
            call_count=self.callback_urls.calls(self.record.id),
        )

    def _refresh(self) -> Upload:
        # Read anew each time: its sender may still be at work, and it may be deleted meanwhile.
        known = self.record if self.is_fresh else self.ledger.find(self.record.id) or self.record
        self.is_fresh = False
        self.record = self.reconciler.refresh(known, ended_too=self.ended_too)
        self.reconciler.require_shown(self.record)
        sending, job, now = self.is_sending(self.record), self.job(self.record), self.poller.clock.now()
        if sending or job is None or not is_idle(job, now):
            self._idle_since = None
        elif self._idle_since is None:
            self._idle_since = self.poller.clock.monotonic()
        return upload_of(self.record, sending=sending, job=job, now=now)

    def _is_left(self, upload: Upload) -> bool:
        if self._idle_since is None or not upload.not_sent or upload.pending or upload.unknown:
            return False
        return self.poller.clock.monotonic() - self._idle_since >= _IDLE_SECONDS
