"""What every client remembers is told again as the same answer, for as long as each of them remembers it."""

import gc
import weakref

import pytest

from couponhub.errors import UsageError
from couponhub.lookup import AnswerMemo, FanOut, Question, WeakIdentityMap
from couponhub.models import CouponQuery, Customer, Identifier, LookupAnswer, Source, Strategy, Verdict
from couponhub.resilience import DirectClient, LookupClient, ResilienceSettings, ResilientClient
from tests.kit.clock import FakeClock
from tests.resilience.harness import CUSTOMER, FOUND, NONE, OTHER, Vendor

KEY = ("anything", "equal")


class Hub:
    """Two clients, one clock, and what recalls what they remember."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.vendors = (Vendor(FOUND), Vendor(NONE))
        settings = ResilienceSettings(cache_ttl=30.0, negative_ttl=5.0)
        self.clients = tuple(
            ResilientClient(name, vendor.ask, settings=settings, clock=self.clock.clock)
            for name, vendor in zip(("shop", "club"), self.vendors, strict=True)
        )
        self.memo = AnswerMemo(clock=self.clock.clock)

    def question(self, *clients: LookupClient, strategy: Strategy = Strategy.MERGE) -> Question:
        """A question to both, or to those."""
        return Question(clients=clients or self.clients, query=CouponQuery(), deadline=2.0, strategy=strategy)

    def lookup(self, customer: Customer = CUSTOMER) -> tuple[LookupAnswer, bool]:
        """Look up as the hub does; whether it was recalled."""
        key = (customer, *KEY)
        recalled = self.memo.answer(key) or self.memo.conclude(key, self.question(), customer)
        return recalled or FanOut(self.question(), customer).run(), recalled is not None

    @property
    def calls(self) -> int:
        """How often a vendor was asked."""
        return sum(len(vendor.calls) for vendor in self.vendors)


def test_what_is_remembered_is_told_as_the_same_answer() -> None:
    """It says what asking would say, from memory, and counts as hits of the clients."""
    hub = Hub()
    first, was_recalled = hub.lookup()
    assert not was_recalled
    answers = [hub.lookup() for _ in range(3)]
    assert [True] * 3 == [recalled for _, recalled in answers]
    assert 1 == len({id(answer) for answer, _ in answers})
    again = answers[0][0]
    assert [one.verdict for one in first.answers] == [one.verdict for one in again.answers]
    assert [Verdict.FOUND, Verdict.NONE] == [one.verdict for one in again.answers]
    assert {Source.CACHE} == {one.source for one in again.answers}
    assert [coupon.code for coupon in first.coupons] == [coupon.code for coupon in again.coupons]
    assert 2 == hub.calls
    assert [3, 3] == [client.status().cache_hits for client in hub.clients]


def test_it_is_as_fresh_as_the_least_fresh() -> None:
    """The absence at one connection lasts five seconds: then that one is asked anew."""
    hub = Hub()
    hub.lookup()
    hub.clock.passed += 4.9
    assert hub.lookup()[1]
    hub.clock.passed += 0.1
    assert not hub.lookup()[1]
    assert [1, 2] == [len(vendor.calls) for vendor in hub.vendors]


def test_another_customer_is_another_answer() -> None:
    """Also under the same clients."""
    hub = Hub()
    for customer in (CUSTOMER, OTHER, CUSTOMER, OTHER):
        assert customer == hub.lookup(customer)[0].customer
    assert 4 == hub.calls


def test_what_one_lane_forgot_is_told_no_more() -> None:
    """Whether it was asked to forget, or had no more room: nothing is kept here that it let go of."""
    hub = Hub()
    hub.lookup()
    answer = weakref.ref(hub.lookup()[0])
    hub.clients[0].forget_all()
    gc.collect()
    assert hub.memo.answer((CUSTOMER, *KEY)) is None
    assert answer() is None
    assert not hub.lookup()[1]


def test_forgetting_all_drops_all() -> None:
    """At once."""
    hub = Hub()
    hub.lookup()
    hub.lookup()
    hub.memo.forget_all()
    assert hub.memo.answer((CUSTOMER, *KEY)) is None


def test_what_was_forgotten_meanwhile_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody is forgotten while their answer is being concluded."""
    hub = Hub()
    hub.lookup()
    recall = ResilientClient.recall

    def forgets(client: ResilientClient, customer: Customer, query: CouponQuery) -> object:
        known = recall(client, customer, query)
        hub.memo.forget_all()
        return known

    with monkeypatch.context() as patched:
        patched.setattr(ResilientClient, "recall", forgets)
        assert hub.memo.conclude((CUSTOMER, *KEY), hub.question(), CUSTOMER) is not None
    assert hub.memo.answer((CUSTOMER, *KEY)) is None


def test_whoever_remembers_nothing_is_asked() -> None:
    """One that never remembers, one that is asked by another identifier, and a strategy that goes in turns."""
    hub = Hub()
    hub.lookup()
    plain = DirectClient("index", lambda *_: NONE)
    by_number = Question(
        clients=hub.clients,
        query=CouponQuery(),
        deadline=2.0,
        identifiers={"club": frozenset({Identifier.EXTERNAL_ID})},
    )
    in_turns = hub.question(strategy=Strategy.FIRST_FOUND)
    for question in (hub.question(hub.clients[0], plain), by_number, in_turns):
        assert hub.memo.conclude(KEY, question, CUSTOMER) is None
    assert [0, 0] == [client.status().cache_hits for client in hub.clients]


def test_a_vendors_own_number_needs_one_connection_here_too() -> None:
    """What each of two remembers by itself is no answer of both."""
    hub = Hub()
    customer = Customer(id="7")
    for client in hub.clients:
        FanOut(hub.question(client), customer).run()
    with pytest.raises(UsageError, match="exactly one connection"):
        hub.memo.conclude(KEY, hub.question(), customer)
    assert hub.memo.conclude(KEY, hub.question(hub.clients[0]), customer) is not None


class Thing:
    """Something that something is kept beside."""


def test_a_value_is_kept_as_long_as_its_object_lives() -> None:
    """For that object alone, though another be equal to it; the last value counts."""
    kept: WeakIdentityMap[Thing, str] = WeakIdentityMap()
    thing, other = Thing(), Thing()
    kept.put(thing, "a")
    kept.put(thing, "b")
    assert ("b", None) == (kept.get(thing), kept.get(other))
    del thing
    gc.collect()
    assert {} == kept._kept


@pytest.mark.parametrize("size", [10, 20_000])
def test_no_more_is_kept_than_fits(size: int) -> None:
    """Of one remembered answer, asked for in ever new words, however long they are; the latest stay."""
    hub = Hub()
    hub.lookup()
    most = 400_000
    memo = AnswerMemo(clock=hub.clock.clock, most_bytes=most)
    keys = [(f"{number:0{size}}", *KEY) for number in range(500)]
    for key in keys:
        assert memo.conclude(key, hub.question(), CUSTOMER) is not None
    kept = [key for key in keys if memo.answer(key) is not None]

    assert keys[-len(kept) :] == kept
    assert 0 < len(kept) * size < most
    assert len(kept) < 100
    memo.forget_all()
    assert memo.conclude(keys[0], hub.question(), CUSTOMER) is memo.answer(keys[0])
