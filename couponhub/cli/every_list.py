"""The lists of several connections together: one that cannot be asked hides none of the others."""

from collections import Counter
from collections.abc import Iterable, Iterator

from couponhub.cli.failures import say, tell
from couponhub.errors import CouponhubError
from couponhub.hub import CouponHub
from couponhub.models import CouponList, ListStatus
from couponhub.models.list_selection import ListSelection, ListSort, lists_in_order


def tell_untold(lists: Iterable[CouponList], *, expiring: bool, below: bool) -> None:
    """Say of which lists it is not known whether they are meant, for they are not shown."""
    counts = Counter(one.connection for one in lists)
    named = ", ".join(f"{count} of {name}" for name, count in counts.items())
    what = " or ".join([*["when they end"] * expiring, *["how many codes are left"] * below])
    say(f"left out, for the vendor does not tell {what}: {named}")


def lists_of(hub: CouponHub, connections: Iterable[str], status: ListStatus | None) -> Iterator[CouponList]:
    """Give the lists of one connection after the other; what cannot be read is told, or raised, when all were asked."""
    errors: list[CouponhubError] = []
    for name in connections:
        try:
            yield from hub[name].lists.iterate(status)
        except CouponhubError as error:
            errors.append(error)
    for further in errors[1:]:
        tell(further)
    if errors:
        raise errors[0]


def kept_of(
    lists: Iterator[CouponList], selection: ListSelection, untold: list[CouponList]
) -> Iterator[CouponList]:
    """Give the lists that are meant, and note those that do not tell."""
    for one in lists:
        kept = selection.keeps(one)
        if kept:
            yield one
        elif kept is None:
            untold.append(one)


def sorted_lists(lists: Iterator[CouponList], sort: ListSort) -> Iterator[CouponList]:
    """Give all that can be read, in order, then raise what ended it."""
    seen: list[CouponList] = []
    failure: CouponhubError | None = None
    try:
        seen.extend(lists)
    except CouponhubError as error:
        failure = error
    yield from lists_in_order(seen, sort)
    if failure is not None:
        raise failure
