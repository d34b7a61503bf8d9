"""Redeeming at the emulated Capillary, and asking whether one could: v2, in bulk, v1.1, and through a hub."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from couponhub import Customer
from couponhub.testing import harness_for
from couponhub.testing.emulation.vendor import EmulatedCustomer
from couponhub_capillary import PLUGIN

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from tests.emulation.capillary.conftest import Vendor

ONE = "/v2/coupon/redeem"
BULK = "/v2/coupon/bulk/redeem"
CHECK = "/v2/coupon/is_redeemable"
V1 = "/v1.1/coupon/redeem"
V1_CHECK = "/v1.1/coupon/isredeemable"
MOBILE = "919000000001"
OTHER = "919000000002"
UNKNOWN = "The customer could not be found. Please check mobile, email, external id passed"
INVALID = {"status": False, "code": 629, "message": "Invalid Input"}
GOOD = {"status": True, "code": 700, "message": "Coupon processing successful"}


@pytest.fixture
def holder(vendor: "Vendor") -> EmulatedCustomer:
    """A known customer of the empty emulator."""
    return vendor.customer(MOBILE, email="h@example.com", external_id="E-1", id="98662653")


def _coded(vendor: "Vendor", holder: EmulatedCustomer, **terms: Any) -> tuple[str, str]:
    """A new series, and a code of it that the customer holds."""
    series_id = vendor.series(**{"clientHandlingType": "DISC_CODE", **terms})
    return series_id, vendor.issued(series_id, holder)[0]


def _request(*codes: str, user: str = MOBILE, **more: Any) -> dict[str, Any]:
    entries = [{"code": code} for code in codes]
    return {"redemptionRequestList": entries, "user": {"mobile": user}, "billAmount": "3500", **more}


def _redeem(vendor: "Vendor", *codes: str, user: str = MOBILE, **more: Any) -> "TestResponse":
    return vendor.send("POST", ONE, _request(*codes, user=user, **more))


def _code_of(answer: "TestResponse") -> tuple[int, int]:
    return answer.status_code, answer.get_json()["errors"][0]["code"]


def _at(vendor: "Vendor", instant: datetime) -> None:
    vendor.world.clock.set(instant)
    vendor.headers = {"X-CAP-API-OAUTH-TOKEN": vendor.token()}


def test_a_coupon_is_redeemed_as_printed(vendor: "Vendor", holder: EmulatedCustomer) -> None:
    """The answer names redemption, coupon, series and worth; every look-up shows the redemption afterwards."""
    series_id, code = _coded(vendor, holder)
    answer = _redeem(vendor, code.lower(), transactionNumber="txn-32")
    (held,) = vendor.coupons(mobile=MOBILE)
    (redemption,) = held["redemptions"]["redemption"]
    body = answer.get_json()
    profile = body.pop("customer")
    assert 200 == answer.status_code
    assert 98662653 == profile["id"]
    status = {
        "statusCode": GOOD,
        "warnings": [],
        "warningsAsStatusCode": [],
        "code": 700,
        "success": True,
        "message": "Coupon processing successful",
    }
    assert {
        "redemption": [
            {
                "redemptionId": redemption["id"],
                "id": int(held["id"]),
                "currencyInput": False,
                "localToBaseCurrencyExchangeRate": 0,
                "warnings": [],
                "appendedErrorMessage": "",
                "code": code,
                "discountCode": "IMPORT10",
                "seriesCode": int(series_id),
                "isAbsolute": False,
                "couponValue": 10,
                "redemptionStatus": status,
                "discountType": "PERC",
                "discountValue": 10,
                "discountUpto": 0,
            }
        ],
        "redemptionStatus": GOOD,
        "warnings": [],
    } == body
    assert ("txn-32", {"code": "store_001", "name": "Main Store"}) == (
        redemption["transaction_number"],
        redemption["redeemed_at"],
    )
    assert [("redeemed", code)] == [(row["status"], row["code"]) for row in vendor.emulator.codes(series_id)]
    assert 1 == vendor.read(series_id)["numRedeemed"]


def test_both_ways_of_redeeming_are_one(vendor: "Vendor", holder: EmulatedCustomer) -> None:
    """What the control API redeemed cannot be redeemed again, and the other way round."""
    series_id, code = _coded(vendor, holder)
    vendor.emulator.redeem(series_id, code, {})
    assert (400, 711) == _code_of(_redeem(vendor, code))
    (other,) = vendor.issued(series_id, holder)
    assert 200 == _redeem(vendor, other).status_code
    (row,) = vendor.get("/v1.1/coupon/get", code=other).get_json()["response"]["coupons"]["coupon"]
    assert ("true", "98662653") == (
        row["redemption_info"]["redeemed"],
        row["redemption_info"]["redeemed_by"]["id"],
    )


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"user": {"mobile": "910000000000"}}, (701, UNKNOWN)),
        ({"redemptionRequestList": [{"code": "NOWHERE"}]}, (702, "Coupon code is invalid")),
        ({"redemptionRequestList": []}, (629, "Invalid Input")),
        ({"redemptionRequestList": [{"code": "A"}, {"code": "B"}]}, (629, "Invalid Input")),
        ({"redemptionTime": "yesterday"}, (629, "Invalid Input")),
        ({"redemptionTime": "2026-03-10T12:00:00"}, (629, "Invalid Input")),
        ({"billAmount": "much"}, (629, "Invalid Input")),
        ({"billAmount": "NaN"}, (629, "Invalid Input")),
    ],
)
def test_a_wrong_redemption_is_told(
    vendor: "Vendor", holder: EmulatedCustomer, change: dict[str, Any], error: tuple[int, str]
) -> None:
    """HTTP 400 with the code in the v2 envelope; nothing is redeemed."""
    _, code = _coded(vendor, holder)
    answer = vendor.send("POST", ONE, {**_request(code), **change})
    errors = [{"status": False, "code": error[0], "message": error[1]}]
    assert 400 == answer.status_code
    assert {"warnings": [], "errors": errors, "success": False} == answer.get_json()
    assert [0] == [coupon["redemption_count"] for coupon in vendor.coupons(mobile=MOBILE)]


@pytest.mark.parametrize(
    ("terms", "uses", "code"),
    [
        ({}, 1, 711),
        ({"redemptionPerCouponMaxLimit": 2, "anyUser": True}, 2, 696),
        ({"isMultipleUseAllowed": True, "maxRedeem": 1}, 1, 714),
        ({"isMultipleUseAllowed": True, "maxRedemptionsInSeriesPerUser": 1}, 1, 728),
        ({"isMultipleUseAllowed": True, "minDaysBetweenRedemption": 1}, 1, 738),
        ({"redemptionValidAfterDays": 1}, 0, 739),
        ({"redemptionValidFrom": "2026-03-11T00:00:00Z"}, 0, 739),
        ({"redemptionRange": '{"dom": [11], "dow": [-1], "hours": [-1]}'}, 0, 729),
        ({"redemptionRange": '{"dow": ["3"]}'}, 0, 729),
        ({"minBillAmount": 4000}, 0, 733),
        ({"maxBillAmount": 3000}, 0, 733),
        ({"redeemAtStore": "[7]"}, 0, 735),
    ],
)
def test_terms_of_the_series_hold(
    vendor: "Vendor", holder: EmulatedCustomer, terms: dict[str, Any], uses: int, code: int
) -> None:
    """As often as the series allows, and then refused; the 10th of March 2026 is a Tuesday."""
    _, coupon = _coded(vendor, holder, **terms)
    assert [200] * uses == [_redeem(vendor, coupon).status_code for _ in range(uses)]
    assert (400, code) == _code_of(_redeem(vendor, coupon))
    assert [uses] == [each["redemption_count"] for each in vendor.coupons(mobile=MOBILE)]


@pytest.mark.parametrize(
    "terms",
    [
        {"redemptionRange": '{"dom": [10], "dow": ["2"], "hours": [17]}'},
        {"minBillAmount": 3500, "maxBillAmount": 3500},
        {"maxBillAmount": 9007199254740991},
        {"redeemAtStore": "[]"},
    ],
)
def test_terms_that_fit_let_redeem(vendor: "Vendor", holder: EmulatedCustomer, terms: dict[str, Any]) -> None:
    """Day and hour are the store's: 12:00 UTC is 17:30 there."""
    _, coupon = _coded(vendor, holder, **terms)
    assert 200 == _redeem(vendor, coupon).status_code


