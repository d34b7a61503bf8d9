"""The state in PostgreSQL, put together."""

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from couponhub.state.jobs import Followers, no_followers
from couponhub.state.ledger import IsForgotten
from couponhub.state.postgresql.database import PostgresqlDatabase
from couponhub.state.postgresql.erasure import forget_in_files
from couponhub.state.postgresql.facts import FactPreference, Facts, FactSignal
from couponhub.state.postgresql.file_ages import FileAges
from couponhub.state.postgresql.file_shelf import FileShelf, open_stored_files
from couponhub.state.postgresql.job_files import PostgresqlJobFiles
from couponhub.state.postgresql.key import SharedKey
from couponhub.state.postgresql.ledger import PostgresqlLedger
from couponhub.state.postgresql.local_files import LocalFiles, machine_folder
from couponhub.state.postgresql.locks import SessionLocks
from couponhub.state.postgresql.maintenance import PostgresqlMaintenance
from couponhub.state.postgresql.owners import SessionOwners
from couponhub.state.postgresql.quotas import PostgresqlQuotas
from couponhub.state.postgresql.reaching import probes_of
from couponhub.state.postgresql.reports import PostgresqlReportIndex
from couponhub.state.postgresql.server_clock import ServerClock
from couponhub.state.reach import PartProbe
from couponhub.state.reaped import Reaped
from couponhub.state.settings import StoreSettings
from couponhub.state.sql.audit import SqlAuditLog
from couponhub.state.sql.callbacks import SqlCallbacks
from couponhub.state.sql.jobs import SqlJobs
from couponhub.state.sql.migration_log import SqlMigrationLog
from couponhub.state.sql.readings import SqlReadings
from couponhub.state.sql.sign_outs import SqlSignOuts
from couponhub.state.sql.tokens import SqlTokens
from couponhub.state.sql.vendor_calls import SqlVendorCalls


class PostgresqlState:
    """A `State` in PostgreSQL.

    Args:
        settings: Where it lies.
        share: The part of each quota that this machine may use while the server is away.
        clock: Seconds since the epoch, for tests: that of times of day. Leases, windows and what the ledger says go by the
            server's.
        followers: The jobs that are written down with the end of another one.
    """

    def __init__(
        self,
        settings: StoreSettings,
        *,
        share: float = 0.25,
        clock: Callable[[], float] | None = None,
        followers: Followers = no_followers,
    ) -> None:
        self.settings = settings
        self.database = PostgresqlDatabase(settings)
        own, self._common_clock = clock or time.time, clock or ServerClock(self.database).time
        now = _moments(own)
        self.key = SharedKey(self.database)
        facts = Facts(self.database)
        self.jobs = SqlJobs(self.database, SessionOwners(self.database), now=now, followers=followers)
        self.tokens = SqlTokens(self.database, now=now)
        self.sign_outs = SqlSignOuts(self.database, now=now)
        self.callbacks = SqlCallbacks(self.database, now=now)
        self.invalidation = FactSignal(facts)
        self.migration_log = SqlMigrationLog(self.database, now=now)
        self.audit = SqlAuditLog(self.database, days=settings.audit_days, now=now)
        self.readings = SqlReadings(self.database, clock=self._common_clock)
        self.vendor_calls = SqlVendorCalls(self.database, now=now)
        self.preference = FactPreference(facts)
        self.locks = SessionLocks(self.database)
        self._local = LocalFiles()
        self._shelf = FileShelf(self.database, open_stored_files(settings, self.database), self._local)
        self._ages = FileAges(self._shelf, settings.retention_days)
        self.job_files = PostgresqlJobFiles(self._shelf, self._ages, clock=self._common_clock)
        # The server's clock, but for what a test has moved.
        self.quotas = PostgresqlQuotas(self.database, share=share, now=own, ahead=lambda: own() - time.time())
        self.reports = PostgresqlReportIndex(self.database, self.key, lambda: machine_folder() / "imports")
        self.maintenance = PostgresqlMaintenance(
            self.database, self.key, files=lambda: self._shelf.files.place, ledger=self.ledger
        )

    def ledger(self, connection: str) -> PostgresqlLedger:
        """As `State.ledger`."""
        clock = self._common_clock
        return PostgresqlLedger(self._shelf, self._ages, connection, now=_moments(clock), clock=clock)

    def forget(self, is_forgotten: IsForgotten) -> int:
        """As `State.forget`."""
        return forget_in_files(self._shelf, is_forgotten)

    def drop_copies(self) -> None:
        """As `State.drop_copies`."""
        self._shelf.drop_old_copies()

    def reap(self) -> Mapping[str, Reaped]:
        """As `State.reap`."""
        return {"uploads in the making": self._local.reap(), "imports in the making": self.reports.reap()}

    def probes(self) -> tuple[PartProbe, ...]:
        """As `State.probes`."""
        return probes_of(self.database, self._shelf.files, self.key)

    def close(self) -> None:
        """As `State.close`."""
        with ExitStack() as closing:
            for part in (self.quotas, self.database, self._local):
                closing.callback(part.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _moments(clock: Callable[[], float]) -> Callable[[], datetime]:
    return lambda: datetime.fromtimestamp(clock(), UTC)
