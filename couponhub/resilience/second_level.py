"""The second level of a client's memory: answers, and who is asking for one, shared by all processes and machines."""

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import attrs
import msgspec

from couponhub.clock import Clock
from couponhub.models import CouponQuery, Customer, CustomerCoupons
from couponhub.resilience.cache import AnswerCache, CacheEntry
from couponhub.resilience.settings import ResilienceSettings
from couponhub.resilience.single_flight import Call
from couponhub.state.shared import BreakerNews, SharedLookups, Sighting

_FIRST_PAUSE = 0.002
_LONGEST_PAUSE = 0.02
"""Seconds between two looks for what another process is asking."""
_CLOSES_WITHIN = 1.0
"""Seconds: longer than anybody waits for what is shared."""
_PART_FOR_OTHERS = 0.5
"""Of the time that there is, for what another process is asking: should it have been killed, there is time to ask oneself."""

_encoder = msgspec.msgpack.Encoder(enc_hook=dict)  # of the mappings that are no dictionaries
_decoder = msgspec.msgpack.Decoder(tuple[CustomerCoupons, int])


@attrs.frozen(kw_only=True)
class Sought:
    """The outcome of looking for an answer that another process has, or is about to have.

    Attributes:
        entry: What was found, by this process's own rules of what is fresh; None for nothing that may be kept.
        is_fresh: Whether it is as good as new.
        seen: For `SecondLevel.keeping` or `let_go`; None where nothing is shared now.
    """

    entry: CacheEntry | None = None
    is_fresh: bool = False
    seen: Sighting | None = None


class SecondLevel:
    """The memory that a client shares with those of other processes. Thread-safe; used on the client's own threads alone.

    Args:
        shared: Where it lies.
        cache: Whose rules say what is kept.
        settings: The client's figures.
        clock: What ages are measured on.
    """

    def __init__(
        self, shared: SharedLookups, cache: AnswerCache, settings: ResilienceSettings, clock: Clock
    ) -> None:
        self._shared = shared
        self._cache = cache
        self._settings = settings
        self._clock = clock
        self._idle = threading.Condition()
        self._busy = 0
        self._closed = False

    def seek(self, call: Call, may_ask: Callable[[BreakerNews | None], bool]) -> Sought:
        """Look for the answer to a call; while another process asks for it, wait for that, but never too long.

        Args:
            call: Whose waiters bound the time.
            may_ask: Is told each time what is new of the vendor; False when nobody is to be asked now, or nobody waits.
        """
        question = _question(call.customer, call.query)
        claim_for = call.seconds * _PART_FOR_OTHERS if self._settings.cache_ttl > 0 else 0.0
        until: float | None = None
        pause, anew = _FIRST_PAUSE, False
        while True:
            seen = None if self._closed else self._shared.look(question, claim_for=claim_for, anew=anew)
            if seen is None:
                return Sought()
            entry = self._entry(seen)
            is_fresh = entry is not None and self._clock.monotonic() < entry.fresh_until
            goes_on = may_ask(seen.news)
            if is_fresh or seen.is_ours or not goes_on or claim_for <= 0:
                return Sought(entry=entry, is_fresh=is_fresh, seen=seen)
            now = self._clock.monotonic()
            if seen.is_fresh and not anew:
                anew = True  # it is for others, whose figures are not ours
                continue
            if until is None:
                until = now + _PART_FOR_OTHERS * call.least_left(claim_for / _PART_FOR_OTHERS)
                call.is_asked_elsewhere = True
            if now >= until:
                return Sought(entry=entry, seen=seen)
            self._clock.sleep(min(pause * random.uniform(0.5, 1.0), until - now))  # noqa: S311 - no secret
            pause = min(1.6 * pause, _LONGEST_PAUSE)

    @contextmanager
    def keeping(self, seen: Sighting, entry: CacheEntry | None) -> Iterator[None]:
        """Share an answer, which nobody was shown as remembered yet, after the block; without one, let others ask.

        Args:
            seen: What there was before the vendor was asked.
            entry: The answer as this process keeps it; None where there is none that is kept.
        """
        content = None if entry is None else _written(entry.answer, entry.weight)
        with self._idle:
            self._busy += 1
            is_in_time = not self._closed  # whoever closes it from here on waits for this
        try:
            yield
            if is_in_time:
                self._keep(seen, entry, content)
        finally:
            with self._idle:
                self._busy -= 1
                self._idle.notify_all()

    def close(self) -> None:
        """Share nothing more; waits a moment for what is being shared, for a process that ends takes its threads with it."""
        with self._idle:
            self._closed = True
            self._idle.wait_for(lambda: not self._busy, _CLOSES_WITHIN)

    def _keep(self, seen: Sighting, entry: CacheEntry | None, content: bytes | None) -> None:
        if entry is None or content is None:
            self._shared.let_go(seen)
            return
        self._shared.keep(
            seen,
            content,
            fresh_for=entry.fresh_until - entry.asked,
            kept_for=entry.kept_until - entry.asked,
        )

    def let_go(self, seen: Sighting) -> None:
        """Let others ask."""
        self._shared.let_go(seen)

    def tell(self, news: BreakerNews) -> None:
        """Tell all others what was learned of the vendor, for as long as a few probes take."""
        every, takes = self._settings.probe_every, self._settings.probe_timeout
        if not self._closed:
            self._shared.tell(news, seconds=3 * (every + takes))

    def claim_probe(self) -> tuple[bool, BreakerNews | None]:
        """Return True where this process is to try the vendor now, and what others told of it."""
        # A little less than from one probe to the next, or each process would miss every second turn.
        return self._shared.claim_probe(0.9 * self._settings.probe_every)

    def _entry(self, seen: Sighting) -> CacheEntry | None:
        answer, weight = (None, 0) if seen.content is None else _read(seen.content)
        now = self._clock.monotonic()
        entry = self._cache.entry(
            answer,
            asked=now - seen.age,
            asked_at=self._clock.now() - timedelta(seconds=seen.age),
            weight=weight,
        )
        return entry if entry is not None and now < entry.kept_until else None


def _question(customer: Customer, query: CouponQuery) -> bytes:
    """Return all that an answer depends on, written the same by every process."""
    who = (customer.mobile, customer.email, customer.external_id, customer.id)
    said = (
        query.list_id,
        query.store_id,
        query.since,
        query.until,
        query.sort,
        query.descending,
        query.limit,
    )
    return msgspec.msgpack.encode((who, sorted(query.status), said))


def _written(answer: CustomerCoupons, weight: int) -> bytes | None:
    try:
        return _encoder.encode((answer, weight))
    except (TypeError, ValueError, OverflowError, RecursionError):
        return None  # a vendor's own object may hold what cannot be written


def _read(content: bytes) -> tuple[CustomerCoupons | None, int]:
    """Return an answer and its weight, which takes long to find out; it is sealed by who did."""
    try:
        return _decoder.decode(content)
    except (msgspec.DecodeError, ValueError, TypeError, RecursionError):
        return None, 0
