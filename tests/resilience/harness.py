"""A resilient client and what is around it: a clock that stands, a vendor that does as told, and ears that note what is said."""

import queue
import threading
from collections.abc import Callable
from datetime import UTC, datetime

import attrs

from couponhub.clock import Deadline
from couponhub.errors import VendorUnavailable
from couponhub.models import Coupon, CouponQuery, Customer, CustomerCoupons
from couponhub.resilience import Outcome, ResilienceSettings, ResilientClient, Waiter
from tests.kit.clock import FakeClock

CUSTOMER = Customer(mobile="919876543210")
OTHER = Customer(mobile="919876543211")
ALL = CouponQuery()
FOUND = CustomerCoupons(coupons=(Coupon(connection="shop", code="A"),))
NONE = CustomerCoupons()
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)

Said = CustomerCoupons | Exception | Callable[[], CustomerCoupons]


def down() -> VendorUnavailable:
    """Make the error of a vendor that answers with faults of its own."""
    return VendorUnavailable("it broke", status=503)


def silent() -> VendorUnavailable:
    """Make the error of a vendor that let time run out."""
    return VendorUnavailable("no whole answer came in time", too_slow=True)


@attrs.frozen
class Call:
    """One question that reached the vendor."""

    customer: Customer
    query: CouponQuery
    seconds: float


class Vendor:
    """Says the same to every question at once; while it `holds`, each waits for what it is told to say."""

    def __init__(self, says: Said = FOUND) -> None:
        self.says = says
        self.holds = False
        self.calls: list[Call] = []
        self.most_at_once = 0
        self._at_once = 0
        self._lock = threading.Lock()
        self._entered: queue.SimpleQueue[Call] = queue.SimpleQueue()
        self._told: queue.SimpleQueue[Said] = queue.SimpleQueue()

    def ask(self, customer: Customer, query: CouponQuery, deadline: Deadline) -> CustomerCoupons:
        """See `Ask`."""
        call = Call(customer, query, deadline.remaining())
        with self._lock:
            self.calls.append(call)
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        self._entered.put(call)
        try:
            said = self._told.get(timeout=60) if self.holds else self.says
        finally:
            with self._lock:
                self._at_once -= 1
        if isinstance(said, Exception):
            raise said
        return said() if callable(said) else said

    def reached(self) -> Call:
        """Wait for the next question to reach it."""
        return self._entered.get(timeout=60)

    def tell(self, said: Said) -> None:
        """Let one held question go, with this answer."""
        self._told.put(said)


class Heard:
    """Notes what one ask came to, how often, and on which thread."""

    waiter: Waiter | None = None

    def __init__(self) -> None:
        self.threads: list[threading.Thread] = []
        self._said: queue.SimpleQueue[Outcome] = queue.SimpleQueue()

    def __call__(self, known: Outcome) -> None:
        """Take the answer."""
        self.threads.append(threading.current_thread())
        self._said.put(known)

    @property
    def is_there(self) -> bool:
        """Whether it was told anything that nobody has taken."""
        return not self._said.empty()

    def known(self) -> Outcome:
        """What it was told; waits for it."""
        return self._said.get(timeout=60)

    def leave(self) -> Outcome:
        """Wait no more; what is said then."""
        assert self.waiter is not None
        return self.waiter.leave()


@attrs.define
class ClientHarness:
    """What a test has at hand."""

    clock: FakeClock
    vendor: Vendor
    client: ResilientClient

    def ask(self, customer: Customer = CUSTOMER, *, query: CouponQuery = ALL, deadline: float = 2.0) -> Heard:
        """Ask, and do not wait."""
        heard = Heard()
        heard.waiter = self.client.ask(customer, query, Deadline.after(deadline, self.clock.clock), heard)
        return heard

    def known(
        self, customer: Customer = CUSTOMER, *, query: CouponQuery = ALL, deadline: float = 2.0
    ) -> Outcome:
        """Ask, and wait for what it comes to."""
        return self.ask(customer, query=query, deadline=deadline).known()

    def pass_time(self, seconds: float) -> None:
        """Let time pass."""
        self.clock.passed += seconds

    def takes(self, seconds: float, said: CustomerCoupons | Exception) -> Callable[[], CustomerCoupons]:
        """What a vendor says after so long."""

        def say() -> CustomerCoupons:
            self.pass_time(seconds)
            if isinstance(said, Exception):
                raise said
            return said

        return say


def harness_of(
    check: Callable[[float], object] | None = lambda _: None, *, name: str = "shop", **settings: float
) -> ClientHarness:
    """Set the stage. Probes are not made by themselves within the time of a test, unless settings say so."""
    figures = {"probe_every": 3600.0, **settings}
    clock, vendor = FakeClock(began=BEGAN), Vendor()
    chosen = ResilienceSettings(**figures)  # type: ignore[arg-type] # whole numbers are told by their names
    client = ResilientClient(name, vendor.ask, check=check, settings=chosen, clock=clock.clock)
    return ClientHarness(clock, vendor, client)
