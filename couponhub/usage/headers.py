"""The columns of a report, found by their headers; where two could be meant, none is taken by guess."""

import re
from collections.abc import Iterable, Mapping, Sequence

import attrs

from couponhub.errors import LocalError
from couponhub.models import Identifier, ReportColumn, ReportForm
from couponhub.usage.opening import MakeFault

NEEDED = (ReportColumn.USER, ReportColumn.CODE)
"""Without these a report says nothing."""
_MOST_SHOWN = 40
_WHOSE = "(?:customer|cust|user|member|client|loyalty|crm|profile|shopper|buyer|registered|primary)?"
_OWN_NUMBER = re.compile(
    "(?:external|ext|customer|cust|user|member|client|loyalty|crm|profile|shopper|buyer|unique|moengage)+"
    "(?:id|uid|number|no|num|code|key|identifier|reference|ref)|uid"
)
_NAMES: Mapping[Identifier, re.Pattern[str]] = {
    Identifier.MOBILE: re.compile(
        _WHOSE + "(?:mobile|phone|telephone|msisdn|whatsapp|cell|contact)(?:phone|number|no|num)*"
    ),
    Identifier.EMAIL: re.compile(_WHOSE + "e?mail(?:id|address|addr)?"),
    Identifier.EXTERNAL_ID: _OWN_NUMBER,
    Identifier.ID: _OWN_NUMBER,
}
"""Names of columns that hold an identifier of that kind, without capitals, blanks and signs."""
_SPEAKS_OF_CODES = re.compile("code|coupon|voucher|promo|discount|offer")


@attrs.frozen
class Header:
    """The places of a report's columns.

    Attributes:
        places: Of the kinds that it has.
        width: How many columns there are.
    """

    places: Mapping[ReportColumn, int]
    width: int


def read_header(cells: Sequence[str], form: ReportForm, fault: MakeFault) -> Header:
    """Read the first row of a report.

    Headers that the connection names come first, then those that the vendor's reports are known by. One that may
    mean something else (`ReportForm.vague`) is believed when no other column could be meant.

    Args:
        cells: The row.
        form: How the connection's reports are read.
        fault: Makes the error of what is wrong with the report.

    Raises:
        LocalError: It is none, or leaves open which column holds the customers or the codes. It names headers only
            of a row that is one.
    """
    return _Columns(cells, form, fault).header()


class _Columns:
    """The cells of a first row, and what each may be."""

    def __init__(self, cells: Sequence[str], form: ReportForm, fault: MakeFault) -> None:
        self._cells = cells
        self._plain = [plain_header(cell) for cell in cells]
        self._form = form
        self._fault = fault

    def header(self) -> Header:
        known = {column: self._known(column) for column in ReportColumn}
        taken = {at for places in known.values() for at in places}
        unexplained = [at for at in range(len(self._cells)) if at not in taken]
        places = {column: self._place(column, found, unexplained) for column, found in known.items() if found}
        missing = [column for column in NEEDED if column not in places]
        if missing:
            raise self._missing(missing, is_header=len(places) > 1)
        return Header(places, len(self._cells))

    def _known(self, column: ReportColumn) -> list[int]:
        """Return the places of its known headers, the likeliest first; the first one twice where two columns have it."""
        form = self._form
        named = [*form.columns.get(column, ()), *form.vague.get(column, ())]
        return [at for name in dict.fromkeys(map(plain_header, named)) for at in self._at(name)]

    def _place(self, column: ReportColumn, found: Sequence[int], unexplained: Sequence[int]) -> int:
        first = found[0]
        rivals = [at for at in found if at != first and self._plain[at] == self._plain[first]]
        if not rivals and column in NEEDED and not self._is(first, self._form.named, column):
            rivals = [at for at in (*found[1:], *unexplained) if self._could_be(at, column, first)]
        if rivals:
            shown = ", ".join(f'"{_shown(self._cells[at])}"' for at in sorted({first, *rivals}))
            raise self._fault(
                f"several columns could be the {column.value}: {shown}",
                f"say which one is under {self._form.columns_setting}.{column.value} of the connection",
            )
        return first

    def _could_be(self, at: int, column: ReportColumn, instead_of: int) -> bool:
        """Tell whether a column could be meant as well as that one."""
        is_vague = self._is(instead_of, self._form.vague, column)
        if self._is(at, self._form.columns, column):
            return True
        if self._is(at, self._form.vague, column):
            return is_vague
        if column is ReportColumn.USER and self._plain[at]:
            # A bare "ID" numbers the rows where anything beside it can name a customer.
            return is_vague or _NAMES[self._form.identifier].fullmatch(self._plain[at]) is not None
        return is_vague and _SPEAKS_OF_CODES.search(self._plain[at]) is not None

    def _is(self, at: int, names: Mapping[ReportColumn, Iterable[str]], column: ReportColumn) -> bool:
        return self._plain[at] in map(plain_header, names.get(column, ()))

    def _at(self, name: str) -> list[int]:
        return [at for at, plain in enumerate(self._plain) if plain == name]

    def _missing(self, missing: Sequence[ReportColumn], *, is_header: bool) -> LocalError:
        form = self._form
        told = [f"no column of the {column.value}, known as {self._names(column)}" for column in missing]
        # A first row that is none is a customer's, and shown to nobody.
        seen = ", ".join(f'"{_shown(cell)}"' for cell in self._cells) if is_header else ""
        settings = " and ".join(f"{form.columns_setting}.{column.value}" for column in missing)
        return self._fault(
            f"its first row names {'; and '.join(told)}" + (f"; it names {seen}" if seen else ""),
            f"name {'it' if len(missing) == 1 else 'them'} under {settings} of the connection",
        )

    def _names(self, column: ReportColumn) -> str:
        names = (*self._form.columns.get(column, ()), *self._form.vague.get(column, ()))
        return ", ".join(f'"{name}"' for name in names)


def known_names(form: ReportForm) -> frozenset[str]:
    """Return the names of all columns that reports are known to have, as `plain_header` gives them."""
    tables = (form.columns, form.vague)
    return frozenset(plain_header(name) for table in tables for names in table.values() for name in names)


def plain_header(header: str) -> str:
    """Return the text that headers are compared by: letters and digits, without capitals."""
    return "".join(char for char in header.casefold() if char.isalnum())


def _shown(header: str) -> str:
    plain = "".join(char if char.isprintable() else " " for char in header.strip())
    return plain if len(plain) <= _MOST_SHOWN else f"{plain[:_MOST_SHOWN]}..."
