# ruff: noqa: N815 - fields are spelled as the vendor documents them
"""The fields of a series (`CouponSeriesV2`), new or to be changed, typed from the texts that people give.

Capillary "Create coupon series", "Update coupon series", read 2026.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

import attrs

from couponhub.errors import UsageError
from couponhub_capillary.wire.series import KINDS, UPLOADED_CODES

_WHOLE = re.compile(r"-?[0-9]{1,18}", re.ASCII)
_NUMBER = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,9})?", re.ASCII)

# Samples print them in requests, where they are ignored.
SERVER_KEPT = frozenset(
    {
        "id",
        "orgId",
        "createdBy",
        "createdOn",
        "lastUsed",
        "numIssued",
        "numRedeemed",
        "numTotal",
        "numUploadedTotal",
        "numUploadedNonIssued",
        "fixedExpiryDate",
        "latestIssualTime",
        "latestRedemptionTime",
    }
)
"""Fields that the server keeps, and nobody sets."""

_GIVEN_ELSEWHERE = {
    "description": "the list's name",
    "seriesCode": "the list's label",
    "validTillDate": "the list's expiry",
    "validTillDateTime": "the list's expiry",
}

REQUIRED = (
    "description",
    "seriesCode",
    "discountCode",
    "discountType",
    "discountValue",
    "anyUser",
    "smsTemplate",
    "clientHandlingType",
    "expiryStrategyType",
)
"""The fields that every change must hold, changed or not."""


def _read_text(text: str) -> object:
    return text


def _read_whole(text: str) -> object:
    if not _WHOLE.fullmatch(text):
        raise ValueError("expected a whole number")
    return int(text)


def _read_number(text: str) -> object:
    if not _NUMBER.fullmatch(text):
        raise ValueError("expected a number such as 12 or 12.5")
    return float(text) if "." in text else int(text)


def _read_flag(text: str) -> object:
    if text not in {"true", "false"}:
        raise ValueError("expected true or false")
    return text == "true"


def _read_json(kind: type) -> Callable[[str], object]:
    words = "a JSON array" if kind is list else "a JSON object"

    def read(text: str) -> object:
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, kind):
            raise ValueError(f"expected {words}")  # noqa: TRY004 - the reader's one way to refuse
        return value

    return read


def _read_products(text: str) -> object:
    products = _read_json(list)(text)
    if names_both(products):
        raise ValueError("expected product ids or product codes, not both")
    return products


def names_both(products: object) -> bool:
    """Tell whether products are named by ids and by codes, of which a series takes one (since 2026)."""
    rows = [row for row in products if isinstance(row, dict)] if isinstance(products, list) else []
    return all(any(row.get(name) for row in rows) for name in ("productIds", "productCodes"))


def _read_choice(*choices: str) -> Callable[[str], object]:
    def read(text: str) -> object:
        if text not in choices:
            raise ValueError(f"expected one of {', '.join(choices)}")
        return text

    return read


def _field(read: Callable[[str], object], *, default: Any = None, required: bool = False) -> Any:
    return attrs.field(default=default, metadata={"read": read, "required": required})


def _json(kind: type) -> Any:
    return _field(_read_json(kind))


def _text() -> Any:
    return _field(_read_text)


def _whole() -> Any:
    return _field(_read_whole)


def _flag() -> Any:
    return _field(_read_flag)


@attrs.frozen(kw_only=True)
class NewSeries:
    """The fields that may be set on a new series beside its name, code and expiry; None is left out of the request.

    `mutualExclusiveSeriesIds` and `redemptionRange` are texts that hold JSON, as the vendor wants them.
    """

    discountCode: str | None = _field(_read_text, required=True)
    discountType: str | None = _field(_read_choice("ABS", "PERC"), required=True)
    discountValue: int | None = _field(_read_whole, required=True)
    smsTemplate: str | None = _field(_read_text, required=True)
    # Defaults for what couponhub makes series for: codes that are uploaded, and expire with their series.
    anyUser: bool = _field(_read_flag, default=False)
    clientHandlingType: str = _field(_read_choice(*sorted(KINDS)), default=UPLOADED_CODES)
    expiryStrategyType: str = _field(
        _read_choice("SERIES_EXPIRY", "DAYS", "MONTHS_END"), default="SERIES_EXPIRY"
    )
    expiryStrategyValue: int | None = _whole()
    genericCode: str | None = _text()
    maxCreate: int | None = _whole()
    maxRedeem: int | None = _whole()
    redemptionPerCouponMaxLimit: int | None = _whole()
    sameUserMultipleRedeem: bool | None = _flag()
    isMultipleUseAllowed: bool | None = _flag()
    isMultipleVouchersPerUserAllowed: bool | None = _flag()
    doNotResendExistingVoucher: bool | None = _flag()
    maxVouchersPerUser: int | None = _whole()
    minDaysBetweenVouchers: int | None = _whole()
    maxRedemptionsInSeriesPerUser: int | None = _whole()
    minDaysBetweenRedemption: int | None = _whole()
    mutualExclusiveSeriesIds: str | None = _text()
    redemptionRange: str | None = _text()
    minBillAmount: float | None = _field(_read_number)
    maxBillAmount: float | None = _field(_read_number)
    discountUpto: float | None = _field(_read_number)
    redemptionValidFrom: str | None = _text()
    redemptionValidAfterDays: int | None = _whole()
    alphaNumeric: bool | None = _flag()
    randomCodeLength: int | None = _whole()
    couponPrefix: str | None = _text()
    couponSuffix: str | None = _text()
    isPrefixEnabled: bool | None = _flag()
    isSuffixEnabled: bool | None = _flag()
    orgPrefixOverride: bool | None = _flag()
    orgSuffixOverride: bool | None = _flag()
    isSMSDisabled: bool | None = _flag()
    resendMessageEnabled: bool | None = _flag()
    info: str | None = _text()
    tag: str | None = _text()
    isTransferrable: bool | None = _flag()
    isValidWithDiscountedItem: bool | None = _flag()
    isReferralExistingUsersAllowed: bool | None = _flag()
    isValidationRequired: bool | None = _flag()
    productInfo: Sequence[object] | None = _field(_read_products)
    redemptionOrgEntityDetails: Sequence[object] | None = _json(list)
    targetUserDetails: Mapping[str, object] | None = _json(dict)
    customPropertyMap: Mapping[str, object] | None = _json(dict)
    externalIssual: bool | None = _flag()

    def as_json(self) -> dict[str, object]:
        """The fields that are set."""
        return attrs.asdict(self, recurse=False, filter=lambda _, value: value is not None)


def read_new_series(extra: Mapping[str, str]) -> NewSeries:
    """The vendor's own fields of a new series, from texts.

    Raises:
        UsageError: Fields are unknown, wrong or missing: all are named at once, and no value is repeated.
    """
    values, faults = _read(extra, readers())
    missing = [
        field.name
        for field in attrs.fields(NewSeries)
        if field.metadata["required"] and not extra.get(field.name, "").strip()
    ]
    if values.get("clientHandlingType") == "GENERIC" and not extra.get("genericCode", "").strip():
        missing.append("genericCode")
    if missing:
        faults.append(f"missing: {', '.join(missing)}")
    if faults:
        raise UsageError(
            f"the series cannot be created like that: {'; '.join(faults)}",
            hint="give them with --set KEY=VALUE",
        )
    return NewSeries(**values)  # type: ignore[arg-type] # each was read by the reader of its own field


def read_changed_fields(extra: Mapping[str, str]) -> dict[str, object]:
    """The vendor's own fields that are to be changed, from texts; among them `seriesCode`, the label.

    Raises:
        UsageError: Fields are unknown or wrong: all are named at once, and no value is repeated.
    """
    values, faults = _read(extra, {"seriesCode": _read_text, **readers()})
    faults += [f"{name} must not be blank" for name in REQUIRED if name in extra and not extra[name].strip()]
    if faults:
        raise UsageError(
            f"the series cannot be changed like that: {'; '.join(faults)}",
            hint="give them with --set KEY=VALUE",
        )
    return values


def readers() -> dict[str, Callable[[str], object]]:
    """Return what types the text of each field that may be set; raises `ValueError` where it cannot."""
    return {field.name: field.metadata["read"] for field in attrs.fields(NewSeries)}


def _read(
    extra: Mapping[str, str], readers: Mapping[str, Callable[[str], object]]
) -> tuple[dict[str, object], list[str]]:
    """The typed values of the known fields, and what is wrong with the others."""
    faults = [_why_refused(name, list(readers)) for name in extra if name not in readers]
    values: dict[str, object] = {}
    for name in (name for name in extra if name in readers):
        try:
            values[name] = readers[name](extra[name])
        except ValueError as error:
            faults.append(f"{name}: {error}")
    return values, faults


def _why_refused(name: str, known: list[str]) -> str:
    if name in _GIVEN_ELSEWHERE:
        return f"{name} is {_GIVEN_ELSEWHERE[name]} and not set here"
    if name in SERVER_KEPT:
        return f"{name} is kept by Capillary itself"
    near = get_close_matches(name, known, n=3)
    meant = f", perhaps {' or '.join(near)}?" if near else ""
    return f"there is no field {name}{meant}"
