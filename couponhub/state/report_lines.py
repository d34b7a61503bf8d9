"""The rows of usage reports as lines of text, which lie many to a page, pages by the beginning of the customer's hash.

A line is `hash TAB code TAB moment TAB campaign TAB row TAB list TAB import`. Rows of their own in a database would cost
an import three times as much, and a lookup no less: all that one customer was given lies on one page.
"""

from bisect import bisect_left
from collections.abc import Iterator

import attrs

from couponhub.state.hashing import DIGEST_CHARS

PAGE_BITS = 18
"""Of the hash, which makes 262,144 pages: 10 million rows lie 38 to a page, 200 million 760."""
_SPARE_BITS = 2  # of the five hexadecimal digits that hold them
_CODE_AT = DIGEST_CHARS + 1


@attrs.frozen
class ReportLine:
    """One row of a report.

    Attributes:
        customer: The hash.
        moment: When the code was given out, ISO 8601 with its offset; "" when the report does not say.
        campaign: Its number within the import; "" when there is none.
        row: Its number within the report, from 1.
        list_number: The list's number in the index.
        import_number: The import's.
    """

    customer: str
    code: str
    moment: str
    campaign: str
    row: int
    list_number: int
    import_number: int


def read_line(text: str) -> ReportLine:
    """Read one line."""
    customer, code, moment, campaign, row, list_number, import_number = text.split("\t")
    return ReportLine(customer, code, moment, campaign, int(row), int(list_number), int(import_number))


def in_pages(lines: list[str], ending: str) -> Iterator[tuple[int, str]]:
    """Give lines without their last two cells, sorted, page by page: the number of the page, and its lines.

    Args:
        lines: The lines; they are sorted in place.
        ending: What each is given, as `ending_of` says.
    """
    lines.sort()
    begin, count = 0, len(lines)
    while begin < count:
        page = page_of(lines[begin])
        following = page + 1
        end = (
            count if following >> PAGE_BITS else bisect_left(lines, f"{following << _SPARE_BITS:05x}", begin)
        )
        yield page, ending.join([*lines[begin:end], ""])
        begin = end


def ending_of(list_number: int, import_number: int) -> str:
    """Return the last two cells of a line, and its LF."""
    return f"\t{list_number}\t{import_number}\n"


def page_of(customer: str) -> int:
    """Return the number of the page of a hash, or of a line, which begins with one."""
    return int(customer[:5], 16) >> _SPARE_BITS


def customer_of(line: str) -> str:
    """Return the hash that a line begins with."""
    return line[:DIGEST_CHARS]


def coupon_of(line: str) -> str:
    """Return customer and code, which a line begins with."""
    return line[: line.index("\t", _CODE_AT)]
