"""The hub for asyncio: the same questions, awaited, over the threads that the hub has."""

from couponhub.async_hub.connection import (
    AsyncConnection,
    AsyncCoupons,
    AsyncCustomers,
    AsyncJobs,
    AsyncLists,
    AsyncMigrations,
    AsyncUploads,
    AsyncUsage,
)
from couponhub.async_hub.hub import AsyncCouponHub

__all__ = [
    "AsyncConnection",
    "AsyncCouponHub",
    "AsyncCoupons",
    "AsyncCustomers",
    "AsyncJobs",
    "AsyncLists",
    "AsyncMigrations",
    "AsyncUploads",
    "AsyncUsage",
]
