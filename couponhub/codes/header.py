"""The columns of codes and of customers in a source; told by the header row."""

import re
from collections.abc import Iterable
from itertools import islice

import attrs

from couponhub.codes.bare import SAMPLE, letter_kinds
from couponhub.codes.exports import code_word_of
from couponhub.codes.faults import COMMAS, WRONG_COLUMN, WRONG_CUSTOMERS
from couponhub.codes.words import (
    ANY_CUSTOMER_WORDS,
    CODE_WORDS,
    CUSTOMER_WORDS,
    names_customers,
    names_no_codes,
    plain,
)
from couponhub.errors import UsageError
from couponhub.models import CodeFileRules, Identifier, Tagging

_ADVICE = "the first row must name the columns, the one of the codes e.g. 'Coupon Code' or 'code'"
_ON_TOP = "the first line may be a code or a header: put a line `code` on top if it is a code, or in its place if not"
_CHOOSE = f"{_ADVICE}; or {WRONG_COLUMN}"
_BETWEEN_WORDS = re.compile(r"[\s_./()'-]+")
_SHOWN = 8
_LONGEST_NAME = 40


@attrs.frozen(kw_only=True)
class Columns:
    """Positions from 0; `customer` is None when codes come untagged.

    Attributes:
        header: What the column of codes is called.
        beside: What the other columns are called.
        unused: What a column of customers is called that is there and not used; "" for none.
        bare: There is no header: the first line is a code, as all others.
        separator: The sign between columns, in a text.
        is_table: The cells may be something else than text.
    """

    width: int
    code: int
    customer: int | None = None
    header: str = attrs.field(default="", repr=False)
    beside: tuple[str, ...] = attrs.field(default=(), repr=False)
    unused: str = ""
    bare: bool = False
    separator: str = ","
    is_table: bool = False


def find_columns(
    header: list[str],
    below: list[str],
    rules: CodeFileRules,
    *,
    rest: Iterable[list[str]] = (),
    column: str | int | None = None,
    tagging: Tagging | None = None,
) -> Columns:
    """Tell the columns of a source from its first row.

    The column of codes is the one that was said, else the one with a known name, else in a tagged file of two
    columns the one that is not the customer's. The customer's is the one that was said, else the one with a known
    name. Nothing overrides a name that says the opposite. A first row that does not look like a header is refused:
    taking a code for a header would lose that code.

    Args:
        header: The first row.
        below: The second one, [] for none: names that look like what stands below them may be codes.
        rules: How the vendor calls the column of codes.
        rest: The rows after it; read only when there is no column to be told, so that an error shows no code.
        column: The column of codes by name, or by position from 0; None to find it.
        tagging: Which identifier customers are named by, None when codes come untagged.

    Raises:
        UsageError: There is no header, or it does not say where the codes or the customers are.
    """
    words = list(map(plain, header))
    seen = _Header(cells=header, below=below, rest=rest, words=words, rules=rules)
    return seen.columns(column, tagging)


