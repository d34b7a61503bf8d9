"""The control side of the emulated Capillary, and the look-ups by code and by the v2 list."""

import json
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from couponhub.testing.emulation.vendor import ControlError, EmulatedCustomer

if TYPE_CHECKING:
    from tests.emulation.capillary.conftest import Vendor

DEFAULTS = {
    "ttl": 300,
    "token_calls": 0,
    "reuse_window": 0,
    "uploads_accept_basic": False,
    "v1_unauthorized_as_200": False,
    "denied": {},
    "authorization_unavailable": False,
    "rate_limit": 100,
    "http_mirrors_code": False,
    "refusals_as_200": False,
    "legacy": False,
    "pagination_total": "customers",
    "honour_offset": False,
    "limit_cap": 0,
    "ignore_unknown_order": False,
    "server_timezone": "UTC",
    "store_timezone": "Asia/Kolkata",
    "country_code": "91",
    "mask_people": False,
    "middle_steps": True,
    "one_row_per_customer": False,
    "max_code_length": 40,
    "answer_all_jobs": False,
    "pool_readable": False,
    "doubled_rows": False,
    "bulk_redeem_limit": 50,
    "running_word": "",
    "jobs_never_end": False,
}


def test_the_options_and_their_defaults(vendor: "Vendor") -> None:
    """Every option of the facts, with its stated default; a reset brings the defaults back."""
    assert vendor.emulator.options() == DEFAULTS
    vendor.emulator.set_options({"ttl": 60, "denied": {"demo-key": ["default"]}})
    assert vendor.emulator.options() == DEFAULTS | {"ttl": 60, "denied": {"demo-key": ["default"]}}
    vendor.emulator.reset()
    assert vendor.emulator.options() == DEFAULTS


@pytest.mark.parametrize(
    "values",
    [
        {"nothing": 1},
        {"ttl": "60"},
        {"ttl": 0},
        {"ttl": True},
        {"legacy": 1},
        {"store_timezone": "Mars/Olympus"},
        {"store_timezone": 5},
        {"pagination_total": "pages"},
        {"denied": ["demo-key"]},
        {"denied": {"demo-key": ["everything"]}},
        {"running_word": None},
    ],
)
def test_a_wrong_option_changes_nothing(vendor: "Vendor", values: dict[str, Any]) -> None:
    """Unknown name or wrong type: ControlError, also for the good ones beside it."""
    with pytest.raises(ControlError):
        vendor.emulator.set_options({"limit_cap": 5, **values})
    assert vendor.emulator.options() == DEFAULTS


def test_the_demo_holds_what_is_promised(vendor: "Vendor") -> None:
    """The demo's customer with five coupons over several series, one redeemed, one expired; another with none."""
    vendor.emulator.seed_demo()
    query = ({"mobile": "919876543210"}, {"email": "a.buyer@example.com"}, {"external_id": "EXT-007"})
    found = [{coupon["code"] for coupon in vendor.coupons(**each)} for each in query]
    coupons = vendor.coupons(id="98662653")
    assert found == [{coupon["code"] for coupon in coupons}] * 3
    assert len(coupons) >= 5
    assert len({coupon["series_id"] for coupon in coupons}) >= 2
    assert sum(coupon["redemption_count"] > 0 for coupon in coupons) == 1
    assert len(vendor.coupons(id="98662653", status="expired")) == 1
    assert vendor.coupons(mobile="919876543211") == []
    pins = vendor.get("/v2/coupon/series", clientHandlingType="DISC_CODE_PIN").get_json()["entity"]
    assert [series["numUploadedNonIssued"] > 0 for series in pins] == [True]
    assert pins[0]["numUploadedTotal"] == pins[0]["numUploadedNonIssued"] + pins[0]["numIssued"]
    assert vendor.processed(str(pins[0]["id"]), "code\nNEW1\n")["errorCount"] == 0


