"""The unified answer: what each connection knows of a customer, and what it cannot know."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

import attrs

from couponhub.errors import CouponhubError
from couponhub.models.base import Documented, Raw, about, raw_field
from couponhub.models.checked import Checked
from couponhub.models.coupons import Coupon, Source
from couponhub.models.customers import Customer


class Verdict(StrEnum):
    """FOUND holds coupons; NONE is proven absence; everything else is UNKNOWN."""

    FOUND = "found"
    NONE = "none"
    UNKNOWN = "unknown"


class Reason(StrEnum):
    """The reason for a verdict; a connection that found everything has none."""

    NO_COUPONS = "no_coupons"
    CUSTOMER_UNKNOWN = "customer_unknown"
    IDENTIFIER_AMBIGUOUS = "identifier_ambiguous"
    UNSUPPORTED = "unsupported"
    NOT_COVERED = "not_covered"
    RATE_LIMITED = "rate_limited"
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    UNREADABLE = "unreadable"
    CREDENTIALS = "credentials"
    INCOMPLETE = "incomplete"


class Strategy(StrEnum):
    """The way in which a lookup asks.

    MERGE asks all connections at once, FIRST_FOUND one after the other until one has found coupons. COMPARE asks all
    at once, two or more, and counts the differences between what they know.
    """

    MERGE = "merge"
    FIRST_FOUND = "first-found"
    COMPARE = "compare"


class DifferenceKind(StrEnum):
    """The standing of a code at two connections: at the reference, which was asked first, and at another one.

    SAME is at both, with the same status and the same end. STATUS is at both with another status; EXPIRY with the
    same status and another end. STATUS_UNKNOWN is at both, and one cannot tell its status; EXPIRY_UNKNOWN at both with
    the same status, and the ends may be the same, for the zone of one is a guess. MISSING is at the reference alone,
    EXTRA at the other alone, each proven. UNKNOWN is found at one, and what the other has cannot be known.
    """

    SAME = "same"
    STATUS = "status"
    EXPIRY = "expiry"
    STATUS_UNKNOWN = "status_unknown"
    EXPIRY_UNKNOWN = "expiry_unknown"
    MISSING = "missing"
    EXTRA = "extra"
    UNKNOWN = "unknown"


@attrs.frozen(kw_only=True)
class Difference(Checked, Documented):
    """The number of codes that stand so at two connections. SAME is counted too, so that all codes are."""

    reference: str = attrs.field(metadata=about("The connection that was asked first."))
    connection: str = attrs.field(metadata=about("The one that is compared with it."))
    kind: DifferenceKind
    count: int


@attrs.frozen(kw_only=True)
class Answer(Checked, Documented):
    """The answer of one connection."""

    connection: str
    verdict: Verdict
    reason: Reason | None = attrs.field(default=None, metadata=about("None when everything was found."))
    coupons: tuple[Coupon, ...] = attrs.field(
        default=(),
        metadata=about(
            "In the order that was asked for, newest first by default. Not empty only when the verdict is FOUND.",
            in_json=False,
        ),
    )
    source: Source = Source.LIVE
    as_of: datetime | None = attrs.field(default=None, metadata=about("The moment the answer speaks of."))
    elapsed_ms: int = attrs.field(
        default=0, metadata=about("How long after the question this answer was there.")
    )
    coverage: str | None = attrs.field(
        default=None, metadata=about("Which days a report-backed answer rests on; None for a live one.")
    )
    vendor_code: str | None = attrs.field(
        default=None, metadata=about("The vendor's own code for the answer.")
    )
    warnings: tuple[str, ...] = ()
    error: CouponhubError | None = attrs.field(
        default=None, eq=False, metadata=about("Why nothing may be concluded, when that is so.")
    )
    asked_as: tuple[str, ...] = attrs.field(
        default=(),
        metadata=about(
            "The forms of the identifier that were asked for, masked, in asking order; () when there is no answer."
        ),
    )
    identified_by: str | None = attrs.field(
        default=None,
        metadata=about(
            "The connection whose answer named the identifier that this one was asked by; None when it was asked by the one that was given."
        ),
    )
    first_name: str | None = attrs.field(
        default=None,
        repr=False,
        metadata=about(
            "The customer's, as the vendor gives it, masked where the vendor masks it. Personal data."
        ),
    )
    last_name: str | None = attrs.field(default=None, repr=False, metadata=about("The same."))
    raw: Raw = raw_field(
        "The vendor's whole answer; empty when it was remembered, or put together of several."
    )

    @property
    def whole(self) -> bool:
        """True when nothing this connection could say is missing."""
        return self.verdict is Verdict.NONE or (self.verdict is Verdict.FOUND and self.reason is None)


@attrs.frozen(kw_only=True)
class LookupAnswer(Checked, Documented):
    """The unified answer about one customer, a part for each connection that was asked, in asking order.

    With the strategy FIRST_FOUND, connections behind the first that has found coupons have no part in it, unless
    they had answered by then. What stands before it counts: one that could not tell makes the answer incomplete.
    """

    customer: Customer
    answers: tuple[Answer, ...]
    differences: tuple[Difference, ...] | None = attrs.field(
        default=None,
        metadata=about(
            "How many codes stand how, for each connection behind the first; only of the strategy `compare`."
        ),
    )

    @property
    def complete(self) -> bool:
        """True when every asked connection gave a whole answer."""
        return all(answer.whole for answer in self.answers)

    @property
    def coupons(self) -> tuple[Coupon, ...]:
        """All coupons found, connection by connection in asking order, in the order asked for in each."""
        return tuple(coupon for answer in self.answers for coupon in answer.coupons)

    @property
    def shared_codes(self) -> Mapping[str, tuple[str, ...]]:
        """The codes that several connections found, with those connections, in asking order.

        Codes are compared as they are spelled: whether "ab-1" is "AB-1" is for each vendor to say.
        """
        holders: dict[str, dict[str, None]] = {}
        for answer in self.answers:
            for coupon in answer.coupons:
                holders.setdefault(coupon.code, {})[answer.connection] = None
        return {code: tuple(names) for code, names in holders.items() if len(names) > 1}

    @property
    def by_connection(self) -> dict[str, Answer]:
        """The answers by the connection's name."""
        return {answer.connection: answer for answer in self.answers}
