"""The parts of a hub: its state, its connections and the ways to them, opened when they are first used."""

import logging
import threading
from contextlib import AbstractContextManager, ExitStack, suppress
from typing import TYPE_CHECKING, TypeVar

import attrs

from couponhub._version import installed_version
from couponhub.auditing import Auditor
from couponhub.clock import SYSTEM_CLOCK, Clock, Deadline
from couponhub.config import Config
from couponhub.connection import Connection
from couponhub.connection.customers import asking
from couponhub.erasure.watching import Watch
from couponhub.errors import ConfigError, LocalError, UsageError
from couponhub.forking import PerProcess, ProcessLock
from couponhub.holdings.export_work import KIND as EXPORT
from couponhub.holdings.exports import HubExports, export_work
from couponhub.jobs import HELP, HubJobs, Offers, OpenWork, Work, help_work, job_of
from couponhub.lookup import AnswerMemo, AskingOrder, Question
from couponhub.migration import MIGRATION, SHADOW, Migrations, migration_work, shadow_run_work
from couponhub.models import CouponQuery, Job, JobId, Strategy, Upload
from couponhub.plugin import Services
from couponhub.resilience import DirectClient, LookupClient, ResilientClient
from couponhub.settings import plain_http_warnings
from couponhub.staging import Staging, open_staging
from couponhub.state import (
    InvalidationSignal,
    PartProbe,
    Quotas,
    SharedLookups,
    open_queue,
    open_shared,
    open_state,
)
from couponhub.state.invalidation import JoinedSignal
from couponhub.transport.observing import Observer
from couponhub.uploads import UPLOAD, open_uploads, work_of
from couponhub.usage import UsageIndex
from couponhub.webhooks import WEBHOOK, WebhookWork, webhook_followers, webhook_work

if TYPE_CHECKING:
    from couponhub.migration.planning import Planner
    from couponhub.state import JobRecord, PartProbe

T = TypeVar("T")

_log = logging.getLogger(__name__)


