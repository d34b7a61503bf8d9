"""Looks after the state in PostgreSQL: how large what is, upgrades, and what is wrong with it."""

from collections.abc import Callable, Mapping
from pathlib import Path

from couponhub.errors import UsageError
from couponhub.state.job_queue import open_queue
from couponhub.state.ledger import Ledger
from couponhub.state.maintenance import PartBackup, StateCheck, StatePart
from couponhub.state.postgresql.checking import checked_state
from couponhub.state.postgresql.database import PostgresqlDatabase
from couponhub.state.postgresql.key import SharedKey
from couponhub.state.postgresql.migrations import newest, pending, version_in
from couponhub.state.postgresql.tables import LEDGER, QUOTAS, REPORTS, sizes
from couponhub.state.sql.database import Statements

_CODES, _JOB_FILES = "code sets", "job files"
_HOLDS = {
    LEDGER: "uploads, jobs, events of migrations, tokens of the HTTP endpoint, callback addresses, the audit log, readings of"
    " stock and limits, what lookups ask first",
    _CODES: "codes sent, to be left out of later uploads, and the files of uploads under way",
    _JOB_FILES: "customers and codes that jobs under way need to go on",
    REPORTS: "who was given which code, from imported usage reports",
    QUOTAS: "calls counted against vendors' rate limits, unless [shared] names who counts them",
}


class PostgresqlMaintenance:
    """`Maintenance` of a database, and of the files that its rows name.

    Args:
        database: Of the state.
        key: Of the state.
        files: Tells where files lie, for people.
        ledger: Gives the ledger of a connection.
    """

    def __init__(
        self,
        database: PostgresqlDatabase,
        key: SharedKey,
        *,
        files: Callable[[], str],
        ledger: Callable[[str], Ledger],
    ) -> None:
        self._database = database
        self._key = key
        self._files = files
        self._ledger = ledger

    def status(self) -> tuple[StatePart, ...]:
        """As `Maintenance.status`."""
        place, files = self._database.place, self._files()
        with self._database.looking() as database:
            version = version_in(database, place)
            taken = sizes(database)
            kept = _kept(database) if version else {}
        parts = {LEDGER: place, _CODES: files, _JOB_FILES: files, REPORTS: place, QUOTAS: place}
        found = {**taken, **{name: kept.get(name, 0) for name in (_CODES, _JOB_FILES) if version}}
        ledger, *others = (
            StatePart(
                name=name,
                place=where,
                holds=_HOLDS[name],
                bytes=found.get(name),
                schema=version or None if name == LEDGER else None,
                newest=newest() if name == LEDGER else None,
                pending=tuple(one.about for one in pending(version)) if name == LEDGER and version else (),
            )
            for name, where in parts.items()
        )
        key = self._key.part()
        return (ledger, *others, *(() if key is None else (key,)))

    def upgrade(self, *, dry_run: bool = False) -> Mapping[str, tuple[str, ...]]:
        """As `Maintenance.upgrade`."""
        with self._database.looking() as database:
            version = version_in(database, self._database.place)
        lacking = tuple(one.about for one in pending(version))
        if lacking and not dry_run:
            self._database.upgrade()
        if not dry_run and (queue := open_queue(self._database.settings)) is not None:
            queue.enqueue()  # its schema is made with its first use, here by one who may
        return {LEDGER: lacking} if lacking else {}

    def backup(self, folder: Path) -> tuple[PartBackup, ...]:  # noqa: ARG002 - of other kinds of state
        """As `Maintenance.backup`."""
        raise UsageError(
            f"the store {self._database.place} is backed up with the tools of its server, which know how to do so while it"
            " is used and to whatever moment: nothing was written",
            hint="`pg_dump` or base backups, then the files of [store] files, and the key; `couponhub store copy` writes a"
            " whole store into SQLite, while nobody uses it",
        )

    def check(self, *, thorough: bool = False) -> StateCheck:
        """As `Maintenance.check`."""
        return checked_state(self._database, self._key, self._ledger, thorough=thorough)


def _kept(database: Statements) -> Mapping[str, int]:
    """Return the bytes of the files that the database names, by part."""
    rows = database.execute("SELECT kind = 'job', sum(size) FROM files GROUP BY 1").fetchall()
    return {_JOB_FILES if row[0] else _CODES: int(row[1]) for row in rows}
