"""The v1.1 look-up of the emulated Capillary: answer, filters, errors, options."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from couponhub.testing.emulation.vendor import EmulatedCustomer

if TYPE_CHECKING:
    from tests.emulation.capillary.conftest import Vendor

PATH = "/v1.1/customer/coupons"


@pytest.fixture
def holder(vendor: "Vendor") -> EmulatedCustomer:
    """A known customer of the empty emulator."""
    return vendor.customer(email="h@example.com", external_id="E-1", id="98662653")


def _issue(vendor: "Vendor", series_id: str, holder: EmulatedCustomer, at: datetime | None = None) -> str:
    if at is not None:
        vendor.world.clock.set(at)
    code = vendor.emulator.issue(series_id, holder, count=1, codes=None)[0]
    vendor.headers = {"X-CAP-API-OAUTH-TOKEN": vendor.token()}
    return code


def _codes(vendor: "Vendor", **query: str) -> set[str]:
    return {coupon["code"] for coupon in vendor.coupons(mobile="919000000001", **query)}


def _request_status(vendor: "Vendor", **query: str) -> dict[str, Any]:
    answer = vendor.get(PATH, **query)
    assert answer.status_code == 200
    status: dict[str, Any] = answer.get_json()["response"]["status"]
    return status


def test_the_answer_has_the_documented_fields_and_types(vendor: "Vendor", holder: EmulatedCustomer) -> None:
    """Envelope, customer, coupon and redemption as the newest page prints them."""
    properties = {"standard_description": "10% off"}
    series_id = vendor.series(clientHandlingType="DISC_CODE", customPropertyMap=properties)
    code = _issue(vendor, series_id, holder)
    details = {
        "at": "2026-03-10T13:00:00Z",
        "transaction": "T1",
        "store_code": "s2",
        "store_name": "Second",
    }
    vendor.emulator.redeem(series_id, code, details)
    body = vendor.get(PATH, mobile="919000000001").get_json()
    response = body["response"]
    assert set(body) == {"response"}
    assert set(response) == {"pagination", "status", "customers"}
    assert response["pagination"] == {"limit": "100", "offset": "0", "total": 1}
    assert response["status"] == {"success": "true", "code": 200, "message": "Success"}
    (customer,) = response["customers"]["customer"]
    coupons = customer.pop("coupons")
    assert customer == {
        "firstname": None,
        "lastname": None,
        "email": "h@example.com",
        "external_id": "E-1",
        "mobile": "919000000001",
        "id": "98662653",
        "item_status": {"success": "true", "code": 1000, "message": "Coupons retrieved successfully"},
    }
    (coupon,) = coupons["coupon"]
    redemption = coupon["redemptions"]["redemption"][0]
    assert coupon == {
        "id": coupon["id"],
        "series_id": series_id,
        "series_name": "Imported codes",
        "redemption_count": 1,
        "created_date": "2026-03-10T17:30:00.000Z",
        "valid_till": "2027-01-31 23:59:59",
        "code": code,
        "transaction_number": None,
        "purpose": "",
        "custom_properties": {"custom_property": [{"name": "standard_description", "value": "10% off"}]},
        "redemptions": {
            "redemption": [
                {
                    "id": redemption["id"],
                    "date": "2026-03-10T18:30:00.000Z",
                    "transaction_number": "T1",
                    "redeemed_at": {"code": "s2", "name": "Second"},
                }
            ]
        },
    }
    assert coupon["id"].isdigit()
    assert redemption["id"].isdigit()


def test_a_coupon_issued_at_a_store_says_so(vendor: "Vendor") -> None:
    """Some coupons of the demo carry issued_at, some do not; unredeemed ones have empty redemptions."""
    vendor.emulator.seed_demo()
    coupons = vendor.coupons(id="98662653")
    stores = [coupon["issued_at"] for coupon in coupons if "issued_at" in coupon]
    assert 0 < len(stores) < len(coupons)
    assert {"code": "store_001", "name": "Main Store"} in stores
    assert [coupon["redemptions"] for coupon in coupons].count({}) == len(coupons) - 1


def test_a_customer_without_coupons_is_found(vendor: "Vendor", holder: EmulatedCustomer) -> None:
    """A known customer without coupons has item 1000 and an empty array."""
    assert holder.mobile is not None
    answer = vendor.get(PATH, mobile=holder.mobile).get_json()["response"]
    customer = answer["customers"]["customer"][0]
    assert customer["coupons"] == {"coupon": []}
    assert customer["item_status"]["code"] == 1000


@pytest.mark.parametrize(
    ("name", "value"),
    [("mobile", "910000000000"), ("email", "x@example.com"), ("external_id", "E"), ("id", "5")],
)
def test_an_unknown_customer_is_701(vendor: "Vendor", name: str, value: str) -> None:
    """Item 701 under request 500 under HTTP 200, the identifier repeated."""
    answer = vendor.get(PATH, **{name: value})
    text = "Customer could not be found. Check the mobile, email, or external ID passed."
    assert answer.status_code == 200
    assert answer.get_json() == {
        "response": {
            "status": {
                "success": "false",
                "code": 500,
                "message": "All requests have failed due to errors",
            },
            "customers": {
                "customer": [{name: value, "item_status": {"success": "false", "code": 701, "message": text}}]
            },
        }
    }


@pytest.mark.parametrize("query", [{}, {"mobile": ""}, {"limit": "5"}, {"externalId": "E-1"}])
def test_no_identifier_is_400_as_text_in_the_item(vendor: "Vendor", query: dict[str, str]) -> None:
    """Request code 400, and the item's code as text."""
    answer = vendor.get(PATH, **query)
    assert answer.status_code == 200
    assert answer.get_json() == {
        "response": {
            "status": {
                "success": "false",
                "code": 400,
                "message": "Input is invalid, Please check request parameters or input xml/json",
            },
            "customers": {
                "customer": [
                    {
                        "item_status": {
                            "success": "false",
                            "code": "400",
                            "message": "Input is invalid. Please check request parameters or input xml/json; No identifier provided to get loyalty users.",
                        }
                    }
                ]
            },
        }
    }


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "0"},
        {"limit": "-1"},
        {"limit": "ten"},
        {"limit": ""},
        {"status": "ACTIVE"},
        {"status": "active;redeemed"},
        {"status": "revoked"},
        {"order_by": "amount"},
        {"order_by": "created_date", "sort_order": "DESC"},
        {"start_date": "2026-3-1"},
        {"end_date": "01-03-2026"},
        {"start_date": "2026-02-30"},
        {"start_date": "2026-03-01T00:00:00Z"},
        {"includeReversedRedemptions": "yes"},
        {"id": "abc"},
    ],
)
def test_a_wrong_parameter_is_request_400(
    vendor: "Vendor", holder: EmulatedCustomer, query: dict[str, str]
) -> None:
    """Refused in the body, under HTTP 200."""
    assert holder.mobile is not None
    status = _request_status(vendor, **{"mobile": holder.mobile, **query})
    assert status == {
        "success": "false",
        "code": 400,
        "message": "Input is invalid, Please check request parameters or input xml/json",
    }


