"""The terms of a coupon series on create and update, and those that it has when nothing is said (C-80)."""

import json
import re
from collections.abc import Mapping
from datetime import date, datetime, tzinfo
from typing import Any

import attrs

from couponhub_capillary.emulator.answers import RefusedError, v2_error
from couponhub_capillary.emulator.coupons.expiry import end_of, has_passed
from couponhub_capillary.emulator.dates import iso_midnight, read_last_day

KINDS = ("DISC_CODE", "GENERIC", "DISC_CODE_PIN", "GENERIC_REDEEMABLE")
OWNERS = ("NONE", "LOYALTY", "OUTBOUND", "GOODWILL", "DVS", "TIMELINE", "REFERRAL", "JOURNEY")
ENTITY_TYPES = ("CONCEPT", "TILL", "ZONE", "STORE")

_PRODUCT_TYPES = ("SKU", "CATEGORY", "BRAND", "ATTRIBUTE")

_CREATE = (
    "description",
    "discountCode",
    "discountType",
    "discountValue",
    "validTillDate",
    "anyUser",
    "smsTemplate",
    "clientHandlingType",
    "expiryStrategyType",
)
_UPDATE = (*(name for name in _CREATE if name != "validTillDate"), "seriesCode")

_WORDS = {
    "discountType": ("ABS", "PERC"),
    "clientHandlingType": KINDS,
    "expiryStrategyType": ("SERIES_EXPIRY", "DAYS", "MONTHS_END"),
    "ownedBy": OWNERS,
}
_TEXTS = (
    "description",
    "discountCode",
    "validTillDate",
    "smsTemplate",
    "seriesCode",
    "genericCode",
    "redemptionValidFrom",
    "redemptionRange",
    "couponPrefix",
    "couponSuffix",
    "info",
    "tag",
)
_FLAGS = (
    "anyUser",
    "sameUserMultipleRedeem",
    "isMultipleUseAllowed",
    "isMultipleVouchersPerUserAllowed",
    "doNotResendExistingVoucher",
    "alphaNumeric",
    "isPrefixEnabled",
    "isSuffixEnabled",
    "orgPrefixOverride",
    "orgSuffixOverride",
    "isSMSDisabled",
    "resendMessageEnabled",
    "isTransferrable",
    "isValidWithDiscountedItem",
    "isReferralExistingUsersAllowed",
    "isValidationRequired",
    "externalIssual",
)
_WHOLES = (
    "discountValue",
    "expiryStrategyValue",
    "maxCreate",
    "maxRedeem",
    "redemptionPerCouponMaxLimit",
    "maxVouchersPerUser",
    "minDaysBetweenVouchers",
    "maxRedemptionsInSeriesPerUser",
    "minDaysBetweenRedemption",
    "redemptionValidAfterDays",
    "randomCodeLength",
)
_NUMBERS = ("minBillAmount", "maxBillAmount", "discountUpto")
_STRUCTURES = ("productInfo", "redemptionOrgEntityDetails", "targetUserDetails", "customPropertyMap")
_PASSED_ON = ("termsAndConditions", "storeIdsJson", "redeemAtStore", "ownerId", "seriesType", "discountOn")

_KNOWN = frozenset(
    (*_WORDS, *_TEXTS, *_FLAGS, *_WHOLES, *_NUMBERS, *_STRUCTURES, *_PASSED_ON, "mutualExclusiveSeriesIds")
) - {"validTillDate"}

_ADDITION = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_COMMON_CODE = re.compile(r"[A-Za-z0-9]+", re.ASCII)
_LONGEST_ADDITION = 10
_LONGEST_CODE = 30
_MOST_CATEGORIES = 1_000


@attrs.frozen(kw_only=True)
class Terms:
    """The checked terms of one request: only what was given, and the last day if it was."""

    given: dict[str, Any]
    last_day: date | None


def invalid(message: str = "Invalid Input") -> RefusedError:
    """Code 629, the vendor's word for a request that is wrong in itself."""
    return v2_error(629, message)


def read_terms(body: object, *, update: bool, now: datetime, zone: tzinfo) -> Terms:
    """Check the body of a create or update; unknown and server-kept fields are ignored.

    Raises:
        RefusedError: With its code (C-83).
    """
    content = body.get("CouponSeriesV2") if isinstance(body, Mapping) else None
    if not isinstance(content, Mapping):
        raise invalid()
    if any(content.get(name) is None for name in (_UPDATE if update else _CREATE)):
        raise invalid()
    if content.get("seriesCode") == "":
        raise v2_error(634, "Empty Series Code")
    given = {name: value for name, value in content.items() if name in _KNOWN and value is not None}
    _check_types(given)
    if "mutualExclusiveSeriesIds" in given:
        given["mutualExclusiveSeriesIds"] = _id_list(given["mutualExclusiveSeriesIds"])
    return Terms(given=given, last_day=_last_day(content.get("validTillDate"), now, zone))


