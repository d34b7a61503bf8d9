"""Whose an answer is: one that names somebody else than was asked about is never shown."""

from collections.abc import Iterator
from typing import Any

import pytest

from couponhub.errors import UnreadableReply
from couponhub.models import CouponQuery, CouponStatus, Customer, Identifier, ListId
from couponhub.secret import Secret
from couponhub_capillary.adapter import CapillaryAdapter
from couponhub_capillary.settings import CapillarySettings
from couponhub_capillary.wire.identifiers import names_another
from tests.capillary.conftest import Say, ScriptedVendor

LOOKUP = "/v1.1/customer/coupons"
LOOKUP_V2 = "/v2/customers/coupons"
FIND = "/v1.1/coupon/get"
JOBS = "/coupon/api/v1/upload/getUploadStatus/7"
ASKED = {
    Identifier.MOBILE: "919876512345",
    Identifier.EMAIL: "known@example.com",
    Identifier.EXTERNAL_ID: "KNOWN-1",
    Identifier.ID: "98000077",
}


@pytest.fixture
def adapter(vendor: ScriptedVendor) -> Iterator[CapillaryAdapter]:
    """Connect an OAuth client to the scripted vendor."""
    made = CapillaryAdapter("loyalty", CapillarySettings(base_url=vendor.url, key="K", secret=Secret("S")))
    yield made
    made.close()


@pytest.mark.parametrize(
    ("kind", "asked", "answered"),
    [
        (Identifier.MOBILE, "9876512345", "919876512345"),
        (Identifier.MOBILE, "919876512345", "9876512345"),
        (Identifier.MOBILE, "919876512345", "+91 98765-12345"),
        (Identifier.MOBILE, "09876512345", "919876512345"),
        (Identifier.MOBILE, "00919876512345", "919876512345"),
        (Identifier.MOBILE, "919876512345", 919876512345),
        (Identifier.MOBILE, "919876512345", "98*****345"),
        (Identifier.MOBILE, "919876512345", "XXXXXXXX45"),
        (Identifier.MOBILE, "919876512345", ""),
        (Identifier.MOBILE, "919876512345", None),
        (Identifier.MOBILE, "919876512345", "not given"),
        (Identifier.EMAIL, "known@example.com", "Known@Example.COM "),
        (Identifier.EMAIL, "known@example.com", "k***n@example.com"),
        (Identifier.EMAIL, "known@example.com", "NULL"),
        (Identifier.EXTERNAL_ID, "Known-1", "KNOWN-1"),
        (Identifier.EXTERNAL_ID, "KNOWN-1", " KNOWN-1"),
        (Identifier.ID, "98000077", 98000077),
        (Identifier.ID, "98000077", "098000077"),
        (Identifier.ID, "98000077", -1),
    ],
)
def test_what_is_a_form_of_it_or_masked_names_nobody_else(
    kind: Identifier, asked: str, answered: object
) -> None:
    """A country's code in front, capitals and blanks are the vendor's way; what is masked or missing proves nothing."""
    assert not names_another({kind.value: answered}, kind, asked)


@pytest.mark.parametrize(
    ("kind", "asked", "answered"),
    [
        (Identifier.MOBILE, "919876512345", "919876512346"),
        (Identifier.MOBILE, "9876512345", "919876512346"),
        (Identifier.MOBILE, "9876512345", "99999876512345"),
        (Identifier.MOBILE, "919876512345", "659876512345"),
        (Identifier.EMAIL, "known@example.com", "known@example.org"),
        (Identifier.EXTERNAL_ID, "KNOWN-1", "KNOWN-11"),
        (Identifier.EXTERNAL_ID, "007", "7"),
        (Identifier.ID, "98000077", 98000078),
    ],
)
def test_anything_else_is_another(kind: Identifier, asked: str, answered: object) -> None:
    """Another number, address or id is another person's, however near it is."""
    assert names_another({kind.value: answered}, kind, asked)


