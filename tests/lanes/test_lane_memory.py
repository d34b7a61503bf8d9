"""What is remembered: whole answers, for a short time; shown past it only while the vendor fails."""

import threading
from datetime import timedelta

import attrs
import pytest

from couponhub.errors import (
    AuthRejected,
    CouponhubError,
    NotFound,
    PermissionDenied,
    QuotaExhausted,
    RateLimited,
    RequestRejected,
    UnreadableReply,
    Unsupported,
    VendorUnavailable,
)
from couponhub.lanes import LaneSettings
from couponhub.lanes.memory import Memory
from couponhub.models import Coupon, CouponQuery, Customer, CustomerCoupons, ListId, Source
from tests.kit.clock import FakeClock
from tests.lanes.stage import ALL, BEGAN, CUSTOMER, FOUND, NONE, OTHER, Stage, down, silent, staged, until


def many(count: int) -> CustomerCoupons:
    """Make an answer of so many coupons, of some 2 KiB each."""
    return CustomerCoupons(
        coupons=tuple(
            Coupon(connection="shop", code="A", description=f"{number:02048}") for number in range(count)
        )
    )


def seen(stage: Stage) -> int:
    """How many questions reached the vendor."""
    return len(stage.vendor.calls)


def test_a_fresh_answer_is_given_again_at_once() -> None:
    """On the caller's own thread, marked as remembered, down to each coupon."""
    stage = staged()
    assert Source.LIVE is (stage.known().found or NONE).source
    stage.pass_time(29.9)
    heard = stage.ask()

    assert [threading.current_thread()] == heard.threads
    known = heard.known()
    assert known.error is None
    assert known.found is not None
    assert (Source.CACHE, BEGAN) == (known.found.source, known.found.as_of)
    assert [("A", Source.CACHE)] == [(coupon.code, coupon.source) for coupon in known.found.coupons]
    assert (1, 1, 1) == (seen(stage), stage.lane.status().cache_hits, stage.lane.status().cache_misses)


def test_its_age_counts_from_the_question() -> None:
    """What a slow vendor says may be as old as the question was."""
    stage = staged()
    stage.vendor.says = stage.takes(20, FOUND)
    stage.known(deadline=60)
    stage.pass_time(10)

    stage.known(deadline=60)
    assert 2 == seen(stage)


def test_the_vendors_own_moment_is_kept() -> None:
    """An answer that says of when it is, says so again."""
    stage = staged()
    stage.vendor.says = attrs.evolve(FOUND, as_of=BEGAN - timedelta(days=1))
    stage.known()

    assert BEGAN - timedelta(days=1) == (stage.known().found or NONE).as_of


def test_none_is_remembered_for_a_shorter_time() -> None:
    """It is the answer that must be wrong least."""
    stage = staged()
    stage.vendor.says = NONE
    stage.known()
    stage.pass_time(4.9)
    assert Source.CACHE is (stage.known().found or FOUND).source
    stage.pass_time(0.1)
    assert Source.LIVE is (stage.known().found or FOUND).source
    assert 2 == seen(stage)


@pytest.mark.parametrize(
    "said",
    [
        attrs.evolve(FOUND, complete=False),
        CustomerCoupons(complete=False),
        CustomerCoupons(covered=False),
        attrs.evolve(FOUND, covered=False),
        attrs.evolve(FOUND, source=Source.REPORT),
        down(),
        KeyError("a fault of ours"),
    ],
)
def test_what_is_not_whole_is_not_remembered(said: CustomerCoupons | Exception) -> None:
    """Neither is an error; the next one asks anew."""
    stage = staged()
    stage.vendor.says = said
    stage.known()
    stage.vendor.says = down()

    assert stage.known().found is None
    assert 2 == seen(stage)


def test_the_whole_question_counts() -> None:
    """Another customer, another kind of identifier, another list: each is asked about."""
    stage = staged()
    for customer in (CUSTOMER, OTHER, Customer(external_id="919876543210"), Customer(email="a@example.com")):
        for query in (ALL, CouponQuery(list_id=ListId("1")), CouponQuery(since=BEGAN)):
            before = seen(stage)
            stage.known(customer, query=query)
            assert before + 1 == seen(stage)
            assert Source.CACHE is (stage.known(customer, query=attrs.evolve(query)).found or NONE).source
    assert 12 == seen(stage)


def rate_limited() -> RateLimited:
    """Make what a vendor says that is asked too often."""
    return RateLimited("slow down", status=429)


@pytest.mark.parametrize(
    "error", [down(), silent(), rate_limited(), QuotaExhausted("spent"), UnreadableReply("what?")]
)
def test_while_the_vendor_fails_an_older_answer_is_shown(error: CouponhubError) -> None:
    """With the vendor's error beside it, as long as is configured and no longer."""
    stage = staged()
    stage.known()
    stage.vendor.says = error
    stage.pass_time(30 + 299.9)
    known = stage.known()
    assert error is known.error
    assert known.found is not None
    assert (Source.CACHE, BEGAN) == (known.found.source, known.found.as_of)

    stage.pass_time(0.2)
    assert (None, error) == (stage.known().found, stage.vendor.says)


@pytest.mark.parametrize(
    "error",
    [
        AuthRejected("no"),
        PermissionDenied("no"),
        NotFound("no such list"),
        RequestRejected("no"),
        Unsupported("no"),
        KeyError("a fault of ours"),
    ],
)
def test_a_definite_refusal_is_not_papered_over(error: Exception) -> None:
    """Nor is a fault of ours, nor are rights that were taken away."""
    stage = staged()
    stage.known()
    stage.vendor.says = error
    stage.pass_time(31)

    assert (None, error) == (stage.known().found, stage.vendor.says)


