"""PostgreSQL keeps every rule of durable state."""

import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from couponhub.state import State, StoreSettings, open_state
from couponhub.state.postgresql.key import key_file
from couponhub.state.postgresql.state import PostgresqlState
from couponhub.testing import StateConformanceSuite, StateHarness
from couponhub.testing.state_conformance.code_sets import CodeSetRules
from couponhub.testing.state_conformance.harness import Worker
from couponhub.testing.state_conformance.job_files import JobFileRules
from couponhub.testing.state_conformance.part_files import PartFileRules
from couponhub.testing.state_conformance.worker import WORK
from tests.kit.servers import PostgresqlServer
from tests.state.workers import ForkedWorker


class PostgresqlHarness(StateHarness):
    """A database of the test's own."""

    def __init__(self, server: PostgresqlServer, url: str, files: str | None = None) -> None:
        super().__init__()
        self._files = files
        self._server = server
        self._url = url
        self._ahead = 0.0

    @property
    def settings(self) -> StoreSettings:
        """See `StateHarness.settings`."""
        return StoreSettings(url=self._url, files=self._files, retention_days=30)

    def connect(self) -> State:
        """See `StateHarness.connect`."""
        return PostgresqlState(self.settings, clock=lambda: time.time() + self._ahead)

    def spawn(self, work: str, *words: str) -> Worker:
        """See `StateHarness.spawn`."""
        worker = ForkedWorker(self._url, work, self._files or "", *words, work_on=_work)
        self._held.callback(worker.close)
        return worker

    def jump(self, seconds: float) -> None:
        """See `StateHarness.jump`."""
        self._ahead += seconds

    def back_up(self, state: State, folder: Path) -> None:  # noqa: ARG002 - the rules
        """See `StateHarness.back_up`: as its operators do; the key lies on each machine."""
        folder.mkdir()
        self._server.call("pg_dump", "-Fc", "-f", str(folder / "dump"), self._url)
        if (key := key_file(self.settings)).exists():
            shutil.copyfile(key, folder / "key")

    def restored(self, backup: Path) -> State:
        """See `StateHarness.restored`."""
        database = self._server.new_database()
        self._held.callback(self._server.drop, database)
        settings = attrs.evolve(self.settings, url=self._server.url(database))
        self._server.call("pg_restore", "--no-owner", "-d", str(settings.url), str(backup / "dump"))
        if (key := backup / "key").exists():
            shutil.copyfile(key, key_file(settings))
        return PostgresqlState(settings)


class TestPostgresql(StateConformanceSuite):
    """Every rule."""

    @pytest.fixture
    def harness(
        self,
        postgresql_server: PostgresqlServer,
        postgresql_url: str,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> Iterator[StateHarness]:
        """Put PostgreSQL to the rules."""
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "machine"))
        with PostgresqlHarness(postgresql_server, postgresql_url) as harness:
            yield harness


class TestFilesElsewhere(CodeSetRules, PartFileRules, JobFileRules):
    """The rules of what lies in files, where those are not in the database."""

    @pytest.fixture(params=["folder", "s3"])
    def harness(
        self,
        request: pytest.FixtureRequest,
        postgresql_server: PostgresqlServer,
        postgresql_url: str,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> Iterator[StateHarness]:
        """Put each kind of place to the rules."""
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "machine"))
        files = f"file://{tmp_path}/shared"
        if request.param == "s3":
            files = f"s3://{request.getfixturevalue('s3_bucket')}/a/b"
            monkeypatch.setenv("AWS_ENDPOINT_URL", request.getfixturevalue("s3_endpoint"))
        with PostgresqlHarness(postgresql_server, postgresql_url, files) as harness:
            yield harness


def _work() -> None:
    url, work, files, *words = sys.argv[1:]
    with open_state(StoreSettings(url=url, files=files or None, retention_days=30)) as state:
        WORK[work](state, *words)