class Runtime:
    """The parts of one hub, wired together. Thread-safe.

    Args:
        config: What is configured.
        observer: Is told of each call to a vendor.

    Attributes:
        state: What is durable.
        shared: What machines share beside it; None where nothing is.
        services: What adapters are given.
        auditor: Writes down who does what.
        order: Whom lookups ask that name nobody.
        usage: The index of usage reports.
        jobs: What goes on beyond the call that began it.
        exports: The exports of customers among those.
        migrations: The migrations among those.
    """

    def __init__(self, config: Config, observer: Observer) -> None:
        self._config = config
        self._lock = ProcessLock()  # of what is opened once
        self._open: dict[str, Connection] = {}
        self._closed = False
        self.state = open_state(config.store, config.shared, followers=webhook_followers(config.webhooks))
        self.auditor = Auditor(lambda: self._living(self.state).audit)
        self.shared = open_shared(config.shared, self.state)
        self.quotas = (
            Quotas(self.state.quotas)
            if self.shared is None
            else Quotas(self.shared.quotas, writes=self.shared.write_quotas)
        )
        self.services = Services(budget=self.quotas.of, observer=observer, clock=SYSTEM_CLOCK)
        self.order = AskingOrder(
            config.lookup.connections or config.connections,
            config.lookup.prefer,
            self.state.preference,
            clock=self.services.clock,
        )
        self.usage = UsageIndex(self.state.reports)
        queue = open_queue(config.store)
        self._offers = Offers(
            store=lambda: self._living(self.state).jobs, queue=lambda: queue, clock=self.services.clock
        )
        asked: set[JobId] = set()
        kinds: dict[str, OpenWork] = {
            UPLOAD: lambda job, timeout: work_of(self.connection(job.connection).uploads, job, timeout),
            EXPORT: lambda job, timeout: export_work(
                self.connection(job.connection),
                self.state,
                job,
                Deadline.after(timeout, self.services.clock),
                asked,
            ),
            MIGRATION: lambda job, timeout: migration_work(self.migrations, job, timeout),
            SHADOW: lambda job, timeout: shadow_run_work(self.migrations, job, timeout),
            HELP: lambda job, timeout: help_work(
                job,
                self.state.jobs,
                self.state.locks,
                lambda helped: kinds[helped.kind](helped, timeout),
                self.services.clock,
            ),
            WEBHOOK: lambda _, __: webhook_work(
                WebhookWork(
                    receivers=config.webhooks,
                    job=self._known_job,
                    upload=self._known_upload,
                    clock=self.services.clock,
                )
            ),
        }
        self.jobs = HubJobs(
            lambda: self._living(self.state).jobs,
            kinds={kind: self._heeding(opens) for kind, opens in kinds.items()},
            apart=(WEBHOOK,),
            offers=self._offers,
            clock=self.services.clock,
            auditor=self.auditor,
        )
        self.migrations = Migrations(
            state=lambda: self._living(self.state),
            connection=self.connection,
            jobs=self.jobs,
            planner=self._planner,
            order=self.order,
            comparison=self._comparison,
            engine=config.sets,
            offer=self._offers.offer,
            clock=self.services.clock,
        )
        self.exports = HubExports(
            self.connection,
            self.jobs,
            state=lambda: self._living(self.state),
            offer=self._offers.offer,
            asked=asked,
        )
        self._staging: Staging | None = None
        self._own = PerProcess(lambda: _Awake(Watch(self.erasures, self.forget_all), self.services.clock))

    @property
    def erasures(self) -> InvalidationSignal:
        """The signal that people were forgotten, of the store and of what machines share beside it."""
        if self.shared is None:
            return self.state.invalidation
        return JoinedSignal((self.state.invalidation, self.shared.invalidation))

    @property
    def memo(self) -> AnswerMemo:
        """The conclusions from answers that are remembered."""
        if self._closed:
            raise _was_closed()
        return self._own.get().memo

    def connection(self, name: str) -> Connection:
        """Return the connection of that name, opened when first asked for.

        Raises:
            UnknownConnection: None of that name is configured.
            ConfigError: The adapter refuses its settings.
            UsageError: The hub was closed.
        """
        configured = self._living(self._config).connection(name)
        with self._lock:
            if name not in self._open:
                for warning in plain_http_warnings(configured.settings):
                    _log.warning("%s: %s", name, warning)
                adapter = configured.plugin.open(name, configured.settings, self.services)
                self._open[name] = Connection(
                    name=name,
                    vendor=configured.plugin.title,
                    adapter_name=configured.plugin.name,
                    adapter=adapter,
                    uploads=open_uploads(
                        name,
                        adapter,
                        configured.settings,
                        state=self.state,
                        staging=self._shared_staging,
                        let_go=self._offers.offer,
                        clock=self.services.clock,
                        public_url=self._config.server.public_url,
                        auditor=self.auditor,
                    ),
                    index=self.usage,
                    ledger=lambda: self.state.ledger(name),
                    settle=configured.settings.settle,
                    clock=self.services.clock,
                    auditor=self.auditor,
                )
            return self._open[name]

    def probes(self) -> "tuple[PartProbe, ...]":
        """Return a look at each part that is no vendor."""
        shared = () if self.shared is None else (self.shared.probe(),)
        return *self.state.probes(), *shared

    def clients(self) -> dict[str, LookupClient]:
        """Return the ways to the connections that lookups have asked so far, by name."""
        return self._own.get().clients.copy()

    def forget_all(self) -> None:
        """Drop every answer that is remembered."""
        own = self._own.get()
        for client in own.clients.copy().values():
            client.forget_all()
        own.memo.forget_all()
        with suppress(LocalError):  # the next erasure, or the next file that is fetched, does it
            self.state.drop_copies()

    def _known_job(self, job_id: JobId) -> Job | None:
        # Of the state itself: that a hub is being closed must not end what is delivered by it just now.
        record = self.state.jobs.get(job_id)
        return None if record is None else job_of(record, self.services.clock.now())

    def _known_upload(self, job: Job) -> Upload | None:
        """Return the upload of a job as it was last known; None for another job, or without its connection."""
        if job.kind != UPLOAD:
            return None
        try:
            return self.connection(job.connection).uploads.find(job.id)
        except (ConfigError, UsageError):
            return None

    def _heeding(self, opens: OpenWork) -> OpenWork:
        """Have erasures elsewhere noticed by a process that drives jobs: it may copy files that name people."""

        def opened(job: "JobRecord", timeout: float | None) -> AbstractContextManager[Work]:
            if self.state.settings.is_postgresql:
                self._own.get().watch.start()
            return opens(job, timeout)

        return opened

    def client(self, connection: Connection) -> LookupClient:
        """Return the way to a connection, made when lookups first ask it."""
        own = self._own.get()
        with own.lock:
            if connection.name not in own.clients:
                own.clients[connection.name] = self._new_client(connection, own.watch)
            return own.clients[connection.name]

    def _new_client(self, connection: Connection, watch: Watch) -> LookupClient:
        customers = connection.customers
        if "customers.coupons" not in connection.capabilities:
            return DirectClient(
                connection.name,
                lambda customer, query, deadline: customers.coupons(customer, query, deadline=deadline),
            )
        watch.start()  # before there is anything that could have to be forgotten
        settings = self._config.lookup.resilience().shared_by(len(self._config.connections))
        return ResilientClient(
            connection.name,
            asking(customers),
            unified=customers.unified,
            check=lambda seconds: connection.check(deadline=seconds),
            settings=settings,
            clock=self.services.clock,
            room=self.services.room,
            shared=self._shared_lookups(connection.name),
        )

    def _shared_lookups(self, name: str) -> SharedLookups | None:
        """Return what other processes know of a connection's lookups; None where that cannot be had."""
        if self.shared is None:
            return None
        one = self._config.connection(name)
        # Whoever reads the vendor's answers otherwise, has other ones; of the settings no secret is in this text.
        # Nor is how long one waits for the vendor, which a server bounds: that changes no answer that is kept.
        settings = attrs.evolve(one.settings, patience=1.0)
        known_by = (installed_version(), name, one.plugin.name, one.settings.account, repr(settings))
        try:
            return self.shared.lookups(repr(known_by).encode())
        except LocalError as error:
            _log.warning("%s: this machine alone remembers answers: %s", name, error)
            return None

    def _planner(self) -> "Planner":
        from couponhub.migration.planning import Planner  # noqa: PLC0415 - lookups need none of it

        return Planner(
            tuple(self._config.connections),
            self.connection,
            lambda name: self._config.connection(name).settings.account,
            self.state.ledger,
            engine=self._config.sets,
            now=self.services.clock.now,
        )

    def _comparison(self, names: tuple[str, ...]) -> Question:
        """Return the question of connections whether they know the same of a customer."""
        asked = [self.connection(name) for name in names]
        return Question(
            clients=[self.client(connection) for connection in asked],
            query=CouponQuery(),
            deadline=self._config.lookup.deadline,
            strategy=Strategy.COMPARE,
            identifiers={one.name: one.customers.identifiers for one in asked},
            ignores_case=frozenset(one.name for one in asked if one.coupons.ignores_case),
            ignores_blanks=frozenset(one.name for one in asked if one.coupons.ignores_blanks),
        )

    def _shared_staging(self) -> Staging:
        # One for all connections: its server has one address.
        with self._lock:
            if self._staging is None:
                self._staging = open_staging(self._config.staging)
            return self._staging

    def _living(self, part: T) -> T:
        """Return a part of what is open: what is opened after the end would never be closed."""
        if self._closed:
            raise _was_closed()
        return part

    def close(self) -> None:
        """Close all that was opened; the error of one that fails is raised when all are closed."""
        self._closed = True
        own = self._own.get()
        with self._lock, own.lock, ExitStack() as closing:
            closing.callback(self.state.close)
            if self.shared is not None:
                closing.callback(self.shared.close)
            for connection in self._open.values():
                closing.callback(connection.close)
            for client in own.clients.values():
                closing.callback(client.close)
            closing.callback(own.watch.close)
            self._open.clear()
            own.clients.clear()


def _was_closed() -> UsageError:
    return UsageError("the hub was closed", hint="open another one, as by CouponHub.from_config()")


class _Awake:
    """The parts that run beside the callers, and what is remembered: each process has its own."""

    def __init__(self, watch: Watch, clock: Clock) -> None:
        self.lock = threading.Lock()
        self.clients: dict[str, LookupClient] = {}
        self.memo = AnswerMemo(clock=clock)
        self.watch = watch