def test_http_can_mirror_the_code(vendor: "Vendor", holder: EmulatedCustomer) -> None:
    """With the option the request-level code is the HTTP status too."""
    assert holder.mobile is not None
    vendor.emulator.set_options({"http_mirrors_code": True})
    assert vendor.get(PATH, mobile="1").status_code == 500
    assert vendor.get(PATH).status_code == 400
    assert vendor.get(PATH, mobile=holder.mobile).status_code == 200


def test_an_unknown_series_is_707(vendor: "Vendor", holder: EmulatedCustomer) -> None:
    """Item 707 under request 500, without the customer."""
    assert holder.mobile is not None
    for series_id in ("999999", "abc"):
        answer = vendor.get(PATH, mobile=holder.mobile, series_id=series_id).get_json()["response"]
        item = {"success": "false", "code": 707, "message": "Coupon series ID is invalid."}
        assert answer["status"]["code"] == 500
        assert answer["customers"] == {"customer": [{"item_status": item}]}


def test_the_first_identifier_wins(vendor: "Vendor", holder: EmulatedCustomer) -> None:
    """In the order id, external_id, mobile, email, whatever order the query has."""
    assert holder.mobile is not None
    vendor.customer("919000000002", email="o@example.com", external_id="E-2", id="98662654")

    def found(**query: str) -> str:
        customers = vendor.get(PATH, **query).get_json()["response"]["customers"]["customer"]
        return str(customers[0]["id"])

    assert found(email="o@example.com", mobile=holder.mobile) == "98662653"
    assert found(mobile="919000000002", external_id="E-1") == "98662653"
    assert found(external_id="E-2", id="98662653") == "98662653"


