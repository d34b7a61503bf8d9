"""The client as coroutines use it: over the threads and the HTTP of the other one."""

from collections.abc import AsyncIterator, Iterable
from types import TracebackType
from typing import Self

from couponhub.client.client import Client
from couponhub.models import CouponQuery, Customer, LookupAnswer, Strategy
from couponhub.rooted import Rooted
from couponhub.secret import Secret
from couponhub.thread_bridge import Awaited, ThreadBridge


class AsyncClient(Rooted):
    """Asks a running `couponhub serve`, for asyncio; use it as an asynchronous context manager, or await `close`.

        async with AsyncClient("https://coupons.example.com", token=token) as client:
            answer = await client.lookup(Customer(mobile="919876543210"))

    It asks as `Client` does, with the same arguments, answers and errors, on threads of its own, at most 64 at once.
    Cancelling a task ends its waiting only: the server answers all the same, and remembers what it found.

    Args:
        url: The server's address, with the path that a proxy puts before `/v1`; https, or http to this machine.
        token: A bearer token; None for a server on this machine that asks for none.
        timeout: Seconds an answer may take in all, at most a day; has to be above every deadline that is asked for.
        ca_bundle: Path of a PEM file to trust instead of the public authorities.

    Raises:
        ConfigError: The address is refused.
        UsageError: Something is no text, or no number of seconds.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str | Secret | None = None,
        timeout: float = 30.0,
        ca_bundle: str | None = None,
    ) -> None:
        self._client = Client(url, token=token, timeout=timeout, ca_bundle=ca_bundle)
        self.bridge = ThreadBridge("couponhub-client")

    def _title(self) -> str:
        return self._client._title()  # noqa: SLF001 - what this one stands before

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def behind(self) -> Client:
        """Return the client whose methods block."""
        return self._client

    lookup = Awaited(Client.lookup)
    connections = Awaited(Client.connections)

    def lookup_many(
        self,
        customers: Customer | Iterable[Customer],
        query: CouponQuery | None = None,
        *,
        connections: str | Iterable[str] | None = None,
        strategy: Strategy | str = Strategy.MERGE,
        deadline: float | None = None,
        raw: bool = False,
    ) -> AsyncIterator[LookupAnswer]:
        """Iterate over the answers about many customers, in their order; see `Client.lookup_many`.

        They are asked for some at a time as the answers are consumed, so that there may be any number.

        Args:
            customers: Whom to ask about. They are taken on another thread.
            query: Which coupons are meant; all by default.
            connections: Whom to ask, in this order; the server's config by default.
            strategy: As of `lookup`.
            deadline: Seconds for each answer; the server's config by default.
            raw: Whether the vendors' own objects come too, which takes the scope `codes:reveal`.

        Raises:
            UsageError: Something is none of what it may be; for customers, when their turn comes.
            CouponhubError: While iterating, as of `Client.lookup_many`.
        """
        answers = self._client.lookup_many(
            customers,
            query,
            connections=connections,
            strategy=strategy,
            deadline=deadline,
            raw=raw,
        )
        return self.bridge.each(lambda: answers)

    async def close(self) -> None:
        """Close the pooled network connections."""
        await self.bridge.run(self._client.close)
        self.bridge.close()
