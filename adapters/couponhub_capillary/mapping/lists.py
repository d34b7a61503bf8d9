"""A coupon series as `CouponList`."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from couponhub.errors import UnreadableReply
from couponhub.models import CouponList, ListId, ListStatus
from couponhub_capillary.mapping.anomalies import Anomalies
from couponhub_capillary.mapping.context import note_time, text_of
from couponhub_capillary.wire.series import UPLOADED_CODES, series_id_of
from couponhub_capillary.wire.times import NO_MOMENT, Zones, exact_moment, last_moment
from couponhub_capillary.wire.values import whole, word

NO_COUNT = "a count could not be read and is left empty: {field}"
_NO_END_YEAR = 1970


def list_from(
    row: Mapping[str, Any], *, connection: str, zones: Zones, now: datetime, odd: Anomalies
) -> CouponList:
    """The list that a series is; what only describes it and cannot be read is left empty, and counted in `odd`.

    Raises:
        UnreadableReply: The row has no id.
    """
    series_id = series_id_of(row)
    if series_id is None:
        raise UnreadableReply("a series came without an id")
    label = text_of(row.get("seriesCode"), "label", odd)
    expires_at = expiry_of(row, zones)
    counted = row.get("clientHandlingType") == UPLOADED_CODES
    created_at = _moment(row.get("createdOn"), "created_at", zones, odd)
    updated_at = _moment(row.get("lastUsed"), "updated_at", zones, odd)
    if expires_at is None:
        note_time(row.get("validTillDate"), "expires_at", odd)
    return CouponList(
        connection=connection,
        id=ListId(series_id),
        name=text_of(row.get("description"), "name", odd),
        label=label,
        status=_status(expires_at, now),
        expires_at=expires_at,
        total=_count(row.get("numUploadedTotal"), "total", odd) if counted else None,
        available=_count(row.get("numUploadedNonIssued"), "available", odd) if counted else None,
        created_at=created_at,
        updated_at=updated_at,
        created_by=word(row.get("createdBy")),
        raw=row,
    )


def expiry_of(row: Mapping[str, Any], zones: Zones) -> datetime | None:
    """The last second of a series: `validTillDateTime` unless that is 1970, else the end of `validTillDate`."""
    exact, _ = exact_moment(row.get("validTillDateTime"), zones) or NO_MOMENT
    if exact is not None and exact.year != _NO_END_YEAR:
        return exact
    for field in ("validTillDate", "validTillISODate"):
        last, _ = last_moment(row.get(field), zones) or NO_MOMENT
        if last is not None and last.year != _NO_END_YEAR:
            return last
    return None


def last_day(expires_at: datetime | None, zones: Zones) -> date | None:
    """The day, at the server, on which a series ends."""
    return None if expires_at is None else expires_at.astimezone(zones.server).date()


def _status(expires_at: datetime | None, now: datetime) -> ListStatus:
    # The vendor's ACTIVE and INACTIVE are not defined, and there is no archive (C-52).
    if expires_at is None:
        return ListStatus.UNKNOWN
    return ListStatus.EXPIRED if now > expires_at else ListStatus.ACTIVE


def _moment(value: object, field: str, zones: Zones, odd: Anomalies) -> datetime | None:
    moment, _ = exact_moment(value, zones) or NO_MOMENT
    if moment is None:
        note_time(value, field, odd)
    return moment


def _count(value: object, field: str, odd: Anomalies) -> int | None:
    number = whole(value)
    if number is not None and number >= 0:
        return number
    if value is not None:
        odd.note(NO_COUNT.format(field=field))
    return None
