"""MoEngage's documented limits, under couponhub's flat names."""

from collections.abc import Mapping
from types import MappingProxyType

from couponhub.errors import ConfigError

# MoEngage "Coupon Management Overview" and the page of each operation. They are counted per workspace, and
# MoEngage raises them on request. file_bytes is lower than the documented 100 MB, because the pages disagree
# about that figure; 64 MB is the lowest they name. Fetching one list spends from fetch_lists too: the overview
# prints one row, "Fetch/Search Lists", for both.
DOCUMENTED_LIMITS: Mapping[str, int] = MappingProxyType(
    {
        "create_list_per_day": 100,
        "fetch_lists_per_day": 10_000,
        "upload_per_minute": 5,
        "upload_per_day": 50,
        "fetch_files_per_day": 10_000,
        "fetch_file_per_day": 10_000,
        "usage_report_per_minute": 5,
        "usage_report_per_day": 50,
        "file_bytes": 64_000_000,
    }
)


def effective_limits(overrides: Mapping[str, int]) -> Mapping[str, int]:
    """The documented limits with a connection's own figures in their place; 0 stands for "none".

    Raises:
        ConfigError: An override names no limit of MoEngage's, or is below 0.
    """
    unknown = sorted(set(overrides) - set(DOCUMENTED_LIMITS))
    if unknown:
        raise ConfigError(
            f"limits: MoEngage has no limit named {', '.join(unknown)}; known are: {', '.join(DOCUMENTED_LIMITS)}"
        )
    negative = sorted(name for name, figure in overrides.items() if figure < 0)
    if negative:
        raise ConfigError(f"limits: {', '.join(negative)} must not be below 0; 0 turns one off")
    return MappingProxyType({**DOCUMENTED_LIMITS, **overrides})
