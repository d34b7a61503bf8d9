"""A vendor asked about many customers: pauses are kept, and what cannot be known of one hides nothing of others."""

from collections.abc import Callable
from typing import Any, cast

import attrs
import pytest

from couponhub.clock import Deadline
from couponhub.connection import Connection
from couponhub.errors import NotFound, QuotaExhausted, RateLimited, UnreadableReply, VendorUnavailable
from couponhub.migration.holders import CustomerSweep
from couponhub.models import Coupon, CouponQuery, Customer, CustomerCoupons, Identifier, ListId
from tests.kit.clock import FakeClock

PEOPLE = tuple(Customer(mobile=f"9190000{number:05}") for number in range(100))


@attrs.define
class FakeCustomers:
    """Customers who hold one code each, unless `answer` says otherwise."""

    answer: Callable[[Customer], CustomerCoupons | None] = lambda _: None
    asked: int = 0

    def coupons(
        self, customer: Customer, query: CouponQuery, *, deadline: Deadline | None
    ) -> CustomerCoupons:
        """Answer."""
        del query, deadline
        self.asked += 1
        return self.answer(customer) or held(customer)


@attrs.define
class FakeConnection:
    """A connection to a vendor that is asked about customers only."""

    customers: FakeCustomers
    name: str = "loyalty"


def held(customer: Customer, **more: Any) -> CustomerCoupons:
    """The answer about a customer who holds one code."""
    return CustomerCoupons(coupons=(Coupon(connection="loyalty", code=f"C{customer.value}"),), **more)


def sweep_of(customers: FakeCustomers, clock: FakeClock) -> CustomerSweep:
    """A sweep over all people, by the name that comes first."""
    connection = cast("Connection", FakeConnection(customers))
    return CustomerSweep(
        connection, ListId("7"), iter(PEOPLE), lambda named: next(iter(named)), clock=clock.clock
    )


def test_everybody_is_asked_once_and_answered_in_order() -> None:
    """However many are under way."""
    sweep = sweep_of(FakeCustomers(), FakeClock())
    assert [f"C{one.value}" for one in PEOPLE] == [one.code for one in sweep]
    assert (100, 0, 0) == (sweep.asked, sweep.unknowable, sweep.uncovered)


def test_a_rate_limit_is_waited_out() -> None:
    """For as long as the vendor says, and then the same customer is asked again."""
    spent = iter([RateLimited("slow down", retry_after=60.0)])

    def answer(_: Customer) -> None:
        for error in spent:
            raise error

    clock = FakeClock()
    before = clock.monotonic()
    sweep = sweep_of(FakeCustomers(answer), clock)
    assert 100 == len(list(sweep))
    assert 60 <= clock.monotonic() - before
    assert 0 == sweep.unknowable


def test_a_spent_day_names_the_way_that_takes_several() -> None:
    """A plan is made in one go."""

    def answer(_: Customer) -> None:
        raise QuotaExhausted("the day is spent", retry_after=3600.0)

    with pytest.raises(QuotaExhausted) as caught:
        list(sweep_of(FakeCustomers(answer), FakeClock()))
    assert "couponhub export customers loyalty" in caught.value.hint


def test_one_who_cannot_be_known_is_counted() -> None:
    """Also where the answer lacks something, or may have been asked for otherwise; codes that it has are taken."""

    def answer(customer: Customer) -> CustomerCoupons | None:
        number = PEOPLE.index(customer)
        if number == 3:
            raise UnreadableReply("half a page")
        if number == 4:
            return held(customer, complete=False)
        if number == 5:
            return CustomerCoupons(customer_known=False, every_form=False)
        return held(customer, covered=False) if number == 6 else None

    sweep = sweep_of(FakeCustomers(answer), FakeClock())
    assert 98 == len(list(sweep))
    assert (100, 3, 1) == (sweep.asked, sweep.unknowable, sweep.uncovered)


def test_a_vendor_that_is_away_is_not_asked_on() -> None:
    """After five in a row without an answer; one that comes in between begins the count anew."""

    def away(_: Customer) -> None:
        raise VendorUnavailable("no answer")

    customers = FakeCustomers(away)
    with pytest.raises(VendorUnavailable):
        list(sweep_of(customers, FakeClock()))
    assert customers.asked < 60

    def now_and_then(customer: Customer) -> None:
        if PEOPLE.index(customer) % 5:
            raise VendorUnavailable("no answer")

    sweep = sweep_of(FakeCustomers(now_and_then), FakeClock())
    assert 20 == len(list(sweep))
    assert 80 == sweep.unknowable


def test_a_list_that_is_not_there_ends_it() -> None:
    """That is true of every customer."""

    def answer(_: Customer) -> None:
        raise NotFound("no such list")

    with pytest.raises(NotFound):
        list(sweep_of(FakeCustomers(answer), FakeClock()))


def test_the_name_that_the_target_knows_is_taken() -> None:
    """Of those that the vendor's answer has."""

    def answer(customer: Customer) -> CustomerCoupons:
        return held(customer, also_known_as=(Customer(external_id="EXT-1"),))

    connection = cast("Connection", FakeConnection(FakeCustomers(answer)))
    sweep = CustomerSweep(
        connection, ListId("7"), iter(PEOPLE[:1]), lambda named: [*named][-1], clock=FakeClock().clock
    )
    (found,) = sweep
    assert found.customer is not None
    assert Identifier.EXTERNAL_ID is found.customer.identifier
