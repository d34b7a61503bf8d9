"""The pages of lists: all of them together, and one with its uploads and what was given out of it."""

from collections.abc import Iterator

from couponhub.clock import utc_now
from couponhub.console.asked_lists import ALL, StockSort, read_question
from couponhub.console.list_stock import ListStock
from couponhub.console.pages import Page, PageRequest, Redirect, Shown, View
from couponhub.console.stock_view import StockView
from couponhub.hub import CouponHub
from couponhub.models import ListStatus
from couponhub.state import Scope

_STATUSES = (ALL, *(one.value for one in ListStatus))


class ListPages:
    """Shows the lists of all connections.

    Args:
        hub: Whom to ask.
        stock: Reads the lists.
    """

    def __init__(self, hub: CouponHub, stock: ListStock) -> None:
        self._hub = hub
        self._stock = stock

    def pages(self) -> Iterator[Page]:
        """The pages."""
        yield Page(
            name="lists",
            method="GET",
            path="/lists",
            run=self._lists,
            scope=Scope.LISTS_READ,
            entry="menu.lists",
        )
        yield Page(
            name="read_lists", method="POST", path="/lists", run=self._read_again, scope=Scope.LISTS_READ
        )

    def _lists(self, call: PageRequest) -> Shown:
        asked = read_question(call.query, tuple(self._hub))
        names = tuple(self._hub) if asked.connection is None else (asked.connection,)
        shown = StockView.of(self._stock.look(names), asked, utc_now())
        return View(
            template="lists.html",
            values={
                "asked": asked,
                "stock": shown,
                "connections": tuple(self._hub),
                "statuses": _STATUSES,
                "sorts": tuple(StockSort),
            },
        )

    def _read_again(self, call: PageRequest) -> Shown:
        """Read them anew, and go back to the same question."""
        asked = read_question(call.form, tuple(self._hub))
        self._stock.read_again(self._hub if asked.connection is None else (asked.connection,))
        return Redirect(asked.address(page=asked.page))
