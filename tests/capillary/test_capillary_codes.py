"""Codes that are looked for at Capillary: what is asked, what the rows mean, what never leaks."""

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from couponhub.clock import Clock
from couponhub.errors import (
    CouponhubError,
    PermissionDenied,
    RequestRejected,
    UnreadableReply,
    UsageError,
    VendorUnavailable,
)
from couponhub.models import CouponStatus, Discount, Redemption, Store
from couponhub.secret import Secret
from couponhub.transport import Reply, RetryPolicy
from couponhub_capillary.adapter import CapillaryAdapter
from couponhub_capillary.settings import CapillarySettings
from couponhub_capillary.wire.found_coupons import batches, coupon_terms_request, read_found_coupons
from tests.capillary.conftest import Say, ScriptedVendor

FIND = "/v1.1/coupon/get"
TERMS = "/v2/coupon"
NOW = datetime(2026, 6, 1, tzinfo=UTC)

ROW: dict[str, Any] = {
    "id": "1296377532",
    "code": "zLI0HZ0EGH",
    "valid_till": "09-05-2027",
    "issued_on": "2025-04-30 11:13:36",
    "purpose": "",
    "custom_properties": {
        "custom_property": [{"name": "terms", "value": "none"}, {"name": "b", "value": ""}]
    },
    "series_id": 757291,
    "is_absolute": True,
    "value": 500,
    "customer": {"id": "565039504", "name": "Tom Sawyer", "mobile": "919000000001"},
    "issued_store": {"code": "doc123", "name": "DocStore"},
    "item_status": {"success": "true", "code": 700},
}
USE: dict[str, Any] = {
    "redeemed": "true",
    "id": 4359526,
    "redeemed_on": "2026-01-02 03:04:05",
    "redeemed_at": "bukl.till",
    "redeemed_by": {"firstname": "Tom", "mobile": "919000000001"},
    "store": {"code": "bukl.till", "name": "Bukl"},
    "transaction": {"id": None, "bill_number": "B-1"},
}
TERM = {"code": "zLI0HZ0EGH", "description": "Gold", "validTillDateTime": "2027-05-09T12:00:00Z"}


def unknown(code: str) -> dict[str, Any]:
    """Make the row of a code that the vendor does not know."""
    return {
        "id": -1,
        "code": code,
        "is_absolute": False,
        "value": None,
        "item_status": {"success": "false", "code": 705},
    }


def answer(*rows: Any, code: Any = 200) -> dict[str, Any]:
    """Make an answer of these rows."""
    return {"response": {"status": {"success": "true", "code": code}, "coupons": {"coupon": list(rows)}}}


@pytest.fixture
def adapter(vendor: ScriptedVendor) -> Iterator[CapillaryAdapter]:
    """Connect an OAuth client to the scripted vendor, without v2 until a test lets it speak."""
    settings = CapillarySettings(
        base_url=vendor.url, key="K", secret=Secret("S"), server_timezone="UTC", store_timezone="Asia/Kolkata"
    )
    made = CapillaryAdapter(
        "loyalty",
        settings,
        clock=Clock(now=lambda: NOW, sleep=lambda _: None),
        retry=RetryPolicy(attempts=2),
    )
    yield made
    made.close()


def test_a_code_is_told_with_all_that_is_known(
    vendor: ScriptedVendor, says: Say, adapter: CapillaryAdapter
) -> None:
    """Both endpoints give one coupon: stored case, store-local issue, discount, and the exact end of v2 (C-61)."""
    vendor.say(FIND, says(body=answer(ROW)))
    vendor.say(TERMS, says(body={"data": [TERM], "warnings": [], "errors": []}))

    [coupon] = adapter.coupons_by_code(["ZLI0HZ0EGH"])

    assert ("zLI0HZ0EGH", "1296377532", "757291", "Gold", "Gold") == (
        coupon.code,
        coupon.id,
        coupon.list_id,
        coupon.list_name,
        coupon.description,
    )
    assert (
        datetime(2025, 4, 30, 5, 43, 36, tzinfo=UTC),
        datetime(2027, 5, 9, 12, tzinfo=UTC),
        Discount(type="absolute", value=Decimal(500)),
        Store(code="doc123", name="DocStore"),
        {"terms": "none"},
    ) == (
        coupon.issued_at,
        coupon.expires_at,
        coupon.discount,
        coupon.issued_at_store,
        dict(coupon.properties),
    )
    assert (CouponStatus.ACTIVE, 0, (), ()) == (
        coupon.status,
        coupon.redemption_count,
        coupon.redemptions,
        coupon.approximate,
    )
    assert {"format": "json", "code": "ZLI0HZ0EGH", "coupon_code_case": "AS_IT_IS"} == vendor.asked_at(FIND)[
        0
    ].query


