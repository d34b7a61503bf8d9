"""Which column of a source holds the codes, and which the customers; told by the header row."""

import attrs

from couponhub.errors import UsageError
from couponhub.models import CodeFileRules, Tagging

_CODE_WORDS = frozenset(
    noun + ending
    for noun in ("code", "coupon", "couponcode", "promocode", "voucher", "vouchercode")
    for ending in ("", "s")
)
_ADVICE = "the first row must name the columns, the one of the codes e.g. 'Coupon Code' or 'code'"


@attrs.frozen(kw_only=True)
class Columns:
    """Positions from 0; `customer` is None when codes come untagged."""

    width: int
    code: int
    customer: int | None = None


def find_columns(header: list[str], rules: CodeFileRules, tagging: Tagging | None) -> Columns:
    """Tell the columns of a source from its first row.

    The column of codes is the one with a known name, or in a tagged file of two columns the one that is not
    the customer's. A first row that does not look like a header is refused: taking a code for a header
    would lose that code.

    Raises:
        UsageError: There is no header, or it does not say where the codes or the customers are.
    """
    plain = [_plain(cell) for cell in header]
    customer = None if tagging is None else _customer_column(header, plain, tagging)
    named = [
        at
        for at, word in enumerate(plain)
        if at != customer and word in _CODE_WORDS | {_plain(rules.code_header)}
    ]
    if len(named) > 1:
        named = [at for at in named if plain[at] == _plain(rules.code_header)]
        if len(named) != 1:
            raise UsageError("several columns could hold the codes", hint=_ADVICE)
    if named:
        return Columns(width=len(header), code=named[0], customer=customer)
    if tagging is not None and customer is not None and len(header) == 2:
        if isinstance(tagging.column, int) and _looks_like_customer(header[customer]):
            raise UsageError("the file has no header", hint=f"{_ADVICE}; or name the customer's column")
        return Columns(width=2, code=1 - customer, customer=customer)
    raise UsageError("the file has no header that names a column of codes", hint=_ADVICE)


def _customer_column(header: list[str], plain: list[str], tagging: Tagging) -> int:
    if len(header) < 2:
        raise UsageError(
            "tagged codes need two columns, the customer's and the code's",
            hint="the columns are separated by commas",
        )
    if isinstance(tagging.column, int):
        if not 0 <= tagging.column < len(header):
            raise UsageError(
                f"there is no column {tagging.column}; the header has {len(header)}, counted from 0"
            )
        return tagging.column
    exact = [at for at, cell in enumerate(header) if cell.strip() == tagging.column.strip()]
    found = exact or [at for at, word in enumerate(plain) if word == _plain(tagging.column)]
    if len(found) != 1:
        problem = "several columns have" if found else "no column has"
        raise UsageError(f"{problem} the name that the customer's column was said to have", hint=_ADVICE)
    return found[0]


def _plain(cell: str) -> str:
    return cell.casefold().translate({ord(char): None for char in " _-\t\r"})


def _looks_like_customer(cell: str) -> bool:
    return "@" in cell or any(char.isdigit() for char in cell)
