"""Coupon series of the emulated Capillary: create, update, list."""

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.emulation.capillary.conftest import Vendor

PATH = "/v2/coupon/series"

SERIES_FIELDS = {
    "id",
    "orgId",
    "description",
    "discountCode",
    "validTillDate",
    "validTillDateTime",
    "validDaysFromCreation",
    "expiryStrategyValue",
    "maxCreate",
    "maxRedeem",
    "isTransferrable",
    "anyUser",
    "sameUserMultipleRedeem",
    "isReferralExistingUsersAllowed",
    "isMultipleUseAllowed",
    "isValidationRequired",
    "isValidWithDiscountedItem",
    "createdBy",
    "numIssued",
    "numRedeemed",
    "createdOn",
    "lastUsed",
    "seriesCode",
    "smsTemplate",
    "isSMSDisabled",
    "info",
    "isMultipleVouchersPerUserAllowed",
    "doNotResendExistingVoucher",
    "mutualExclusiveSeriesIds",
    "storeIdsJson",
    "isDvsEnabled",
    "dvsExpiryDate",
    "priority",
    "shortSMSTemplate",
    "maxVouchersPerUser",
    "minDaysBetweenVouchers",
    "maxReferralsPerReferee",
    "discountUpto",
    "discountValue",
    "dvsItems",
    "redemptionRange",
    "minBillAmount",
    "maxBillAmount",
    "redeemAtStore",
    "campaignId",
    "tag",
    "maxRedemptionsInSeriesPerUser",
    "minDaysBetweenRedemption",
    "redemptionValidFrom",
    "sourceOrgId",
    "issueToLoyalty",
    "redeemStoreType",
    "offlineRedeemType",
    "isOldFlowEnabled",
    "isPreRedeemEventRequired",
    "termsAndConditions",
    "signalRedemptionEvent",
    "syncToClient",
    "showPinCode",
    "numUploadedNonIssued",
    "numUploadedTotal",
    "redemptionValidAfterDays",
    "ownedBy",
    "ownerId",
    "ownerValidity",
    "alphaNumeric",
    "shortCodeLength",
    "randomCodeLength",
    "fixedExpiryDate",
    "numTotal",
    "latestIssualTime",
    "latestRedemptionTime",
    "resendMessageEnabled",
    "redemptionPerCouponMaxLimit",
    "seriesType",
    "clientHandlingType",
    "expiryStrategyType",
    "discountOn",
    "discountType",
    "updateProductData",
    "externalIssual",
}


def _problem(code: int, text: str) -> dict[str, Any]:
    return {
        "warnings": [],
        "errors": [{"status": False, "code": code, "message": text}],
        "success": False,
    }


def _ids(vendor: "Vendor", **query: str | list[str]) -> list[int]:
    return [series["id"] for series in vendor.get(PATH, **query).get_json()["entity"]]


def test_create_answers_the_bare_series(vendor: "Vendor") -> None:
    """The documented field set flat at top level, with warnings, under HTTP 200."""
    answer = vendor.create()
    body = answer.get_json()
    assert answer.status_code == 200
    assert set(body) == SERIES_FIELDS | {"warnings"}
    assert body["warnings"] == []
    assert re.fullmatch("[0-9A-F]{20}", body["seriesCode"])
    assert len(str(body["id"])) == 6
    assert body["numTotal"] == 0


