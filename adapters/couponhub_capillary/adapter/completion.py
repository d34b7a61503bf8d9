"""Getting all coupons of a customer where one answer of v1.1 may not hold them.

v1.1 has no documented paging, and may cap its limit in silence (C-14, C-15). v2's list can be paged and tells
its true total, but an organisation need not have it (C-7). Without it, the time is split into days, until every
answer is shorter than one that is known to have fitted.
"""

from collections.abc import Sequence

from couponhub.errors import NotFound, RateLimited, VendorError
from couponhub.transport import without_trace
from couponhub_capillary.adapter.collected import CollectedCoupons, numbers_of
from couponhub_capillary.adapter.days import WholeDays
from couponhub_capillary.adapter.question import CustomerQuestion
from couponhub_capillary.adapter.splitting import Slice, split_until_whole
from couponhub_capillary.mapping.coupons import coupon_from
from couponhub_capillary.mapping.coupons_v2 import coupon_from_v2
from couponhub_capillary.wire.customer_coupons import ASKED_AT_MOST, CustomerAnswer, Narrowing
from couponhub_capillary.wire.customer_coupons_v2 import SortOrder
from couponhub_capillary.wire.values import word

_CUT = "the answer may be cut: exactly {count} coupons came"
_BROKEN_OFF = "coupons are missing: reading on failed ({kind})"
_SERIES_SPLIT = (
    "a day holds more coupons than one answer, and was asked about by series: "
    "coupons of a series that was not seen may be missing"
)


class Completion:
    """Adds to the holdings what the first answer may not hold.

    Args:
        question: Whom it is about.
        narrowing: What the first answer was asked for.
        first: That answer, its rows already held.
        held: What is known so far; it keeps all that was found when something fails on the way.

    Attributes:
        warnings: What people should know about how it went.
        failure: What v2, or whatever broke it off, failed with: it need not be asked again; None for nothing.
    """

    def __init__(
        self, question: CustomerQuestion, narrowing: Narrowing, first: CustomerAnswer, held: CollectedCoupons
    ) -> None:
        self._question = question
        self._narrowing = narrowing
        self._first = first
        self._held = held
        self._first_coupons = held.coupons()
        self._pages_read = 0
        self.warnings: list[str] = []
        self.failure: VendorError | None = None

    def succeeds(self) -> bool:
        """Try, and tell whether the holdings are now known to be whole; no error of the vendor's leaves it."""
        try:
            if self._can_be_paged() and self._by_pages():
                return True
        except RateLimited as error:
            return self._broke_off(error)
        except VendorError as error:
            self.failure = without_trace(error)
            if self._pages_read:
                return self._broke_off(error)
            if isinstance(error, NotFound):
                # Which key was sent matters: v2's is printed in three spellings (C-55).
                self.warnings.append(f"v2 does not know the customer by {self._question.identifier}")
        try:
            if self._by_days():
                return True
        except VendorError as error:
            return self._broke_off(error)
        self.warnings.append(_CUT.format(count=len(self._first.rows)))
        return False

    def _broke_off(self, error: VendorError) -> bool:
        self.failure = without_trace(error)
        self.warnings.append(_BROKEN_OFF.format(kind=error.kind))
        return False

    def _can_be_paged(self) -> bool:
        # Which coupons are redeemable at a store only v1.1 can select (C-19).
        return self._narrowing.store_id is None

    def _by_pages(self) -> bool:
        """Compare with v2's total, and read all of v2's list where that is larger.

        Where v2 counts fewer coupons than came, it does not see all of them, and proves nothing.
        """
        count = len(self._first.rows)
        if count < ASKED_AT_MOST:
            total = self._question.page(0, limit=1).total
            if total is not None and total <= count:
                return total == count
        # Should coupons have shifted between pages, they shift the other way in the other order.
        seen: set[str] = set()
        return any(self._walk(order, seen) for order in SortOrder)

    def _walk(self, order: SortOrder, seen: set[str]) -> bool:
        """Read v2's list to its end; whether as many coupons came, in all walks, as it has, and all that v1.1 gave.

        Args:
            order: In which it is read.
            seen: The numbers that came.
        """
        offset = numberless = 0
        total: int | None = None
        has_shrunk = False
        while True:
            page = self._question.page(offset, order=order)
            self._pages_read += 1
            if page.total is not None:
                has_shrunk = has_shrunk or (total is not None and page.total < total)
                total = page.total
            before = len(seen) + numberless
            for row in page.rows:
                number = word(row.get("id")) if isinstance(row, dict) else None
                if number is None:
                    numberless += 1
                else:
                    seen.add(number)
            self._held.further(page.rows, coupon_from_v2, self._question.patience)
            offset += len(page.rows)
            if not page.rows or (total is not None and offset >= total):
                enough = len(seen) + numberless >= max(total or 0, len(self._first.rows))
                return enough and not has_shrunk and self._first_numbers() <= seen
            if len(seen) + numberless == before and order is SortOrder.OLDEST_FIRST:
                return False  # the offset is not heeded

    def _first_numbers(self) -> set[str]:
        return {coupon.id for coupon in self._first_coupons if coupon.id is not None}

    def _by_days(self) -> bool:
        """Split the time until no answer can be cut."""
        missing = numbers_of(self._first_coupons)

        def fetch(days: WholeDays) -> Slice:
            nonlocal missing
            answer = self._question.ask(days.narrowed(self._narrowing))
            came, news = self._held.further(answer.rows, coupon_from, self._question.patience)
            missing -= numbers_of(came)
            return Slice(days=days, rows=len(answer.rows), coupons=came, news=news, known=answer.known)

        first = Slice(
            days=WholeDays.of(self._narrowing), rows=len(self._first.rows), coupons=self._first_coupons
        )
        split = split_until_whole(first, fetch)
        if split.single and self._narrowing.list_id is None:
            self._by_series(split.single)
        return split.heeded and not split.single and not missing

    def _by_series(self, days: Sequence[WholeDays]) -> None:
        """Split days by the series that were seen; never proof that there is no other series in them."""
        self.warnings.append(_SERIES_SPLIT)
        series = {coupon.list_id: None for coupon in self._held.coupons() if coupon.list_id is not None}
        for day in days:
            for list_id in series:
                answer = self._question.ask(day.narrowed(self._narrowing, list_id=list_id))
                self._held.further(answer.rows, coupon_from, self._question.patience)