def test_a_coupon_past_its_time_is_not_redeemed(vendor: "Vendor", holder: EmulatedCustomer) -> None:
    """713 for the coupon, 712 for its whole series; a moment that is told is judged by, and not stored."""
    _, code = _coded(vendor, holder, expiryStrategyType="DAYS", expiryStrategyValue=0)
    assert (400, 713) == _code_of(_redeem(vendor, code, redemptionTime="2026-03-11T08:00:00+05:30"))
    assert (400, 712) == _code_of(_redeem(vendor, code, redemptionTime="2027-02-01T00:00:00Z"))
    _at(vendor, datetime(2026, 3, 11, tzinfo=UTC))
    assert (400, 713) == _code_of(_redeem(vendor, code))
    assert 200 == _redeem(vendor, code, redemptionTime="2026-03-10T20:00:00Z").status_code
    (held,) = vendor.coupons(mobile=MOBILE)
    assert "2026-03-11T05:30" == held["redemptions"]["redemption"][0]["date"][:16]


def test_somebody_elses_coupon(vendor: "Vendor", holder: EmulatedCustomer) -> None:
    """Refused, unless anybody may redeem: then the holder's coupon is redeemed, by the other one."""
    vendor.customer(OTHER, id="5")
    _, code = _coded(vendor, holder)
    assert (400, 703) == _code_of(_redeem(vendor, code, user=OTHER))
    _, code = _coded(vendor, holder, anyUser=True)
    assert 200 == _redeem(vendor, code, user=OTHER).status_code
    (row,) = vendor.get("/v1.1/coupon/get", code=code).get_json()["response"]["coupons"]["coupon"]
    assert ("98662653", "5") == (row["customer"]["id"], row["redemption_info"]["redeemed_by"]["id"])


