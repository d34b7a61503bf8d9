"""Customers and codes in the cells of a report; one that cannot be what its column holds is refused.

A customer whose cell was misread has nothing, says the index, and a code that was ruined is shown to somebody whom no
till gives anything for it. So every cell is read as a lookup's identifier is. Reports have up to 20 million rows:
columns are looked over whole, and cells one by one only where something about them is odd.
"""

import re
from collections.abc import Sequence

from couponhub.codes.ruins import may_hold_ruins, ruin_of
from couponhub.errors import LocalError, UsageError
from couponhub.models import Identifier, ReportColumn, ReportForm, read_identifier
from couponhub.models.addresses import same_address
from couponhub.models.damage import any_odd, damage_of, invisible_in
from couponhub.usage.opening import MakeFault

FEWEST_DIGITS, MOST_DIGITS = 5, 17
"""Of mobiles: five on some islands, fifteen by E.164 behind 00."""
LONGEST_CODE = 255
"""Characters; what is longer is text of another column."""
_CLINGING = ('"', "`", "<", ",", ";")
"""Characters that may stand around an identifier without belonging to it, beside what is odd anyway."""
_ADDRESSES = re.compile(r"(?:[a-z0-9_][a-z0-9_.+-]*@[a-z0-9-]+(?:\.[a-z0-9-]+)+\n)*")
"""Addresses in lower case that say nothing else; the others are read one by one."""
_NUMBERS = re.compile(r"(?:\+?[0-9][0-9 ()-]*\n)*")
_DECORATION = str.maketrans("", "", "+ ()-")


def read_customers(cells: Sequence[str], form: ReportForm, first: int, fault: MakeFault) -> Sequence[str]:
    """Read a column of customers: the texts that those of one customer have in common.

    Args:
        cells: The column.
        form: Says what it holds.
        first: The number of the first row.
        fault: Makes the error.

    Raises:
        LocalError: A cell can name nobody by that identifier; the text does not quote it.
    """
    kind = form.identifier
    if kind is Identifier.MOBILE:
        plain = _mobiles(cells)
    elif kind is Identifier.EMAIL:
        plain = _addresses(cells)
    else:
        plain = _plain_numbers(cells)
    return (
        [_read(cell, form, row, fault) for row, cell in enumerate(cells, first)] if plain is None else plain
    )


def check_codes(cells: Sequence[str], form: ReportForm, first: int, fault: MakeFault) -> None:
    """Refuse a column, of at least one row, with a code that cannot be one.

    Raises:
        LocalError: A code is ruined, or nobody can see all of it; the text does not quote it.
    """
    if max(map(len, cells)) > LONGEST_CODE:
        row = next(row for row, cell in enumerate(cells, first) if len(cell) > LONGEST_CODE)
        raise fault(
            f"row {row} has a {ReportColumn.CODE.value} of more than {LONGEST_CODE} characters, which is none",
            _as_mailed(form),
        )
    text = "".join(cells)
    if not (any_odd(cells) or '"' in text or " " in text or may_hold_ruins(text)):
        return
    for row, cell in enumerate(cells, first):
        ruin = ruin_of(cell)
        if ruin is not None:
            raise _ruined(row, ruin, ReportColumn.CODE, form, fault)
        if invisible_in(cell) or cell.strip(" ") != cell.strip():
            raise fault(
                f"row {row} has a {ReportColumn.CODE.value} with a character that nobody sees",
                _as_mailed(form),
            )


def same_customer(kind: Identifier, plain: str) -> str:
    """The text that all spellings of an identifier have in common which name one customer and nobody else.

    Args:
        kind: What it is.
        plain: As `read_identifier` answers it.
    """
    match kind:
        case Identifier.EMAIL:
            return same_address(plain)
        case Identifier.MOBILE:
            return plain.removeprefix("+")
        case _:
            return plain


def _read(cell: str, form: ReportForm, row: int, fault: MakeFault) -> str:
    kind = form.identifier
    damage = damage_of(cell)
    if damage is not None:
        raise _ruined(row, damage.value, ReportColumn.USER, form, fault)
    try:
        same = same_customer(kind, read_identifier(kind, cell))
    except UsageError as error:
        raise fault(
            f"row {row} names nobody as its {ReportColumn.USER.value}: {error.message}", _which(form)
        ) from None
    if kind is Identifier.MOBILE and not FEWEST_DIGITS <= len(same) <= MOST_DIGITS:
        raise fault(
            f"row {row} has {len(same)} digits as its {ReportColumn.USER.value}, and mobiles have {FEWEST_DIGITS} to"
            f" {MOST_DIGITS}",
            _which(form),
        )
    return same


def _ruined(row: int, damage: str, column: ReportColumn, form: ReportForm, fault: MakeFault) -> LocalError:
    return fault(
        f"row {row} has {damage} as its {column.value}: another program has saved it", _as_mailed(form)
    )


def _as_mailed(form: ReportForm) -> str:
    return (
        f"import the file as it was mailed; if it is, {form.columns_setting} of the connection may have to name another"
        " column"
    )


def _which(form: ReportForm) -> str:
    return (
        f"{form.columns_setting}.{ReportColumn.USER.value} of the connection says which column holds customers, and"
        f" {form.identifier_setting} by which identifier"
    )


def _mobiles(cells: Sequence[str]) -> Sequence[str] | None:
    """The digits, or None where cells have to be read one by one; so with the next two."""
    text = "".join(cells)
    if not (text.isascii() and text.isdigit()):
        text = "\n".join([*cells, ""])
        if not _NUMBERS.fullmatch(text):
            return None
        cells = text.translate(_DECORATION).splitlines()
    lengths = frozenset(map(len, cells))
    return cells if min(lengths) >= FEWEST_DIGITS and max(lengths) <= MOST_DIGITS else None


def _addresses(cells: Sequence[str]) -> Sequence[str] | None:
    text = "\n".join([*cells, ""]).lower()
    # Domains in their ASCII form stand for others.
    if not text.isascii() or "xn--" in text or not _ADDRESSES.fullmatch(text):
        return None
    return text.splitlines()


def _plain_numbers(cells: Sequence[str]) -> Sequence[str] | None:
    text = "".join(cells)
    if any_odd(cells) or any(mark in text for mark in _CLINGING):
        return None
    return list(map(str.strip, cells)) if " " in text else cells
