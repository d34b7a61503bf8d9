"""The usage index in PostgreSQL: read by any number of machines while one writes."""

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from couponhub.state.hashing import HashKey
from couponhub.state.postgresql.bounded import BoundedConnection
from couponhub.state.postgresql.database import PostgresqlDatabase
from couponhub.state.postgresql.faults import told_as_local
from couponhub.state.postgresql.key import SharedKey
from couponhub.state.postgresql.locks import lock_number
from couponhub.state.postgresql.pages import PostgresqlPages
from couponhub.state.postgresql.patience import Patience
from couponhub.state.postgresql.statements import PostgresqlStatements
from couponhub.state.reaped import Reaped
from couponhub.state.sql.report_catalogue import CatalogueChange, CatalogueSnapshot
from couponhub.state.workspaces import reap_workspaces, workspace

if TYPE_CHECKING:
    from psycopg.errors import Diagnostic

_log = logging.getLogger(__name__)
_T = TypeVar("_T")

_WRITER_WAITS_SECONDS = 1800.0
"""An import of 20 million rows holds others off for a minute or two."""
_LONGEST_STATEMENT_SECONDS = 3600.0
_ANSWER_SECONDS = 2.0
"""For each answer to who reads."""


class PostgresqlReportIndex:
    """A `ReportIndex` that many machines share.

    Args:
        database: Of the store.
        key: Of the customers' hashes.
        imports: Tells the folder of this machine where reports lie while they are imported.
    """

    def __init__(self, database: PostgresqlDatabase, key: SharedKey, imports: Callable[[], Path]) -> None:
        self._database = database
        self._key = key
        self._imports = imports
        self._patience = Patience()
        self._known: HashKey | None = None

    def key(self) -> HashKey:
        """As `ReportIndex.key`."""
        return self._key.get()

    @contextmanager
    def reading(self) -> Iterator[CatalogueSnapshot | None]:
        """As `ReportIndex.reading`.

        Lookups read it on the threads of those who wait, so that a server which hangs is given up soon; only what reads
        through everything is given more time.
        """
        with self._patience.asking(), self._database.reading(seconds=_ANSWER_SECONDS) as database:
            state = _state(database)
            if state is None:
                yield None
                return
            generation, check = state
            yield CatalogueSnapshot(database, PostgresqlPages(database), self._key_of(check), generation)

    @contextmanager
    def changing(self) -> Iterator[CatalogueChange]:
        """As `ReportIndex.changing`."""
        key = self.key()
        # Not one of the pool: whoever waits for an import to end must not keep lookups from it.
        with self._database.session() as connection, told_as_local(self._database.place):
            with connection.transaction():
                database = self._begun(connection, key)
                change = _Change(database, PostgresqlPages(database))
                yield change
                database.execute("UPDATE state SET generation = generation + 1")
            if change.has_forgotten:
                self._vacuum(connection)

    def change(self, work: Callable[[CatalogueChange], _T], workspace: Path) -> _T:  # noqa: ARG002 - the protocol's
        """As `ReportIndex.change`."""
        with self.changing() as change:
            return work(change)

    def workspace(self) -> AbstractContextManager[Path]:
        """As `ReportIndex.workspace`."""
        return workspace(self._imports())

    def reap(self) -> Reaped:
        """Remove what killed processes left of their workspaces; those of living ones stay."""
        return reap_workspaces(self._imports())

    def _begun(self, connection: BoundedConnection, key: HashKey) -> PostgresqlStatements:
        """Be the only one who changes the index until the transaction ends, however long that takes."""
        database = PostgresqlStatements(connection)
        connection.answer_seconds = _LONGEST_STATEMENT_SECONDS
        connection.execute(
            "SELECT set_config('statement_timeout', '0', true), set_config('lock_timeout', %s, true),"
            " set_config('idle_in_transaction_session_timeout', '10min', true)",
            (f"{_WRITER_WAITS_SECONDS:.0f}s",),
        )
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (lock_number("usage index"),))
        state = _state(database)
        if state is None:
            database.execute("INSERT INTO state (generation, key) VALUES (0, ?)", (key.check,))
        else:
            self._key_of(state[1])
        return database

    def _key_of(self, check: str) -> HashKey:
        """Return the key that the index was written with; the database is not asked, for a transaction is open."""
        key = self._known
        if key is None or key.check != check:
            key = self._known = self._key.matching(check)
        return key

    def _vacuum(self, connection: BoundedConnection) -> None:
        """Give free what the old forms of changed pages lie in, which would stay there else."""
        said: list[str] = []

        def hear(notice: "Diagnostic") -> None:
            if notice.severity_nonlocalized == "WARNING":
                said.append(notice.message_primary or "")

        connection.add_notice_handler(hear)
        connection.execute("SET statement_timeout = 0")
        connection.execute("VACUUM pages")
        if said:
            _log.warning(
                "rows that were removed from the usage index lie unread in its table until PostgreSQL vacuums it: %s;"
                " have the owner of couponhub.pages run VACUUM",
                said[0],
            )


class _Change(CatalogueChange):
    """A change that knows that people were forgotten in it."""

    has_forgotten = False

    def forget(self, customer: str, at: datetime) -> int:
        """As `ReportChange.forget`."""
        self.has_forgotten = True
        return super().forget(customer, at)


def _state(database: PostgresqlStatements) -> tuple[int, str] | None:
    row = database.execute("SELECT generation, key FROM state").fetchone()
    return None if row is None else (int(row[0]), str(row[1]))