def test_a_code_of_a_third_party_is_anybodys(vendor: "Vendor", holder: EmulatedCustomer) -> None:
    """It belongs to nobody until it is redeemed, and to nobody afterwards."""
    assert holder.mobile is not None
    series_id = vendor.series(externalIssual=True, anyUser=True)
    vendor.processed(series_id, "code\nEXT1\n")
    assert 200 == _redeem(vendor, "EXT1").status_code
    assert (400, 711) == _code_of(_redeem(vendor, "EXT1"))
    assert [{"code": "EXT1", "status": "redeemed", "customer": None}] == vendor.emulator.codes(series_id)


def test_a_code_of_the_pool_is_nobodys(vendor: "Vendor", holder: EmulatedCustomer) -> None:
    """Uploaded and not issued, it cannot be redeemed, whoever may."""
    assert holder.mobile is not None
    series_id = vendor.series(anyUser=True)
    vendor.processed(series_id, "code\nPIN1\n")
    assert (400, 702) == _code_of(_redeem(vendor, "PIN1"))


def test_a_revoked_code_is_told_apart(vendor: "Vendor", holder: EmulatedCustomer) -> None:
    """660 for a code of one customer as for the common one."""
    series_id, code = _coded(vendor, holder)
    vendor.emulator.revoke(series_id, code)
    assert (400, 660) == _code_of(_redeem(vendor, code))
    common, code = _coded(vendor, holder, clientHandlingType="GENERIC", genericCode="ALL25")
    vendor.emulator.revoke(common, code)
    assert (400, 660) == _code_of(_redeem(vendor, code))


