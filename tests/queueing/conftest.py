"""A PostgreSQL that a test may stop."""

from collections.abc import Iterator

import pytest

from tests.kit.servers import PostgresqlServer, running_postgresql


@pytest.fixture
def own_postgresql() -> Iterator[PostgresqlServer]:
    """A server of the test's own."""
    with running_postgresql() as server:
        yield server
