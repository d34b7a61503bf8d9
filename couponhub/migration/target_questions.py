"""Asking the target whose codes are whose: customers about their coupons, and codes one by one, as far as the vendor answers."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from couponhub.clock import Clock, Deadline
from couponhub.codes.writing import csv_rows
from couponhub.errors import (
    CouponhubError,
    RateLimited,
    UnreadableReply,
    Unsupported,
    UsageError,
    VendorError,
    VendorUnavailable,
)
from couponhub.migration.asking import answers_to
from couponhub.migration.code_files import create, csv_batches
from couponhub.migration.expected import Named, customer_of
from couponhub.migration.holders import MOST_FAILURES
from couponhub.models import Coupon, CouponQuery, CouponStatus, CustomerCoupons, ListId
from couponhub.serialization import instant_text, read_instant
from couponhub.uploads.rate_limit_wait import RateLimitWait

if TYPE_CHECKING:
    from couponhub.connection import Connection

_AT_ONCE = 50
_ZONES = timedelta(hours=26)
"""Between the westernmost zone and the easternmost: so far a moment may be off whose zone is a guess."""


@attrs.frozen(kw_only=True)
class AnsweredCustomers:
    """The answers of the target about customers.

    Attributes:
        path: CSV of what they hold of the list: kind and text of the customer, code, status, issued at, whether that is a
            guess, ends at, whether that is one.
        rows: Of it.
        whole: Customers of whom everything is known; what they do not hold is not there.
        asked: How many were asked about.
        trouble: What ended the asking before everybody was asked about; None for nothing.
    """

    path: Path
    rows: int
    whole: frozenset[Named] = attrs.field(repr=False)
    asked: int
    trouble: CouponhubError | None


@attrs.frozen(kw_only=True)
class HeldCoupon:
    """A coupon that a customer of the target holds."""

    customer: Named = attrs.field(repr=False)
    code: str = attrs.field(repr=False)
    status: CouponStatus
    issued_at: datetime | None
    is_issue_guessed: bool
    expires_at: datetime | None
    is_end_guessed: bool

    def was_issued_before(self, moment: datetime) -> bool:
        """Return True when it was issued before a moment, wherever its zone is."""
        latest = self._issued(_ZONES)
        return latest is not None and latest < moment

    def may_be_issued_after(self, moment: datetime) -> bool:
        """Return True when it was issued after a moment, or its zone may have it so."""
        latest = self._issued(_ZONES)
        return latest is not None and latest >= moment

    def _issued(self, slack: timedelta) -> datetime | None:
        if self.issued_at is None or not self.is_issue_guessed:
            return self.issued_at
        return self.issued_at + slack

    def may_end_at(self, moment: datetime | None) -> bool:
        """Return True when it ends then, or its zone may have it so."""
        if self.expires_at is None or moment is None:
            return self.expires_at is moment
        apart = abs(self.expires_at - moment)
        return apart <= _ZONES if self.is_end_guessed else not apart


def ask_customers(
    connection: "Connection", list_id: str, customers: Iterable[Named], folder: Path, clock: Clock
) -> AnsweredCustomers:
    """Ask the target about customers, within its quota; who cannot be known is left out.

    Args:
        connection: The target's.
        list_id: Of the list.
        customers: Whom to ask about.
        folder: A private folder for the answers.
        clock: How the vendor's pauses pass.
    """
    path, query = folder / "held.csv", CouponQuery(list_id=ListId(list_id))
    wait = RateLimitWait(clock=clock, deadline=Deadline.after(None, clock))
    whole: set[Named] = set()
    rows = asked = failures = 0
    trouble: CouponhubError | None = None

    def ask(named: Named) -> CustomerCoupons:
        customer = customer_of(named)
        return wait.call(lambda left: connection.customers.coupons(customer, query, deadline=left))

    with create(path) as file:
        file.write(csv_rows([_COLUMNS]))
        for named, answer in answers_to(customers, ask):
            try:
                found = answer.result()
            except (UnreadableReply, UsageError):
                continue
            except VendorUnavailable as error:
                failures += 1
                if failures == MOST_FAILURES:
                    trouble = error
                    break
                continue
            except (RateLimited, Unsupported, VendorError) as error:
                trouble = error
                break
            failures = 0
            asked += 1
            rows += len(found.coupons)
            file.write(csv_rows([_row(named, coupon) for coupon in found.coupons]))
            if found.complete and found.covered and found.every_form:
                whole.add(named)
    return AnsweredCustomers(path=path, rows=rows, whole=frozenset(whole), asked=asked, trouble=trouble)


def held_coupons(answered: AnsweredCustomers) -> Iterator[HeldCoupon]:
    """Read back what customers hold."""
    for rows in csv_batches(answered.path):
        for kind, customer, code, status, issued_at, is_issue_guessed, expires_at, is_end_guessed in rows:
            yield HeldCoupon(
                customer=(kind, customer),
                code=code,
                status=CouponStatus(status),
                issued_at=read_instant(issued_at) if issued_at else None,
                is_issue_guessed=bool(is_issue_guessed),
                expires_at=read_instant(expires_at) if expires_at else None,
                is_end_guessed=bool(is_end_guessed),
            )


@attrs.frozen
class UsualEnds:
    """The end that coupons of a list have: of each day of issue the one that most have, else that of the list.

    A list may count the days of each coupon from its issue, which no vendor tells in its list.

    Attributes:
        of_list: The list's own end; None where it tells none.
    """

    of_list: datetime | None
    by_day: dict[str, datetime]

    @classmethod
    def of(cls, coupons: Iterable[HeldCoupon], of_list: datetime | None) -> "UsualEnds":
        """Find them in what customers hold."""
        counts: dict[str, Counter[datetime]] = {}
        for one in coupons:
            if one.expires_at is not None:
                counts.setdefault(_day(one), Counter())[one.expires_at] += 1
        usual: dict[str, datetime] = {}
        for day, ends in counts.items():
            end, count = ends.most_common(1)[0]
            if count > 1 and 2 * count > ends.total():
                usual[day] = end
        return cls(of_list, usual)

    def is_usual(self, coupon: HeldCoupon) -> bool:
        """Tell whether a coupon ends as it should."""
        return coupon.may_end_at(self.by_day.get(_day(coupon), self.of_list))

    @property
    def days_of_their_own(self) -> bool:
        """True when most coupons of some day end otherwise than their list does."""
        return any(end != self.of_list for end in self.by_day.values())


def ask_codes(
    connection: "Connection", codes: Iterable[str], clock: Clock
) -> Iterator[tuple[Sequence[str], Sequence[Coupon] | CouponhubError]]:
    """Ask the target about codes, some at a time, until it answers no more; each time with what came of it."""
    wait = RateLimitWait(clock=clock, deadline=Deadline.after(None, clock))
    waiting = iter(codes)
    while some := tuple(islice(waiting, _AT_ONCE)):
        try:
            yield some, wait.call(lambda _, some=some: connection.coupons.find(some))  # type: ignore[misc]  # bound now
        except (UsageError, Unsupported, VendorError) as error:
            yield some, error
            return


_COLUMNS = (
    "kind",
    "customer",
    "code",
    "status",
    "issued_at",
    "is_issue_guessed",
    "expires_at",
    "is_end_guessed",
)


def _row(named: Named, coupon: Coupon) -> Sequence[str]:
    return (
        *named,
        coupon.code,
        coupon.status.value,
        instant_text(coupon.issued_at) or "",
        "1" if "issued_at" in coupon.approximate else "",
        instant_text(coupon.expires_at) or "",
        "1" if "expires_at" in coupon.approximate else "",
    )


def _day(coupon: HeldCoupon) -> str:
    return "" if coupon.issued_at is None else coupon.issued_at.date().isoformat()
