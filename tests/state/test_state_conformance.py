"""SQLite keeps every rule of durable state."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from couponhub.state import State, StoreSettings
from couponhub.state.sqlite import SqliteState
from couponhub.testing import StateConformanceSuite, StateHarness
from couponhub.testing.state_conformance.harness import Worker
from tests.state.workers import ForkedWorker


def settings_in(folder: Path) -> StoreSettings:
    """The store in a folder."""
    return StoreSettings(url=f"sqlite:///{folder.as_posix()}/couponhub.db", retention_days=30)


class SqliteHarness(StateHarness):
    """SQLite in a folder of the test."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self._ahead = 0.0

    @property
    def settings(self) -> StoreSettings:
        """See `StateHarness.settings`."""
        return settings_in(self._folder / "state")

    def connect(self) -> State:
        """See `StateHarness.connect`."""
        return SqliteState(self.settings, clock=lambda: time.time() + self._ahead)

    def spawn(self, work: str, *words: str) -> Worker:
        """See `StateHarness.spawn`."""
        worker = ForkedWorker(str(self.settings.url), work, *words)
        self._held.callback(worker.close)
        return worker

    def jump(self, seconds: float) -> None:
        """See `StateHarness.jump`."""
        self._ahead += seconds

    def restored(self, backup: Path) -> State:
        """See `StateHarness.restored`."""
        place = self._folder / "restored" / backup.name
        shutil.copytree(backup, place)
        return SqliteState(settings_in(place))


class TestSqlite(StateConformanceSuite):
    """Every rule."""

    @pytest.fixture(autouse=True)
    def _give_up_soon(self, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
        # One rule has a reader stay while others write, who empty their log when it goes, or give that up after this.
        if request.function.__name__ == "test_s63_readers_see_one_moment":
            monkeypatch.setattr("couponhub.state.sqlite.reports._READER_WAITS_SECONDS", 0.1)

    @pytest.fixture
    def harness(self, tmp_path: Path) -> Iterator[StateHarness]:
        """Put SQLite to the rules."""
        with SqliteHarness(tmp_path) as harness:
            yield harness
