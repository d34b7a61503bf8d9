"""Issuing coupons at the emulated Capillary: one, several, of several series, in v1.1, and sending again."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from couponhub.testing.emulation.vendor import EmulatedCustomer

if TYPE_CHECKING:
    from tests.emulation.capillary.conftest import Vendor

ONE = "/v2/coupon/issue"
BULK = "/v2/coupon/bulk/issue"
MULTIPLE = "/v2/coupon/issue/multiple"
V1 = "/v1.1/coupon/issue"
RESEND = "/v1.1/coupon/resend"
MOBILE = "919000000001"
UNKNOWN = "The customer could not be found. Please check mobile, email, external id passed"


@pytest.fixture
def holder(vendor: "Vendor") -> EmulatedCustomer:
    """A known customer of the empty emulator."""
    return vendor.customer(MOBILE, email="h@example.com", external_id="E-1", id="98662653")


@pytest.fixture
def series_id(vendor: "Vendor", holder: EmulatedCustomer) -> str:
    """A series whose codes the vendor makes, beside the known customer."""
    assert holder.mobile is not None
    return vendor.series(clientHandlingType="DISC_CODE")


def _multiple(vendor: "Vendor", series_id: str | None, **more: Any) -> dict[str, Any]:
    body = {"seriesId": int(series_id) if series_id else None, "customer": {"mobile": MOBILE}, **more}
    answer = vendor.send("POST", MULTIPLE, {name: value for name, value in body.items() if value is not None})
    assert 200 == answer.status_code
    read: dict[str, Any] = answer.get_json()
    return read


def _errors(code: int, message: str) -> list[dict[str, Any]]:
    return [{"status": False, "code": code, "message": message}]


def test_one_coupon_is_issued_as_printed(vendor: "Vendor", series_id: str) -> None:
    """The bare coupon without its id, and the customer; empty identifiers count as not given."""
    customer = {"id": "", "mobile": MOBILE, "externalId": "", "email": ""}
    answer = vendor.send("POST", ONE, {"seriesId": int(series_id), "customer": customer})

    (held,) = vendor.coupons(mobile=MOBILE)
    identifiers = [
        {"type": "externalId", "value": "E-1"},
        {"type": "mobile", "value": MOBILE},
        {"type": "email", "value": "h@example.com"},
    ]
    body = answer.get_json()
    profile = body["customer"]["profiles"][0]
    assert {
        "firstName": None,
        "lastName": None,
        "fields": {},
        "allFields": {},
        "identifiers": identifiers,
        "commChannels": [],
        "userId": 98662653,
        "accountId": "",
        "autoUpdateTime": profile["autoUpdateTime"],
        "identifiersAll": identifiers,
    } == profile
    assert 200 == answer.status_code
    assert {
        "code": held["code"],
        "seriesId": int(series_id),
        "description": "Imported codes",
        "discountCode": "IMPORT10",
        "validTill": "2027-01-31T00:00:00Z",
        "discountType": "PERC",
        "discountValue": 10,
        "discountUpto": 0,
        "discountOn": "BILL",
        "detailedInfo": "Imported codes",
        "customer": {"id": 98662653, "profiles": [profile]},
        "redemptionCount": 0,
        "id": 0,
        "validTillDateTime": "2027-01-31T23:59:59Z",
        "warnings": [],
    } == body
    assert {"code": "store_001", "name": "Main Store"} == held["issued_at"]
    assert 1 == vendor.read(series_id)["numIssued"]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"seriesId": None}, (756, "seriesId is mandatory to set")),
        ({"seriesId": 5}, (707, "Coupon Series ID is invalid")),
        ({"customer": {"mobile": "910000000000"}}, (701, UNKNOWN)),
        ({"customer": {}}, (701, UNKNOWN)),
        ({"customer": "somebody"}, (629, "Invalid Input")),
    ],
)
def test_a_wrong_issue_is_told(
    vendor: "Vendor", series_id: str, change: dict[str, Any], error: tuple[int, str]
) -> None:
    """HTTP 400 with the code in the v2 envelope; nothing is issued."""
    body = {"seriesId": int(series_id), "customer": {"mobile": MOBILE}, **change}
    answer = vendor.send("POST", ONE, body)
    assert 400 == answer.status_code
    assert {"warnings": [], "errors": _errors(*error), "success": False} == answer.get_json()
    assert [] == vendor.coupons(mobile=MOBILE)


@pytest.mark.parametrize(
    ("terms", "held", "code"),
    [
        ({"clientHandlingType": "DISC_CODE", "maxCreate": 1}, 1, 626),
        ({"clientHandlingType": "DISC_CODE", "maxVouchersPerUser": 1}, 1, 621),
        ({"clientHandlingType": "DISC_CODE", "doNotResendExistingVoucher": True}, 1, 709),
        ({"clientHandlingType": "DISC_CODE", "minDaysBetweenVouchers": 2}, 1, 709),
        ({"clientHandlingType": "GENERIC", "genericCode": "ALL25"}, 1, 709),
        ({"clientHandlingType": "GENERIC_REDEEMABLE", "genericCode": "ALL25"}, 0, 811),
        ({"clientHandlingType": "DISC_CODE_PIN"}, 0, 722),
        ({"clientHandlingType": "DISC_CODE_PIN", "externalIssual": True, "anyUser": True}, 0, 777),
    ],
)
def test_limits_of_a_series_hold(
    vendor: "Vendor", holder: EmulatedCustomer, terms: dict[str, Any], held: int, code: int
) -> None:
    """What the series does not allow is refused with its code, and nothing is issued."""
    series_id = vendor.series(**terms)
    if held:
        vendor.issued(series_id, holder)
    answer = vendor.send("POST", ONE, {"seriesId": int(series_id), "customer": {"mobile": MOBILE}})
    assert (400, code) == (answer.status_code, answer.get_json()["errors"][0]["code"])
    assert held == len(vendor.coupons(mobile=MOBILE))


def test_a_pool_is_handed_out_to_its_end(vendor: "Vendor", holder: EmulatedCustomer) -> None:
    """Uploaded codes are issued in their order, also where the series was made for just as many."""
    assert holder.mobile is not None
    series_id = vendor.series(maxCreate=2)
    vendor.processed(series_id, "code\nPIN1\nPIN2\n")
    body = {"seriesId": series_id, "customer": {"id": 98662653}}
    answers = [vendor.send("POST", ONE, body) for _ in range(3)]
    assert ["PIN1", "PIN2", None] == [answer.get_json().get("code") for answer in answers]
    assert 626 == answers[-1].get_json()["errors"][0]["code"]


def test_a_call_can_be_made_for_another_store(vendor: "Vendor", series_id: str) -> None:
    """The store that is named by its code is where the coupon was issued (3.2)."""
    entity = {
        "X-CAP-API-ATTRIBUTION-ENTITY-TYPE": "STORE_CODE",
        "X-CAP-API-ATTRIBUTION-ENTITY-CODE": "store_002",
    }
    vendor.headers = {**vendor.headers, **entity}
    vendor.send("POST", ONE, {"seriesId": series_id, "customer": {"mobile": MOBILE}})
    (held,) = vendor.coupons(mobile=MOBILE)
    assert {"code": "store_002", "name": "Downtown Store"} == held["issued_at"]


def test_several_series_are_issued_from_at_once(vendor: "Vendor", series_id: str) -> None:
    """An entry for each series, in their order; one that fails does not spoil the other."""
    body = {"seriesIds": [int(series_id), 5], "customer": {"id": "98662653"}}
    answer = vendor.send("POST", BULK, body, source="INSTORE")
    (held,) = vendor.coupons(mobile=MOBILE)
    good, bad = answer.get_json()["response"]
    assert 200 == answer.status_code
    assert {"totalCount": 2, "failureCount": 1} == {
        name: answer.get_json()[name] for name in ("totalCount", "failureCount")
    }
    assert (int(series_id), held["code"], 0, [], []) == (
        good["entityId"],
        good["result"]["code"],
        good["result"]["id"],
        good["errors"],
        good["warnings"],
    )
    assert "customer" not in good["result"]
    assert (5, None, _errors(707, "Coupon Series ID is invalid")) == (
        bad["entityId"],
        bad["result"],
        bad["errors"],
    )


def test_several_series_can_all_fail(vendor: "Vendor", series_id: str) -> None:
    """HTTP 400 when nothing was issued, and no series at all is told (C-62)."""
    assert series_id
    answer = vendor.send("POST", BULK, {"seriesIds": [5, 6], "customer": {"mobile": MOBILE}})
    assert (400, 2) == (answer.status_code, answer.get_json()["failureCount"])
    answer = vendor.send("POST", BULK, {"seriesIds": [], "customer": {"mobile": MOBILE}})
    assert (400, 756) == (answer.status_code, answer.get_json()["errors"][0]["code"])


def test_several_of_one_series_are_issued_as_printed(vendor: "Vendor", series_id: str) -> None:
    """Codes with their ids, an excerpt of the series, the customer; look-ups show the same ids."""
    body = _multiple(vendor, series_id, count=2, metadata={"notes": "n" * 250})
    held = vendor.coupons(mobile=MOBILE)
    assert {(coupon["code"], coupon["id"]) for coupon in held} == {
        (coupon["code"], str(coupon["couponId"])) for coupon in body["coupons"]
    }
    assert {
        "customPropertyMap": {},
        "id": 0,
        "description": "Imported codes",
        "discountCode": "IMPORT10",
        "info": "Imported codes",
        "discountUpto": 0,
        "discountValue": 10,
        "issueToLoyalty": False,
        "numUploadedNonIssued": 0,
        "numUploadedTotal": 0,
        "redemptionValidAfterDays": 0,
        "ownerId": 0,
        "ownerValidity": 0,
        "alphaNumeric": False,
        "shortCodeLength": 0,
        "randomCodeLength": 0,
        "fixedExpiryDate": 0,
        "numTotal": 0,
        "latestIssualTime": 0,
        "latestRedemptionTime": 0,
        "discountOn": "BILL",
        "discountType": "PERC",
        "externalIssual": False,
        "updateProductData": False,
    } == body["couponConfig"]
    assert (2, 0, 2, 98662653, [], []) == (
        body["totalCount"],
        body["failureCount"],
        body["successCount"],
        body["customer"]["id"],
        body["errors"],
        body["warnings"],
    )


def test_one_is_issued_where_no_count_is_given(vendor: "Vendor", series_id: str) -> None:
    """The documented default."""
    assert 1 == len(_multiple(vendor, series_id)["coupons"])


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"count": 501}, (677, "Invalid coupon count. Minimum 1 and Maximum 500.")),
        ({"count": 0}, (756, "count should be greater than 0")),
        ({"count": "2"}, (629, "Invalid Input")),
        ({"metadata": {"sourceId": "s" * 51}}, (629, "Invalid Input")),
        ({"customer": {"mobile": "910000000000"}}, (701, UNKNOWN)),
        ({"seriesId": 5}, (707, "Coupon Series ID is invalid")),
    ],
)
def test_a_wrong_issue_of_several_is_told(
    vendor: "Vendor", series_id: str, change: dict[str, Any], error: tuple[int, str]
) -> None:
    """Errors alone, under HTTP 200, as printed (C-62)."""
    assert {"errors": _errors(*error)} == _multiple(vendor, series_id, **change)
    assert [] == vendor.coupons(mobile=MOBILE)


def test_several_need_a_series(vendor: "Vendor", series_id: str) -> None:
    """The series is mandatory."""
    assert series_id
    assert {"errors": _errors(756, "seriesId is mandatory to set")} == _multiple(vendor, None)


def test_an_expired_series_issues_nothing(vendor: "Vendor", series_id: str) -> None:
    """Past its last day, with the code that the page prints."""
    vendor.world.clock.set(datetime(2027, 2, 1, tzinfo=UTC))
    vendor.headers = {"X-CAP-API-OAUTH-TOKEN": vendor.token()}
    assert {"errors": _errors(713, "Coupon has expired")} == _multiple(vendor, series_id)


@pytest.mark.parametrize(
    ("terms", "error"),
    [
        (
            {"doNotResendExistingVoucher": True},
            {"errors": _errors(709, "Coupon processing failed: user already has a coupon")},
        ),
        (
            {"maxVouchersPerUser": 1},
            {"errors": _errors(5002, "max coupon per user exceeded"), "warnings": []},
        ),
        ({"maxCreate": 1}, {"errors": _errors(5001, "max coupon per series exceeded"), "warnings": []}),
    ],
)
def test_several_of_which_none_can_be_issued(
    vendor: "Vendor", holder: EmulatedCustomer, terms: dict[str, Any], error: dict[str, Any]
) -> None:
    """The limit that stopped the first one has a code of its own here."""
    series_id = vendor.series(clientHandlingType="DISC_CODE", **terms)
    vendor.issued(series_id, holder)
    assert error == _multiple(vendor, series_id)


@pytest.mark.parametrize(
    ("terms", "warning"),
    [
        ({"clientHandlingType": "DISC_CODE", "maxVouchersPerUser": 2}, 621),
        ({"clientHandlingType": "DISC_CODE", "maxCreate": 2}, 626),
        ({"clientHandlingType": "DISC_CODE_PIN"}, 702),
    ],
)
def test_several_can_succeed_in_part(
    vendor: "Vendor", holder: EmulatedCustomer, terms: dict[str, Any], warning: int
) -> None:
    """What could be issued was, and a warning says what stopped the rest."""
    assert holder.mobile is not None
    series_id = vendor.series(**terms)
    if terms["clientHandlingType"] == "DISC_CODE_PIN":
        vendor.processed(series_id, "code\nPIN1\nPIN2\n")
    body = _multiple(vendor, series_id, count=3)
    assert (3, 2, 1, [warning]) == (
        body["totalCount"],
        body["successCount"],
        body["failureCount"],
        [each["code"] for each in body["warnings"]],
    )
    assert {coupon["code"] for coupon in body["coupons"]} == {
        coupon["code"] for coupon in vendor.coupons(mobile=MOBILE)
    }


def test_an_empty_queue_is_told(vendor: "Vendor", holder: EmulatedCustomer) -> None:
    """No uploaded code is left."""
    assert holder.mobile is not None
    body = _multiple(vendor, vendor.series())
    assert ([5005], []) == ([error["code"] for error in body["errors"]], body["warnings"])


def test_a_common_code_is_issued_once(vendor: "Vendor", holder: EmulatedCustomer) -> None:
    """Several of it are refused, as printed; one is held by the customer."""
    assert holder.mobile is not None
    series_id = vendor.series(clientHandlingType="GENERIC", genericCode="ALL25")
    error = {"errors": _errors(5004, "Cannot issue more than one GENERIC coupon code."), "warnings": []}
    assert error == _multiple(vendor, series_id, count=2)
    assert ["ALL25"] == [coupon["code"] for coupon in _multiple(vendor, series_id)["coupons"]]


def test_the_old_issue_answers_in_the_old_style(vendor: "Vendor", series_id: str) -> None:
    """Text for numbers, a code in lower case, one object; the user's id on request."""
    body = {"root": {"coupon": [{"series_id": series_id, "customer": {"mobile": MOBILE}}]}}
    answer = vendor.send("POST", V1, body, user_id="true")
    (held,) = vendor.coupons(mobile=MOBILE)
    assert {
        "response": {
            "status": {"success": "true", "code": "200", "message": "SUCCESS"},
            "coupon": {
                "code": held["code"].lower(),
                "valid_till": "2027-01-31",
                "series_info": {
                    "id": series_id,
                    "description": "Imported codes",
                    "discount_code": "IMPORT10",
                    "valid_till": "2027-01-31",
                    "discount_type": "PERC",
                    "discount_value": "10",
                    "detailed_info": "Imported codes",
                },
                "customer": {"mobile": MOBILE, "user_id": "98662653"},
                "item_status": {"success": "true", "code": "700", "message": "Coupon processing successful"},
            },
        }
    } == answer.get_json()
    assert ("700", "1", "0") == tuple(answer.headers[name] for name in ("status_code", "success", "fail"))