def test_the_demos_dates_follow_the_clock(vendor: "Vendor") -> None:
    """Seeded under another clock, the same coupon is still the only expired one."""
    vendor.world.clock.set(datetime(2031, 7, 1, tzinfo=UTC))
    vendor.headers = {"X-CAP-API-OAUTH-TOKEN": vendor.token()}
    vendor.emulator.seed_demo()
    assert len(vendor.coupons(id="98662653", status="expired")) == 1


def test_a_seed_file_fills_it(vendor: "Vendor") -> None:
    """Customers become known; each list is a series with its codes in the pool."""
    vendor.emulator.seed(
        {"customers": [{"mobile": "919000000009"}], "lists": [{"name": "Spring", "codes": ["s1", "S2"]}]}
    )
    (series,) = vendor.get("/v2/coupon/series").get_json()["entity"]
    assert (series["description"], series["clientHandlingType"]) == ("Spring", "DISC_CODE_PIN")
    assert [entry["code"] for entry in vendor.emulator.codes(str(series["id"]))] == ["S1", "S2"]
    assert vendor.coupons(mobile="919000000009") == []


@pytest.mark.parametrize(
    "content",
    [
        {"customers": [{"name": "x"}]},
        {"customers": [{}]},
        {"customers": [{"id": "x1"}]},
        {"customers": [{"mobile": "none"}]},
        {"lists": {}},
        {"lists": ["x"]},
        {"lists": [{"name": "x", "codes": [1]}]},
        {"lists": [{"name": "x", "codes": ["a", "A"]}]},
    ],
)
def test_a_wrong_seed_is_refused(vendor: "Vendor", content: dict[str, Any]) -> None:
    """ControlError for what cannot be seeded."""
    with pytest.raises(ControlError):
        vendor.emulator.seed(content)


def test_a_customer_that_shares_an_identifier_replaces(vendor: "Vendor") -> None:
    """The new identifiers hold, the old ones are gone, id and coupons stay."""
    vendor.customer("919000000001", email="old@example.com", id="98000001")
    series_id = vendor.series(clientHandlingType="DISC_CODE")
    vendor.emulator.issue(series_id, EmulatedCustomer(id="98000001"), count=1, codes=None)
    vendor.customer("919000000001", email="new@example.com")
    assert len(vendor.coupons(email="new@example.com")) == 1
    assert len(vendor.coupons(id="98000001")) == 1
    status = vendor.get("/v1.1/customer/coupons", email="old@example.com").get_json()["response"]["status"]
    assert status["code"] == 500


def test_a_customer_can_join_two(vendor: "Vendor") -> None:
    """One that shares an identifier with two known ones replaces both."""
    vendor.customer("919000000001")
    vendor.emulator.add_customers([EmulatedCustomer(email="j@example.com")])
    series_id = vendor.series(clientHandlingType="DISC_CODE")
    vendor.emulator.issue(series_id, EmulatedCustomer(mobile="919000000001"), count=1, codes=None)
    vendor.emulator.issue(series_id, EmulatedCustomer(email="j@example.com"), count=1, codes=None)
    vendor.customer("919000000001", email="j@example.com")
    assert len(vendor.coupons(email="j@example.com")) == 2


def test_issue_takes_from_the_pool_or_given_codes(vendor: "Vendor") -> None:
    """The oldest of the pool, a named one of the pool, or a code that was nowhere yet."""
    customer = vendor.customer()
    series_id = vendor.series()
    vendor.processed(series_id, "code\nA1\nA2\nA3\n")
    assert vendor.emulator.issue(series_id, customer, count=1, codes=None) == ["A1"]
    assert vendor.emulator.issue(series_id, customer, count=None, codes=["a3", "B1"]) == ["A3", "B1"]
    series = vendor.read(series_id)
    counters = (series["numUploadedTotal"], series["numUploadedNonIssued"], series["numIssued"])
    assert counters == (4, 1, 3)
    truth = {entry["code"]: entry["status"] for entry in vendor.emulator.codes(series_id)}
    assert truth == {"A1": "issued", "A3": "issued", "B1": "issued", "A2": "available"}


