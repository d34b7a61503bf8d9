"""A lookup's answer as the page shows it: a sentence first, then cards, the usable ones before all others."""

import hashlib
import hmac
from datetime import datetime
from typing import Self

import attrs

from couponhub.clock import utc_now
from couponhub.models import Answer, Coupon, CouponStatus, LookupAnswer, Source
from couponhub.server.discretion import discreet
from couponhub.server.masking import masked

_GROUPS: tuple[tuple[str, frozenset[CouponStatus]], ...] = (
    ("usable", frozenset({CouponStatus.ACTIVE})),
    ("used", frozenset({CouponStatus.REDEEMED})),
    ("ended", frozenset({CouponStatus.EXPIRED, CouponStatus.REVOKED})),
    ("unknown", frozenset({CouponStatus.UNKNOWN})),
)
_A_PAGE = 50
"""Cards of a group that are shown at first: one customer may hold 50,000."""


@attrs.frozen(kw_only=True)
class Card:
    """One coupon, without its code.

    Attributes:
        coupon: The coupon.
        masked: So much of its code as anybody may see.
        reference: Names the coupon to `AnswerView.coupon_of`; nobody without the key gets a code from it.
        days_left: Whole days until its end; None without an end, or when it is over.
    """

    coupon: Coupon
    masked: str
    reference: str
    days_left: int | None


@attrs.frozen(kw_only=True)
class Group:
    """The coupons that stand alike.

    Attributes:
        name: The word for it: usable, used, ended, unknown.
        cards: Those that are shown.
        rest: How many more there are.
    """

    name: str
    cards: tuple[Card, ...]
    rest: int

    @property
    def count(self) -> int:
        """All of them."""
        return len(self.cards) + self.rest


@attrs.frozen(kw_only=True)
class Silence:
    """A connection that could not tell all.

    Attributes:
        why: The word for the reason.
        error: What went wrong, for people; None where nothing did.
        again_in: Seconds after which it is worth asking again; None where nobody can tell.
    """

    connection: str
    why: str
    error: str | None
    again_in: int | None


@attrs.frozen(kw_only=True)
class AnswerView:
    """An answer as it is shown."""

    answer: LookupAnswer
    groups: tuple[Group, ...]
    silences: tuple[Silence, ...]
    as_of: datetime
    _key: bytes = attrs.field(repr=False)

    @classmethod
    def of(cls, answer: LookupAnswer, *, key: bytes, now: datetime | None = None) -> Self:
        """Return what is shown of an answer.

        Args:
            answer: The answer.
            key: For the references of its coupons.
            now: The time.
        """
        now = now or utc_now()
        groups = []
        for name, standing in _GROUPS:
            found = [coupon for coupon in answer.coupons if coupon.status in standing]
            if found:
                cards = tuple(_card(coupon, key, now) for coupon in found[:_A_PAGE])
                groups.append(Group(name=name, cards=cards, rest=len(found) - len(cards)))
        return cls(
            answer=answer,
            groups=tuple(groups),
            silences=tuple(_silence(one) for one in answer.answers if not one.whole),
            as_of=now,
            key=key,
        )

    @property
    def sentence(self) -> str:
        """The key of the sentence that stands first."""
        if self.answer.complete:
            return "answer.complete_with" if self.answer.coupons else "answer.complete_without"
        return "answer.incomplete_with" if self.answer.coupons else "answer.incomplete_without"

    def is_remembered(self, one: Answer) -> bool:
        """Tell whether an answer was remembered rather than asked for."""
        return one.source is not Source.LIVE

    def coupon_of(self, reference: str) -> Coupon | None:
        """Return the coupon of a reference; None when the customer does not hold it any more."""
        given = reference.encode("utf-8", "replace")
        found = (
            one
            for one in self.answer.coupons
            if hmac.compare_digest(_reference(one, self._key).encode(), given)
        )
        return next(found, None)


def _card(coupon: Coupon, key: bytes, now: datetime) -> Card:
    left = None if coupon.expires_at is None or coupon.expires_at < now else (coupon.expires_at - now).days
    return Card(coupon=coupon, masked=masked(coupon.code), reference=_reference(coupon, key), days_left=left)


def _reference(coupon: Coupon, key: bytes) -> str:
    text = "\0".join((coupon.connection, coupon.list_id or "", coupon.id or "", coupon.code))
    return hmac.new(key, f"coupon:{text}".encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:32]


def _silence(one: Answer) -> Silence:
    seconds = None if one.error is None else one.error.retry_after
    return Silence(
        connection=one.connection,
        why="none" if one.reason is None else one.reason.value,
        error=None if one.error is None else discreet(one.error).message,
        again_in=None if seconds is None else max(1, round(seconds)),
    )