def test_the_defaults_of_a_minimal_series(vendor: "Vendor") -> None:
    """What printed answers to minimal requests show."""
    body = vendor.create().get_json()
    expected = {
        "expiryStrategyValue": -1,
        "maxCreate": -1,
        "maxRedeem": -1,
        "redemptionPerCouponMaxLimit": -1,
        "maxVouchersPerUser": -1,
        "minDaysBetweenVouchers": -1,
        "minBillAmount": -1,
        "maxBillAmount": -1,
        "discountUpto": 0,
        "isMultipleUseAllowed": False,
        "isMultipleVouchersPerUserAllowed": False,
        "doNotResendExistingVoucher": False,
        "alphaNumeric": False,
        "randomCodeLength": 0,
        "resendMessageEnabled": True,
        "isSMSDisabled": False,
        "externalIssual": False,
        "info": "Imported codes",
        "tag": "Imported codes",
        "mutualExclusiveSeriesIds": "[-1]",
        "redemptionRange": '{"dom" : [-1], "dow": [-1], "hours": [-1]}',
        "redemptionValidFrom": "2026-03-10T00:00:00Z",
        "ownedBy": "NONE",
        "ownerId": -1,
        "latestIssualTime": 0,
        "numUploadedTotal": 0,
    }
    assert {name: body[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("given", "day", "epoch"),
    [
        ("2026-06-12T00:00:00+05:30", "2026-06-11", 1781136000000),
        ("2026-06-11T23:59:59Z", "2026-06-11", 1781136000000),
        ("2026-06-11", "2026-06-11", 1781136000000),
    ],
)
def test_the_last_day_is_the_day_in_the_servers_zone(
    vendor: "Vendor", given: str, day: str, epoch: int
) -> None:
    """Both date forms; an instant is moved to the server's zone before its day is taken."""
    body = vendor.create(validTillDate=given).get_json()
    assert body["validTillDate"] == f"{day}T00:00:00Z"
    assert body["validTillDateTime"] == f"{day}T23:59:59Z"
    assert body["fixedExpiryDate"] == epoch


def test_a_server_in_india_prints_its_own_offset(vendor: "Vendor") -> None:
    """The server's zone is an option."""
    vendor.emulator.set_options({"server_timezone": "Asia/Kolkata"})
    body = vendor.create(validTillDate="2026-06-12T00:00:00+05:30").get_json()
    assert body["validTillDate"] == "2026-06-12T00:00:00+05:30"
    assert body["validTillDateTime"] == "2026-06-12T23:59:59+05:30"


def test_given_fields_are_kept_and_server_fields_ignored(vendor: "Vendor") -> None:
    """A given seriesCode stays; counters and ids in the request do nothing."""
    body = vendor.create(
        seriesCode="MyCode",
        id=5,
        numIssued=7,
        orgId=1,
        discountUpto=3.5,
        maxCreate=10,
        mutualExclusiveSeriesIds=[1, 2],
        tag="other",
    ).get_json()
    kept = {name: body[name] for name in ("seriesCode", "numIssued", "orgId", "discountUpto", "tag")}
    assert kept == {
        "seriesCode": "MyCode",
        "numIssued": 0,
        "orgId": 100737,
        "discountUpto": 3.5,
        "tag": "other",
    }
    assert body["id"] != 5
    assert body["mutualExclusiveSeriesIds"] == "[1, 2]"


@pytest.mark.parametrize(
    "changes",
    [
        {"description": None},
        {"discountCode": None},
        {"discountType": None},
        {"discountValue": None},
        {"validTillDate": None},
        {"anyUser": None},
        {"smsTemplate": None},
        {"clientHandlingType": None},
        {"expiryStrategyType": None},
        {"discountType": "PERCENT"},
        {"clientHandlingType": "disc_code"},
        {"expiryStrategyType": "YEARS"},
        {"discountValue": "10"},
        {"discountValue": True},
        {"anyUser": "false"},
        {"maxCreate": 1.5},
        {"maxBillAmount": "1"},
        {"customPropertyMap": {"a": 1}},
        {"customPropertyMap": ["a"]},
        {"mutualExclusiveSeriesIds": "1,2"},
        {"redeemAtStore": "77"},
        {"redemptionRange": "always"},
        {"redemptionRange": "[-1]"},
        {"redemptionOrgEntityDetails": [{"redemptionOrgEntityType": "SHOP", "orgEntityId": 1}]},
        {"productInfo": [{"productType": "THING"}]},
        {"externalIssual": True},
        {"redemptionPerCouponMaxLimit": 3},
        {"redemptionPerCouponMaxLimit": 0, "anyUser": True},
        {"clientHandlingType": "GENERIC", "genericCode": "NO SPACES"},
    ],
)
def test_an_invalid_series_is_629(vendor: "Vendor", changes: dict[str, Any]) -> None:
    """A required field missing, a wrong type or word, or fields that do not go together."""
    answer = vendor.create(**changes)
    assert (answer.status_code, answer.get_json()) == (400, _problem(629, "Invalid Input"))


@pytest.mark.parametrize("content", ["{", "[]", '{"description": "x"}', '{"CouponSeriesV2": 1}'])
def test_a_body_without_the_wrapper_is_629(vendor: "Vendor", content: str) -> None:
    """Broken JSON, or a series that is not inside `CouponSeriesV2`."""
    answer = vendor.client.post(PATH, data=content, content_type="application/json", headers=vendor.headers)
    assert (answer.status_code, answer.get_json()) == (400, _problem(629, "Invalid Input"))


@pytest.mark.parametrize("day", ["2026-03-09", "12-06-2027", "2027-02-30", "2027-06-12T00:00:00", "soon"])
def test_a_bad_or_past_last_day_is_641(vendor: "Vendor", day: str) -> None:
    """Neither documented form, or over already."""
    answer = vendor.create(validTillDate=day)
    assert (answer.status_code, answer.get_json()) == (400, _problem(641, "Incorrect Valid Till Date"))


def test_series_codes_are_unique_and_not_empty(vendor: "Vendor") -> None:
    """630 for a taken one, 634 for an empty one; discount codes may repeat."""
    vendor.create(seriesCode="S1")
    assert vendor.create(seriesCode="S1").get_json() == _problem(630, "Duplicate Series Code")
    assert vendor.create(seriesCode="").get_json() == _problem(634, "Empty Series Code")
    assert vendor.create(seriesCode="S2").status_code == 200


def test_common_codes_are_needed_and_unique(vendor: "Vendor") -> None:
    """754 without one, 631 for one that any coupon or series has."""
    missing = vendor.create(clientHandlingType="GENERIC").get_json()
    assert missing == _problem(754, "generic cannot be empty for series type GENERIC")
    vendor.processed(vendor.series(), "code\nPOOLED\n")
    assert vendor.create(clientHandlingType="GENERIC", genericCode="FEST").status_code == 200
    for code in ("fest", "pooled"):
        answer = vendor.create(clientHandlingType="GENERIC", genericCode=code)
        assert answer.get_json() == _problem(631, "Duplicate Generic Coupon Code")


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"couponPrefix": "P", "clientHandlingType": "DISC_CODE_PIN"}, "Prefix/Suffix not allowed"),
        ({"couponPrefix": "P" * 11}, "Prefix length exceeds maximum"),
        ({"couponPrefix": "P!"}, "Prefix has invalid characters"),
        ({}, "Prefix enabled but not provided"),
        ({"couponPrefix": "P" * 10, "randomCodeLength": 21}, "Total code length exceeds maximum"),
        (
            {"couponPrefix": "P", "isSuffixEnabled": True, "couponSuffix": "S" * 11},
            "Suffix length exceeds maximum",
        ),
    ],
)
def test_wrong_prefixes_are_629(vendor: "Vendor", changes: dict[str, Any], text: str) -> None:
    """Each prefix or suffix rule has its own text."""
    answer = vendor.create(**{"clientHandlingType": "DISC_CODE", "isPrefixEnabled": True, **changes})
    assert (answer.status_code, answer.get_json()) == (400, _problem(629, text))