def test_the_old_issue_tells_each_coupon_alone(vendor: "Vendor", series_id: str) -> None:
    """One of two fails: the request is 201, each has its status; HTTP stays 200 (C-9)."""
    entries = [
        {"series_id": series_id, "customer": {"mobile": MOBILE}},
        {"series_id": series_id, "customer": {"mobile": "910000000000"}},
        {"series_id": "5", "customer": {"mobile": MOBILE}},
    ]
    answer = vendor.send("POST", V1, {"root": {"coupon": entries}})
    response = answer.get_json()["response"]
    assert (200, "201") == (answer.status_code, response["status"]["code"])
    assert ["700", "701", "707"] == [coupon["item_status"]["code"] for coupon in response["coupon"]]
    assert UNKNOWN == response["coupon"][1]["item_status"]["message"]
    assert 1 == len(vendor.coupons(mobile=MOBILE))


@pytest.mark.parametrize("body", [{}, [], {"root": {"coupon": []}}, {"root": {"coupon": ["A"]}}])
def test_an_old_request_without_coupons_is_invalid(vendor: "Vendor", body: object) -> None:
    """The code of a request that cannot be read."""
    status = vendor.send("POST", V1, body).get_json()["response"]["status"]
    assert ("false", 400) == (status["success"], status["code"])


