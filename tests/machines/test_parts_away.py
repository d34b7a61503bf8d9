"""Two servers whose shared parts go away and come back: what they say of it, and what goes on."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from couponhub.testing import EmulatedVendors
from tests.kit.eventually import eventually
from tests.kit.servers import PostgresqlServer, RedisServer, running_postgresql, running_redis
from tests.machines.two_servers import Machine, machines, store_table
from tests.server.harness import MOBILE

ASKED = {"customer": {"mobile": MOBILE}, "connections": ["capillary"]}


@pytest.fixture(scope="module")
def database() -> Iterator[PostgresqlServer]:
    """A PostgreSQL that may be stopped."""
    with running_postgresql() as server:
        yield server


@pytest.fixture(scope="module")
def cache() -> Iterator[RedisServer]:
    """A Redis that may be stopped."""
    with running_redis() as server:
        yield server


@pytest.fixture(scope="module")
def pair(
    vendors: EmulatedVendors,
    database: PostgresqlServer,
    cache: RedisServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[list[Machine]]:
    """Two machines that share both."""
    url = database.url(database.new_database())
    tables = f'{store_table(url)}\n[shared]\nurl = "{cache.url}"\n'
    with machines(vendors, Path(tmp_path_factory.mktemp("away")), tables) as both:
        yield both


def answers(machine: Machine, token: str) -> bool:
    """Whether a lookup is answered wholly."""
    answer = machine.post("/v1/lookup", ASKED, token)
    return answer.status_code == 200 and bool(answer.json()["complete"])


def stands(machine: Machine, status: int, **parts: bool) -> Callable[[], bool]:
    """Tell, when called, whether /readyz answers so, and the parts stand so."""

    def seen() -> bool:
        answer = machine.get("/readyz")
        document: Any = answer.json()
        found = {one["part"]: one["ok"] for one in document["parts"]}
        return answer.status_code == status and {name: found[name] for name in parts} == parts

    return seen


def test_without_the_database_none_is_ready(
    pair: list[Machine], token: str, database: PostgresqlServer
) -> None:
    """As after a crash: who holds a token is answered all the same, and all is well once it is back."""
    for machine in pair:
        eventually(stands(machine, 200, state=True, shared=True), "it to be ready")
    database.stop("immediate")
    for machine in pair:
        eventually(stands(machine, 503, state=False, shared=True), "it to be unready")
        assert 200 == machine.get("/healthz").status_code
        assert answers(machine, token)
        assert "couponhub_part_up" in machine.get("/metrics").text
    database.start()
    for machine in pair:
        eventually(stands(machine, 200, state=True, shared=True), "it to be ready again")
        assert answers(machine, token)
        assert "pg-pass-of-tests" not in machine.server.process.err
        assert MOBILE not in machine.server.process.err


def test_without_the_cache_both_go_on(pair: list[Machine], token: str, cache: RedisServer) -> None:
    """One that hangs, which is worse than one that is gone: they are degraded, and used again when it answers."""
    cache.suspend()
    for machine in pair:
        eventually(stands(machine, 200, state=True, shared=False), "it to be degraded")
        assert machine.get("/readyz").json()["degraded"] is True
        eventually(partial(answers, machine, token), "a lookup on its own")
    cache.go_on()
    for machine in pair:
        eventually(stands(machine, 200, state=True, shared=True), "it to be whole again")


def test_one_goes_on_when_the_other_is_killed(pair: list[Machine], token: str) -> None:
    """What the dead one held keeps nobody waiting."""
    one, other = pair
    one.server.process.kill()
    assert answers(other, token)
    assert stands(other, 200, state=True)()
    other.cli("token", "rm", "of all")
    eventually(lambda: not answers(other, token), "the token to count no more")
