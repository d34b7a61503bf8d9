"""The order in which lookups ask: of the config, and above it what was switched while they run."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from pathlib import Path

import attrs
import pytest

from couponhub import Coupon, CouponHub, Customer
from couponhub.async_hub import AsyncCouponHub
from couponhub.clock import Deadline
from couponhub.errors import LocalError
from couponhub.lookup import AskingOrder
from couponhub.models import CouponQuery, CustomerCoupons, LookupAnswer, Strategy
from couponhub.models.connections import PreferredBy
from couponhub.registry import Registry
from tests.config.toy import TOY, Entry
from tests.kit.clock import FakeClock
from tests.kit.quiet_adapter import QuietAdapter

BUYER = Customer(mobile="919876543210")


class Switch:
    """A preference in memory, that counts how often it was read, and can be broken."""

    def __init__(self, *names: str) -> None:
        self.names = names
        self.reads = 0
        self.broken = False

    def get(self) -> tuple[str, ...]:
        """As `LookupPreference.get`."""
        self.reads += 1
        if self.broken:
            raise LocalError("the preference cannot be read")
        return self.names

    def set(self, names: Sequence[str]) -> None:
        """As `LookupPreference.set`."""
        self.names = tuple(names)


def order(switch: Switch, *preferred: str, time: FakeClock | None = None) -> AskingOrder:
    """The order of three connections."""
    clock = (time or FakeClock()).clock
    return AskingOrder(("a", "b", "c"), preferred, switch, clock=clock)


@pytest.mark.parametrize(
    ("switched", "preferred", "names"),
    [
        ((), (), ("a", "b", "c")),
        ((), ("c",), ("c", "a", "b")),
        (("b",), ("c",), ("b", "c", "a")),
        (("c", "a"), ("b", "a"), ("c", "a", "b")),
        (("unknown", "b"), (), ("b", "a", "c")),
        (("unknown",), (), ("a", "b", "c")),
    ],
)
def test_what_was_switched_comes_before_the_config(
    switched: tuple[str, ...], preferred: tuple[str, ...], names: tuple[str, ...]
) -> None:
    """Then what the config prefers, then the others as they stand there; a connection of others counts for nothing."""
    found = order(Switch(*switched), *preferred)
    assert names == found.names
    why = {name: found.preferred_by(name) for name in ("a", "b", "c", "unknown")}
    assert {name: PreferredBy.STATE for name in switched if name != "unknown"} == {
        name: reason for name, reason in why.items() if reason is PreferredBy.STATE
    }
    assert {*preferred} - {*switched} == {
        name for name, reason in why.items() if reason is PreferredBy.CONFIG
    }


def test_a_switch_is_read_now_and_then() -> None:
    """Not with every lookup, and within five seconds all the same; while nothing changes the order is one object."""
    time, switch = FakeClock(), Switch()
    found = order(switch, time=time)
    before = [found.names for _ in range(100)]
    assert (1, {id(before[0])}) == (switch.reads, set(map(id, before)))
    switch.set(["c"])
    assert not found.is_due
    time.sleep(4.9)
    assert found.is_due
    assert ("c", "a", "b") == found.names
    assert 2 == switch.reads


def test_what_cannot_be_read_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    """The order stays as it was, and nobody's lookup fails; once it can be read again it is followed."""
    time, switch = FakeClock(), Switch("b")
    found = order(switch, time=time)
    assert ("b", "a", "c") == found.names
    switch.set(["c"])
    switch.broken = True
    with caplog.at_level(logging.WARNING):
        for _ in range(5):
            time.sleep(5)
            assert ("b", "a", "c") == found.names
    assert 1 == len(caplog.records)
    switch.broken = False
    time.sleep(5)
    assert ("c", "a", "b") == found.names


class Vendor(QuietAdapter):
    """A vendor at which everybody holds one coupon of the connection's."""

    def __init__(self, name: str) -> None:
        self.name = name

    def customer_coupons(
        self, customer: Customer, query: CouponQuery, *, deadline: Deadline | None = None
    ) -> CustomerCoupons:
        """One coupon."""
        del customer, query, deadline
        return CustomerCoupons(coupons=(Coupon(connection=self.name, code=self.name),))


