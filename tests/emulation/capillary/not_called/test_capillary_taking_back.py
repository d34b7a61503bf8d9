"""What is done to coupons and redemptions afterwards: completing, reversing, revoking, moving the expiry."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from couponhub.testing.emulation.vendor import EmulatedCustomer

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from tests.emulation.capillary.conftest import Vendor

REDEEM = "/v2/coupon/redeem"
REACTIVATE = "/v2/coupon/reactivate"
REVOKE = "/v2/coupon/revoke"
EXPIRY = "/v2/coupon/bulk/expiry"
MOBILE = "919000000001"
OWNER = 98662653
UNKNOWN = "The customer could not be found. Please check mobile, email, external id passed"


@pytest.fixture
def holder(vendor: "Vendor") -> EmulatedCustomer:
    """A known customer of the empty emulator."""
    return vendor.customer(MOBILE, id=str(OWNER))


@pytest.fixture
def series_id(vendor: "Vendor", holder: EmulatedCustomer) -> str:
    """A series whose codes the vendor makes, beside the known customer."""
    assert holder.mobile is not None
    return vendor.series(clientHandlingType="DISC_CODE", isMultipleUseAllowed=True)


def _error(answer: "TestResponse") -> tuple[int, int, str]:
    body = answer.get_json()
    (error,) = body["errors"]
    assert {"warnings": [], "errors": [error], "success": False} == body
    return answer.status_code, error["code"], error["message"]


def _redeemed(vendor: "Vendor", code: str) -> int:
    body = {"redemptionRequestList": [{"code": code}], "user": {"mobile": MOBILE}, "transactionNumber": "T"}
    return int(vendor.send("POST", REDEEM, body).get_json()["redemption"][0]["redemptionId"])


def _expire_series(vendor: "Vendor") -> None:
    vendor.world.clock.set(datetime(2027, 2, 1, tzinfo=UTC))
    vendor.headers = {"X-CAP-API-OAUTH-TOKEN": vendor.token()}


def _revoke(vendor: "Vendor", **body: Any) -> dict[str, Any]:
    answer = vendor.send("POST", REVOKE, body)
    read: dict[str, Any] = answer.get_json()
    assert (200, [], [], True) == (answer.status_code, read["warnings"], read["errors"], read["success"])
    entity: dict[str, Any] = read["entity"]
    return entity


def _move(vendor: "Vendor", series_id: str, *codes: tuple[str, object], **more: Any) -> "TestResponse":
    entries = [{"couponCode": code, "expiryDate": end} for code, end in codes]
    return vendor.send("PUT", EXPIRY, {"couponSeriesId": int(series_id), "couponCodes": entries, **more})


def test_a_redemption_gets_its_bill(vendor: "Vendor", series_id: str, holder: EmulatedCustomer) -> None:
    """The known row is updated, the unknown one is not: 762, as printed; look-ups show the number."""
    (code,) = vendor.issued(series_id, holder)
    redemption_id = _redeemed(vendor, code)
    bill = {
        "billAmount": 0,
        "transactionNumber": "updated-trans",
        "billId": 9999,
        "customFields": {"test": "t"},
    }
    rows = [{"redemptionId": redemption_id, **bill}, {"redemptionId": 5, "billAmount": "7"}]
    answer = vendor.send("PUT", REDEEM, {"redemptions": rows, "user": {"mobile": MOBILE}})
    good = {"status": True, "code": 761, "message": "Coupon redemption update successful"}
    bad = {"status": False, "code": 510, "message": "Invalid Redemption ids present"}
    assert {
        "entity": {
            "redemptions": [
                {"redemptionId": redemption_id, **bill, "redemptionStatus": good},
                {"redemptionId": 5, "billAmount": 7.0, "redemptionStatus": bad},
            ],
            "status": {
                "status": True,
                "code": 762,
                "message": "Coupon redemption update partially successful",
            },
            "totalCount": 2,
            "failedCount": 1,
        },
        "warnings": [],
        "errors": [],
        "success": True,
    } == answer.get_json()
    (held,) = vendor.coupons(mobile=MOBILE)
    assert [("updated-trans", str(redemption_id))] == [
        (each["transaction_number"], each["id"]) for each in held["redemptions"]["redemption"]
    ]


def test_all_redemptions_get_their_bill(vendor: "Vendor", series_id: str, holder: EmulatedCustomer) -> None:
    """761 where each was updated; other redemptions, and a number that was not told, stay as they are."""
    (code,) = vendor.issued(series_id, holder)
    first, second = _redeemed(vendor, code), _redeemed(vendor, code)
    rows = [{"redemptionId": str(second), "billAmount": 5}]
    entity = vendor.send("PUT", REDEEM, {"redemptions": rows}).get_json()["entity"]
    assert (761, 0) == (entity["status"]["code"], entity["failedCount"])
    (held,) = vendor.coupons(mobile=MOBILE)
    assert [(str(first), "T"), (str(second), "T")] == [
        (each["id"], each["transaction_number"]) for each in held["redemptions"]["redemption"]
    ]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"redemptions": [{"redemptionId": 5, "billAmount": 1}]}, (510, "Invalid Redemption ids present")),
        ({"redemptions": []}, (661, "No redemption id passed")),
        ({"redemptions": [{"billAmount": 1}]}, (661, "No redemption id passed")),
        ({"redemptions": [{"redemptionId": 5}]}, (629, "Invalid Input")),
        ({"redemptions": [{"redemptionId": 5, "billAmount": 1}], "user": {"mobile": "9"}}, (701, UNKNOWN)),
    ],
)
def test_a_bill_for_nothing_is_refused(
    vendor: "Vendor", body: dict[str, Any], error: tuple[int, str]
) -> None:
    """No redemption is known, or none is named, or its bill has no amount."""
    assert (400, *error) == _error(vendor.send("PUT", REDEEM, body))


def test_completing_needs_the_right_to_write(vendor: "Vendor") -> None:
    """Redemption fields and expiries need the coupon access group, the others the default group (3.4)."""
    vendor.emulator.set_options({"denied": {"demo-key": ["coupon-write"]}})
    statuses = {
        path: vendor.send(method, path, {}).status_code
        for method, path in (("PUT", REDEEM), ("PUT", EXPIRY), ("POST", REACTIVATE), ("POST", REVOKE))
    }
    assert {REDEEM: 403, EXPIRY: 403, REACTIVATE: 400, REVOKE: 400} == statuses


def test_a_redemption_is_reversed(vendor: "Vendor", series_id: str, holder: EmulatedCustomer) -> None:
    """The one that is named, not the last; it is then among the reversed ones."""
    (code,) = vendor.issued(series_id, holder)
    first, second = _redeemed(vendor, code), _redeemed(vendor, code)
    answer = vendor.send("POST", REACTIVATE, {"redemptionIds": [first]})
    assert (200, {"warnings": [], "errors": [], "success": True}) == (answer.status_code, answer.get_json())
    query = {"mobile": MOBILE, "includeReversedRedemptions": "true"}
    response = vendor.get("/v1.1/customer/coupons", **query).get_json()["response"]
    (customer,) = response["customers"]["customer"]
    (held,) = customer["coupons"]["coupon"]
    assert [str(second)] == [each["id"] for each in held["redemptions"]["redemption"]]
    assert [str(first)] == [each["id"] for each in customer["reversed_redemptions"]["redemption"]]
    assert 1 == vendor.read(series_id)["numRedeemed"]


def test_a_redemption_of_the_control_api_is_reversed_too(
    vendor: "Vendor", series_id: str, holder: EmulatedCustomer
) -> None:
    """It is the same redemption, and cannot be reversed twice."""
    (code,) = vendor.issued(series_id, holder)
    vendor.emulator.redeem(series_id, code, {})
    (held,) = vendor.coupons(mobile=MOBILE)
    ids = {"redemptionIds": [held["redemptions"]["redemption"][0]["id"]]}
    assert 200 == vendor.send("POST", REACTIVATE, ids).status_code
    assert ["issued"] == [row["status"] for row in vendor.emulator.codes(series_id)]
    assert (400, 510, "Invalid Redemption ids present") == _error(vendor.send("POST", REACTIVATE, ids))


def test_reversing_is_all_or_none(vendor: "Vendor", series_id: str, holder: EmulatedCustomer) -> None:
    """An unknown id among them, or none at all, reverses nothing."""
    (code,) = vendor.issued(series_id, holder)
    redemption_id = _redeemed(vendor, code)
    wrong = {"redemptionIds": [redemption_id, 5]}
    assert (400, 510, "Invalid Redemption ids present") == _error(vendor.send("POST", REACTIVATE, wrong))
    assert (400, 661, "No redemption id passed") == _error(vendor.send("POST", REACTIVATE, {}))
    assert ["redeemed"] == [row["status"] for row in vendor.emulator.codes(series_id)]


def test_reversing_is_a_post(vendor: "Vendor") -> None:
    """PATCH, which a public client uses, is 405 (C-59)."""
    answer = vendor.send("PATCH", REACTIVATE, {"redemptionIds": [5]})
    assert (405, "POST") == (answer.status_code, answer.headers["Allow"])


def test_codes_are_revoked_as_printed(vendor: "Vendor", series_id: str, holder: EmulatedCustomer) -> None:
    """What was revoked, and what could not be, by reason; look-ups no longer show it."""
    gone, used, kept = vendor.issued(series_id, holder, 3)
    ids = {coupon["code"]: int(coupon["id"]) for coupon in vendor.coupons(mobile=MOBILE)}
    _redeemed(vendor, used)
    entity = _revoke(
        vendor, couponSeriesId=int(series_id), couponCodes=[gone.lower(), used, "CODE1", "CODE2"]
    )
    assert {
        "totalCount": 4,
        "failedCount": 3,
        "revokedCoupons": [{"couponId": ids[gone], "couponCode": gone, "issuedToUserId": OWNER}],
        "failedToRevoke": [
            {"errorCode": 405, "errorMessage": "Coupon code redeemed", "couponCodes": [used]},
            {"errorCode": 682, "errorMessage": "Coupon not found ", "couponCodes": ["CODE1", "CODE2"]},
        ],
    } == entity
    assert {used, kept} == {coupon["code"] for coupon in vendor.coupons(mobile=MOBILE)}
    assert 1 == _revoke(vendor, couponSeriesId=int(series_id), couponCodes=[gone])["failedCount"]


def test_one_code_is_revoked_without_its_series(
    vendor: "Vendor", series_id: str, holder: EmulatedCustomer
) -> None:
    """The series is needed for more than one code; the answer's case is chosen."""
    first, second, third = vendor.issued(series_id, holder, 3)
    answer = vendor.send("POST", REVOKE, {"couponCodes": [first]}, couponCodeCase="LOWER").get_json()
    assert [first.lower()] == [each["couponCode"] for each in answer["entity"]["revokedCoupons"]]
    body = {"couponCodes": [second, third]}
    assert (400, 756, "coupon seriesid is mandatory") == _error(vendor.send("POST", REVOKE, body))
    assert 1 == _revoke(vendor, couponCodes=["NOWHERE"])["failedCount"]