def test_redemptions_are_read(vendor: ScriptedVendor, says: Say, adapter: CapillaryAdapter) -> None:
    """`redemption_info` is there only when it was redeemed; its time is the store's."""
    vendor.say(FIND, says(body=answer({**ROW, "redemption_info": USE})))
    vendor.say(TERMS, says(status=403))

    [coupon] = adapter.coupons_by_code(["ZLI0HZ0EGH"])

    use = Redemption(
        id="4359526",
        at=datetime(2026, 1, 1, 21, 34, 5, tzinfo=UTC),
        transaction="B-1",
        store=Store(code="bukl.till", name="Bukl"),
    )
    assert (CouponStatus.UNKNOWN, 1, (use,)) == (
        coupon.status,
        coupon.redemption_count,
        coupon.redemptions,
    )


@pytest.mark.parametrize(
    ("changes", "standing"),
    [
        ({}, (CouponStatus.ACTIVE, 0)),
        ({"valid_till": "31-05-2026"}, (CouponStatus.EXPIRED, 0)),
        ({"valid_till": "01-06-2026"}, (CouponStatus.ACTIVE, 0)),
        ({"valid_till": None}, (CouponStatus.UNKNOWN, 0)),
        ({"redemption_info": "gone"}, (CouponStatus.UNKNOWN, None)),
        ({"redemption_info": ["x"]}, (CouponStatus.UNKNOWN, None)),
        ({"redemption_info": {}}, (CouponStatus.ACTIVE, 0)),
        ({"redemption_info": {"redeemed": "false"}}, (CouponStatus.ACTIVE, 0)),
        ({"redemption_info": [USE, USE]}, (CouponStatus.UNKNOWN, 2)),
        ({"redemption_info": USE, "valid_till": "31-05-2026"}, (CouponStatus.REDEEMED, 1)),
        ({"item_status": {"success": "false", "code": 660}}, (CouponStatus.REVOKED, 0)),
    ],
)
def test_status_is_ours(
    vendor: ScriptedVendor,
    says: Say,
    adapter: CapillaryAdapter,
    changes: dict[str, Any],
    standing: tuple[CouponStatus, int | None],
) -> None:
    """A date counts to its end; what cannot be read is never taken for unused."""
    vendor.say(FIND, says(body=answer({**ROW, **changes})))

    [coupon] = adapter.coupons_by_code(["ZLI0HZ0EGH"])

    assert standing == (coupon.status, coupon.redemption_count)


ONCE = {"isMultipleUseAllowed": False, "sameUserMultipleRedeem": False, "redemptionPerCouponMaxLimit": -1}
HELD = {
    "id": 1296377532,
    "code": "ZLI0HZ0EGH",
    "redemptionCount": 1,
    "validTillDateTime": "2027-05-09T12:00:00Z",
}


