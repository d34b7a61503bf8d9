"""`GET /v2/customers/coupons`: the one list of a customer's coupons that can be paged to its end.

Capillary "Get All Customer Coupons", read 2026. Its `total` is the true number of coupons.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

import attrs

from couponhub.models import Identifier
from couponhub.transport import LOOKUP_REPLY_BYTES, Reply, Request
from couponhub_capillary.settings.limits import CALLS
from couponhub_capillary.wire.envelopes import opened_v2
from couponhub_capillary.wire.error_codes import error_without_code
from couponhub_capillary.wire.values import entries_of, many, whole

PAGE_SIZE = 1000
"""Rows asked for at once; the documented default is 100, a maximum is not stated."""

REDEEMED_AND_VALID = "ACTIVE_REDEEMED"
"""The `status` of coupons that were redeemed and have not expired."""

_PARAMETERS = {
    Identifier.MOBILE: "mobile",
    Identifier.EMAIL: "email",
    # Printed in three spellings; this is the one of a curl that works (C-55).
    Identifier.EXTERNAL_ID: "external_id",
    Identifier.ID: "id",
}


class SortOrder(StrEnum):
    """By date of issue."""

    OLDEST_FIRST = "ASC"
    NEWEST_FIRST = "DESC"


@attrs.frozen(kw_only=True)
class CouponPage:
    """A part of a customer's coupons.

    Attributes:
        rows: As they came.
        total: How many coupons the question selects in all; None when the answer does not tell.
        customer: What stands beside them about the customer; empty where nothing does.
    """

    rows: Sequence[object]
    total: int | None
    customer: Mapping[str, Any] = attrs.field(factory=dict, repr=False, eq=False)


def coupon_page_request(
    identifier: Identifier,
    value: str,
    *,
    offset: int = 0,
    limit: int = PAGE_SIZE,
    order: SortOrder = SortOrder.OLDEST_FIRST,
    status: str | None = None,
    reversed_too: bool = False,
) -> Request:
    """Ask by exactly one identifier (C-27); oldest first, so that a coupon issued meanwhile shifts no page."""
    parameters = [
        (_PARAMETERS[identifier], value),
        ("limit", str(limit)),
        ("offset", str(offset)),
        ("sort_order", order.value),
    ]
    if status is not None:
        parameters.append(("status", status))
    if reversed_too:
        parameters.append(("include_reversed_redemptions", "true"))
    return Request(
        operation="customer coupons v2",
        budget=CALLS,
        method="GET",
        path="/v2/customers/coupons",
        query=tuple(parameters),
        max_reply_bytes=LOOKUP_REPLY_BYTES,
    )


def read_coupon_page(reply: Reply) -> CouponPage:
    """Read a page; a customer that v2 does not know is an error here, since v1.1 is who was asked first."""
    content = _content(opened_v2(reply), reply)
    customers = entries_of(content.get("customers"))
    pagination = content.get("pagination")
    total = whole(pagination.get("total")) if isinstance(pagination, dict) else None
    if total is not None and total < 0:
        total = None
    if not customers and total == 0:
        return CouponPage(rows=(), total=0)
    # One was asked about: among several nobody can tell whose coupons are meant.
    customer = customers[0] if len(customers) == 1 else None
    if not isinstance(customer, dict) or ("coupons" not in customer and total != 0):
        raise error_without_code(reply, "the answer does not hold the customer's coupons")
    try:
        return CouponPage(rows=many(customer.get("coupons")), total=total, customer=customer)
    except ValueError:
        raise error_without_code(reply, "the customer's coupons cannot be understood") from None


def _content(body: Mapping[str, Any], reply: Reply) -> Mapping[str, Any]:
    """Return what stands in the envelope, whichever of its names the answer uses."""
    for name in ("entity", "data", "response"):
        content = body.get(name)
        if isinstance(content, dict):
            return content
    if "customers" in body:
        return body
    raise error_without_code(reply, "the answer holds nothing")
