"""Readers of a PostgreSQL that hangs: each is told soon, and one at a time tries whether it is back."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from couponhub.errors import LocalError
from couponhub.state import State, StoreSettings, open_state
from couponhub.state.postgresql.connections import Connections
from couponhub.state.postgresql.patience import Patience
from tests.kit.eventually import eventually
from tests.kit.forwarder import Forwarder, forwarding
from tests.kit.servers import PostgresqlServer

READERS = 24


@pytest.fixture
def way(postgresql_server: PostgresqlServer) -> Iterator[Forwarder]:
    """A way to the server that can hang."""
    with forwarding(postgresql_server.port) as found:
        yield found


@pytest.fixture
def state(postgresql_server: PostgresqlServer, postgresql_url: str, way: Forwarder) -> Iterator[State]:
    """A state that is reached by it."""
    url = postgresql_url.replace(f":{postgresql_server.port}/", f":{way.port}/")
    with open_state(StoreSettings(url=url)) as opened:
        yield opened
        way.hangs = False


def _read(state: State) -> str:
    """Read the index as a lookup does; return the fault, "" for none."""
    try:
        with state.reports.reading():
            return ""
    except LocalError as error:
        return error.message


def _all_read(state: State) -> list[str]:
    with ThreadPoolExecutor(READERS) as pool:
        return list(pool.map(_read, [state] * READERS))


def test_lookups_do_not_wait_for_a_server_that_hangs(
    state: State, way: Forwarder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those on connections that were open, and all after them, who do not even ask; and all is well once it is back."""
    assert [""] * READERS == _all_read(state)
    way.hangs = True
    assert "" not in _all_read(state)
    asked = _counted_connections(monkeypatch)
    assert "" not in _all_read(state)
    assert len(asked) <= 2
    way.hangs = False
    eventually(lambda: _all_read(state) == [""] * READERS, "the index to be read again")


def test_who_waits_for_the_first_use_is_told_with_whoever_tries(
    state: State, way: Forwarder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not one after the other, each for as long as connecting takes."""
    asked = _counted_connections(monkeypatch)
    way.hangs = True
    assert "" not in _all_read(state)
    assert len(asked) <= 3
    way.hangs = False
    eventually(lambda: _read(state) == "", "the store to be made")


def test_one_tries_again_after_a_while() -> None:
    """Others are told the same fault meanwhile, and nobody is once it was answered; nor after one that took no time."""
    now = 0.0

    def hang() -> None:
        nonlocal now
        now = 2.0
        raise LocalError("no answer")

    patience = Patience(monotonic=lambda: now)
    with pytest.raises(LocalError, match="refused"), patience.asking():
        raise LocalError("refused")
    with pytest.raises(LocalError, match="no answer"), patience.asking():
        hang()
    with pytest.raises(LocalError, match="no answer"), patience.asking():
        pytest.fail("it was asked again at once")
    now = 10.0
    with patience.asking(), pytest.raises(LocalError, match="no answer"), patience.asking():
        pytest.fail("two asked at once")
    with patience.asking():
        pass


def _counted_connections(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """Return what grows with each connection that is opened from now on."""
    asked: list[None] = []
    connect = Connections.connect

    def counted(connections: Connections, **given: Any) -> Any:
        asked.append(None)
        return connect(connections, **given)

    monkeypatch.setattr(Connections, "connect", counted)
    return asked