def test_prefix_and_suffix_are_on_generated_codes(vendor: "Vendor") -> None:
    """They surround the random part, when enabled only."""
    customer = vendor.customer()
    given = {"couponPrefix": "P-", "couponSuffix": "-S", "randomCodeLength": 5}
    on = vendor.series(clientHandlingType="DISC_CODE", isPrefixEnabled=True, isSuffixEnabled=True, **given)
    off = vendor.series(clientHandlingType="DISC_CODE", **given)
    (code,) = vendor.emulator.issue(on, customer, count=1, codes=None)
    (plain,) = vendor.emulator.issue(off, customer, count=1, codes=None)
    assert re.fullmatch(r"P-\d{5}-S", code)
    assert re.fullmatch(r"\d{5}", plain)


def test_the_list_has_no_page_details_unless_paged(vendor: "Vendor") -> None:
    """`pageDetails` comes when paging parameters came."""
    series_id = vendor.series()
    body = vendor.get(PATH).get_json()
    assert set(body) == {"entity", "warnings"}
    assert set(body["entity"][0]) == SERIES_FIELDS
    assert body["entity"][0]["numTotal"] == -1
    paged = vendor.get(PATH, offset="0", limit="10").get_json()
    assert paged["pageDetails"] == {"offset": 0, "limit": 10, "numberOfElements": 1}
    beyond = vendor.get(PATH, offset="5").get_json()
    assert beyond["entity"] == []
    assert beyond["pageDetails"] == {"offset": 5, "limit": 1300, "numberOfElements": 0}
    assert _ids(vendor) == [int(series_id)]


