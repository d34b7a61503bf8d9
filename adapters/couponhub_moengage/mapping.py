"""Between MoEngage's words and couponhub's."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone
from types import MappingProxyType

from couponhub.models import (
    KEPT,
    Alerts,
    AlertsChange,
    CouponList,
    ListChange,
    ListId,
    ListStatus,
    Part,
    PartId,
    UploadStatus,
)
from couponhub_moengage.wire import WireAlerts, WireFile, WireList

# MoEngage "Fetch all Coupon Lists": the values of its `status` parameter, and the only ones a list has.
_LIST_STATUSES: Mapping[str, ListStatus] = MappingProxyType(
    {
        "ACTIVE": ListStatus.ACTIVE,
        "EXPIRED": ListStatus.EXPIRED,
        "ARCHIVED": ListStatus.ARCHIVED,
    }
)

# MoEngage "Upload a Coupon File to the Coupon List" names PENDING and no other word. The rest are the words that
# its neighbouring APIs and common usage suggest; whatever is not here stays unknown and is asked for again (D-9).
_FILE_STATUSES: Mapping[str, UploadStatus] = MappingProxyType(
    {
        "PENDING": UploadStatus.PENDING,
        "QUEUED": UploadStatus.PENDING,
        "PROCESSING": UploadStatus.PROCESSING,
        "IN_PROGRESS": UploadStatus.PROCESSING,
        "SUCCESS": UploadStatus.DONE,
        "SUCCESSFUL": UploadStatus.DONE,
        "COMPLETED": UploadStatus.DONE,
        "PROCESSED": UploadStatus.DONE,
        "DONE": UploadStatus.DONE,
        "ACTIVE": UploadStatus.DONE,
        "FAILED": UploadStatus.FAILED,
        "FAILURE": UploadStatus.FAILED,
        "ERROR": UploadStatus.FAILED,
        "REJECTED": UploadStatus.FAILED,
    }
)

_WESTERNMOST = timedelta(hours=-12)
_EASTERNMOST = timedelta(hours=14)


def list_status(word: str | None) -> ListStatus:
    """Our word for a list's status; UNKNOWN for one that is new or missing."""
    return _LIST_STATUSES.get((word or "").upper(), ListStatus.UNKNOWN)


def vendor_list_status(status: ListStatus) -> str:
    """MoEngage's word for a list's status; there is none for UNKNOWN."""
    return next(word for word, ours in _LIST_STATUSES.items() if ours is status)


def coupon_list(connection: str, wire: WireList) -> CouponList:
    """A list as couponhub's model."""
    return CouponList(
        connection=connection,
        id=ListId(wire.id),
        name=wire.name,
        label=wire.label,
        status=list_status(wire.status),
        vendor_status=wire.status or "",
        expires_at=wire.expires_at,
        total=wire.total_coupons,
        available=wire.available_coupons,
        created_at=wire.created_at,
        updated_at=wire.updated_at,
        created_by=wire.created_by,
        subscribers=wire.email_alert_subscribers,
        alerts=_alerts(wire.alert_conditions, wire.email_alert_subscribers),
        snippet=wire.personalization_snippet,
        raw=wire.raw,
    )


def _alerts(conditions: WireAlerts | None, subscribers: tuple[str, ...] | None) -> Alerts | None:
    if conditions is None or subscribers is None:
        return None
    return Alerts(
        subscribers=subscribers,
        success=conditions.success_alert,
        failure=conditions.failure_alert,
        shortage=conditions.threshold_count,
        expiry_days=conditions.days_before,
    )


def part(wire: WireFile) -> Part:
    """A file as couponhub's model. MoEngage tells how many codes it added, never how many rows the file had."""
    status = _FILE_STATUSES.get((wire.status or "").upper(), UploadStatus.UNKNOWN)
    accepted = None
    if status is UploadStatus.DONE:
        accepted = wire.added_coupons
    elif status is UploadStatus.FAILED:
        accepted = wire.added_coupons
        if "added_coupons" in wire.odd:  # it may have taken some: FAILED is said only where it took none
            status = UploadStatus.UNKNOWN
        if accepted:  # FAILED would say that nothing was taken, and invite to send it all again
            status = UploadStatus.PARTIAL
    return Part(
        id=PartId(wire.id),
        name=wire.name,
        status=status,
        vendor_status=wire.status or "",
        accepted=accepted,
        file_url=wire.file_url,
        callback_url=wire.callback_url,
        created_at=wire.created_at,
        updated_at=wire.updated_at,
        raw=wire.raw,
    )


