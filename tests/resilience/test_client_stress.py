"""Many threads at one client whose vendor does whatever it likes: the promises hold all the same."""

import random
import threading
import time
from collections import Counter
from functools import partial

from couponhub.clock import Deadline
from couponhub.errors import RateLimited, UnreadableReply
from couponhub.models import Coupon, CouponQuery, Customer, CustomerCoupons, Source
from couponhub.resilience import Outcome, ResilienceSettings, ResilientClient, Waiter
from tests.kit.eventually import eventually
from tests.resilience.harness import ALL, down, silent

THREADS = 64
SECONDS = 0.8
PATIENCE = 20.0
"""Seconds more, where a busy machine has not let everything happen that is to be seen."""
SLACK = 3.0
"""Seconds that a busy machine may take to hand an answer over; lifetimes are tested with a clock set by hand."""
CUSTOMERS = [Customer(external_id=f"{number}") for number in range(12)]
SETTINGS = ResilienceSettings(
    cache_ttl=0.03,
    negative_ttl=0.01,
    stale_if_error=0.05,
    concurrency=6,
    failures=3,
    call_timeout=0.02,
    grace=0.002,
    probe_every=0.01,
    probe_timeout=0.01,
)


class Moody:
    """A vendor that answers, hesitates and fails at random, is down now and then, and knows whom it said `none` of."""

    def __init__(self) -> None:
        self.at_once = self.most_at_once = 0
        self.said_none: dict[Customer, float] = {}
        self._random = random.Random(7)  # noqa: S311 - no secret
        self._lock = threading.Lock()

    def ask(self, customer: Customer, _: CouponQuery, deadline: Deadline) -> CustomerCoupons:
        """See `Ask`."""
        began = time.monotonic()
        with self._lock:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            mood, hesitation = self._random.random(), self._random.random() * 0.004
        time.sleep(min(deadline.remaining(), hesitation))
        with self._lock:
            self.at_once -= 1
        if int(began * 20) % 4 == 0:
            raise down()
        if mood < 0.3:
            return CustomerCoupons(coupons=(Coupon(connection="shop", code=str(customer.external_id)),))
        if mood < 0.6:
            self.said_none[customer] = began
            return CustomerCoupons()
        if mood < 0.7:
            return CustomerCoupons(complete=False)
        raise self._random.choice([silent(), RateLimited("slow down", status=429), UnreadableReply("what?")])


class Audience:
    """Asks from one thread after the other, and notes what is told, how often, and what may not be."""

    def __init__(self, client: ResilientClient, vendor: Moody) -> None:
        self.told: Counter[int] = Counter()
        self.left: set[int] = set()
        self.faults: list[str] = []
        self.asks = 0
        self._client = client
        self._vendor = vendor
        self._lock = threading.Lock()

    def ask_until(self, ends: float, seed: int) -> None:
        """Ask about anybody, with any deadline; have somebody forgotten now and then."""
        chooses = random.Random(seed)  # noqa: S311 - no secret
        waiting: list[tuple[int, Customer, Waiter]] = []
        while time.monotonic() < ends or (self._is_early and time.monotonic() < ends + PATIENCE):
            customer = chooses.choice(CUSTOMERS)
            with self._lock:
                self.asks += 1
                number = self.asks
            deadline = Deadline.after(chooses.choice([0.0, 0.002, 0.02, 0.2]))
            waiter = self._client.ask(customer, ALL, deadline, partial(self._hear, number, customer))
            if waiter is not None:
                waiting.append((number, customer, waiter))
            if chooses.random() < 0.02:
                self._client.forget_all()
            time.sleep(0.001)
            waiting = [one for one in waiting if not self._leaves(*one)]
        while waiting:
            time.sleep(0.001)
            waiting = [one for one in waiting if not self._leaves(*one)]

    @property
    def _is_early(self) -> bool:
        """Whether a busy machine has not yet come to all that is to be seen."""
        status = self._client.status()
        return not (self.told and status.opened_total and status.cache_hits)

    def _leaves(self, number: int, customer: Customer, waiter: Waiter) -> bool:
        """Let somebody go whose time is over, or who has been told; whether he is gone."""
        with self._lock:
            if number in self.told:
                return True
        if not waiter.deadline.passed():
            return False
        known = waiter.leave()
        with self._lock:
            if number not in self.told:
                self.left.add(number)
                self._judge(customer, known)
        return True

    def _hear(self, number: int, customer: Customer, known: Outcome) -> None:
        with self._lock:
            self.told[number] += 1
            if number in self.left:
                self.faults.append("somebody was told who had left")
            self._judge(customer, known)

    def _judge(self, customer: Customer, known: Outcome) -> None:
        found = known.found
        if found is None:
            self.faults += ["nothing at all"] if known.error is None else []
            return
        if any(coupon.code != customer.external_id for coupon in found.coupons):
            self.faults.append("another customer's coupons")
        if not found.complete and found.source is not Source.LIVE:
            self.faults.append("an incomplete answer was remembered")
        if found.complete and not found.coupons and known.error is None:
            age = time.monotonic() - self._vendor.said_none.get(customer, float("-inf"))
            if age > SETTINGS.negative_ttl + SLACK:
                self.faults.append(f"a none that was said {age} s ago")


def test_promises_hold_under_load() -> None:
    """Everybody is told once and about the right customer, few are asked at once, and no `none` is made up."""
    vendor = Moody()
    client = ResilientClient("stress", vendor.ask, check=lambda _: None, settings=SETTINGS)
    audience = Audience(client, vendor)
    ends = time.monotonic() + SECONDS
    threads = [threading.Thread(target=audience.ask_until, args=(ends, seed)) for seed in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # Whoever has left does not end the call that was made for them: its vendor is given the moment it has.
    eventually(lambda: client.status().in_flight == 0, "the last call ends")
    status = client.status()
    client.close()

    assert [] == audience.faults
    assert {1} == set(audience.told.values())
    assert set(range(1, audience.asks + 1)) == {*audience.told, *audience.left}
    assert vendor.most_at_once <= SETTINGS.concurrency
    assert status.cache_hits + status.cache_misses == audience.asks
    assert (0, 0) == (status.in_flight, status.waiting)
    assert status.opened_total > 0
    assert status.cache_hits > 0
