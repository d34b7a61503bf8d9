"""Corner shop's endpoints, one method each, over couponhub's transport."""

from collections.abc import Mapping, Sequence
from functools import partial

from couponhub.clock import Deadline
from couponhub.secret import Secret
from couponhub.transport import Headers, Transport
from couponhub_cornershop import wire
from couponhub_cornershop.settings import CornerShopSettings
from couponhub_cornershop.wire import ReplyReader, Rows, WireHoldings, WireList


class ShopKey:
    """Signs with a bare key in a header of Corner shop's own. Fulfils `Auth`."""

    def __init__(self, key: Secret) -> None:
        self._key = key

    def sign(self, headers: Headers, _: Deadline, /) -> object:
        """Add the key."""
        headers["X-Shop-Key"] = self._key.reveal()
        return None

    def renew(self, used: object) -> bool:  # noqa: ARG002 - a fixed key has no successor
        """Answer False: there is nothing to renew."""
        return False


class CornerShopClient:
    """Speaks to one shop. Thread-safe. Every method may raise `VendorError`; opening one calls nobody."""

    def __init__(self, connection: str, settings: CornerShopSettings) -> None:
        self._replies = ReplyReader()
        self._transport = Transport(
            connection=connection,
            base_url=settings.base_url,
            auth=ShopKey(settings.key),
            settings=settings.transport(),
        )

    def close(self) -> None:
        """Close the pooled connections."""
        self._transport.close()

    def fetch_lists(self, *, deadline: Deadline | None = None) -> Rows[WireList]:
        """All lists."""
        return self._transport.call(wire.lists_request(), self._replies.lists, deadline=deadline)

    def fetch_list(self, list_id: str, *, deadline: Deadline | None = None) -> WireList:
        """One list."""
        read = partial(self._replies.list, list_id=list_id)
        return self._transport.call(wire.list_request(list_id), read, deadline=deadline)

    def fetch_holdings(self, email: str, *, deadline: Deadline | None = None) -> WireHoldings:
        """What a customer holds."""
        return self._transport.call(wire.holdings_request(email), self._replies.holdings, deadline=deadline)

    def call(self, method: str, path: str, query: Mapping[str, str | Sequence[str]], body: object) -> object:
        """Call an endpoint that has no method here; None for an empty answer."""
        return self._transport.call(wire.any_request(method, path, query, body), self._replies.anything)