def test_an_organisation_without_series_is_502(vendor: "Vendor") -> None:
    """Not an empty list: the organisation has none."""
    answer = vendor.get(PATH)
    assert (answer.status_code, answer.get_json()) == (400, _problem(502, "No Coupon Series Available"))


def test_ids_and_codes_select(vendor: "Vendor") -> None:
    """Both repeat; an unknown id is an empty list."""
    first, second, third = (vendor.series(seriesCode=code) for code in ("S1", "S2", "S3"))
    assert set(_ids(vendor, ids=[first, third])) == {int(first), int(third)}
    assert _ids(vendor, seriesCodes=["S2"]) == [int(second)]
    answer = vendor.get(PATH, ids="999999")
    assert (answer.status_code, answer.get_json()) == (200, {"entity": [], "warnings": []})


def test_the_last_used_comes_first(vendor: "Vendor") -> None:
    """An issue moves a series to the top, and pages follow that order."""
    series = [vendor.series(clientHandlingType="DISC_CODE") for _ in range(3)]
    vendor.world.clock.set(datetime(2026, 3, 10, 12, 1, tzinfo=UTC))
    vendor.emulator.issue(series[0], vendor.customer(), count=1, codes=None)
    assert _ids(vendor) == [int(series[0]), int(series[2]), int(series[1])]
    assert _ids(vendor, offset="1", limit="1") == [int(series[2])]


def test_status_kind_owner_and_type_select(vendor: "Vendor") -> None:
    """Each filter; directly redeemed series are left out unless asked for."""
    made = vendor.series(clientHandlingType="DISC_CODE", validTillDate="2026-03-11")
    pooled = vendor.series(ownedBy="LOYALTY")
    direct = vendor.series(clientHandlingType="GENERIC_REDEEMABLE", genericCode="DIRECT")
    vendor.world.clock.set(datetime(2026, 3, 12, tzinfo=UTC))
    vendor.headers = {"X-CAP-API-OAUTH-TOKEN": vendor.token()}
    assert _ids(vendor, status="ACTIVE") == [int(pooled)]
    assert _ids(vendor, status="INACTIVE") == [int(made)]
    assert set(_ids(vendor, status="BOTH")) == {int(made), int(pooled)}
    assert _ids(vendor, clientHandlingType="DISC_CODE") == [int(made)]
    assert _ids(vendor, ownedBy="LOYALTY") == [int(pooled)]
    assert _ids(vendor, couponType="DIRECT_REDEEM") == [int(direct)]
    assert set(_ids(vendor, couponType="ALL")) == {int(made), int(pooled), int(direct)}


def test_organisation_entities_select(vendor: "Vendor") -> None:
    """Ids need their type; without it they are ignored with a warning."""
    till = [{"redemptionOrgEntityType": "TILL", "orgEntityId": 7}]
    bound, free = vendor.series(redemptionOrgEntityDetails=till), vendor.series()
    assert _ids(vendor, orgEntityIds="7", orgEntityType="TILL") == [int(bound)]
    assert _ids(vendor, orgEntityIds="7", orgEntityType="STORE") == []
    body = vendor.get(PATH, orgEntityIds="7").get_json()
    assert {series["id"] for series in body["entity"]} == {int(bound), int(free)}
    assert len(body["warnings"]) == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("status", "active"),
        ("ids", "abc"),
        ("limit", "0"),
        ("offset", "-1"),
        ("ownedBy", "ME"),
        ("couponType", "SOME"),
        ("clientHandlingType", "X"),
        ("seriesCodes", "S" * 51),
    ],
)
def test_invalid_filters_are_ignored_with_a_warning(vendor: "Vendor", name: str, value: str) -> None:
    """The list comes as if the filter were absent, and says so."""
    series_id = vendor.series()
    answer = vendor.get(PATH, **{name: value})
    assert answer.status_code == 200
    assert [series["id"] for series in answer.get_json()["entity"]] == [int(series_id)]
    assert set(answer.get_json()["warnings"][0]) == {"status", "code", "message"}


def test_a_limit_above_the_maximum_is_clamped_with_a_warning(vendor: "Vendor") -> None:
    """1400 at most."""
    vendor.series()
    assert vendor.get(PATH, limit="1400").get_json()["warnings"] == []
    body = vendor.get(PATH, limit="1401").get_json()
    assert body["pageDetails"]["limit"] == 1400
    assert len(body["warnings"]) == 1


