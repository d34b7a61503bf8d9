"""The common part of the v1.1 coupon operations: requests of several coupons, and one status for each of them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from couponhub_capillary.emulator.answers import (
    INVALID_INPUT,
    Reply,
    v1_error,
    v1_request_status,
    v1_status,
)
from couponhub_capillary.emulator.problems import CouponProblemError
from couponhub_capillary.emulator.records import Customer

_GOOD = 700

Item = dict[str, Any]


def asked_coupons(body: object) -> Sequence[Mapping[str, Any]]:
    """The entries of {"root": {"coupon": [...]}}, or the one that stands alone. Raises RefusedError."""
    root = body.get("root") if isinstance(body, Mapping) else None
    asked = root.get("coupon") if isinstance(root, Mapping) else None
    entries = asked if isinstance(asked, list) else [asked]
    usable = [entry for entry in entries if isinstance(entry, Mapping)]
    if not usable or len(usable) < len(entries):
        raise v1_error(400, INVALID_INPUT)
    return usable


def item(
    answer: Callable[[], Item], *, otherwise: Item, message: str = "Coupon processing successful"
) -> Item:
    """Return what `answer` returns, with a good status; `otherwise` with the problem that it raised."""
    try:
        return answer() | {"item_status": v1_status(_GOOD, message)}
    except CouponProblemError as error:
        return otherwise | {"item_status": v1_status(error.problem.code, error.problem.message)}


def v1_reply(container: str, items: Sequence[Item], content: object) -> Reply:
    """The answer around items: all good, some failed, all failed (C-71)."""
    status = v1_request_status([each["item_status"]["code"] for each in items], _GOOD)
    return Reply(body={"response": {"status": status, container: content}})


def in_old_style(reply: Reply) -> Reply:
    """The answer with all numbers as text, shouting its success (C-71, C-10)."""
    response: Item = in_text(reply.body["response"])
    if response["status"]["code"] == "200":
        response["status"]["message"] = "SUCCESS"
    return Reply(body={"response": response})


def in_text(value: Any) -> Any:
    """An answer with all its numbers as text."""
    if isinstance(value, dict):
        return {name: in_text(entry) for name, entry in value.items()}
    if isinstance(value, list):
        return [in_text(entry) for entry in value]
    return str(value) if type(value) in {int, float} else value


def alone_or_all(items: Sequence[Item]) -> Any:
    """One coupon stands alone, as printed; several are an array (inferred)."""
    return items[0] if len(items) == 1 else list(items)


def customer_object(customer: Customer, *, shown: bool) -> dict[str, str | None]:
    """Print whom a coupon is redeemed for; mobile and e-mail are null where they are masked (C-64)."""
    return {
        "mobile": customer.mobile if shown else None,
        "email": customer.email if shown else None,
        "external_id": customer.external_id,
    }


def echoed(named: object) -> dict[str, str]:
    """The identifiers that the request named, without the empty ones."""
    if not isinstance(named, Mapping):
        return {}
    return {name: str(value) for name, value in named.items() if value}
