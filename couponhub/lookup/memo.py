"""Questions that every connection has just answered: told again without asking, or concluding, anew."""

import threading
import weakref
from collections import deque
from collections.abc import Hashable, Sequence
from typing import Generic, TypeVar

import attrs

from couponhub.clock import SYSTEM_CLOCK, Clock
from couponhub.lookup.answers import concluded
from couponhub.lookup.identity import check_identity
from couponhub.lookup.question import Question
from couponhub.models import Customer, LookupAnswer, Strategy
from couponhub.resilience import LookupClient, Outcome, bytes_held

_MOST_BYTES = 32 * 1024 * 1024
_OF_ONE = 2048
"""Bytes of what holds an answer here, beside the answer and its key: measured, and rounded up."""

K = TypeVar("K")
V = TypeVar("V")


class WeakIdentityMap(Generic[K, V]):
    """A value for each of many objects, found by identity, for as long as that object lives. Thread-safe."""

    def __init__(self) -> None:
        self._kept: dict[int, tuple[weakref.ref[K], V]] = {}

    def get(self, beside: K) -> V | None:
        """The value that was put beside it."""
        kept = self._kept.get(id(beside))
        return kept[1] if kept is not None and kept[0]() is beside else None

    def put(self, beside: K, value: V) -> None:
        """Keep a value beside it, in the place of any other."""
        place = id(beside)

        def gone(died: weakref.ref[K]) -> None:
            kept = self._kept.get(place)
            if kept is not None and kept[0] is died:
                del self._kept[place]

        self._kept[place] = (weakref.ref(beside, gone), value)


@attrs.frozen
class _Recalled:
    """An answer, and what it rests on: as long as clients remember that, and it is fresh, it stands."""

    answer: LookupAnswer
    clients: Sequence[LookupClient]
    outcomes: tuple[weakref.ref[Outcome], ...]
    fresh_until: float
    weight: int


class AnswerMemo:
    """Tells what clients remember. Thread-safe.

    The same answer comes as the same object, so that whoever writes it down can do so once. Nothing is kept here
    that its client has let go of; and of what one answer can be told as to different questions, no more than fits.

    Args:
        clock: What ages are measured on.
        most_bytes: Roughly what may be kept, with what is written down of it; the oldest goes first.
    """

    def __init__(self, *, clock: Clock = SYSTEM_CLOCK, most_bytes: int = _MOST_BYTES) -> None:
        self._clock = clock
        self._most_bytes = most_bytes
        self._bytes = 0
        self._dropped: deque[int] = deque()
        self._lock = threading.Lock()
        self._forgotten = 0
        self._recalled: dict[Hashable, _Recalled] = {}

    def answer(self, key: Hashable) -> LookupAnswer | None:
        """The answer that was concluded under that key, as long as it stands."""
        recalled = self._recalled.get(key)
        if recalled is None or self._clock.monotonic() >= recalled.fresh_until:
            return None
        for outcome in recalled.outcomes:
            if outcome() is None:
                return None
        for client in recalled.clients:
            client.count_recall()
        return recalled.answer

    def conclude(self, key: Hashable, question: Question, customer: Customer) -> LookupAnswer | None:
        """The answer, if each client remembers its own and that is fresh; None when somebody is to be asked.

        Args:
            key: All that question and customer say; equal for equal ones.
            question: What is asked of whom.
            customer: Whom it is about.

        Raises:
            UsageError: See `check_identity`.
        """
        if question.strategy is Strategy.FIRST_FOUND:
            return None
        forgotten, now = self._forgotten, self._clock.monotonic()
        outcomes, lasting = [], float("inf")
        for client in question.clients:
            remembered = (
                client.recall(customer, question.query.unordered)
                if question.asks_by(client.name, customer)
                else None
            )
            if remembered is None:
                return None
            outcome, seconds = remembered
            outcomes.append(outcome)
            lasting = min(lasting, seconds)
        check_identity(customer, asked=len(outcomes))
        answers = tuple(
            concluded(client.name, outcome, asked=customer, query=question.query, named_by=None, elapsed_ms=0)
            for client, outcome in zip(question.clients, outcomes, strict=True)
        )
        answer = question.unified(customer, answers)
        for client in question.clients:
            client.count_recall()

        def gone(_: weakref.ref[Outcome]) -> None:
            self._drop(key)

        recalled = _Recalled(
            answer,
            question.clients,
            tuple(weakref.ref(outcome, gone) for outcome in outcomes),
            now + lasting,
            _OF_ONE + bytes_held(key) + sum(outcome.weight for outcome in outcomes),
        )
        with self._lock:
            if forgotten == self._forgotten:
                self._drop(key)
                self._recalled[key] = recalled
                self._bytes += recalled.weight
            self._make_room()
        return answer

    def forget_all(self) -> None:
        """Drop everything."""
        with self._lock:
            self._forgotten += 1
            for key in list(self._recalled):
                self._drop(key)

    def _drop(self, key: Hashable) -> None:
        # Also called where the interpreter lets go of an object, in the midst of anything: it takes no lock.
        recalled = self._recalled.pop(key, None)
        if recalled is not None:
            self._dropped.append(recalled.weight)

    def _make_room(self) -> None:
        """Drop the oldest until the rest fits. With the lock held."""
        self._settle()
        if self._bytes > self._most_bytes:
            for key in list(self._recalled):
                self._drop(key)
                self._settle()
                if self._bytes <= self._most_bytes:
                    break

    def _settle(self) -> None:
        while self._dropped:
            self._bytes -= self._dropped.popleft()
