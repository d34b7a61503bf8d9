"""Speaks to a running `couponhub serve`, in threads and in coroutines."""

from typing import TYPE_CHECKING

from couponhub._lazy import lazy_exports

if TYPE_CHECKING:
    from couponhub.client.async_client import AsyncClient
    from couponhub.client.client import Client
    from couponhub.models.connections import ServedConnection

# Most programs have no event loop, and asyncio takes longer to import than the rest.
_HOMES = {
    "AsyncClient": "couponhub.client.async_client",
    "Client": "couponhub.client.client",
    "ServedConnection": "couponhub.models.connections",
}

__all__ = ["AsyncClient", "Client", "ServedConnection"]

__getattr__ = lazy_exports(__name__, _HOMES)


def __dir__() -> list[str]:
    return __all__
