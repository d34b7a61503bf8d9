"""One connection as lookups see it: asked beside others, answering when it can."""

import hashlib
import secrets
import threading
from collections.abc import Callable
from functools import partial

from couponhub.clock import SYSTEM_CLOCK, Clock, Deadline
from couponhub.errors import LocalError, RateLimited, UnreadableReply, UsageError, VendorUnavailable
from couponhub.models import CouponQuery, Customer
from couponhub.resilience.cache import AnswerCache, CacheEntry, CacheKey
from couponhub.resilience.circuit_breaker import CircuitBreaker, Failure, shows_life
from couponhub.resilience.daemon_pool import DaemonThreadPool
from couponhub.resilience.health_probe import Check, HealthProbe
from couponhub.resilience.outcome import Ask, Outcome, ResilienceStatus, attempt
from couponhub.resilience.second_level import SecondLevel
from couponhub.resilience.settings import ResilienceSettings
from couponhub.resilience.single_flight import Call, Done, Message, Waiter, notify
from couponhub.state.shared import BreakerNews, SharedLookups, Sighting
from couponhub.transport.room import ReplyRoom

_LOOKS_EVERY = 0.25
"""Seconds between two looks for calls that should have come back."""


class ResilientClient:
    """The way to one connection, shared by all lookups of a hub. Thread-safe.

    It holds back what a vendor that is slow or dead would do to its callers, and to the vendor: a bounded number
    of calls at once, each made once for all who wait for it; answers remembered for a moment; and a breaker,
    which daemon threads close again, never a caller's.

    A call has its own time, whoever waits: `call_timeout`, or more where somebody gave more before it began. Whoever
    has less leaves when his time is over, and the answer that comes later is remembered all the same.

    Args:
        name: The connection's.
        ask: Asks it.
        unified: Gives all spellings of a customer that are one question there the same one; none by default.
        check: The cheapest harmless call to it; None leaves it without a breaker.
        settings: Its figures.
        clock: What ages and deadlines are measured on.
        room: Where what an answer takes is counted until everybody who waits for it was told.
        shared: What other processes know of it too; None for nothing.
    """

    def __init__(
        self,
        name: str,
        ask: Ask,
        *,
        unified: Callable[[Customer], Customer] = lambda customer: customer,
        check: Check | None = None,
        settings: ResilienceSettings | None = None,
        clock: Clock = SYSTEM_CLOCK,
        room: ReplyRoom | None = None,
        shared: SharedLookups | None = None,
    ) -> None:
        self.name = name
        self._ask = ask
        self._unified = unified
        self._settings = settings = settings or ResilienceSettings()
        self._clock = clock
        self._room = room or ReplyRoom()
        self._hash_key = secrets.token_bytes(16)
        self._lock = threading.Lock()
        self._cache = AnswerCache(settings, clock)
        self._second = SecondLevel(shared, self._cache, settings, clock) if shared else None
        self._pool: DaemonThreadPool[Call] = DaemonThreadPool(
            f"lookup-{name}", settings.concurrency, self._run
        )
        self._calls: dict[CacheKey, Call] = {}
        self._running: set[Call] = set()
        probe = check and HealthProbe(
            name,
            check,
            self._probed,
            every=settings.probe_every,
            timeout=settings.probe_timeout,
            turn=self._takes_turn if self._second else None,
        )
        self._breaker = CircuitBreaker(name, settings, probe)
        self._next_look = float("-inf")
        self._hits = self._misses = self._failures = self._shared_hits = 0
        self._closed = False

    def ask(self, customer: Customer, query: CouponQuery, deadline: Deadline, done: Done) -> Waiter | None:
        """Ask beside the caller, and hand what it came to to `done`, once.

        A fresh remembered answer, and a refusal, are handed over at once, on this thread; all else on another.

        Args:
            customer: Whom to ask about.
            query: Which coupons are meant.
            deadline: When the caller leaves: nobody tells him that his time is over.
            done: Must not block and must not raise.

        Returns:
            Whoever waits, to leave when his time is over; None when `done` was told already.
        """
        customer = self._same(customer)
        key = (self._digest(customer), query)
        waiter: Waiter | None = None
        messages: list[Message] = []
        with self._lock:
            now = self._clock.monotonic()
            remembered = self._cache.get(key)
            if remembered is None or now >= remembered.fresh_until:
                remembered = None
                self._misses += 1
                messages = self._count_overdue(now)
                refusal = self._refusal()
                if refusal is None or (self._second and not self._closed):
                    refusal = None  # another process may know what nobody is to be asked now
                    call = self._call_for(key, customer, query, deadline, now)
                    if call is None:
                        refusal = LocalError("this machine starts no further thread", connection=self.name)
                    else:
                        waiter = Waiter(call=call, deadline=deadline, done=done, leave=self._leave)
                        call.waiters.append(waiter)
                if refusal is not None:
                    messages.append((done, self._instead(key, refusal)))
            else:
                self._hits += 1
        if remembered is not None:
            done(remembered.outcome())
        notify(messages)
        return waiter

    def recall(self, customer: Customer, query: CouponQuery) -> tuple[Outcome, float] | None:
        """Return the fresh remembered answer, always the same object, and for how many seconds more it is fresh.

        None where there is none. Counts for nothing.
        """
        key = (self._digest(self._same(customer)), query)
        with self._lock:
            remembered = self._cache.get(key)
            left = 0.0 if remembered is None else remembered.fresh_until - self._clock.monotonic()
        return (remembered.outcome(), left) if remembered is not None and left > 0 else None

    def count_recall(self) -> None:
        """Note that somebody was told what `recall` gave."""
        with self._lock:
            self._hits += 1

    def forget_all(self) -> None:
        """Drop what is remembered; what is under way is handed over, and not kept."""
        with self._lock:
            self._cache.forget_all()
            for call in {*self._calls.values(), *self._running}:
                call.is_kept = False

    def status(self) -> ResilienceStatus:
        """Return how it stands now."""
        with self._lock:
            return ResilienceStatus(
                breaker=self._breaker.state,
                in_flight=len(self._running),
                waiting=self._pool.waiting,
                cache_hits=self._hits,
                cache_misses=self._misses,
                failures=self._failures,
                shared_hits=self._shared_hits,
                opened_total=self._breaker.opened_total,
            )

    def close(self) -> None:
        """Ask nothing more; who waits for something to be asked is told so."""
        with self._lock:
            self._closed = True
            messages = self._reject_queued(UsageError("the hub was closed", connection=self.name))
        self._pool.close()
        self._breaker.close()
        notify(messages)
        if self._second:
            self._second.close()

    def _same(self, customer: Customer) -> Customer:
        try:
            return self._unified(customer)
        except UsageError:
            return customer  # who cannot be asked about is nobody else's question

    def _digest(self, customer: Customer) -> bytes:
        who = repr((customer.mobile, customer.email, customer.external_id, customer.id))
        return hashlib.blake2b(who.encode(), key=self._hash_key, digest_size=16).digest()

    def _leave(self, waiter: Waiter) -> Outcome:
        """Let somebody go whose time is over; a question that nobody waits for is not asked any more."""
        call = waiter.call
        with self._lock:
            if waiter in call.waiters:
                call.waiters.remove(waiter)
            is_asked = call.started is not None or call.is_asked_elsewhere
            if call.started is None and not call.waiters:
                self._pool.remove(call)
                self._drop(call)
            error = VendorUnavailable(
                f"no answer within the deadline of {waiter.deadline.seconds or 0.0:g} s"
                if is_asked
                else "not asked within the deadline: too many other questions were under way",
                sent=is_asked,
                too_slow=True,
                connection=self.name,
                operation="customer coupons",
            )
            said = self._instead(call.key, error)
        return said()

    # Everything below down to `_run` is called with the lock held.

    def _refusal(self) -> Exception | None:
        """Return why nothing may be asked now."""
        if self._closed:
            return UsageError("the hub is closed", connection=self.name)
        return self._breaker.refusal() if self._breaker.is_open else None

    def _instead(self, key: CacheKey, error: Exception) -> Callable[[], Outcome]:
        """Return what is said instead of an answer: what is remembered, when the vendor fails, else the error."""
        if isinstance(error, (VendorUnavailable, RateLimited, UnreadableReply)):
            remembered = self._cache.get(key)
            if remembered is not None:
                return partial(remembered.despite, error)
        return partial(Outcome, error=error)

    def _call_for(
        self, key: CacheKey, customer: Customer, query: CouponQuery, deadline: Deadline, now: float
    ) -> Call | None:
        """Return the call that brings the answer, begun where there is none; None where no thread starts.

        Whoever gives the vendor more time than one under way has, begins another.
        """
        seconds = max(self._settings.call_timeout, deadline.seconds or 0.0)
        call = self._calls.get(key)
        if call is not None and call.started is None:
            call.seconds = max(call.seconds, seconds)
        if call is not None and call.seconds >= seconds and not call.is_overdue(now):
            return call
        call = Call(key=key, customer=customer, query=query, seconds=seconds)
        try:
            self._pool.add(call)
        except RuntimeError:
            return None
        self._calls[key] = call
        return call

    def _drop(self, call: Call) -> None:
        if self._calls.get(call.key) is call:
            del self._calls[call.key]

    def _reject_queued(self, error: Exception) -> list[Message]:
        """Take back every question that has not been asked."""
        messages: list[Message] = []
        for call in self._pool.clear():
            messages += self._told_instead(call, error)
        return messages

    def _told_instead(self, call: Call, error: Exception) -> list[Message]:
        self._drop(call)
        waiters, call.waiters = call.waiters, []
        return [(waiter.done, self._instead(call.key, error)) for waiter in waiters]

    def _count_overdue(self, now: float) -> list[Message]:
        """Count a vendor that keeps a question for ever as failing; whoever asks it next begins anew."""
        if now < self._next_look:
            return []
        self._next_look = now + _LOOKS_EVERY
        messages: list[Message] = []
        for call in tuple(self._running):
            if call.is_overdue(now, by=self._settings.grace):
                self._drop(call)
                error = VendorUnavailable(
                    "no answer came, long after its time",
                    too_slow=True,
                    connection=self.name,
                    operation="customer coupons",
                )
                messages += self._failed(call, error)
        return messages

    def _failed(self, call: Call, error: Failure) -> list[Message]:
        if call.counted or call.started is None:
            return []
        call.counted = True
        self._failures += 1
        has_opened = self._breaker.failed(error, asked=call.started)
        return self._reject_queued(self._breaker.refusal()) if has_opened else []

    # What follows runs on the client's own threads.

    def _run(self, call: Call) -> None:
        seen = self._seek(call) if self._second else None
        messages: list[Message] = []
        with self._lock:
            now = self._clock.monotonic()
            refusal = self._refusal()
            if refusal is not None:
                messages = self._told_instead(call, refusal)
            elif call.is_wanted:
                call.started = now
                self._running.add(call)
            else:
                self._drop(call)  # those who are late see to it themselves that they leave
        notify(messages)
        if call.started is not None:
            asked_at = self._clock.now()
            with self._room.lease():
                deadline = Deadline.after(call.seconds, self._clock)
                outcome = call.context.run(attempt, self._ask, call.customer, call.query, deadline)
                entry = self._cache.entry(outcome.found, asked=now, asked_at=asked_at)
                if self._second and seen is not None:
                    with self._second.keeping(seen, entry):
                        notify(self._finish(call, outcome, entry))
                else:
                    notify(self._finish(call, outcome, entry))
                del outcome, entry
        elif self._second and seen is not None:
            self._second.let_go(seen)
        if self._second:
            self._tell_others()

    def _seek(self, call: Call) -> Sighting | None:
        """Look whether another process has the answer; if so, it is told, and nobody waits any more.

        Returns:
            What was seen, for whoever asks the vendor then; None where nothing is shared now.
        """
        if self._second is None:
            return None

        def may_ask(news: BreakerNews | None) -> bool:
            with self._lock:
                self._breaker.heard(news, self._clock.monotonic())
                return call.is_wanted and self._refusal() is None

        sought = self._second.seek(call, may_ask)
        if sought.entry is not None:
            notify(self._finish_by_others(call, sought.entry, is_fresh=sought.is_fresh))
        return sought.seen

    def _finish_by_others(self, call: Call, entry: CacheEntry, *, is_fresh: bool) -> list[Message]:
        with self._lock:
            if call.is_kept:
                self._cache.keep(call.key, entry)
            if not is_fresh:
                return []
            self._shared_hits += 1
            self._drop(call)
            waiters, call.waiters = call.waiters, []
            return [(waiter.done, entry.outcome) for waiter in waiters]

    def _tell_others(self) -> None:
        """Tell what was learned of the vendor since the last time."""
        if self._second is not None and self._breaker.untold is not None:
            with self._lock:
                news, self._breaker.untold = self._breaker.untold, None
            if news is not None:
                self._second.tell(news)

    def _takes_turn(self) -> bool:
        """Return True where this process is the one that tries the vendor now."""
        if self._second is None:
            return True
        self._tell_others()
        is_ours, news = self._second.claim_probe()
        with self._lock:
            self._breaker.heard(news, self._clock.monotonic())
            return is_ours and self._breaker.is_open

    def _finish(self, call: Call, outcome: Outcome, entry: CacheEntry | None) -> list[Message]:
        with self._lock:
            self._running.discard(call)
            self._drop(call)
            messages: list[Message] = []
            error = outcome.error
            if isinstance(error, UnreadableReply) or (
                isinstance(error, VendorUnavailable) and not error.local
            ):
                messages = self._failed(call, error)
            elif shows_life(error):
                self._breaker.answered(self._clock.monotonic())
            if entry is not None and call.is_kept:
                self._cache.keep(call.key, entry)
            said = self._instead(call.key, error) if error else lambda: outcome
            waiters, call.waiters = call.waiters, []
            return messages + [(waiter.done, said) for waiter in waiters]

    def _probed(self, error: Exception | None) -> None:
        with self._lock:
            self._breaker.probed(error, self._clock.monotonic())
        self._tell_others()
