"""The main look-up, `GET /v1.1/customer/coupons` (C-75)."""

import zlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import attrs

from couponhub_capillary.emulator.answers import INVALID_INPUT, RefusedError, Reply, v1_error, v1_status
from couponhub_capillary.emulator.coupons.expiry import is_over
from couponhub_capillary.emulator.coupons.redeemability import usable_at
from couponhub_capillary.emulator.coupons.texts import V1Printer, people
from couponhub_capillary.emulator.dates import midnight, read_day
from couponhub_capillary.emulator.options import Options
from couponhub_capillary.emulator.organisation import Organisation
from couponhub_capillary.emulator.records import Coupon, Customer, Series

IDENTIFIERS = ("id", "external_id", "mobile", "email")
"""In the order in which the first one given wins (C-27)."""

_STATUSES = ("unredeemed", "redeemed", "expired", "active")
_ORDERS = ("created_date", "valid_till", "created_by")


@attrs.frozen(kw_only=True)
class _Asked:
    """The query, checked."""

    identifier: str
    value: str
    start: datetime | None
    end: datetime | None
    status: str
    series_id: str
    store_id: str
    order_by: str
    descending: bool
    limit: int
    offset: int
    reversed_too: bool


def customer_coupons(organisation: Organisation, query: Mapping[str, str]) -> Reply:
    """Answer the look-up. Raises RefusedError for a wrong query, in the v1.1 manner."""
    asked = _read(query, organisation.options)
    customer = find_customer(organisation, asked.identifier, asked.value)
    if customer is None:
        text = "Customer could not be found. Check the mobile, email, or external ID passed."
        return _failed({asked.identifier: asked.value}, 701, text)
    series = _series(organisation, asked.series_id)
    if asked.series_id and series is None:
        return _failed({}, 707, "Coupon series ID is invalid.")
    coupons = _selected(customer, asked, series, organisation.clock.now())
    _sort(coupons, asked)
    return _answer(organisation.options, customer, coupons, asked)


def find_customer(organisation: Organisation, identifier: str, value: str) -> Customer | None:
    """The customer of that identifier, by the vendor's name of it."""
    customers = organisation.customers
    match identifier:
        case "id":
            return customers.by_id(value)
        case "external_id":
            return customers.by_external_id(value)
        case "mobile":
            return customers.by_mobile(value, organisation.options.country_code)
        case _:
            return customers.by_email(value)


def _read(query: Mapping[str, str], options: Options) -> _Asked:
    identifier = next((name for name in IDENTIFIERS if query.get(name)), None)
    if identifier is None:
        raise _no_identifier()
    status = query.get("status", "")
    order_by, sort_order = query.get("order_by", ""), query.get("sort_order", "asc")
    reversed_too = query.get("includeReversedRedemptions", "false")
    if order_by and order_by not in _ORDERS:
        if not options.ignore_unknown_order:
            raise _bad_query()
        order_by = ""
    if (
        (identifier == "id" and not _is_whole(query["id"]))
        or (status and status not in _STATUSES)
        or sort_order not in {"asc", "desc"}
        or reversed_too not in {"true", "false"}
    ):
        raise _bad_query()
    return _Asked(
        identifier=identifier,
        value=query[identifier],
        start=_day(query.get("start_date"), options),
        end=_day(query.get("end_date"), options),
        status=status,
        series_id=query.get("series_id", ""),
        store_id=query.get("store_id", ""),
        order_by=order_by,
        descending=sort_order == "desc",
        limit=_limit(query.get("limit", "100")),
        offset=_offset(query.get("offset", "0")) if options.honour_offset else 0,
        reversed_too=reversed_too == "true",
    )


