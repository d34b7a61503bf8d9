"""Days of a vendor whose zone may not be known: then a day is over when it is over in every zone it may have."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo

import attrs

_DAY = timedelta(days=1)


@attrs.frozen
class Days:
    """The days of one vendor account.

    Attributes:
        zones: In which its days may begin; one when it is known.
    """

    zones: Sequence[tzinfo] = attrs.field(validator=attrs.validators.min_len(1))

    def earliest(self, moment: datetime) -> date:
        """The day it is at that moment, where it is earliest."""
        return min(moment.astimezone(zone).date() for zone in self.zones)

    def latest(self, moment: datetime) -> date:
        """The day it is at that moment, where it is latest."""
        return max(moment.astimezone(zone).date() for zone in self.zones)

    def end(self, day: date) -> datetime:
        """The moment up to which a report that covers the whole day speaks for certain."""
        return min(_begin(day + _DAY, zone) for zone in self.zones)

    def is_over(self, day: date, moment: datetime) -> bool:
        """Tell whether the day has ended everywhere by that moment."""
        return all(_begin(day + _DAY, zone) <= moment for zone in self.zones)

    def last_over(self, moment: datetime) -> date:
        """The last day that has ended everywhere by that moment."""
        return self.earliest(moment) - _DAY


def _begin(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time.min, zone).astimezone(UTC)