def test_counters_move_with_the_coupons(vendor: "Vendor") -> None:
    """Issues and redemptions show in the counters and times of the series."""
    series_id = vendor.series(clientHandlingType="DISC_CODE")
    (code,) = vendor.emulator.issue(series_id, vendor.customer(), count=1, codes=None)
    vendor.emulator.redeem(series_id, code, {"at": "2026-03-10T13:00:00Z"})
    series = vendor.read(series_id)
    assert (series["numIssued"], series["numRedeemed"]) == (1, 1)
    assert series["latestIssualTime"] >= 1773144000000
    assert series["latestRedemptionTime"] == 1773147600000
    assert series["lastUsed"] == "2026-03-10T13:00:00Z"


@pytest.mark.parametrize(
    ("strategy", "value", "end"),
    [
        ("SERIES_EXPIRY", -1, "2026-05-15 23:59:59"),
        ("DAYS", 0, "2026-03-10 23:59:59"),
        ("DAYS", 10, "2026-03-20 23:59:59"),
        ("DAYS", 400, "2026-05-15 23:59:59"),
        ("MONTHS_END", 0, "2026-03-31 23:59:59"),
        ("MONTHS_END", 1, "2026-04-30 23:59:59"),
        ("MONTHS_END", 11, "2026-05-15 23:59:59"),
    ],
)
def test_coupons_end_by_their_series_strategy(vendor: "Vendor", strategy: str, value: int, end: str) -> None:
    """End of day, end of month, never later than the series."""
    series_id = vendor.series(
        clientHandlingType="DISC_CODE",
        expiryStrategyType=strategy,
        expiryStrategyValue=value,
        validTillDate="2026-05-15",
    )
    customer = vendor.customer()
    vendor.emulator.issue(series_id, customer, count=1, codes=None)
    assert [coupon["valid_till"] for coupon in vendor.coupons(mobile="919000000001")] == [end]


def _update(vendor: "Vendor", series_id: str, **changes: Any) -> Any:
    body = {
        "description": "Renamed",
        "discountCode": "IMPORT10",
        "discountType": "PERC",
        "discountValue": 20,
        "anyUser": False,
        "smsTemplate": "x",
        "clientHandlingType": "DISC_CODE_PIN",
        "expiryStrategyType": "SERIES_EXPIRY",
        "seriesCode": "NEW",
        **changes,
    }
    body = {name: value for name, value in body.items() if value is not None}
    path = f"{PATH}/{series_id}"
    return vendor.client.put(path, json={"CouponSeriesV2": body}, headers=vendor.headers)


def test_update_changes_and_keeps(vendor: "Vendor") -> None:
    """Given fields change, absent optional ones keep their value, the series code moves."""
    series_id = vendor.series(maxVouchersPerUser=4, seriesCode="OLD")
    answer = _update(vendor, series_id)
    body = answer.get_json()
    assert answer.status_code == 200
    assert set(body) == SERIES_FIELDS | {"warnings"}
    changed = ("description", "discountValue", "seriesCode", "maxVouchersPerUser", "validTillDate")
    assert [body[name] for name in changed] == ["Renamed", 20, "NEW", 4, "2027-01-31T00:00:00Z"]
    moved = _update(vendor, series_id, validTillDate="2027-02-28").get_json()
    assert moved["validTillDateTime"] == "2027-02-28T23:59:59Z"


def test_update_errors(vendor: "Vendor") -> None:
    """Unknown id 502, no number 707, a required field missing 629, a taken series code 630."""
    series_id = vendor.series()
    vendor.series(seriesCode="TAKEN")
    cases = [
        (_update(vendor, "999999"), _problem(502, "No Coupon Series Available")),
        (_update(vendor, "abc"), _problem(707, "Coupon series id is invalid")),
        (_update(vendor, series_id, seriesCode=None), _problem(629, "Invalid Input")),
        (_update(vendor, series_id, clientHandlingType="DISC_CODE"), _problem(629, "Invalid Input")),
        (_update(vendor, series_id, seriesCode="TAKEN"), _problem(630, "Duplicate Series Code")),
    ]
    for answer, expected in cases:
        assert (answer.status_code, answer.get_json()) == (400, expected)
