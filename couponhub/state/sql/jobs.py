"""Jobs in the database of the ledger."""

import json
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from itertools import groupby
from operator import itemgetter

import attrs

from couponhub.clock import utc_now
from couponhub.models import JobId, JobStatus
from couponhub.state.jobs import THROTTLE, Followers, JobPage, JobRecord, JobWish, StepRecord, no_followers
from couponhub.state.sql.database import Database, Row, Statements
from couponhub.state.sql.owners import Owners


class SqlJobs:
    """A `JobStore` in a database.

    Args:
        store: Where it is kept.
        owners: Tells who lives, and the time of leases.
        now: The clock of what is written, for tests.
        followers: The jobs that are written down with the end of another one.
    """

    def __init__(
        self,
        store: Database,
        owners: Owners,
        *,
        now: Callable[[], datetime] = utc_now,
        followers: Followers = no_followers,
    ) -> None:
        self._store = store
        self._owners = owners
        self._now = now
        self._followers = followers

    def worker(self) -> AbstractContextManager[str]:
        """As `JobStore.worker`."""
        return self._owners.worker()

    def create(self, job: JobRecord, *, owner: str | None = None, seconds: float = 0.0) -> JobRecord:
        """As `JobStore.create`."""
        now = self._now()
        job = _new(job, now)
        with self._store.transaction() as database:
            _insert(database, job, now)
            if owner is not None:
                self._lease(database, job.id, owner, seconds)
        return job if owner is None else attrs.evolve(job, status=JobStatus.PROCESSING)

    def claim(self, job_id: JobId, owner: str, *, seconds: float) -> JobRecord | None:
        """As `JobStore.claim`."""
        with self._store.reading() as database:
            row = database.execute("SELECT * FROM jobs WHERE id = ?", (job_id,)).fetchone()
            if row is None or JobStatus(row["status"]).ended:
                return None
            if row["owner"] != owner and self._held(database, [row]):
                return None
        with self._store.transaction() as database:
            # The lease must still be the one that was found to be free.
            if not self._lease(
                database, job_id, owner, seconds, _AS_FOUND, row["owner"], row["leased_until"]
            ):
                return None
        return self._of(job_id, owner)

    def renew(self, job_id: JobId, owner: str, *, seconds: float) -> JobRecord | None:
        """As `JobStore.renew`."""
        with self._store.transaction() as database:
            if not self._lease(database, job_id, owner, seconds, _OWNED, owner):
                return None
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
            # A write, not a look: nobody takes the job over before this transaction has ended.
            owned = database.execute(
                f"UPDATE jobs SET updated_at = ? WHERE id = ? AND {_OWNED}",  # noqa: S608 - our own texts
                (now.isoformat(), job_id, owner),
            )
            if not owned.rowcount:
                return None
            _write(database, job_id, [attrs.evolve(step, updated_at=now) for step in steps])
            if ended is not None:
                database.execute(f"{_FREE}, status = ? WHERE id = ?", (ended, job_id))
                self._follow(database, job_id, now)
        return self._of(job_id, owner)

    def wish(self, job_id: JobId, wish: JobWish) -> JobRecord | None:
        """As `JobStore.wish`."""
        with self._store.transaction() as database:
            # Two may want something at once: what one was told to be dropped for good, the other must not have sent.
            database.execute(
                "UPDATE jobs SET wish = ?, updated_at = ? WHERE id = ? AND status = 'pending' AND wish <> ?",
                (wish, self._now().isoformat(), job_id, JobWish.CANCEL),
            )
        return self.get(job_id)

    def throttle(self, job_id: JobId, per_minute: int | None) -> JobRecord | None:
        """As `JobStore.throttle`."""
        with self._store.transaction() as database:
            found = database.execute(
                "SELECT arguments FROM jobs WHERE id = ? AND status = 'pending'", (job_id,)
            ).fetchone()
            if found is not None:
                # Nothing else changes arguments: of two at once the later one counts.
                arguments = {**json.loads(found["arguments"]), THROTTLE: str(per_minute)}
                if per_minute is None:
                    del arguments[THROTTLE]
                database.execute(
                    "UPDATE jobs SET arguments = ?, updated_at = ? WHERE id = ? AND status = 'pending'",
                    (json.dumps(arguments), self._now().isoformat(), job_id),
                )
        return self.get(job_id)

    def get(self, job_id: JobId) -> JobRecord | None:
        """As `JobStore.get`."""
        return next(iter(self._select("id = ?", job_id)), None)

    def all(self, *, connection: str | None = None, status: JobStatus | None = None) -> tuple[JobRecord, ...]:
        """As `JobStore.all`."""
        found = self._select("TRUE") if connection is None else self._select("connection = ?", connection)
        return tuple(job for job in found if status in {None, job.status})

    def following(
        self,
        after: JobId | None,
        *,
        connection: str | None = None,
        status: JobStatus | None = None,
        apart: Sequence[str] = (),
        most: int,
    ) -> tuple[JobRecord, ...]:
        """As `JobStore.following`."""
        conditions, values = ["TRUE"], list[object]()
        if apart:
            conditions.append(f"kind NOT IN ({', '.join('?' * len(apart))})")
            values += apart
        for condition, value in (
            ("rowid > (SELECT rowid FROM jobs WHERE id = ?)", after),
            ("connection = ?", connection),
            ("status = ?", None if status is None else status if status.ended else JobStatus.PENDING),
        ):
            if value is not None:
                conditions.append(condition)
                values.append(value)
        chosen = f"FROM jobs WHERE {' AND '.join(conditions)} ORDER BY rowid"
        with self._store.reading() as database:
            if status is None or status.ended:
                rows = database.execute(f"SELECT id {chosen} LIMIT ?", (*values, most)).fetchall()
                ids = [row["id"] for row in rows]
            else:
                ids = self._standing_so(database, f"SELECT * {chosen}", values, status)[:most]
        return self._select(f"id IN ({', '.join('?' * len(ids))})", *ids) if ids else ()

    def _standing_so(
        self, database: Statements, chosen: str, values: Sequence[object], status: JobStatus
    ) -> list[str]:
        """Return the ids of jobs that have not ended and stand so: that is said by who lives. They are few."""
        rows = database.execute(chosen, tuple(values)).fetchall()
        held = self._held(database, rows)
        return [row["id"] for row in rows if _standing(row, is_held=row["id"] in held) is status]

    def page(
        self, *, status: JobStatus | None = None, apart: Sequence[str] = (), after: int = 0, most: int
    ) -> JobPage:
        """As `JobStore.page`."""
        others = f"kind NOT IN ({', '.join('?' * len(apart))})" if apart else "TRUE"
        chosen = f"FROM jobs WHERE {others}"
        values: tuple[object, ...] = tuple(apart)
        with self._store.reading() as database:
            if status is None or status.ended:
                if status is not None:
                    chosen, values = f"{chosen} AND status = ?", (*values, status)
                counted = database.execute(f"SELECT COUNT(*) AS total {chosen}", values).fetchone()
                ids = [
                    row["id"]
                    for row in database.execute(
                        f"SELECT id {chosen} ORDER BY rowid DESC LIMIT ? OFFSET ?",
                        (*values, most, after),
                    )
                ]
                total = counted["total"]
            else:
                pending = f"SELECT * {chosen} AND status = 'pending' ORDER BY rowid DESC"
                found = self._standing_so(database, pending, values, status)
                ids, total = found[after : after + most], len(found)
        jobs = self._select(f"id IN ({', '.join('?' * len(ids))})", *ids) if ids else ()
        return JobPage(jobs=jobs[::-1], total=total)

    def due(self, now: datetime) -> tuple[JobRecord, ...]:
        """As `JobStore.due`."""
        return tuple(
            job
            for job in self._select("status = 'pending'")
            if job.status is JobStatus.PENDING and not job.waits(now)
        )

    def _follow(self, database: Statements, job_id: JobId, now: datetime) -> None:
        if self._followers is no_followers:
            return
        row = database.execute("SELECT * FROM jobs WHERE id = ?", (job_id,)).fetchone()
        for follower in self._followers(_job(row, (), is_held=False)):
            _insert(database, _new(follower, now), now)

    def _of(self, job_id: JobId, owner: str) -> JobRecord | None:
        """Return a job as its owner sees it."""
        return next(iter(self._select("id = ?", job_id, seen_by=owner)), None)

    def _lease(
        self,
        database: Statements,
        job_id: JobId,
        owner: str,
        seconds: float,
        condition: str = "TRUE",
        *values: object,
    ) -> bool:
        """Write a lease down; return False when the job is not as the condition says."""
        until = self._owners.now(database) + seconds
        written = database.execute(
            f"UPDATE jobs SET owner = ?, leased_until = ?, leased_for = ? WHERE id = ? AND {condition}",  # noqa: S608 - our own texts
            (owner, until, seconds, job_id, *values),
        )
        return written.rowcount == 1

    def _held(self, database: Statements, rows: Sequence[Row], seen_by: str | None = None) -> Collection[str]:
        """Return the jobs of these rows that a living owner holds."""
        leased = [row for row in rows if row["owner"] is not None]
        if not leased:
            return ()
        now = self._owners.now(database)
        in_time = [row for row in leased if _runs(row, now, self._owners.clock_slack)]
        # Whoever asks is alive, and is not looked for.
        others = {row["owner"] for row in in_time} - {seen_by}
        living = {seen_by, *(self._owners.living(database, others) if others else ())}
        return {row["id"] for row in in_time if row["owner"] in living}

    def _select(self, condition: str, *values: str, seen_by: str | None = None) -> tuple[JobRecord, ...]:
        chosen = f"FROM jobs WHERE {condition} ORDER BY rowid"
        with self._store.reading() as database:
            jobs = database.execute(f"SELECT * {chosen}", values).fetchall()
            steps = database.execute(
                f"SELECT * FROM steps WHERE job_id IN (SELECT id {chosen}) ORDER BY job_id, number",  # noqa: S608 - our own texts
                values,
            ).fetchall()
            held = self._held(database, jobs, seen_by)
        of = {key: tuple(rows) for key, rows in groupby(steps, key=itemgetter("job_id"))}
        return tuple(_job(row, of.get(row["id"], ()), is_held=row["id"] in held) for row in jobs)


