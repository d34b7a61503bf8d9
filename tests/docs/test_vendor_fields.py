"""`docs/vendor-fields.md` says where each thing that the vendors document is reached: there it is, and none is missing."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import click
import pytest

from couponhub import errors, models
from couponhub.cli.app import cli
from couponhub.plugin import AdapterPlugin
from couponhub.registry import Registry
from couponhub.serialization import to_document
from couponhub.testing import emulated_vendors
from couponhub.transport import Reply
from couponhub_capillary.wire.error_codes import error_for_code
from couponhub_capillary.wire.new_series import SERVER_KEPT, readers

PAGE = (Path(__file__).parents[2] / "docs" / "vendor-fields.md").read_text(encoding="utf-8")

# Every key of the answers that the vendors' pages print as examples.
EXAMPLES = {
    "moengage": """
        _id added_coupons alert alert_conditions available_coupons callback_url coupon_list_id coupon_shortage_alert
        coupons_list_id created_at created_by data days_before email_alert_subscribers expires_at expiry_alert
        failure_alert file_url label message name personalization_snippet status success_alert threshold_count
        total_coupons updated_at""",
    "capillary": """
        accessToken actualRowCount alphaNumeric anyUser audienceGroupId audienceGroupVersionId campaignId
        clientHandlingType code coupon couponPrefix couponSeriesId couponSuffix coupons createdBy createdDate
        createdDateISO createdOn created_date custom_properties custom_property customer customers data date dateISO
        description detailedInfo discountCode discountOn discountType discountUpto discountValue discount_upto
        doNotResendExistingVoucher dvsExpiryDate dvsItems email entity errorCount errorFileUrl errors
        expiryStrategyType expiryStrategyValue externalIssual external_id fileName firstname fixedExpiryDate
        genericCode id info isDvsEnabled isMultipleUseAllowed isMultipleVouchersPerUserAllowed isOldFlowEnabled
        isPreRedeemEventRequired isPrefixEnabled isReferralExistingUsersAllowed isSMSDisabled isSuffixEnabled
        isTransferrable isValidWithDiscountedItem isValidationRequired is_absolute issueToLoyalty issuedAt issued_at
        issued_on issued_store item_status jobId lastUsed lastname latestIssualTime latestRedemptionTime limit
        maxBillAmount maxCreate maxRedeem maxRedemptionsInSeriesPerUser maxReferralsPerReferee maxVouchersPerUser
        message minBillAmount minDaysBetweenRedemption minDaysBetweenVouchers mobile mutualExclusiveSeriesIds name
        numIssued numRedeemed numTotal numUploadedNonIssued numUploadedTotal numberOfElements offlineRedeemType offset
        orgId orgPrefixOverride orgSuffixOverride ownedBy ownerId ownerValidity pageDetails pagination pincode
        priority purpose randomCodeLength redeemAtStore redeemStoreType redeemedAt redeemed_at redemption
        redemptionCount redemptionPerCouponMaxLimit redemptionRange redemptionValidAfterDays redemptionValidFrom
        redemption_count redemptions redemptionsLeft resendMessageEnabled response result reversedRedemptions
        reversed_on reversed_redemptions sameUserMultipleRedeem seriesCode seriesId seriesType series_id series_name
        shortCodeLength shortSMSTemplate showPinCode signalRedemptionEvent smsTemplate sourceOrgId status
        storeIdsJson success successFileUrl syncToClient tag termsAndConditions total totalUploadedCount
        transactionNumber transaction_number ttlSeconds updateProductData updatedOn uploadJobStatuses uploadStatus
        uploadTableName uploadedFileName uploadedFileUrl validDaysFromCreation validTill validTillDate
        validTillDateTime valid_from valid_till value warnings""",
}
# For Python alone: addresses that are a right in themselves, and what lookups make verdicts of.
NOT_IN_JSON = {"Part.file_url", "Part.callback_url"}
DOCUMENTS: dict[str, Any] = {
    "CouponList": to_document(models.CouponList(connection="", id=models.ListId(""), name=None)),
    "Alerts": to_document(models.Alerts()),
    "Coupon": to_document(models.Coupon(connection="", code="")),
    "Upload": to_document(
        models.Upload(
            connection="",
            list_id=models.ListId(""),
            id=models.UploadId(""),
            name="",
            status=models.UploadStatus.DONE,
            parts=(models.Part(id=None, name=""),),
        )
    ),
}
DOCUMENTS["Part"] = DOCUMENTS["Upload"]["parts"][0]


@attrs.frozen
class Row:
    """One row: the vendor, the table's heading, the vendor's names, and the ways to them."""

    vendor: str
    heading: str
    names: tuple[str, ...]
    ways: tuple[str, ...]


def rows() -> Iterator[Row]:
    """Every row of the page."""
    vendor = heading = ""
    for line in PAGE.splitlines():
        if line.startswith("## "):
            vendor = line.removeprefix("## ").lower()
        elif line.startswith("### "):
            heading = line.removeprefix("### ")
        elif line.startswith("| `"):
            left, right = line.strip("| ").split(" | ")
            yield Row(vendor, heading, *(tuple(re.findall(r"`([^`]+)`", cell)) for cell in (left, right)))


ROWS = list(rows())
PLUGINS = {plugin.name: plugin for plugin in Registry().all() if isinstance(plugin, AdapterPlugin)}


def flags_of(words: list[str]) -> set[str]:
    """The flags of a command, which exists."""
    found: click.Command = cli
    for word in words:
        assert isinstance(found, click.Group), words
        inner = found.get_command(click.Context(found), word)
        assert inner is not None, words
        found = inner
    assert not isinstance(found, click.Group), words
    options = [one for one in found.params if isinstance(one, click.Option)]
    return {flag for one in options for flag in (*one.opts, *one.secondary_opts)}


def is_there(row: Row, way: str) -> bool:
    """Whether a way leads somewhere."""
    first, _, rest = way.partition(" ")
    if way in {"raw", "call"}:
        return True
    if first == "config":
        return rest in {field.name for field in attrs.fields(PLUGINS[row.vendor].settings)}
    if first == "limit":
        return rest in row.names
    if "." in way:
        model, _, name = way.partition(".")
        known = name in {field.name for field in attrs.fields(getattr(models, model))}
        return known and (model not in DOCUMENTS or way in NOT_IN_JSON or name in DOCUMENTS[model])
    if first[0].isupper():
        return issubclass(getattr(errors, first), errors.CouponhubError)
    words, flag = [word for word in way.split() if word[0] != "-"], way.rsplit(maxsplit=1)[-1]
    return not flag.startswith("-") or flag in flags_of(words)


def test_the_page_was_read() -> None:
    """The other tests here would pass on an empty page."""
    assert {"moengage", "capillary"} == {row.vendor for row in ROWS}
    assert len(ROWS) > 150
    assert all(row.names and row.ways for row in ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.vendor}-{row.heading}-{row.names[0]}")
def test_every_way_leads_there(row: Row) -> None:
    """Attributes, JSON keys, flags, settings, and errors of the page exist."""
    assert [] == [way for way in row.ways if not is_there(row, way)]


@pytest.mark.parametrize("vendor", EXAMPLES)
def test_every_field_of_the_examples_stands_there(vendor: str) -> None:
    """No field that the vendor's pages print is missing."""
    told = {name for row in ROWS if row.vendor == vendor for name in row.names}
    assert [] == sorted(set(EXAMPLES[vendor].split()) - told)


