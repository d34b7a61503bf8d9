"""The mails that the vendor sends: alerts to a list's subscribers, and usage reports. Wording is not documented."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime

from couponhub.testing.emulation.context import Mail
from couponhub_moengage.emulator.http.bodies import ReportOrder
from couponhub_moengage.emulator.lists import CouponFile, EmulatedList, FileStatus

REPORT_COLUMNS = (
    "User ID",
    "Coupon Code",
    "Campaign ID",
    "Campaign Name",
    "Locale",
    "Variation",
    "Sent At",
)


def file_alert(held: EmulatedList, file: CouponFile, now: datetime) -> Mail | None:
    """The mail about a finished file, if the list's subscribers want one."""
    done = file.status is FileStatus.SUCCESS
    if not held.subscribers or not (held.alerts.success if done else held.alerts.failure):
        return None
    outcome = f"was processed: {file.added_coupons} coupons added" if done else "could not be processed"
    return _mail(
        held.subscribers,
        now,
        subject=f"Coupon file {'processed' if done else 'failed'}: {file.name}",
        text=f"The file {file.name} of the coupon list {held.name} {outcome}.",
    )


def shortage_alert(held: EmulatedList, available_before: int, now: datetime) -> Mail | None:
    """The mail for the moment in which the available codes fall below the list's threshold."""
    threshold = held.alerts.threshold_count
    if not held.subscribers or threshold is None or not len(held.available) < threshold <= available_before:
        return None
    return _mail(
        held.subscribers,
        now,
        subject=f"Coupon shortage: {held.name}",
        text=f"The coupon list {held.name} has {len(held.available)} coupons left.",
    )


def expiry_reminder(held: EmulatedList, days_left: int, at: datetime) -> Mail | None:
    """The mail of one day before a list expires, if anybody is subscribed to it."""
    if not held.subscribers:
        return None
    when = "today" if not days_left else "tomorrow" if days_left == 1 else f"in {days_left} days"
    return _mail(
        held.subscribers,
        at,
        subject=f"Coupon list expires {when}: {held.name}",
        text=f"The coupon list {held.name} expires {when}, with {len(held.available)} coupons left.",
    )


def usage_report(
    held: EmulatedList, order: ReportOrder, rows: Iterable[Sequence[str]], now: datetime
) -> Mail:
    """The mail with a usage report as CSV."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(REPORT_COLUMNS)
    writer.writerows(rows)
    return _mail(
        order.recipients,
        now,
        subject=f"Usage report: {held.name}",
        text=f"The usage report of the coupon list {held.name} from {order.start} to {order.end} is attached.",
        attachments={f"usage-report-{held.id}-{order.start}-{order.end}.csv": text.getvalue().encode()},
    )


def _mail(
    to: tuple[str, ...],
    now: datetime,
    *,
    subject: str,
    text: str,
    attachments: dict[str, bytes] | None = None,
) -> Mail:
    return Mail(
        at=now, vendor="moengage", to=to, subject=subject, text=text, attachments=dict(attachments or {})
    )
