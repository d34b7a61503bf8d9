"""All coupons of a customer come, each once, whatever the vendor does with a limit; else the answer says so."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from couponhub.clock import Clock, Deadline
from couponhub.errors import NotFound, PermissionDenied, RateLimited, VendorError, VendorUnavailable
from couponhub.models import Coupon, CouponQuery, CouponStatus, Customer, CustomerCoupons, Identifier, ListId
from couponhub.transport import Reply
from couponhub_capillary.adapter.customer_coupons import customer_coupons
from couponhub_capillary.adapter.question import CustomerQuestion
from couponhub_capillary.wire.customer_coupons import (
    CustomerAnswer,
    Narrowing,
    customer_coupons_request,
    read_customer_coupons,
)
from couponhub_capillary.wire.customer_coupons_v2 import (
    CouponPage,
    SortOrder,
    coupon_page_request,
    read_coupon_page,
)
from couponhub_capillary.wire.times import Zones
from tests.kit.examples import examples

ZONES = Zones(server=UTC, server_is_guess=False, store=UTC)
NOW = datetime(2026, 6, 1, tzinfo=UTC)
BEGIN = datetime(2021, 1, 1, 9, tzinfo=UTC)
FORBIDDEN = {"warnings": [], "errors": [{"status": False, "code": 403, "message": "x"}], "success": False}
UNKNOWN = {"errors": [{"status": False, "code": 8015, "message": "Customer not found"}], "success": False}


@attrs.frozen
class Held:
    """A coupon as the vendor holds it."""

    number: int
    issued: datetime
    redeemed: tuple[datetime, ...] = ()
    series: int = 7
    left: int = 1
    expires: datetime = datetime(2027, 1, 1, 23, 59, 59, tzinfo=UTC)

    def between(self, start: date, end: date) -> bool:
        """Whether it was issued or redeemed in these days."""
        return any(start <= moment.date() < end for moment in (self.issued, *self.redeemed))

    def v1(self) -> dict[str, Any]:
        """As v1.1 prints it."""
        return {
            "id": str(self.number),
            "series_id": str(self.series),
            "redemption_count": len(self.redeemed),
            "created_date": f"{self.issued:%Y-%m-%dT%H:%M:%S}.000Z",
            "valid_till": f"{self.expires:%Y-%m-%d %H:%M:%S}",
            "code": f"C{self.number}",
            "redemptions": {
                "redemption": [
                    {"id": str(at.timestamp()), "date": f"{at:%Y-%m-%dT%H:%M:%S}.000Z"}
                    for at in self.redeemed
                ]
            },
        }

    def v2(self) -> dict[str, Any]:
        """As v2 prints it."""
        return {
            "id": self.number,
            "seriesId": self.series,
            "description": "Spring",
            "redemptionCount": len(self.redeemed),
            "redemptionsLeft": self.left,
            "createdDateISO": f"{self.issued:%Y-%m-%dT%H:%M:%SZ}",
            "validTillDateTime": f"{self.expires:%Y-%m-%dT%H:%M:%SZ}",
            "code": f"C{self.number}",
            "redemptions": [{"id": 1, "dateISO": f"{at:%Y-%m-%dT%H:%M:%SZ}"} for at in self.redeemed],
        }


class Vendor:
    """Stands for the client of a vendor that treats limits in its own way.

    Args:
        coupons: What the customer holds.
        cap: Of v1.1 and v2, in silence; None for none.
        heeds_limit: Else there is the documented default of 100.
        v2: What v2 answers instead of serving.
        heeds_days: Whether v1.1 does.
        order: How v1.1 sorts.
    """

    def __init__(
        self,
        coupons: list[Held],
        *,
        cap: int | None = None,
        heeds_limit: bool = True,
        v2: object = None,
        heeds_days: bool = True,
        order: Callable[[Held], Any] = lambda held: -held.issued.timestamp(),
    ) -> None:
        self.coupons = coupons
        self.cap = cap
        self.heeds_limit = heeds_limit
        self.v2 = v2
        self.heeds_days = heeds_days
        self.order = order
        self.asked: list[str] = []
        self.fails: dict[int, VendorError] = {}

    def _limit(self, query: dict[str, str]) -> int:
        self.asked.append("v2" if "sort_order" in query and query["sort_order"].isupper() else "v1")
        if error := self.fails.get(len(self.asked)):
            raise error
        limit = int(query["limit"]) if self.heeds_limit else 100
        return min(limit, self.cap or limit)

    def customer_coupons(
        self, identifier: Identifier, value: str, narrowing: Narrowing, *, deadline: Deadline | None
    ) -> CustomerAnswer:
        """Answer v1.1's call."""
        assert deadline is None
        query = dict(customer_coupons_request(identifier, value, narrowing).query)
        limit = self._limit(query)
        rows = [held for held in self.coupons if query.get("series_id", str(held.series)) == str(held.series)]
        if "start_date" in query and self.heeds_days:
            days = date.fromisoformat(query["start_date"]), date.fromisoformat(query["end_date"])
            rows = [held for held in rows if held.between(*days)]
        rows = sorted(rows, key=self.order)[:limit]
        item = {
            "item_status": {"code": 1000, "success": "true"},
            "coupons": {"coupon": [row.v1() for row in rows]},
        }
        return read_customer_coupons(
            told({"response": {"status": {"code": 200}, "customers": {"customer": [item]}}})
        )

    def coupon_page(
        self,
        identifier: Identifier,
        value: str,
        *,
        offset: int = 0,
        limit: int = 1000,
        order: SortOrder = SortOrder.OLDEST_FIRST,
        status: str | None = None,
        deadline: Deadline | None,
    ) -> CouponPage:
        """Answer v2's call."""
        assert deadline is None
        request = coupon_page_request(
            identifier, value, offset=offset, limit=limit, order=order, status=status
        )
        query = dict(request.query)
        limit = self._limit(query)
        if self.v2 is not None:
            return read_coupon_page(told(self.v2))
        rows = sorted(self.coupons, key=lambda held: held.issued, reverse=query["sort_order"] == "DESC")
        if query.get("status") == "ACTIVE_REDEEMED":
            rows = [held for held in rows if held.redeemed and held.expires >= NOW]
        page = rows[int(query["offset"]) :][:limit]
        content = {
            "pagination": {"limit": query["limit"], "offset": query["offset"], "total": len(rows)},
            "customers": [{"id": 1, "coupons": [held.v2() for held in page]}],
        }
        return read_coupon_page(told({"entity": content, "errors": [], "success": True}))


