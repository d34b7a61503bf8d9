"""The way of an accepted file, some time later: fetch, read, take in, alert, call back.

Every attempt is a piece of work of its own in the world's background, so that a host that hangs holds up
other files for one timeout at most, not for all its attempts.
"""

from collections import deque
from contextlib import suppress
from functools import partial

from couponhub.testing.emulation.context import EmulatorContext
from couponhub.testing.emulation.vendor import ControlError
from couponhub_moengage.emulator.files.fetching import (
    Unfetched,
    UnreadableFile,
    call_back,
    download,
    read_codes,
)
from couponhub_moengage.emulator.files.outcomes import Outcomes
from couponhub_moengage.emulator.http.answers import Answer
from couponhub_moengage.emulator.http.bodies import ReportOrder
from couponhub_moengage.emulator.lists import CouponFile

DEFAULT_DELAY_SECONDS = 0.2


class Processing:
    """Does later what the vendor does asynchronously."""

    def __init__(self, outcomes: Outcomes, world: EmulatorContext) -> None:
        self._outcomes = outcomes
        self._later = world.background.later
        self._delay_seconds = DEFAULT_DELAY_SECONDS
        self._standing: deque[tuple[str, str]] = deque()

    def set_delay(self, seconds: float) -> None:
        """Set how long a file or report waits, in real seconds.

        Raises:
            ControlError: A negative number.
        """
        if seconds < 0:
            raise ControlError("a delay is not negative")
        self._delay_seconds = seconds

    def queue_report(self, list_id: str, order: ReportOrder) -> None:
        """Mail a usage report later."""
        self._later(self._delay_seconds, lambda: self._outcomes.mail_report(list_id, order))

    def queue_file(self, list_id: str, file_id: str) -> None:
        """Process a file later."""
        if self._outcomes.options.show_processing:
            self._later(self._delay_seconds / 2, lambda: self._outcomes.show_processing(list_id, file_id))
        self._later(self._delay_seconds, lambda: self._begin(list_id, file_id))

    def resume(self) -> None:
        """Go on with the files that an option let wait, in their order."""
        with suppress(IndexError):  # until none is left, also when two threads resume
            while True:
                self._later(0, partial(self._begin, *self._standing.popleft()))

    def _begin(self, list_id: str, file_id: str) -> None:
        if self._outcomes.options.files_never_end:
            self._standing.append((list_id, file_id))
            if not self._outcomes.options.files_never_end:  # switched off in between
                self.resume()
            return
        file = self._outcomes.waiting_file(list_id, file_id)
        if file is None:
            return
        if self._outcomes.must_fail():
            self._finish(file, [])
        else:
            self._attempt(file, 1)

    def _attempt(self, file: CouponFile, attempt: int) -> None:
        options = self._outcomes.options
        try:
            content = download(
                file.file_url,
                file.credentials,
                timeout_seconds=options.fetch_timeout_seconds,
                byte_limit=options.file_bytes_limit,
            )
            self._finish(file, read_codes(content))
        except Unfetched:
            if attempt < options.fetch_attempts:
                self._later(options.fetch_retry_seconds, lambda: self._again(file, attempt + 1))
            else:
                self._finish(file, [])
        except UnreadableFile:
            self._finish(file, [])

    def _again(self, file: CouponFile, attempt: int) -> None:
        if self._outcomes.waiting_file(file.list_id, file.id) is not None:
            self._attempt(file, attempt)

    def _finish(self, file: CouponFile, codes: list[str]) -> None:
        answer = self._outcomes.finish_file(file.list_id, file.id, codes)
        options = self._outcomes.options
        if answer is not None and file.callback_url and not options.lose_callbacks:
            self._later(0, lambda: self._notify(file.callback_url, answer, options.callback_retries))

    def _notify(self, url: str, answer: Answer, retries: int) -> None:
        options = self._outcomes.options
        if not call_back(url, answer, timeout_seconds=options.fetch_timeout_seconds) and retries:
            self._later(options.callback_retry_seconds, lambda: self._notify(url, answer, retries - 1))
