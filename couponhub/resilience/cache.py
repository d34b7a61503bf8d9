"""The memory of a client: whole answers, for a short time, in bounded space."""

from datetime import datetime

import attrs
from cachetools import TLRUCache

from couponhub.clock import Clock
from couponhub.models import CouponQuery, CustomerCoupons, Source
from couponhub.models.base import NOTHING_RAW
from couponhub.resilience.outcome import Outcome
from couponhub.resilience.settings import ResilienceSettings
from couponhub.resilience.weight import bytes_held

CacheKey = tuple[bytes, CouponQuery]
"""The customer, by a keyed hash of the identifier, and the coupons that are meant."""

_ENTRY_BYTES = 2048
"""Of what holds an answer here, beside the answer and the question: measured, and rounded up."""
_LARGEST_SHARE = 0.1
"""Of the memory, for one answer: a single customer must not displace everybody else."""


@attrs.define(eq=False, kw_only=True)
class CacheEntry:
    """One answer.

    Attributes:
        answer: As the vendor gave it, then as it is shown.
        asked: When it was asked for, on the client's clock; its age counts from there.
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
    _shown: Outcome | None = attrs.field(default=None, init=False)

    def outcome(self) -> Outcome:
        """The answer, marked as remembered; made when it is first wanted, for most never are."""
        if self._shown is None:
            answer = self.answer
            self.answer = attrs.evolve(
                answer,
                source=Source.CACHE,
                as_of=answer.as_of or self.asked_at,
                coupons=tuple(attrs.evolve(coupon, source=Source.CACHE) for coupon in answer.coupons),
            )
            self._shown = Outcome(found=self.answer, weight=self.weight)
        return self._shown

    def despite(self, error: Exception) -> Outcome:
        """The answer, shown although it may be past its time, because of that error."""
        return attrs.evolve(self.outcome(), error=error)


class AnswerCache:
    """The answers of one client. Not thread-safe: its client holds a lock.

    Args:
        settings: How long, and how much.
        clock: What ages are measured on.
    """

    def __init__(self, settings: ResilienceSettings, clock: Clock) -> None:
        self._settings = settings
        self._largest = _LARGEST_SHARE * settings.cache_bytes
        self._kept: TLRUCache[CacheKey, CacheEntry, float] = TLRUCache(
            settings.cache_bytes,
            ttu=lambda _question, kept, _now: kept.kept_until,
            timer=clock.monotonic,
            getsizeof=lambda kept: kept.weight,
        )

    def get(self, key: CacheKey) -> CacheEntry | None:
        """Return the entry that is remembered, fresh or not."""
        try:
            return self._kept[key]
        except KeyError:
            return None

    def entry(
        self, answer: CustomerCoupons | None, *, asked: float, asked_at: datetime, weight: int = 0
    ) -> CacheEntry | None:
        """An answer as it can be kept; None when there is nothing to keep. Needs no lock.

        Args:
            answer: What was answered.
            asked: As of the entry.
            asked_at: The same on the calendar.
            weight: As of the entry, where somebody has found it out; 0 for not yet.
        """
        if answer is None:
            return None
        settings = self._settings
        fresh_for = settings.cache_ttl if answer.coupons else settings.negative_ttl
        is_whole = answer.complete and answer.covered and answer.every_form and answer.source is Source.LIVE
        if not is_whole or fresh_for + settings.stale_if_error <= 0:
            return None
        # Its payload holds every coupon of the customer, also those that were not asked for.
        answer = attrs.evolve(answer, raw=NOTHING_RAW)
        return CacheEntry(
            answer=answer,
            asked=asked,
            asked_at=asked_at,
            fresh_until=asked + fresh_for,
            kept_until=asked + fresh_for + settings.stale_if_error,
            weight=weight or _ENTRY_BYTES + bytes_held(answer, most=self._largest),
        )

    def keep(self, key: CacheKey, entry: CacheEntry) -> None:
        """Remember an entry, unless it is older than what is known."""
        older = self.get(key)
        if older is not None and older.asked > entry.asked:
            return
        entry.weight += bytes_held(key, most=self._largest)
        if entry.weight > self._largest:
            self._kept.pop(key, None)
        else:
            self._kept[key] = entry

    def forget_all(self) -> None:
        """Drop every answer."""
        self._kept.clear()
