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
from couponhub.models import Coupon, CouponQuery, Customer, CustomerCoupons, ListId, Source
from couponhub.resilience import ResilienceSettings
from couponhub.resilience.cache import AnswerCache
from tests.kit.clock import FakeClock
from tests.kit.eventually import eventually
from tests.resilience.harness import (
    ALL,
    BEGAN,
    CUSTOMER,
    FOUND,
    NONE,
    OTHER,
    ClientHarness,
    down,
    harness_of,
    silent,
)


def many(count: int) -> CustomerCoupons:
    """Make an answer of so many coupons, of some 2 KiB each."""
    return CustomerCoupons(
        coupons=tuple(
            Coupon(connection="shop", code="A", description=f"{number:02048}") for number in range(count)
        )
    )


def seen(harness: ClientHarness) -> int:
    """How many questions reached the vendor."""
    return len(harness.vendor.calls)


def test_a_fresh_answer_is_given_again_at_once() -> None:
    """On the caller's own thread, marked as remembered, down to each coupon."""
    harness = harness_of()
    assert Source.LIVE is (harness.known().found or NONE).source
    harness.pass_time(29.9)
    heard = harness.ask()

    assert [threading.current_thread()] == heard.threads
    known = heard.known()
    assert known.error is None
    assert known.found is not None
    assert (Source.CACHE, BEGAN) == (known.found.source, known.found.as_of)
    assert [("A", Source.CACHE)] == [(coupon.code, coupon.source) for coupon in known.found.coupons]
    assert (1, 1, 1) == (
        seen(harness),
        harness.client.status().cache_hits,
        harness.client.status().cache_misses,
    )


def test_its_age_counts_from_the_question() -> None:
    """What a slow vendor says may be as old as the question was."""
    harness = harness_of()
    harness.vendor.says = harness.takes(20, FOUND)
    harness.known(deadline=60)
    harness.pass_time(10)

    harness.known(deadline=60)
    assert 2 == seen(harness)


def test_the_vendors_own_moment_is_kept() -> None:
    """An answer that says of when it is, says so again."""
    harness = harness_of()
    harness.vendor.says = attrs.evolve(FOUND, as_of=BEGAN - timedelta(days=1))
    harness.known()

    assert BEGAN - timedelta(days=1) == (harness.known().found or NONE).as_of


def test_none_is_remembered_for_a_shorter_time() -> None:
    """It is the answer that must be wrong least."""
    harness = harness_of()
    harness.vendor.says = NONE
    harness.known()
    harness.pass_time(4.9)
    assert Source.CACHE is (harness.known().found or FOUND).source
    harness.pass_time(0.1)
    assert Source.LIVE is (harness.known().found or FOUND).source
    assert 2 == seen(harness)


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
    harness = harness_of()
    harness.vendor.says = said
    harness.known()
    harness.vendor.says = down()

    assert harness.known().found is None
    assert 2 == seen(harness)


def test_the_whole_question_counts() -> None:
    """Another customer, another kind of identifier, another list: each is asked about."""
    harness = harness_of()
    for customer in (CUSTOMER, OTHER, Customer(external_id="919876543210"), Customer(email="a@example.com")):
        for query in (ALL, CouponQuery(list_id=ListId("1")), CouponQuery(since=BEGAN)):
            before = seen(harness)
            harness.known(customer, query=query)
            assert before + 1 == seen(harness)
            assert Source.CACHE is (harness.known(customer, query=attrs.evolve(query)).found or NONE).source
    assert 12 == seen(harness)


def rate_limited() -> RateLimited:
    """Make what a vendor says that is asked too often."""
    return RateLimited("slow down", status=429)


@pytest.mark.parametrize(
    "error", [down(), silent(), rate_limited(), QuotaExhausted("spent"), UnreadableReply("what?")]
)
def test_while_the_vendor_fails_an_older_answer_is_shown(error: CouponhubError) -> None:
    """With the vendor's error beside it, as long as is configured and no longer."""
    harness = harness_of()
    harness.known()
    harness.vendor.says = error
    harness.pass_time(30 + 299.9)
    known = harness.known()
    assert error is known.error
    assert known.found is not None
    assert (Source.CACHE, BEGAN) == (known.found.source, known.found.as_of)

    harness.pass_time(0.2)
    assert (None, error) == (harness.known().found, harness.vendor.says)


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
    harness = harness_of()
    harness.known()
    harness.vendor.says = error
    harness.pass_time(31)

    assert (None, error) == (harness.known().found, harness.vendor.says)


def test_a_remembered_none_is_never_shown_without_the_error() -> None:
    """Past its time it proves nothing, and the error beside it says so."""
    harness = harness_of()
    harness.vendor.says = NONE
    harness.known()
    harness.vendor.says = down()
    harness.pass_time(6)

    assert harness.known().error is not None


