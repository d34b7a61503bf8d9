"""MoEngage's documented limits, under couponhub's flat names."""

from types import MappingProxyType

from couponhub import plugin
from couponhub.protocols import Limits

# MoEngage "Coupon Management Overview" and the page of each operation. They are counted per workspace, and
# MoEngage raises them on request (D-43). file_bytes is the smaller reading of "100 MB" for files that it fetches; the
# 64 MB of some pages are those of the dashboard's manual upload. list_codes counts whatever was ever added, for
# deleting gives nothing back; a user guide has the same figure for the whole workspace. Fetching one list spends from fetch_lists too: the overview
# prints one row, "Fetch/Search Lists", for both (D-19, D-43).
DOCUMENTED_LIMITS: Limits = MappingProxyType(
    {
        "create_list_per_day": 100,
        "update_list_per_day": 100,
        "activate_list_per_day": 100,
        "archive_list_per_day": 100,
        "fetch_lists_per_day": 10_000,
        "upload_per_minute": 5,
        "upload_per_day": 50,
        "fetch_files_per_day": 10_000,
        "fetch_file_per_day": 10_000,
        "delete_file_per_minute": 5,
        "delete_file_per_day": 50,
        "usage_report_per_minute": 5,
        "usage_report_per_day": 50,
        "usage_report_rows": 20_000_000,
        "file_bytes": 100_000_000,
        "list_codes": 100_000_000,
    }
)


def effective_limits(overrides: Limits) -> Limits:
    """The documented limits with a connection's own figures in their place; see `plugin.effective_limits`."""
    return plugin.effective_limits(DOCUMENTED_LIMITS, overrides, vendor="MoEngage")