def test_all_unredeemed_coupons_of_a_customer_are_revoked(
    vendor: "Vendor", series_id: str, holder: EmulatedCustomer
) -> None:
    """Those of the series alone; the redeemed one stays."""
    codes = vendor.issued(series_id, holder, 3)
    elsewhere = vendor.issued(vendor.series(clientHandlingType="DISC_CODE"), holder)
    _redeemed(vendor, codes[0])
    entity = _revoke(vendor, couponSeriesId=int(series_id), customer={"mobile": MOBILE})
    assert set(codes[1:]) == {each["couponCode"] for each in entity["revokedCoupons"]}
    assert (2, 0, []) == (entity["totalCount"], entity["failedCount"], entity["failedToRevoke"])
    assert {codes[0], *elsewhere} == {coupon["code"] for coupon in vendor.coupons(mobile=MOBILE)}


def test_somebody_elses_code_is_not_found(vendor: "Vendor", series_id: str, holder: EmulatedCustomer) -> None:
    """Where a customer is named, only that one's codes are meant; another series' neither."""
    other = vendor.customer("919000000002")
    (code,) = vendor.issued(series_id, holder)
    body = {"couponSeriesId": int(series_id), "couponCodes": [code]}
    assert 1 == _revoke(vendor, **body, customer={"mobile": other.mobile})["failedCount"]
    elsewhere = int(vendor.series(clientHandlingType="DISC_CODE"))
    assert 1 == _revoke(vendor, couponSeriesId=elsewhere, couponCodes=[code])["failedCount"]
    assert 0 == _revoke(vendor, **body, customer={"id": OWNER})["failedCount"]


