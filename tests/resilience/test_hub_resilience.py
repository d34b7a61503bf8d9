"""How a hub opens, shows and closes its clients."""

import threading
from pathlib import Path
from typing import Any

import attrs
import pytest

from couponhub import CouponHub, Customer
from couponhub.clock import Deadline
from couponhub.errors import VendorUnavailable
from couponhub.models import CouponQuery, CustomerCoupons, Reason, Source, Verdict
from couponhub.resilience import DirectClient, ResilienceSettings, ResilienceStatus, ResilientClient
from couponhub.testing import harness_for
from couponhub_capillary import PLUGIN
from tests.config.toy import TOY, loaded
from tests.kit.eventually import eventually
from tests.resilience.harness import FOUND, Heard
from tests.uploads.vendors import FakeVendor

CUSTOMER = Customer(mobile="919876543210")
ONE = '[connections.a]\nadapter = "toy"\nkey = "k"\n'


class Asked(FakeVendor):
    """A vendor that can be asked about customers."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0
        self.checked: list[float | None] = []
        self.given: list[float | None] = []
        self.error: Exception | None = None

    def customer_coupons(
        self,
        customer: Customer,  # noqa: ARG002 - all hold the same
        query: CouponQuery,  # noqa: ARG002 - whatever is asked
        *,
        deadline: Deadline | None = None,
    ) -> CustomerCoupons:
        """See `FindsCustomerCoupons`."""
        self.asked += 1
        self.given.append(deadline.seconds if deadline else None)
        if self.error is not None:
            raise self.error
        return FOUND

    def check(self, *, deadline: Deadline | None = None) -> str:
        """See `Adapter.check`."""
        self.checked.append(deadline.seconds if deadline else None)
        return ""


def hub_of(vendor: FakeVendor, folder: Path, text: str = "") -> CouponHub:
    """Open a hub with that one connection."""
    config = loaded(ONE + text, folder)
    plugin = attrs.evolve(TOY, open=lambda *_: vendor)
    connections = {"a": attrs.evolve(config.connections["a"], plugin=plugin)}
    return CouponHub(attrs.evolve(config, connections=connections))


def test_lookups_share_a_lane(tmp_path: Path) -> None:
    """The second is answered from memory, and says so."""
    vendor = Asked()
    with hub_of(vendor, tmp_path) as hub:
        assert {} == hub.resilience
        sources = [hub.lookup(CUSTOMER).answers[0].source for _ in range(2)]
        assert [Source.LIVE, Source.CACHE] == sources
        assert ["a"] == list(hub.resilience)
        status = hub.resilience["a"].status()
        assert (1, 1, "closed") == (status.cache_hits, status.cache_misses, status.breaker)
    assert 1 == vendor.asked
    assert {} == hub.resilience


def test_the_clients_cannot_be_changed_from_outside(tmp_path: Path) -> None:
    """They are of one moment, too."""
    with hub_of(Asked(), tmp_path) as hub:
        clients = hub.resilience
        hub.lookup(CUSTOMER)
        assert {} == clients
        with pytest.raises(TypeError):
            hub.resilience["b"] = ResilientClient("b", lambda *_: FOUND)  # type: ignore[index] # that is the point


def test_the_config_says_how_long_is_remembered(tmp_path: Path) -> None:
    """Nothing at all, here."""
    vendor = Asked()
    with hub_of(vendor, tmp_path, "[lookup]\ncache_ttl = 0\nstale_if_error = 0\n") as hub:
        assert [Source.LIVE] * 2 == [hub.lookup(CUSTOMER).answers[0].source for _ in range(2)]
        vendor.error = VendorUnavailable("it broke")
        assert Verdict.UNKNOWN is hub.lookup(CUSTOMER).answers[0].verdict
    assert 3 == vendor.asked


@pytest.mark.parametrize(
    ("settings", "expected"),
    [("", [2.0, 2.0, 9.0]), ("deadline = 5\n", [5.0, 5.0, 9.0]), ("call_timeout = 7\n", [7.0, 7.0, 9.0])],
)
def test_the_config_says_how_long_a_vendor_has(tmp_path: Path, settings: str, expected: list[float]) -> None:
    """As long as a lookup when it does not; a caller in a hurry takes nothing of it, a patient one gives more."""
    vendor = Asked()
    with hub_of(vendor, tmp_path, f"[lookup]\ncache_ttl = 0\n{settings}") as hub:
        for deadline in (None, 1.0, 9.0):
            hub.lookup(CUSTOMER, deadline=deadline)
    assert expected == vendor.given


def test_an_answer_that_is_late_for_a_lookup_is_the_next_ones(tmp_path: Path) -> None:
    """The first is told `unknown` at its deadline, the second the coupons, and the vendor was asked once."""
    late, reached = threading.Event(), threading.Event()

    class Late(Asked):
        def customer_coupons(self, *arguments: Any, **more: Any) -> CustomerCoupons:
            reached.set()
            assert late.wait(30)
            return super().customer_coupons(*arguments, **more)

    vendor = Late()
    with hub_of(vendor, tmp_path, "[lookup]\ncall_timeout = 10\n") as hub:
        while not reached.is_set():  # a question that all have left before it is asked is none
            (one,) = hub.lookup(CUSTOMER, deadline=0.1).answers
            assert (Verdict.UNKNOWN, Reason.TIMEOUT) == (one.verdict, one.reason)
        late.set()
        eventually(lambda: hub.resilience["a"].status().in_flight == 0)
        (two,) = hub.lookup(CUSTOMER, deadline=0.01).answers
        assert (Verdict.FOUND, Source.CACHE) == (two.verdict, two.source)
    assert 1 == vendor.asked


def test_a_vendor_without_lookups_needs_no_threads(tmp_path: Path) -> None:
    """Its refusal is given on the caller's own thread; it does not count, and it is not remembered."""
    with hub_of(FakeVendor(), tmp_path) as hub:
        for _ in range(9):
            assert Verdict.UNKNOWN is hub.lookup(CUSTOMER).answers[0].verdict
        assert isinstance(hub.resilience["a"], DirectClient)
        assert ResilienceStatus() == hub.resilience["a"].status()


