"""One organisation at the vendor: customers, series, every code, and the moves a coupon can make."""

import itertools
import random
import string
import threading
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import attrs

from couponhub.testing.emulation.context import EmulatedClock
from couponhub_capillary.emulator.coupons.expiry import coupon_end
from couponhub_capillary.emulator.customers.directory import Customers
from couponhub_capillary.emulator.options import Options
from couponhub_capillary.emulator.records import Coupon, Customer, Redemption, Series, Store

ORGANISATION_ID = 100737
TILL = "till.01"
TILL_USER_ID = 75154383
_NOT_KEPT = 0


class NotPossibleError(Exception):
    """A move that the state does not allow; the text says which, and names no code."""


class Organisation:
    """The whole state. Hold `lock` around every read and write; nothing here takes it.

    Attributes:
        series: By id, oldest first.
        codes: Every code that is taken, upper case, with the coupon that it is, or the series whose
            pool or common code it is. A revoked code is not taken (C-37).
        revoked_codes: Every code that was ever revoked, upper case.
        redeemed: The coupon of each redemption that was not taken back, by the redemption's id.
    """

    def __init__(self, clock: EmulatedClock) -> None:
        self.clock = clock
        self.lock = threading.RLock()
        self.options = Options()
        self.customers = Customers()
        self.series: dict[int, Series] = {}
        self.codes: dict[str, Coupon | Series] = {}
        self.revoked_codes: set[str] = set()
        self.redeemed: dict[int, Coupon] = {}
        self._series_ids = itertools.count(900_001)
        self._coupon_ids = itertools.count(1_312_000_001)
        self._redemption_ids = itertools.count(18_527_001)
        self._random = random.Random()  # noqa: S311 - emulated codes guard nothing

    def add_series(self, terms: dict[str, Any], last_day: Any, at: datetime) -> Series:
        """Keep a new series whose terms are complete."""
        series = Series(
            id=next(self._series_ids), terms=terms, last_day=last_day, created_on=at, last_used=at
        )
        self.series[series.id] = series
        if terms.get("genericCode"):
            self.codes[terms["genericCode"].upper()] = series
        return series

    def pool(self, series: Series, code: str) -> None:
        """Put an upper-case code that is not taken into the pool."""
        series.pool[code] = None
        series.uploaded += 1
        self.codes[code] = series

    def issue_uploaded(
        self, series: Series, customer: Customer | None, code: str, at: datetime, valid_till: datetime
    ) -> Coupon:
        """Issue an upper-case code that is not taken and came with an upload."""
        series.uploaded += 1
        return self._issue(series, customer, code, at, valid_till=valid_till)

    def issue(
        self,
        series: Series,
        customer: Customer,
        at: datetime,
        *,
        code: str | None = None,
        store: Store | None = None,
        till: str = "",
    ) -> Coupon:
        """Issue one code to a customer: the given one, the next of the pool, the common or a new one.

        Raises:
            NotPossibleError: The pool is empty, the code is not free here, or codes of this kind are not issued.
        """
        if series.kind == "GENERIC":
            common = str(series.terms["genericCode"]).upper()
            if code is not None and code.upper() != common:
                raise NotPossibleError("a series with a common code issues that one only")
            if any(coupon.series is series and not coupon.revoked for coupon in customer.coupons):
                raise NotPossibleError("the customer holds the common code already")
            return self._issue(series, customer, common, at, store=store, till=till)
        if series.kind == "GENERIC_REDEEMABLE":
            raise NotPossibleError("the codes of this series are redeemed without an issue")
        if code is not None:
            code = code.upper()
            if self.codes.get(code, series) is not series:
                raise NotPossibleError("a code is taken already")
            if series.kind == "DISC_CODE_PIN" and code not in series.pool:
                self.pool(series, code)
        elif series.kind == "DISC_CODE_PIN":
            if not series.pool:
                raise NotPossibleError("no uploaded code is left in this series")
            code = next(iter(series.pool))
        else:
            code = self._new_code(series)
        series.pool.pop(code, None)
        return self._issue(series, customer, code, at, store=store, till=till)

    def common_coupon(self, series: Series, customer: Customer, at: datetime) -> Coupon:
        """The common code as a coupon of somebody who was not issued it; it is kept once it is redeemed."""
        return Coupon(
            id=_NOT_KEPT,
            code=str(series.terms["genericCode"]).upper(),
            series=series,
            customer=customer,
            issued_at=at,
            valid_till=coupon_end(series, at, self.options.server_zone),
        )

    def redeem(
        self,
        coupon: Coupon,
        *,
        at: datetime,
        transaction_number: str = "",
        store: Store,
        by: Customer | None = None,
    ) -> Redemption:
        """Record one use of a coupon, by its holder where nobody else is named.

        Raises:
            NotPossibleError: The coupon was revoked.
        """
        if coupon.revoked:
            raise NotPossibleError("the coupon was revoked")
        if coupon.id == _NOT_KEPT:
            coupon.id = next(self._coupon_ids)
            self._keep(coupon)
        user = by or coupon.customer
        redemption = Redemption(
            id=next(self._redemption_ids),
            at=at,
            transaction_number=transaction_number,
            store=store,
            customer_id=user.id if user is not None else None,
        )
        coupon.redemptions = (*coupon.redemptions, redemption)
        self.redeemed[redemption.id] = coupon
        series = coupon.series
        series.redeemed += 1
        series.latest_redemption = series.last_used = at
        return redemption

    def number_transaction(self, redemption_id: int, transaction_number: str) -> None:
        """Give a redemption that was not taken back another transaction number."""
        coupon = self.redeemed[redemption_id]
        coupon.redemptions = tuple(
            attrs.evolve(each, transaction_number=transaction_number) if each.id == redemption_id else each
            for each in coupon.redemptions
        )

    def reactivate(self, coupon: Coupon, at: datetime, *, redemption_id: int | None = None) -> None:
        """Take a redemption of a coupon back, the last one unless told otherwise.

        Raises:
            NotPossibleError: There is none.
        """
        meant = [each for each in coupon.redemptions if redemption_id in {None, each.id}]
        if not meant:
            raise NotPossibleError("the coupon was not redeemed")
        taken_back = meant[-1]
        coupon.redemptions = tuple(each for each in coupon.redemptions if each is not taken_back)
        coupon.reversals = (*coupon.reversals, attrs.evolve(taken_back, reversed_on=at))
        del self.redeemed[taken_back.id]
        coupon.series.redeemed -= 1

    def revoke(self, coupon: Coupon) -> None:
        """Take an unredeemed coupon from its customer; its code is free again (C-37)."""
        if coupon.revoked or coupon.redemptions:
            raise NotPossibleError("only a coupon that was neither redeemed nor revoked can be revoked")
        coupon.revoked = True
        self.revoked_codes.add(coupon.code)
        if self.codes.get(coupon.code) is coupon:
            del self.codes[coupon.code]

    def coupons_of(self, series: Series, code: str) -> Iterable[Coupon]:
        """The coupons of a series that carry this code, in any case; several where the code is common."""
        code = code.upper()
        owner = self.codes.get(code)
        if isinstance(owner, Coupon):
            return (owner,) if owner.series is series else ()
        return (coupon for coupon in series.coupons if coupon.code == code)

    def _issue(
        self,
        series: Series,
        customer: Customer | None,
        code: str,
        at: datetime,
        *,
        valid_till: datetime | None = None,
        store: Store | None = None,
        till: str = "",
    ) -> Coupon:
        coupon = Coupon(
            id=next(self._coupon_ids),
            code=code,
            series=series,
            customer=customer,
            issued_at=at,
            valid_till=valid_till or coupon_end(series, at, self.options.server_zone),
            store=store,
            till=till,
        )
        self._keep(coupon)
        series.issued += 1
        series.latest_issue = series.last_used = at
        if series.kind != "GENERIC":
            self.codes[code] = coupon
        return coupon

    @staticmethod
    def _keep(coupon: Coupon) -> None:
        coupon.series.coupons.append(coupon)
        if coupon.customer is not None:
            coupon.customer.coupons.append(coupon)

    def _new_code(self, series: Series) -> str:
        terms = series.terms
        alphabet = string.ascii_uppercase + string.digits if terms["alphaNumeric"] else string.digits
        prefix = terms.get("couponPrefix") or "" if terms.get("isPrefixEnabled") else ""
        suffix = terms.get("couponSuffix") or "" if terms.get("isSuffixEnabled") else ""
        length = terms["randomCodeLength"] or 10
        for attempt in itertools.count():
            # A short code can run out: after many collisions it grows rather than loops for ever.
            middle = "".join(self._random.choices(alphabet, k=length + attempt // 100))
            code = f"{prefix}{middle}{suffix}".upper()
            if code not in self.codes:
                return code
        raise AssertionError("unreachable")
