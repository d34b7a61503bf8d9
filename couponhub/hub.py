"""The object that users hold: opens connections when they are first used, and asks them together."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, Self

from couponhub.config import Config, load_config
from couponhub.connection import Connection
from couponhub.erasure.report import Forgotten
from couponhub.errors import ConfigError, UsageError
from couponhub.explain import Explainer, Explanation, Recorder
from couponhub.lookup import FanOut, Question, lookup_many, needs_one_connection
from couponhub.lookup.differences import check_comparable
from couponhub.models import CouponQuery, Customer, LookupAnswer, ReportedRow, Strategy
from couponhub.models.connections import ServedConnection
from couponhub.models.given import (
    given_id,
    given_ids,
    given_many,
    given_one,
    given_seconds,
    given_whole,
    given_word,
)
from couponhub.registry import Registry
from couponhub.resilience import LookupClient
from couponhub.rooted import Rooted
from couponhub.runtime import Runtime
from couponhub.transport.observing import NoObserver, Observer
from couponhub.usage import spellings_in_reports

if TYPE_CHECKING:
    from couponhub.code_desk import CodeDesk
    from couponhub.state import PartProbe

_ALL = CouponQuery()
_MOST_AT_ONCE = 1000
"""Each takes a thread, of which no system gives a process much more."""


class CouponHub(Rooted):
    """All configured connections. Thread-safe; use it as a context manager, or call `close`.

    A process that is forked off may use its parent's hub, and connections that were taken from it: it has sockets,
    threads and databases of its own, and remembers answers for itself. Whoever forks, each closes its own.

        with CouponHub.from_config() as hub:
            for coupon_list in hub["engage"].lists.iterate(status="active"):
                print(coupon_list.name)

    Wherever several connections or customers may be named, one of them stands for itself, and none is refused.

    Args:
        config: A checked configuration.
        observer: Is told of each call to a vendor, for metrics and traces; nobody by default.

    Raises:
        UsageError: As every method: an argument is nothing of what it may be; nothing was asked of anybody.
    """

    def __init__(self, config: Config, *, observer: Observer | None = None) -> None:
        self.config = given_one(Config, config, "config", hint="CouponHub.from_config(path) reads a file")
        if observer is not None and not callable(getattr(observer, "began", None)):
            raise UsageError("the observer has no method `began`", hint="see couponhub.transport.Observer")
        self._runtime = Runtime(config, observer or NoObserver())
        self.state = self._runtime.state
        self.shared = self._runtime.shared
        self.auditor = self._runtime.auditor
        self.jobs = self._runtime.jobs
        self.migrations = self._runtime.migrations
        self.exports = self._runtime.exports

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

    def _title(self) -> str:
        connections = ", ".join(
            f"{name} ({one.plugin.name})" for name, one in self.config.connections.items()
        )
        source = "" if self.config.path is None else f" of {self.config.path}"
        return f"{source}: {connections or 'no connection'}"

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
        return self._runtime.connection(given_id(name, "the connection's name"))

    def connections(self) -> tuple[ServedConnection, ...]:
        """Return what is configured: what each connection can do, its limits, and what is left of them now.

        Nobody is called. They come in the order of the file; one that cannot be opened says why in its `error`.
        """
        return tuple(map(self._described, self))

    @property
    def codes(self) -> "CodeDesk":
        """The desk at which code files are looked at before anything is sent. No vendor is asked."""
        from couponhub.code_desk import CodeDesk  # noqa: PLC0415 - lookups need none of it

        return CodeDesk(tuple(self), self.__getitem__, self.state.ledger, engine=self.config.sets)

    @property
    def resilience(self) -> Mapping[str, LookupClient]:
        """The ways to the connections that lookups have asked so far, by name; read-only, of this moment."""
        return MappingProxyType(self._runtime.clients())

    @property
    def parts(self) -> "tuple[PartProbe, ...]":
        """The parts that this hub rests on beside the vendors, each with a look whether it can be reached; nothing is asked yet."""
        return self._runtime.probes()

    def lookup(
        self,
        customer: Customer,
        query: CouponQuery | None = None,
        *,
        connections: str | Iterable[str] | None = None,
        deadline: float | None = None,
        strategy: Strategy | str = Strategy.MERGE,
    ) -> LookupAnswer:
        """Return the coupons that a customer holds, at every connection at once.

        Args:
            customer: Whom to ask about.
            query: Which coupons are meant; all by default.
            connections: Whom to ask, in this order; by default the config's `[lookup]`, the preferred ones first.
            deadline: Seconds for the whole answer; the config's by default.
            strategy: "merge" asks all at once; "first-found" one after the other, until one has found coupons;
                "compare" asks all, two or more, for all coupons, and counts how they differ in `differences`.

        Raises:
            UsageError: No connection is configured, the customer's mobile or e-mail address cannot be one, a
                vendor's own number (id, list, store) is used while several connections would be asked, or there is
                nothing to compare.
            NotFound: The one connection asked has no list of that id.
        """
        begun = begin_lookup(
            self, customer, query, connections=connections, deadline=deadline, strategy=strategy
        )
        return FanOut(begun, customer).run() if isinstance(begun, Question) else begun

    def lookup_many(
        self,
        customers: Customer | Iterable[Customer],
        query: CouponQuery | None = None,
        *,
        connections: str | Iterable[str] | None = None,
        deadline: float | None = None,
        strategy: Strategy | str = Strategy.MERGE,
        at_once: int = 16,
    ) -> Iterator[LookupAnswer]:
        """Iterate over what many customers hold: their answers in their order, as they are there.

        Customers are taken as answers are consumed, at most `at_once` ahead. A spent rate limit is answered as in
        a single lookup, `unknown` for `rate_limited`: whoever asks decides when to come back for those customers.

        Args:
            customers: Whom to ask about; any length. An error they raise comes after the answers to those before.
            query: Which coupons are meant; all by default.
            connections: Whom to ask, in this order; by default the config's `[lookup]`, the preferred ones first.
            deadline: Seconds for each answer; the config's by default.
            strategy: As of `lookup`.
            at_once: How many customers may be under way, at most 1000.

        Raises:
            UsageError: As of `lookup`, except for what is wrong with one customer only: its answer is `unknown`
                everywhere, with that error. While iterating: what came is no `Customer`.
            NotFound: While iterating: the one connection asked has no list of that id.
        """
        people, ask = begin_many(
            self,
            customers,
            query,
            connections=connections,
            deadline=deadline,
            strategy=strategy,
            at_once=at_once,
        )
        return lookup_many(ask(), people, at_once=at_once)

    def explain(
        self,
        about: Customer | str,
        *,
        connections: str | Iterable[str] | None = None,
        deadline: float = 30.0,
    ) -> Explanation:
        """Explain why a lookup says what it says: the vendors are asked anew, and nothing that was remembered is used.

        Args:
            about: A customer, or a code.
            connections: Whom to ask, in this order; by default the config's `[lookup]`, the preferred ones first.
            deadline: Seconds for the answer about a customer.

        Raises:
            UsageError: As of `lookup`, or the code is blank.
        """
        if isinstance(about, str):
            given_id(about, "the code")
        else:
            given_one(Customer, about, "what is to be explained", hint="it may also be a code, as text")
        seconds = self._seconds(deadline)
        names = self._names(None if connections is None else given_ids(connections, "connections"))
        recorder = Recorder(self._runtime.services.observer)
        # Another hub remembers nothing of what this one does, and tells the recorder of every call.
        with CouponHub(self.config, observer=recorder) as fresh:
            explainer = Explainer(
                connections={name: fresh[name] for name in names},
                recorder=recorder,
                ledger=fresh.state.ledger,
                reports=fresh._reported,
            )
            if isinstance(about, str):
                return explainer.code(about)
            return explainer.customer(
                about, lambda customer: fresh.lookup(customer, connections=names, deadline=seconds)
            )

    def forget(self, customers: Customer | Iterable[Customer]) -> Forgotten:
        """Remove people from all that couponhub keeps; vendors keep what they keep.

        Args:
            customers: The people, each once under every identifier that is known of them.

        Raises:
            UsageError: Nobody is named.
            LocalError: Something could not be removed; repeat it then.
        """
        from couponhub.erasure.erasing import Eraser  # noqa: PLC0415 - few ask for it

        eraser = Eraser(
            state=self.state,
            signal=self._runtime.erasures,
            staging=self.config.staging,
            usage=self._runtime.usage,
            drop_memories=self._runtime.forget_all,
            spellings=self._spellings,
            vendors=[*dict.fromkeys(one.plugin.title for one in self.config.connections.values())],
        )
        return eraser.forget(list(given_many(customers, "customers", of=_customer, single=Customer)))

    def _described(self, name: str) -> ServedConnection:
        plugin = self.config.connections[name].plugin
        order = self._runtime.order
        known = partial(
            ServedConnection,
            connection=name,
            adapter=plugin.name,
            vendor=plugin.title,
            lookup_place=order.names.index(name) + 1 if name in order.names else None,
            preferred_by=order.preferred_by(name),
        )
        try:
            connection = self[name]
        except ConfigError as error:
            return known(error=error)
        able, left = connection.capabilities, connection.quota_left()
        return known(capabilities=tuple(able), limits=able.limits, left=left)

    def _spellings(self, customer: Customer) -> tuple[Customer, ...]:
        """The customer by each text under which a lookup would find them in what is kept here."""
        codes = {one.settings.country_code for one in self.config.connections.values()}
        return tuple(
            dict.fromkeys(
                spelled for code in (None, *codes) for spelled in spellings_in_reports(customer, code)
            )
        )

    def _reported(self, about: Customer | str) -> tuple[ReportedRow, ...]:
        sought = (about,) if isinstance(about, str) else self._spellings(about)
        return tuple(row for one in sought for row in self._runtime.usage.explain(one))

    def _names(self, connections: Iterable[str] | None) -> tuple[str, ...]:
        """Return whom to ask, each once."""
        names = tuple(dict.fromkeys(connections)) if connections else self._runtime.order.names
        if not names:
            raise UsageError("no connection is configured, so nobody can be asked")
        return names

    def _question(
        self, query: CouponQuery, connections: tuple[str, ...] | None, deadline: float, strategy: Strategy
    ) -> Question:
        names = self._names(connections)
        if len(names) > 1 and (query.list_id or query.store_id):
            raise needs_one_connection()
        if strategy is Strategy.COMPARE:
            check_comparable(query, asked=len(names))
        asked = [self[name] for name in names]
        return Question(
            clients=[self._runtime.client(connection) for connection in asked],
            query=query,
            deadline=deadline,
            strategy=strategy,
            identifiers={connection.name: connection.customers.identifiers for connection in asked},
            ignores_case=frozenset(one.name for one in asked if one.coupons.ignores_case),
            ignores_blanks=frozenset(one.name for one in asked if one.coupons.ignores_blanks),
        )

    def _seconds(self, deadline: float | None) -> float:
        return self.config.lookup.deadline if deadline is None else given_seconds(deadline, "the deadline")

    def close(self) -> None:
        """Close all opened connections and the store; what the hub is asked afterwards is a `UsageError`.

        One that fails keeps none of the others open; its error is raised when all are closed.
        """
        self._runtime.close()


def begin_lookup(
    hub: CouponHub,
    customer: Customer,
    query: CouponQuery | None,
    *,
    connections: str | Iterable[str] | None,
    deadline: float | None,
    strategy: Strategy | str,
) -> LookupAnswer | Question:
    """Return the answer to a lookup where it is remembered, else the question that is to be asked.

    Raises:
        UsageError: As of `CouponHub.lookup`.
    """
    customer, query = given_one(Customer, customer, "customer", hint=_NAME_THEM), _query(query)
    names = None if connections is None else given_ids(connections, "connections")
    seconds, asks = hub._seconds(deadline), given_word(Strategy, strategy, "the strategy")  # noqa: SLF001 - of this module
    runtime = hub._runtime  # noqa: SLF001 - of this module
    # The order is part of the key: what was concluded in another one is not told after a switch.
    asked = names or runtime.order.names
    key, memo = (customer, query, asked, asks), runtime.memo
    if (recalled := memo.answer(key)) is not None:
        return recalled
    question = hub._question(query, asked, seconds, asks)  # noqa: SLF001 - of this module
    return memo.conclude(key, question, customer) or question


def begin_many(
    hub: CouponHub,
    customers: Customer | Iterable[Customer],
    query: CouponQuery | None,
    *,
    connections: str | Iterable[str] | None,
    deadline: float | None,
    strategy: Strategy | str,
    at_once: int,
) -> tuple[Iterator[Customer], Callable[[], Question]]:
    """Return whom to ask about, and what makes the question about each, which opens connections.

    Raises:
        UsageError: As of `CouponHub.lookup_many`.
    """
    given_whole(at_once, "at_once", least=1, most=_MOST_AT_ONCE)
    people = given_many(customers, "customers", of=_customer, single=Customer)
    names = None if connections is None else given_ids(connections, "connections")
    asks, meant = given_word(Strategy, strategy, "the strategy"), _query(query)
    seconds = hub._seconds(deadline)  # noqa: SLF001 - of this module
    return people, lambda: hub._question(meant, names, seconds, asks)  # noqa: SLF001 - of this module


_NAME_THEM = 'name them by a kind of identifier, as in Customer(mobile="...")'


def _customer(value: object, _: str) -> Customer:
    return given_one(Customer, value, "each of the customers", hint=_NAME_THEM)


def _query(value: CouponQuery | None) -> CouponQuery:
    hint = "as in CouponQuery(status=...)"
    return _ALL if value is None else given_one(CouponQuery, value, "query", hint=hint)
