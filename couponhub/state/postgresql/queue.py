"""The queue of jobs on Procrastinate, in the database of the state. It needs the extra `workers`."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

from couponhub.errors import LocalError
from couponhub.forking import PerProcess
from couponhub.models import JobId
from couponhub.state.postgresql.database import PostgresqlDatabase
from couponhub.state.postgresql.faults import told_as_local
from couponhub.state.postgresql.queue_schema import make_schema, schema_name
from couponhub.state.settings import StoreSettings

if TYPE_CHECKING:
    from procrastinate import App
    from psycopg import AsyncConnection, Connection

_log = logging.getLogger(__name__)

_POOL = "couponhub queue"
_QUEUE, _TASK, _WORKER = "jobs", "drive", "couponhub"
_LOGGERS = (
    "procrastinate.manager",
    "procrastinate.utils",
    "procrastinate.worker",
    f"procrastinate.worker.{_WORKER}",
    "psycopg.pool",
)
_POLLS_EVERY = 2.0
"""Seconds between two looks for entries whose time has come; of new ones workers are told at once."""
_HEARTBEAT, _STALLED = 2.0, 15.0
"""Seconds. A worker that is taken for dead too early costs nothing: a job's own lease tells whose it is.

For that reason entries have no lock by job, either: that of a dead worker would keep others from a job that is free.
"""
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 30.0
_CONNECT_SECONDS = 5.0
_STOP_LOOKS_EVERY = 0.1


class ProcrastinateQueue:
    """A `JobQueue` in PostgreSQL: a schema of its own, in which the ids of jobs stand, and nothing else of them.

    Args:
        settings: Of the store.
    """

    def __init__(self, settings: StoreSettings) -> None:
        self._settings = settings
        self._database = PostgresqlDatabase(settings)
        self._made = PerProcess(Event)

    def enqueue(self, *job_ids: JobId, at: datetime | None = None) -> None:
        """As `JobQueue.enqueue`."""
        from procrastinate import App, SyncPsycopgConnector  # noqa: PLC0415 - an extra
        from procrastinate.exceptions import AlreadyEnqueued  # noqa: PLC0415 - the same

        self._make()
        with self._told(), App(connector=SyncPsycopgConnector(**self._arguments(_configure))).open() as app:
            for job_id in job_ids:
                entry = app.configure_task(
                    _TASK,
                    queue=_QUEUE,
                    # One that is due tomorrow keeps nobody from one that is due now.
                    queueing_lock=job_id if at is None else f"{job_id} later",
                    schedule_at=at,
                )
                with suppress(AlreadyEnqueued):
                    entry.defer(job_id=job_id)

    def work(self, drive: Callable[[JobId], object], *, at_once: int, stopping: Event) -> None:
        """As `JobQueue.work`."""
        self._make()
        pause = _FIRST_PAUSE
        while not stopping.is_set():
            try:
                with self._database.session():  # says at once what is wrong
                    pass
                with self._told():
                    _run(self._serve(drive, at_once, stopping))
                trouble = f"the queue in {self._settings.place} was lost"
            except LocalError as error:
                trouble = error.message
            if not stopping.is_set():
                _log.warning("%s; trying again in %g s", trouble, pause)
                stopping.wait(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)

    def revive(self) -> None:
        """As `JobQueue.revive`."""
        self._make()
        with self._told():
            _run(self._revive())

    async def _serve(self, drive: Callable[[JobId], object], at_once: int, stopping: Event) -> None:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(at_once, thread_name_prefix="job"))
        loop.set_exception_handler(_note)
        async with self._app().open_async() as app:

            @app.task(name=_TASK, queue=_QUEUE)
            def _(job_id: str) -> None:
                if stopping.is_set():  # fetched just before
                    self.enqueue(JobId(job_id))
                else:
                    drive(JobId(job_id))

            working = asyncio.ensure_future(
                app.run_worker_async(
                    queues=[_QUEUE],
                    name=_WORKER,
                    concurrency=at_once,
                    delete_jobs="always",
                    install_signal_handlers=False,
                    fetch_job_polling_interval=_POLLS_EVERY,
                    update_heartbeat_interval=_HEARTBEAT,
                    stalled_worker_timeout=_STALLED,
                )
            )
            while not working.done() and not stopping.is_set():
                await asyncio.wait({working}, timeout=_STOP_LOOKS_EVERY)
            working.cancel()  # ends after the jobs that are under way
            with suppress(asyncio.CancelledError):
                await working

    async def _revive(self) -> None:
        from procrastinate.exceptions import ConnectorException  # noqa: PLC0415 - an extra
        from procrastinate.jobs import Status  # noqa: PLC0415 - the same

        async with self._app().open_async() as app:
            stalled = list(await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=_STALLED))
            for entry in stalled:
                with suppress(ConnectorException):  # its worker was only slow, or somebody else was faster
                    await app.job_manager.finish_job(entry, Status.ABORTED, delete_job=True)
        left = {JobId(str(entry.task_kwargs["job_id"])) for entry in stalled}
        if left:
            await asyncio.to_thread(self.enqueue, *sorted(left))

    def _app(self) -> "App":
        from procrastinate import App, PsycopgConnector  # noqa: PLC0415 - an extra

        return App(connector=PsycopgConnector(**self._arguments(_configure_async)))

    def _arguments(self, configure: Callable[[Any], object]) -> dict[str, Any]:
        return {
            "conninfo": self._settings.conninfo(),
            "min_size": 1,
            "max_size": 4,
            "timeout": _CONNECT_SECONDS,
            "name": _POOL,
            "configure": configure,
            "kwargs": {
                "application_name": "couponhub work",
                "connect_timeout": 5,
                "keepalives_idle": 10,
                "keepalives_interval": 5,
                "keepalives_count": 3,
            },
        }

    def _make(self) -> None:
        """Have the schema, once in each process."""
        from procrastinate.schema import SchemaManager  # noqa: PLC0415 - an extra

        made = self._made.get()
        if not made.is_set():
            try:
                make_schema(self._database, _schema(), SchemaManager.get_schema())
            finally:
                self._database.close()
            made.set()
        _be_brief()

    @contextmanager
    def _told(self) -> Iterator[None]:
        from procrastinate.exceptions import ConnectorException  # noqa: PLC0415 - an extra

        with told_as_local(self._settings.place):
            try:
                yield
            except ConnectorException as error:
                raise error.__cause__ or error from None


# Given after connecting, not with it: poolers in session mode take no such words.
_PATH = "SELECT set_config('search_path', %s, false)"
_OURS = "_couponhub_queue"
"""On each connection of the pool: the log names connections without their pool."""


def _configure(connection: "Connection[Any]") -> None:
    setattr(connection, _OURS, True)
    connection.execute(_PATH, (_schema(),))
    connection.commit()


async def _configure_async(connection: "AsyncConnection[Any]") -> None:
    setattr(connection, _OURS, True)
    await connection.execute(_PATH, (_schema(),))
    await connection.commit()


def _run(work: Coroutine[Any, Any, None]) -> None:
    # psycopg waits by `select`, which the loop that Windows has by default cannot.
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        runner.run(work)


def _schema() -> str:
    from procrastinate.schema import SchemaManager  # noqa: PLC0415 - an extra

    return schema_name([path.name for path in Path(SchemaManager.get_migrations_path()).glob("*.sql")])


def _note(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log in a line what a task of the loop failed of: an entry, for one, that others had taken for a dead worker's."""
    _log.debug("the queue: %s", context.get("exception") or context.get("message"))


class _Brief(logging.Filter):
    """Keeps what Procrastinate and its pool say of a server that is away from the log: that is told in one line, here."""

    def filter(self, record: logging.LogRecord) -> bool:
        about = record.args or ()
        is_ours = record.name.startswith("procrastinate.") or any(
            each == _POOL or hasattr(each, _OURS) for each in about
        )
        return not is_ours or record.levelno < logging.WARNING


def _be_brief() -> None:
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        if not any(isinstance(one, _Brief) for one in logger.filters):
            logger.addFilter(_Brief())
