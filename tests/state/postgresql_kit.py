"""The usage index in PostgreSQL as a state of its own, for the rules of reports."""

import sys
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self, cast

from couponhub.state import State, StoreSettings
from couponhub.state.postgresql.database import PostgresqlDatabase
from couponhub.state.postgresql.key import SharedKey
from couponhub.state.postgresql.reports import PostgresqlReportIndex
from couponhub.testing import StateHarness
from couponhub.testing.state_conformance.harness import Worker
from couponhub.testing.state_conformance.worker import WORK
from tests.state.workers import ForkedWorker


class Indexed:
    """As much of a state as has to do with reports.

    Args:
        url: Of the database.
        folder: Where reports lie while they are imported.
    """

    def __init__(self, url: str, folder: Path) -> None:
        self.settings = StoreSettings(url=url)
        self.database = PostgresqlDatabase(self.settings)
        self.reports = PostgresqlReportIndex(
            self.database, SharedKey(self.database), lambda: folder / "imports"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.database.close()


class IndexHarness(StateHarness):
    """Puts it to the rules of reports.

    Args:
        url: Of the database.
        folder: Of the test.
    """

    def __init__(self, url: str, folder: Path) -> None:
        super().__init__()
        self._url = url
        self._folder = folder

    @property
    def settings(self) -> StoreSettings:
        """See `StateHarness.settings`."""
        return StoreSettings(url=self._url)

    def connect(self) -> State:
        """See `StateHarness.connect`."""
        return cast("State", Indexed(self._url, self._folder))

    def spawn(self, work: str, *words: str) -> Worker:
        """See `StateHarness.spawn`."""
        worker = ForkedWorker(self._url, work, str(self._folder), *words, work_on=_work)
        self._held.callback(worker.close)
        return worker

    def jump(self, seconds: float) -> None:
        """Not needed: reports have no clock."""
        raise NotImplementedError

    def restored(self, backup: Path) -> State:
        """Not needed."""
        raise NotImplementedError


def _work() -> None:
    url, work, folder, *words = sys.argv[1:]
    held: AbstractContextManager[Indexed] = Indexed(url, Path(folder))
    with ExitStack() as stack:
        WORK[work](stack.enter_context(held), *words)