def test_a_code_of_a_third_party_has_no_owner(vendor: "Vendor") -> None:
    """It is revoked from nobody."""
    series_id = vendor.series(externalIssual=True, anyUser=True)
    vendor.processed(series_id, "code\nEXT1\n")
    (revoked,) = _revoke(vendor, couponSeriesId=int(series_id), couponCodes=["EXT1"])["revokedCoupons"]
    assert -1 == revoked["issuedToUserId"]


def test_a_common_code_is_revoked_from_one_customer(vendor: "Vendor", holder: EmulatedCustomer) -> None:
    """Without a customer it is 108, as printed; the others keep theirs."""
    other = vendor.customer("919000000002")
    series_id = vendor.series(clientHandlingType="GENERIC", genericCode="ALL25")
    for customer in (holder, other):
        vendor.issued(series_id, customer)
    body = {"couponSeriesId": int(series_id), "couponCodes": ["ALL25"]}
    message = "Unsupported coupons series config with client handling type GENERIC"
    assert (400, 108, message) == _error(vendor.send("POST", REVOKE, body))
    assert 0 == _revoke(vendor, **body, customer={"mobile": MOBILE})["failedCount"]
    assert ([], ["ALL25"]) == tuple(
        [coupon["code"] for coupon in vendor.coupons(mobile=mobile)] for mobile in (MOBILE, "919000000002")
    )


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({}, (756, "CouponCode/s or customer info is mandatory")),
        ({"couponCodes": [], "customer": {}}, (756, "CouponCode/s or customer info is mandatory")),
        ({"customer": {"mobile": MOBILE}}, (756, "coupon seriesid is mandatory")),
        ({"couponSeriesId": 5, "couponCodes": ["A"]}, (707, "Coupon Series ID is invalid")),
        ({"couponCodes": ["A"] * 51}, (1060, "Batch limit exceeded")),
        ({"couponCodes": ["A"], "customer": {"mobile": "9"}}, (701, UNKNOWN)),
        ({"couponCodes": "A"}, (629, "Invalid Input")),
    ],
)
def test_a_wrong_revoke_is_told(
    vendor: "Vendor", series_id: str, body: dict[str, Any], error: tuple[int, str]
) -> None:
    """HTTP 400 with the code."""
    assert series_id
    assert (400, *error) == _error(vendor.send("POST", REVOKE, body))


