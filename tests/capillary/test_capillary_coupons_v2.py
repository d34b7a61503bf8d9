"""v2's list of a customer's coupons: what is asked, what its envelopes hold, and its rows as coupons."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from couponhub.errors import NotFound, PermissionDenied, UnreadableReply, VendorError
from couponhub.models import Coupon, CouponStatus, Discount, Identifier, ListId, Redemption, Store
from couponhub.transport import Reply
from couponhub_capillary.mapping.context import NO_CODE, MappingContext
from couponhub_capillary.mapping.coupons_v2 import coupon_from_v2
from couponhub_capillary.wire.customer_coupons_v2 import (
    CouponPage,
    SortOrder,
    coupon_page_request,
    read_coupon_page,
)
from couponhub_capillary.wire.times import Zones

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PLAIN = Zones(server=UTC, server_is_guess=False, store=None)
INDIA = Zones(server=UTC, server_is_guess=False, store=ZoneInfo("Asia/Kolkata"))
ROW: dict[str, Any] = {
    "code": "0211706970002385",
    "seriesId": 840067,
    "description": "doc_coupon01",
    "validTill": "2026-06-11T00:00:00Z",
    "validTillDateTime": "2026-06-11T21:59:59Z",
    "discountType": "ABS",
    "discountValue": 500.0,
    "discountUpto": 0,
    "redemptionCount": 1,
    "redemptionsLeft": 0,
    "id": 1312013462,
    "createdDate": "2025-08-19T16:52:11Z",
    "createdDateISO": "2025-08-19T11:22:11Z",
    "transactionNumber": "0",
    "issuedAt": {"code": "doc123", "name": "DocStore"},
    "customProperty": [{"name": "colour", "value": "red"}, {"name": "blank", "value": ""}],
    "redemptions": [
        {
            "id": 18527071,
            "date": "2025-08-19T16:52:30Z",
            "dateISO": "2025-08-19T11:22:30Z",
            "transactionNumber": "12121212",
            "redeemedAt": {"code": "doc123", "name": "DocStore"},
        }
    ],
    "reversedRedemptions": [],
}
UNUSED = {"redemptions": [], "redemptionCount": 0}


def read(zones: Zones = PLAIN, **changes: Any) -> Coupon:
    """Read the row, changed as given; a change to ... removes the key."""
    row = {name: value for name, value in (ROW | changes).items() if value is not ...}
    coupon = coupon_from_v2(row, MappingContext(connection="loyalty", zones=zones, now=NOW))
    assert coupon is not None
    return coupon


def page(body: Any, status: int = 200) -> CouponPage:
    """Read a page."""
    return read_coupon_page(Reply(status=status, headers={}, body=json.dumps(body).encode()))


def test_a_whole_coupon() -> None:
    """Every field lands where it belongs, times are the true instants of the ISO twins."""
    coupon = read()

    assert (
        Coupon(
            connection="loyalty",
            code="0211706970002385",
            id="1312013462",
            list_id=ListId("840067"),
            list_name="doc_coupon01",
            description="doc_coupon01",
            status=CouponStatus.REDEEMED,
            issued_at=datetime(2025, 8, 19, 11, 22, 11, tzinfo=UTC),
            expires_at=datetime(2026, 6, 11, 21, 59, 59, tzinfo=UTC),
            redemption_count=1,
            redemptions_left=0,
            redemptions=(
                Redemption(
                    id="18527071",
                    at=datetime(2025, 8, 19, 11, 22, 30, tzinfo=UTC),
                    transaction="12121212",
                    store=Store(code="doc123", name="DocStore"),
                ),
            ),
            issued_at_store=Store(code="doc123", name="DocStore"),
            discount=Discount(type="absolute", value=Decimal("500.0")),
            as_of=NOW,
        )
        == coupon
    )
    assert {"colour": "red"} == coupon.properties


@pytest.mark.parametrize(
    ("zones", "hour", "names"), [(PLAIN, 16, ("issued_at", "redemptions")), (INDIA, 11, ())]
)
def test_without_iso_twins_times_are_the_stores(zones: Zones, hour: int, names: tuple[str, ...]) -> None:
    """Older answers print the digits at the store with a false Z (C-20)."""
    use = {"id": 1, "date": "2025-08-19T16:52:30Z"}
    coupon = read(zones, createdDateISO=..., redemptions=[use])

    assert coupon.issued_at is not None
    assert (hour, names) == (coupon.issued_at.hour, coupon.approximate)


def test_only_the_code_is_needed() -> None:
    """All else may be missing, masked or null, and then nothing is claimed about it (C-24, C-64)."""
    reading = MappingContext(connection="loyalty", zones=PLAIN, now=NOW)

    assert Coupon(connection="loyalty", code="A", as_of=NOW) == coupon_from_v2({"code": "A"}, reading)
    assert coupon_from_v2({"id": 1}, reading) is None
    assert reading.odd.saw(NO_CODE)


@pytest.mark.parametrize(
    ("changes", "status", "left"),
    [
        ({}, CouponStatus.REDEEMED, 0),
        ({"redemptionsLeft": 4}, CouponStatus.ACTIVE, 4),
        ({"redemptionsLeft": -1}, CouponStatus.ACTIVE, None),
        ({"redemptionsLeft": None}, CouponStatus.UNKNOWN, None),
        ({"redemptionsLeft": -7}, CouponStatus.UNKNOWN, None),
        ({"redemptionsLeft": 4.0}, CouponStatus.ACTIVE, 4),
        (
            {"redemptionsLeft": 4, "validTillDateTime": "2025-12-31T23:59:59Z"},
            CouponStatus.REDEEMED,
            4,
        ),
        ({**UNUSED, "redemptionsLeft": 1}, CouponStatus.ACTIVE, 1),
        ({**UNUSED, "redemptionsLeft": 0}, CouponStatus.ACTIVE, 0),
        ({**UNUSED, "validTillDateTime": "2025-12-31T23:59:59Z"}, CouponStatus.EXPIRED, 0),
    ],
)
def test_status(changes: dict[str, Any], status: CouponStatus, left: int | None) -> None:
    """Usable is what has redemptions left and has not expired; -1 is no limit."""
    coupon = read(**changes)

    assert (status, left) == (coupon.status, coupon.redemptions_left)


@pytest.mark.parametrize(
    ("kind", "value", "discount"),
    [
        ("PERC", 12, Discount(type="percent", value=Decimal(12))),
        ("ABS", 0.1, Discount(type="absolute", value=Decimal("0.1"))),
        ("ABS", "500.00", Discount(type="absolute", value=Decimal("500.00"))),
        ("POINTS", 1, Discount(type="POINTS", value=Decimal(1))),
        ("ABS", None, None),
        ("ABS", True, None),
        ("ABS", "some", None),
        (None, 5, None),
    ],
)
def test_discount(kind: object, value: object, discount: Discount | None) -> None:
    """The amount is exact; what is none stays untold."""
    assert discount == read(discountType=kind, discountValue=value).discount


CUSTOMER = {"id": 1, "mobile": "*****", "email": None, "coupons": [ROW]}


@pytest.mark.parametrize("name", ["entity", "data", "response"])
def test_envelopes(name: str) -> None:
    """The content stands under one of three names."""
    body = {name: {"pagination": {"total": 23}, "customers": [CUSTOMER]}, "errors": [], "success": True}

    assert CouponPage(rows=[ROW], total=23) == page(body)


@pytest.mark.parametrize(
    ("content", "rows", "total"),
    [
        ({"pagination": {"total": "7"}, "customers": [{"coupons": []}]}, [], 7),
        ({"pagination": {"total": 0}, "customers": []}, [], 0),
        ({"customers": [{"coupons": None}]}, [], None),
        ({"pagination": {"total": -1}, "customers": {"coupons": ROW}}, [ROW], None),
    ],
)
def test_odd_pages(content: dict[str, Any], rows: list[Any], total: int | None) -> None:
    """Single objects, nulls and a missing total are read as what they are (C-11, C-26)."""
    found = page({"entity": content})

    assert (rows, total) == (list(found.rows), found.total)


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        ({"errors": [{"status": False, "code": 8015, "message": "x"}], "warnings": []}, 400, NotFound),
        ({"errors": [{"code": "8015"}], "success": True, "entity": {"customers": []}}, 200, NotFound),
        ({"errors": [{"code": 403}]}, 403, PermissionDenied),
        ({"errors": [{"message": "CUSTOMER_NOT_FOUND"}]}, 404, NotFound),
        ({"entity": {"customers": []}, "success": False}, 200, VendorError),
        ({"entity": {"pagination": {"total": 3}, "customers": []}}, 200, UnreadableReply),
        ({"entity": {"customers": [CUSTOMER, CUSTOMER]}}, 200, UnreadableReply),
        ({"entity": {"customers": [{"coupons": "x"}]}}, 200, UnreadableReply),
        ({"entity": 5}, 200, UnreadableReply),
        ([], 200, UnreadableReply),
    ],
)
def test_what_is_no_page(body: Any, status: int, kind: type[VendorError]) -> None:
    """Errors decide, also beside a success; what cannot be understood is never an empty page (C-56, C-62)."""
    with pytest.raises(kind):
        page(body, status)


@pytest.mark.parametrize(
    ("identifier", "name"),
    [
        (Identifier.MOBILE, "mobile"),
        (Identifier.EMAIL, "email"),
        (Identifier.EXTERNAL_ID, "external_id"),
        (Identifier.ID, "id"),
    ],
)
def test_what_is_asked(identifier: Identifier, name: str) -> None:
    """One identifier, under the spelling of the curl that works (C-55), and the documented parameters."""
    request = coupon_page_request(
        identifier, "V", offset=5, limit=7, order=SortOrder.NEWEST_FIRST, status="ACTIVE_REDEEMED"
    )

    assert "/v2/customers/coupons" == request.path
    assert {
        name: "V",
        "limit": "7",
        "offset": "5",
        "sort_order": "DESC",
        "status": "ACTIVE_REDEEMED",
    } == dict(request.query)
