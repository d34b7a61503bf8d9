"""Quotas of many machines in PostgreSQL, beyond the rules of all quotas: exactness, crashes, and the share while it is away."""

import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import attrs
import psycopg
import pytest

from couponhub.state import StoreSettings, Window
from couponhub.state.postgresql.database import PostgresqlDatabase
from couponhub.state.postgresql.quotas import PostgresqlQuotas
from couponhub.testing.state_conformance.quotas import granted, left
from couponhub.testing.state_conformance.samples import DAY
from tests.kit.processes import forked
from tests.kit.servers import PostgresqlServer, running_postgresql

LAST = attrs.evolve(DAY, limit=300)


class Machine:
    """One of several machines that share a store, with clocks that are set by hand."""

    def __init__(self, url: str, *, share: float = 0.25) -> None:
        self.passed = 0.0
        self.database = PostgresqlDatabase(StoreSettings(url=url))
        self.quotas = PostgresqlQuotas(
            self.database,
            share=share,
            now=lambda: time.time() + self.passed,
            ahead=lambda: self.passed,
            monotonic=lambda: self.passed,
        )

    def take(self, calls: int, windows: tuple[Window, ...] = (DAY,)) -> int:
        """How many of so many calls are granted."""
        return granted(self.quotas, calls, windows=windows)

    def close(self) -> None:
        """End it."""
        self.quotas.close()
        self.database.close()


@pytest.fixture
def server() -> Iterator[PostgresqlServer]:
    """A PostgreSQL of the test's own."""
    with running_postgresql() as one:
        yield one


def _take_with_four_threads() -> None:
    quotas = PostgresqlQuotas(PostgresqlDatabase(StoreSettings(url=sys.argv[1])))
    both = (LAST, Window("calls_per_minute", 1000, 60))
    with ThreadPoolExecutor(4) as pool:
        print(sum(pool.map(lambda _: granted(quotas, 200, windows=both), range(4))))  # noqa: T201 - what is asked for


def test_the_window_never_gives_more_than_its_limit(postgresql_url: str, tmp_path: Path) -> None:
    """Eight threads in two processes that ask 1,600 times are granted 300 of 300, and the other window counts no more."""
    with (
        forked(_take_with_four_threads, postgresql_url, folder=tmp_path) as one,
        forked(_take_with_four_threads, postgresql_url, folder=tmp_path) as other,
    ):
        assert 300 == int(one.ended().stdout) + int(other.ended().stdout)
    with psycopg.connect(postgresql_url) as connection:
        rows = connection.execute("SELECT name, used FROM couponhub.budgets ORDER BY name").fetchall()
    assert ("calls_per_day", 300) == rows[0]


def test_a_crash_of_the_server_empties_no_window(server: PostgresqlServer) -> None:
    """After an immediate stop at most a moment's calls are forgotten, and nobody gets a day's calls anew."""
    with closing(Machine(server.url(server.new_database()))) as one:
        assert 600 == one.take(600)
        time.sleep(1.0)
        server.stop("immediate")
        server.start()
        assert 400 == one.take(1000)


def test_a_machine_alone_keeps_to_its_share(
    server: PostgresqlServer, caplog: pytest.LogCaptureFixture
) -> None:
    """A quarter of what was left when it was last seen; all is added once the server is back, and both are said once."""
    url = server.url(server.new_database())
    with closing(Machine(url)) as one, closing(Machine(url)) as other:
        assert (200, 400) == (one.take(200), other.take(400))
        server.stop()
        assert 200 == one.take(900), "a quarter of the 800 that it saw left"
        assert 100 == other.take(900)
        server.start()
        for machine in (one, other):
            machine.passed += 10
        assert (1, 1) == (one.take(1), other.take(1))
        assert {DAY.name: 1000 - 902} == left(one.quotas, (DAY,))
    said = [record.message for record in caplog.records if "quotas" in record.message]
    assert ["cannot be counted", "cannot be counted", "again", "again"] == [
        next(word for word in ("cannot be counted", "again") if word in text) for text in said
    ]


def test_a_row_that_was_removed_is_made_again(postgresql_url: str) -> None:
    """Whoever empties the table under a running process does not keep it from counting."""
    with closing(Machine(postgresql_url)) as one:
        assert 1 == one.take(1)
        with psycopg.connect(postgresql_url) as connection:
            connection.execute("DELETE FROM couponhub.budgets")
        assert 1 == one.take(1)
        assert {DAY.name: 999} == left(one.quotas, (DAY,))


def test_a_role_that_may_not_write_counts_by_itself(
    postgresql_url: str, postgresql_server: PostgresqlServer
) -> None:
    """Where the store may only be read lookups go on with this machine's share."""
    with closing(Machine(postgresql_url)) as one:
        one.take(1)
    database = postgresql_url.rpartition("/")[2]
    postgresql_server.run(f"ALTER DATABASE {database} SET default_transaction_read_only = on")
    with closing(Machine(postgresql_url)) as other:
        assert 250 == other.take(600)
