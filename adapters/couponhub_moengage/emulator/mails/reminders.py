"""The daily reminders before a list expires. When on a day they come is not documented: here, as it begins."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from couponhub.testing.emulation.context import Mail
from couponhub_moengage.emulator.lists import EmulatedList
from couponhub_moengage.emulator.mails import messages


def due(held: EmulatedList, now: datetime, zone: ZoneInfo) -> Iterator[Mail]:
    """The mails that a list owes by now, a day each, up to its last one; each is owed once.

    Nothing is owed for days that were over when the alert was switched on.
    """
    today = now.astimezone(zone).date()
    if held.active and held.alerts.days_before is not None:
        last = held.expires_at.astimezone(zone).date()
        first = max(last - timedelta(days=held.alerts.days_before), held.reminded + timedelta(days=1))
        for day in _days(first, min(last, today)):
            held.reminded = day
            # An alert that was switched on in the course of the day is told of at once.
            at = max(datetime.combine(day, time(), zone).astimezone(UTC), held.updated_at)
            mail = messages.expiry_reminder(held, (last - day).days, at)
            if mail is not None:
                yield mail
    held.reminded = max(held.reminded, today - timedelta(days=1))


def _days(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=number) for number in range((last - first).days + 1))