def test_at_most_a_hundred_of_a_customer_are_revoked(
    vendor: "Vendor", series_id: str, holder: EmulatedCustomer
) -> None:
    """With one more none is."""
    body = {"couponSeriesId": int(series_id), "customer": {"mobile": MOBILE}}
    vendor.issued(series_id, holder, 101)
    assert (400, 1060, "Batch limit exceeded") == _error(vendor.send("POST", REVOKE, body))
    vendor.emulator.revoke(series_id, vendor.coupons(mobile=MOBILE)[0]["code"])
    assert 100 == _revoke(vendor, **body)["totalCount"]


def test_an_expired_series_revokes_nothing(
    vendor: "Vendor", series_id: str, holder: EmulatedCustomer
) -> None:
    """712, as printed."""
    (code,) = vendor.issued(series_id, holder)
    _expire_series(vendor)
    body = {"couponSeriesId": int(series_id), "couponCodes": [code]}
    expected = (400, 712, "Coupon Series / Campaign has expired")
    assert expected == _error(vendor.send("POST", REVOKE, body))
    assert expected == _error(_move(vendor, series_id, (code, "2027-01-20T00:00:00Z")))


def test_expiries_are_moved_as_printed(vendor: "Vendor", series_id: str, holder: EmulatedCustomer) -> None:
    """ISO with an offset, or epoch milliseconds; look-ups show the day, and the exact end where they have it (C-61)."""
    first, second = vendor.issued(series_id, holder, 2)
    moved = [(first.lower(), "2026-10-30T15:30:00+05:30"), (second, 1793404800000)]
    answer = _move(vendor, series_id, *moved, customer={"mobile": MOBILE})
    assert {
        "entity": {
            "totalCount": 2,
            "failedCount": 0,
            "successCount": 2,
            "unprocessedCoupons": [],
            "userId": OWNER,
            "couponSeriesId": int(series_id),
        },
        "warnings": [],
        "errors": [],
        "success": True,
    } == answer.get_json()
    assert {first: "2026-10-30 10:00:00", second: "2026-10-31 00:00:00"} == {
        coupon["code"]: coupon["valid_till"] for coupon in vendor.coupons(mobile=MOBILE)
    }
    listed = vendor.get("/v2/customers/coupons", mobile=MOBILE).get_json()["entity"]["customers"][0][
        "coupons"
    ]
    assert {"2026-10-30T00:00:00Z 2026-10-30T10:00:00Z", "2026-10-31T00:00:00Z 2026-10-31T00:00:00Z"} == {
        f"{coupon['validTill']} {coupon['validTillDateTime']}" for coupon in listed
    }


