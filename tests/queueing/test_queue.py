"""The queue of jobs in PostgreSQL: it hands out ids, once each, in time, to workers that are alive, and holds nothing else."""

import logging
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg_pool import ConnectionPool

from couponhub.errors import LocalError
from couponhub.models import JobId
from couponhub.state import JobQueue, StoreSettings, open_queue, open_state
from couponhub.state.postgresql.queue import ProcrastinateQueue, _configure, _schema
from couponhub.state.postgresql.queue_schema import schema_name
from tests.kit.eventually import eventually
from tests.kit.processes import forked
from tests.kit.servers import PostgresqlServer

ONE, OTHER = JobId("up_one"), JobId("up_other")


def queue_at(url: str) -> JobQueue:
    """The queue of that database."""
    queue = open_queue(StoreSettings(url=url))
    assert queue is not None
    return queue


@contextmanager
def working(
    queue: JobQueue, drive: Callable[[JobId], object], at_once: int = 1
) -> Iterator[threading.Thread]:
    """Hand out jobs on a thread, as long as the block lasts."""
    stopping = threading.Event()
    thread = threading.Thread(
        target=queue.work, args=(drive,), kwargs={"at_once": at_once, "stopping": stopping}
    )
    thread.start()
    try:
        yield thread
    finally:
        stopping.set()
        thread.join()


def rows(url: str) -> list[tuple[object, ...]]:
    """All that stands in the queue."""
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'couponhub_queue%'"
        ).fetchone()
        assert found is not None
        return connection.execute(
            f"SELECT args::text, status::text, scheduled_at FROM {found[0]}.procrastinate_jobs ORDER BY id".encode()  # noqa: S608 - a name that we gave
        ).fetchall()


def test_a_job_is_handed_out_once_and_leaves_nothing(postgresql_url: str) -> None:
    """However often it was enqueued before; and again when it is enqueued anew."""
    queue = queue_at(postgresql_url)
    handed: list[JobId] = []
    for _ in range(3):
        queue.enqueue(ONE, OTHER)
    assert [('{"job_id": "up_one"}', "todo", None), ('{"job_id": "up_other"}', "todo", None)] == rows(
        postgresql_url
    )
    with working(queue, handed.append):
        eventually(lambda: len(handed) == 2)
        queue.enqueue(ONE)
        eventually(lambda: len(handed) == 3)
        eventually(lambda: not rows(postgresql_url))
    assert [ONE, OTHER, ONE] == handed


def test_one_for_tomorrow_bars_nobody_from_now(postgresql_url: str) -> None:
    """A job that is to wait a day, and is resumed by somebody, is handed out at once; the later entry stays."""
    queue = queue_at(postgresql_url)
    handed: list[JobId] = []
    queue.enqueue(ONE, at=datetime.now(UTC) + timedelta(days=1))
    with working(queue, handed.append):
        queue.enqueue(ONE)
        eventually(lambda: handed == [ONE])
    assert [("todo", True)] == [(status, at is not None) for _, status, at in rows(postgresql_url)]


def test_one_for_soon_is_handed_out_then(postgresql_url: str) -> None:
    """Its time comes, and nobody need enqueue it again."""
    queue = queue_at(postgresql_url)
    handed: list[JobId] = []
    queue.enqueue(ONE, at=datetime.now(UTC) + timedelta(seconds=0.5))
    with working(queue, handed.append):
        eventually(lambda: handed == [ONE])


def test_it_ends_after_what_is_under_way(postgresql_url: str) -> None:
    """Told to stop, it waits for the job that is driven, and takes no further one."""
    queue, begun, go_on, ended = queue_at(postgresql_url), threading.Event(), threading.Event(), []

    def drive(job_id: JobId) -> None:
        begun.set()
        go_on.wait(30)
        ended.append(job_id)

    queue.enqueue(ONE, OTHER)
    stopping = threading.Event()
    thread = threading.Thread(target=queue.work, args=(drive,), kwargs={"at_once": 1, "stopping": stopping})
    thread.start()
    assert begun.wait(30)
    stopping.set()
    go_on.set()
    thread.join(30)
    assert (False, [ONE]) == (thread.is_alive(), ended)
    assert [('{"job_id": "up_other"}', "todo")] == [row[:2] for row in rows(postgresql_url)]


def _hang() -> None:
    """Take a job, and never come back."""
    import sys

    queue_at(sys.argv[1]).work(lambda _: threading.Event().wait(), at_once=1, stopping=threading.Event())


