"""Long lists, a page of them at a time."""

from collections.abc import Mapping, Sequence
from typing import Generic, TypeVar

import attrs

T = TypeVar("T")

_AT_ONCE = 25


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


def page_of(items: Sequence[T], query: Mapping[str, str], *, at_once: int = _AT_ONCE) -> PageOf[T]:
    """Return the page that is asked for by `page`, or the nearest one that there is; the first by default."""
    text = query.get("page", "1")
    wanted = int(text) if text.isascii() and text.isdigit() and len(text) < len("1000000") else 1
    return nearest_page(items, wanted, at_once=at_once)


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