def test_an_expired_coupon_can_be_brought_back(vendor: "Vendor", holder: EmulatedCustomer) -> None:
    """Its expiry is moved, as long as the series lasts."""
    terms = {"expiryStrategyType": "DAYS", "expiryStrategyValue": 0}
    series_id = vendor.series(clientHandlingType="DISC_CODE", **terms)
    (code,) = vendor.issued(series_id, holder)
    vendor.world.clock.set(datetime(2026, 3, 20, tzinfo=UTC))
    vendor.headers = {"X-CAP-API-OAUTH-TOKEN": vendor.token()}
    assert [] == vendor.coupons(mobile=MOBILE, status="active")
    assert 1 == _move(vendor, series_id, (code, "2026-03-21T00:00:00Z")).get_json()["entity"]["successCount"]
    assert [code] == [coupon["code"] for coupon in vendor.coupons(mobile=MOBILE, status="active")]


def test_what_cannot_be_moved_is_listed(vendor: "Vendor", series_id: str, holder: EmulatedCustomer) -> None:
    """Each code with its reason, as printed, and the date that was asked for; the others are moved."""
    good, past, beyond = vendor.issued(series_id, holder, 3)
    entity = _move(
        vendor,
        series_id,
        ("DECATH1000", "2026-09-23T05:53:00Z"),
        (past, "2024-08-13T19:44:00Z"),
        (beyond, "2030-10-30T05:30:00+05:30"),
        (good, "2026-03-10T12:00:30Z"),
    ).get_json()["entity"]
    assert (4, 3, 1, None) == tuple(
        entity[name] for name in ("totalCount", "failedCount", "successCount", "userId")
    )
    assert [
        {
            "expiryDate": "2026-09-23T05:53:00Z",
            "couponCode": "DECATH1000",
            "errorCode": 633,
            "errorMessage": "invalid coupon code",
        },
        {
            "expiryDate": "2024-08-13T19:44:00Z",
            "couponCode": past,
            "errorCode": 690,
            "errorMessage": "Expiry date is past date",
        },
        {
            "expiryDate": "2030-10-30T00:00:00Z",
            "couponCode": beyond,
            "errorCode": 691,
            "errorMessage": "coupon code expiry date cannot be set beyond series expiry",
        },
    ] == entity["unprocessedCoupons"]
    ends = {coupon["code"]: coupon["valid_till"] for coupon in vendor.coupons(mobile=MOBILE)}
    assert {
        good: "2026-03-10 12:00:30",
        past: "2027-01-31 23:59:59",
        beyond: "2027-01-31 23:59:59",
    } == ends


def test_a_common_code_is_moved_for_one_customer(vendor: "Vendor", holder: EmulatedCustomer) -> None:
    """Without a customer it is 695, as printed; the others keep their end."""
    other = vendor.customer("919000000002")
    series_id = vendor.series(clientHandlingType="GENERIC", genericCode="ALL25")
    for customer in (holder, other):
        vendor.issued(series_id, customer)
    change = ("ALL25", "2026-10-30T10:00:00Z")
    message = "User Id is mandatory for common coupon to change expiry"
    assert (400, 695, message) == _error(_move(vendor, series_id, change))
    assert 200 == _move(vendor, series_id, change, customer={"mobile": MOBILE}).status_code
    assert ["2026-10-30 10:00:00", "2027-01-31 23:59:59"] == [
        vendor.coupons(mobile=mobile)[0]["valid_till"] for mobile in (MOBILE, "919000000002")
    ]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"couponSeriesId": None}, (756, "coupon seriesid is mandatory")),
        ({"couponSeriesId": 5}, (707, "Coupon Series ID is invalid")),
        ({"couponCodes": []}, (756, "Atleast one coupon code and expiry date info is mandatory")),
        (
            {"couponCodes": [{"couponCode": "A"}]},
            (756, "Atleast one coupon code and expiry date info is mandatory"),
        ),
        ({"couponCodes": [{"couponCode": "A", "expiryDate": "soon"}]}, (629, "Invalid Input")),
        (
            {"couponCodes": [{"couponCode": "A", "expiryDate": "2026-10-30T10:00:00Z"}] * 101},
            (1060, "Batch limit exceeded"),
        ),
        ({"customer": {"mobile": "9"}}, (701, UNKNOWN)),
    ],
)
def test_a_wrong_move_is_told(
    vendor: "Vendor", series_id: str, change: dict[str, Any], error: tuple[int, str]
) -> None:
    """HTTP 400 with the code."""
    entries = [{"couponCode": "A", "expiryDate": "2026-10-30T10:00:00Z"}]
    body = {"couponSeriesId": int(series_id), "couponCodes": entries, **change}
    assert (400, *error) == _error(vendor.send("PUT", EXPIRY, body))
