"""`GET /v1.1/customer/coupons`: what is asked, and which of its three outcomes came.

Capillary "Get Customer Coupons", read 2026.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import attrs

from couponhub.models import CouponQuery, Identifier
from couponhub.transport import Reply, Request
from couponhub_capillary.limits import CALLS
from couponhub_capillary.wire.codes import (
    COUPONS_RETRIEVED,
    CUSTOMER_UNKNOWN,
    error_for_code,
    error_without_code,
)
from couponhub_capillary.wire.envelopes import opened_v1
from couponhub_capillary.wire.times import Zones
from couponhub_capillary.wire.values import code_of, flag, inside

ASKED_AT_MOST = 1000
"""The `limit` that is sent, well above what a customer holds; the documented default is 100 (C-15)."""

_DEFAULT_LIMIT = 100

_PARAMETERS = {
    Identifier.MOBILE: "mobile",
    Identifier.EMAIL: "email",
    Identifier.EXTERNAL_ID: "external_id",
    Identifier.ID: "id",
}

# 200, 201 and 500 count how many items failed; 400 stands above items that tell why.
_ITEM_DECIDES = frozenset({200, 201, 400, 500})

_FIRST_DAY = date(1970, 1, 1)
_LAST_DAY = date(2100, 1, 1)


@attrs.frozen(kw_only=True)
class CustomerAnswer:
    """What Capillary said about one customer.

    Attributes:
        known: Whether it knows the customer.
        code: The item code.
        rows: The coupons as they came, in no order; () for an unknown customer.
        raw: The whole body.
    """

    known: bool
    code: int
    rows: Sequence[object] = ()
    raw: Mapping[str, Any] = attrs.field(repr=False)

    @property
    def may_be_cut(self) -> bool:
        """Whether as many coupons came as were asked for, or as come when a limit is not heeded.

        `pagination.total` cannot tell: it is 1 beside 26 coupons (C-14).
        """
        return len(self.rows) >= ASKED_AT_MOST or len(self.rows) == _DEFAULT_LIMIT


def customer_coupons_request(identifier: Identifier, value: str, query: CouponQuery, zones: Zones) -> Request:
    """Ask by exactly one identifier (C-27).

    Of the vendor's filters only those are sent that can merely narrow: its `status` ignores redemptions
    (C-17), so that ours is computed from what comes.
    """
    parameters = [
        ("format", "json"),
        (_PARAMETERS[identifier], value),
        ("limit", str(ASKED_AT_MOST)),
        # Should the answer be cut after all, then at the old end.
        ("order_by", "created_date"),
        ("sort_order", "desc"),
    ]
    if query.list_id is not None:
        parameters.append(("series_id", query.list_id))
    if query.store_id is not None:
        parameters.append(("store_id", query.store_id))
    if query.since is not None or query.until is not None:
        start, end = _wider_days(query.since, query.until, zones)
        parameters += [("start_date", start.isoformat()), ("end_date", end.isoformat())]
    return Request(
        operation="customer coupons",
        budget=CALLS,
        method="GET",
        path="/v1.1/customer/coupons",
        query=tuple(parameters),
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
            known=True, code=item_code, rows=_rows(customer, reply), raw={"response": response}
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
    try:
        return inside(customer.get("coupons"), "coupon")
    except ValueError:
        raise error_without_code(reply, "the customer's coupons cannot be understood") from None


def _wider_days(since: datetime | None, until: datetime | None, zones: Zones) -> tuple[date, date]:
    """Both ends, a day wider on each side: which zone the vendor counts days in is unsaid (C-18)."""
    start = _FIRST_DAY if since is None else _day(since, zones, -1)
    # The end is exclusive: a day more, so that all of the last one is in.
    end = _LAST_DAY if until is None else _day(until, zones, 2)
    return start, end


def _day(moment: datetime, zones: Zones, shift: int) -> date:
    try:
        return moment.astimezone(zones.server).date() + timedelta(days=shift)
    except OverflowError:
        return moment.astimezone(UTC).date()
