"""Files of redemptions that happened elsewhere: which column means what, and one row's way in (C-78)."""

import json
from collections.abc import Mapping
from datetime import datetime

import attrs

from couponhub_capillary.emulator.coupons.redeemability import Use, refused_import
from couponhub_capillary.emulator.not_called.body_values import moment, whole
from couponhub_capillary.emulator.not_called.redeeming import coupon_for
from couponhub_capillary.emulator.organisation import Organisation
from couponhub_capillary.emulator.problems import CODE_INVALID, CouponProblemError, Problem
from couponhub_capillary.emulator.records import Coupon, Customer, Series, Store
from couponhub_capillary.emulator.uploads.code_file import value_at
from couponhub_capillary.emulator.uploads.jobs import UNKNOWN_CUSTOMER, finder

_CUSTOMERS = {"userId": "USER_ID", "mobile": "MOBILE", "email": "EMAIL", "externalId": "EXTERNAL_ID"}
_CODES = ("couponId", "couponCode")
_DATE_INVALID = Problem(739, "redeemedDateInMillis is invalid")

CUSTOMER_IDENTIFIERS = tuple(_CUSTOMERS.values())
COUPON_IDENTIFIERS = ("COUPON_ID", "COUPON_CODE")


@attrs.frozen(kw_only=True)
class RedemptionColumns:
    """The places of a row's values, 0-based.

    Attributes:
        customer_kind: An upload's word for the identifier that the customer column holds.
        by_id: Whether the column of coupons holds their ids.
    """

    at: int
    till: int
    coupon: int
    by_id: bool
    customer: int
    customer_kind: str
    bill_number: int | None


def columns_from(text: str) -> RedemptionColumns | None:
    """Read the form part `uploadHeaders`; None when it is unusable. `userId` and `couponId` win over others."""
    try:
        headers = json.loads(text)
    except ValueError:
        return None
    if not isinstance(headers, Mapping) or any(
        type(position) is not int or position < 0 for position in headers.values()
    ):
        return None
    customer = next((name for name in _CUSTOMERS if name in headers), None)
    coupon = next((name for name in _CODES if name in headers), None)
    if customer is None or coupon is None or not {"redeemedDateInMillis", "redeemedAt"} <= set(headers):
        return None
    return RedemptionColumns(
        at=headers["redeemedDateInMillis"],
        till=headers["redeemedAt"],
        coupon=headers[coupon],
        by_id=coupon == "couponId",
        customer=headers[customer],
        customer_kind=_CUSTOMERS[customer],
        bill_number=headers.get("billNumber"),
    )


class RedemptionIntake:
    """Takes in the rows of one file."""

    def __init__(self, organisation: Organisation, series: Series, columns: RedemptionColumns) -> None:
        self._organisation = organisation
        self._series = series
        self._columns = columns
        country_code = organisation.options.country_code
        self._find = finder(columns.customer_kind, organisation.customers, country_code)

    def customer(self, row: list[str]) -> Customer | None:
        """The customer that a row names."""
        return self._find(value_at(row, self._columns.customer))

    def take(self, row: list[str]) -> str | None:
        """Record the redemption of a row; why it cannot be, in words of our own (inferred), or None."""
        customer = self.customer(row)
        if customer is None:
            return UNKNOWN_CUSTOMER[self._columns.customer_kind]
        try:
            coupon, use = self._wanted(row, customer)
        except CouponProblemError as error:
            return error.problem.message
        problem = refused_import(coupon, use, self._organisation.options)
        if problem is not None:
            return problem.message
        number = value_at(row, self._columns.bill_number)
        self._organisation.redeem(coupon, at=use.at, transaction_number=number, store=use.store, by=customer)
        return None

    def _wanted(self, row: list[str], customer: Customer) -> tuple[Coupon, Use]:
        at = self._moment(value_at(row, self._columns.at))
        till = value_at(row, self._columns.till)
        coupon = self._coupon(value_at(row, self._columns.coupon), customer, at)
        if coupon.series is not self._series or coupon.revoked:
            raise CouponProblemError(CODE_INVALID)
        return coupon, Use(customer=customer, at=at, store=Store(code=till, name=till))

    def _moment(self, value: str) -> datetime:
        at = moment(value) if whole(value) is not None else None
        if at is None:
            raise CouponProblemError(_DATE_INVALID)
        return at

    def _coupon(self, value: str, customer: Customer, at: datetime) -> Coupon:
        if not self._columns.by_id:
            return coupon_for(self._organisation, value, customer, at)
        number = whole(value)
        for coupon in (*customer.coupons, *self._series.coupons):
            if coupon.id == number:
                return coupon
        raise CouponProblemError(CODE_INVALID)