def alert_conditions(alerts: Alerts | AlertsChange) -> dict[str, object]:
    """MoEngage's `alert_conditions`: of `Alerts` all, explicitly, of a change those that it names.

    What MoEngage assumes for missing ones is not documented (D-15). "Create a Coupon List": the figure beside an alert is
    required when the alert is on, and refused when off.
    """
    conditions: dict[str, object] = {}
    if alerts.success is not KEPT:
        conditions["success_alert"] = alerts.success
    if alerts.failure is not KEPT:
        conditions["failure_alert"] = alerts.failure
    if alerts.shortage is not KEPT:
        conditions["coupon_shortage_alert"] = _alert("threshold_count", alerts.shortage)
    if alerts.expiry_days is not KEPT:
        conditions["expiry_alert"] = _alert("days_before", alerts.expiry_days)
    return conditions


def kept_conditions(wire: WireList) -> dict[str, object] | None:
    """The conditions that a list shows, as they can be sent back; None where not all of them can."""
    held = wire.alert_conditions
    if held is None or held.further:
        return None
    alerts = _alerts(held, ())
    return None if alerts is None else alert_conditions(alerts)


def ends_on(moment: datetime, day: date) -> bool:
    """Tell whether a list that ends at `moment` ends with `day` in some workspace's time zone.

    Days go in, and the last minute of the day in the workspace's zone comes out in UTC: zones lie between 14
    hours ahead of it and 12 behind.
    """
    since_it_began = moment - datetime.combine(day, time.min, UTC)
    return timedelta(hours=9, minutes=59) <= since_it_began < timedelta(hours=36)


def zones_of(lists: Iterable[CouponList]) -> tuple[timezone, ...]:
    """Return the zones that the workspace may be in, by when its lists end: at 23:59 of its days (the samples of D-6).

    Several where its clocks change, or a list's end fits two zones; the outermost that there are where no list tells.
    A list whose end was told as a day has it at 23:59:59, which says nothing.
    """
    offsets = {offset for found in lists if found.expires_at for offset in _offsets(found.expires_at)}
    return tuple(map(timezone, sorted(offsets or {_WESTERNMOST, _EASTERNMOST})))


def _offsets(end: datetime) -> list[timedelta]:
    ahead = timedelta(hours=23, minutes=59) - timedelta(
        hours=end.hour, minutes=end.minute, seconds=end.second, microseconds=end.microsecond
    )
    if ahead % timedelta(minutes=15):
        return []
    return [one for one in (ahead, ahead - timedelta(days=1)) if _WESTERNMOST <= one <= _EASTERNMOST]


def is_as_asked(wire: WireList, change: ListChange) -> bool:
    """Tell whether a list shows everything that a change asked for."""
    return (
        (change.name is None or wire.name == change.name)
        and (
            change.expires is None
            or (wire.expires_at is not None and ends_on(wire.expires_at, change.expires))
        )
        and (change.alerts is None or _shows(wire, change.alerts))
    )


def _shows(wire: WireList, alerts: Alerts | AlertsChange) -> bool:
    held, wanted = wire.email_alert_subscribers, alerts.subscribers
    conditions = alert_conditions(alerts)
    return (wanted is KEPT or (held is not None and sorted(held) == sorted(wanted))) and (
        not conditions or _holds(wire.raw.get("alert_conditions"), conditions)
    )


def _holds(shown: object, asked: Mapping[str, object]) -> bool:
    """Tell whether an object has all that was asked; what it has besides is the vendor's affair."""
    return isinstance(shown, Mapping) and all(
        _holds(shown.get(key), value) if isinstance(value, Mapping) else shown.get(key) == value
        for key, value in asked.items()
    )


def _alert(figure_name: str, figure: int | None) -> dict[str, object]:
    return {"alert": False} if figure is None else {"alert": True, figure_name: figure}
