"""The object that users hold: opens connections when they are first used, and asks them together."""

import os
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from couponhub.config import Config, load_config
from couponhub.connection import Connection
from couponhub.errors import UsageError
from couponhub.lanes import Lane
from couponhub.lookup import lookup
from couponhub.models import CouponQuery, Customer, CustomerCoupons, LookupAnswer
from couponhub.plugin import ConnectionSettings, Services
from couponhub.protocols import Adapter
from couponhub.registry import Registry
from couponhub.staging import Staging, open_staging
from couponhub.store import Ledger, Quotas, Store
from couponhub.transport.observing import NoObserver, Observer
from couponhub.transport.settings import is_loopback_url
from couponhub.uploads import Uploads


class CouponHub:
    """All configured connections. Thread-safe; use it as a context manager, or call `close`.

        with CouponHub.from_config() as hub:
            for coupon_list in hub["engage"].lists.iterate(status="active"):
                print(coupon_list.name)

    Args:
        config: A checked configuration.
        observer: Is told of each call to a vendor, for metrics and traces; nobody by default.
    """

    def __init__(self, config: Config, *, observer: Observer | None = None) -> None:
        self.config = config
        self._lock = threading.Lock()
        self._open: dict[str, Connection] = {}
        self._lanes: dict[str, Lane] = {}
        self._store = Store(config.store)
        self._quotas = Quotas(config.store)
        self._services = Services(quotas=self._quotas, observer=observer or NoObserver())
        self._staging: Staging | None = None

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
                    settle=configured.settings.settle,
                )
            return self._open[name]

    def lookup(
        self,
        customer: Customer,
        query: CouponQuery | None = None,
        *,
        connections: Iterable[str] | None = None,
        deadline: float | None = None,
    ) -> LookupAnswer:
        """Which coupons a customer holds, at every connection at once.

        Args:
            customer: Whom to ask about.
            query: Which coupons are meant; all by default.
            connections: Whom to ask, in this order; the config's `[lookup]` by default.
            deadline: Seconds for the whole answer; the config's by default.

        Raises:
            UsageError: No connection is configured, or a vendor's own number (id, list, store) is used
                while several connections would be asked.
            NotFound: The one connection asked has no list of that id.
        """
        query = query or CouponQuery()
        names = tuple(dict.fromkeys(connections or self.config.lookup.connections or self.config.connections))
        if not names:
            raise UsageError("no connection is configured, so nobody can be asked")
        if len(names) > 1 and (customer.id or query.list_id or query.store_id):
            raise UsageError(
                "id, list and store are a vendor's own numbers and need exactly one connection",
                hint="name it with --connection",
            )
        seconds = self.config.lookup.deadline if deadline is None else deadline
        if not 0 < seconds <= threading.TIMEOUT_MAX:
            raise UsageError(
                f"the deadline must be a number of seconds above 0, at most {threading.TIMEOUT_MAX:g}"
            )
        return lookup([self._lane(self[name]) for name in names], customer, query, seconds)

    def _lane(self, connection: Connection) -> Lane:
        def ask(customer: Customer, query: CouponQuery, deadline: float) -> CustomerCoupons:
            return connection.customers.coupons(customer, query, deadline=deadline)

        with self._lock:
            return self._lanes.setdefault(connection.name, Lane(connection.name, ask))

    def _uploads(self, name: str, adapter: Adapter, settings: ConnectionSettings) -> Uploads:
        return Uploads(
            name,
            adapter,
            ledger=lambda: Ledger(self._store, name),
            staging=self._shared_staging,
            settle=settings.settle,
            vendor_is_loopback=is_loopback_url(settings.base_url or ""),
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
        with self._lock, ExitStack() as closing:
            closing.callback(self._quotas.close)
            closing.callback(self._store.close)
            for connection in self._open.values():
                closing.callback(connection.close)
            self._open.clear()
