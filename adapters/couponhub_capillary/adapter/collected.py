"""The coupons of one customer, gathered from one or several answers."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from couponhub.clock import Deadline
from couponhub.models import Coupon
from couponhub_capillary.mapping.context import MappingContext

Mapper = Callable[[object, MappingContext], Coupon | None]
Number = tuple[str, str]
"""The vendor's number of a coupon, and its code in one case."""

_ROWS_AT_ONCE = 500
"""That are read without a look at the clock: some milliseconds."""


def number_of(coupon: Coupon) -> Number | None:
    """Return the number that tells a coupon of a customer from the others; None when it has none.

    The number alone does not: where Capillary has none it prints 0 or -1 (C-58), the same for all.
    """
    return None if coupon.id is None else (coupon.id, coupon.code.casefold())


def numbers_of(coupons: Iterable[Coupon]) -> set[Number]:
    """Those of all that have one."""
    return {number for coupon in coupons if (number := number_of(coupon)) is not None}


def timely(rows: Sequence[object], patience: Deadline | None) -> Iterator[object]:
    """The rows, as long as there is time: a vendor may send more than can be read in it.

    Raises:
        VendorUnavailable: It is over.
    """
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        if patience is not None:
            patience.check()
        yield from rows[start : start + _ROWS_AT_ONCE]


class CollectedCoupons:
    """The coupons that have been found so far, each of the vendor's once.

    Coupons without a number cannot be told apart: those of the first answer all stay, further answers can only
    repeat them.

    Args:
        reading: How rows are read.
    """

    def __init__(self, reading: MappingContext) -> None:
        self.reading = reading
        self._numbered: dict[Number, Coupon] = {}
        self._numberless: list[Coupon] = []
        self._is_gathered = False

    def first(self, rows: Sequence[object], mapper: Mapper, patience: Deadline | None) -> None:
        """Add the rows of the first answer; raises as `timely` does."""
        reading, numbered = self.reading, self._numbered
        for row in timely(rows, patience):
            coupon = mapper(row, reading)
            if coupon is None:
                continue
            number = number_of(coupon)
            if number is None:
                self._numberless.append(coupon)
            else:
                numbered[number] = coupon

    def further(
        self, rows: Sequence[object], mapper: Mapper, patience: Deadline | None
    ) -> tuple[list[Coupon], int]:
        """Add the rows of another answer, the newer description winning; them, and how many were new.

        Raises as `timely` does, before anything is added.
        """
        self._is_gathered = True
        codes = {coupon.code for coupon in self._numberless}
        before = len(self)
        came = [coupon for row in timely(rows, patience) if (coupon := mapper(row, self.reading)) is not None]
        for coupon in came:
            if (number := number_of(coupon)) is not None:
                self._numbered[number] = coupon
            elif coupon.code not in codes:
                codes.add(coupon.code)
                self._numberless.append(coupon)
        return came, len(self) - before

    def coupons(self) -> list[Coupon]:
        """All of them, in no order."""
        if not self._numberless:
            return list(self._numbered.values())
        codes = {coupon.code for coupon in self._numbered.values()} if self._is_gathered else set()
        return [
            *self._numbered.values(),
            *(coupon for coupon in self._numberless if coupon.code not in codes),
        ]

    def __len__(self) -> int:
        return len(self._numbered) + len(self._numberless)