def told(body: object) -> Reply:
    """Make a reply."""
    return Reply(status=200, headers={}, body=json.dumps(body).encode())


def ask(vendor: Vendor, query: CouponQuery | None = None) -> CustomerCoupons:
    """Ask about the customer."""
    return customer_coupons(
        vendor,  # type: ignore[arg-type] # stands for the client
        Customer(external_id="X-1"),
        query or CouponQuery(),
        connection="loyalty",
        zones=ZONES,
        country_code=None,
        clock=Clock(now=lambda: NOW),
        deadline=None,
    )


def numbers(coupons: tuple[Coupon, ...]) -> list[int]:
    """The coupons' numbers, sorted."""
    return sorted(int(coupon.id or 0) for coupon in coupons)


def holding(count: int, *, at_once: int = 0, every: float = 0.7, used: bool = True) -> list[Held]:
    """Make coupons issued one after the other, every third of them redeemed long after; some at one moment."""
    spread = [
        Held(
            number + 1,
            issued=BEGIN + timedelta(days=every * number),
            redeemed=(BEGIN + timedelta(days=every * number + 40),) if used and number % 3 == 0 else (),
        )
        for number in range(count - at_once)
    ]
    moment = BEGIN + timedelta(days=100, hours=3)
    return spread + [Held(count - number, issued=moment, series=number % 5 + 20) for number in range(at_once)]


