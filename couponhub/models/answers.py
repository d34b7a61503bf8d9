"""The unified answer: what each connection knows of a customer, and what it cannot know."""

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

import attrs

from couponhub.models.base import instant_field
from couponhub.models.coupons import Coupon, Source
from couponhub.models.customers import Customer

if TYPE_CHECKING:
    from couponhub.errors import CouponhubError


class Verdict(StrEnum):
    """FOUND holds coupons; NONE is proven absence; everything else is UNKNOWN."""

    FOUND = "found"
    NONE = "none"
    UNKNOWN = "unknown"


class Reason(StrEnum):
    """Why a verdict is what it is; a connection that found everything has none."""

    NO_COUPONS = "no_coupons"
    CUSTOMER_UNKNOWN = "customer_unknown"
    UNSUPPORTED = "unsupported"
    NOT_COVERED = "not_covered"
    RATE_LIMITED = "rate_limited"
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    UNREADABLE = "unreadable"
    CREDENTIALS = "credentials"
    INCOMPLETE = "incomplete"


@attrs.frozen(kw_only=True)
class Answer:
    """What one connection answered.

    Attributes:
        coupons: Newest first. Not empty only when the verdict is FOUND.
        reason: None when everything was found.
        as_of: The moment the answer speaks of.
        elapsed_ms: How long this connection took.
        coverage: Which days a report-backed answer rests on; None for a live one.
        vendor_code: The vendor's own code for the answer.
        asked_as: The forms of the identifier that were asked for, masked.
        identified_by: The connection whose answer named the identifier that this one was asked by; None when it
            was asked by the one that was given.
        error: Why nothing may be concluded, when that is so.
    """

    connection: str
    verdict: Verdict
    reason: Reason | None = None
    coupons: tuple[Coupon, ...] = ()
    source: Source = Source.LIVE
    as_of: datetime | None = instant_field()
    elapsed_ms: int = 0
    coverage: str | None = None
    vendor_code: str | None = None
    warnings: tuple[str, ...] = ()
    asked_as: tuple[str, ...] = ()
    identified_by: str | None = None
    error: "CouponhubError | None" = attrs.field(default=None, eq=False)

    @property
    def whole(self) -> bool:
        """True when nothing this connection could say is missing."""
        return self.verdict is Verdict.NONE or (self.verdict is Verdict.FOUND and self.reason is None)


@attrs.frozen(kw_only=True)
class LookupAnswer:
    """The unified answer about one customer, a part for each connection that was asked, in asking order."""

    customer: Customer
    answers: tuple[Answer, ...]

    @property
    def complete(self) -> bool:
        """True when every asked connection gave a whole answer."""
        return all(answer.whole for answer in self.answers)

    @property
    def coupons(self) -> tuple[Coupon, ...]:
        """All coupons found, connection by connection, newest first in each."""
        return tuple(coupon for answer in self.answers for coupon in answer.coupons)

    @property
    def by_connection(self) -> dict[str, Answer]:
        """The answers by the connection's name."""
        return {answer.connection: answer for answer in self.answers}
