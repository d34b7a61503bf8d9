"""One question to several connections: whom to ask when, by which identifier, and when the answer is there."""

import queue
from collections.abc import Callable
from contextlib import suppress

from couponhub.clock import SYSTEM_CLOCK, Deadline
from couponhub.errors import CouponhubError, NotFound, UsageError
from couponhub.lookup.answers import concluded, disputed, failed, too_late, unaskable, usable_as_name
from couponhub.lookup.identity import check_identity
from couponhub.lookup.identity_resolution import IdentityResolver, ResolvedIdentity
from couponhub.lookup.question import Question
from couponhub.models import Answer, Customer, LookupAnswer, Strategy, Verdict
from couponhub.resilience import Outcome, Waiter

_Event = tuple[int, Outcome, float] | None
"""An answer: of whom, what, and when on the clock; None to stop."""


class FanOut:
    """The way of one lookup. `run` it once; `stop` it from any thread.

    A connection that knows customers by other identifiers waits until an answer names one of these. The first
    value that is named is used at once, so that nobody waits for the slowest; should another connection name a
    different one before all is over, what came of it is thrown away.

    Args:
        question: What is asked of whom.
        customer: Whom it is about.
    """

    def __init__(self, question: Question, customer: Customer) -> None:
        self._question = question
        self._customer = customer
        self._query, self._seconds = question.query, question.deadline
        self._clients = question.clients
        self._kinds = [question.kinds(client.name) for client in question.clients]
        self._asks_all = question.strategy is not Strategy.FIRST_FOUND
        self._events: queue.SimpleQueue[_Event] = queue.SimpleQueue()
        self._revelations = IdentityResolver()
        self._asked: dict[
            int, ResolvedIdentity | None
        ] = {}  # by place, as they were asked; None: by what was given
        self._answers: dict[int, Answer] = {}
        self._waiters: dict[int, Waiter] = {}
        # All of the time, and the share of it that whoever is asked now has alone: from when `run` begins.
        self._ends: Deadline
        self._share: Deadline

    def stop(self) -> None:
        """Let `run` come back at once, with what is known by then; nobody else is asked."""
        self._events.put(None)

    def run(self) -> LookupAnswer:
        """Ask, and wait for the answers.

        Raises:
            NotFound: The list that the query names does not exist at the one connection asked.
            UsageError: No connection can know a customer by that, or the one connection asked cannot.
        """
        self._begin()
        while self._goes_on():
            if not self._hears():
                break
        return self._answer()

    def refused(self, error: CouponhubError) -> LookupAnswer:
        """The answer that nothing is known, because the question cannot be asked."""
        answers = tuple(failed(client.name, error) for client in self._clients)
        return self._question.unified(self._customer, answers)

    def _begin(self) -> None:
        check_identity(self._customer, asked=len(self._clients))
        self._ends = self._share = Deadline.after(self._seconds)

    def _goes_on(self) -> bool:
        """Ask whose turn it is; whether there is anything left to wait for."""
        waiting = self._to_ask()
        for place in waiting:
            self._ask(place)
        return bool(waiting) or self._awaited()

    def _answer(self) -> LookupAnswer:
        """The answer, of what is known by now."""
        self._leave()
        for answer in self._answers.values():
            match answer.error:
                case NotFound() as error if self._query.list_id is not None:
                    raise error
                case UsageError() as error if len(self._clients) == 1:
                    raise error
        return self._question.unified(self._customer, self._concluded())

    def _to_ask(self) -> list[int]:
        """Return the places whose turn it is now."""
        askable = [
            place for place in range(self._end()) if place not in self._asked and self._can_be_asked(place)
        ]
        if self._asks_all:
            return askable
        last = next(reversed(self._asked), None)
        is_waited_for = last is not None and last not in self._answers and not self._share.passed()
        return [] if is_waited_for else askable[:1]

    def _awaited(self) -> bool:
        """Tell whether an answer that matters is still to come."""
        end = self._end()
        return any(place < end and place not in self._answers for place in self._asked)

    def _end(self) -> int:
        """Behind the last place that matters: whatever comes after the first that has found is left in peace."""
        count = len(self._clients)
        if self._asks_all:
            return count
        found = (place for place, answer in self._answers.items() if answer.verdict is Verdict.FOUND)
        return min(found, default=count)

    def _can_be_asked(self, place: int) -> bool:
        kinds = self._kinds[place]
        return self._customer.identifier in kinds or self._revelations.best(kinds) is not None

    def _ask(self, place: int) -> None:
        kinds, left = self._kinds[place], self._ends.remaining()
        if left <= 0:
            return
        if not self._asks_all:
            # One that hangs must not keep the next from being asked, and may answer all the same meanwhile.
            turns = sum(other not in self._asked for other in range(self._end()))
            self._share = Deadline.after(left / turns)
        revealed = None if self._customer.identifier in kinds else self._revelations.best(kinds)
        self._asked[place] = revealed
        customer = self._customer if revealed is None else revealed.customer
        self._ask_client(place, customer)

    def _ask_client(self, place: int, customer: Customer) -> None:
        waiter = self._clients[place].ask(customer, self._query.unordered, self._ends, self._told_by(place))
        if waiter is not None:
            self._waiters[place] = waiter

    def _told_by(self, place: int) -> Callable[[Outcome], None]:
        return lambda outcome: self._events.put((place, outcome, SYSTEM_CLOCK.monotonic()))

    def _hears(self) -> bool:
        """Take in one answer, or wait in vain until the next may be asked; whether there is time left."""
        try:
            event = self._events.get(timeout=self._next_turn())
        except queue.Empty:
            return not self._ends.passed()
        return self._hears_of(event)

    def _next_turn(self) -> float:
        """Seconds until the next may be asked, or until all is over."""
        return (self._ends if self._share.passed() else self._share).remaining()

    def _hears_of(self, event: _Event) -> bool:
        """Take in an answer; False where it is the wish to stop."""
        if event is None:
            return False
        self._take(*event)
        return True

    def _take(self, place: int, outcome: Outcome, ended: float) -> None:
        revealed, name = self._asked[place], self._clients[place].name
        self._answers[place] = concluded(
            name,
            outcome,
            asked=self._customer if revealed is None else revealed.customer,
            query=self._query,
            named_by=None if revealed is None else revealed.connection,
            elapsed_ms=self._milliseconds(ended),
        )
        self._revelations.note(name, usable_as_name(outcome))

    def _leave(self) -> None:
        """Take in what has come by now, and wait for nothing more; where something is remembered, that is the answer."""
        with suppress(queue.Empty):
            while True:
                self._hears_of(self._events.get_nowait())
        # Each is told through this object: kept here they would be a circle with all answers in it.
        waiters, self._waiters = self._waiters, {}
        for place, waiter in waiters.items():
            if place not in self._answers:
                outcome = waiter.leave()
                if place < self._end():
                    self._take(place, outcome, SYSTEM_CLOCK.monotonic())

    def _concluded(self) -> tuple[Answer, ...]:
        """The answers in asking order; behind the first that has found, only those that are there already."""
        end = self._end()
        return tuple(
            self._of(place) for place in range(len(self._clients)) if place <= end or place in self._answers
        )

    def _of(self, place: int) -> Answer:
        name, kinds = self._clients[place].name, self._kinds[place]
        if self._customer.identifier not in kinds:
            elapsed = self._milliseconds(SYSTEM_CLOCK.monotonic())
            revealed = self._asked.get(place) or self._revelations.best(kinds)
            dispute = self._revelations.disputed(
                kinds if revealed is None else {revealed.customer.identifier}
            )
            if dispute is not None:
                return disputed(name, *dispute, elapsed_ms=elapsed)
            if revealed is None:
                return unaskable(name, kinds, elapsed_ms=elapsed)
        return self._answers.get(place) or too_late(name, self._seconds)

    def _milliseconds(self, moment: float) -> int:
        return round((moment - self._ends.at + self._seconds) * 1000)
