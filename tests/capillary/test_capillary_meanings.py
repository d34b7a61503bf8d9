"""What `explain` says of a coupon's fields is what the mapping does."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from couponhub.models import Coupon, CouponStatus, FieldProvenance
from couponhub.serialization import to_document
from couponhub_capillary.mapping.context import MappingContext
from couponhub_capillary.mapping.coupons import coupon_from
from couponhub_capillary.mapping.coupons_v2 import coupon_from_v2
from couponhub_capillary.mapping.found_coupons import found_coupon_from
from couponhub_capillary.mapping.meanings import meanings_of
from couponhub_capillary.wire.times import Zones

NOW = datetime(2026, 6, 1, tzinfo=UTC)
GUESSED = Zones(server=UTC, server_is_guess=True, store=None)
STORE = {"code": "store_001", "name": "Main Store"}
PROPERTIES = [{"name": "colour", "value": "red"}]

V1: dict[str, Any] = {
    "id": "163267982",
    "series_id": "12360",
    "series_name": "Spin",
    "redemption_count": 2,
    "created_date": "2026-05-29T16:13:14.000Z",
    "valid_till": "2026-05-31 23:59:59",
    "code": "0012",
    "issued_at": STORE,
    "transaction_number": "T-1",
    "purpose": "birthday",
    "custom_properties": {"custom_property": PROPERTIES},
    "redemptions": {"redemption": [{"id": "1", "date": "2026-05-30T19:07:54.000Z"}]},
}
V2: dict[str, Any] = {
    "code": "0211706970002385",
    "seriesId": 840067,
    "description": "Gold",
    "validTill": "2026-06-11T00:00:00Z",
    "validTillDateTime": "2026-06-11T21:59:59Z",
    "discountType": "ABS",
    "discountValue": 500.0,
    "redemptionCount": 2,
    "redemptionsLeft": 3,
    "id": 1312013462,
    "createdDate": "2025-08-19T16:52:11Z",
    "createdDateISO": "2025-08-19T11:22:11Z",
    "issuedAt": STORE,
    "transactionNumber": "T-1",
    "customProperty": PROPERTIES,
    "redemptions": [{"id": 18527071, "dateISO": "2025-08-19T11:22:30Z"}],
}
BY_CODE: dict[str, Any] = {
    "id": "1296377532",
    "code": "zLI0HZ0EGH",
    "valid_till": "09-05-2026",
    "issued_on": "2025-04-30 11:13:36",
    "custom_properties": {"custom_property": PROPERTIES},
    "series_id": 757291,
    "is_absolute": True,
    "value": 500,
    "issued_store": STORE,
    "purpose": "birthday",
    "item_status": {"success": "true", "code": 700},
    "redemption_info": {"redeemed": "true", "id": 4359526, "redeemed_on": "2026-01-02 03:04:05"},
}
TOLD_ELSEWHERE = {
    "code",
    "id",
    "redemptions",
    "approximate",
    "description",
    "raw",
    "connection",
    "as_of",
    "source",
}
"""Fields of the document that need no explanation, or have it under another name."""

Row = Mapping[str, Any]
Read = Callable[[Row], Coupon]


def read_v1(row: Row) -> Coupon:
    """Read a row of v1.1."""
    coupon = coupon_from(dict(row), reading())
    assert coupon is not None
    return coupon


def read_v2(row: Row) -> Coupon:
    """Read a row of v2."""
    coupon = coupon_from_v2(dict(row), reading())
    assert coupon is not None
    return coupon


def read_by_code(row: Row) -> Coupon:
    """Read a row that was looked for by code."""
    return found_coupon_from(dict(row), {}, reading())


def reading() -> MappingContext:
    """Read with all zones guessed."""
    return MappingContext(connection="loyalty", zones=GUESSED, now=NOW)


APIS = pytest.mark.parametrize(
    ("read", "row"), [(read_v1, V1), (read_v2, V2), (read_by_code, BY_CODE)], ids=["v1", "v2", "by code"]
)


def by_field(coupon: Coupon) -> dict[str, FieldProvenance]:
    """The meanings by field."""
    return {meaning.field: meaning for meaning in meanings_of(coupon)}


@APIS
def test_a_field_falls_with_its_keys(read: Read, row: Row) -> None:
    """Without the keys that are named for a field, the coupon no longer says it."""
    whole = to_document(read(row))
    for field, meaning in by_field(read(row)).items():
        without = {key: value for key, value in row.items() if key not in meaning.raw or key == "item_status"}
        assert whole[field] != to_document(read(without))[field], field
        assert {key: row[key] for key in meaning.raw} == dict(meaning.raw)


@APIS
def test_no_key_that_matters_is_left_out(read: Read, row: Row) -> None:
    """Whatever changes when a key is missing is explained by that key."""
    whole, meanings = to_document(read(row)), by_field(read(row))
    for key in set(row) - {"code", "item_status"}:
        less = to_document(read({name: value for name, value in row.items() if name != key}))
        changed = {field for field in whole if whole[field] != less[field]} - TOLD_ELSEWHERE
        assert [] == [field for field in changed if key not in meanings[field].raw], key


@APIS
def test_times_of_guessed_zones_say_so(read: Read, row: Row) -> None:
    """Whoever doubts a time learns which setting would settle it."""
    coupon = read({key: value for key, value in row.items() if not key.endswith(("ISO", "DateTime"))})
    meanings = by_field(coupon)
    assert "issued_at" in coupon.approximate
    assert "store_timezone" in meanings["issued_at"].because
    assert ("expires_at" in coupon.approximate) == ("server_timezone" in meanings["expires_at"].because)


@pytest.mark.parametrize(
    ("read", "row", "changes", "status", "because"),
    [
        (read_v1, V1, {}, CouponStatus.REDEEMED, "redeemed, and its end had passed"),
        (
            read_v1,
            V1,
            {"valid_till": "2026-12-31 23:59:59"},
            CouponStatus.UNKNOWN,
            "redeemed, and the vendor did not say whether it can be used again",
        ),
        (
            read_v2,
            V2,
            {"redemptionsLeft": 0},
            CouponStatus.REDEEMED,
            "redeemed, and the vendor says that it cannot be used again",
        ),
        (read_v2, V2, {}, CouponStatus.ACTIVE, "redeemed, and the vendor says that it can be used again"),
        (
            read_v1,
            V1,
            {"redemption_count": 0, "redemptions": {}, "valid_till": "2026-12-31 23:59:59"},
            CouponStatus.ACTIVE,
            "never redeemed, and its end had not come",
        ),
        (
            read_v1,
            V1,
            {"redemption_count": 0, "redemptions": {}, "valid_till": "2026-05-31 23:59:59"},
            CouponStatus.EXPIRED,
            "never redeemed, and its end had passed",
        ),
        (
            read_v1,
            V1,
            {"redemption_count": 0, "redemptions": {}, "valid_till": None},
            CouponStatus.UNKNOWN,
            "never redeemed, and its end is not known",
        ),
        (
            read_v1,
            V1,
            {"redemption_count": None, "redemptions": None},
            CouponStatus.UNKNOWN,
            "whether it was redeemed is not known",
        ),
        (
            read_v2,
            V2,
            {"redemptionCount": 0, "redemptions": [], "redemptionsLeft": 0},
            CouponStatus.ACTIVE,
            "never redeemed, and its end had not come",
        ),
        (
            read_by_code,
            BY_CODE,
            {"item_status": {"success": "true", "code": 660}},
            CouponStatus.REVOKED,
            "the vendor says that it was revoked",
        ),
    ],
)
def test_why_a_status(read: Read, row: Row, changes: Row, status: CouponStatus, because: str) -> None:
    """Each status has its reason, in the order in which the mapping decides."""
    coupon = read({**row, **changes})
    assert (status, because) == (coupon.status, by_field(coupon)["status"].because)
