"""Jobs in the database of the ledger; owners are files that are locked while their process lives."""

import json
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import attrs

from couponhub.clock import utc_now
from couponhub.errors import LocalError
from couponhub.models import JobId, JobStatus
from couponhub.state.jobs import JobRecord, JobWish, StepRecord
from couponhub.state.sqlite.database import LedgerDatabase
from couponhub.state.sqlite.files import private_folder
from couponhub.state.sqlite.lockfile import held_lockfile, is_held, reap_all

_LOCK = ".lock"


class SqliteJobs:
    """A `JobStore` in SQLite.

    Args:
        store: Where it is kept.
        now: The clock of what is written, for tests.
        monotonic: That of leases, for tests: seconds that all processes of this machine count alike. After a restart
            of the machine they begin anew.
    """

    def __init__(
        self,
        store: LedgerDatabase,
        *,
        now: Callable[[], datetime] = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._now = now
        self._monotonic = monotonic

    @contextmanager
    def worker(self) -> Iterator[str]:
        """As `JobStore.worker`."""
        home = self._store.layout.codes / ".owners"
        with ExitStack() as held:
            try:
                private_folder(home)
                reap_all(home.glob(f"*{_LOCK}"), _nothing)
                lock = held.enter_context(
                    held_lockfile(lambda: home / f"{secrets.token_hex(16)}{_LOCK}", _nothing)
                )
            except OSError as error:
                raise LocalError(f"no locks can be held in {home}: {error.strerror}") from error
            yield lock.stem

    def create(self, job: JobRecord, *, owner: str | None = None, seconds: float = 0.0) -> JobRecord:
        """As `JobStore.create`."""
        now = self._now()
        job = attrs.evolve(
            job,
            created_at=now,
            updated_at=now,
            steps=tuple(attrs.evolve(step, updated_at=now) for step in job.steps),
        )
        with self._store.transaction() as database:
            database.execute(
                "INSERT INTO jobs (id, kind, connection, arguments, status, wish, created_at, updated_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    job.id,
                    job.kind,
                    job.connection,
                    json.dumps(dict(job.arguments)),
                    job.status,
                    job.wish,
                    now.isoformat(),
                    now.isoformat(),
                ),
            )
            _write(database, job.id, job.steps)
            if owner is not None:
                _lease(database, job.id, owner, self._monotonic(), seconds)
        return job if owner is None else attrs.evolve(job, status=JobStatus.PROCESSING)

    def claim(self, job_id: JobId, owner: str, *, seconds: float) -> JobRecord | None:
        """As `JobStore.claim`."""
        row = self._row(job_id)
        if row is None or JobStatus(row["status"]).ended:
            return None
        if row["owner"] != owner and self._is_held(row):
            return None
        with self._store.transaction() as database:
            # The lease must still be the one that was found to be free.
            found = database.execute(
                "SELECT 1 FROM jobs WHERE id = ? AND status = 'pending' AND owner IS ? AND leased_until IS ?",
                (job_id, row["owner"], row["leased_until"]),
            ).fetchone()
            if found is None:
                return None
            _lease(database, job_id, owner, self._monotonic(), seconds)
        return self._of(job_id, owner)

    def renew(self, job_id: JobId, owner: str, *, seconds: float) -> JobRecord | None:
        """As `JobStore.renew`."""
        with self._store.transaction() as database:
            if not _owns(database, job_id, owner):
                return None
            _lease(database, job_id, owner, self._monotonic(), seconds)
        return self._of(job_id, owner)

    def release(self, job_id: JobId, owner: str) -> None:
        """As `JobStore.release`."""
        with self._store.transaction() as database:
            database.execute(f"{_FREE} WHERE id = ? AND owner = ?", (job_id, owner))

    def advance(
        self, job_id: JobId, owner: str, *steps: StepRecord, ended: JobStatus | None = None
    ) -> JobRecord | None:
        """As `JobStore.advance`."""
        now = self._now()
        with self._store.transaction() as database:
            if not _owns(database, job_id, owner):
                return None
            _write(database, job_id, [attrs.evolve(step, updated_at=now) for step in steps])
            database.execute("UPDATE jobs SET updated_at = ? WHERE id = ?", (now.isoformat(), job_id))
            if ended is not None:
                database.execute(f"{_FREE}, status = ? WHERE id = ?", (ended, job_id))
        return self._of(job_id, owner)

    def wish(self, job_id: JobId, wish: JobWish) -> JobRecord | None:
        """As `JobStore.wish`."""
        with self._store.transaction() as database:
            database.execute(
                "UPDATE jobs SET wish = ?, updated_at = ? WHERE id = ? AND status = 'pending'",
                (wish, self._now().isoformat(), job_id),
            )
        return self.get(job_id)

    def get(self, job_id: JobId) -> JobRecord | None:
        """As `JobStore.get`."""
        return next(iter(self._select("id = ?", job_id)), None)

    def all(self, *, connection: str | None = None, status: JobStatus | None = None) -> tuple[JobRecord, ...]:
        """As `JobStore.all`."""
        found = self._select("TRUE") if connection is None else self._select("connection = ?", connection)
        return tuple(job for job in found if status in {None, job.status})

    def due(self, now: datetime) -> tuple[JobRecord, ...]:
        """As `JobStore.due`."""
        return tuple(
            job
            for job in self._select("status = 'pending'")
            if job.status is JobStatus.PENDING and not job.waits(now)
        )

    def _row(self, job_id: JobId) -> sqlite3.Row | None:
        with self._store.reading() as database:
            row: sqlite3.Row | None = database.execute(
                "SELECT * FROM jobs WHERE id = ?", (job_id,)
            ).fetchone()
        return row

    def _of(self, job_id: JobId, owner: str) -> JobRecord | None:
        """Return a job as its owner sees it."""
        return next(iter(self._select("id = ?", job_id, seen_by=owner)), None)

    def _is_held(self, row: sqlite3.Row, seen_by: str | None = None) -> bool:
        if row["owner"] is None:
            return False
        left = row["leased_until"] - self._monotonic()
        # More than the lease has at most: the machine was restarted since, and its seconds began anew.
        if left <= 0 or left > row["leased_for"]:
            return False
        # Whoever asks is alive, and need not open its own lock to see it.
        return row["owner"] == seen_by or is_held(
            self._store.layout.codes / ".owners" / f"{row['owner']}{_LOCK}"
        )

    def _select(self, condition: str, *values: str, seen_by: str | None = None) -> tuple[JobRecord, ...]:
        chosen = f"FROM jobs WHERE {condition} ORDER BY rowid"
        with self._store.reading() as database:
            database.execute("BEGIN")  # what both statements see is of one moment
            try:
                jobs = database.execute(f"SELECT * {chosen}", values).fetchall()
                steps = database.execute(
                    f"SELECT * FROM steps WHERE job_id IN (SELECT id {chosen}) ORDER BY job_id, number",  # noqa: S608 - our own texts
                    values,
                ).fetchall()
            finally:
                database.execute("COMMIT")
        of = {key: tuple(rows) for key, rows in groupby(steps, key=itemgetter("job_id"))}
        return tuple(self._job(row, of.get(row["id"], ()), seen_by) for row in jobs)

    def _job(self, row: sqlite3.Row, steps: tuple[sqlite3.Row, ...], seen_by: str | None) -> JobRecord:
        status, wish = JobStatus(row["status"]), JobWish(row["wish"])
        if not status.ended:
            if self._is_held(row, seen_by):
                status = JobStatus.PROCESSING
            elif wish is JobWish.PAUSE:
                status = JobStatus.PAUSED
        return JobRecord(
            id=JobId(row["id"]),
            kind=row["kind"],
            connection=row["connection"],
            arguments=json.loads(row["arguments"]),
            steps=tuple(map(_step, steps)),
            status=status,
            wish=wish,
            created_at=datetime.fromisoformat(row["created_at"]),
            updated_at=datetime.fromisoformat(row["updated_at"]),
        )