def test_a_common_code_is_each_customers_own(vendor: "Vendor", holder: EmulatedCustomer) -> None:
    """One customer's redemption is not another's; who was not issued it may redeem it only where anybody may."""
    other = vendor.customer(OTHER)
    series_id, code = _coded(vendor, holder, clientHandlingType="GENERIC", genericCode="ALL25")
    assert (400, 703) == _code_of(_redeem(vendor, code, user=OTHER))
    vendor.issued(series_id, other)
    assert 200 == _redeem(vendor, code).status_code
    assert ([1], [0]) == tuple(
        [coupon["redemption_count"] for coupon in vendor.coupons(mobile=mobile)] for mobile in (MOBILE, OTHER)
    )
    assert (400, 711) == _code_of(_redeem(vendor, code))


@pytest.mark.parametrize("kind", ["GENERIC", "GENERIC_REDEEMABLE"])
def test_a_common_code_is_redeemed_without_an_issue(
    vendor: "Vendor", holder: EmulatedCustomer, kind: str
) -> None:
    """Where anybody may; one coupon of the series must have been issued, unless its code is redeemed directly."""
    vendor.customer(OTHER)
    series_id = vendor.series(clientHandlingType=kind, genericCode="ALL25", anyUser=True)
    if kind == "GENERIC":
        assert (400, 703) == _code_of(_redeem(vendor, "ALL25", user=OTHER))
        vendor.issued(series_id, holder)
    issued = vendor.read(series_id)["numIssued"]

    assert 200 == _redeem(vendor, "ALL25", user=OTHER).status_code

    assert [("ALL25", 1)] == [
        (coupon["code"], coupon["redemption_count"]) for coupon in vendor.coupons(mobile=OTHER)
    ]
    assert (issued, 1) == tuple(vendor.read(series_id)[name] for name in ("numIssued", "numRedeemed"))
    assert (400, 711) == _code_of(_redeem(vendor, "ALL25", user=OTHER))


def test_several_coupons_are_redeemed_at_once(vendor: "Vendor", holder: EmulatedCustomer) -> None:
    """An entry for each coupon under its id; the look-up shows the transaction at both."""
    series_id, first = _coded(vendor, holder)
    (second,) = vendor.issued(series_id, holder)
    answer = vendor.send("POST", BULK, _request(first, second, transactionNumber="txn-38"))
    held = {coupon["code"]: coupon for coupon in vendor.coupons(mobile=MOBILE)}
    body = answer.get_json()
    assert (200, 2, 0) == (answer.status_code, body["totalCount"], body["failureCount"])
    assert {"response", "totalCount", "failureCount"} == set(body)
    for code, row in zip((first, second), body["response"], strict=True):
        (redemption,) = held[code]["redemptions"]["redemption"]
        assert (int(held[code]["id"]), code, redemption["id"], 700, []) == (
            row["entityId"],
            row["result"]["code"],
            row["result"]["redemptionId"],
            row["result"]["redemptionStatus"]["code"],
            row["errors"],
        )
        assert "txn-38" == redemption["transaction_number"]


def test_several_can_be_asked_about_first(vendor: "Vendor", holder: EmulatedCustomer) -> None:
    """With `is_redeemable=true` the answer is 731 and nothing is redeemed."""
    _, code = _coded(vendor, holder)
    (row,) = vendor.send("POST", BULK, _request(code), is_redeemable="true").get_json()["response"]
    status = row["result"]["redemptionStatus"]
    assert (731, "Coupon redemption successful", True) == (
        status["code"],
        status["message"],
        status["success"],
    )
    assert "redemptionId" not in row["result"]
    assert [0] == [coupon["redemption_count"] for coupon in vendor.coupons(mobile=MOBILE)]