def _is_whole(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _limit(text: str) -> int:
    if not _is_whole(text) or int(text) == 0:
        raise _bad_query()
    return int(text)


def _offset(text: str) -> int:
    if not _is_whole(text):
        raise _bad_query()
    return int(text)


def _day(text: str | None, options: Options) -> datetime | None:
    if text is None:
        return None
    day = read_day(text)
    if day is None:
        raise _bad_query()
    return midnight(day, options.server_zone)


def _bad_query() -> RefusedError:
    return v1_error(400, INVALID_INPUT)


def _no_identifier() -> RefusedError:
    text = (
        "Input is invalid. Please check request parameters or input xml/json; "
        "No identifier provided to get loyalty users."
    )
    # The item's code is text here, beside a number above it: printed so (C-13).
    item = {"item_status": {"success": "false", "code": "400", "message": text}}
    status = v1_status(400, INVALID_INPUT)
    return RefusedError(Reply(body={"response": {"status": status, "customers": {"customer": [item]}}}))


def _failed(named: Mapping[str, str], code: int, text: str) -> Reply:
    item = {**named, "item_status": v1_status(code, text)}
    status = v1_status(500, "All requests have failed due to errors")
    return Reply(body={"response": {"status": status, "customers": {"customer": [item]}}})


def _series(organisation: Organisation, text: str) -> Series | None:
    return organisation.series.get(int(text)) if _is_whole(text) else None


def _selected(customer: Customer, asked: _Asked, series: Series | None, now: datetime) -> list[Coupon]:
    return [
        coupon
        for coupon in customer.coupons
        if not coupon.revoked  # C-25
        and (series is None or coupon.series is series)
        and _has_status(coupon, asked.status, now)
        and _in_window(coupon, asked.start, asked.end)
        and (not asked.store_id or (not is_over(coupon, now) and usable_at(coupon.series, asked.store_id)))
    ]


def _has_status(coupon: Coupon, status: str, now: datetime) -> bool:
    match status:
        case "active":
            return not is_over(coupon, now)
        case "expired":
            return is_over(coupon, now)
        case "redeemed":
            return bool(coupon.redemptions)
        case "unredeemed":
            return not coupon.redemptions
        case _:
            return True


def _in_window(coupon: Coupon, start: datetime | None, end: datetime | None) -> bool:
    """Tell whether the issue or a redemption lies in [start, end) (C-18)."""
    moments = (coupon.issued_at, *(redemption.at for redemption in coupon.redemptions))
    return any((start is None or start <= at) and (end is None or at < end) for at in moments)


def _sort(coupons: list[Coupon], asked: _Asked) -> None:
    # Without an order asked for, a fixed shuffle: nobody may rely on one (C-16).
    coupons.sort(key=lambda coupon: zlib.crc32(str(coupon.id).encode()))
    match asked.order_by:
        case "created_date":
            coupons.sort(key=lambda coupon: coupon.issued_at, reverse=asked.descending)
        case "valid_till":
            coupons.sort(key=lambda coupon: coupon.valid_till, reverse=asked.descending)
        case "created_by":
            coupons.sort(key=lambda coupon: coupon.till, reverse=asked.descending)


def _answer(options: Options, customer: Customer, coupons: Iterable[Coupon], asked: _Asked) -> Reply:
    found = list(coupons)
    most = min(asked.limit, options.limit_cap or asked.limit)
    printer = V1Printer(options)
    shown = [printer.coupon(coupon) for coupon in found[asked.offset : asked.offset + most]]
    entry: dict[str, Any] = {
        **people(customer, options),
        "id": str(customer.id),
        "coupons": {"coupon": printer.several(shown)},
        "item_status": printer.status(1000, "Coupons retrieved successfully"),
    }
    if asked.reversed_too:
        reversals = [taken_back for coupon in customer.coupons for taken_back in coupon.reversals]
        entry["reversed_redemptions"] = {"redemption": [printer.redemption(each) for each in reversals]}
    pagination = {
        "limit": str(asked.limit),
        "offset": str(asked.offset),
        "total": len(found) if options.pagination_total == "coupons" else 1,
    }
    response = {
        "pagination": pagination,
        "status": printer.status(200, "Success"),
        "customers": {"customer": printer.several([entry])},
    }
    return Reply(body={"response": response})
