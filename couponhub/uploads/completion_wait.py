"""Waiting for the end of an upload of ours: the vendor is asked, and the ledger brought up to what it shows."""

from collections.abc import Callable

import attrs

from couponhub.clock import Deadline
from couponhub.models import Upload
from couponhub.state import Ledger, UploadRecord
from couponhub.uploads.callback_urls import CallbackUrls
from couponhub.uploads.events import Progress
from couponhub.uploads.polling import Poller
from couponhub.uploads.reconciling import Reconciler
from couponhub.uploads.summary import upload_of


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

    def run(
        self, progress: Progress, *, is_over: Callable[[Upload], bool] = has_ended, refusals: int = 0
    ) -> Upload:
        """Return the upload once it is over; see `Poller.wait`.

        Raises:
            OutcomeUnknown: The vendor has ceased to show it.
            WaitTimeout, VendorError: See `Poller.wait`.
        """
        return self.poller.wait(
            upload_of(self.record, sending=False),
            self._refresh,
            self.deadline,
            progress,
            is_over=is_over,
            refusals=refusals,
            call_count=self.callback_urls.calls(self.record.id),
        )

    def _refresh(self) -> Upload:
        # Read anew each time: its sender may still be at work, and it may be deleted meanwhile.
        known = self.record if self.is_fresh else self.ledger.find(self.record.id) or self.record
        self.is_fresh = False
        self.record = self.reconciler.refresh(known, ended_too=self.ended_too)
        self.reconciler.require_shown(self.record)
        return upload_of(self.record, sending=self.is_sending(self.record))