def test_several_are_redeemed_all_or_none(vendor: "Vendor", holder: EmulatedCustomer) -> None:
    """The good one carries 749 because of the others; HTTP 400, and nothing is redeemed."""
    series_id, code = _coded(vendor, holder)
    answer = vendor.send("POST", BULK, _request(code, "NOWHERE", code))
    body = answer.get_json()
    assert (400, 3, 3) == (answer.status_code, body["totalCount"], body["failureCount"])
    assert [749, 702, 716] == [row["errors"][0]["code"] for row in body["response"]]
    assert [False] * 3 == [row["result"]["redemptionStatus"]["success"] for row in body["response"]]
    assert ["issued"] == [row["status"] for row in vendor.emulator.codes(series_id)]


def test_a_common_code_twice_at_once_is_refused(vendor: "Vendor", holder: EmulatedCustomer) -> None:
    """Also where nobody was issued it, so that it becomes the customer's coupon only as it is redeemed."""
    assert holder.mobile is not None
    vendor.series(clientHandlingType="GENERIC_REDEEMABLE", genericCode="ALL25")
    rows = vendor.send("POST", BULK, _request("ALL25", "all25")).get_json()["response"]
    assert [749, 716] == [row["errors"][0]["code"] for row in rows]
    assert [] == vendor.coupons(mobile=MOBILE)


def test_several_count_together(vendor: "Vendor", holder: EmulatedCustomer) -> None:
    """Two that each fit alone do not fit a limit of one a customer."""
    series_id, first = _coded(vendor, holder, maxRedemptionsInSeriesPerUser=1)
    (second,) = vendor.issued(series_id, holder)
    rows = vendor.send("POST", BULK, _request(first, second)).get_json()["response"]
    assert [749, 728] == [row["errors"][0]["code"] for row in rows]


def test_too_many_at_once_are_refused_as_printed(vendor: "Vendor", holder: EmulatedCustomer) -> None:
    """More than 50 (C-57), an option, and none at all."""
    assert holder.mobile is not None
    result = {
        "currencyInput": False,
        "localToBaseCurrencyExchangeRate": 0,
        "warnings": [],
        "appendedErrorMessage": "",
        "isAbsolute": False,
        "redemptionStatus": {
            "statusCode": INVALID,
            "warnings": [],
            "warningsAsStatusCode": [],
            "code": 629,
            "success": False,
            "message": "Invalid Input",
        },
    }
    refused = {"response": [{"result": result, "errors": [INVALID]}], "totalCount": 1, "failureCount": 1}
    for count in (51, 0):
        answer = vendor.send("POST", BULK, _request(*["A"] * count))
        assert (400, refused) == (answer.status_code, answer.get_json())
    assert 50 == vendor.send("POST", BULK, _request(*["A"] * 50)).get_json()["totalCount"]
    vendor.emulator.set_options({"bulk_redeem_limit": 100})
    assert 100 == vendor.send("POST", BULK, _request(*["A"] * 100)).get_json()["totalCount"]


def test_an_unknown_customer_of_several_is_told_without_an_envelope(vendor: "Vendor") -> None:
    """The bare error object, as printed."""
    answer = vendor.send("POST", BULK, _request("A"))
    assert (400, {"status": False, "code": 701, "message": UNKNOWN}) == (
        answer.status_code,
        answer.get_json(),
    )


