"""The look-ups beside the main ones at the emulated Capillary: coupons in detail, customer ids, series in v1.1."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from couponhub.testing.emulation.vendor import EmulatedCustomer

if TYPE_CHECKING:
    from tests.emulation.capillary.conftest import Vendor

LOOKUP = "/v2/customers/lookup"
SERIES = "/v1.1/coupon/series"
MOBILE = "919000000001"
OWNER = "98662653"
DETAILED = f"/v2/customers/{OWNER}/coupons"


@pytest.fixture
def holder(vendor: "Vendor") -> EmulatedCustomer:
    """A known customer of the empty emulator."""
    return vendor.customer(MOBILE, email="h@example.com", external_id="E-1", id=OWNER)


def test_a_coupon_in_detail_is_as_printed(vendor: "Vendor", holder: EmulatedCustomer) -> None:
    """Its end is exact, its issue in the store's digits, its series whole, and `discountType` no word."""
    series_id = vendor.series(clientHandlingType="DISC_CODE", discountType="ABS")
    body = {"seriesId": series_id, "customer": {"mobile": holder.mobile}}
    code = vendor.send("POST", "/v2/coupon/issue", body).get_json()["code"]
    (held,) = vendor.coupons(mobile=MOBILE)
    answer = vendor.get(DETAILED).get_json()
    (coupon,) = answer.pop("entity")
    series = coupon.pop("series")

    def status(code: int, message: str) -> dict[str, object]:
        entry = {"status": True, "code": code, "message": message}
        more = {"warnings": [], "warningsAsStatusCode": [], "code": code, "success": True, "message": message}
        return {"statusCode": entry, **more}

    assert {"warnings": [], "errors": [], "success": True} == answer
    assert {
        "id": int(held["id"]),
        "seriesId": int(series_id),
        "code": code,
        "description": "Imported codes",
        "createdDate": "2026-03-10T17:30:00Z",
        "validTill": "2027-01-31T23:59:59Z",
        "isRedeemed": False,
        "issuedTo": int(OWNER),
        "issuedBy": coupon["issuedBy"],
        "orgId": 100737,
        "refId": 0,
        "issuedAt": {
            "id": coupon["issuedAt"]["id"],
            "code": "store_001",
            "description": "",
            "name": "Main Store",
            "type": "STORE",
            "adminType": "GENERAL",
            "isOrgUnit": False,
        },
        "status": status(700, "Coupon Resent"),
        "couponDiscountType": "ABS",
        "issuedOn": "2026-03-10T17:30:00Z",
        "activeFrom": "2026-03-10T17:30:00Z",
        "redemptionsLeft": 1,
        "couponStatus": status(200, "Success"),
        "redemptionInfo": [],
        "reversedRedemptionInfo": [],
        "discountType": True,
        "discountValue": 10,
        "discountValueAsDouble": 10,
        "discountUpto": 0,
        "trimmedCode": code,
        "redeemed": False,
        "seriesName": "Imported codes",
    } == coupon
    assert (int(series_id), "2027-01-31", '{"dom" : [-1], "dow": [-1], "hours": [-1]}') == (
        series["id"],
        series["validTilldateFormat"],
        series["redemptionRange"],
    )
    assert "validTillDateTime" not in series


def test_detail_shows_redemptions_and_reversals(vendor: "Vendor", holder: EmulatedCustomer) -> None:
    """A redeemed coupon says so twice; a revoked one is not there; the case is chosen."""
    series_id = vendor.series(clientHandlingType="DISC_CODE")
    used, reversed_, revoked = vendor.issued(series_id, holder, 3)
    for code in (used, reversed_):
        vendor.emulator.redeem(series_id, code, {"transaction": "T-1"})
    vendor.emulator.reactivate(series_id, reversed_)
    vendor.emulator.revoke(series_id, revoked)
    coupons = vendor.get(DETAILED, coupon_code_case="LOWER").get_json()["entity"]
    assert [(used.lower(), True, 1, 0, 0), (reversed_.lower(), False, 0, 1, 1)] == [
        (
            coupon["code"],
            coupon["isRedeemed"],
            len(coupon["redemptionInfo"]),
            len(coupon["reversedRedemptionInfo"]),
            coupon["redemptionsLeft"],
        )
        for coupon in coupons
    ]
    assert "issuedAt" not in coupons[0]


