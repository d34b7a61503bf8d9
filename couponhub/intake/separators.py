"""The sign between the columns of a text, told from its header."""

import csv
from collections.abc import Callable

from couponhub.errors import UsageError
from couponhub.intake.form import NAMES


def said_separator(line: str) -> str | None:
    """Return what a first line `sep=;` says, as spreadsheets write and read it; None for any other line.

    Raises:
        UsageError: It says something that no columns are separated by.
    """
    text = line.rstrip("\r\n").strip(' "')
    if text[:4].casefold() != "sep=":
        return None
    if text[4:] not in NAMES:
        raise UsageError(
            'the first line is "sep=" with a sign that columns are not separated by',
            hint=f"remove that line; columns are separated by {', '.join(NAMES.values())}",
        )
    return text[4:]


def told_separator(line: str, weight: Callable[[str], int]) -> str:
    """Tell the sign between columns from a header: the one that gives the names that are known best.

    Args:
        line: The first line that is not blank.
        weight: Tells how well a name of a column is known; 0 for not at all.

    Returns:
        A comma where there are no columns to be told.
    """
    found = [(sign, _cells(line, sign)) for sign in NAMES if sign in line]
    found = [(sign, cells) for sign, cells in found if len(cells) > 1]
    # The first of equal ones: a comma, where it is among them.
    known = max(found, key=lambda one: sum(map(weight, one[1])), default=None)
    return known[0] if known else ","


def _cells(line: str, sign: str) -> list[str]:
    try:
        return next(csv.reader([line.rstrip("\r\n")], delimiter=sign), [])
    except csv.Error:
        return []
