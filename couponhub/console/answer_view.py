"""A lookup's answer as the page shows it: a sentence first, then cards, the usable ones before all others."""

import hashlib
import hmac
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

import attrs

from couponhub.clock import utc_now
from couponhub.console.coupon_card import Card, card_of, reference_of
from couponhub.models import Answer, Coupon, CouponStatus, LookupAnswer, Reason, Source, Verdict
from couponhub.models.base import NOTHING_RAW
from couponhub.server.discretion import discreet

GROUPS: tuple[tuple[str, frozenset[CouponStatus]], ...] = (
    ("usable", frozenset({CouponStatus.ACTIVE})),
    ("used", frozenset({CouponStatus.REDEEMED})),
    ("ended", frozenset({CouponStatus.EXPIRED, CouponStatus.REVOKED})),
    ("unknown", frozenset({CouponStatus.UNKNOWN})),
)
AT_ONCE = 50
"""Cards of a group that stand on one page: one customer may hold 50,000."""
_PASSES = frozenset({Reason.RATE_LIMITED, Reason.UNREACHABLE, Reason.TIMEOUT})
_PAUSES = (5, 10, 20, 40, 60)
"""Seconds before a page asks again by itself, one after the other; then somebody has to want it."""
_FORM = re.compile(r"(.+) \((\d+) (digits|characters)\)")


@attrs.frozen(kw_only=True)
class CardGroup:
    """A page of the coupons that stand alike.

    Attributes:
        name: The word for it: usable, used, ended, unknown.
        cards: Those that are shown.
        count: How many there are in all.
        page: Its number, from 1.
        pages: How many pages there are.
    """

    name: str
    cards: Sequence[Card]
    count: int
    page: int
    pages: int


@attrs.frozen(kw_only=True)
class Silence:
    """A connection that could not tell all.

    Attributes:
        why: The word for the reason.
        error: What went wrong, for people; None where nothing did.
        again_in: Seconds after which it is worth asking again; None where nobody can tell.
        passes: True when asking again may help.
    """

    connection: str
    why: str
    error: str | None
    again_in: int | None
    passes: bool


@attrs.frozen(kw_only=True)
class AskedForm:
    """A form of the identifier that was asked for: masked, and its length; no unit where it is told otherwise."""

    masked: str
    length: int = 0
    unit: str = ""


