"""The hub as coroutines use it: lookups wait without a thread, all else is done on threads beside the event loop."""

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import aclosing
from functools import partial
from types import TracebackType
from typing import Self

from couponhub.async_hub.connection import AsyncConnection, AsyncExports, AsyncJobs, AsyncMigrations
from couponhub.config import Config, load_config
from couponhub.hub import CouponHub, begin_lookup, begin_many
from couponhub.lookup import Question
from couponhub.lookup.async_fanout import Alarms, AsyncFanOut, lookup_many_async
from couponhub.models import CouponQuery, Customer, LookupAnswer, Strategy
from couponhub.models.given import given_id, given_ids
from couponhub.registry import Registry
from couponhub.rooted import Rooted
from couponhub.thread_bridge import Awaited, ThreadBridge
from couponhub.transport.observing import Observer


class AsyncCouponHub(Rooted):
    """All configured connections, for asyncio; use it as an asynchronous context manager, or await `close`.

        async with AsyncCouponHub.from_config() as hub:
            answer = await hub.lookup(Customer(mobile="919876543210"))
            async for coupon_list in hub["engage"].lists.iterate(status="active"):
                print(coupon_list.name)

    It asks as `CouponHub` does, with the same arguments, answers and errors. Of a lookup nothing waits on a thread but the
    calls to vendors, of which each connection makes a bounded number at once. Whatever else blocks (uploads, lists, the
    state) is done on threads of its own, at most 64 at once, so that the event loop never waits.

    Cancelling a task ends its waiting only: a vendor that is being asked answers all the same, and the answer is
    remembered for whoever asks next; an upload that has begun goes on.

    Args:
        config: A checked configuration.
        observer: Is told of each call to a vendor, on the thread that makes it; nobody by default.

    Raises:
        UsageError: As every method: an argument is nothing of what it may be; nothing was asked of anybody.
    """

    def __init__(self, config: Config, *, observer: Observer | None = None) -> None:
        self._hub = CouponHub(config, observer=observer)
        self.bridge = ThreadBridge("couponhub-async")
        self._last_alarms: Alarms | None = None
        self.config = self._hub.config
        self.jobs = AsyncJobs(self.bridge, lambda: self._hub.jobs)
        self.migrations = AsyncMigrations(self.bridge, lambda: self._hub.migrations)
        self.exports = AsyncExports(self.bridge, lambda: self._hub.exports)

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

        It is read at once, on the thread that asks: do it before the event loop has work.

        Raises:
            ConfigError: The file is missing or has faults; all of them are named.
        """
        return cls(load_config(path, environment=environment, registry=registry), observer=observer)

    def behind(self) -> CouponHub:
        """Return the hub whose methods block."""
        return self._hub

    def _title(self) -> str:
        return self._hub._title()  # noqa: SLF001 - what this one stands before

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def __iter__(self) -> Iterator[str]:
        return iter(self._hub)

    def __getitem__(self, name: str) -> AsyncConnection:
        """Return the connection of that name; it is opened when it is first used.

        Raises:
            UnknownConnection: None of that name is configured.
        """
        configured = self.config.connection(given_id(name, "the connection's name"))
        return AsyncConnection(configured, self.bridge, lambda: self._hub[name])

    async def lookup(
        self,
        customer: Customer,
        query: CouponQuery | None = None,
        *,
        connections: str | Iterable[str] | None = None,
        deadline: float | None = None,
        strategy: Strategy | str = Strategy.MERGE,
    ) -> LookupAnswer:
        """Return the coupons that a customer holds, of every connection at once; see `CouponHub.lookup`.

        Args:
            customer: Whom to ask about.
            query: Which coupons are meant; all by default.
            connections: Whom to ask, in this order; by default the config's `[lookup]`, the preferred ones first.
            deadline: Seconds for the whole answer; the config's by default.
            strategy: "merge" asks all at once; "first-found" one after the other, until one has found coupons;
                "compare" asks all, two or more, and counts how they differ.

        Raises:
            UsageError: As of `CouponHub.lookup`.
            NotFound: The one connection asked has no list of that id.
        """
        names = None if connections is None else given_ids(connections, "connections")
        begin = partial(
            begin_lookup,
            self._hub,
            customer,
            query,
            connections=names,
            deadline=deadline,
            strategy=strategy,
        )
        begun = begin() if self._is_open(names) else await self.bridge.run(begin)
        if not isinstance(begun, Question):
            return begun
        return await AsyncFanOut(begun, customer, self.bridge.start, self._alarms()).run_async()

    def lookup_many(
        self,
        customers: Customer | Iterable[Customer],
        query: CouponQuery | None = None,
        *,
        connections: str | Iterable[str] | None = None,
        deadline: float | None = None,
        strategy: Strategy | str = Strategy.MERGE,
        at_once: int = 16,
    ) -> AsyncIterator[LookupAnswer]:
        """Iterate over the answers about many customers, in their order; see `CouponHub.lookup_many`.

        Args:
            customers: Whom to ask about; any length. They are taken on the thread of the event loop.
            query: Which coupons are meant; all by default.
            connections: Whom to ask, in this order; by default the config's `[lookup]`, the preferred ones first.
            deadline: Seconds for each answer; the config's by default.
            strategy: As of `lookup`.
            at_once: How many customers may be under way, at most 1000.

        Raises:
            UsageError: As of `CouponHub.lookup_many`.
            NotFound: The one connection asked has no list of that id.
        """
        names = None if connections is None else given_ids(connections, "connections")
        people, ask = begin_many(
            self._hub,
            customers,
            query,
            connections=names,
            deadline=deadline,
            strategy=strategy,
            at_once=at_once,
        )
        return self._many(people, ask, names, at_once)

    async def _many(
        self,
        people: Iterator[Customer],
        ask: Callable[[], Question],
        names: Iterable[str] | None,
        at_once: int,
    ) -> AsyncGenerator[LookupAnswer]:
        question = ask() if self._is_open(names) else await self.bridge.run(ask)
        many = lookup_many_async(
            question, people, at_once=at_once, beside=self.bridge.start, alarms=self._alarms()
        )
        async with aclosing(many) as answers:
            async for answer in answers:
                yield answer

    connections = Awaited(CouponHub.connections)
    explain = Awaited(CouponHub.explain)
    forget = Awaited(CouponHub.forget)

    async def close(self) -> None:
        """Close all opened connections and the store; what the hub is asked afterwards is a `UsageError`."""
        await self.bridge.run(self._hub.close)
        self.bridge.close()

    def _alarms(self) -> Alarms:
        """Those of the event loop that runs: nearly always the one that ran the last time."""
        loop, alarms = asyncio.get_running_loop(), self._last_alarms
        if alarms is None or alarms.loop is not loop:  # another thread may have a loop of its own
            alarms = self._last_alarms = Alarms(loop)
        return alarms

    def _is_open(self, names: Iterable[str] | None) -> bool:
        """Tell whether all who are asked are open already, so that asking them reads no file and imports nothing."""
        order, opened = self._hub._runtime.order, self._hub.resilience  # noqa: SLF001 - what this one stands before
        if not names and order.is_due:
            return False
        return all(name in opened for name in names or order.names)
