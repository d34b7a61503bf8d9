"""Two machines over each kind of state that machines can share."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from couponhub.testing import EmulatedVendors, emulated_vendors
from tests.kit.eventually import eventually
from tests.kit.servers import PostgresqlServer, postgresql_server, running_redis
from tests.machines.two_servers import Machine, machines, store_table

__all__ = ["postgresql_server"]

REMEMBERS = "\n[lookup]\ncache_ttl = 300\nnegative_ttl = 300\n"
"""Longer than any test: what is asked anew was dropped."""


@pytest.fixture(scope="module")
def vendors() -> Iterator[EmulatedVendors]:
    """Both emulated vendors with the demo's customer, lists and codes."""
    with emulated_vendors() as served:
        yield served


@pytest.fixture(scope="module", params=["sqlite", "postgresql", "postgresql and redis"])
def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The tables of the config that name what machines share."""
    if request.param == "sqlite":
        yield store_table(f"sqlite:///{tmp_path_factory.mktemp('state').as_posix()}/couponhub.db")
        return
    server: PostgresqlServer = request.getfixturevalue("postgresql_server")
    database = server.new_database()
    tables = store_table(server.url(database))
    if request.param == "postgresql":
        yield tables
    else:
        with running_redis() as cache:
            yield f'{tables}\n[shared]\nurl = "{cache.url}"\n'
    server.drop(database)


@pytest.fixture(scope="module")
def pair(
    vendors: EmulatedVendors, shared: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[Machine]]:
    """Two machines, each with its server."""
    with machines(vendors, Path(tmp_path_factory.mktemp("machines")), shared + REMEMBERS) as both:
        yield both


@pytest.fixture(scope="module")
def token(pair: list[Machine]) -> str:
    """A token that was made on the first machine, and counts on both."""
    scopes = [word for scope in ("lookup", "lists:read", "admin") for word in ("--scope", scope)]
    made: str = pair[0].cli("token", "new", *scopes, "--name", "of all")["token"]
    for one in pair:
        eventually(partial(_counts, one, made), "the token to count")
    return made


def _counts(machine: Machine, token: str) -> bool:
    return machine.get("/v1/connections", token).status_code == 200
