"""The older form of a series, which coupons carry in some v2 answers (12.4, `details` of `is_redeemable`)."""

import json
from typing import Any

from couponhub_capillary.emulator.coupons.expiry import end_of
from couponhub_capillary.emulator.dates import iso, read_last_day
from couponhub_capillary.emulator.organisation import Organisation
from couponhub_capillary.emulator.records import Series
from couponhub_capillary.emulator.series.endpoints import series_object

_ENTITIES = {"CONCEPT": "concepts", "ZONE": "zones", "STORE": "stores", "TILL": "tills"}

_NEWER = (
    "validTillDateTime",
    "numTotal",
    "numUploadedTotal",
    "numUploadedNonIssued",
    "fixedExpiryDate",
    "latestIssualTime",
    "latestRedemptionTime",
    "ownedBy",
    "ownerId",
    "ownerValidity",
    "alphaNumeric",
    "randomCodeLength",
    "shortCodeLength",
    "externalIssual",
    "resendMessageEnabled",
    "redemptionValidAfterDays",
    "redemptionOrgEntityDetails",
    "productInfo",
    "customPropertyMap",
    "targetUserDetails",
)
"""The fields that this form does not have."""

_SHORT = (
    "description",
    "discountCode",
    "isValidWithDiscountedItem",
    "info",
    "discountUpto",
    "discountValue",
    "maxRedemptionsInSeriesPerUser",
    "discountOn",
    "discountType",
)


def whole_series(
    organisation: Organisation, series: Series, *, range_as_object: bool = False
) -> dict[str, Any]:
    """A series whole; `redemptionRange` is text unless asked for as an object (C-49)."""
    zone = organisation.options.server_zone
    printed = {
        name: value for name, value in series_object(organisation, series).items() if name not in _NEWER
    }
    if range_as_object:
        printed["redemptionRange"] = json.loads(series.terms["redemptionRange"])
    valid_from = read_last_day(series.terms["redemptionValidFrom"], zone)
    return {
        **printed,
        **_products(),
        "validRedemptionOrgEntityDetails": entities(series),
        "validTilldateFormat": series.last_day.isoformat(),
        "redemptionValidFromFormat": valid_from.isoformat() if valid_from else None,
        "dvsExpiryDateFormat": series.created_on.astimezone(zone).date().isoformat(),
    }


def series_excerpt(organisation: Organisation, series: Series) -> dict[str, Any]:
    """Print a series as `details=true` does."""
    zone = organisation.options.server_zone
    return {
        **{name: series.terms[name] for name in _SHORT},
        **_products(),
        "validTillDate": iso(end_of(series.last_day, zone), zone),
        "issueToLoyalty": False,
        "updateProductData": False,
        "validTilldateFormat": series.last_day.isoformat(),
    }


def entities(series: Series) -> dict[str, list[int]]:
    """Return the places where a series is redeemable, by the vendor's plural of each kind of place."""
    places: dict[str, list[int]] = {name: [] for name in _ENTITIES.values()}
    for entity in series.terms.get("redemptionOrgEntityDetails", ()):
        places[_ENTITIES[entity["redemptionOrgEntityType"]]].append(entity["orgEntityId"])
    return places


def _products() -> dict[str, Any]:
    return {
        "isUpdateProductData": False,
        "brands": [],
        "products": [],
        "categories": [],
        "entityLevelRedemptionConfigsValues": [],
    }
