"""Changing a coupon series: what is sent, and whether the series then is as was asked."""

from collections.abc import Mapping
from typing import Any

import attrs

from couponhub.errors import Unsupported, UsageError
from couponhub.models import ListChange
from couponhub_capillary.mapping.lists import expiry_of, last_day
from couponhub_capillary.wire.held_series import changed_besides, complete_fields, not_taken_over
from couponhub_capillary.wire.new_series import read_changed_fields
from couponhub_capillary.wire.times import Zones, server_midnight


@attrs.frozen(kw_only=True)
class SeriesChange:
    """A `ListChange` in Capillary's words.

    Attributes:
        change: What was asked for.
        fields: The documented fields that it changes.
        zones: In which days are meant.
    """

    change: ListChange
    fields: Mapping[str, object]
    zones: Zones

    def request_fields(self, held: Mapping[str, Any]) -> dict[str, object]:
        """All fields to send for a series that stands so.

        Raises:
            UsageError: The vendor requires fields that the series does not have, or it has some that cannot be kept.
        """
        return complete_fields(held, self.fields)

    def changed_besides(self, before: Mapping[str, Any], held: Mapping[str, Any]) -> tuple[str, ...]:
        """Names of the fields that the series, as read after the change, holds otherwise without having been asked."""
        return changed_besides(before, held, self.fields)

    def missed(self, held: Mapping[str, Any]) -> tuple[str, ...]:
        """Names of the fields that a series, as read after the change, does not hold as asked."""
        others = {name: value for name, value in self.fields.items() if name != "validTillDate"}
        missed = not_taken_over(held, others)
        expires = self.change.expires
        if expires is not None and last_day(expiry_of(held, self.zones), self.zones) != expires:
            missed += ("validTillDate",)
        return missed


def series_change(change: ListChange, zones: Zones) -> SeriesChange:
    """Return the meaning of a change at Capillary.

    Raises:
        UsageError: Nothing is to be changed, or fields are wrong; all are named at once.
        Unsupported: Alerts are asked for.
    """
    if change.alerts is not None:
        raise Unsupported(
            "Capillary mails no alerts about a coupon series", hint="leave out subscribers and alerts"
        )
    fields = read_changed_fields(change.extra)
    if change.name is not None:
        if not change.name.strip():
            raise UsageError("the list's name is blank")
        fields["description"] = change.name
    if change.expires is not None:
        # The vendor converts to its own zone and takes that day: another offset could give the day before.
        fields["validTillDate"] = server_midnight(change.expires, zones)
    if not fields:
        raise UsageError(
            "nothing of the list is to be changed", hint="give a name, an expiry or --set KEY=VALUE"
        )
    return SeriesChange(change=change, fields=fields, zones=zones)
