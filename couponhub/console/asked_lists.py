"""The question about lists that stands in a page's address: which are shown, and in which order."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeVar
from urllib.parse import urlencode

import attrs

from couponhub.console.whole_numbers import whole_number
from couponhub.errors import UsageError
from couponhub.models import CouponList, ListStatus
from couponhub.models.list_selection import ListSelection

T = TypeVar("T")
W = TypeVar("W", bound=StrEnum)

ALL = "all"
_LONGEST_NUMBER = 9
_LONGEST_NAME = 200
_MOST_DAYS = 36_500


class StockSort(StrEnum):
    """The order of the page's rows: those of `ListSort`, and what only a history of lists tells."""

    NAME = "name"
    EXPIRES = "expires"
    AVAILABLE = "available"
    RUNS_OUT = "runs_out"
    """Empty ones first, then those that run out soonest."""


@attrs.frozen(kw_only=True)
class AskedLists:
    """The lists that somebody wants to see.

    Attributes:
        named: A part of the list's name, of its name for machines, or of its id, in any case; None for any.
        connection: None for every connection.
        status: None for every one that has not ended, `ALL` for all.
        expiring: Only those that end within so many days; None for any.
        below: Only those with fewer codes left; None for any number.
        sort: The order; None for the vendors' own.
        page: From 1.
    """

    named: str | None = None
    connection: str | None = None
    status: str | None = None
    expiring: int | None = None
    below: int | None = None
    sort: StockSort | None = None
    page: int = 1

    @property
    def is_narrow(self) -> bool:
        """True when something is left out that was asked to be."""
        return any(
            (
                self.named,
                self.connection,
                self.status != ALL,
                self.expiring is not None,
                self.below is not None,
            )
        )

    def selection(self, now: datetime) -> ListSelection:
        """Return the same as the models have it."""
        until = None if self.expiring is None else now + timedelta(days=self.expiring)
        return ListSelection(now=now, until=until, below=self.below, ended=self.status is not None)

    def shows(self, status: ListStatus) -> bool:
        """Tell whether lists that stand so are asked for by name."""
        return self.status in {None, ALL, status.value}

    def names(self, one: CouponList) -> bool:
        """Tell whether a list is called as was asked for."""
        wanted = (self.named or "").casefold()
        return any(wanted in (text or "").casefold() for text in (one.name, one.label, one.id))

    def address(self, **changed: object) -> str:
        """The address of this question, or of one that differs in something."""
        named = {**attrs.asdict(self, recurse=False), "page": 1, **changed}
        told = {
            name: value.value if isinstance(value, StrEnum) else value
            for name, value in named.items()
            if value is not None and (name, value) != ("page", 1)
        }
        return f"/lists?{urlencode(told)}" if told else "/lists"


def read_question(query: Mapping[str, str], connections: Collection[str]) -> AskedLists:
    """Read what stands in an address; what is empty there is not asked for, as forms send it.

    Raises:
        UsageError: Something is none of what it may be.
    """

    def read(name: str, reader: Callable[[str, str], T]) -> T | None:
        text = query.get(name, "").strip()
        return reader(name, text) if text else None

    connection = query.get("connection", "").strip() or None
    if connection is not None and connection not in connections:
        raise UsageError("connection: there is none of that name", hint="choose one of those in the form")
    return AskedLists(
        named=read("named", _name),
        connection=connection,
        status=read("status", _status),
        expiring=read("expiring", _days),
        below=read("below", _number),
        sort=read("sort", lambda name, text: _word(StockSort, name, text)),
        page=max(1, read("page", _number) or 1),
    )


def _name(name: str, text: str) -> str:
    if len(text) > _LONGEST_NAME:
        raise UsageError(f"{name}: expected at most {_LONGEST_NAME} characters")
    return text


def _status(name: str, text: str) -> str:
    return ALL if text == ALL else _word(ListStatus, name, text).value


def _word(words: type[W], name: str, text: str) -> W:
    try:
        return words(text)
    except ValueError:
        raise UsageError(f"{name}: expected one of {', '.join(words)}") from None


def _days(name: str, text: str) -> int:
    days = _number(name, text)
    if days > _MOST_DAYS:
        raise UsageError(f"{name}: expected at most {_MOST_DAYS} days")
    return days


def _number(name: str, text: str) -> int:
    number = whole_number(text, digits=_LONGEST_NUMBER)
    if number is None:
        raise UsageError(f"{name}: expected a whole number from 0, of at most {_LONGEST_NUMBER} digits")
    return number