def _standing(row: Row, *, is_held: bool) -> JobStatus:
    status = JobStatus(row["status"])
    if status.ended:
        return status
    if is_held:
        return JobStatus.PROCESSING
    return JobStatus.PAUSED if row["wish"] == JobWish.PAUSE else status


def _job(row: Row, steps: tuple[Row, ...], *, is_held: bool) -> JobRecord:
    return JobRecord(
        id=JobId(row["id"]),
        kind=row["kind"],
        connection=row["connection"],
        arguments=json.loads(row["arguments"]),
        steps=tuple(map(_step, steps)),
        status=_standing(row, is_held=is_held),
        wish=JobWish(row["wish"]),
        created_at=datetime.fromisoformat(row["created_at"]),
        updated_at=datetime.fromisoformat(row["updated_at"]),
    )


_FREE = "UPDATE jobs SET owner = NULL, leased_until = NULL, leased_for = NULL"


_OWNED = "owner = ? AND status = 'pending'"
_AS_FOUND = "status = 'pending' AND owner IS ? AND leased_until IS ?"


def _runs(row: Row, now: float, slack: float) -> bool:
    left = row["leased_until"] - now
    # More than the lease has at most: the clock was set back, or began anew with the machine.
    return bool(0 < left <= row["leased_for"] + slack)


def _new(job: JobRecord, now: datetime) -> JobRecord:
    """Return a job as it is written down for the first time."""
    steps = tuple(attrs.evolve(step, updated_at=now) for step in job.steps)
    return attrs.evolve(job, created_at=now, updated_at=now, steps=steps)


def _insert(database: Statements, job: JobRecord, now: datetime) -> None:
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


def _write(database: Statements, job_id: JobId, steps: Sequence[StepRecord]) -> None:
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


def _step(row: Row) -> StepRecord:
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