def test_a_mobile_matches_with_and_without_the_country_code(vendor: "Vendor") -> None:
    """Exact on digits, then with the organisation's country code before it; never without it."""
    vendor.customer("919000000001")
    vendor.customer("9000000002")
    codes = {
        mobile: vendor.get(PATH, mobile=mobile).get_json()["response"]["status"]["code"]
        for mobile in ("919000000001", "9000000001", "+91 90000-00001", "9000000002", "919000000002")
    }
    assert codes == {
        "919000000001": 200,
        "9000000001": 200,
        "+91 90000-00001": 200,
        "9000000002": 200,
        "919000000002": 500,
    }
    vendor.emulator.set_options({"country_code": "44"})
    assert _request_status(vendor, mobile="9000000001")["code"] == 500


def test_status_selects_as_the_page_says(vendor: "Vendor", holder: EmulatedCustomer) -> None:
    """`active` and `expired` ignore redemptions, `redeemed` and `unredeemed` ignore expiry."""
    short = vendor.series(clientHandlingType="DISC_CODE", validTillDate="2026-03-12")
    long = vendor.series(clientHandlingType="DISC_CODE")
    over, over_used, good, good_used = (
        _issue(vendor, series_id, holder) for series_id in (short, short, long, long)
    )
    vendor.emulator.redeem(short, over_used, {})
    vendor.emulator.redeem(long, good_used, {})
    vendor.world.clock.set(datetime(2026, 3, 13, tzinfo=UTC))
    vendor.headers = {"X-CAP-API-OAUTH-TOKEN": vendor.token()}
    assert _codes(vendor) == {over, over_used, good, good_used}
    assert _codes(vendor, status="active") == {good, good_used}
    assert _codes(vendor, status="expired") == {over, over_used}
    assert _codes(vendor, status="redeemed") == {over_used, good_used}
    assert _codes(vendor, status="unredeemed") == {over, good}


def test_a_coupon_is_good_until_its_last_second(vendor: "Vendor", holder: EmulatedCustomer) -> None:
    """Expiry is computed on read: 23:59:59 of the last day is still active."""
    series_id = vendor.series(clientHandlingType="DISC_CODE", validTillDate="2026-03-12")
    code = _issue(vendor, series_id, holder)
    vendor.world.clock.set(datetime(2026, 3, 12, 23, 59, 59, 100_000, tzinfo=UTC))
    vendor.headers = {"X-CAP-API-OAUTH-TOKEN": vendor.token()}
    assert _codes(vendor, status="active") == {code}
    vendor.world.clock.set(datetime(2026, 3, 13, tzinfo=UTC))
    assert _codes(vendor, status="active") == set()


def test_the_window_is_half_open_and_takes_issues_or_redemptions(
    vendor: "Vendor", holder: EmulatedCustomer
) -> None:
    """Start inclusive, end exclusive, at the server's midnight; a redemption inside is enough."""
    series_id = vendor.series(clientHandlingType="DISC_CODE")
    first = _issue(vendor, series_id, holder, datetime(2026, 3, 11, tzinfo=UTC))
    second = _issue(vendor, series_id, holder, datetime(2026, 3, 12, tzinfo=UTC))
    assert _codes(vendor, start_date="2026-03-11", end_date="2026-03-12") == {first}
    assert _codes(vendor, start_date="2026-03-12") == {second}
    assert _codes(vendor, end_date="2026-03-12") == {first}
    vendor.emulator.redeem(series_id, first, {"at": "2026-03-15T10:00:00Z"})
    assert _codes(vendor, start_date="2026-03-15", end_date="2026-03-16") == {first}
    assert _codes(vendor, start_date="2026-03-13", end_date="2026-03-15") == set()
    vendor.emulator.redeem(series_id, second, {"at": "2026-03-18T00:00:00Z"})
    assert _codes(vendor, start_date="2026-03-18") == {second}
    assert _codes(vendor, start_date="2026-03-17", end_date="2026-03-18") == set()


def test_the_window_follows_the_servers_zone(vendor: "Vendor", holder: EmulatedCustomer) -> None:
    """With a server in India, 20:00 UTC is the next day."""
    series_id = vendor.series(clientHandlingType="DISC_CODE")
    code = _issue(vendor, series_id, holder, datetime(2026, 3, 11, 20, tzinfo=UTC))
    assert _codes(vendor, start_date="2026-03-12") == set()
    vendor.emulator.set_options({"server_timezone": "Asia/Kolkata"})
    assert _codes(vendor, start_date="2026-03-12") == {code}


