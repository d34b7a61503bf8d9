"""The object that users hold: opens connections when they are first used, and asks them together."""

import os
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from types import MappingProxyType, TracebackType
from typing import Self

from couponhub.config import Config, load_config
from couponhub.connection import Connection
from couponhub.errors import UsageError
from couponhub.explaining import Explainer, Explanation, Recorder
from couponhub.forgetting.report import Forgotten
from couponhub.forgetting.watching import Watch
from couponhub.forking import PerProcess, ProcessLock
from couponhub.lanes import Lane, LaneSettings, PlainLane
from couponhub.lookup import Asking, Question, Recalling, lookup_many, needs_one_connection
from couponhub.models import CouponQuery, Customer, CustomerCoupons, LookupAnswer, Strategy
from couponhub.plugin import ConnectionSettings, Services
from couponhub.protocols import Adapter
from couponhub.registry import Registry
from couponhub.staging import Staging, open_staging
from couponhub.store import Callbacks, Erasures, Ledger, Quotas, Store
from couponhub.transport.observing import NoObserver, Observer
from couponhub.transport.peeking import size_of
from couponhub.transport.settings import is_loopback_url
from couponhub.uploads import Doorbell, Uploads
from couponhub.usage import UsageIndex


class CouponHub:
    """All configured connections. Thread-safe; use it as a context manager, or call `close`.

    A process that is forked off may use its parent's hub, and connections that were taken from it: it has sockets,
    threads and databases of its own, and remembers answers for itself. Whoever forks, each closes its own.

        with CouponHub.from_config() as hub:
            for coupon_list in hub["engage"].lists.iterate(status="active"):
                print(coupon_list.name)

    Args:
        config: A checked configuration.
        observer: Is told of each call to a vendor, for metrics and traces; nobody by default.
    """

    def __init__(self, config: Config, *, observer: Observer | None = None) -> None:
        self.config = config
        self._lock = ProcessLock()  # of what is opened once
        self._open: dict[str, Connection] = {}
        self._store = Store(config.store)
        self._quotas = Quotas(config.store)
        self._services = Services(quotas=self._quotas, observer=observer or NoObserver())
        self._staging: Staging | None = None
        self._usage = UsageIndex(config.store)
        self._own = PerProcess(lambda: _Awake(Watch(Erasures(config.store), self._forget_all)))

    @classmethod
    def from_config(
        cls,
        path: str | os.PathLike[str] | None = None,
        *,
        environment: Mapping[str, str] | None = None,
        registry: Registry | None = None,
        observer: Observer | None = None,
    ) -> Self:
        """Read the config file at `path`, or where `couponhub --help` says it is looked for.

        Raises:
            ConfigError: The file is missing or has faults; all of them are named.
        """
        return cls(load_config(path, environment=environment, registry=registry), observer=observer)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[str]:
        return iter(self.config.connections)

    def __getitem__(self, name: str) -> Connection:
        """The connection of that name, opened when first asked for.

        Raises:
            UnknownConnection: None of that name is configured.
            ConfigError: The adapter refuses its settings.
        """
        configured = self.config.connection(name)
        with self._lock:
            if name not in self._open:
                adapter = configured.plugin.open(name, configured.settings, self._services)
                self._open[name] = Connection(
                    name=name,
                    vendor=configured.plugin.title,
                    adapter_name=configured.plugin.name,
                    adapter=adapter,
                    uploads=self._uploads(name, adapter, configured.settings),
                    index=self._usage,
                    ledger=lambda: Ledger(self._store, name),
                    settle=configured.settings.settle,
                )
            return self._open[name]

    @property
    def lanes(self) -> Mapping[str, Lane]:
        """The ways to the connections that lookups have asked so far, by name; read-only, of this moment."""
        return MappingProxyType(self._own.get().lanes.copy())

    def lookup(
        self,
        customer: Customer,
        query: CouponQuery | None = None,
        *,
        connections: Iterable[str] | None = None,
        deadline: float | None = None,
        strategy: Strategy | str = Strategy.MERGE,
    ) -> LookupAnswer:
        """Which coupons a customer holds, at every connection at once.

        Args:
            customer: Whom to ask about.
            query: Which coupons are meant; all by default.
            connections: Whom to ask, in this order; the config's `[lookup]` by default.
            deadline: Seconds for the whole answer; the config's by default.
            strategy: "merge" asks all at once; "first-found" one after the other, until one has found coupons.

        Raises:
            UsageError: No connection is configured, the customer's mobile or e-mail address cannot be one, or a
                vendor's own number (id, list, store) is used while several connections would be asked.
            NotFound: The one connection asked has no list of that id.
        """
        names = None if connections is None else tuple(dict.fromkeys(connections))
        query, seconds = query or CouponQuery(), self._seconds(deadline)
        key = (customer, query, names, strategy)
        recalling = self._own.get().recalling
        recalled = recalling.answer(key)
        if recalled is not None:
            return recalled
        question = self._question(query, names, seconds, strategy)
        return recalling.conclude(key, question, customer) or Asking(question, customer).run()

    def lookup_many(
        self,
        customers: Iterable[Customer],
        query: CouponQuery | None = None,
        *,
        connections: Iterable[str] | None = None,
        deadline: float | None = None,
        strategy: Strategy | str = Strategy.MERGE,
        at_once: int = 16,
    ) -> Iterator[LookupAnswer]:
        """Which coupons many customers hold: their answers in their order, as they are there.

        Customers are taken as answers are consumed, at most `at_once` ahead. A spent rate limit is answered as in
        a single lookup, `unknown` for `rate_limited`: whoever asks decides when to come back for those customers.

        Args:
            customers: Whom to ask about; any length. An error they raise comes after the answers to those before.
            query: Which coupons are meant; all by default.
            connections: Whom to ask, in this order; the config's `[lookup]` by default.
            deadline: Seconds for each answer; the config's by default.
            strategy: As of `lookup`.
            at_once: How many customers may be under way.

        Raises:
            UsageError: As of `lookup`, except for what is wrong with one customer only: its answer is `unknown`
                everywhere, with that error.
            NotFound: While iterating: the one connection asked has no list of that id.
        """
        if at_once < 1:
            raise UsageError("at least one customer must be asked about at once")
        question = self._question(query, connections, deadline, strategy)
        return lookup_many(question, customers, at_once=at_once)

    def explain(
        self,
        about: Customer | str,
        *,
        connections: Iterable[str] | None = None,
        deadline: float = 30.0,
    ) -> Explanation:
        """Why a lookup says what it says: the vendors are asked anew, and nothing that was remembered is used.

        Args:
            about: A customer, or a code.
            connections: Whom to ask, in this order; the config's `[lookup]` by default.
            deadline: Seconds for the answer about a customer.

        Raises:
            UsageError: As of `lookup`, or the code is blank.
        """
        if isinstance(about, str) and not about.strip():
            raise UsageError("the code is blank")
        names = self._names(connections)
        recorder = Recorder(self._services.observer)
        # Another hub remembers nothing of what this one does, and tells the recorder of every call.
        with CouponHub(self.config, observer=recorder) as fresh:
            explainer = Explainer(
                connections={name: fresh[name] for name in names},
                recorder=recorder,
                ledger=lambda name: Ledger(fresh._store, name),
                reports=fresh._usage.explain,
            )
            if isinstance(about, str):
                return explainer.code(about)
            return explainer.customer(
                about, lambda customer: fresh.lookup(customer, connections=names, deadline=deadline)
            )

    def forget(self, customers: Iterable[Customer]) -> Forgotten:
        """Remove people from all that is kept on this machine; vendors keep what they keep.

        Args:
            customers: The people, each once under every identifier that is known of them.

        Raises:
            UsageError: Nobody is named.
            LocalError: Something could not be removed; repeat it then.
        """
        from couponhub.forgetting.erasing import Eraser  # noqa: PLC0415 - few ask for it

        eraser = Eraser(
            store=self._store,
            erasures=Erasures(self.config.store),
            staging=self.config.staging,
            usage=self._usage,
            drop_memories=self._forget_all,
            vendors=[*dict.fromkeys(one.plugin.title for one in self.config.connections.values())],
        )
        return eraser.forget(customers)

    def _forget_all(self) -> None:
        own = self._own.get()
        for forget in (*(lane.forget_all for lane in own.lanes.copy().values()), own.recalling.forget_all):
            forget()

    def _names(self, connections: Iterable[str] | None) -> tuple[str, ...]:
        """Whom to ask, each once."""
        names = tuple(dict.fromkeys(connections or self.config.lookup.connections or self.config.connections))
        if not names:
            raise UsageError("no connection is configured, so nobody can be asked")
        return names

    def _question(
        self,
        query: CouponQuery | None,
        connections: Iterable[str] | None,
        deadline: float | None,
        strategy: Strategy | str,
    ) -> Question:
        query = query or CouponQuery()
        names = self._names(connections)
        if len(names) > 1 and (query.list_id or query.store_id):
            raise needs_one_connection()
        seconds = self._seconds(deadline)
        try:
            asks = Strategy(strategy)
        except ValueError:
            raise UsageError(f"the strategy is one of {', '.join(Strategy)}") from None
        asked = [self[name] for name in names]
        return Question(
            lanes=[self._lane(connection) for connection in asked],
            query=query,
            deadline=seconds,
            strategy=asks,
            identifiers={connection.name: connection.customers.identifiers for connection in asked},
        )

    def _seconds(self, deadline: float | None) -> float:
        seconds = self.config.lookup.deadline if deadline is None else deadline
        if not 0 < seconds <= threading.TIMEOUT_MAX:
            raise UsageError(
                f"the deadline must be a number of seconds above 0, at most {threading.TIMEOUT_MAX:g}"
            )
        return seconds

    def _lane(self, connection: Connection) -> Lane:
        own = self._own.get()
        with own.lock:
            if connection.name not in own.lanes:
                own.lanes[connection.name] = self._new_lane(connection, own.watch)
            return own.lanes[connection.name]

    def _new_lane(self, connection: Connection, watch: Watch) -> Lane:
        def ask(customer: Customer, query: CouponQuery, deadline: float) -> CustomerCoupons:
            return connection.customers.coupons(customer, query, deadline=deadline)

        if "customers.coupons" not in connection.capabilities:
            return PlainLane(connection.name, ask)
        watch.start()  # before there is anything that could have to be forgotten
        lookup = self.config.lookup
        settings = LaneSettings(
            cache_ttl=lookup.cache_ttl,
            negative_ttl=lookup.negative_ttl,
            stale_if_error=lookup.stale_if_error,
        )
        return Lane(
            connection.name,
            ask,
            check=lambda seconds: connection.check(deadline=seconds),
            settings=settings,
        )

    def _uploads(self, name: str, adapter: Adapter, settings: ConnectionSettings) -> Uploads:
        is_loopback = is_loopback_url(settings.base_url or "")
        public_url = self.config.server.public_url
        if public_url is not None and is_loopback_url(public_url) and not is_loopback:
            public_url = None  # the vendor could not reach it
        return Uploads(
            name,
            adapter,
            ledger=lambda: Ledger(self._store, name),
            staging=self._shared_staging,
            settle=settings.settle,
            vendor_is_loopback=is_loopback,
            doorbell=Doorbell(callbacks=lambda: Callbacks(self._store), public_url=public_url),
            size_of=lambda file: size_of(file, settings.transport()),
        )

    def _shared_staging(self) -> Staging:
        # One for all connections: its server has one address.
        with self._lock:
            if self._staging is None:
                self._staging = open_staging(self.config.staging)
            return self._staging

    def close(self) -> None:
        """Close all opened connections and the store; the hub may not be used afterwards.

        One that fails keeps none of the others open; its error is raised when all are closed.
        """
        own = self._own.get()
        with self._lock, own.lock, ExitStack() as closing:
            closing.callback(self._quotas.close)
            closing.callback(self._store.close)
            closing.callback(self._usage.close)
            for connection in self._open.values():
                closing.callback(connection.close)
            for lane in own.lanes.values():
                closing.callback(lane.close)
            closing.callback(own.watch.close)
            self._open.clear()
            own.lanes.clear()


class _Awake:
    """What runs in a hub, and what is remembered by it: each process has its own."""

    def __init__(self, watch: Watch) -> None:
        self.lock = threading.Lock()
        self.lanes: dict[str, Lane] = {}
        self.recalling = Recalling()
        self.watch = watch
