"""The counts of imported reports, remembered for a minute: to count reads every row, a few seconds for each million."""

import threading
from collections import OrderedDict

import attrs

from couponhub.clock import SYSTEM_CLOCK, Clock
from couponhub.connection import Connection
from couponhub.models import ImportedReport, UsageCount, UsageGroup

_FRESH_SECONDS = 60.0
"""People who are forgotten are counted no longer than that."""
_MOST = 100


@attrs.frozen(kw_only=True)
class CountedUsage:
    """The counts of one list.

    Attributes:
        reports: Those that were imported, oldest import first.
        by_day: In the order of days.
        by_campaign: The most first.
    """

    reports: tuple[ImportedReport, ...]
    by_day: tuple[UsageCount, ...]
    by_campaign: tuple[UsageCount, ...]


class UsageCounts:
    """Counts what was given out of lists, one list at a time. Thread-safe.

    Args:
        clock: What age is measured on.
    """

    def __init__(self, clock: Clock = SYSTEM_CLOCK) -> None:
        self._clock = clock
        self._counting = threading.Lock()
        self._kept: OrderedDict[tuple[str, str], tuple[float, CountedUsage]] = OrderedDict()

    def of(self, connection: Connection, list_id: str) -> CountedUsage:
        """Return the counts of a list, anew once a report more was imported.

        Raises:
            CouponhubError: As of `Usage.stats`.
        """
        key = connection.name, list_id
        reports = connection.usage.reports(list_id)
        with self._counting:
            counted_at, kept = self._kept.pop(key, (0.0, None))
            now = self._clock.monotonic()
            if kept is None or kept.reports != reports or now - counted_at > _FRESH_SECONDS:
                counted_at, kept = now, _counted(connection, list_id, reports)
            self._kept[key] = counted_at, kept
            while len(self._kept) > _MOST:
                self._kept.popitem(last=False)
            return kept


def _counted(connection: Connection, list_id: str, reports: tuple[ImportedReport, ...]) -> CountedUsage:
    return CountedUsage(
        reports=reports,
        by_day=connection.usage.stats(UsageGroup.DAY, list_id),
        by_campaign=connection.usage.stats(UsageGroup.CAMPAIGN, list_id),
    )