def test_issue_refuses_what_cannot_be(vendor: "Vendor") -> None:
    """An empty pool, a taken code, an unknown series or customer, a second common code."""
    customer = vendor.customer()
    series_id, other = vendor.series(), vendor.series()
    common = vendor.series(clientHandlingType="GENERIC", genericCode="FEST")
    direct = vendor.series(clientHandlingType="GENERIC_REDEEMABLE", genericCode="DIRECT")
    vendor.processed(other, "code\nA1\n")
    vendor.emulator.issue(common, customer, count=None, codes=None)
    cases: list[tuple[str, EmulatedCustomer, list[str] | None, bool]] = [
        (series_id, customer, None, False),
        (series_id, customer, ["A1"], False),
        (common, customer, None, False),
        (direct, customer, None, False),
        ("999999", customer, None, True),
        ("x", customer, None, True),
        (other, EmulatedCustomer(mobile="1"), None, True),
    ]
    for list_id, who, codes, missing in cases:
        with pytest.raises(ControlError) as caught:
            vendor.emulator.issue(list_id, who, count=1, codes=codes)
        assert caught.value.missing is missing


def test_the_truth_of_codes(vendor: "Vendor") -> None:
    """Issued, redeemed, expired, revoked and available, with who holds them."""
    customer = vendor.customer(id="98000001", email="c@example.com", external_id="E-1")
    series_id = vendor.series(expiryStrategyType="DAYS", expiryStrategyValue=3)
    vendor.processed(series_id, "code\nA1\nA2\nA3\nA4\nA5\n")
    vendor.emulator.issue(series_id, customer, count=3, codes=None)
    vendor.emulator.redeem(series_id, "a1", {})
    vendor.emulator.revoke(series_id, "A2")
    vendor.world.clock.set(datetime(2026, 3, 20, tzinfo=UTC))
    vendor.emulator.issue(series_id, customer, count=1, codes=None)
    truth = vendor.emulator.codes(series_id)
    assert [(entry["code"], entry["status"]) for entry in truth] == [
        ("A1", "redeemed"),
        ("A2", "revoked"),
        ("A3", "expired"),
        ("A4", "issued"),
        ("A5", "available"),
    ]
    assert truth[0]["customer"] == {
        "mobile": "919000000001",
        "email": "c@example.com",
        "external_id": "E-1",
        "id": "98000001",
    }
    with pytest.raises(ControlError) as caught:
        vendor.emulator.codes("999999")
    assert caught.value.missing


def test_redeem_refuses_what_cannot_be(vendor: "Vendor") -> None:
    """An unknown or pooled code, a time without offset, a revoked coupon."""
    customer = vendor.customer()
    series_id = vendor.series()
    vendor.processed(series_id, "code\nA1\nA2\n")
    vendor.emulator.issue(series_id, customer, count=None, codes=["A1"])
    cases: list[tuple[str, dict[str, Any]]] = [
        ("NONE", {}),
        ("A2", {}),
        ("A1", {"at": "2026-03-10T13:00:00"}),
        ("A1", {"at": "yesterday"}),
    ]
    for code, details in cases:
        with pytest.raises(ControlError):
            vendor.emulator.redeem(series_id, code, details)
    vendor.emulator.revoke(series_id, "A1")
    with pytest.raises(ControlError):
        vendor.emulator.redeem(series_id, "A1", {})


def test_a_reset_empties_it(vendor: "Vendor") -> None:
    """No series, no customers, no tokens."""
    vendor.emulator.seed_demo()
    vendor.emulator.reset()
    assert vendor.get("/v2/coupon/series").status_code == 401
    vendor.headers = {"X-CAP-API-OAUTH-TOKEN": vendor.token()}
    assert vendor.get("/v2/coupon/series").get_json()["errors"][0]["code"] == 502


