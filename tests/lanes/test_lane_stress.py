"""Many threads at one lane whose vendor does whatever it likes: the promises hold all the same."""

import random
import threading
import time
from collections import Counter
from functools import partial

from couponhub.errors import RateLimited, UnreadableReply
from couponhub.lanes import Known, Lane, LaneSettings
from couponhub.models import Coupon, CouponQuery, Customer, CustomerCoupons, Source
from tests.lanes.stage import ALL, down, silent

THREADS = 64
SECONDS = 0.8
SLACK = 3.0
"""Seconds that a busy machine may take to hand an answer over; lifetimes are tested with a clock set by hand."""
CUSTOMERS = [Customer(external_id=f"{number}") for number in range(12)]
SETTINGS = LaneSettings(
    cache_ttl=0.03,
    negative_ttl=0.01,
    stale_if_error=0.05,
    concurrency=6,
    failures=3,
    silence=0.002,
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

    def ask(self, customer: Customer, _: CouponQuery, seconds: float) -> CustomerCoupons:
        """See `Ask`."""
        began = time.monotonic()
        with self._lock:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            mood, hesitation = self._random.random(), self._random.random() * 0.004
        time.sleep(min(seconds, hesitation))
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

    def __init__(self, lane: Lane, vendor: Moody) -> None:
        self.told: Counter[int] = Counter()
        self.faults: list[str] = []
        self.asks = 0
        self._lane = lane
        self._vendor = vendor
        self._lock = threading.Lock()

    def ask_until(self, ends: float, seed: int) -> None:
        """Ask about anybody, with any deadline; have somebody forgotten now and then."""
        chooses = random.Random(seed)  # noqa: S311 - no secret
        while time.monotonic() < ends:
            customer = chooses.choice(CUSTOMERS)
            with self._lock:
                self.asks += 1
                done = partial(self._hear, self.asks, customer)
            self._lane.ask(customer, ALL, chooses.choice([0.0, 0.002, 0.02, 0.2]), done)
            if chooses.random() < 0.02:
                self._lane.forget([customer])
            time.sleep(0.001)

    def _hear(self, number: int, customer: Customer, known: Known) -> None:
        with self._lock:
            self.told[number] += 1
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
    lane = Lane("stress", vendor.ask, check=lambda _: None, settings=SETTINGS)
    audience = Audience(lane, vendor)
    ends = time.monotonic() + SECONDS
    threads = [threading.Thread(target=audience.ask_until, args=(ends, seed)) for seed in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    while audience.told.total() < audience.asks and time.monotonic() < ends + 5:
        time.sleep(0.01)
    status = lane.status()
    lane.close()

    assert [] == audience.faults
    assert Counter(dict.fromkeys(range(1, audience.asks + 1), 1)) == audience.told
    assert vendor.most_at_once <= SETTINGS.concurrency
    assert status.cache_hits + status.cache_misses == audience.asks
    assert (0, 0) == (status.in_flight, status.waiting)
    assert status.opened_total > 0
    assert status.cache_hits > 0
