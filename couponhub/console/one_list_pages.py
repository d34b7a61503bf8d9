"""The pages of one list: its facts, its uploads, and what was given out of it; what is slow comes after the rest."""

from collections.abc import Iterator

from couponhub.clock import utc_now
from couponhub.console.downloads import csv_download
from couponhub.console.list_stock import ListStock
from couponhub.console.pages import Page, PageRequest, Shown, View
from couponhub.console.reading_notes import ReadingNotes
from couponhub.console.stock_history import StockHistory
from couponhub.console.stock_view import ListRow
from couponhub.console.usage_counts import UsageCounts
from couponhub.console.usage_view import UsageView, counts_table
from couponhub.errors import ConfigError, CouponhubError, NotFound, UnknownConnection, UsageError
from couponhub.hub import CouponHub
from couponhub.models import CouponList, Upload, UsageGroup
from couponhub.models.base import given_list_id
from couponhub.server.discretion import discreet
from couponhub.server.problems import not_there
from couponhub.state import Scope

_LIST = "/lists/{connection}/{list_id}"
_MOST_UPLOADS = 100
_ASKED_WRONGLY = (NotFound, UsageError, UnknownConnection, ConfigError)
"""Then there is no page; what else fails leaves a part of it out."""


class OneListPages:
    """Shows one list.

    Args:
        hub: Whom to ask.
        stock: Knows lists that were read a moment ago, for when the vendor does not tell.
        notes: Knows how many codes they had before.
    """

    def __init__(self, hub: CouponHub, stock: ListStock, notes: ReadingNotes) -> None:
        self._hub = hub
        self._notes = notes
        self._stock = stock
        self._counts = UsageCounts()

    def pages(self) -> Iterator[Page]:
        """The pages."""
        read = Scope.LISTS_READ
        yield Page(name="list", method="GET", path=_LIST, run=self._list, scope=read)
        yield Page(name="list_uploads", method="GET", path=f"{_LIST}/uploads", run=self._uploads, scope=read)
        yield Page(name="list_stock", method="GET", path=f"{_LIST}/stock", run=self._history, scope=read)
        yield Page(name="list_usage", method="GET", path=f"{_LIST}/usage", run=self._usage, scope=read)
        yield Page(
            name="list_counts", method="GET", path=f"{_LIST}/usage-{{by}}.csv", run=self._table, scope=read
        )

    def _list(self, call: PageRequest) -> Shown:
        name, list_id = _named(call)
        connection = self._hub[name]
        error: CouponhubError | None = None
        found: CouponList | None
        try:
            found = connection.lists.get(list_id)
        except _ASKED_WRONGLY:
            raise
        except CouponhubError as raised:
            error = discreet(raised)
            found = self._stock.known(name, list_id)
        row = None if found is None else ListRow.of(found, utc_now())
        return View(template="list.html", values={**_common(call), "row": row, "error": error})

    def _uploads(self, call: PageRequest) -> Shown:
        name, list_id = _named(call)
        uploads: list[Upload] = []
        error: CouponhubError | None = None
        try:
            uploads.extend(self._hub[name].uploads.iterate(list_id))
        except _ASKED_WRONGLY:
            raise
        except CouponhubError as raised:
            error = discreet(raised)
        shown = uploads[-_MOST_UPLOADS:]
        return View(
            template="list_uploads.html",
            values={
                **_common(call),
                "uploads": shown,
                "rest": len(uploads) - len(shown),
                "error": error,
                "moves": any(not one.status.ended for one in shown),
            },
        )

    def _history(self, call: PageRequest) -> Shown:
        name, list_id = _named(call)
        self._hub.config.connection(name)
        history = StockHistory.of(
            self._notes.stock(name, list_id), self._stock.known(name, list_id), utc_now()
        )
        return View(template="list_stock.html", values={**_common(call), "history": history})

    def _usage(self, call: PageRequest) -> Shown:
        name, list_id = _named(call)
        usage = UsageView.of(self._hub[name], list_id, self._counts)
        return View(template="list_usage.html", values={**_common(call), "usage": usage})

    def _table(self, call: PageRequest) -> Shown:
        name, list_id = _named(call)
        counted = self._counts.of(self._hub[name], list_id)
        match call.path["by"]:
            case UsageGroup.DAY.value:
                return csv_download(
                    counts_table(counted.by_day, UsageGroup.DAY), f"codes-by-{UsageGroup.DAY.value}"
                )
            case UsageGroup.CAMPAIGN.value:
                return csv_download(
                    counts_table(counted.by_campaign, UsageGroup.CAMPAIGN),
                    f"codes-by-{UsageGroup.CAMPAIGN.value}",
                )
            case _:
                raise not_there()


def _named(call: PageRequest) -> tuple[str, str]:
    return call.path["connection"], given_list_id(call.path["list_id"])


def _common(call: PageRequest) -> dict[str, str]:
    return {"connection": call.path["connection"], "list_id": call.path["list_id"]}