def defaults(given: Mapping[str, Any], *, created: date, zone: tzinfo) -> dict[str, Any]:
    """Return the terms of a series of which nothing was said, read off printed answers to minimal requests."""
    return {
        "discountUpto": 0,
        "expiryStrategyValue": -1,
        "maxCreate": -1,
        "maxRedeem": -1,
        "redemptionPerCouponMaxLimit": -1,
        **dict.fromkeys(
            (
                "isTransferrable",
                "sameUserMultipleRedeem",
                "isReferralExistingUsersAllowed",
                "isMultipleUseAllowed",
                "isValidationRequired",
                "isValidWithDiscountedItem",
                "isSMSDisabled",
                "isMultipleVouchersPerUserAllowed",
                "doNotResendExistingVoucher",
                "alphaNumeric",
                "externalIssual",
            ),
            False,
        ),
        "maxVouchersPerUser": -1,
        "minDaysBetweenVouchers": -1,
        "maxRedemptionsInSeriesPerUser": -1,
        "minDaysBetweenRedemption": -1,
        "mutualExclusiveSeriesIds": "[-1]",
        "redemptionRange": '{"dom" : [-1], "dow": [-1], "hours": [-1]}',
        "minBillAmount": -1,
        "maxBillAmount": -1,
        "redemptionValidFrom": iso_midnight(created, zone),
        "redemptionValidAfterDays": 0,
        "randomCodeLength": 0,
        "resendMessageEnabled": True,
        "info": given["description"],
        "tag": given["description"],
        "termsAndConditions": "T&C",
        "storeIdsJson": "[-1]",
        "redeemAtStore": "[-1]",
        "ownedBy": "NONE",
        "ownerId": -1,
        "seriesType": "UNDEFINED",
        "discountOn": "BILL",
    }


def check_rules(terms: Mapping[str, Any]) -> None:
    """Check complete terms against each other. Raises RefusedError."""
    kind = terms["clientHandlingType"]
    if kind in {"GENERIC", "GENERIC_REDEEMABLE"}:
        code = terms.get("genericCode")
        if not code:
            raise v2_error(754, "generic cannot be empty for series type GENERIC")
        if not _COMMON_CODE.fullmatch(code):
            raise invalid()
    if terms["externalIssual"] and not terms["anyUser"]:
        raise invalid()
    most = terms["redemptionPerCouponMaxLimit"]
    if most != -1 and not (
        most > 0
        and terms["anyUser"]
        and kind in {"DISC_CODE", "DISC_CODE_PIN"}
        and not terms["externalIssual"]
    ):
        raise invalid()
    _check_additions(terms)


def _check_types(given: dict[str, Any]) -> None:
    for name, value in given.items():
        fits = (
            (value in _WORDS[name] if name in _WORDS else True)
            and (isinstance(value, str) if name in _TEXTS else True)
            and (isinstance(value, bool) if name in _FLAGS else True)
            and (type(value) is int if name in _WHOLES else True)
            and (type(value) in {int, float} if name in _NUMBERS else True)
        )
        if not fits:
            raise invalid()
    properties = given.get("customPropertyMap", {})
    if not (isinstance(properties, dict) and all(isinstance(value, str) for value in properties.values())):
        raise invalid()
    for name in ("storeIdsJson", "redeemAtStore"):
        if name in given:
            given[name] = _id_list(given[name])
    if "redemptionRange" in given and not _is_json_object(given["redemptionRange"]):
        raise invalid()
    _check_entities(given.get("redemptionOrgEntityDetails", []))
    _check_products(given.get("productInfo", []))


def _is_json_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def _check_entities(entities: object) -> None:
    if not isinstance(entities, list) or any(
        not isinstance(entity, dict)
        or entity.get("redemptionOrgEntityType") not in ENTITY_TYPES
        or type(entity.get("orgEntityId")) is not int
        for entity in entities
    ):
        raise invalid()


def _check_products(products: object) -> None:
    if not isinstance(products, list):
        raise invalid()
    for product in products:
        if not isinstance(product, dict) or product.get("productType") not in _PRODUCT_TYPES:
            raise invalid()
        if product["productType"] == "CATEGORY" and len(product.get("productIds") or ()) > _MOST_CATEGORIES:
            raise v2_error(400, "Invalid Input")
    # Since 2026: ids or codes; the code of the refusal is inferred.
    if all(any(product.get(name) for product in products) for name in ("productIds", "productCodes")):
        raise v2_error(400, "Invalid Input")


def _check_additions(terms: Mapping[str, Any]) -> None:
    length = terms["randomCodeLength"] or 10
    for word in ("Prefix", "Suffix"):
        if not terms.get(f"is{word}Enabled"):
            continue
        if terms["clientHandlingType"] != "DISC_CODE":
            raise invalid("Prefix/Suffix not allowed")
        text = terms.get(f"coupon{word}")
        # This organisation has no default prefix or suffix that an override could take.
        if not text or terms.get(f"org{word}Override"):
            raise invalid(f"{word} enabled but not provided")
        if len(text) > _LONGEST_ADDITION:
            raise invalid(f"{word} length exceeds maximum")
        if not _ADDITION.fullmatch(text):
            raise invalid(f"{word} has invalid characters")
        length += len(text)
    if length > _LONGEST_CODE:
        raise invalid("Total code length exceeds maximum")


def _id_list(value: object) -> str:
    """Ids as the JSON text that answers print; a list is taken as well (C-80)."""
    try:
        ids = json.loads(value) if isinstance(value, str) else value
    except ValueError:
        raise invalid() from None
    if not isinstance(ids, list) or any(type(entry) is not int for entry in ids):
        raise invalid()
    return json.dumps(ids)


def _last_day(value: object, now: datetime, zone: tzinfo) -> date | None:
    if value is None:
        return None
    day = read_last_day(value, zone) if isinstance(value, str) else None
    if day is None or has_passed(end_of(day, zone), now):
        raise v2_error(641, "Incorrect Valid Till Date")
    return day