def test_the_job_of_a_dead_worker_is_handed_to_another(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed with -9 it gives no sign of life, and after a while its entry is revived."""
    monkeypatch.setattr("couponhub.state.postgresql.queue._STALLED", 1.0)
    queue = queue_at(postgresql_url)
    handed: list[JobId] = []
    queue.enqueue(ONE)
    with forked(_hang, postgresql_url) as worker:
        eventually(lambda: [row[1] for row in rows(postgresql_url)] == ["doing"])
        worker.kill()
    with working(queue, handed.append):
        eventually(lambda: _revived(queue) and handed == [ONE])
    assert [] == rows(postgresql_url)


def test_a_server_that_was_restarted_is_come_back_to(
    own_postgresql: PostgresqlServer, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Workers say in a line that it is away, and go on when it is back; no traceback is in their log."""
    monkeypatch.setattr("couponhub.state.postgresql.queue._CONNECT_SECONDS", 1.0)
    url = own_postgresql.url(own_postgresql.new_database())
    queue = queue_at(url)
    handed: list[JobId] = []
    with working(queue, handed.append):
        queue.enqueue(ONE)
        eventually(lambda: handed == [ONE])
        own_postgresql.stop("immediate")
        eventually(lambda: any("trying again" in record.message for record in caplog.records))
        own_postgresql.start()
        eventually(lambda: _enqueued(queue) and len(handed) > 1)
    assert not any(record.exc_info for record in caplog.records)
    assert "pg-pass-of-tests" not in caplog.text


def test_a_connection_that_the_server_ended_is_no_news(
    postgresql_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """What the pool says of it names no pool, and is kept from the log all the same; what others' pools say is not."""
    queue = queue_at(postgresql_url)
    assert isinstance(queue, ProcrastinateQueue)
    queue.enqueue(ONE)
    for words in ({}, {"configure": None, "name": "of somebody else"}):
        with ConnectionPool(**{**queue._arguments(_configure), **words}) as pool:
            lost = pool.getconn()
            lost.close()
            pool.putconn(lost)
        said = [record for record in caplog.records if record.levelno >= logging.WARNING]
        assert bool(words) == bool(said)


def _revived(queue: JobQueue) -> bool:
    queue.revive()
    return True


def _enqueued(queue: JobQueue) -> bool:
    try:
        queue.enqueue(OTHER)
    except LocalError:
        return False
    return True


def test_each_version_of_its_tables_has_a_schema_of_its_own() -> None:
    """Workers of two versions go on side by side: nothing is ever brought up to date."""
    assert "couponhub_queue_3_4_0" == schema_name(
        ["03.04.00_01_pre_x.sql", "03.04.00_50_post_x.sql", "00.16.00_01_x.sql", "README.md"]
    )
    assert "couponhub_queue_3_10_0" == schema_name(["03.10.00_01_pre_x.sql", "03.09.00_50_post_x.sql"])


@pytest.fixture
def app_url(postgresql_server: PostgresqlServer, postgresql_url: str) -> Iterator[str]:
    """The address of the test's database for one who may change no tables in it."""
    role = f"app_{secrets.token_hex(4)}"
    postgresql_server.run(f"CREATE ROLE {role} LOGIN PASSWORD 'app-pass'")
    database = postgresql_url.rpartition("/")[2]
    yield postgresql_server.url(database, user=role, password="app-pass")
    postgresql_server.run(f"DROP OWNED BY {role}", database=database)
    postgresql_server.run(f"DROP ROLE {role}")


def test_who_may_not_make_it_is_told(
    postgresql_server: PostgresqlServer, postgresql_url: str, app_url: str
) -> None:
    """One line names the mend: somebody who may upgrades the store, grants what is in the schema, and workers take jobs from it."""
    database, role = postgresql_url.rpartition("/")[2], urlsplit(app_url).username
    with open_state(StoreSettings(url=postgresql_url)) as state:
        state.tokens.all()  # makes the store, and no queue
    grants = "GRANT USAGE ON SCHEMA {0} TO {1}; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {0} TO {1}; GRANT USAGE ON ALL SEQUENCES IN SCHEMA {0} TO {1}"
    postgresql_server.run(grants.format("couponhub", role), database=database)
    queue = queue_at(app_url)
    with pytest.raises(LocalError) as told:
        queue.enqueue(ONE)
    assert "has no schema" in told.value.message
    assert "store upgrade" in told.value.hint
    assert "app-pass" not in f"{told.value.message}{told.value.hint}"

    with open_state(StoreSettings(url=postgresql_url)) as state:
        state.maintenance.upgrade()
    postgresql_server.run(grants.format(_schema(), role), database=database)
    handed: list[JobId] = []
    with working(queue, handed.append):
        queue.enqueue(ONE)
        eventually(lambda: handed == [ONE])
    queue.revive()


def test_there_is_none_on_one_machine() -> None:
    """SQLite has no queue: the worker looks for itself."""
    assert open_queue(StoreSettings(url="sqlite:///couponhub.db")) is None
