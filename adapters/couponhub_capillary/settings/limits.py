"""Capillary's documented limits, under couponhub's flat names."""

from types import MappingProxyType

from couponhub import plugin
from couponhub.protocols import Limits

CALLS = "calls"
"""The budget of all operations: Capillary counts per API key, not per operation (C-8)."""

_PER_MINUTE = f"{CALLS}_per_minute"
# "Rate limits": 100 calls a minute per key on the demo clusters. Elsewhere they are set per brand, and printed
# nowhere; a guess would refuse what the vendor answers. "Upload Coupons (Batch)": at most 500,000 rows a file.
_DEMO_CALLS = 100
DOCUMENTED_LIMITS: Limits = MappingProxyType({_PER_MINUTE: 0, "file_rows": 500_000})


def effective_limits(overrides: Limits, *, is_demo: bool) -> Limits:
    """The documented limits with a connection's own figures in their place; see `plugin.effective_limits`.

    Args:
        overrides: The connection's own.
        is_demo: Whether it is an account on a demo cluster, the one kind for which a rate is documented.
    """
    documented = {**DOCUMENTED_LIMITS, _PER_MINUTE: _DEMO_CALLS} if is_demo else DOCUMENTED_LIMITS
    return plugin.effective_limits(documented, overrides, vendor="Capillary")
