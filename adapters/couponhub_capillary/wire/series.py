"""Coupon series over v2: listing, reading one, creating, changing.

Capillary "Get coupon series details", "Create coupon series", "Update coupon series", read 2026.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from couponhub.errors import NotFound
from couponhub.transport import Reply, Request
from couponhub_capillary.settings.limits import CALLS
from couponhub_capillary.wire.envelopes import opened_v2, refusals_of_a_write
from couponhub_capillary.wire.error_codes import SERIES_UNKNOWN, error_without_code
from couponhub_capillary.wire.values import whole

PAGE_SIZE = 1000
"""Series asked for at once: the pages name 1300 and 1400 as maximum (C-48)."""

UPLOADED_CODES = "DISC_CODE_PIN"
"""The kind of series whose codes are uploaded."""

KINDS = frozenset({"DISC_CODE", "GENERIC", UPLOADED_CODES, "GENERIC_REDEEMABLE"})

_PATH = "/v2/coupon/series"


@attrs.frozen(kw_only=True)
class SeriesPage:
    """Part of a listing.

    Attributes:
        rows: The series as they came.
        last: Whether nothing comes after them.
    """

    rows: Sequence[object]
    last: bool


def series_page_request(offset: int, limit: int = PAGE_SIZE) -> Request:
    """A page of all series, whatever their kind: without `couponType` one kind is left out."""
    query = (("couponType", "ALL"), ("offset", str(offset)), ("limit", str(limit)))
    return Request(operation="read lists", budget=CALLS, method="GET", path=_PATH, query=query)


def one_series_request(series_id: str) -> Request:
    """One series: there is no call for one, only a filter (C-51)."""
    query = (("couponType", "ALL"), ("ids", series_id))
    return Request(operation="read list", budget=CALLS, method="GET", path=_PATH, query=query)


def create_series_request(fields: Mapping[str, object]) -> Request:
    """Create a series of these documented fields."""
    body = {"CouponSeriesV2": dict(fields)}
    return Request(operation="create list", budget=CALLS, method="POST", path=_PATH, body=body, changes=True)


def update_series_request(series_id: str, fields: Mapping[str, object], *, unknown_hint: str) -> Request:
    """Give a series these documented fields, all of which are sent: replace or merge is not said (C-50)."""
    return Request(
        operation="update list",
        budget=CALLS,
        method="PUT",
        path=f"{_PATH}/{series_id}",
        body={"CouponSeriesV2": dict(fields)},
        changes=True,
        unknown_hint=unknown_hint,
    )


def read_series_page(reply: Reply, limit: int) -> SeriesPage:
    """A page; short ones are the last. An organisation without any series is an empty page, not an error."""
    try:
        body = opened_v2(reply)
    except NotFound as error:
        if error.vendor_code not in {str(code) for code in SERIES_UNKNOWN}:
            raise
        return SeriesPage(rows=(), last=True)
    rows = body.get("entity")
    if not isinstance(rows, list):
        raise error_without_code(reply, "the answer has no list of series")
    details = body.get("pageDetails")
    # A server may serve shorter pages than were asked for, and says so here.
    served = whole(details.get("limit")) if isinstance(details, dict) else None
    full = min(limit, served) if served is not None and served > 0 else limit
    return SeriesPage(rows=rows, last=len(rows) < full)


def read_written_series(reply: Reply) -> Mapping[str, Any]:
    """The created or changed series: flat, else within `data`; its id is whatever whole number `id` is (C-47)."""
    with refusals_of_a_write(reply, lambda body: _series_in(body) is not None):
        written = _series_in(opened_v2(reply))
    if written is None:
        raise error_without_code(reply, "the answer does not tell the id of the series")
    return written


def series_id_of(row: object) -> str | None:
    """The id of a series; None when the row has none that can be read."""
    number = whole(row.get("id")) if isinstance(row, dict) else None
    return str(number) if number is not None and number > 0 else None


def _series_in(body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    for candidate in (body, body.get("data")):
        if isinstance(candidate, dict) and series_id_of(candidate) is not None:
            return candidate
    return None
