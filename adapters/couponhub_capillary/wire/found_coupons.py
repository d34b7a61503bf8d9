"""Coupons by their codes: `GET /v1.1/coupon/get`, and what `GET /v2/coupon` adds.

Capillary "Get Coupon details" (v1.1), "Get coupon details" (v2), read 2026.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote_plus

from couponhub.errors import UsageError
from couponhub.transport import Reply, Request
from couponhub_capillary.settings.limits import CALLS
from couponhub_capillary.wire.envelopes import opened_v1, opened_v2
from couponhub_capillary.wire.error_codes import (
    CODE_PROCESSED,
    CODE_REVOKED,
    CODE_UNKNOWN,
    error_for_code,
    error_without_code,
)
from couponhub_capillary.wire.values import code_of, code_text, flag, inside, whole

_SEPARATOR = ","
_MOST_CODES = 50
_MOST_CHARACTERS = 3000
"""Of codes in a query: with the codes' names in v2, it stays within the 8 KB that servers commonly take."""

# As they are stored: the default folds what it prints to upper case, LOWER doubles rows (C-54).
_CASE = ("coupon_code_case", "AS_IT_IS")

# 200, 201 and 500 count how many items failed.
_ITEMS_DECIDE = frozenset({200, 201, 500})


def batches(codes: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """The codes, each once, in groups that one question can hold.

    Raises:
        UsageError: A code is blank or holds a comma, and cannot be asked about; at the call, not later.
    """
    for number, code in enumerate(codes, start=1):
        if not code.strip() or _SEPARATOR in code:
            raise UsageError(
                f"code {number} of {len(codes)} is blank or holds a comma, and cannot be asked about",
                hint="Capillary takes codes separated by commas",
            )
    return _batches(list(dict.fromkeys(codes)))


def _batches(codes: Sequence[str]) -> Iterator[tuple[str, ...]]:
    batch: list[str] = []
    characters = 0
    for code in codes:
        length = len(quote_plus(code))
        if batch and (len(batch) == _MOST_CODES or characters + length > _MOST_CHARACTERS):
            yield tuple(batch)
            batch, characters = [], 0
        batch.append(code)
        characters += length
    if batch:
        yield tuple(batch)


def find_coupons_request(codes: Sequence[str]) -> Request:
    """Ask about one of the `batches`."""
    query = (("format", "json"), ("code", _SEPARATOR.join(codes)), _CASE)
    return Request(operation="find coupons", budget=CALLS, method="GET", path="/v1.1/coupon/get", query=query)


def read_found_coupons(reply: Reply) -> Sequence[Mapping[str, Any]]:
    """The rows of the coupons that were found, or were revoked; those of unknown codes are left out.

    Raises:
        VendorError: Of the whole, or of a code of which nothing can be concluded: left out, it would pass for
            unknown.
    """
    code, response = opened_v1(reply)
    if code not in _ITEMS_DECIDE:
        raise error_for_code(code, reply, response["status"].get("message"))
    try:
        rows = inside(response.get("coupons"), "coupon")
    except ValueError:
        raise error_without_code(reply, "the coupons cannot be understood") from None
    if not rows and code not in {200, 201}:
        raise error_for_code(code, reply, response["status"].get("message"))
    found: list[Mapping[str, Any]] = []
    for row in rows:
        if not isinstance(row, dict):
            raise error_without_code(reply, "a coupon cannot be understood")
        if _is_found(row, reply):
            found.append(row)
    return found


def is_revoked(row: Mapping[str, Any]) -> bool:
    """Tell whether the vendor says of a found coupon that it was revoked."""
    return code_of(row["item_status"].get("code")) == CODE_REVOKED


def is_among(code: object, asked: Sequence[str]) -> bool:
    """Tell whether the code of a row is one of those asked about, in any case; a number may lack zeros before it."""
    text = code_text(code)
    if text is None:
        return False
    texts = {one.strip().casefold() for one in asked}
    if type(code) is str:
        return text.strip().casefold() in texts
    return text in {one.lstrip("0") or "0" for one in texts}


def is_for_one_use(series: object) -> bool:
    """Tell whether each coupon of its series can be used once: several uses are off, and no limit is above one."""
    if not isinstance(series, dict):
        return False
    most = whole(series.get("redemptionPerCouponMaxLimit"))
    return (
        flag(series.get("isMultipleUseAllowed")) is False
        and flag(series.get("sameUserMultipleRedeem")) is False
        and (most is None or most <= 1)
    )


def owner_of(row: Mapping[str, Any]) -> str | None:
    """The number of the customer whose coupon it is; None for one that is nobody's, or nobody tells."""
    customer = row.get("customer")
    number = whole(customer.get("id")) if isinstance(customer, dict) else None
    return str(number) if number is not None and number > 0 else None


def coupon_terms_request(codes: Sequence[str], *, with_series: bool) -> Request:
    """Ask v2 about codes that were found, and about the terms of their series where that is wanted."""
    series = (("showCouponSeries", "true"),) if with_series else ()
    query = (*(("couponCodes", code) for code in codes), _CASE, *series)
    return Request(operation="find coupons", budget=CALLS, method="GET", path="/v2/coupon", query=query)


def read_coupon_terms(reply: Reply) -> Mapping[str, Mapping[str, Any]]:
    """Return what each code is worth and until when, by code as stored; unknown codes are left out."""
    rows = opened_v2(reply).get("data")
    if not isinstance(rows, list):
        raise error_without_code(reply, "the answer has no list of coupons")
    return {
        code: row
        for row in rows
        if isinstance(row, dict) and (code := code_text(row.get("code"))) is not None
    }


def _is_found(row: Mapping[str, Any], reply: Reply) -> bool:
    item = row.get("item_status")
    code = code_of(item.get("code")) if isinstance(item, dict) else None
    if not isinstance(item, dict) or code is None:
        raise error_without_code(reply, "a coupon came without a status that can be understood")
    succeeded = flag(item.get("success"))
    if code in CODE_UNKNOWN and succeeded is not True:
        return False
    readable = code_text(row.get("code")) is not None
    if readable and ((code == CODE_PROCESSED and succeeded is not False) or code == CODE_REVOKED):
        return True
    if code in CODE_UNKNOWN or code in {CODE_PROCESSED, CODE_REVOKED}:
        raise error_without_code(reply, "a coupon's status contradicts what came with it")
    raise error_for_code(code, reply, item.get("message"))