def test_series_and_store_filter(vendor: "Vendor", holder: EmulatedCustomer) -> None:
    """One series; or only active coupons whose series is not bound to other stores."""
    anywhere = vendor.series(clientHandlingType="DISC_CODE")
    store = [{"redemptionOrgEntityType": "STORE", "orgEntityId": 77}]
    bound = vendor.series(clientHandlingType="DISC_CODE", redemptionOrgEntityDetails=store)
    listed = vendor.series(clientHandlingType="DISC_CODE", redeemAtStore="[78]")
    over = vendor.series(clientHandlingType="DISC_CODE", validTillDate="2026-03-10")
    free, only_77, only_78, late = (
        _issue(vendor, series_id, holder) for series_id in (anywhere, bound, listed, over)
    )
    assert _codes(vendor, series_id=bound) == {only_77}
    assert _codes(vendor, store_id="77") == {free, only_77, late}
    assert _codes(vendor, store_id="78") == {free, only_78, late}
    vendor.world.clock.set(datetime(2026, 3, 11, tzinfo=UTC))
    vendor.headers = {"X-CAP-API-OAUTH-TOKEN": vendor.token()}
    assert _codes(vendor, store_id="79") == {free}


def test_orders(vendor: "Vendor", holder: EmulatedCustomer) -> None:
    """By issue or expiry, either way; by issuing till; without an order fixed but shuffled."""
    series_id = vendor.series(
        clientHandlingType="DISC_CODE", expiryStrategyType="DAYS", expiryStrategyValue=5
    )
    issued = [_issue(vendor, series_id, holder, datetime(2026, 3, 11 + day, tzinfo=UTC)) for day in range(12)]

    def order(**query: str) -> list[str]:
        return [coupon["code"] for coupon in vendor.coupons(mobile="919000000001", **query)]

    assert order(order_by="created_date", sort_order="asc") == issued
    assert order(order_by="created_date", sort_order="desc") == issued[::-1]
    assert order(order_by="valid_till") == issued
    assert set(order(order_by="created_by")) == set(issued)
    assert order() == order()
    assert order() not in (issued, issued[::-1])


def test_created_by_sorts_by_till(vendor: "Vendor") -> None:
    """Coupons that no till issued come first, and last in descending order."""
    vendor.emulator.seed_demo()
    with_till = ["issued_at" in coupon for coupon in vendor.coupons(id="98662653", order_by="created_by")]
    assert with_till == sorted(with_till)
    down = vendor.coupons(id="98662653", order_by="created_by", sort_order="desc")
    assert "issued_at" in down[0]


def test_an_unknown_order_can_be_ignored(vendor: "Vendor", holder: EmulatedCustomer) -> None:
    """With the option the older documented word does no harm."""
    assert holder.mobile is not None
    vendor.emulator.set_options({"ignore_unknown_order": True})
    assert _request_status(vendor, mobile=holder.mobile, order_by="amount")["code"] == 200


def test_limits_and_their_cap(vendor: "Vendor", holder: EmulatedCustomer) -> None:
    """100 by default, any positive number, or a silent cap; the limit asked for is echoed."""
    series_id = vendor.series(clientHandlingType="DISC_CODE")
    vendor.emulator.issue(series_id, holder, count=120, codes=None)

    def shown(**query: str) -> tuple[int, str]:
        response = vendor.get(PATH, id="98662653", **query).get_json()["response"]
        coupons = response["customers"]["customer"][0]["coupons"]["coupon"]
        return len(coupons), response["pagination"]["limit"]

    assert shown() == (100, "100")
    assert shown(limit="5000") == (120, "5000")
    assert shown(limit="7") == (7, "7")
    vendor.emulator.set_options({"limit_cap": 50})
    assert shown(limit="5000") == (50, "5000")


def test_an_offset_is_ignored_unless_honoured(vendor: "Vendor", holder: EmulatedCustomer) -> None:
    """It prints "0" and skips nothing; with the option it skips."""
    series_id = vendor.series(clientHandlingType="DISC_CODE")
    vendor.emulator.issue(series_id, holder, count=3, codes=None)

    def shown() -> tuple[int, str]:
        response = vendor.get(PATH, id="98662653", offset="2").get_json()["response"]
        coupons = response["customers"]["customer"][0]["coupons"]["coupon"]
        return len(coupons), response["pagination"]["offset"]

    assert shown() == (3, "0")
    vendor.emulator.set_options({"honour_offset": True})
    assert shown() == (1, "2")
    assert _request_status(vendor, id="98662653", offset="-1")["code"] == 400


