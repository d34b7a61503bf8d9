"""Waiting for the end of an upload, politely."""

from collections.abc import Callable

import attrs

from couponhub.errors import RateLimited, UnreadableReply, VendorUnavailable, WaitTimeout
from couponhub.models import Upload
from couponhub.uploads.clock import Clock, Deadline
from couponhub.uploads.events import EventKind, Progress, UploadEvent

_PASSING = (RateLimited, UnreadableReply, VendorUnavailable)
_MOST_FAILURES = 30
_LAST_LOOK_SECONDS = 1.0
_SHORTEST_SECONDS = 0.001


@attrs.frozen(kw_only=True)
class Watcher:
    """Polls until an upload has ended.

    Attributes:
        first: Seconds before the second poll; short, for a fast vendor. Each pause is longer than the last.
        longest: Seconds that a pause never exceeds, unless the vendor asks for more.
    """

    clock: Clock
    first: float = 0.2
    growth: float = 1.6
    longest: float = 30.0

    def wait(
        self,
        upload: Upload,
        refresh: Callable[[], Upload],
        deadline: Deadline,
        progress: Progress,
        *,
        is_over: Callable[[Upload], bool] = lambda upload: upload.status.ended,
    ) -> Upload:
        """Ask again and again, and answer the upload once it is over.

        A vendor that cannot be asked for a while is asked again, as long as there is time; without a
        deadline, until it has failed many times in a row.

        Raises:
            WaitTimeout: It is not over yet; the upload as last seen is on the error.
            VendorError: The vendor cannot be asked.
        """
        pause, failures, counted_twice = self.first, 0, False
        # A look takes time too, and with none left adapters would not even ask.
        reserve = min(_LAST_LOOK_SECONDS, (deadline.timeout or 0.0) / 10)
        while True:
            wanted = 0.0
            try:
                upload = refresh()
            except _PASSING as error:
                failures += 1
                if deadline.timeout is None and failures >= _MOST_FAILURES:
                    raise
                wanted = error.retry_after or 0.0
            else:
                failures = 0
                progress(UploadEvent(EventKind.POLLED, upload))
                if is_over(upload):
                    # A vendor may say "finished" a moment before it has counted.
                    if not upload.unknown or counted_twice:
                        return upload
                    counted_twice = True
            wanted = max(pause, wanted)
            if (remaining := deadline.remaining()) is not None:
                if remaining - reserve < _SHORTEST_SECONDS:
                    raise _timeout(upload, deadline)
                wanted = min(wanted, remaining - reserve)
            self.clock.sleep(wanted)
            pause = min(pause * self.growth, self.longest)


def _timeout(upload: Upload, deadline: Deadline) -> WaitTimeout:
    error = WaitTimeout(
        f"upload {upload.id} has not ended after {deadline.timeout:g} seconds",
        hint=f"ask later with `couponhub uploads show {upload.connection} {upload.list_id} {upload.id}`",
        connection=upload.connection,
    )
    error.upload = upload
    return error