@pytest.mark.parametrize(
    ("path", "status", "word"),
    [
        ("/v2/customers/somebody/coupons", 400, "INVALID_CUSTOMER_ID"),
        ("/v2/customers/5/coupons", 404, "CUSTOMER_NOT_FOUND"),
        (DETAILED, 404, "NO_COUPONS_FOUND"),
    ],
)
def test_detail_tells_errors_by_words(
    vendor: "Vendor", holder: EmulatedCustomer, path: str, status: int, word: str
) -> None:
    """HTTP statuses with words, unlike everything else (C-56)."""
    assert holder.id == OWNER
    answer = vendor.get(path)
    assert (status, word) == (answer.status_code, answer.get_json()["errors"][0]["message"])


def test_detail_tells_who_may_not_by_words(vendor: "Vendor", holder: EmulatedCustomer) -> None:
    """Also where the caller is not known, or has no right."""
    assert holder.id == OWNER
    vendor.emulator.set_options({"denied": {"demo-key": ["default"]}})
    answers = [vendor.get(DETAILED), vendor.client.get(DETAILED)]
    assert [(403, "FORBIDDEN"), (401, "UNAUTHORIZED")] == [
        (answer.status_code, answer.get_json()["errors"][0]["message"]) for answer in answers
    ]
    assert 4000 == vendor.get(LOOKUP).get_json()["errors"][0]["code"]


@pytest.mark.parametrize(
    ("names", "values"),
    [
        ("mobile", MOBILE),
        ("email", "h@example.com"),
        ("externalId", "E-1"),
        ("mobile,email", f"{MOBILE},h@example.com"),
    ],
)
def test_a_customers_id_is_looked_up(
    vendor: "Vendor", holder: EmulatedCustomer, names: str, values: str
) -> None:
    """By any identifier, or several that name the same customer."""
    assert holder.id == OWNER
    answer = vendor.get(LOOKUP, source="INSTORE", accountId="", identifierName=names, identifierValue=values)
    assert (200, {"entity": int(OWNER), "warnings": []}) == (answer.status_code, answer.get_json())


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"identifierName": "mobile", "identifierValue": MOBILE}, 400),
        ({"source": "ALL", "identifierName": "mobile"}, 400),
        ({"source": "ALL", "identifierName": "mobile,email", "identifierValue": MOBILE}, 400),
        ({"source": "ALL", "identifierName": "mobile", "identifierValue": "9"}, 8015),
        ({"source": "ALL", "identifierName": "cardnumber", "identifierValue": "7"}, 8015),
        ({"source": "ALL", "identifierName": "mobile,email", "identifierValue": f"{MOBILE},x"}, 8015),
    ],
)
def test_what_names_nobody_is_told(
    vendor: "Vendor", holder: EmulatedCustomer, query: dict[str, str], code: int
) -> None:
    """The source is required; identifiers that do not agree name nobody."""
    assert holder.id == OWNER
    answer = vendor.get(LOOKUP, **query)
    assert (400, code) == (answer.status_code, answer.get_json()["errors"][0]["code"])