def keys_of(document: Any) -> set[str]:
    """Every key within a document, but those of free properties, which people choose."""
    if isinstance(document, list):
        return {key for one in document for key in keys_of(one)}
    if not isinstance(document, dict):
        return set()
    return {
        *document,
        *(key for name, one in document.items() if name != "customPropertyMap" for key in keys_of(one)),
    }


def test_every_field_of_the_emulators_stands_there() -> None:
    """What the emulated vendors answer is on the page too."""
    with emulated_vendors() as vendors:
        engage, loyalty = vendors.hub["moengage"], vendors.hub["capillary"]
        lists: Any = engage.call("GET", "/coupon-list")
        series: Any = loyalty.call("GET", "/v2/coupon/series", query={"limit": "100"})
        who = {"mobile": "919876543210"}
        held: Any = loyalty.call("GET", "/v1.1/customer/coupons", query=who)
        code = held["response"]["customers"]["customer"][0]["coupons"]["coupon"][0]["code"]
        answers: dict[str, list[Any]] = {
            "moengage": [
                lists,
                *(engage.call("GET", f"/coupon-list/{one['_id']}/files") for one in lists["data"]),
            ],
            "capillary": [
                series,
                held,
                loyalty.call("GET", "/v2/customers/coupons", query=who),
                loyalty.call("GET", "/v1.1/coupon/get", query={"code": code}),
                loyalty.call("GET", "/v2/coupon", query={"couponCodes": [code]}),
                *(
                    loyalty.call("GET", f"/coupon/api/v1/upload/getUploadStatus/{one['id']}")
                    for one in series["entity"]
                ),
            ],
        }
    for vendor, documents in answers.items():
        told = {name for row in ROWS if row.vendor == vendor for name in row.names}
        assert [] == sorted(keys_of(documents) - told)


def test_every_field_of_a_series_that_can_be_set_is_told_so() -> None:
    """The fields that `--set` takes, and those that Capillary keeps, are those of the code."""
    settable = {row.names[0] for row in ROWS if "lists create --set" in row.ways}
    kept = {
        name for row in ROWS if row.heading == "Fields of a series that Capillary keeps" for name in row.names
    }
    assert set(readers()) == settable
    assert [] == sorted(SERVER_KEPT - kept)


@pytest.mark.parametrize("vendor", EXAMPLES)
def test_every_limit_stands_there(vendor: str) -> None:
    """The limits of the page are those that the adapter knows."""
    told = {
        name
        for row in ROWS
        if row.vendor == vendor
        for way in row.ways
        if way[:6] == "limit "
        for name in row.names
    }
    with emulated_vendors(vendor, demo=False) as vendors:
        assert set(vendors.hub[vendor].capabilities.limits) == told


def test_every_code_of_capillary_becomes_that_error() -> None:
    """A refusal's class is what the page says of its code."""
    reply = Reply(status=200, headers={}, body=b"")
    codes = [
        row for row in ROWS if (row.vendor, row.heading) == ("capillary", "Errors") and row.ways[0] != "call"
    ]
    for row in codes:
        kinds = {type(error_for_code(int(code), reply, None)).__name__ for code in row.names}
        assert {row.ways[0]} == kinds