def told(**named: object) -> dict[str, Any]:
    """What v1.1 says about a customer with one coupon that was redeemed."""
    coupon = {
        "id": "5",
        "code": "CANARY-CODE",
        "series_id": "7",
        "created_date": "2026-01-01 10:00:00",
        "valid_till": "2099-01-01 23:59:59",
        "redemption_count": 1,
        "redemptions": {"redemption": [{"id": "9", "date": "2026-01-02 10:00:00"}]},
    }
    customer = {**named, "coupons": {"coupon": [coupon]}, "item_status": {"success": "true", "code": 1000}}
    return {"response": {"status": {"success": "true", "code": 200}, "customers": {"customer": [customer]}}}


@pytest.mark.parametrize("kind", list(Identifier))
def test_an_answer_about_another_customer_is_unreadable(
    vendor: ScriptedVendor, says: Say, adapter: CapillaryAdapter, kind: Identifier
) -> None:
    """By each identifier; the error holds nothing of either of them."""
    others = {
        "mobile": "919876512399",
        "email": "other@example.com",
        "external_id": "OTHER-1",
        "id": "98000099",
    }
    vendor.say(LOOKUP, says(body=told(**others)))

    with pytest.raises(UnreadableReply) as caught:
        adapter.customer_coupons(Customer(**{kind.value: ASKED[kind]}), CouponQuery())

    for word in (*others.values(), *ASKED.values(), "CANARY-CODE"):
        assert word not in str(caught.value)


def test_several_customers_are_unreadable(
    vendor: ScriptedVendor, says: Say, adapter: CapillaryAdapter
) -> None:
    """One was asked about: of two nobody can tell whose coupons are meant, also where one of them was."""
    body = told(mobile=ASKED[Identifier.MOBILE])
    body["response"]["customers"]["customer"] *= 2
    vendor.say(LOOKUP, says(body=body))

    with pytest.raises(UnreadableReply):
        adapter.customer_coupons(Customer(mobile=ASKED[Identifier.MOBILE]), CouponQuery())


@pytest.mark.parametrize("kind", list(Identifier))
def test_what_v2_says_of_another_customer_decides_nothing(
    vendor: ScriptedVendor, says: Say, adapter: CapillaryAdapter, kind: Identifier
) -> None:
    """Whether a redeemed coupon can be used again stays unknown when v2's page is somebody else's."""
    others = {"mobile": "919876512399", "email": "other@example.com", "externalId": "OTHER-1", "id": 98000099}
    row = {"id": 5, "code": "CANARY-CODE", "redemptionCount": 1, "redemptionsLeft": 3}
    page = {"pagination": {"total": 1}, "customers": [{**others, "coupons": [row]}]}
    vendor.say(LOOKUP, says(body=told(**{kind.value: ASKED[kind]})))
    vendor.say(LOOKUP_V2, says(body={"entity": page, "errors": [], "success": True}))

    answer = adapter.customer_coupons(
        Customer(**{kind.value: ASKED[kind]}), CouponQuery(status=frozenset({CouponStatus.ACTIVE}))
    )

    assert [CouponStatus.UNKNOWN] == [coupon.status for coupon in answer.coupons]
    (warning,) = answer.warnings
    assert "its status is unknown: unreadable" in warning


def test_a_coupon_that_was_not_asked_about_is_unreadable(
    vendor: ScriptedVendor, says: Say, adapter: CapillaryAdapter
) -> None:
    """Another code's coupon is not shown, nor is the one asked about called unknown."""
    row = {"id": "1", "code": "OTHER", "item_status": {"success": "true", "code": 700}}
    body = {"response": {"status": {"success": "true", "code": 200}, "coupons": {"coupon": [row]}}}
    vendor.say(FIND, says(body=body))

    with pytest.raises(UnreadableReply):
        adapter.coupons_by_code(["ASKED"])


def test_jobs_of_another_series_are_unreadable(
    vendor: ScriptedVendor, says: Say, adapter: CapillaryAdapter
) -> None:
    """They are not shown as this series' uploads, and prove no absence."""
    body = {"success": True, "status": 200, "result": {"couponSeriesId": 8, "uploadJobStatuses": []}}
    vendor.say(JOBS, says(body=body))

    with pytest.raises(UnreadableReply):
        adapter.find_submitted(ListId("7"), "a file")
