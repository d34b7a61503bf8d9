"""The join, and sets of bare codes, as expressions of Ibis over tables by their names: no engine is known here, and none is asked.

A side is a table of text: `code` and the attributes. NULL and "" are one, for CSV cannot tell them apart. Inside, attributes go by
their positions, so that none can be called like a column of ours.
"""

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import add, or_
from typing import Any

import ibis

from couponhub.models import CodeFileRules

EXPECTED, FOUND = SIDES = ("expected", "found")
CLASSES = {"same": "=", "missing": "-", "unexpected": "+", "differing": "*"}
FOLD = "couponhub_fold"
"""The name of a function that every engine has from us: the code as the vendor compares it, in whatever letters."""
_PLAIN = "^[ -~]*$"
"""Codes of which all engines make the same upper case, and take the same blanks off, as Python does."""
_NO = ibis.literal(False)


def keyed(side: str, attributes: Sequence[str], rules: CodeFileRules) -> Any:
    """Return the rows of the table `side`: `key`, the code as it is compared, `code`, and for each attribute `value_AT`."""
    table = ibis.table({"code": "string", **dict.fromkeys(attributes, "string")}, name=side)
    return table.select(
        key=_folded(table.code.fill_null(""), rules),
        code=table.code,
        **{f"value_{at}": table[name].nullif("") for at, name in enumerate(attributes)},
    )


def keyed_table(name: str, attributes: Sequence[str]) -> Any:
    """Return the rows that `keyed` gave, which were written to a table."""
    values = (f"value_{at}" for at in range(len(attributes)))
    return ibis.table(dict.fromkeys(("key", "code", *values), "string"), name=name)


def distinct(rows: Any, side: str, attributes: Sequence[str]) -> Any:
    """Return each different code of the rows that `keyed` gives once.

    Columns: `SIDE_key`, `SIDE_code` and `SIDE_rows`; for each attribute its value, of several the lowest, `SIDE_AT`, and whether
    they disagree, `SIDE_mixed_AT`.
    """
    positions = range(len(attributes))
    # Most codes stand once, and to keep their values for an aggregation would take most of the time and memory.
    several = rows.group_by("key").having(rows.count() > 1).aggregate()
    once = rows.anti_join(several, "key").select(
        rows.key.name(f"{side}_key"),
        rows.code.name(f"{side}_code"),
        ibis.literal(1, "int64").name(f"{side}_rows"),
        **{f"{side}_{at}": rows[f"value_{at}"] for at in positions},
        **{f"{side}_mixed_{at}": _NO for at in positions},
    )
    doubled = rows.semi_join(several, "key")
    found = {f"{side}_code": doubled.code.min(), f"{side}_rows": doubled.count()}
    found |= {f"{side}_{at}": doubled[f"value_{at}"].min() for at in positions}
    for at in positions:
        values = doubled[f"value_{at}"]
        known = values.count()
        is_mixed = (known > 0) & ((known < doubled.count()) | (values.min() != values.max()))
        found[f"{side}_mixed_{at}"] = is_mixed.fill_null(False)
    return once.union(doubled.group_by(doubled.key.name(f"{side}_key")).aggregate(**found))


def joined(tables: Mapping[str, str], attributes: Sequence[str]) -> Any:
    """Return each different code of two tables that `distinct` made, by side, once and with its class.

    Columns: `key`, the code as it is compared, "" for rows without one; `class`; `code`, as the expected side spells it, else the
    other; for each side `SIDE_rows` and `SIDE_conflicts`; for each attribute `differs_AT` and, for each side, its value `SIDE_AT`, of
    several the lowest.
    """
    expected, found = (_distinct_table(tables[side], side, attributes) for side in SIDES)
    both = expected.outer_join(found, [("expected_key", "found_key")])
    positions = range(len(attributes))
    mixed = {(side, at): both[f"{side}_mixed_{at}"].fill_null(False) for side in SIDES for at in positions}
    differs = [
        ~both[f"expected_{at}"].identical_to(both[f"found_{at}"]) | mixed[EXPECTED, at] | mixed[FOUND, at]
        for at in positions
    ]
    return both.select(
        key=ibis.coalesce(both.expected_key, both.found_key),
        code=ibis.coalesce(both.expected_code, both.found_code),
        **{
            "class": ibis.cases(
                (both.found_key.isnull(), CLASSES["missing"]),
                (both.expected_key.isnull(), CLASSES["unexpected"]),
                (reduce(or_, differs, _NO), CLASSES["differing"]),
                else_=CLASSES["same"],
            )
        },
        **{f"{side}_rows": both[f"{side}_rows"].fill_null(0) for side in SIDES},
        **{f"{side}_conflicts": reduce(or_, (mixed[side, at] for at in positions), _NO) for side in SIDES},
        **{f"differs_{at}": each for at, each in enumerate(differs)},
        **{f"{side}_{at}": both[f"{side}_{at}"] for at in positions for side in SIDES},
    )


