"""Capillary's documented limits, under couponhub's flat names."""

from types import MappingProxyType

from couponhub import plugin
from couponhub.protocols import Limits

# "Rate limits": 100 calls a minute per key on the demo clusters, set per brand elsewhere. "Upload Coupons
# (Batch)": at most 500,000 rows per file are recommended.
CALLS = "calls"
"""The budget of all operations: Capillary counts per API key, not per operation (C-8)."""

DOCUMENTED_LIMITS: Limits = MappingProxyType({f"{CALLS}_per_minute": 100, "file_rows": 500_000})


def effective_limits(overrides: Limits) -> Limits:
    """The documented limits with a connection's own figures in their place; see `plugin.effective_limits`."""
    return plugin.effective_limits(DOCUMENTED_LIMITS, overrides, vendor="Capillary")
