"""PostgreSQL keeps the rules of durable state beside a newer schema, too: an older release goes on with all that it does."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from couponhub.testing import StateHarness
from couponhub.testing.state_conformance.code_sets import CodeSetRules
from couponhub.testing.state_conformance.jobs import JobRules
from couponhub.testing.state_conformance.ledger import LedgerRules
from couponhub.testing.state_conformance.reports import ReportRules
from couponhub.testing.state_conformance.rights import RightRules
from tests.kit.servers import PostgresqlServer
from tests.state.test_postgresql_conformance import PostgresqlHarness
from tests.state.test_rolling_upgrade import EXPAND, release


def main(words: Sequence[str]) -> int:
    """Run all of it, or what pytest's words choose; return its code."""
    return int(pytest.main([__file__, "--quiet", "--numprocesses", "0", *words]))


class TestBesideANewerSchema(LedgerRules, CodeSetRules, RightRules, JobRules, ReportRules):
    """Rules of what servers and workers do."""

    @pytest.fixture
    def harness(
        self,
        postgresql_server: PostgresqlServer,
        postgresql_url: str,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> Iterator[StateHarness]:
        """Put it to the rules in a database that a newer release has been at."""
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "machine"))
        with PostgresqlHarness(postgresql_server, postgresql_url) as harness:
            with release(EXPAND), harness.connect() as newer:
                assert newer.tokens.all() == ()
            yield harness
