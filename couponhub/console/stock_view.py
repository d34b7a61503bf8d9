"""The lists of connections as the page shows them: those that are meant, a hundred at a time."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Self

import attrs

from couponhub.console.asked_lists import AskedLists, StockSort
from couponhub.console.list_stock import Stock
from couponhub.console.paging import nearest_page
from couponhub.console.running_out import RunningOut, StockOutlook
from couponhub.errors import CouponhubError
from couponhub.models import CouponList, ListStatus
from couponhub.models.list_selection import ListSort, lists_in_order
from couponhub.server.discretion import discreet

ENDED = frozenset({ListStatus.EXPIRED, ListStatus.ARCHIVED})
_A_PAGE = 100
_FEW = 0.1
"""The part of a list's codes below which a bar says that it runs low."""


@attrs.frozen(kw_only=True)
class ListRow:
    """One list.

    Attributes:
        one: The list.
        days_left: Whole days until its end; None without an end, or when it is over.
        outlook: When it runs out; None where that is not looked up, or its vendor does not tell what is left.
    """

    one: CouponList
    days_left: int | None
    outlook: RunningOut | None = None

    @classmethod
    def of(cls, one: CouponList, now: datetime, outlook: RunningOut | None = None) -> Self:
        """Return what is shown of a list."""
        left = None if one.expires_at is None or one.expires_at < now else (one.expires_at - now).days
        return cls(one=one, days_left=left, outlook=outlook)

    @property
    def few(self) -> int:
        """So many codes left are few, for its bar."""
        return round((self.one.total or 0) * _FEW)

    @property
    def has_ended(self) -> bool:
        """True when nothing is handed out of it any more."""
        return self.one.status in ENDED

    @property
    def ends_first(self) -> bool:
        """True when its last day comes before it runs out."""
        about = None if self.outlook is None else self.outlook.about
        return about is not None and self.one.expires_at is not None and self.one.expires_at < about


@attrs.frozen(kw_only=True)
class Unread:
    """A connection whose lists are not all known.

    Attributes:
        error: What a person may hear of the reason; None while they are still being read.
        count: How many could be read.
    """

    connection: str
    error: CouponhubError | None
    count: int


@attrs.frozen(kw_only=True)
class StockView:
    """The part of all lists that a page shows.

    Attributes:
        rows: Of this page.
        count: Of all pages.
        page: The page that is shown, at most the last.
        pages: How many there are, at least one.
        unread: The connections of which something is missing.
        untold: How many lists of a connection do not tell whether they are meant.
        read_at: When the oldest of what is shown was read; None where nothing was.
    """

    rows: tuple[ListRow, ...]
    count: int
    page: int
    pages: int
    unread: tuple[Unread, ...]
    untold: tuple[tuple[str, int], ...]
    read_at: datetime | None
    is_reading: bool

    @classmethod
    def of(cls, stocks: Sequence[Stock], asked: AskedLists, now: datetime) -> Self:
        """Return what is shown of the stock of connections for a question."""
        selection = asked.selection(now)
        kept: list[CouponList] = []
        untold: Counter[str] = Counter()
        for stock in stocks:
            for one in stock.lists:
                is_kept = asked.shows(one.status) and asked.names(one) and selection.keeps(one)
                if is_kept:
                    kept.append(one)
                elif is_kept is None:
                    untold[one.connection] += 1
        outlooks = {one.connection: one.outlooks for one in stocks}
        if asked.sort is StockSort.RUNS_OUT:
            kept.sort(
                key=lambda one: _urgency(
                    None if one.status in ENDED else outlooks[one.connection].get(one.id)
                )
            )
        elif asked.sort is not None:
            kept = lists_in_order(kept, ListSort(asked.sort.value))
        page = nearest_page(kept, asked.page, at_once=_A_PAGE)
        return cls(
            rows=tuple(ListRow.of(one, now, outlooks[one.connection].get(one.id)) for one in page.items),
            count=page.total,
            page=page.number,
            pages=page.count,
            unread=tuple(
                Unread(
                    connection=one.connection,
                    error=one.error and discreet(one.error),
                    count=len(one.lists),
                )
                for one in stocks
                if one.error is not None or one.read_at is None
            ),
            untold=tuple(untold.items()),
            read_at=min((one.read_at for one in stocks if one.read_at is not None), default=None),
            is_reading=any(one.is_reading for one in stocks),
        )


def _urgency(told: RunningOut | None) -> tuple[int, datetime]:
    """Return what rows are sorted by that run out soonest first: what nobody can tell comes last."""
    if told is None:
        return len(_URGENT), _NEVER
    return _URGENT.index(told.outlook), told.about or _NEVER


_URGENT = (StockOutlook.EMPTY, StockOutlook.FALLS, StockOutlook.STILL, StockOutlook.TOO_FEW)
_NEVER = datetime.max.replace(tzinfo=UTC)
