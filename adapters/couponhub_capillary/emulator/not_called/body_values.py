"""Reads what the bodies of coupon operations hold. All raise CouponProblemError (629) for what is unusable."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from couponhub_capillary.emulator.problems import INVALID_INPUT, CouponProblemError


def fields(value: object) -> Mapping[str, Any]:
    """A JSON object; none at all is an empty one."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise CouponProblemError(INVALID_INPUT)
    return value


def entries(value: object) -> Sequence[Any]:
    """A JSON array; none at all is an empty one."""
    if value is None:
        return ()
    if not isinstance(value, list):
        raise CouponProblemError(INVALID_INPUT)
    return value


def whole(value: object) -> int | None:
    """A number, or text that is one, as ids are sent both ways (C-72); None for anything else."""
    if type(value) is int:
        return value
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else None


def text(value: object) -> str:
    """Text, or a number as text; "" for none at all."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise CouponProblemError(INVALID_INPUT)
    return str(value).strip()


def amount(value: object) -> Decimal | None:
    """An amount as number or text; None where there is none."""
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise CouponProblemError(INVALID_INPUT)
    try:
        read = Decimal(str(value))
    except InvalidOperation:
        raise CouponProblemError(INVALID_INPUT) from None
    if not read.is_finite():
        raise CouponProblemError(INVALID_INPUT)
    return read


def moment(value: object) -> datetime | None:
    """An instant as ISO text with its offset or as epoch milliseconds, in UTC; None where there is none."""
    if value is None or value == "":
        return None
    milliseconds = whole(value)
    try:
        if milliseconds is not None:
            return datetime.fromtimestamp(milliseconds / 1000, UTC)
        instant = datetime.fromisoformat(text(value))
        if instant.tzinfo is None:
            raise CouponProblemError(INVALID_INPUT)
        return instant.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        raise CouponProblemError(INVALID_INPUT) from None