def test_the_total_counts_customers_or_coupons(vendor: "Vendor", holder: EmulatedCustomer) -> None:
    """1 beside any number of coupons; with the option all that match, cut or not."""
    series_id = vendor.series(clientHandlingType="DISC_CODE")
    vendor.emulator.issue(series_id, holder, count=3, codes=None)

    def total() -> object:
        return vendor.get(PATH, id="98662653", limit="2").get_json()["response"]["pagination"]["total"]

    assert total() == 1
    vendor.emulator.set_options({"pagination_total": "coupons"})
    assert total() == 3


def test_reversed_redemptions_stand_on_the_customer(vendor: "Vendor", holder: EmulatedCustomer) -> None:
    """Only with the extra parameter, with reversed_on; the coupon is unredeemed again."""
    series_id = vendor.series(clientHandlingType="DISC_CODE")
    code = _issue(vendor, series_id, holder)
    vendor.emulator.redeem(series_id, code, {"at": "2026-03-10T13:00:00Z", "transaction": "T1"})
    vendor.emulator.reactivate(series_id, code)
    (plain,) = vendor.get(PATH, id="98662653").get_json()["response"]["customers"]["customer"]
    assert "reversed_redemptions" not in plain
    answer = vendor.get(PATH, id="98662653", includeReversedRedemptions="true").get_json()["response"]
    (customer,) = answer["customers"]["customer"]
    (reversal,) = customer["reversed_redemptions"]["redemption"]
    assert set(reversal) == {"id", "date", "transaction_number", "redeemed_at", "reversed_on"}
    assert reversal["date"] == "2026-03-10T18:30:00.000Z"
    coupon = customer["coupons"]["coupon"][0]
    assert (coupon["redemption_count"], coupon["redemptions"]) == (0, {})


def test_revoked_coupons_are_not_listed(vendor: "Vendor", holder: EmulatedCustomer) -> None:
    """A revoked coupon vanishes from the list, and is revoked in the truth."""
    series_id = vendor.series(clientHandlingType="DISC_CODE")
    code = _issue(vendor, series_id, holder)
    vendor.emulator.revoke(series_id, code)
    assert _codes(vendor) == set()
    assert [entry["status"] for entry in vendor.emulator.codes(series_id)] == ["revoked"]


def test_the_stores_zone_is_an_option(vendor: "Vendor", holder: EmulatedCustomer) -> None:
    """The digits before the false Z follow the stores' zone."""
    _issue(vendor, vendor.series(clientHandlingType="DISC_CODE"), holder)
    vendor.emulator.set_options({"store_timezone": "Europe/Berlin"})
    assert vendor.coupons(id="98662653")[0]["created_date"] == "2026-03-10T13:00:00.000Z"


def test_people_can_be_masked(vendor: "Vendor") -> None:
    """With the option names, e-mail and mobile are null, ids are not."""
    vendor.emulator.seed_demo()
    vendor.emulator.set_options({"mask_people": True})
    (customer,) = vendor.get(PATH, id="98662653").get_json()["response"]["customers"]["customer"]
    masked = [customer[name] for name in ("firstname", "lastname", "email", "mobile")]
    assert masked == [None, None, None, None]
    assert (customer["external_id"], customer["id"]) == ("EXT-007", "98662653")


def test_legacy_style(vendor: "Vendor", holder: EmulatedCustomer) -> None:
    """Text for numbers, single objects, older words and dates, fewer fields."""
    series_id = vendor.series(clientHandlingType="DISC_CODE")
    code = _issue(vendor, series_id, holder)
    vendor.emulator.redeem(series_id, code, {"at": "2026-03-10T13:00:00Z", "transaction": "T1"})
    vendor.emulator.set_options({"legacy": True})
    response = vendor.get(PATH, id="98662653").get_json()["response"]
    customer = response["customers"]["customer"]
    assert response["status"] == {"success": "true", "code": "200", "message": "SUCCESS"}
    assert customer["item_status"] == {
        "success": "true",
        "code": "1000",
        "message": "Issued coupons retrieved successfully",
    }
    coupon = customer["coupons"]["coupon"]
    assert coupon == {
        "id": coupon["id"],
        "redemption_count": "1",
        "created_date": "2026-03-10T17:30:00+05:30",
        "valid_till": "2027-01-31",
        "code": code,
        "transaction_number": None,
        "redemptions": {
            "redemption": {
                "date": "2026-03-10 18:30:00",
                "transaction_number": "T1",
                "redeemed_at": {"code": "store_001", "name": "Main Store"},
            }
        },
    }
    _issue(vendor, series_id, holder)
    two = vendor.get(PATH, id="98662653").get_json()["response"]["customers"]["customer"]
    assert len(two["coupons"]["coupon"]) == 2