def test_a_check_answers_as_printed(vendor: "Vendor", holder: EmulatedCustomer) -> None:
    """It counts what is left and what the customer used, and changes nothing."""
    _, code = _coded(vendor, holder, isMultipleUseAllowed=True, maxRedemptionsInSeriesPerUser=4)
    _redeem(vendor, code)
    body = vendor.get(CHECK, code=code, mobile=MOBILE).get_json()
    assert {
        "currencyInput": False,
        "localToBaseCurrencyExchangeRate": 0,
        "isRedeemable": True,
        "warnings": [],
        "appendedErrorMessage": "",
        "code": code,
        "isAbsolute": False,
        "redemptionsLeft": 3,
        "numberOfRedemptionsByUser": 1,
    } == body["redemption"][0]
    assert {"status": True, "code": 700, "message": "Coupon isRedeem successful"} == body["redemptionStatus"]
    assert (98662653, []) == (body["customer"]["id"], body["warnings"])
    assert [1] == [coupon["redemption_count"] for coupon in vendor.coupons(mobile=MOBILE)]


def test_a_check_can_tell_details(vendor: "Vendor", holder: EmulatedCustomer) -> None:
    """An excerpt of the series, or all of it with its range as an object (C-49)."""
    series_id, code = _coded(vendor, holder)
    (row,) = vendor.get(CHECK, code=code, externalId="E-1", details="true").get_json()["redemption"]
    assert ("2027-01-31T23:59:59Z", "2027-01-31", "PERC", 10) == (
        row["couponseries"]["validTillDate"],
        row["couponseries"]["validTilldateFormat"],
        row["discountType"],
        row["discountValue"],
    )
    assert "id" not in row["couponseries"]
    (row,) = vendor.get(CHECK, code=code, id="98662653", details="extended").get_json()["redemption"]
    assert (int(series_id), {"dom": [-1], "dow": [-1], "hours": [-1]}) == (
        row["couponseries"]["id"],
        row["couponseries"]["redemptionRange"],
    )
    assert {"concepts": [], "zones": [], "stores": [], "tills": []} == row["couponseries"][
        "validRedemptionOrgEntityDetails"
    ]


def test_a_check_says_what_could_not_be_redeemed(vendor: "Vendor", holder: EmulatedCustomer) -> None:
    """Each code for itself; the first problem is the status."""
    _, used = _coded(vendor, holder)
    _, fresh = _coded(vendor, holder)
    _redeem(vendor, used)
    body = vendor.get(CHECK, code=f"{fresh},{used},NOWHERE", mobile=MOBILE).get_json()
    assert [(True, 1, 0), (False, 0, 1), (False, 0, 0)] == [
        (row["isRedeemable"], row["redemptionsLeft"], row["numberOfRedemptionsByUser"])
        for row in body["redemption"]
    ]
    assert (False, 711) == (body["redemptionStatus"]["status"], body["redemptionStatus"]["code"])
    assert (400, 701) == _code_of(vendor.get(CHECK, code=fresh, mobile="910000000000"))
    assert (400, 629) == _code_of(vendor.get(CHECK, mobile=MOBILE))


def _v1(*codes: str, **more: Any) -> dict[str, Any]:
    customer = {"mobile": MOBILE, "email": "", "external_id": "", "card_number": ""}
    entry = {"customer": customer, "transaction": [{"number": "bill-110", "amount": "1000"}], **more}
    return {"root": {"coupon": [{"code": code, **entry} for code in codes]}}


def test_the_old_redemption_answers_as_printed(vendor: "Vendor", holder: EmulatedCustomer) -> None:
    """One object, with the customer as known, and text for what is a number elsewhere."""
    series_id, code = _coded(vendor, holder, discountType="ABS")
    answer = vendor.send("POST", V1, _v1(code))
    (held,) = vendor.coupons(mobile=MOBILE)
    (redemption,) = held["redemptions"]["redemption"]
    assert {
        "response": {
            "status": {"success": "true", "code": 200, "message": "Success"},
            "coupons": {
                "coupon": {
                    "customer": {"mobile": MOBILE, "email": "h@example.com", "external_id": "E-1"},
                    "redemption_id": redemption["id"],
                    "code": code,
                    "discount_code": "IMPORT10",
                    "series_code": series_id,
                    "series_info": [],
                    "is_absolute": "true",
                    "coupon_value": "10",
                    "transaction": {"amount": "1000.00", "number": "bill-110"},
                    "side_effects": [],
                    "item_status": {
                        "success": "true",
                        "code": 700,
                        "message": "Coupon processing successful",
                    },
                }
            },
        }
    } == answer.get_json()
    assert "bill-110" == redemption["transaction_number"]