def test_a_series_in_the_old_style_is_text(vendor: "Vendor", holder: EmulatedCustomer) -> None:
    """One object for one id, every value text, with the counters of what was done since."""
    places = [{"redemptionOrgEntityType": "TILL", "orgEntityId": 12808452}]
    series_id = vendor.series(clientHandlingType="DISC_CODE", redemptionOrgEntityDetails=places)
    vendor.issued(series_id, holder)
    read = vendor.read(series_id)
    response = vendor.get(SERIES, id=series_id).get_json()["response"]
    assert {"success": "true", "code": "200", "message": "Success"} == response["status"]
    assert {
        "id": series_id,
        "description": "Imported codes",
        "series_type": "UNDEFINED",
        "client_handling_type": "DISC_CODE",
        "discount_code": "IMPORT10",
        "valid_till_date": "2027-01-31",
        "valid_days_from_create": "30",
        "expiry_strategy_type": "SERIES_EXPIRY",
        "expiry_strategy_value": "-1",
        "max_create": "-1",
        "max_redeem": "-1",
        "transferrable": "0",
        "any_user": "0",
        "same_user_multiple_redeem": "0",
        "allow_referral_existing_users": "0",
        "multiple_use": "0",
        "is_validation_required": "0",
        "valid_with_discounted_item": "false",
        "created_by": str(read["createdBy"]),
        "created": "2026-03-10 12:00:00",
        "last_used": "2026-03-10 12:00:00",
        "series_code": read["seriesCode"],
        "disable_sms": "0",
        "info": "Imported codes",
        "allow_multiple_vouchers_per_user": "0",
        "do_not_resend_existing_voucher": "0",
        "mutual_exclusive_series_ids": "[-1]",
        "store_ids_json": "[-1]",
        "dvs_enabled": "0",
        "dvs_expiry_date": "2026-03-10",
        "priority": "0",
        "short_sms_template": "Hello {{cust_name}}, your voucher code is {{voucher_code}}",
        "max_vouchers_per_user": "-1",
        "min_days_between_vouchers": "-1",
        "max_referrals_per_referee": "-1",
        "discount_on": "BILL",
        "discount_type": "PERC",
        "discount_value": "10",
        "redemption_range": '{"dom":["-1"],"dow":["-1"],"hours":["-1"]}',
        "min_bill_amount": "-1",
        "max_bill_amount": "-1",
        "redeem_at_store": "[-1]",
        "campaign_id": "-1",
        "max_redemptions_in_series_per_user": "-1",
        "min_days_between_redemption": "-1",
        "redemption_valid_from": "2026-03-10",
        "source_org_id": "-1",
        "issue_to_loyalty": "0",
        "redeem_store_type": "redeemable_stores",
        "old_flow_enabled": "0",
        "pre_redeem_event_required": "0",
        "coupons": {"issued": "1", "redeemed": "0"},
        "offline_redemption_enabled": "false",
        "item_status": {"success": "true", "code": "700", "message": "Coupon series fetched successfully"},
        "valid_redemption_org_entities": {
            "concepts": None,
            "zones": None,
            "stores": None,
            "tills": "[12808452]",
        },
        "products": "",
        "brands": "",
        "categories": "",
    } == response["series"]["items"]["item"]


def test_old_style_series_are_filtered_by_expiry(vendor: "Vendor") -> None:
    """Expired ones, active ones, or all of them."""
    over = vendor.series(validTillDate="2026-03-11T00:00:00Z")
    lasting = [vendor.series(), vendor.series()]
    vendor.world.clock.set(datetime(2026, 3, 12, tzinfo=UTC))
    vendor.headers = {"X-CAP-API-OAUTH-TOKEN": vendor.token()}

    def listed(**query: str) -> list[str]:
        item = vendor.get(SERIES, **query).get_json()["response"]["series"]["items"]["item"]
        return [one["id"] for one in (item if isinstance(item, list) else [item])]

    assert [over] == listed(expired="true")
    assert lasting == listed(expired="false")
    assert [over, *lasting] == listed(expired="extended") == listed()
    assert [] == listed(id=over, expired="false")


@pytest.mark.parametrize("series_id", ["5", "x"])
def test_an_unknown_series_in_the_old_style(vendor: "Vendor", series_id: str) -> None:
    """The only item failed, so the request did."""
    response = vendor.get(SERIES, id=series_id).get_json()["response"]
    item = response["series"]["items"]["item"]
    assert ("500", "707") == (response["status"]["code"], item["item_status"]["code"])


def test_a_wrong_filter_in_the_old_style_is_invalid(vendor: "Vendor") -> None:
    """`expired` takes three words."""
    assert 400 == vendor.get(SERIES, expired="maybe").get_json()["response"]["status"]["code"]
