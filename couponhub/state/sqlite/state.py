"""The state in SQLite, put together."""

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Self

from couponhub.state.jobs import Followers, no_followers
from couponhub.state.ledger import IsForgotten
from couponhub.state.reaped import Reaped
from couponhub.state.settings import StoreSettings
from couponhub.state.sql.audit import SqlAuditLog
from couponhub.state.sql.callbacks import SqlCallbacks
from couponhub.state.sql.migration_log import SqlMigrationLog
from couponhub.state.sql.readings import SqlReadings
from couponhub.state.sql.sign_outs import SqlSignOuts
from couponhub.state.sql.tokens import SqlTokens
from couponhub.state.sql.vendor_calls import SqlVendorCalls
from couponhub.state.sqlite.codesets import CodeSets
from couponhub.state.sqlite.database import LedgerDatabase
from couponhub.state.sqlite.invalidation import FileSignal
from couponhub.state.sqlite.job_files import SqliteJobFiles
from couponhub.state.sqlite.jobs import SqliteJobs
from couponhub.state.sqlite.ledger import SqliteLedger
from couponhub.state.sqlite.locks import FileLocks
from couponhub.state.sqlite.maintenance import SqliteMaintenance
from couponhub.state.sqlite.opening import told_as_local
from couponhub.state.sqlite.part_files import PartFiles
from couponhub.state.sqlite.preference import FilePreference
from couponhub.state.sqlite.quotas import SqliteQuotas
from couponhub.state.sqlite.reports import SqliteReportIndex

if TYPE_CHECKING:
    from couponhub.state.reach import PartProbe


class SqliteState:
    """A `State` in SQLite.

    Args:
        settings: Where it lies.
        clock: Seconds since the epoch, for tests.
        followers: The jobs that are written down with the end of another one.
    """

    def __init__(
        self,
        settings: StoreSettings,
        *,
        clock: Callable[[], float] = time.time,
        followers: Followers = no_followers,
    ) -> None:
        def now() -> datetime:
            return datetime.fromtimestamp(clock(), UTC)

        self.settings = settings
        self.database = LedgerDatabase(settings)
        self.layout = self.database.layout
        self.jobs = SqliteJobs(self.database, now=now, followers=followers)
        self.job_files = SqliteJobFiles(self.database, clock=clock)
        self.tokens = SqlTokens(self.database, now=now)
        self.sign_outs = SqlSignOuts(self.database, now=now)
        self.callbacks = SqlCallbacks(self.database, now=now)
        self.quotas = SqliteQuotas(settings, now=clock)
        self.reports = SqliteReportIndex(settings)
        self.invalidation = FileSignal(self.layout)
        self.migration_log = SqlMigrationLog(self.database, now=now)
        self.audit = SqlAuditLog(self.database, days=settings.audit_days, now=now)
        self.readings = SqlReadings(self.database, clock=clock)
        self.vendor_calls = SqlVendorCalls(self.database, now=now)
        self.preference = FilePreference(self.layout)
        self.locks = FileLocks(self.layout)
        self.maintenance = SqliteMaintenance(self.database)
        self._clock = clock
        self._now = now

    def ledger(self, connection: str) -> SqliteLedger:
        """As `State.ledger`."""
        return SqliteLedger(self.database, connection, now=self._now, clock=self._clock)

    def probes(self) -> "tuple[PartProbe, ...]":
        """As `State.probes`."""
        from couponhub.state.sqlite.reaching import probes_of  # noqa: PLC0415 - servers and doctors alone look

        return probes_of(self.layout)

    def forget(self, is_forgotten: IsForgotten) -> int:
        """As `State.forget`."""
        with told_as_local("store", lambda: self.layout.ledger):
            return PartFiles(self.database).forget(is_forgotten) + self.job_files.forget(is_forgotten)

    def drop_copies(self) -> None:
        """As `State.drop_copies`."""

    def reap(self) -> Mapping[str, Reaped]:
        """As `State.reap`."""
        return {
            "uploads in the making": CodeSets(self.layout.codes).reap(),
            "imports in the making": self.reports.reap(),
        }

    def close(self) -> None:
        """As `State.close`."""
        with ExitStack() as closing:
            for part in (self.database, self.reports, self.quotas):
                closing.callback(part.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