@attrs.frozen(kw_only=True)
class _Header:
    cells: list[str] = attrs.field(repr=False)
    below: list[str] = attrs.field(repr=False)
    rest: Iterable[list[str]] = attrs.field(repr=False)
    words: list[str] = attrs.field(repr=False)
    rules: CodeFileRules

    def columns(self, column: str | int | None, tagging: Tagging | None) -> Columns:
        self._refuse_other_encodings()
        code = None if column is None else self._said(column, "the column of codes", _CHOOSE)
        customer = None if tagging is None else self._customer(tagging, code)
        if code is None:
            code = self._code(customer)
        if names_customers(self.words[code]):
            raise UsageError(
                f'the column "{self.cells[code].strip()}" is named as customers, not as codes', hint=_CHOOSE
            )
        unused = ""
        if tagging is None:
            unused = next(
                (cell for cell, word in zip(self.cells, self.words, strict=True) if names_customers(word)), ""
            )
        return Columns(
            width=len(self.cells),
            code=code,
            customer=customer,
            header=self.cells[code],
            beside=tuple(cell for at, cell in enumerate(self.cells) if at != code),
            unused=unused.strip(),
        )

    def _refuse_other_encodings(self) -> None:
        if re.search("[\ud800-\udfff]", "".join(self.cells)):
            raise UsageError("the first row is not in UTF-8", hint=COMMAS)

    def _code(self, customer: int | None) -> int:
        vendors = plain(self.rules.code_header)
        named = [
            at
            for at, word in enumerate(self.words)
            if at != customer and (word in CODE_WORDS or word == vendors)
        ]
        if len(named) > 1:
            named = [at for at in named if self.words[at] == vendors]
            if len(named) != 1:
                raise UsageError("several columns could hold the codes", hint=_CHOOSE)
        if named:
            return named[0]
        if (word := code_word_of(self.words)) is not None and self.words.count(word) == 1:
            return self.words.index(word)
        if customer is not None and len(self.cells) == 2:
            other = 1 - customer
            if not names_no_codes(self.words[other]) and not self._may_be_data(other):
                return other
        hint = _CHOOSE if len(self.cells) > 1 else _ON_TOP
        raise UsageError(f"the file has no header that names a column of codes{self._seen()}", hint=hint)

    def _customer(self, tagging: Tagging, code: int | None) -> int:
        if len(self.cells) < 2:
            raise UsageError(
                "tagged codes need two columns, the customer's and the code's",
                hint="the columns are separated by commas, semicolons, tabs or vertical bars",
            )
        if tagging.column is None:
            return self._named_customer(tagging.identifier, code)
        at = self._said(tagging.column, "the customer's column", WRONG_CUSTOMERS)
        if at == code:
            raise UsageError(
                "the same column was said to hold the codes and the customers", hint=WRONG_CUSTOMERS
            )
        word, name = self.words[at], self.cells[at].strip()
        if word in CODE_WORDS or word == plain(self.rules.code_header):
            raise UsageError(f'the column "{name}" is named as codes, not as customers', hint=WRONG_CUSTOMERS)
        # Whoever gives the name has seen it; a number may be counted wrongly.
        others = set().union(*CUSTOMER_WORDS.values()) - CUSTOMER_WORDS[tagging.identifier]
        if isinstance(tagging.column, int) and word in others:
            raise UsageError(
                f'the column "{name}" is named as another identifier than {tagging.identifier}',
                hint=WRONG_CUSTOMERS,
            )
        return at

    def _named_customer(self, identifier: Identifier, code: int | None) -> int:
        for known in (CUSTOMER_WORDS[identifier], ANY_CUSTOMER_WORDS):
            found = [at for at, word in enumerate(self.words) if word in known and at != code]
            if len(found) == 1:
                return found[0]
            if found:
                raise UsageError("several columns could hold the customers", hint=WRONG_CUSTOMERS)
        raise UsageError(
            f"the file has no column whose name says {identifier}{self._seen()}", hint=WRONG_CUSTOMERS
        )

    def _said(self, column: str | int, role: str, hint: str) -> int:
        """The position of a column that somebody named or numbered."""
        if isinstance(column, int):
            if not 0 <= column < len(self.cells):
                raise UsageError(
                    f"there is no column {column}; the header has {len(self.cells)}, counted from 0",
                    hint=hint,
                )
            if self._may_be_data(column):
                raise UsageError(
                    f"the file has no header, or column {column} has a name that could be a code or a customer",
                    hint=f"{_ADVICE}; or give the column's name in place of its number"
                    if len(self.cells) > 1
                    else _ON_TOP,
                )
            return column
        exact = [at for at, cell in enumerate(self.cells) if cell.strip() == column.strip()]
        found = exact or [at for at, word in enumerate(self.words) if word and word == plain(column)]
        if len(found) != 1:
            problem = "several columns have" if found else "no column has"
            seen = "" if found else self._seen()
            raise UsageError(f"{problem} the name that {role} was said to have{seen}", hint=hint)
        return found[0]

    def _may_be_data(self, at: int) -> bool:
        """Tell whether a cell of the first row could be a code or a customer rather than a name."""
        word, cell = self.words[at], self.cells[at]
        if word in CODE_WORDS or names_customers(word) or word == plain(self.rules.code_header):
            return False
        if not word or "@" in cell or any(map(str.isdigit, cell)):
            return True
        is_header = any(word in CODE_WORDS or names_customers(word) for word in self.words)
        return not is_header and self._is_like_below(at)

    def _is_like_below(self, at: int, *rows: list[str]) -> bool:
        found = [letter_kinds(row[at]) for row in (self.below, *rows) if at < len(row)]
        return not found or letter_kinds(self.cells[at]) <= frozenset().union(*found)

    def _seen(self) -> str:
        """The names in the first row for an error's text; those that could be a code are shown by position."""
        rows = list(islice(self.rest, SAMPLE))
        shown = [
            f'"{cell.strip()}"' if self._may_be_shown(at, rows) else f"column {at}"
            for at, cell in enumerate(self.cells[:_SHOWN])
        ]
        if not any(name.startswith('"') for name in shown):
            return ""
        more = f" and {len(self.cells) - _SHOWN} more" if len(self.cells) > _SHOWN else ""
        return f"; it names {', '.join(shown)}{more}"

    def _may_be_shown(self, at: int, rows: list[list[str]]) -> bool:
        if names_no_codes(self.words[at]):
            return True
        words = [word for word in _BETWEEN_WORDS.split(self.cells[at].strip()) if word]
        return (
            len(self.cells[at]) <= _LONGEST_NAME
            and bool(words)
            and all(word.isalpha() and word[1:] == word[1:].lower() for word in words)
            and not self._is_like_below(at, *rows)
        )