def test_the_old_redemption_tells_a_limit_as_printed(vendor: "Vendor", holder: EmulatedCustomer) -> None:
    """696 inside a request that failed, under HTTP 200, or 500 where HTTP mirrors the code (C-9)."""
    _, code = _coded(vendor, holder, redemptionPerCouponMaxLimit=1, anyUser=True)
    vendor.send("POST", V1, _v1(code))
    answer = vendor.send("POST", V1, _v1(code))
    message = "Redemption per coupon code limit has reached max limit"
    assert {
        "response": {
            "status": {
                "success": "false",
                "code": 500,
                "message": "All requests have failed due to errors",
            },
            "coupons": {
                "coupon": {
                    "customer": {"mobile": MOBILE, "email": "h@example.com", "external_id": "E-1"},
                    "code": code,
                    "is_absolute": "false",
                    "transaction": {"amount": "1000.00", "number": "bill-110"},
                    "side_effects": [],
                    "item_status": {"success": "false", "code": 696, "message": message},
                }
            },
        }
    } == answer.get_json()
    assert (200, "696") == (answer.status_code, answer.headers["status_code"])
    vendor.emulator.set_options({"http_mirrors_code": True})
    assert 500 == vendor.send("POST", V1, _v1(code)).status_code


def test_the_old_redemption_takes_each_coupon_for_itself(vendor: "Vendor", holder: EmulatedCustomer) -> None:
    """Two good ones and a bad one: 201, and two are redeemed."""
    series_id, first = _coded(vendor, holder)
    (second,) = vendor.issued(series_id, holder)
    response = vendor.send("POST", V1, _v1(first, "NOWHERE", second)).get_json()["response"]
    assert 201 == response["status"]["code"]
    assert [700, 702, 700] == [coupon["item_status"]["code"] for coupon in response["coupons"]["coupon"]]
    assert ["redeemed", "redeemed"] == [row["status"] for row in vendor.emulator.codes(series_id)]


def test_an_old_redemption_that_cannot_be_read_redeems_nothing(
    vendor: "Vendor", holder: EmulatedCustomer
) -> None:
    """Also none of the coupons before the unreadable one."""
    series_id, code = _coded(vendor, holder)
    body = _v1(code)
    body["root"]["coupon"].append({"code": "A", "transaction": {"amount": "much"}})
    assert 400 == vendor.send("POST", V1, body).get_json()["response"]["status"]["code"]
    assert ["issued"] == [row["status"] for row in vendor.emulator.codes(series_id)]


def test_the_old_redemption_does_not_know_a_customer(vendor: "Vendor", holder: EmulatedCustomer) -> None:
    """701 at the coupon, with the customer as it was named."""
    _, code = _coded(vendor, holder)
    body = _v1(code, customer={"mobile": "910000000000"})
    coupon = vendor.send("POST", V1, body).get_json()["response"]["coupons"]["coupon"]
    assert ({"mobile": "910000000000"}, 701) == (coupon["customer"], coupon["item_status"]["code"])


