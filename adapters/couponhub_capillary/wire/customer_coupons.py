"""`GET /v1.1/customer/coupons`: what is asked, and which of its three outcomes came.

Capillary "Get Customer Coupons", read 2026.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Self

import attrs

from couponhub.models import CouponQuery, Identifier
from couponhub.transport import LOOKUP_REPLY_BYTES, Reply, Request
from couponhub_capillary.settings.limits import CALLS
from couponhub_capillary.wire.envelopes import opened_v1
from couponhub_capillary.wire.error_codes import (
    COUPONS_RETRIEVED,
    CUSTOMER_UNKNOWN,
    error_for_code,
    error_without_code,
)
from couponhub_capillary.wire.times import Zones
from couponhub_capillary.wire.values import code_of, flag, inside, whole

ASKED_AT_MOST = 1000
"""The `limit` that is sent, well above what a customer holds; the documented default is 100 (C-15)."""

_DEFAULT_LIMIT = 100
_ROUND = 50

_PARAMETERS = {
    Identifier.MOBILE: "mobile",
    Identifier.EMAIL: "email",
    Identifier.EXTERNAL_ID: "external_id",
    Identifier.ID: "id",
}

# 200, 201 and 500 count how many items failed; 400 stands above items that tell why.
_ITEM_DECIDES = frozenset({200, 201, 400, 500})

FIRST_DAY = date(1970, 1, 1)
LAST_DAY = date(2100, 1, 1)


@attrs.frozen(kw_only=True)
class CustomerAnswer:
    """An answer of Capillary about one customer.

    Attributes:
        known: Whether it knows the customer.
        code: The item code.
        rows: The coupons as they came, in no order; () for an unknown customer.
        customer: What stands beside them about the customer; empty for an unknown one.
        raw: The whole body.
    """

    known: bool
    code: int
    rows: Sequence[object] = ()
    customer: Mapping[str, Any] = attrs.field(factory=dict, repr=False)
    raw: Mapping[str, Any] = attrs.field(repr=False)

    @property
    def may_be_cut(self) -> bool:
        """True when there may be more: only then it is worth further calls to find out.

        A limit may be capped in silence, or not heeded, when the documented default of 100 holds. From 100
        coupons on everything is suspect; below, a round number is, and a limit in the answer that was reached.
        `pagination.total` cannot tell: it is 1 beside 26 coupons (C-14, C-15).
        """
        count = len(self.rows)
        if count >= _DEFAULT_LIMIT or (count > 0 and count % _ROUND == 0):
            return True
        pagination = self.raw.get("response", {}).get("pagination")
        applied = whole(pagination.get("limit")) if isinstance(pagination, dict) else None
        return applied is not None and 0 < applied <= count


@attrs.frozen(kw_only=True)
class Narrowing:
    """The coupons that the vendor shall send; its filters may only narrow, what is meant is computed here.

    Attributes:
        days: The first day, and the one after the last: issued or redeemed between them.
        list_id: Of one series.
        store_id: Redeemable at one store, as the vendor understands it (C-19).
    """

    days: tuple[date, date] | None = None
    list_id: str | None = None
    store_id: str | None = None

    @classmethod
    def of(cls, query: CouponQuery, zones: Zones) -> Self:
        """Return what may be left out for a query."""
        has_days = query.since is not None or query.until is not None
        return cls(
            days=_wider_days(query.since, query.until, zones) if has_days else None,
            list_id=query.list_id,
            store_id=query.store_id,
        )


def customer_coupons_request(
    identifier: Identifier, value: str, narrowing: Narrowing, *, reversed_too: bool = False
) -> Request:
    """Ask by exactly one identifier (C-27).

    The vendor's `status` is never sent: it ignores redemptions (C-17). `reversed_too` asks for what an older
    release note alone names (C-23).
    """
    parameters = [
        ("format", "json"),
        (_PARAMETERS[identifier], value),
        ("limit", str(ASKED_AT_MOST)),
        # Should the answer be cut after all, then at the old end.
        ("order_by", "created_date"),
        ("sort_order", "desc"),
    ]
    if narrowing.list_id is not None:
        parameters.append(("series_id", narrowing.list_id))
    if narrowing.store_id is not None:
        parameters.append(("store_id", narrowing.store_id))
    if narrowing.days is not None:
        start, end = narrowing.days
        parameters += [("start_date", start.isoformat()), ("end_date", end.isoformat())]
    if reversed_too:
        parameters.append(("includeReversedRedemptions", "true"))
    return Request(
        operation="customer coupons",
        budget=CALLS,
        method="GET",
        path="/v1.1/customer/coupons",
        query=tuple(parameters),
        max_reply_bytes=LOOKUP_REPLY_BYTES,
    )


def read_customer_coupons(reply: Reply) -> CustomerAnswer:
    """Found, or unknown; whatever else came says nothing about the customer and is an error.

    Only request code 200 or 201 with item code 1000 is "found", and only an item code of the documented ones
    is "unknown" (C-12); flags that contradict the codes leave it open.
    """
    code, response = opened_v1(reply)
    status = response["status"]
    if code not in _ITEM_DECIDES:
        raise error_for_code(code, reply, status.get("message"))
    customer = _only_customer(response)
    item = customer.get("item_status") if customer is not None else None
    if customer is None or not isinstance(item, dict):
        if code in {200, 201}:
            raise error_without_code(reply, "the answer does not say how the customer was found")
        raise error_for_code(code, reply, status.get("message"))
    item_code = code_of(item.get("code"))
    succeeded = flag(item.get("success"))
    if item_code in CUSTOMER_UNKNOWN and succeeded is not True:
        return CustomerAnswer(known=False, code=item_code, raw={"response": response})
    if item_code == COUPONS_RETRIEVED:
        if code not in {200, 201} or succeeded is False or flag(status.get("success")) is False:
            raise error_without_code(reply, "the answer contradicts itself")
        return CustomerAnswer(
            known=True,
            code=item_code,
            rows=_rows(customer, reply),
            customer=customer,
            raw={"response": response},
        )
    if item_code is None or item_code in CUSTOMER_UNKNOWN:
        raise error_without_code(reply, "the customer's status cannot be understood")
    raise error_for_code(item_code, reply, item.get("message"))


def _only_customer(response: Mapping[str, Any]) -> Mapping[str, Any] | None:
    try:
        customers = inside(response.get("customers"), "customer")
    except ValueError:
        return None
    # One was asked about: among several nobody can tell whose coupons are meant.
    only = customers[0] if len(customers) == 1 else None
    return only if isinstance(only, dict) else None


def _rows(customer: Mapping[str, Any], reply: Reply) -> Sequence[object]:
    if "coupons" not in customer:
        # An empty list, an empty object and null are seen to mean "none" (C-26); silence proves nothing.
        raise error_without_code(reply, "the answer does not say which coupons the customer has")
    try:
        return inside(customer.get("coupons"), "coupon")
    except ValueError:
        raise error_without_code(reply, "the customer's coupons cannot be understood") from None


def _wider_days(since: datetime | None, until: datetime | None, zones: Zones) -> tuple[date, date]:
    """Both ends, a day wider on each side: which zone the vendor counts days in is unsaid (C-18)."""
    start = FIRST_DAY if since is None else _day(since, zones, -1)
    # The end is exclusive: a day more, so that all of the last one is in.
    end = LAST_DAY if until is None else _day(until, zones, 2)
    return start, end


def _day(moment: datetime, zones: Zones, shift: int) -> date:
    try:
        return moment.astimezone(zones.server).date() + timedelta(days=shift)
    except OverflowError:
        return moment.astimezone(UTC).date()