_FREE = "UPDATE jobs SET owner = NULL, leased_until = NULL, leased_for = NULL"


def _lease(database: sqlite3.Connection, job_id: JobId, owner: str, now: float, seconds: float) -> None:
    database.execute(
        "UPDATE jobs SET owner = ?, leased_until = ?, leased_for = ? WHERE id = ?",
        (owner, now + seconds, seconds, job_id),
    )


def _owns(database: sqlite3.Connection, job_id: JobId, owner: str) -> bool:
    found = database.execute(
        "SELECT 1 FROM jobs WHERE id = ? AND owner = ? AND status = 'pending'", (job_id, owner)
    ).fetchone()
    return found is not None


def _write(database: sqlite3.Connection, job_id: JobId, steps: Sequence[StepRecord]) -> None:
    database.executemany(
        "INSERT INTO steps (job_id, number, kind, arguments, status, not_before, result, evidence, updated_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (job_id, number) DO UPDATE SET status = excluded.status,"
        " not_before = excluded.not_before, result = excluded.result, evidence = excluded.evidence,"
        " updated_at = excluded.updated_at",
        [
            (
                job_id,
                step.number,
                step.kind,
                json.dumps(dict(step.arguments)),
                step.status,
                None if step.not_before is None else step.not_before.isoformat(),
                json.dumps(dict(step.result)),
                step.evidence,
                None if step.updated_at is None else step.updated_at.isoformat(),
            )
            for step in steps
        ],
    )


def _step(row: sqlite3.Row) -> StepRecord:
    return StepRecord(
        number=row["number"],
        kind=row["kind"],
        arguments=json.loads(row["arguments"]),
        status=JobStatus(row["status"]),
        not_before=None if row["not_before"] is None else datetime.fromisoformat(row["not_before"]),
        result=json.loads(row["result"]),
        evidence=row["evidence"],
        updated_at=datetime.fromisoformat(row["updated_at"]),
    )


def _nothing(_: Path) -> None:
    """Remove nothing: an owner's lock stands for nothing but itself."""
