"""The fields of a series that are sent for a change of it: all that are known, so that nothing is lost whatever PUT means (C-50).

Capillary "Update coupon series", release notes of 2026.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from couponhub.errors import UsageError
from couponhub_capillary.wire.new_series import REQUIRED, SERVER_KEPT, names_both, readers

_JSON_TEXTS = frozenset({"mutualExclusiveSeriesIds", "redemptionRange"})

# They follow from `validTillDate`, which is compared; `warnings` are of the answer.
_DERIVED = frozenset({"validTillDateTime", "validTillISODate", "warnings"})

_CUT_AT = 20
"""Categories that older reads show at most of a series, without a word about the rest."""


def complete_fields(held: Mapping[str, Any], changes: Mapping[str, object]) -> dict[str, object]:
    """Return the fields to send for a change: all documented ones that the series has, the changed ones replaced.

    `validTillDateTime` is left out: it follows from the day, and next to a changed day it would be stale.

    Raises:
        UsageError: The vendor requires fields that the series, as it was read, does not have, or what was read cannot
            be sent back without losing some of it.
    """
    names = ("description", "seriesCode", "validTillDate", *readers())
    known = {
        name: _as_sent(name, held[name])
        for name in names
        if held.get(name) is not None and name not in changes
    }
    fields = {**known, **changes}
    missing = [name for name in REQUIRED if name not in fields]
    if missing:
        raise UsageError(
            f"Capillary wants fields with every change that the series has none of: {', '.join(missing)}",
            hint="give them with --set KEY=VALUE",
        )
    return fields


def not_taken_over(held: Mapping[str, Any], changes: Mapping[str, object]) -> tuple[str, ...]:
    """Names of the changed fields that the series does not hold as they were asked for."""
    return tuple(
        name for name, wanted in changes.items() if _compared(name, held.get(name)) != _compared(name, wanted)
    )


def changed_besides(
    before: Mapping[str, Any], after: Mapping[str, Any], changes: Mapping[str, object]
) -> tuple[str, ...]:
    """Names of the fields that a change has changed without being asked to; counts and times of use go their way."""
    return not_taken_over(
        after,
        {
            name: value
            for name, value in before.items()
            if name not in changes and name not in SERVER_KEPT and name not in _DERIVED
        },
    )


def _as_sent(name: str, value: object) -> object:
    """A value as it is documented for requests, which answers do not always keep to (C-72, C-49)."""
    if name == "productInfo":
        return _products_as_sent(value)
    if name in _JSON_TEXTS and type(value) is not str:
        return json.dumps(_without_fractions(value))
    read = readers().get(name)
    if type(value) is str and read is not None:
        try:
            return read(value)
        except ValueError:
            return value  # the vendor's own word, which it may know better
    return _without_fractions(value)


def _without_fractions(value: Any) -> Any:
    """Return the value with whole numbers that came as 12.0 written as 12."""
    if isinstance(value, dict):
        return {name: _without_fractions(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_without_fractions(inner) for inner in value]
    return int(value) if type(value) is float and value.is_integer() else value


def _products_as_sent(value: Any) -> Sequence[object]:
    """The products that a series is bound to, if all of them are sure to be there.

    Raises:
        UsageError: They may be cut, or are named in a way that is not taken: written back, or left out, they could
            make the codes good for other products.
    """
    if not isinstance(value, list) or not all(map(_is_documented, value)):
        fault = "come in a form that Capillary does not document"
    elif names_both(value):
        fault = "are shown by ids and by codes, and Capillary takes one of them"
    elif _may_be_cut(value):
        fault = f"are shown as {_CUT_AT} categories, where Capillary may leave out the rest"
    else:
        empty: tuple[object, ...] = ([], None)
        return [
            {key: inner for key, inner in _without_fractions(row).items() if inner not in empty}
            for row in value
        ]
    raise UsageError(
        f"the products of the series {fault}: a change would lose some, and nothing was changed",
        hint="give all of them with --set productInfo=JSON, or change the series in the dashboard",
    )


def _is_documented(row: object) -> bool:
    return isinstance(row, dict) and all(
        isinstance(row.get(name) or [], list) for name in ("productIds", "productCodes")
    )


def _may_be_cut(rows: Sequence[Mapping[str, Any]]) -> bool:
    for name in ("productIds", "productCodes"):
        counts = [len(row.get(name) or ()) for row in rows if row.get("productType") == "CATEGORY"]
        if _CUT_AT in {*counts, sum(counts)}:
            return True
    return False


def _compared(name: str, value: object) -> object:
    if name not in _JSON_TEXTS or type(value) is not str:
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value
