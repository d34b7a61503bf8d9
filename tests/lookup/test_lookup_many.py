"""Many customers: in their order, a bounded number under way, and none of them takes the others with it."""

import itertools
import threading
from collections.abc import Callable, Iterator

import pytest

from couponhub.clock import Deadline
from couponhub.errors import NotFound, RateLimited, UsageError
from couponhub.lookup import Question, lookup_many
from couponhub.models import CouponQuery, Customer, ListId, LookupAnswer, Reason, Verdict
from couponhub.resilience import DirectClient, Outcome
from tests.lookup.fake_clients import NOTHING, holding


class CountingClient(DirectClient):
    """Answers each customer with a coupon of the customer's own number, and counts who is under way.

    Args:
        gate: Nobody is answered before that has happened.
        query: What it expects to be asked.

    Attributes:
        given: The seconds that it was given, each time.
        most: The most customers that were under way at the same time.
    """

    def __init__(self, *, gate: threading.Event | None = None, query: CouponQuery | None = None) -> None:
        super().__init__("loyalty", lambda *_: NOTHING)
        self.gate = gate
        self.query = query or CouponQuery()
        self.given: list[float] = []
        self.asked: list[str] = []
        self.most = 0
        self._under_way = 0
        self._lock = threading.Lock()

    def ask(
        self, customer: Customer, query: CouponQuery, deadline: Deadline, done: Callable[[Outcome], None]
    ) -> None:
        """As `ResilientClient.ask`."""
        assert self.query == query
        self.given.append(deadline.remaining())
        self.turn(customer, done)

    def turn(self, customer: Customer, done: Callable[[Outcome], None]) -> None:
        """It is that customer's turn."""
        with self._lock:
            self.asked.append(customer.value)
            self._under_way += 1
            self.most = max(self.most, self._under_way)
        if self.gate is not None and not self.gate.wait(20):
            return
        with self._lock:
            self._under_way -= 1
        done(self.known(customer))

    def known(self, customer: Customer) -> Outcome:
        """What is known of that customer."""
        return Outcome(found=holding(f"CODE-{customer.value}"))


def customers(count: int | None = None) -> Iterator[Customer]:
    """So many customers, or endlessly many."""
    numbers = itertools.count() if count is None else range(count)
    return (Customer(external_id=str(number)) for number in numbers)


def about(client: DirectClient, deadline: float = 20.0, query: CouponQuery | None = None) -> Question:
    """A question to that one connection."""
    return Question(clients=[client], query=query or CouponQuery(), deadline=deadline)


def codes(answers: Iterator[LookupAnswer]) -> list[str]:
    """The codes of all answers."""
    return [coupon.code for answer in answers for coupon in answer.coupons]


def test_answers_come_in_the_order_of_the_customers() -> None:
    """Each has the answer about itself."""
    answers = list(lookup_many(about(CountingClient()), customers(50), at_once=4))
    assert [str(number) for number in range(50)] == [answer.customer.value for answer in answers]
    assert [f"CODE-{number}" for number in range(50)] == codes(iter(answers))


def test_who_is_faster_does_not_overtake() -> None:
    """The first is answered last, and is first all the same."""

    class Backwards(CountingClient):
        def turn(self, customer: Customer, done: Callable[[Outcome], None]) -> None:
            if customer.value == "0":
                assert last.wait(20)
            done(self.known(customer))
            if customer.value == "3":
                last.set()

    last = threading.Event()
    assert [f"CODE-{number}" for number in range(4)] == codes(
        lookup_many(about(Backwards()), customers(4), at_once=4)
    )


def test_no_more_are_under_way_than_allowed() -> None:
    """The window is filled and never more than filled."""
    gate = threading.Event()
    client = CountingClient(gate=gate)
    answers = lookup_many(about(client), customers(40), at_once=3)
    opener = threading.Timer(0.1, gate.set)
    opener.start()
    assert 40 == len(list(answers))
    opener.join()
    assert 3 == client.most


def test_customers_are_taken_as_answers_are() -> None:
    """Endlessly many cost no more than the window: nobody is taken before the first answer is asked for."""
    taken: list[Customer] = []

    def noted() -> Iterator[Customer]:
        for customer in customers():
            taken.append(customer)
            yield customer

    answers = lookup_many(about(CountingClient()), noted(), at_once=5)
    assert [] == taken
    for number in range(20):
        assert str(number) == next(answers).customer.value
        assert len(taken) <= number + 1 + 5
    answers.close()