def test_who_leaves_takes_the_older_answer() -> None:
    """In time for his own deadline; the vendor has its own, and its answer replaces the older one."""
    harness = harness_of()
    harness.known(deadline=2)
    harness.vendor.reached()
    harness.pass_time(31)
    harness.vendor.holds = True
    heard = harness.ask(deadline=1)
    harness.vendor.reached()
    harness.pass_time(1)
    known = heard.leave()

    assert (Source.CACHE, BEGAN) == (known.found and known.found.source, known.found and known.found.as_of)
    assert isinstance(known.error, VendorUnavailable)
    assert known.error.too_slow
    assert [2.0, 2.0] == [call.seconds for call in harness.vendor.calls]
    harness.vendor.tell(FOUND)
    eventually(lambda: harness.client.status().in_flight == 0)
    assert (Source.CACHE, None) == ((known := harness.known()).found and known.found.source, known.error)


@pytest.mark.parametrize(
    ("off", "said", "after", "asked"),
    [("cache_ttl", FOUND, 0.0, 2), ("negative_ttl", NONE, 0.0, 2), ("stale_if_error", FOUND, 30.0, 2)],
)
def test_zero_turns_each_off(off: str, said: CustomerCoupons, after: float, asked: int) -> None:
    """And only that one."""
    harness = harness_of(None, name="shop", **{off: 0.0})
    harness.vendor.says = said
    harness.known()
    harness.pass_time(after)
    harness.vendor.says = down()
    known = harness.known()

    assert asked == seen(harness)
    assert known.error is harness.vendor.says
    assert (known.found is None) == (off == "stale_if_error")


def test_all_off_remembers_nothing() -> None:
    """Not even for those who look into memory."""
    harness = harness_of(cache_ttl=0, negative_ttl=0, stale_if_error=0)
    harness.known()

    assert 0 == len(harness.client._cache._kept)


def test_memory_is_bounded() -> None:
    """By weight; whoever was not asked about for longest goes first."""
    harness = harness_of(cache_bytes=53 * 6 * 1024)
    people = [Customer(mobile=f"91987654{number:04d}") for number in range(60)]
    harness.vendor.says = many(1)
    for customer in people[:50]:
        harness.known(customer)
    harness.known(people[0])
    assert 50 == seen(harness)
    for customer in people[50:]:
        harness.known(customer)

    assert harness.client._cache._kept.currsize <= 53 * 6 * 1024
    assert Source.CACHE is (harness.known(people[0]).found or NONE).source
    assert Source.LIVE is (harness.known(people[1]).found or NONE).source


def test_one_customer_does_not_displace_all() -> None:
    """An answer that would take a tenth of the memory and more is asked for each time."""
    harness = harness_of(cache_bytes=500 * 1024)
    harness.known()
    harness.pass_time(31)
    harness.vendor.says = many(30)
    harness.known()
    harness.known()
    assert 3 == seen(harness)
    # What was known before it is out of date, and gone.
    harness.vendor.says = down()
    assert harness.known().found is None


def test_everybody_is_forgotten() -> None:
    """Under every question; what is past its time must not lie in memory either."""
    harness = harness_of()
    for customer in (CUSTOMER, OTHER):
        harness.known(customer)
        harness.known(customer, query=CouponQuery(list_id=ListId("1")))
    harness.pass_time(1000)
    harness.known()
    harness.client.forget_all()

    assert 0 == len(harness.client._cache._kept._Cache__data)  # type: ignore[attr-defined] # the library hides it
    assert Source.LIVE is (harness.known().found or NONE).source


def test_an_answer_on_its_way_is_forgotten() -> None:
    """It is handed over, and not remembered."""
    harness = harness_of()
    harness.vendor.holds = True
    heard = harness.ask()
    harness.vendor.reached()
    harness.client.forget_all()
    harness.vendor.tell(FOUND)
    assert FOUND == heard.known().found

    harness.vendor.holds = False
    assert Source.LIVE is (harness.known().found or NONE).source
    assert 2 == seen(harness)


def test_an_older_answer_does_not_replace_a_newer_one() -> None:
    """A question that comes back after all, long after its time, is about an earlier moment."""
    cache = AnswerCache(ResilienceSettings(), FakeClock().clock)
    for said, asked in ((FOUND, 1000.0), (NONE, 999.0)):
        entry = cache.entry(said, asked=asked, asked_at=BEGAN)
        assert entry is not None
        cache.keep((b"", ALL), entry)
    kept = cache.get((b"", ALL))

    assert kept is not None
    assert FOUND == kept.answer


def test_the_vendors_payload_is_not_kept() -> None:
    """It holds every coupon of a customer, also where a query selects none, and no limit would bound it."""
    harness = harness_of()
    harness.vendor.says = attrs.evolve(NONE, raw={"rows": ["a payload"] * 1000})
    harness.known()
    (kept,) = harness.client._cache._kept.values()

    assert {} == dict(kept.answer.raw)


def test_memory_holds_no_identifier_as_key() -> None:
    """Keys are hashes under a key of this client, and so differ from client to client."""
    clients = [harness_of(), harness_of()]
    for harness in clients:
        harness.known()
    keys = [next(iter(harness.client._cache._kept)) for harness in clients]

    assert b"919876543210" not in keys[0][0]
    assert keys[0][0] != keys[1][0]
