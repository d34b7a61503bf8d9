"""The common part of all emulated vendors of one process: a clock, an outbox of mails, work that happens later."""

import heapq
import itertools
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import attrs


class EmulatedClock:
    """The emulators' clock: runs like the real one, from whatever instant it was set to. Thread-safe."""

    def __init__(self) -> None:
        self._ahead = timedelta(0)

    def now(self) -> datetime:
        """The emulated instant, aware, in UTC."""
        return datetime.now(UTC) + self._ahead

    @property
    def ahead(self) -> timedelta:
        """Its distance from real time; nothing while it shows that, negative while it is behind."""
        return self._ahead

    def set(self, instant: datetime) -> None:
        """Jump to an aware instant; time runs on from there.

        Raises:
            ValueError: The instant has no offset, or lies where dates computed from it may not exist.
        """
        if instant.tzinfo is None:
            raise ValueError("the clock takes an instant with an offset")
        if not 1970 < instant.year < 9000:
            raise ValueError("the clock takes years from 1971 to 8999")
        self._ahead = instant - datetime.now(UTC)

    def reset(self) -> None:
        """Return to real time."""
        self._ahead = timedelta(0)


@attrs.frozen(kw_only=True)
class Mail:
    """A mail that a vendor "sent"; `attachments` maps file name to content."""

    at: datetime
    vendor: str
    to: tuple[str, ...]
    subject: str
    text: str
    attachments: Mapping[str, bytes] = attrs.field(factory=dict)


class Outbox:
    """The mails that the emulated vendors sent, in the order of their sending. Thread-safe."""

    def __init__(self) -> None:
        self._mails: list[Mail] = []
        self._lock = threading.Lock()
        self._senders: list[Callable[[], None]] = []

    def ask_first(self, send_what_is_due: Callable[[], None]) -> None:
        """Have this called before anybody looks: it sends the mails whose time has come since."""
        self._senders.append(send_what_is_due)

    def send(self, mail: Mail) -> None:
        """Keep a mail."""
        with self._lock:
            self._mails.append(mail)

    def mails(self) -> tuple[Mail, ...]:
        """All mails so far."""
        for send_what_is_due in self._senders:
            send_what_is_due()
        with self._lock:
            return tuple(self._mails)

    def clear(self) -> None:
        """Forget all mails."""
        with self._lock:
            self._mails.clear()


class Background:
    """Runs work some real seconds later, on one thread, in due order. Errors of the work are kept in `failures`."""

    def __init__(self) -> None:
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._changed = threading.Condition()
        self._closed = False
        self._busy = False
        self.failures: list[BaseException] = []
        self._thread = threading.Thread(target=self._run, name="emulator-background", daemon=True)
        self._thread.start()

    def later(self, seconds: float, work: Callable[[], None]) -> None:
        """Run `work` after that many real seconds."""
        with self._changed:
            heapq.heappush(self._due, (time.monotonic() + seconds, next(self._order), work))
            self._changed.notify_all()

    def clear(self) -> None:
        """Drop all work that has not begun, wait for what has, and forget failures."""
        with self._changed:
            self._due.clear()
            self._changed.wait_for(lambda: not self._busy, timeout=30)
            self.failures.clear()

    def close(self) -> None:
        """Stop the thread; work that has not begun is dropped."""
        with self._changed:
            self._closed = True
            self._due.clear()
            self._changed.notify_all()
        self._thread.join(timeout=30)

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._closed and (not self._due or self._due[0][0] > time.monotonic()):
                    wait = self._due[0][0] - time.monotonic() if self._due else None
                    self._changed.wait(wait)
                if self._closed:
                    return
                work = heapq.heappop(self._due)[2]
                self._busy = True
            try:
                work()
            except BaseException as error:  # noqa: BLE001 - kept for the control API and the tests to show
                self.failures.append(error)
            finally:
                with self._changed:
                    self._busy = False
                    self._changed.notify_all()


@attrs.frozen(kw_only=True)
class EmulatorContext:
    """The things that one emulator process shares between its vendors."""

    clock: EmulatedClock = attrs.field(factory=EmulatedClock)
    outbox: Outbox = attrs.field(factory=Outbox)
    background: Background = attrs.field(factory=Background)

    def reset(self) -> None:
        """Real time, no mails, and no work left that was begun or planned before."""
        self.background.clear()
        self.outbox.clear()
        self.clock.reset()
