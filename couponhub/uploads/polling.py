"""Waiting for the end of an upload, politely."""

import math
from collections.abc import Callable

import attrs

from couponhub.clock import Clock, Deadline
from couponhub.errors import (
    OutcomeUnknown,
    RateLimited,
    UnreadableReply,
    VendorError,
    VendorUnavailable,
    WaitTimeout,
)
from couponhub.models import Upload
from couponhub.uploads.callback_urls import CallCount
from couponhub.uploads.events import EventKind, Progress, UploadEvent

STRAY_REFUSALS = 3
"""The number of refusals in a row that may come from whatever stands between, and not from the vendor."""

_PASSING = (RateLimited, UnreadableReply, VendorUnavailable)
_MOST_FAILURES = 30
_LAST_LOOK_SECONDS = 1.0
_SHORTEST_SECONDS = 0.001
_LISTENS_EVERY_SECONDS = 0.5


@attrs.frozen(kw_only=True)
class Poller:
    """Polls until an upload has ended.

    Attributes:
        first: Seconds before the second poll; short, for a fast vendor. Each pause is longer than the last.
        longest: Seconds that a pause never exceeds, unless the vendor asks for more.
        cooldown: Seconds after a call of the vendor's in which further ones do not end a pause: whoever knows the address
            could spend a day's quota by calling again and again.
    """

    clock: Clock
    first: float = 0.2
    growth: float = 1.6
    longest: float = 30.0
    cooldown: float = 10.0

    def wait(
        self,
        upload: Upload,
        refresh: Callable[[], Upload],
        deadline: Deadline,
        progress: Progress,
        *,
        is_over: Callable[[Upload], bool] = lambda upload: upload.status.ended,
        refusals: int = 0,
        call_count: CallCount | None = None,
    ) -> Upload:
        """Ask again and again, and answer the upload once it is over; a vendor that calls is asked at once.

        A vendor that cannot be asked for a while is asked again, as long as there is time; without a
        deadline, until it has failed many times in a row. So many `refusals` in a row, which would be the same
        the next time were they the vendor's own, are put up with too.

        Raises:
            WaitTimeout: It is not over yet; the upload as last seen is on the error.
            VendorError: The vendor cannot be asked.
        """
        pause, failures, counted_twice = self.first, 0, False
        listener = _CallListener(self.clock, call_count, self.cooldown)
        # A look takes time too, and with none left adapters would not even ask.
        reserve = min(_LAST_LOOK_SECONDS, (deadline.seconds or 0.0) / 10)
        while True:
            wanted = 0.0
            listener.note()
            try:
                upload = refresh()
            except VendorError as error:
                failures += 1
                if _is_the_last(error, failures, refusals, deadline):
                    raise
                wanted = error.retry_after or 0.0
                progress(_pause(upload, error))
            else:
                failures = 0
                progress(UploadEvent(EventKind.POLLED, upload))
                if is_over(upload):
                    # A vendor may say "finished" a moment before it has counted.
                    if not upload.unknown or counted_twice:
                        return upload
                    counted_twice = True
            listener.ignores_calls = wanted > pause  # a pause that the vendor wants is kept
            wanted = max(pause, wanted)
            left = deadline.remaining() - reserve
            if left < _SHORTEST_SECONDS:
                raise _timeout(upload, deadline)
            listener.pause(min(wanted, left))
            pause = min(pause * self.growth, self.longest)


def _pause(upload: Upload, error: VendorError) -> UploadEvent:
    limit = error.waits_for if isinstance(error, RateLimited) else None
    reason = limit or f"the vendor, which could not be asked ({error.kind})"
    return UploadEvent(EventKind.PAUSED, attrs.evolve(upload, waiting_for=reason), error.retry_after)


def _is_the_last(error: VendorError, failures: int, refusals: int, deadline: Deadline) -> bool:
    """Tell whether a vendor that failed so many times in a row is not asked again."""
    if isinstance(error, OutcomeUnknown):
        return True
    if not isinstance(error, _PASSING) and failures > refusals:
        return True
    return not deadline.ends and failures >= _MOST_FAILURES


@attrs.define
class _CallListener:
    """Lets time pass, and ends a pause early when the vendor calls an address of ours."""

    clock: Clock
    call_count: CallCount | None
    cooldown: float
    calls: int = 0
    ignores_calls: bool = False
    cools_until: float = -math.inf

    def note(self) -> None:
        """Take note of the calls so far, which need no further look."""
        self.calls = self.call_count() if self.call_count else 0

    def pause(self, seconds: float) -> None:
        """Sleep, at most until the next call."""
        if self.call_count is None or self.ignores_calls:
            self.clock.sleep(seconds)
            return
        end = self.clock.monotonic() + seconds
        while (left := end - self.clock.monotonic()) > 0:
            self.clock.sleep(min(left, _LISTENS_EVERY_SECONDS))
            now = self.clock.monotonic()
            if now >= self.cools_until and self.call_count() != self.calls:
                self.cools_until = now + self.cooldown
                return


def _timeout(upload: Upload, deadline: Deadline) -> WaitTimeout:
    words = f"{upload.connection} {upload.list_id} {upload.id}"
    return WaitTimeout(
        f"upload {upload.id} has not ended after {deadline.seconds:g} seconds",
        hint=f"go on waiting with `couponhub uploads wait {words}`, or see `couponhub uploads show {words}`",
        connection=upload.connection,
        upload=upload,
    )