@attrs.frozen(kw_only=True)
class AnswerView:
    """An answer as it is shown: nothing of it names the customer or a whole code.

    Attributes:
        complete: As of the answer.
        count: Of coupons.
        answers: Those of each connection, without coupons, names, and what the vendor sent.
        silences: The connections that could not tell all.
        as_of: When it was given.
        digest: Another one tells that something is to be shown anew.
        all_cards: The cards of each group by its name, in order; no group is empty.
    """

    complete: bool
    count: int
    answers: tuple[Answer, ...]
    silences: tuple[Silence, ...]
    as_of: datetime
    digest: str
    all_cards: dict[str, Sequence[Card]] = attrs.field(repr=False)

    @property
    def is_long(self) -> bool:
        """True when not all of it fits on one page."""
        return any(len(cards) > AT_ONCE for cards in self.all_cards.values())

    @property
    def reported(self) -> tuple[Answer, ...]:
        """The answers that rest on usage reports: of what was handed out after these nobody here knows."""
        return tuple(
            one
            for one in self.answers
            if one.source is Source.REPORT and one.verdict is not Verdict.UNKNOWN and one.as_of is not None
        )

    @property
    def nobody_knows(self) -> bool:
        """True when no vendor knows the customer and one says so: as a rule, something was typed wrongly.

        A report tells who was given a code, not whom the vendor knows.
        """
        said = {one.reason for one in self.answers if one.source is not Source.REPORT}
        found = any(one.verdict is Verdict.FOUND for one in self.answers)
        return not found and Reason.CUSTOMER_UNKNOWN in said and Reason.NO_COUPONS not in said

    @property
    def is_about(self) -> bool:
        """True when the zone of an end is a guess."""
        return any(card.is_about for cards in self.all_cards.values() for card in cards)

    @property
    def sentence(self) -> str:
        """The key of the sentence that stands first."""
        if self.complete:
            return "answer.complete_with" if self.count else "answer.complete_without"
        return "answer.incomplete_with" if self.count else "answer.incomplete_without"

    def groups(self, turned: str = "", page: int = 1) -> Iterator[CardGroup]:
        """Give the groups, one of them turned to a page of its own, or to the nearest one that there is."""
        for name, cards in self.all_cards.items():
            pages = -(-len(cards) // AT_ONCE)
            number = min(max(page, 1), pages) if name == turned else 1
            shown = cards[(number - 1) * AT_ONCE : number * AT_ONCE]
            yield CardGroup(name=name, cards=shown, count=len(cards), page=number, pages=pages)

    def again_in(self, tries: int) -> int | None:
        """Return after how many seconds the page asks again by itself; None when it does not.

        Args:
            tries: How often it has done so.
        """
        waiting = [one for one in self.silences if one.passes]
        if not waiting or tries >= len(_PAUSES):
            return None
        wanted = max((one.again_in or 0 for one in waiting), default=0)
        return None if wanted > _PAUSES[-1] else max(wanted, _PAUSES[tries])


def view_of(answer: LookupAnswer, *, key: bytes, now: datetime | None = None) -> AnswerView:
    """Return what is shown of an answer.

    Args:
        answer: The answer.
        key: For the references of its coupons.
        now: The time.
    """
    found: dict[str, list[Card]] = {name: [] for name, _ in GROUPS}
    group_of = {status: name for name, standing in GROUPS for status in standing}
    for coupon in answer.coupons:
        found[group_of[coupon.status]].append(card_of(coupon, key))
    cards = {name: tuple(group) for name, group in found.items() if group}
    return AnswerView(
        complete=answer.complete,
        count=sum(map(len, cards.values())),
        answers=tuple(map(_bare, answer.answers)),
        silences=tuple(_silence(one) for one in answer.answers if not one.whole),
        as_of=now or utc_now(),
        digest=_digest(answer.answers, cards),
        all_cards={**cards},
    )


def coupon_of(answer: LookupAnswer, reference: str, *, key: bytes) -> Coupon | None:
    """Return the coupon of a card's reference; None when the customer does not hold it any more."""
    given = reference.encode("utf-8", "replace")
    found = (one for one in answer.coupons if hmac.compare_digest(reference_of(one, key).encode(), given))
    return next(found, None)


def forms_of(answer: Answer) -> Iterator[AskedForm]:
    """Give the forms of the identifier that a connection was asked for, masked."""
    for text in answer.asked_as:
        told = _FORM.fullmatch(text)
        yield (
            AskedForm(masked=text)
            if told is None
            else AskedForm(masked=told[1], length=int(told[2]), unit=told[3])
        )


def _bare(one: Answer) -> Answer:
    error = None if one.error is None else discreet(one.error)
    return attrs.evolve(one, coupons=(), first_name=None, last_name=None, raw=NOTHING_RAW, error=error)


def _digest(answers: Iterable[Answer], cards: dict[str, tuple[Card, ...]]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for one in answers:
        digest.update(repr((one.connection, one.verdict, one.reason)).encode())
    for name, group in cards.items():
        digest.update("".join((name, *(card.reference for card in group))).encode())
    return digest.hexdigest()


def _silence(one: Answer) -> Silence:
    seconds = None if one.error is None else one.error.retry_after
    return Silence(
        connection=one.connection,
        why="none" if one.reason is None else one.reason.value,
        error=None if one.error is None else discreet(one.error).message,
        again_in=None if seconds is None else max(1, round(seconds)),
        passes=one.reason in _PASSES,
    )