def test_threads_do_not_disturb_each_other(vendor: "Vendor") -> None:
    """Many threads issuing at once hand out each pooled code once."""
    customer = vendor.customer()
    series_id = vendor.series()
    vendor.processed(series_id, "code\n" + "\n".join(f"C{number:04}" for number in range(400)))
    handed: list[str] = []

    def issue() -> None:
        for _ in range(50):
            handed.extend(vendor.emulator.issue(series_id, customer, count=1, codes=None))

    threads = [threading.Thread(target=issue) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(handed)) == 400
    assert vendor.read(series_id)["numUploadedNonIssued"] == 0


def test_the_v2_list_tells_the_true_total_and_instants(vendor: "Vendor") -> None:
    """The documented fields, a total of coupons, false and true instants side by side."""
    customer = vendor.customer(id="98000001", external_id="E-1")
    series_id = vendor.series(clientHandlingType="DISC_CODE")
    codes = vendor.emulator.issue(series_id, customer, count=3, codes=None)
    vendor.emulator.redeem(series_id, codes[0], {"at": "2026-03-10T13:00:00Z", "transaction": "T1"})
    body = vendor.get("/v2/customers/coupons", external_id="E-1", limit="2").get_json()
    assert set(body) == {"entity", "warnings", "errors", "success"}
    assert body["entity"]["pagination"] == {"limit": "2", "offset": "0", "total": 3}
    (found,) = body["entity"]["customers"]
    assert set(found) == {"firstname", "lastname", "email", "mobile", "id", "externalId", "coupons"}
    assert [coupon["code"] for coupon in found["coupons"]] == [codes[2], codes[1]]
    query = {"mobile": "919000000001", "status": "REDEEMED"}
    (coupon,) = vendor.get("/v2/customers/coupons", **query).get_json()["entity"]["customers"][0]["coupons"]
    assert coupon == {
        "code": codes[0],
        "seriesId": int(series_id),
        "description": "Imported codes",
        "validTill": "2027-01-31T00:00:00Z",
        "validTillDateTime": "2027-01-31T23:59:59Z",
        "discountType": "PERC",
        "discountValue": 10,
        "discountUpto": 0,
        "redemptionCount": 1,
        "redemptionsLeft": 0,
        "id": coupon["id"],
        "createdDate": "2026-03-10T17:30:00Z",
        "createdDateISO": "2026-03-10T12:00:00Z",
        "transactionNumber": "0",
        "redemptions": [
            {
                "id": coupon["redemptions"][0]["id"],
                "date": "2026-03-10T18:30:00Z",
                "dateISO": "2026-03-10T13:00:00Z",
                "transactionNumber": "T1",
                "redeemedAt": {"code": "store_001", "name": "Main Store"},
            }
        ],
        "reversedRedemptions": [],
    }


def test_the_v2_list_filters_and_errors(vendor: "Vendor") -> None:
    """Finer states, three spellings of the external id, 8015 for an unknown customer."""
    customer = vendor.customer(external_id="E-1")
    series_id = vendor.series(clientHandlingType="DISC_CODE")
    used, unused = vendor.emulator.issue(series_id, customer, count=2, codes=None)
    vendor.emulator.redeem(series_id, used, {})

    def codes(**query: str) -> list[str]:
        entity = vendor.get("/v2/customers/coupons", **query).get_json()["entity"]
        return [coupon["code"] for coupon in entity["customers"][0]["coupons"]]

    assert codes(external_id="E-1", sort_order="ASC") == [used, unused]
    assert codes(externalId="E-1", status="REDEEMABLE") == [unused]
    assert codes(external_Id="E-1", status="ACTIVE_REDEEMED") == [used]
    assert codes(mobile="9000000001", status="EXPIRED") == []
    assert codes(mobile="9000000001", offset="1") == [used]
    assert codes(mobile="9000000001", coupon_code_case="LOWER", limit="1") == [unused.lower()]
    unknown = vendor.get("/v2/customers/coupons", mobile="1")
    assert (unknown.status_code, unknown.get_json()["errors"]) == (
        400,
        [{"status": False, "code": 8015, "message": "Customer not found for the given identifiers"}],
    )
    for query in ({}, {"mobile": "1", "status": "USED"}, {"mobile": "1", "limit": "0"}):
        assert vendor.get("/v2/customers/coupons", **query).status_code == 400


