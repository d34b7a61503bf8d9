"""The hub: whom it asks, and what it refuses to ask."""

from pathlib import Path

import attrs
import pytest

from couponhub import AsyncClient, AsyncCouponHub, Client, CouponHub, Customer
from couponhub.config import Config
from couponhub.connection import Connection
from couponhub.errors import LocalError, UsageError
from couponhub.state.sqlite.database import LedgerDatabase
from tests.config.toy import TOY, loaded
from tests.uploads.vendors import FakeVendor


def test_one_that_fails_to_close_keeps_no_other_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The store is closed too, and the error is told when all are."""
    closed: list[str] = []

    def close(connection: Connection) -> None:
        closed.append(connection.name)
        raise LocalError(f"{connection.name} cannot be closed")

    monkeypatch.setattr(Connection, "close", close)
    monkeypatch.setattr(LedgerDatabase, "close", lambda _: closed.append("store"))
    config = loaded("".join(f'[connections.{name}]\nadapter = "toy"\nkey = "k"\n' for name in "ab"), tmp_path)
    plugin = attrs.evolve(TOY, open=lambda *_: FakeVendor())
    connections = {
        name: attrs.evolve(configured, plugin=plugin) for name, configured in config.connections.items()
    }
    hub = CouponHub(attrs.evolve(config, connections=connections))
    assert ["a", "b"] == [hub[name].name for name in "ab"]
    with pytest.raises(LocalError, match="cannot be closed"):
        hub.close()
    assert {"a", "b", "store"} == set(closed)
    hub.close()


@pytest.mark.parametrize("seconds", [0.0, -1.0, 1e12, float("inf"), float("nan")])
def test_deadline_that_no_clock_can_keep_is_refused(tmp_path: Path, seconds: float) -> None:
    """Also one of centuries, which the system's own timers would refuse in the middle of the lookup."""
    config = loaded('[connections.a]\nadapter = "toy"\nkey = "k"\n', tmp_path)
    with CouponHub(config) as hub, pytest.raises(UsageError, match="the deadline must be"):
        hub.lookup(Customer(mobile="919876543210"), deadline=seconds)


@pytest.mark.parametrize("kind", [CouponHub, AsyncCouponHub, Connection, Client, AsyncClient])
def test_what_could_not_be_made_can_be_shown(kind: type[object]) -> None:
    """A traceback with variables shows it as it stood when making it failed."""
    assert f"<{kind.__name__}, not made>" == repr(kind.__new__(kind))


def test_what_is_held_says_what_it_is(tmp_path: Path) -> None:
    """In a shell and in a log: which config, which connections, which server; never a secret."""
    config = loaded('[connections.a]\nadapter = "toy"\nkey = "canary"\n', tmp_path)
    plugin = attrs.evolve(TOY, open=lambda *_: FakeVendor())
    held = {name: attrs.evolve(one, plugin=plugin) for name, one in config.connections.items()}
    with CouponHub(attrs.evolve(config, connections=held)) as hub:
        assert f"<CouponHub of {config.path}: a (toy)>" == repr(hub)
        assert f"<Connection a at {plugin.title}>" == repr(hub["a"])
    assert "<CouponHub: no connection>" == repr(CouponHub(Config()))
    assert "<Client of https://coupons.example.com>" == repr(
        Client("https://coupons.example.com", token="canary")
    )


def test_a_closed_hub_opens_nothing(tmp_path: Path) -> None:
    """What it opened after its end, nobody would close: each way into it says so instead."""
    hub = CouponHub(loaded('[connections.a]\nadapter = "toy"\nkey = "k"\n', tmp_path))
    hub.close()
    hub.close()
    for ask in (
        lambda: hub["a"],
        lambda: hub.lookup(Customer(mobile="919876543210")),
        hub.jobs.due,
    ):
        with pytest.raises(UsageError, match="the hub was closed"):
            ask()