def test_an_answer_that_is_there_waits_for_no_further_customer() -> None:
    """A slow source of customers holds up nobody who was answered already."""
    client = CountingClient()

    def hesitant() -> Iterator[Customer]:
        yield Customer(external_id="0")
        assert answered.wait(20)
        yield Customer(external_id="1")

    answered = threading.Event()
    original = client.known

    def known(customer: Customer) -> Outcome:
        answered.set()
        return original(customer)

    client.known = known  # type: ignore[method-assign]
    assert ["CODE-0", "CODE-1"] == codes(lookup_many(about(client), hesitant(), at_once=16))


def test_closing_stops_asking() -> None:
    """Who left the loop pays for nothing more: those under way come back, nobody else is taken."""
    client = CountingClient()
    answers = lookup_many(about(client), customers(), at_once=4)
    next(answers)
    answers.close()
    assert len(client.asked) <= 5
    for thread in threading.enumerate():
        if thread.name.startswith("lookup-many"):
            thread.join(10)
            assert not thread.is_alive()


def test_closing_waits_for_nobody() -> None:
    """A vendor that never answers keeps neither the caller nor the threads, whatever the deadline."""

    class Silent(CountingClient):
        def turn(self, customer: Customer, done: Callable[[Outcome], None]) -> None:
            if customer.value == "0":
                assert begun.wait(20)
                done(self.known(customer))
            else:
                begun.set()

    begun = threading.Event()
    answers = lookup_many(about(Silent(), deadline=3600), customers(), at_once=3)
    assert "0" == next(answers).customer.value
    answers.close()
    for thread in threading.enumerate():
        if thread.name.startswith("lookup-many"):
            thread.join(10)
            assert not thread.is_alive()


def test_one_whom_no_vendor_can_know_takes_nobody_along() -> None:
    """That answer says so, and what is wrong; the others are there."""
    asked = [Customer(external_id="1"), Customer(mobile="no number"), Customer(external_id="2")]
    first, second, third = lookup_many(about(CountingClient()), asked, at_once=2)
    assert (True, False, True) == (first.complete, second.complete, third.complete)
    (one,) = second.answers
    assert (Verdict.UNKNOWN, Reason.UNSUPPORTED) == (one.verdict, one.reason)
    assert isinstance(one.error, UsageError)
    assert "no number" not in one.error.hint


def test_one_whom_the_vendor_refuses_takes_nobody_along() -> None:
    """What the one connection cannot be asked is that customer's answer, no exception."""

    class Picky(CountingClient):
        def known(self, customer: Customer) -> Outcome:
            if customer.value == "1":
                return Outcome(error=UsageError("no such number here"))
            return super().known(customer)

    answers = list(lookup_many(about(Picky()), customers(3), at_once=2))
    assert [True, False, True] == [answer.complete for answer in answers]


def test_a_spent_limit_is_that_customers_answer() -> None:
    """It is not waited out, as in a single lookup; the next customer is asked."""

    class Spent(CountingClient):
        def known(self, customer: Customer) -> Outcome:
            if customer.value == "1":
                return Outcome(error=RateLimited("spent", retry_after=30))
            return super().known(customer)

    answers = list(lookup_many(about(Spent()), customers(3), at_once=1))
    assert [None, Reason.RATE_LIMITED, None] == [answer.answers[0].reason for answer in answers]
    error = answers[1].answers[0].error
    assert error is not None
    assert 30 == error.retry_after


def test_customers_that_end_in_an_error_leave_those_before() -> None:
    """Whoever was taken before is answered; then the caller's own error is raised."""

    def broken() -> Iterator[Customer]:
        yield from customers(3)
        yield Customer(mobile=" ")

    answers = lookup_many(about(CountingClient()), broken(), at_once=8)
    assert ["0", "1", "2"] == [next(answers).customer.value for _ in range(3)]
    with pytest.raises(UsageError, match="blank"):
        next(answers)


def test_a_list_that_does_not_exist_ends_it() -> None:
    """No answer about anybody would mean anything."""

    class Listless(CountingClient):
        def known(self, customer: Customer) -> Outcome:
            del customer
            return Outcome(error=NotFound("no such list"))

    query = CouponQuery(list_id=ListId("7"))
    with pytest.raises(NotFound):
        next(lookup_many(about(Listless(query=query), query=query), customers(3), at_once=2))


def test_the_deadline_is_each_customers_own() -> None:
    """One who waited in the source has all of it when the turn comes."""
    client = CountingClient()
    assert 5 == len(list(lookup_many(about(client, deadline=20), customers(5), at_once=1)))
    assert all(19 < seconds <= 20 for seconds in client.given)


def test_nobody_is_nothing() -> None:
    """No customers, no answers."""
    assert [] == list(lookup_many(about(CountingClient()), [], at_once=3))
