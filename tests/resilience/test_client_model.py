"""Breaker and memory beside a plain model of them: the same answers, whatever happens in whatever order."""

from datetime import timedelta
from typing import Literal

import attrs
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from couponhub.errors import NotFound, RateLimited
from couponhub.models import CouponQuery, Customer, CustomerCoupons, ListId, Source
from tests.kit.examples import examples
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

Word = Literal["found", "none", "cut", "down", "slow", "limited", "refused"]
ANSWERS = {"found": FOUND, "none": NONE, "cut": attrs.evolve(FOUND, complete=False)}
ERRORS = {
    "down": down(),
    "slow": silent(),
    "limited": RateLimited("slow down", status=429),
    "refused": NotFound("no such list", status=404),
}
LIMIT, TTL, NEGATIVE_TTL, STALE = 3, 30.0, 5.0, 60.0
PEOPLE = st.sampled_from([CUSTOMER, OTHER])
QUERIES = st.sampled_from([ALL, CouponQuery(list_id=ListId("1"))])


@attrs.define
class Past:
    """What the model remembers of one question."""

    answer: CustomerCoupons
    asked: float

    @property
    def lifetime(self) -> float:
        """Seconds during which it is as good as new."""
        return TTL if self.answer.coupons else NEGATIVE_TTL


class ClientMachine(RuleBasedStateMachine):
    """A client whose questions come one at a time."""

    @initialize()
    def begin(self) -> None:
        """Nothing is known, nothing is wrong."""
        self.harness: ClientHarness = harness_of(
            failures=LIMIT, cache_ttl=TTL, negative_ttl=NEGATIVE_TTL, stale_if_error=STALE
        )
        self.past: dict[tuple[Customer, CouponQuery], Past] = {}
        self.is_open = False
        self.left = LIMIT
        self.calls = 0

    def teardown(self) -> None:
        """Let the threads go."""
        if hasattr(self, "stage"):
            self.harness.client.close()

    @rule(customer=PEOPLE, query=QUERIES, word=st.sampled_from([*ANSWERS, *ERRORS]))
    def ask(self, customer: Customer, query: CouponQuery, word: Word) -> None:
        """Ask while the vendor would say so."""
        now = self.harness.clock.passed
        past = self.past.get((customer, query))
        age = float("inf") if past is None else now - past.asked
        said = ANSWERS.get(word) or ERRORS[word]
        self.harness.vendor.says = self.harness.takes(1.0, said)
        known = self.harness.known(customer, query=query)

        if past is not None and age < past.lifetime:
            self._is_remembered(known.found, past)
            assert known.error is None
            return
        if self.is_open:
            assert "not asked" in str(known.error)
        else:
            self.calls += 1
            self._learn(customer, query, word, now)
            assert ERRORS.get(word) is known.error
            if word in ANSWERS:
                assert ANSWERS[word] is known.found
                return
        age += self.harness.clock.passed - now
        vendor_fails = "not asked" in str(known.error) or word != "refused"
        if past is not None and age < past.lifetime + STALE and vendor_fails:
            self._is_remembered(known.found, past)
        else:
            assert known.found is None

    def _is_remembered(self, found: CustomerCoupons | None, past: Past) -> None:
        assert found is not None
        assert Source.CACHE is found.source
        assert [coupon.code for coupon in past.answer.coupons] == [coupon.code for coupon in found.coupons]
        assert BEGAN + timedelta(seconds=past.asked) == found.as_of

    def _learn(self, customer: Customer, query: CouponQuery, word: Word, asked: float) -> None:
        match word:
            case "found" | "none":
                self.past[customer, query] = Past(ANSWERS[word], asked)
                self.left = LIMIT
            case "cut" | "limited" | "refused":
                self.left = LIMIT
            case "down" | "slow":
                self.left -= 1
                self.is_open = self.left <= 0

    @rule(seconds=st.sampled_from([0.1, 3.0, 10.0, 29.0, 61.0]))
    def pass_time(self, seconds: float) -> None:
        """Wait."""
        self.harness.pass_time(seconds)

    @rule(fails=st.booleans())
    def probe(self, fails: bool) -> None:
        """Make a probe."""
        self.harness.client._probed(down() if fails else None)
        if self.is_open and not fails:
            self.is_open, self.left = False, 1

    @rule()
    def forget(self) -> None:
        """Forget everybody."""
        self.harness.client.forget_all()
        self.past = {}

    @invariant()
    def vendor_heard_no_more_than_it_should(self) -> None:
        """And the client says of itself what is so."""
        if not hasattr(self, "stage"):
            return
        assert self.calls == len(self.harness.vendor.calls)
        status = self.harness.client.status()
        assert ("open" if self.is_open else "closed", 0, 0) == (
            status.breaker,
            status.in_flight,
            status.waiting,
        )


TestClient = ClientMachine.TestCase
TestClient.settings = settings(max_examples=examples(60), stateful_step_count=40, deadline=None)