@pytest.mark.parametrize(
    ("series", "left", "standing", "calls"),
    [
        (ONCE, None, (CouponStatus.REDEEMED, 0), 0),
        ({**ONCE, "redemptionPerCouponMaxLimit": 1}, None, (CouponStatus.REDEEMED, 0), 0),
        ({**ONCE, "redemptionPerCouponMaxLimit": 3}, 2, (CouponStatus.ACTIVE, 2), 1),
        ({**ONCE, "sameUserMultipleRedeem": True}, -1, (CouponStatus.ACTIVE, None), 1),
        ({}, 0, (CouponStatus.REDEEMED, 0), 1),
        (None, None, (CouponStatus.UNKNOWN, None), 1),
    ],
)
def test_a_used_code_stands_as_its_owner_s_lookup_says(
    vendor: ScriptedVendor,
    says: Say,
    adapter: CapillaryAdapter,
    *,
    series: object,
    left: int | None,
    standing: tuple[CouponStatus, int | None],
    calls: int,
) -> None:
    """The series tells that it was for one use; else v2's list of its owner how often it can still be used."""
    held = {**HELD, "redemptionsLeft": left}
    page = {"pagination": {"total": 1}, "customers": [{"id": 565039504, "coupons": [held]}]}
    vendor.say(FIND, says(body=answer({**ROW, "redemption_info": USE})))
    vendor.say(TERMS, says(body={"data": [{**TERM, "couponSeries": series}], "warnings": [], "errors": []}))
    vendor.say("/v2/customers/coupons", says(body={"entity": page, "errors": [], "success": True}))

    [coupon] = adapter.coupons_by_code(["ZLI0HZ0EGH"])

    assert standing == (coupon.status, coupon.redemptions_left)
    assert ["565039504"] * calls == [asked.query["id"] for asked in vendor.asked_at("/v2/customers/coupons")]


@pytest.mark.parametrize(("asked", "number"), [("1523773774", 1523773774), ("001523773774", 1523773774.0)])
def test_a_code_that_came_as_a_number_is_found(
    vendor: ScriptedVendor,
    says: Say,
    adapter: CapillaryAdapter,
    caplog: pytest.LogCaptureFixture,
    *,
    asked: str,
    number: object,
) -> None:
    """It is its digits, with what v2 tells of it; that zeros may be missing is said."""
    vendor.say(FIND, says(body=answer({**ROW, "code": number})))
    vendor.say(TERMS, says(body={"data": [{**TERM, "code": number}], "warnings": [], "errors": []}))

    [coupon] = adapter.coupons_by_code([asked])

    assert ("1523773774", "Gold") == (coupon.code, coupon.description)
    assert "zeros" in caplog.text
    assert "1523773774" not in caplog.text


@pytest.mark.parametrize(
    ("changes", "discount"),
    [
        ({"is_absolute": "false", "value": "12.50"}, Discount(type="percent", value=Decimal("12.50"))),
        ({"value": None}, None),
        ({"is_absolute": None}, None),
        ({"value": "much"}, None),
    ],
)
def test_discount(
    vendor: ScriptedVendor,
    says: Say,
    adapter: CapillaryAdapter,
    changes: dict[str, Any],
    discount: Discount | None,
) -> None:
    """Absolute or percent, and None where it is not told."""
    vendor.say(FIND, says(body=answer({**ROW, **changes})))

    assert discount == adapter.coupons_by_code(["ZLI0HZ0EGH"])[0].discount


def test_unknown_codes_are_left_out(vendor: ScriptedVendor, says: Say, adapter: CapillaryAdapter) -> None:
    """Also those whose twin in another case was found; a coupon is told once (C-54)."""
    rows = [unknown("ZLI0HZ0EGH"), ROW, ROW, unknown("NOSUCH")]
    vendor.say(FIND, says(body=answer(*rows, code="201")))

    found = adapter.coupons_by_code(["ZLI0HZ0EGH", "zli0hz0egh", "NOSUCH"])

    assert ["zLI0HZ0EGH"] == [coupon.code for coupon in found]


def test_nothing_known_asks_nothing_more(
    vendor: ScriptedVendor, says: Say, adapter: CapillaryAdapter
) -> None:
    """All unknown is request code 500 around their rows, and v2 has nothing to add."""
    vendor.say(FIND, says(body=answer(unknown("NOSUCH"), code=500)))

    assert () == adapter.coupons_by_code(["NOSUCH"])
    assert [] == vendor.asked_at(TERMS)


def test_no_codes_are_no_question(vendor: ScriptedVendor, adapter: CapillaryAdapter) -> None:
    """Nothing is asked about nothing."""
    assert () == adapter.coupons_by_code([])
    assert [] == vendor.seen