def test_coupons_by_code_in_v1(vendor: "Vendor") -> None:
    """One row per code, 705 for unknown ones, 201 when some failed; pooled ones only with the option."""
    customer = vendor.customer(id="98000001")
    series_id = vendor.series()
    vendor.processed(series_id, "code\nA1\nA2\n")
    vendor.emulator.issue(series_id, customer, count=1, codes=None)
    response = vendor.get("/v1.1/coupon/get", code="a1,A2").get_json()["response"]
    known, unknown = response["coupons"]["coupon"]
    assert response["status"]["code"] == 201
    assert set(known) == {
        "id",
        "code",
        "valid_till",
        "issued_on",
        "valid_from",
        "purpose",
        "custom_properties",
        "series_id",
        "is_absolute",
        "value",
        "discount_upto",
        "customer",
        "pincode",
        "item_status",
    }
    assert (known["code"], known["valid_till"], known["series_id"]) == ("A1", "31-01-2027", int(series_id))
    assert known["customer"]["id"] == "98000001"
    assert unknown == {
        "id": -1,
        "code": "A2",
        "is_absolute": False,
        "value": None,
        "discount_upto": None,
        "pincode": "NULL",
        "item_status": {
            "success": "false",
            "code": 705,
            "message": "Both coupon code and validation code are invalid",
        },
    }
    vendor.emulator.set_options({"pool_readable": True})
    status = vendor.get("/v1.1/coupon/get", code="a1,A2").get_json()["response"]["status"]
    assert status == {"success": "true", "code": 200, "message": "Success", "status": "true"}
    vendor.emulator.set_options({"doubled_rows": True})
    lower = vendor.get("/v1.1/coupon/get", code="A1", coupon_code_case="LOWER").get_json()["response"]
    assert [row["code"] for row in lower["coupons"]["coupon"]] == ["a1", "A1"]
    assert vendor.get("/v1.1/coupon/get").get_json()["response"]["status"]["code"] == 400


def test_coupons_by_code_in_v2(vendor: "Vendor") -> None:
    """The documented fields, unknown and pooled codes left out, the series on request."""
    customer = vendor.customer(id="98000001")
    series_id = vendor.series()
    vendor.processed(series_id, "code\nA1\nA2\n")
    vendor.emulator.issue(series_id, customer, count=1, codes=None)
    body = vendor.get("/v2/coupon", couponCodes=["A1", "A2", "NONE"]).get_json()
    assert body == {
        "data": [
            {
                "code": "A1",
                "seriesId": int(series_id),
                "description": "Imported codes",
                "discountCode": "IMPORT10",
                "validTill": "2027-01-31T00:00:00Z",
                "validTillDateTime": "2027-01-31T23:59:59Z",
                "discountType": "PERC",
                "discountValue": 10,
                "discountUpto": 0,
                "discountOn": "BILL",
                "detailedInfo": "Imported codes",
            }
        ],
        "warnings": [],
        "errors": [],
    }
    (held,) = vendor.get("/v2/coupon", issuedToIds="98000001", showCouponSeries="true").get_json()["data"]
    assert held["couponSeries"]["id"] == int(series_id)
    assert held["couponSeries"]["validTillISODate"] == "2027-01-31"
    hours = {"dom": [-1], "dow": [-1], "hours": [-1]}  # an object here, the text of one everywhere else
    assert held["couponSeries"]["redemptionRange"] == hours
    assert json.loads(vendor.read(series_id)["redemptionRange"]) == hours
    vendor.emulator.set_options({"pool_readable": True})
    pooled = vendor.get("/v2/coupon", couponCodes="a2").get_json()["data"]
    assert [element["code"] for element in pooled] == ["A2"]
    assert vendor.get("/v2/coupon").get_json()["errors"][0]["code"] == 1000