def test_a_remembered_none_is_never_shown_without_the_error() -> None:
    """Past its time it proves nothing, and the error beside it says so."""
    stage = staged()
    stage.vendor.says = NONE
    stage.known()
    stage.vendor.says = down()
    stage.pass_time(6)

    assert stage.known().error is not None


def test_who_leaves_takes_the_older_answer() -> None:
    """In time for his own deadline; the vendor has its own, and its answer replaces the older one."""
    stage = staged()
    stage.known(deadline=2)
    stage.vendor.reached()
    stage.pass_time(31)
    stage.vendor.holds = True
    heard = stage.ask(deadline=1)
    stage.vendor.reached()
    stage.pass_time(1)
    known = heard.leave()

    assert (Source.CACHE, BEGAN) == (known.found and known.found.source, known.found and known.found.as_of)
    assert isinstance(known.error, VendorUnavailable)
    assert known.error.too_slow
    assert [2.0, 2.0] == [call.seconds for call in stage.vendor.calls]
    stage.vendor.tell(FOUND)
    until(lambda: stage.lane.status().in_flight == 0)
    assert (Source.CACHE, None) == ((known := stage.known()).found and known.found.source, known.error)


@pytest.mark.parametrize(
    ("off", "said", "after", "asked"),
    [("cache_ttl", FOUND, 0.0, 2), ("negative_ttl", NONE, 0.0, 2), ("stale_if_error", FOUND, 30.0, 2)],
)
def test_zero_turns_each_off(off: str, said: CustomerCoupons, after: float, asked: int) -> None:
    """And only that one."""
    stage = staged(None, name="shop", **{off: 0.0})
    stage.vendor.says = said
    stage.known()
    stage.pass_time(after)
    stage.vendor.says = down()
    known = stage.known()

    assert asked == seen(stage)
    assert known.error is stage.vendor.says
    assert (known.found is None) == (off == "stale_if_error")


def test_all_off_remembers_nothing() -> None:
    """Not even for those who look into memory."""
    stage = staged(cache_ttl=0, negative_ttl=0, stale_if_error=0)
    stage.known()

    assert 0 == len(stage.lane._memory._kept)


def test_memory_is_bounded() -> None:
    """By weight; whoever was not asked about for longest goes first."""
    stage = staged(cache_bytes=53 * 6 * 1024)
    people = [Customer(mobile=f"91987654{number:04d}") for number in range(60)]
    stage.vendor.says = many(1)
    for customer in people[:50]:
        stage.known(customer)
    stage.known(people[0])
    assert 50 == seen(stage)
    for customer in people[50:]:
        stage.known(customer)

    assert stage.lane._memory._kept.currsize <= 53 * 6 * 1024
    assert Source.CACHE is (stage.known(people[0]).found or NONE).source
    assert Source.LIVE is (stage.known(people[1]).found or NONE).source


def test_one_customer_does_not_displace_all() -> None:
    """An answer that would take a tenth of the memory and more is asked for each time."""
    stage = staged(cache_bytes=500 * 1024)
    stage.known()
    stage.pass_time(31)
    stage.vendor.says = many(30)
    stage.known()
    stage.known()
    assert 3 == seen(stage)
    # What was known before it is out of date, and gone.
    stage.vendor.says = down()
    assert stage.known().found is None


def test_everybody_is_forgotten() -> None:
    """Under every question; what is past its time must not lie in memory either."""
    stage = staged()
    for customer in (CUSTOMER, OTHER):
        stage.known(customer)
        stage.known(customer, query=CouponQuery(list_id=ListId("1")))
    stage.pass_time(1000)
    stage.known()
    stage.lane.forget_all()

    assert 0 == len(stage.lane._memory._kept._Cache__data)  # type: ignore[attr-defined] # the library hides it
    assert Source.LIVE is (stage.known().found or NONE).source


def test_an_answer_on_its_way_is_forgotten() -> None:
    """It is handed over, and not remembered."""
    stage = staged()
    stage.vendor.holds = True
    heard = stage.ask()
    stage.vendor.reached()
    stage.lane.forget_all()
    stage.vendor.tell(FOUND)
    assert FOUND == heard.known().found

    stage.vendor.holds = False
    assert Source.LIVE is (stage.known().found or NONE).source
    assert 2 == seen(stage)


def test_an_older_answer_does_not_replace_a_newer_one() -> None:
    """A question that comes back after all, long after its time, is about an earlier moment."""
    memory = Memory(LaneSettings(), FakeClock().clock)
    for said, asked in ((FOUND, 1000.0), (NONE, 999.0)):
        entry = memory.entry(said, asked=asked, asked_at=BEGAN)
        assert entry is not None
        memory.keep((b"", ALL), entry)
    kept = memory.get((b"", ALL))

    assert kept is not None
    assert FOUND == kept.answer


def test_the_vendors_payload_is_not_kept() -> None:
    """It holds every coupon of a customer, also where a query selects none, and no limit would bound it."""
    stage = staged()
    stage.vendor.says = attrs.evolve(NONE, raw={"rows": ["a payload"] * 1000})
    stage.known()
    (kept,) = stage.lane._memory._kept.values()

    assert {} == dict(kept.answer.raw)


def test_memory_holds_no_identifier_as_key() -> None:
    """Keys are hashes under a key of this lane, and so differ from lane to lane."""
    lanes = [staged(), staged()]
    for stage in lanes:
        stage.known()
    keys = [next(iter(stage.lane._memory._kept)) for stage in lanes]

    assert b"919876543210" not in keys[0][0]
    assert keys[0][0] != keys[1][0]