def test_a_plain_lane_asks_every_time() -> None:
    """On the caller's thread, whatever came before."""
    said: tuple[CustomerCoupons | Exception, ...] = (
        FOUND,
        FOUND,
        *(VendorUnavailable("no") for _ in range(9)),
        FOUND,
    )
    says = iter(said)

    def ask(*_: object) -> CustomerCoupons:
        one = next(says)
        if isinstance(one, Exception):
            raise one
        return one

    client = DirectClient("plain", ask)
    for expected in said:
        heard = Heard()
        client.ask(CUSTOMER, CouponQuery(), Deadline.after(1.0), heard)
        assert heard.is_there
        known = heard.known()
        assert expected is (known.found or known.error)
    client.forget_all()
    client.close()


def test_probes_check_the_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its cheapest call, within the probe's own time."""
    vendor = Asked()
    vendor.error = VendorUnavailable("it broke")
    with hub_of(vendor, tmp_path) as hub:
        for number in range(5):
            hub.lookup(Customer(external_id=f"{number}"))
        client = hub.resilience["a"]
        assert isinstance(client, ResilientClient)
        assert "open" == client.status().breaker
        probe = client._breaker._probe
        assert probe is not None
        monkeypatch.setattr(probe, "want", lambda _: None)
        probe._probe()
        assert "closed" == client.status().breaker
    assert [4.0] == vendor.checked


def test_over_the_wire_an_outage_is_told_and_survived() -> None:
    """With what is remembered while the vendor is down, and the truth when it is back."""
    with harness_for(PLUGIN) as harness:
        harness.control.add_customer(mobile=CUSTOMER.value)
        list_id = harness.list_with("Spring", ["SPRING-1"])
        harness.control.issue(list_id, {"mobile": CUSTOMER.value}, codes=["SPRING-1"])
        config = attrs.evolve(harness.hub.config.lookup, stale_if_error=60.0)
        with CouponHub(attrs.evolve(harness.hub.config, lookup=config)) as hub:
            assert hub.lookup(CUSTOMER).complete
            harness.control.fail("GET *", "drop_before")
            for number in range(5):
                hub.lookup(Customer(external_id=f"nobody-{number}"), deadline=0.5)
            client = hub.resilience["capillary"]
            assert isinstance(client, ResilientClient)
            eventually(lambda: client.status().breaker != "closed")
            (one,) = hub.lookup(CUSTOMER).answers
            assert (Verdict.FOUND, "unreachable", Source.CACHE) == (one.verdict, one.reason, one.source)
            assert ["SPRING-1"] == [coupon.code for coupon in one.coupons]
            assert not one.whole

            harness.control.set_faults()
            probe = client._breaker._probe
            assert probe is not None
            probe._probe()
            assert "closed" == client.status().breaker
            (one,) = hub.lookup(CUSTOMER).answers
            assert (Verdict.FOUND, None, Source.LIVE) == (one.verdict, one.reason, one.source)


@pytest.mark.parametrize("count", [1, 2, 20])
def test_clients_share_one_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """However many connections there are, what they remember together has one bound."""
    given: list[ResilienceSettings] = []

    def noted(*words: Any, settings: ResilienceSettings, **more: Any) -> ResilientClient:
        given.append(settings)
        return ResilientClient(*words, settings=settings, **more)

    monkeypatch.setattr("couponhub.runtime.ResilientClient", noted)
    names = [f"a{number}" for number in range(count)]
    config = loaded("".join(ONE.replace("connections.a", f"connections.{name}") for name in names), tmp_path)
    plugin = attrs.evolve(TOY, open=lambda *_: Asked())
    connections = {name: attrs.evolve(config.connections[name], plugin=plugin) for name in names}
    with CouponHub(attrs.evolve(config, connections=connections)) as hub:
        hub.lookup(CUSTOMER)
    assert count == len(given)
    together = sum(settings.cache_bytes for settings in given)
    assert 60 * 2**20 < together <= 64 * 2**20
