"""A coupon as a card of a page: so much of it as anybody may see who may look customers up."""

import hashlib
from datetime import datetime

import attrs

from couponhub.models import Coupon, Redemption
from couponhub.server.masking import masked

_USES = 3
"""Uses of a coupon that its card tells one by one."""


@attrs.frozen(kw_only=True)
class CardUse:
    """One use of a coupon.

    Attributes:
        place: The shop's name or code; "" where nobody tells.
    """

    at: datetime | None
    place: str


@attrs.frozen(kw_only=True)
class Card:
    """One coupon, without its code.

    Attributes:
        title: Its list's name, or what else it is known by; "" where nobody tells.
        masked: So much of its code as anybody may see.
        reference: Names the coupon to `coupon_of`; nobody without the key gets a code from it.
        worth: Its kind and its value; None where nobody tells.
        is_about: True when the zone of its end is a guess.
        uses: The first few.
        more_uses: How many there are beside those.
    """

    connection: str
    title: str
    masked: str
    reference: str
    worth: tuple[str, str] | None
    issued_at: datetime | None
    expires_at: datetime | None
    is_about: bool
    uses: tuple[CardUse, ...]
    more_uses: int
    source: str
    as_of: datetime | None

    def days_left(self, now: datetime) -> int | None:
        """Return how many whole days are left; None without an end, or when it is over."""
        if self.expires_at is None or self.expires_at < now:
            return None
        return (self.expires_at - now).days


def card_of(coupon: Coupon, key: bytes) -> Card:
    """Return a coupon's card.

    Args:
        coupon: The coupon.
        key: For its reference.
    """
    uses = coupon.redemptions or ()
    return Card(
        connection=coupon.connection,
        title=coupon.list_name or coupon.list_id or "",
        masked=masked(coupon.code),
        reference=reference_of(coupon, key),
        worth=None if coupon.discount is None else (coupon.discount.type, str(coupon.discount.value)),
        issued_at=coupon.issued_at,
        expires_at=coupon.expires_at,
        is_about="expires_at" in coupon.approximate,
        uses=tuple(CardUse(at=one.at, place=_place(one)) for one in uses[:_USES]),
        more_uses=max(0, len(uses) - _USES),
        source=coupon.source.value,
        as_of=coupon.as_of,
    )


def reference_of(coupon: Coupon, key: bytes) -> str:
    """Return the name of a coupon from which nobody without the key gets its code."""
    text = "\0".join((coupon.connection, coupon.list_id or "", coupon.id or "", coupon.code))
    content = text.encode("utf-8", "surrogatepass")
    return hashlib.blake2b(content, key=key[:64], digest_size=16, person=b"coupon").hexdigest()


def _place(use: Redemption) -> str:
    return "" if use.store is None else use.store.name or use.store.code or ""
