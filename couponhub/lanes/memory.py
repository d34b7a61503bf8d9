"""What a lane remembers: whole answers, for a short time, in bounded memory."""

from datetime import datetime

import attrs
from cachetools import TLRUCache

from couponhub.clock import Clock
from couponhub.lanes.known import Known
from couponhub.lanes.settings import LaneSettings
from couponhub.lanes.weight import bytes_held
from couponhub.models import CouponQuery, CustomerCoupons, Source
from couponhub.models.base import NOTHING_RAW

Question = tuple[bytes, CouponQuery]
"""Who, by a keyed hash of the identifier, and which coupons."""

_ENTRY_BYTES = 2048
"""Of what holds an answer here, beside the answer and the question: measured, and rounded up."""
_LARGEST_SHARE = 0.1
"""Of the memory, for one answer: a single customer must not displace everybody else."""


@attrs.define(eq=False, kw_only=True)
class Remembered:
    """One answer.

    Attributes:
        answer: As the vendor gave it, then as it is shown.
        asked: When it was asked for, on the lane's clock; its age counts from there.
        asked_at: The same on the calendar.
        fresh_until: Up to here it is as good as new.
        kept_until: Up to here it is better than nothing.
        weight: Roughly the bytes that it takes.
    """

    answer: CustomerCoupons
    asked: float
    asked_at: datetime
    fresh_until: float
    kept_until: float
    weight: int
    _shown: Known | None = attrs.field(default=None, init=False)

    def known(self) -> Known:
        """The answer, marked as remembered; made when it is first wanted, for most never are."""
        if self._shown is None:
            answer = self.answer
            self.answer = attrs.evolve(
                answer,
                source=Source.CACHE,
                as_of=answer.as_of or self.asked_at,
                coupons=tuple(attrs.evolve(coupon, source=Source.CACHE) for coupon in answer.coupons),
            )
            self._shown = Known(found=self.answer, weight=self.weight)
        return self._shown

    def despite(self, error: Exception) -> Known:
        """The answer, shown although it may be past its time, because of that error."""
        return attrs.evolve(self.known(), error=error)


class Memory:
    """The answers of one lane. Not thread-safe: its lane holds a lock.

    Args:
        settings: How long, and how much.
        clock: What ages are measured on.
    """

    def __init__(self, settings: LaneSettings, clock: Clock) -> None:
        self._settings = settings
        self._largest = _LARGEST_SHARE * settings.cache_bytes
        self._kept: TLRUCache[Question, Remembered, float] = TLRUCache(
            settings.cache_bytes,
            ttu=lambda _question, kept, _now: kept.kept_until,
            timer=clock.monotonic,
            getsizeof=lambda kept: kept.weight,
        )

    def get(self, question: Question) -> Remembered | None:
        """What is remembered, fresh or not."""
        try:
            return self._kept[question]
        except KeyError:
            return None

    def entry(self, answer: CustomerCoupons | None, *, asked: float, asked_at: datetime) -> Remembered | None:
        """An answer as it can be kept; None when there is nothing to keep. Needs no lock."""
        if answer is None:
            return None
        settings = self._settings
        fresh_for = settings.cache_ttl if answer.coupons else settings.negative_ttl
        is_whole = answer.complete and answer.covered and answer.every_form and answer.source is Source.LIVE
        if not is_whole or fresh_for + settings.stale_if_error <= 0:
            return None
        # Its payload holds every coupon of the customer, also those that were not asked for.
        answer = attrs.evolve(answer, raw=NOTHING_RAW)
        return Remembered(
            answer=answer,
            asked=asked,
            asked_at=asked_at,
            fresh_until=asked + fresh_for,
            kept_until=asked + fresh_for + settings.stale_if_error,
            weight=_ENTRY_BYTES + bytes_held(answer, most=self._largest),
        )

    def keep(self, question: Question, entry: Remembered) -> None:
        """Remember an entry, unless it is older than what is known."""
        older = self.get(question)
        if older is not None and older.asked > entry.asked:
            return
        entry.weight += bytes_held(question, most=self._largest)
        if entry.weight > self._largest:
            self._kept.pop(question, None)
        else:
            self._kept[question] = entry

    def forget_all(self) -> None:
        """Drop every answer."""
        self._kept.clear()