@pytest.fixture
def config(tmp_path: Path) -> Callable[..., Path]:
    """Writes the config of two connections, with further lines of its `[lookup]`."""

    def write(lookup: str = "") -> Path:
        path = tmp_path / "couponhub.toml"
        tables = "".join(f'[connections.{name}]\nadapter = "toy"\nkey = "k"\n' for name in ("old", "new"))
        store = f'[store]\nurl = "sqlite:///{tmp_path.as_posix()}/couponhub.db"\n'
        path.write_text(f"{tables}[lookup]\n{lookup}\n{store}", encoding="utf-8")
        return path

    return write


REGISTRY = Registry([Entry("toy", lambda: attrs.evolve(TOY, open=lambda name, *_: Vendor(name)))])


def opened(path: Path) -> CouponHub:
    """A hub that looks for a switch at every lookup."""
    hub = CouponHub.from_config(path, registry=REGISTRY)
    hub._runtime.order._every = 0.0
    return hub


def codes(answer: LookupAnswer) -> list[str]:
    """The codes of an answer, in its order."""
    return [coupon.code for coupon in answer.coupons]


def test_lookups_follow_the_config_and_then_the_switch(config: Callable[..., Path]) -> None:
    """Both strategies; what is remembered is told in the new order at once, and who names connections has their own."""
    with opened(config('prefer = ["new"]')) as hub, opened(config()) as other:
        for strategy, found in ((Strategy.MERGE, ["new", "old"]), (Strategy.FIRST_FOUND, ["new"])):
            assert [found] * 2 == [codes(hub.lookup(BUYER, strategy=strategy)) for _ in range(2)]
        assert ["old", "new"] == codes(other.lookup(BUYER))
        remembered = other.lookup(BUYER)
        assert remembered is other.lookup(BUYER)
        hub.state.preference.set(["new"])
        assert ["new", "old"] == codes(other.lookup(BUYER))
        hub.state.preference.set(["old"])
        for strategy, found in ((Strategy.MERGE, ["old", "new"]), (Strategy.FIRST_FOUND, ["old"])):
            for one in (hub, other):
                assert [found] * 2 == [codes(one.lookup(BUYER, strategy=strategy)) for _ in range(2)]
                assert [found] == [*map(codes, one.lookup_many(BUYER, strategy=strategy))]
        assert ["new", "old"] == codes(hub.lookup(BUYER, connections=["new", "old"]))
        hub.state.preference.set([])
        assert (["new", "old"], ["old", "new"]) == (codes(hub.lookup(BUYER)), codes(other.lookup(BUYER)))


def test_awaited_lookups_follow_too(config: Callable[..., Path]) -> None:
    """The same order where the event loop waits."""

    async def found() -> list[list[str]]:
        async with AsyncCouponHub.from_config(config(), registry=REGISTRY) as hub:
            hub.behind()._runtime.order._every = 0.0
            before = [codes(await hub.lookup(BUYER))]
            hub.behind().state.preference.set(["new"])
            return before + [codes(await hub.lookup(BUYER)) for _ in range(2)]

    assert [["old", "new"], ["new", "old"], ["new", "old"]] == asyncio.run(found())


def test_connections_tell_their_places(config: Callable[..., Path]) -> None:
    """In which place each is asked, and whether the config or a switch put it there; one not asked has none."""
    with opened(config('prefer = ["new"]')) as hub:

        def told() -> list[tuple[str, int | None, PreferredBy | None]]:
            return [(one.connection, one.lookup_place, one.preferred_by) for one in hub.connections()]

        assert [("old", 2, None), ("new", 1, PreferredBy.CONFIG)] == told()
        hub.state.preference.set(["old"])
        assert [("old", 1, PreferredBy.STATE), ("new", 2, PreferredBy.CONFIG)] == told()
    with opened(config('connections = ["new"]')) as hub:
        assert [("old", None, None), ("new", 1, None)] == [
            (one.connection, one.lookup_place, one.preferred_by) for one in hub.connections()
        ]


def test_lookups_need_no_store(config: Callable[..., Path], tmp_path: Path) -> None:
    """Where it cannot be read nobody's lookup fails."""
    (tmp_path / "couponhub.preference").mkdir()
    with opened(config()) as hub:
        assert ["old", "new"] == codes(hub.lookup(BUYER))
