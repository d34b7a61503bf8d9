"""Asking a vendor about codes, a bounded number of them; an answer proves that a list has a code, silence proves nothing."""

from collections.abc import Iterable, Sequence
from itertools import islice

import attrs

from couponhub.errors import UsageError, VendorError
from couponhub.models import Coupon, ListId
from couponhub.protocols import FindsCoupons
from couponhub.state import comparable

NOT_SHOWN, HERE, ELSEWHERE = 0, 1, 2
"""The answer about a code: the vendor does not show it, shows it in the list, or shows it and not in the list."""
_AT_ONCE = 50


@attrs.define
class CodeProbe:
    """Asks about the first codes that it is given, at most `most` of them, until the vendor answers no more.

    Attributes:
        finder: Whom to ask; None to ask nobody.
        ignores_case: As of `comparable`; so `ignores_blanks`.
        answers: One byte for each code that was asked about, in their order.
        trouble: What ended it before all were asked about; None for nothing.
    """

    finder: FindsCoupons | None
    list_id: ListId
    most: int
    ignores_case: bool
    ignores_blanks: bool
    answers: bytearray = attrs.field(factory=bytearray)
    trouble: UsageError | VendorError | None = None

    def run(self, codes: Iterable[str]) -> None:
        """Ask about codes, some at a time; what the vendor's quota does not allow is left."""
        if self.finder is None:
            return
        wanted = islice(codes, self.most)
        while batch := list(islice(wanted, _AT_ONCE)):
            try:
                found = self.finder.coupons_by_code(batch)
            except (UsageError, VendorError) as error:
                self.trouble = error
                return
            self.answers += self._told(batch, found)

    def _told(self, codes: Sequence[str], found: Sequence[Coupon]) -> bytes:
        answers: dict[str, int] = {}
        for coupon, key in zip(found, self._keys([coupon.code for coupon in found]), strict=True):
            if answers.get(key) != HERE:
                answers[key] = HERE if coupon.list_id == self.list_id else ELSEWHERE
        return bytes(answers.get(key, NOT_SHOWN) for key in self._keys(codes))

    def _keys(self, codes: Sequence[str]) -> Sequence[str]:
        return comparable(codes, ignores_case=self.ignores_case, ignores_blanks=self.ignores_blanks)
