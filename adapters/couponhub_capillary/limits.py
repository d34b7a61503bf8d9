"""Capillary's documented limits, under couponhub's flat names."""

from collections.abc import Mapping
from types import MappingProxyType

from couponhub.errors import ConfigError

# "Rate limits": 100 calls a minute per key on the demo clusters, set per brand elsewhere. "Upload Coupons
# (Batch)": at most 500,000 rows per file are recommended.
CALLS = "calls"
"""The budget of all operations: Capillary counts per API key, not per operation (C-8)."""

DOCUMENTED_LIMITS: Mapping[str, int] = MappingProxyType({f"{CALLS}_per_minute": 100, "file_rows": 500_000})


def effective_limits(overrides: Mapping[str, int]) -> Mapping[str, int]:
    """The documented limits with a connection's own figures in their place; 0 stands for "none".

    Raises:
        ConfigError: An override names no limit of Capillary's, or is below 0.
    """
    unknown = sorted(set(overrides) - set(DOCUMENTED_LIMITS))
    if unknown:
        raise ConfigError(
            f"limits: Capillary has no limit named {', '.join(unknown)}",
            hint=f"known are: {', '.join(DOCUMENTED_LIMITS)}",
        )
    negative = sorted(name for name, figure in overrides.items() if figure < 0)
    if negative:
        raise ConfigError(f"limits: {', '.join(negative)} must not be below 0", hint="0 turns a limit off")
    return MappingProxyType({**DOCUMENTED_LIMITS, **overrides})