def counts(table: str, attributes: Sequence[str]) -> Any:
    """Return one row of counts of a table that `joined` made: by class, `differs_AT`, and for each side what `SideCounts` has."""
    rows = _joined_table(table, attributes)
    is_code = rows.key != ""
    found = {name: rows.count(where=is_code & (rows["class"] == sign)) for name, sign in CLASSES.items()}
    is_star = is_code & (rows["class"] == CLASSES["differing"])
    for at in range(len(attributes)):
        found[f"differs_{at}"] = rows.count(where=is_star & rows[f"differs_{at}"])
    for side in SIDES:
        of_side = rows[f"{side}_rows"]
        found[f"{side}_rows"] = of_side.sum()
        found[f"{side}_codes"] = rows.count(where=is_code & (of_side > 0))
        found[f"{side}_without_code"] = of_side.sum(where=~is_code)
        found[f"{side}_conflicting"] = rows.count(where=is_code & rows[f"{side}_conflicts"])
    return rows.aggregate(**{name: each.fill_null(0) for name, each in found.items()})  # of no row


def to_tell(table: str, attributes: Sequence[str]) -> Any:
    """Return the rows of a table that `joined` made which `told` tells."""
    rows = _joined_table(table, attributes)
    stands_twice = (rows.expected_rows > 1) | (rows.found_rows > 1)
    return rows.filter((rows.key != "") & ((rows["class"] != CLASSES["same"]) | stands_twice))


def told(table: str, attributes: Sequence[str]) -> Any:
    """Return the codes that somebody should look at, in the order of their keys: all but those of class `=` that stand once."""
    rows = to_tell(table, attributes)
    words = [ibis.ifelse(rows[f"differs_{at}"], f"{name} ", "") for at, name in enumerate(attributes)]
    differs = reduce(add, words, ibis.literal("")).rstrip()
    values: Mapping[str, Any] = {
        f"{side}_{name}": rows[f"{side}_{at}"] for at, name in enumerate(attributes) for side in SIDES
    }
    return rows.order_by(rows.key).select(
        rows["class"],
        rows.code,
        ibis.ifelse(rows["class"] == CLASSES["differing"], differs, ibis.null("string")).name("differs"),
        rows.expected_rows,
        rows.found_rows,
        **values,
    )


def marked(codes: str, others: str) -> Any:
    """Return the position `at` of the first row of each different code of a table, and whether another table has it, `is_shared`.

    Both tables have `key`, the code as it is compared, and `at`.
    """
    rows = _sets_table(codes)
    once = rows.group_by("key").aggregate(first=rows.at.min())
    known = _sets_table(others).select(known="key").distinct()
    both = once.left_join(known, once.key == known.known)
    return both.select(at=both.first, is_shared=both.known.notnull())


def _folded(code: Any, rules: CodeFileRules) -> Any:
    """The code as `couponhub.state.comparable` makes it; the function is called where engines go ways of their own."""
    if not (rules.ignores_case or rules.ignores_blanks):
        return code
    plain = code.upper() if rules.ignores_case else code
    plain = plain.strip() if rules.ignores_blanks else plain
    return ibis.ifelse(code.re_search(_PLAIN), plain, _fold(code))


@ibis.udf.scalar.builtin(name=FOLD, signature=(("string",), "string"))  # type: ignore[untyped-decorator]  # Ibis has no types
def _fold(code: str) -> str:
    """Stand for the engine's function of that name."""
    raise NotImplementedError


def _sets_table(name: str) -> Any:
    return ibis.table({"key": "string", "at": "int64"}, name=name)


def _distinct_table(name: str, side: str, attributes: Sequence[str]) -> Any:
    positions = range(len(attributes))
    texts = [f"{side}_key", f"{side}_code", *(f"{side}_{at}" for at in positions)]
    kinds = {
        "string": texts,
        "int64": [f"{side}_rows"],
        "boolean": [f"{side}_mixed_{at}" for at in positions],
    }
    return ibis.table({each: kind for kind, names in kinds.items() for each in names}, name=name)


def _joined_table(name: str, attributes: Sequence[str]) -> Any:
    positions = range(len(attributes))
    texts = ["key", "code", "class", *(f"{side}_{at}" for at in positions for side in SIDES)]
    flags = [*(f"{side}_conflicts" for side in SIDES), *(f"differs_{at}" for at in positions)]
    whole = [f"{side}_rows" for side in SIDES]
    kinds = {"string": texts, "boolean": flags, "int64": whole}
    return ibis.table({each: kind for kind, names in kinds.items() for each in names}, name=name)