def test_the_old_check_answers_as_printed(vendor: "Vendor", holder: EmulatedCustomer) -> None:
    """Text and numbers as the page prints them; the code in the case that is asked for."""
    _, code = _coded(vendor, holder, isMultipleUseAllowed=True)
    answer = vendor.get(V1_CHECK, mobile=MOBILE, code=code, coupon_code_case="LOWER").get_json()
    assert {
        "response": {
            "status": {"success": "true", "code": 200, "message": "Success"},
            "coupons": {
                "redeemable": {
                    "mobile": MOBILE,
                    "code": code.lower(),
                    "is_redeemable": "true",
                    "redemptions_left": -1,
                    "no_of_redemptions_by_user": 0,
                    "coupon_value": "10",
                    "customer": {"mobile": MOBILE, "email": "h@example.com", "external_id": "E-1"},
                    "item_status": {
                        "success": "true",
                        "status": "true",
                        "code": 700,
                        "message": "Coupon isRedeem successful",
                    },
                }
            },
        }
    } == answer
    details = vendor.get(V1_CHECK, mobile=MOBILE, code=code, details="true").get_json()
    assert "IMPORT10" == details["response"]["coupons"]["redeemable"]["series_info"]["discount_code"]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"mobile": MOBILE, "code": "NOWHERE"}, 702),
        ({"mobile": MOBILE}, 629),
        ({"card_number": "7", "code": "A"}, 701),
    ],
)
def test_the_old_check_tells_what_is_not(
    vendor: "Vendor", holder: EmulatedCustomer, query: dict[str, str], code: int
) -> None:
    """The only item failed, so the request did."""
    assert holder.mobile is not None
    response = vendor.get(V1_CHECK, **query).get_json()["response"]
    found = response["coupons"]["redeemable"]
    assert (500, "false", code) == (
        response["status"]["code"],
        found["is_redeemable"],
        found["item_status"]["code"],
    )


def test_the_old_answers_have_an_oldest_style(vendor: "Vendor", holder: EmulatedCustomer) -> None:
    """The option makes text of every code, and shouts."""
    _, code = _coded(vendor, holder)
    vendor.emulator.set_options({"legacy": True})
    for response in (
        vendor.get(V1_CHECK, mobile=MOBILE, code=code).get_json()["response"],
        vendor.send("POST", V1, _v1(code)).get_json()["response"],
    ):
        assert {"success": "true", "code": "200", "message": "SUCCESS"} == response["status"]


def test_people_are_masked_where_they_are_in_look_ups(vendor: "Vendor", holder: EmulatedCustomer) -> None:
    """A client that may not see them reads neither mobile nor e-mail (C-64)."""
    _, code = _coded(vendor, holder)
    vendor.emulator.set_options({"mask_people": True})
    (profile,) = vendor.get(CHECK, code=code, mobile=MOBILE).get_json()["customer"]["profiles"]
    assert [{"type": "externalId", "value": "E-1"}] == profile["identifiers"]
    coupon = vendor.send("POST", V1, _v1(code)).get_json()["response"]["coupons"]["coupon"]
    assert {"mobile": None, "email": None, "external_id": "E-1"} == coupon["customer"]


def test_a_hub_reaches_what_it_has_no_method_for() -> None:
    """`connection.call` issues, redeems and reverses; the hub's own lookup shows each step."""
    with harness_for(PLUGIN) as harness:
        harness.emulator.seed_demo()
        buyer = {"mobile": "919876543210"}
        body = {"seriesId": 900001, "count": 1, "customer": buyer}
        issued = harness.connection.call("POST", "/v2/coupon/issue/multiple", body=body)
        assert isinstance(issued, dict)
        code = issued["coupons"][0]["code"]

        body = {"redemptionRequestList": [{"code": code}], "user": buyer, "transactionNumber": "T-1"}
        redeemed = harness.connection.call("POST", "/v2/coupon/redeem", body=body)
        assert isinstance(redeemed, dict)
        redemption_id = redeemed["redemption"][0]["redemptionId"]

        def shown() -> list[tuple[str, list[str]]]:
            answer = harness.hub.lookup(Customer(**buyer))
            return [
                (coupon.status, [redemption.id or "" for redemption in coupon.redemptions or ()])
                for coupon in answer.coupons
                if coupon.code == code
            ]

        assert [("redeemed", [redemption_id])] == shown()
        harness.connection.call("POST", "/v2/coupon/reactivate", body={"redemptionIds": [int(redemption_id)]})
        assert [("active", [])] == shown()
