"""A lookup, and many, whose callers are coroutines: their event loop waits, and no thread of theirs does."""

import asyncio
import queue
import threading
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import suppress

from couponhub.errors import CouponhubError, UsageError
from couponhub.lookup.fanout import FanOut
from couponhub.lookup.question import Question
from couponhub.models import Customer, LookupAnswer
from couponhub.resilience import DirectClient, Outcome

Beside = Callable[[Callable[[], object]], object]
"""Has something done on another thread; raises `LocalError` where there is none."""


class Alarms:
    """The deadlines of the lookups of one event loop, by one timer of it. For coroutines of that loop alone.

    A timer for each, made and cancelled, takes a twentieth of what a lookup does.

    Args:
        loop: The event loop that runs.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.thread = threading.get_ident()
        self._set: dict[_Bell, float] = {}
        self._timer: asyncio.TimerHandle | None = None

    def set(self, bell: "_Bell", seconds: float) -> None:
        """Ring it after so many seconds, and not at any other time that was set before."""
        at = self._set[bell] = self.loop.time() + seconds
        if self._timer is None or at < self._timer.when():
            self._arm(at)

    def unset(self, bell: "_Bell") -> None:
        """Ring it no more; the timer stays as it is, for the next."""
        self._set.pop(bell, None)

    def _arm(self, at: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.loop.call_at(at, self._ring)

    def _ring(self) -> None:
        self._timer = None
        now = self.loop.time()
        for bell in [bell for bell, at in self._set.items() if at <= now]:
            del self._set[bell]
            bell.wake()
        if self._set:
            self._arm(min(self._set.values()))


class _Bell:
    """Wakes one coroutine, which may look for nothing then; rung from any thread."""

    def __init__(self, alarms: Alarms) -> None:
        self._alarms = alarms
        self._waiting: asyncio.Future[None] | None = None

    def ring(self) -> None:
        """Wake it; nothing happens where it does not wait: it looks before it does."""
        if threading.get_ident() == self._alarms.thread:
            self.wake()
            return
        with suppress(RuntimeError):  # the loop was closed, and nobody waits there any more
            self._alarms.loop.call_soon_threadsafe(self.wake)

    async def wait(self, seconds: float) -> None:
        """Wait until it is rung, or for so many seconds."""
        self._waiting = self._alarms.loop.create_future()
        self._alarms.set(self, seconds)
        await self._waiting

    def wake(self) -> None:
        """Wake it, on the thread of its loop."""
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)


class AsyncFanOut(FanOut):
    """The way of one lookup that is awaited: `run_async` it once, in place of `run`.

    Cancelling it ends the waiting, and nothing else: a vendor that is being asked answers all the same, and what it
    says is remembered; a question that waits for its turn is not asked any more, unless others wait for it too.

    Args:
        question: What is asked of whom.
        customer: Whom it is about.
        beside: Where those are asked that answer on the thread that asks.
        alarms: Those of the event loop.
    """

    def __init__(self, question: Question, customer: Customer, beside: Beside, alarms: Alarms) -> None:
        super().__init__(question, customer)
        self._beside = beside
        self._alarms = alarms
        self._bell: _Bell | None = None

    async def run_async(self) -> LookupAnswer:
        """Ask, and wait for the answers.

        Raises:
            NotFound: The list that the query names does not exist at the one connection asked.
            UsageError: No connection can know a customer by that, or the one connection asked cannot.
        """
        self._begin()
        bell = self._bell = _Bell(self._alarms)
        try:
            while self._goes_on():
                if not await self._hears_ringing(bell):
                    break
            return self._answer()
        except asyncio.CancelledError:
            self._abandon()
            raise
        finally:
            self._alarms.unset(bell)
            self._bell = None  # whoever is late rings nowhere: the loop may be closed by then

    async def _hears_ringing(self, bell: "_Bell") -> bool:
        """Await one answer, or the moment at which the next may be asked; whether there is time left."""
        if self._events.empty():
            await bell.wait(self._next_turn())
        try:
            event = self._events.get_nowait()
        except queue.Empty:
            return not self._ends.passed()
        return self._hears_of(event)

    def _ask_client(self, place: int, customer: Customer) -> None:
        if not isinstance(self._clients[place], DirectClient):
            super()._ask_client(place, customer)
            return
        ask = super()._ask_client
        try:
            self._beside(lambda: ask(place, customer))
        except CouponhubError as error:
            self._told_by(place)(Outcome(error=error))

    def _told_by(self, place: int) -> Callable[[Outcome], None]:
        note = super()._told_by(place)

        def told(outcome: Outcome) -> None:
            note(outcome)
            if (bell := self._bell) is not None:
                bell.ring()

        return told

    def _abandon(self) -> None:
        waiters, self._waiters = self._waiters, {}
        for waiter in waiters.values():
            waiter.leave()


async def lookup_many_async(
    question: Question, customers: Iterable[Customer], *, at_once: int, beside: Beside, alarms: Alarms
) -> AsyncGenerator[LookupAnswer]:
    """Ask about one customer after the other, as `lookup_many` does, without a thread for each that is under way.

    Args:
        question: What is asked about each; its deadline begins when a customer's turn comes.
        customers: Whom to ask about; taken on the thread of the event loop.
        at_once: How many customers may be under way.
        beside: As of `AsyncFanOut`.
        alarms: The same.

    Raises:
        NotFound: The list that the query names does not exist at the one connection asked.
    """
    under_way: deque[tuple[FanOut, asyncio.Task[LookupAnswer]]] = deque()
    source, failure = iter(customers), None
    try:
        while failure is None:
            while under_way and (len(under_way) == at_once or under_way[0][1].done()):
                yield await _answer(*under_way.popleft())
            try:
                customer = next(source)
            except StopIteration:
                break
            except Exception as error:  # noqa: BLE001 - raised below, when what was begun is answered
                failure = error
                continue
            asking = AsyncFanOut(question, customer, beside, alarms)
            under_way.append((asking, asyncio.ensure_future(asking.run_async())))
            await asyncio.sleep(0)  # so that it begins, and others have their turn
        while under_way:
            yield await _answer(*under_way.popleft())
    finally:
        for _, task in under_way:
            task.cancel()
    if failure is not None:
        raise failure


async def _answer(asking: FanOut, coming: asyncio.Task[LookupAnswer]) -> LookupAnswer:
    try:
        return await coming
    except UsageError as error:
        return asking.refused(error)