@pytest.mark.parametrize("at_once", [0, 300])
@pytest.mark.parametrize("count", [99, 100, 250, 1000, 1234, 2500])
@pytest.mark.parametrize(
    ("cap", "heeds_limit"), [(None, True), (50, True), (100, True), (200, True), (1000, True), (None, False)]
)
def test_whole_where_v2_serves(cap: int | None, heeds_limit: bool, count: int, at_once: int) -> None:
    """Whatever becomes of the limit, every coupon comes once, v2's total is the proof."""
    held = holding(count, at_once=min(at_once, count // 2))
    vendor = Vendor(held, cap=cap, heeds_limit=heeds_limit)

    answer = ask(vendor)

    assert list(range(1, count + 1)) == numbers(answer.coupons)
    assert (True, ()) == (answer.complete, answer.warnings)
    page = min(cap or 1000, 1000) if heeds_limit else 100
    assert -(-count // page) + 2 >= len(vendor.asked)


@pytest.mark.parametrize("count", [1, 49, 99])
def test_few_coupons_cost_one_call(count: int) -> None:
    """Below the documented default nothing else is asked, where none was used."""
    vendor = Vendor(holding(count, used=False))

    assert ask(vendor).complete
    assert ["v1"] == vendor.asked


@pytest.mark.parametrize(
    "order", [lambda held: -held.issued.timestamp(), lambda held: held.number * 7919 % 1009]
)
@pytest.mark.parametrize(
    ("count", "cap"), [(100, None), (250, None), (234, 50), (720, 100), (1234, 200), (1500, 1000)]
)
def test_whole_without_v2(count: int, cap: int | None, order: Callable[[Held], Any]) -> None:
    """Without v2 the days are split until no answer can be cut, whether or not answers are sorted."""
    answer = ask(Vendor(holding(count), cap=cap, v2=FORBIDDEN, order=order))

    assert (list(range(1, count + 1)), True) == (numbers(answer.coupons), answer.complete)


@pytest.mark.parametrize("v2", [FORBIDDEN, UNKNOWN, {}, []])
def test_v2_that_does_not_serve_is_done_without(v2: object) -> None:
    """Whatever v2 says instead of coupons; that it does not know the customer is told (C-55)."""
    answer = ask(Vendor(holding(234), cap=100, v2=v2))

    assert (list(range(1, 235)), True) == (numbers(answer.coupons), answer.complete)
    assert (v2 == UNKNOWN) is any("external_id" in warning for warning in answer.warnings)


class Shortsighted(Vendor):
    """Its v2 serves, and sees fewer coupons than v1.1 gave.

    Attributes:
        page: What v2 answers.
    """

    page = CouponPage(rows=(), total=0)

    def coupon_page(self, *_asked: object, **_as: object) -> CouponPage:
        """The same for every page."""
        return self.page


@pytest.mark.parametrize("total", [None, 0, 99])
@pytest.mark.parametrize("heeds_days", [True, False])
def test_v2_that_sees_fewer_coupons_proves_nothing(total: int | None, heeds_days: bool) -> None:
    """A total below what came already is not of all coupons: the days decide, and else it is not whole."""
    vendor = Shortsighted(holding(300), cap=100, heeds_days=heeds_days)
    vendor.page = CouponPage(rows=(), total=total)

    answer = ask(vendor)

    assert (300 if heeds_days else 100, heeds_days) == (len(answer.coupons), answer.complete)


def test_v2_that_lacks_what_v1_gave_proves_nothing() -> None:
    """As many coupons as came, but not all of the same: there are more than either tells."""
    vendor = Shortsighted(holding(300), cap=100, heeds_days=False)
    vendor.page = CouponPage(rows=[held.v2() for held in holding(150)], total=150)

    answer = ask(vendor)

    assert (250, False) == (len(answer.coupons), answer.complete)


@pytest.mark.parametrize("number", ["0", -1, "77"])
def test_coupons_under_one_number_all_stay(number: object) -> None:
    """Where the vendor has no number for a coupon it may print the same for all; codes tell them apart."""

    class Numbering(Vendor):
        def customer_coupons(self, *asked: Any, **how: Any) -> CustomerAnswer:
            answer = super().customer_coupons(*asked, **how)
            rows = [{**row, "id": number} for row in answer.rows if isinstance(row, dict)]
            return attrs.evolve(answer, rows=rows)

    answer = ask(Numbering(holding(3)))

    assert ({"C1", "C2", "C3"}, True) == ({coupon.code for coupon in answer.coupons}, answer.complete)


def test_a_day_of_too_many_is_split_by_series() -> None:
    """A day cannot be split further but by series; that there are no others is not proven, and said."""
    vendor = Vendor(holding(900, at_once=300), cap=100, v2=FORBIDDEN)

    answer = ask(vendor)

    assert list(range(1, 901)) == numbers(answer.coupons)
    assert answer.complete is False
    assert any("series" in warning for warning in answer.warnings)


@pytest.mark.parametrize("heeds_days", [True, False])
def test_what_cannot_be_completed_is_told(heeds_days: bool) -> None:
    """One series, one second, no v2: what came stays, and is not called whole, after few calls."""
    vendor = Vendor(
        [Held(number, issued=BEGIN) for number in range(300)], cap=100, v2=FORBIDDEN, heeds_days=heeds_days
    )

    answer = ask(vendor)

    assert (100, False) == (len(answer.coupons), answer.complete)
    assert any("may be cut: exactly 100" in warning for warning in answer.warnings)
    assert 60 >= len(vendor.asked)


def test_days_that_are_not_heeded_are_noticed() -> None:
    """A vendor that ignores the days is not asked again and again."""
    vendor = Vendor(holding(700), cap=100, v2=FORBIDDEN, heeds_days=False)

    assert ask(vendor).complete is False
    assert 4 >= len(vendor.asked)


def test_a_sweep_is_near_the_fewest_calls() -> None:
    """A great many coupons cost little more than their pages."""
    vendor = Vendor(holding(12_000, every=0.05))

    answer = ask(vendor)

    assert (12_000, True) == (len(answer.coupons), answer.complete)
    assert 12 * 1.2 >= len(vendor.asked)


@pytest.mark.parametrize("error", [RateLimited("slow"), VendorUnavailable("gone")])
@pytest.mark.parametrize("call", [2, 3, 4])
def test_a_later_failure_keeps_what_was_found(call: int, error: VendorError) -> None:
    """Found coupons are never thrown away; how reading on failed is named."""
    vendor = Vendor(holding(4500))
    vendor.fails = dict.fromkeys(range(call, 99), error)

    answer = ask(vendor)

    assert answer.complete is False
    assert (call - 1) * 1000 == len(answer.coupons)
    assert any(error.kind in warning for warning in answer.warnings)


def test_a_rate_limit_is_not_met_with_more_calls() -> None:
    """Where v2 may not be asked now, v1.1 is not asked instead."""
    vendor = Vendor(holding(2500))
    vendor.fails = {2: RateLimited("slow")}

    answer = ask(vendor)

    assert (1000, False) == (len(answer.coupons), answer.complete)
    assert ["v1", "v2"] == vendor.asked


def test_further_calls_leave_time_to_answer() -> None:
    """Who waits so long and no longer must get what was found, not a time-out."""
    vendor = Vendor([])
    patience = Deadline.after(10.0)
    question = CustomerQuestion(
        client=vendor,  # type: ignore[arg-type] # stands for the client
        identifier=Identifier.ID,
        form="1",
        patience=patience,
    )

    shorter = question.less_patient().patience
    assert shorter is not None
    assert 8.0 < shorter.remaining() < 9.1
    assert attrs.evolve(question, patience=None).less_patient().patience is None


def test_the_first_failure_is_an_error() -> None:
    """Nothing may be concluded where nothing was found."""
    vendor = Vendor(holding(5))
    vendor.fails = {1: VendorUnavailable("gone")}

    with pytest.raises(VendorUnavailable):
        ask(vendor)


def test_v2_pages_that_do_not_move_end_the_walk() -> None:
    """An offset that is not heeded is noticed, and the days are split instead."""
    vendor = Vendor(holding(700), cap=100)
    page = vendor.coupon_page

    def standing(*who: Any, **how: Any) -> CouponPage:
        return page(*who, **how | {"offset": 0})

    vendor.coupon_page = standing  # type: ignore[method-assign]

    answer = ask(vendor)

    assert (list(range(1, 701)), True) == (numbers(answer.coupons), answer.complete)


def test_coupons_that_shift_between_pages_are_read_again() -> None:
    """A coupon that goes away lets the next page begin too late: the other order brings what was passed over."""
    vendor = Vendor(holding(500), cap=100)
    page = vendor.coupon_page

    def shrinking(*who: Any, **how: Any) -> CouponPage:
        if vendor.asked.count("v2") == 3:
            vendor.coupons = vendor.coupons[1:]
        return page(*who, **how)

    vendor.coupon_page = shrinking  # type: ignore[method-assign]
    answer = ask(vendor)

    assert answer.complete
    assert set(range(2, 501)) <= set(numbers(answer.coupons))


def test_a_list_narrows_v2_too() -> None:
    """v2 has no filter by series: what it brings is filtered here."""
    vendor = Vendor(holding(900, at_once=600), cap=100)

    answer = ask(vendor, CouponQuery(list_id=ListId("21")))

    assert (120, True, {"21"}) == (
        len(answer.coupons),
        answer.complete,
        {coupon.list_id for coupon in answer.coupons},
    )


def test_a_store_is_never_asked_of_v2() -> None:
    """Only v1.1 can select what is redeemable at a store (C-19)."""
    vendor = Vendor(holding(300, used=False), cap=100)

    assert ask(vendor, CouponQuery(store_id="1")).complete
    assert {"v1"} == set(vendor.asked)


def test_v2_rows_replace_those_of_v1() -> None:
    """What v2 knows more is kept: exact times, redemptions left, name."""
    answer = ask(Vendor(holding(150), cap=100))

    assert {"Spring"} == {coupon.description for coupon in answer.coupons}
    assert {1} == {coupon.redemptions_left for coupon in answer.coupons}


@settings(max_examples=examples(60), deadline=None)
@given(
    days=st.lists(st.tuples(st.integers(0, 400), st.none() | st.integers(0, 90)), max_size=160),
    cap=st.integers(50, 130).filter(lambda cap: cap % 50 == 0 or cap >= 100),
    serves=st.booleans(),
    seed=st.integers(1, 50),
)
def test_never_whole_when_it_is_not(
    days: list[tuple[int, int | None]], cap: int, serves: bool, seed: int
) -> None:
    """Whatever was issued and redeemed when: all coupons come once, or the answer is called incomplete."""
    held = [
        Held(
            number + 1,
            issued=BEGIN + timedelta(days=issued),
            redeemed=() if used is None else (BEGIN + timedelta(days=issued + used),),
        )
        for number, (issued, used) in enumerate(days)
    ]
    vendor = Vendor(
        held, cap=cap, v2=None if serves else FORBIDDEN, order=lambda coupon: coupon.number * seed % 53
    )

    answer = ask(vendor)

    came = numbers(answer.coupons)
    assert sorted(set(came)) == came
    if answer.complete:
        assert [coupon.number for coupon in held] == came


USED = datetime(2026, 5, 1, tzinfo=UTC)
FOUR = [
    Held(1, issued=BEGIN),
    Held(2, issued=BEGIN, redeemed=(USED,), left=0),
    Held(3, issued=BEGIN, redeemed=(USED,), left=4),
    Held(4, issued=BEGIN, redeemed=(USED,), left=-1),
    Held(5, issued=BEGIN, redeemed=(USED,), left=2, expires=datetime(2026, 5, 31, tzinfo=UTC)),
]
ACTIVE, REDEEMED, UNSAID = CouponStatus.ACTIVE, CouponStatus.REDEEMED, CouponStatus.UNKNOWN


EXPIRED = CouponStatus.EXPIRED
TOLD = {1: ACTIVE, 2: REDEEMED, 3: ACTIVE, 4: ACTIVE, 5: REDEEMED}
UNTOLD = {1: ACTIVE, 2: UNSAID, 3: UNSAID, 4: UNSAID, 5: REDEEMED}


@pytest.mark.parametrize("v2", [None, FORBIDDEN, UNKNOWN, {}])
@pytest.mark.parametrize(
    "query",
    [
        CouponQuery(),
        *(CouponQuery(status=frozenset({status})) for status in (ACTIVE, REDEEMED, EXPIRED, UNSAID)),
        CouponQuery(store_id="1"),
        CouponQuery(list_id=ListId("7")),
        CouponQuery(since=BEGIN),
        CouponQuery(status=frozenset({ACTIVE, REDEEMED}), since=USED, list_id=ListId("7")),
    ],
)
def test_a_coupon_stands_the_same_however_it_was_asked_for(query: CouponQuery, v2: object) -> None:
    """A used coupon is active with redemptions left, redeemed without, and unknown where v2 does not tell it."""
    vendor = Vendor(FOUR, v2=v2)
    stands = TOLD if v2 is None else UNTOLD
    unfiltered = {number for number in stands if query.since != USED or number > 1}

    answer = ask(vendor, query)

    wanted = query.status | {UNSAID} if query.status else set(CouponStatus)
    assert {number: stands[number] for number in unfiltered if stands[number] in wanted} == {
        int(coupon.id or 0): coupon.status for coupon in answer.coupons
    }
    assert (True, ["v1", "v2"]) == (answer.complete, vendor.asked)
    assert any("used again" in warning for warning in answer.warnings) is (v2 is not None)


@pytest.mark.parametrize("row", [{"redemptionsLeft": None}, {"redemptionsLeft": "many"}, {"code": "OTHER"}])
def test_v2_that_does_not_tell_leaves_it_unknown(row: dict[str, object]) -> None:
    """v2 serves, and says nothing of what is left: no guess is made, and why is told."""

    class Silent(Vendor):
        def coupon_page(self, *asked: Any, **how: Any) -> CouponPage:
            page = super().coupon_page(*asked, **how)
            return attrs.evolve(page, rows=[{**held, **row} for held in page.rows if isinstance(held, dict)])

    answer = ask(Silent(FOUR))

    assert UNTOLD == {int(coupon.id or 0): coupon.status for coupon in answer.coupons}
    assert any("v2 does not tell" in warning for warning in answer.warnings)


def test_the_question_about_used_coupons_is_bounded() -> None:
    """A list that has no end is left after a few pages."""
    vendor = Vendor([*FOUR, Held(9, issued=BEGIN, redeemed=(USED,))])
    pages = iter(range(1, 10_000))

    def endless(*_: object, **__: object) -> CouponPage:
        vendor.asked.append("v2")
        return CouponPage(rows=[Held(100 + next(pages), issued=BEGIN, redeemed=(USED,)).v2()], total=None)

    vendor.coupon_page = endless  # type: ignore[method-assign]

    assert {UNSAID} == {coupon.status for coupon in ask(vendor).coupons if coupon.id == "9"}
    assert 5 == vendor.asked.count("v2")


def test_many_coupons_stand_as_few_do() -> None:
    """What v2 tells of coupons that it was asked about for completeness is what it tells of one."""
    unused = [Held(100 + number, issued=BEGIN, left=number % 2) for number in range(120)]

    few, many = ask(Vendor([*FOUR, *unused[:2]])), ask(Vendor([*FOUR, *unused]))

    stands = {coupon.id: coupon.status for coupon in many.coupons}
    assert {coupon.id: coupon.status for coupon in few.coupons}.items() <= stands.items()
    assert TOLD.items() <= {int(number or 0): status for number, status in stands.items()}.items()


@pytest.mark.parametrize(
    ("error", "whole"),
    [
        (RateLimited("slow"), False),
        (VendorUnavailable("gone"), False),
        (PermissionDenied("no"), True),
        (NotFound("no"), True),
    ],
)
def test_a_status_that_could_not_be_found_out_now_is_missing(error: VendorError, whole: bool) -> None:
    """An answer that was cut short by a failure is not called whole, and so is not remembered."""
    vendor = Vendor(FOUR)
    vendor.fails = {2: error}

    answer = ask(vendor)

    assert (UNTOLD, whole) == ({int(one.id or 0): one.status for one in answer.coupons}, answer.complete)
    assert any(error.kind in warning for warning in answer.warnings)


def test_no_used_coupon_no_question() -> None:
    """v2 is only asked where there is something to decide."""
    for query in (CouponQuery(), CouponQuery(status=frozenset({ACTIVE}))):
        vendor = Vendor(FOUR[:1])
        ask(vendor, query)
        assert ["v1"] == vendor.asked