def test_a_forbidden_v2_is_asked_once(vendor: ScriptedVendor, says: Say, adapter: CapillaryAdapter) -> None:
    """Its part stays empty, and further batches do without it."""
    vendor.say(FIND, says(body=answer(ROW)))
    vendor.say(TERMS, says(status=403, body={"errors": [{"code": 4000}]}))

    spellings = {10: ROW["code"], 60: ROW["code"].lower(), 110: ROW["code"].upper()}
    [coupon] = adapter.coupons_by_code([spellings.get(number, f"C{number}") for number in range(120)])

    assert (None, None, 3, 1) == (
        coupon.list_name,
        coupon.description,
        len(vendor.asked_at(FIND)),
        len(vendor.asked_at(TERMS)),
    )


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        (answer("x"), 200, UnreadableReply),
        (answer({**ROW, "item_status": None}), 200, UnreadableReply),
        (answer({**ROW, "item_status": {"success": "false", "code": 700}}), 200, UnreadableReply),
        (answer({**ROW, "item_status": {"success": "true", "code": 705}}), 200, UnreadableReply),
        (answer({**ROW, "code": None}), 200, UnreadableReply),
        (answer({**ROW, "item_status": {"success": "false", "code": 4242}}), 200, UnreadableReply),
        (answer({**ROW, "item_status": {"success": "false", "code": 786}}), 200, VendorUnavailable),
        (answer(code=500), 200, VendorUnavailable),
        (answer(code=400), 200, RequestRejected),
        (answer(code=1060), 200, RequestRejected),
        ({"response": {"status": {"code": 200}, "coupons": "x"}}, 200, UnreadableReply),
        ({"errors": [{"code": 4000}]}, 403, PermissionDenied),
        ({"response": {}}, 200, UnreadableReply),
    ],
)
def test_what_cannot_be_concluded_is_an_error(body: Any, status: int, kind: type) -> None:
    """A row that cannot be read must not pass for a code that is unknown."""
    with pytest.raises(CouponhubError) as caught:
        read_found_coupons(Reply(status=status, headers={}, body=json.dumps(body).encode()))

    assert kind is type(caught.value)


@pytest.mark.parametrize("code", ["A,B", "", " "])
def test_codes_that_cannot_be_asked_about(
    vendor: ScriptedVendor, adapter: CapillaryAdapter, code: str
) -> None:
    """A comma parts codes; one within a code would ask about others. The error does not quote it."""
    with pytest.raises(UsageError, match="code 2 of 2") as caught:
        adapter.coupons_by_code(["GOOD", code])

    assert [] == vendor.seen
    assert "A,B" not in str(caught.value)


def test_batches_fit_a_query() -> None:
    """At most fifty codes and few enough characters, each code once, none lost."""
    short, long = [f"C{number}" for number in range(120)], ["€" * 40 + str(number) for number in range(30)]

    assert [50, 50, 20] == [len(batch) for batch in batches([*short, *short])]
    parts = list(batches(long))
    assert long == [code for batch in parts for code in batch]
    assert max(len(batch) for batch in parts) < 10
    assert [("€" * 5000,), ("A",)] == list(batches(["€" * 5000, "A"]))


def test_v2_is_asked_with_a_parameter_for_each_code() -> None:
    """There codes are repeated, not joined."""
    query = coupon_terms_request(["A", "b c"], with_series=False).query

    assert (("couponCodes", "A"), ("couponCodes", "b c"), ("coupon_code_case", "AS_IT_IS")) == query
    assert (*query, ("showCouponSeries", "true")) == coupon_terms_request(
        ["A", "b c"], with_series=True
    ).query


def test_neither_codes_nor_owners_are_logged(
    vendor: ScriptedVendor, says: Say, adapter: CapillaryAdapter, caplog: pytest.LogCaptureFixture
) -> None:
    """At any level, of any library; nor do they stand in the coupon's repr."""
    caplog.set_level(logging.DEBUG)
    vendor.say(FIND, says(body=answer({**ROW, "issued_on": "yesterday", "redemption_info": "Tom Sawyer"})))
    vendor.say(TERMS, says(body=b"<html>zLI0HZ0EGH"))

    [coupon] = adapter.coupons_by_code(["ZLI0HZ0EGH"])

    assert "find coupons" in caplog.text
    for secret in ("ZLI0HZ0EGH", "zLI0HZ0EGH", "Tom", "919000000001", "yesterday"):
        assert secret not in caplog.text
        assert secret not in repr(coupon)