def test_an_old_request_that_is_no_json_is_invalid(vendor: "Vendor") -> None:
    """The same, in the same envelope."""
    answer = vendor.client.post(V1, data=b"{", content_type="application/json", headers=vendor.headers)
    assert 400 == answer.get_json()["response"]["status"]["code"]


@pytest.mark.parametrize("by", ["id", "code"])
def test_a_coupon_is_sent_again(vendor: "Vendor", series_id: str, holder: EmulatedCustomer, by: str) -> None:
    """By its id or its code, in the oldest style, as printed."""
    (code,) = vendor.issued(series_id, holder)
    (held,) = vendor.coupons(mobile=MOBILE)
    answer = vendor.get(RESEND, mobile=MOBILE, **{by: held[by]}).get_json()
    item = {"success": "true", "code": "700", "message": "Coupon Resent"}
    assert {
        "response": {
            "status": {"success": "true", "code": "200", "message": "SUCCESS"},
            "coupons": {"coupon": [{"id": held["id"], "code": code, "item_status": item}]},
        }
    } == answer


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"mobile": MOBILE, "code": "NOWHERE"}, "780"),
        ({"mobile": MOBILE}, "781"),
        ({"mobile": "910000000000", "code": "A"}, "701"),
        ({"id": "98662653"}, "701"),
    ],
)
def test_what_cannot_be_sent_again_is_told(
    vendor: "Vendor", holder: EmulatedCustomer, query: dict[str, str], code: str
) -> None:
    """The only item failed, so the request did; `id` is the coupon's here, never the customer's."""
    assert holder.mobile is not None
    response = vendor.get(RESEND, **query).get_json()["response"]
    assert ("500", code) == (
        response["status"]["code"],
        response["coupons"]["coupon"][0]["item_status"]["code"],
    )
