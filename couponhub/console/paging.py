"""Long lists, a page of them at a time."""

from collections.abc import Callable, Mapping, Sequence
from typing import Generic, TypeVar

import attrs

from couponhub.console.whole_numbers import whole_number

T = TypeVar("T")

AT_ONCE = 25
"""Items of a page where nothing else is said."""


@attrs.frozen(kw_only=True)
class PageOf(Generic[T]):
    """A page of a longer list.

    Attributes:
        items: What stands on it.
        number: Its number, from 1.
        count: How many pages there are, at least 1.
        total: How many items there are in all.
    """

    items: Sequence[T]
    number: int
    count: int
    total: int


def page_of(items: Sequence[T], query: Mapping[str, str], *, at_once: int = AT_ONCE) -> PageOf[T]:
    """Return the page that is asked for by `page`, or the nearest one that there is; the first by default."""
    return nearest_page(items, wanted_page(query), at_once=at_once)


def wanted_page(query: Mapping[str, str]) -> int:
    """Return the number of the page that is asked for by `page`, from 1: whether there is one or not; 1 by default."""
    text = query.get("page", "1")
    return whole_number(text, digits=6) or 1


def read_page(
    read: Callable[[int], tuple[Sequence[T], int]], wanted: int, *, at_once: int = AT_ONCE
) -> PageOf[T]:
    """Return the page of that number, or the last one, of a list too long to be read as a whole.

    Args:
        read: Returns the items of a page by its number, and how many there are in all.
        wanted: The number, from 1.
        at_once: Items of a page.
    """
    items, total = read(wanted)
    count = max(1, -(-total // at_once))
    if wanted > count:
        wanted = count
        items, total = read(wanted)
    return PageOf(items=items, number=wanted, count=count, total=total)


def nearest_page(items: Sequence[T], wanted: int, *, at_once: int) -> PageOf[T]:
    """Return the page of that number, or the nearest one that there is."""
    count = max(1, -(-len(items) // at_once))
    number = min(max(wanted, 1), count)
    return PageOf(
        items=items[(number - 1) * at_once : number * at_once],
        number=number,
        count=count,
        total=len(items),
    )
