"""One connection as lookups see it: asked beside others, answering when it can."""

import hashlib
import secrets
import threading
from collections.abc import Callable, Iterable
from functools import partial

from couponhub.clock import SYSTEM_CLOCK, Clock
from couponhub.errors import LocalError, RateLimited, UnreadableReply, UsageError, VendorUnavailable
from couponhub.lanes.breaker import Failure, shows_life
from couponhub.lanes.flight import Flight, Message, Waiter, tell
from couponhub.lanes.guard import Guard
from couponhub.lanes.known import Ask, Known, LaneStatus, asked
from couponhub.lanes.memory import Memory, Question, Remembered
from couponhub.lanes.probing import Check, Prober
from couponhub.lanes.settings import LaneSettings
from couponhub.lanes.workers import Workers
from couponhub.models import CouponQuery, Customer
from couponhub.transport.room import ReplyRoom

_SWEEP_EVERY = 0.25
"""Seconds between two looks for those whose deadline has passed unnoticed."""
_WORTH_ASKING = 0.1
"""Seconds more than others have that make asking again worth it."""
_SHARE = 0.9
"""Of the time left, for the vendor, where there is a remembered answer to hand on when it fails."""


class Lane:
    """The way to one connection, shared by all lookups of a hub. Thread-safe.

    It holds back what a vendor that is slow or dead would do to its callers, and to the vendor: a bounded number
    of questions at once, each asked once for all who wait for it; answers remembered for a moment; and a breaker,
    which daemon threads close again, never a caller's.

    Args:
        name: The connection's.
        ask: Asks it.
        unified: Gives all spellings of a customer that are one question there the same one; none by default.
        check: The cheapest harmless call to it; None leaves it without a breaker.
        settings: Its figures.
        clock: What ages and deadlines are measured on.
        room: Where what an answer takes is counted until everybody who waits for it was told.
    """

    def __init__(
        self,
        name: str,
        ask: Ask,
        *,
        unified: Callable[[Customer], Customer] = lambda customer: customer,
        check: Check | None = None,
        settings: LaneSettings | None = None,
        clock: Clock = SYSTEM_CLOCK,
        room: ReplyRoom | None = None,
    ) -> None:
        self.name = name
        self._ask = ask
        self._unified = unified
        self._settings = settings = settings or LaneSettings()
        self._clock = clock
        self._room = room or ReplyRoom()
        self._hash_key = secrets.token_bytes(16)
        self._lock = threading.Lock()
        self._memory = Memory(settings, clock, self._hashed)
        self._workers: Workers[Flight] = Workers(f"lookup-{name}", settings.concurrency, self._fly)
        self._flights: dict[Question, Flight] = {}
        self._in_air: set[Flight] = set()
        prober = check and Prober(
            name,
            check,
            self._probed,
            every=settings.probe_every,
            timeout=settings.probe_timeout,
            doubt_timeout=settings.silence,
        )
        self._guard = Guard(name, settings, prober)
        self._next_sweep = float("-inf")
        self._hits = self._misses = self._failures = 0
        self._closed = False

    def ask(
        self, customer: Customer, query: CouponQuery, deadline: float, done: Callable[[Known], None]
    ) -> None:
        """Ask beside the caller, and hand what it came to to `done`, once.

        A fresh remembered answer, and a refusal, are handed over at once, on this thread; all else on another. An
        answer that comes after the deadline, or a word that there is none, may come late.

        Args:
            customer: Whom to ask about.
            query: Which coupons are meant.
            deadline: Seconds that it may take.
            done: Must not block and must not raise.
        """
        customer = self._same(customer)
        question = (self._digest(customer), query)
        messages: list[Message] = []
        with self._lock:
            now = self._clock.monotonic()
            remembered = self._memory.get(question)
            if remembered is None or now >= remembered.fresh_until:
                remembered = None
                self._misses += 1
                messages += self._sweep(now)
                waiter = Waiter(now + deadline, done)
                messages += self._refused(waiter, question) or self._join(waiter, question, customer, query)
            else:
                self._hits += 1
        if remembered is not None:
            done(remembered.known())
        tell(messages)

    def recall(self, customer: Customer, query: CouponQuery) -> tuple[Known, float] | None:
        """The fresh remembered answer, always the same object, and for how many seconds more it is fresh.

        None where there is none. Counts for nothing.
        """
        with self._lock:
            remembered = self._memory.get((self._hashed(customer), query))
            left = 0.0 if remembered is None else remembered.fresh_until - self._clock.monotonic()
        return (remembered.known(), left) if remembered is not None and left > 0 else None

    def count_recall(self) -> None:
        """Note that somebody was told what `recall` gave."""
        with self._lock:
            self._hits += 1

    def forget(self, customers: Iterable[Customer]) -> None:
        """Drop what is remembered of those customers, under these identifiers; what is under way is not kept."""
        hashes = frozenset(map(self._hashed, customers))
        with self._lock:
            self._memory.forget(hashes)
            for flight in {*self._flights.values(), *self._in_air}:
                flight.forgotten |= hashes

    def forget_all(self) -> None:
        """As `forget`, of everybody."""
        with self._lock:
            self._memory.forget_all()
            for flight in {*self._flights.values(), *self._in_air}:
                flight.is_kept = False

    def status(self) -> LaneStatus:
        """How it stands now."""
        with self._lock:
            return LaneStatus(
                breaker=self._guard.word,
                in_flight=len(self._in_air),
                waiting=self._workers.waiting,
                cache_hits=self._hits,
                cache_misses=self._misses,
                failures=self._failures,
                opened_total=self._guard.opened_total,
            )

    def close(self) -> None:
        """Ask nothing more; who waits for something to be asked is told so."""
        with self._lock:
            self._closed = True
            messages = self._ground(UsageError("the hub was closed", connection=self.name))
        self._workers.close()
        self._guard.close()
        tell(messages)

    def _hashed(self, customer: Customer) -> bytes:
        return self._digest(self._same(customer))

    def _same(self, customer: Customer) -> Customer:
        try:
            return self._unified(customer)
        except UsageError:
            return customer  # who cannot be asked about is nobody else's question

    def _digest(self, customer: Customer) -> bytes:
        who = repr((customer.mobile, customer.email, customer.external_id, customer.id))
        return hashlib.blake2b(who.encode(), key=self._hash_key, digest_size=16).digest()

    # Everything below down to `_fly` is called with the lock held.

    def _refused(self, waiter: Waiter, question: Question) -> list[Message]:
        if self._closed:
            return [(waiter, partial(Known, error=UsageError("the hub is closed", connection=self.name)))]
        if not self._guard.is_open:
            return []
        return [(waiter, self._instead(question, self._guard.refusal()))]

    def _instead(self, question: Question, error: Exception) -> Callable[[], Known]:
        """What is said instead of an answer: what is remembered, when the vendor fails, else the error."""
        if isinstance(error, (VendorUnavailable, RateLimited, UnreadableReply)):
            remembered = self._memory.get(question)
            if remembered is not None:
                return partial(remembered.despite, error)
        return partial(Known, error=error)

    def _join(
        self, waiter: Waiter, question: Question, customer: Customer, query: CouponQuery
    ) -> list[Message]:
        flight = self._flights.get(question)
        if flight is not None and not flight.is_late(self._clock.monotonic()):
            flight.waiters.append(waiter)
            return []
        flight = Flight(question=question, customer=customer, query=query, waiters=[waiter])
        try:
            self._workers.add(flight)
        except RuntimeError:
            error = LocalError("this machine starts no further thread", connection=self.name)
            return [(waiter, partial(Known, error=error))]
        self._flights[question] = flight
        return []

    def _drop(self, flight: Flight) -> None:
        if self._flights.get(flight.question) is flight:
            del self._flights[flight.question]

    def _ground(self, error: Exception) -> list[Message]:
        """Take back every question that has not been asked."""
        messages: list[Message] = []
        for flight in self._workers.clear():
            self._drop(flight)
            messages += [(waiter, self._instead(flight.question, error)) for waiter in flight.waiters]
            flight.waiters = []
        return messages

    def _sweep(self, now: float) -> list[Message]:
        """Tell those whose time is over; count a vendor that keeps a question for ever as failing."""
        if now < self._next_sweep:
            return []
        self._next_sweep = now + _SWEEP_EVERY
        messages: list[Message] = []
        for flight in {*self._flights.values(), *self._in_air}:
            messages += self._expire(flight, now)
            if flight.started is None and not flight.waiters:
                self._workers.remove(flight)
                self._drop(flight)
            elif flight.started is not None and now >= flight.deadline + self._settings.silence:
                error = self._too_late("no answer came, long after its time")
                messages += self._failed(flight, error, hurried=False)
                messages += self._abandon(flight)
        return messages

    def _abandon(self, flight: Flight) -> list[Message]:
        """Have those asked for again who still wait for what does not come."""
        self._drop(flight)
        waiters, flight.waiters = flight.waiters, []
        question, customer, query = flight.question, flight.customer, flight.query
        return [
            message
            for waiter in waiters
            for message in self._refused(waiter, question) or self._join(waiter, question, customer, query)
        ]

    def _expire(self, flight: Flight, now: float) -> list[Message]:
        over = flight.expired(now)
        if not over:
            return []
        error = self._too_late(
            "not asked within the deadline: too many other questions were under way"
            if flight.started is None
            else "no answer came within the deadline",
            sent=flight.started is not None,
        )
        return [(waiter, self._instead(flight.question, error)) for waiter in over]

    def _too_late(self, text: str, *, sent: bool = True) -> VendorUnavailable:
        return VendorUnavailable(
            text, sent=sent, too_slow=True, connection=self.name, operation="customer coupons"
        )

    def _failed(self, flight: Flight, error: Failure, *, hurried: bool) -> list[Message]:
        if flight.counted or flight.started is None:
            return []
        flight.counted = True
        self._failures += 1
        has_opened = self._guard.failed(error, asked=flight.started, hurried=hurried)
        return self._ground(self._guard.refusal()) if has_opened else []

    # What follows runs on the lane's own threads.

    def _fly(self, flight: Flight) -> None:
        with self._lock:
            now = self._clock.monotonic()
            messages = self._expire(flight, now)
            refused = [told for waiter in flight.waiters for told in self._refused(waiter, flight.question)]
            if refused:
                messages += refused
                flight.waiters = []
            if is_wanted := bool(flight.waiters):
                flight.started = now
                flight.deadline = max(waiter.deadline for waiter in flight.waiters)
                self._in_air.add(flight)
                seconds = flight.deadline - now
                if self._memory.get(flight.question) is not None:
                    seconds *= _SHARE
            else:
                self._drop(flight)
        tell(messages)
        if is_wanted:
            asked_at = self._clock.now()
            with self._room.lease():
                known = asked(self._ask, flight.customer, flight.query, seconds)
                entry = self._memory.entry(known.found, asked=now, asked_at=asked_at)
                tell(self._landed(flight, known, entry, now))
                del known, entry

    def _landed(
        self, flight: Flight, known: Known, entry: Remembered | None, started: float
    ) -> list[Message]:
        with self._lock:
            now = self._clock.monotonic()
            self._in_air.discard(flight)
            self._drop(flight)
            messages: list[Message] = []
            error = known.error
            if isinstance(error, UnreadableReply):
                messages += self._failed(flight, error, hurried=False)
            elif isinstance(error, VendorUnavailable):
                hurried = error.too_slow and now - started < self._settings.silence
                messages += [] if error.local else self._failed(flight, error, hurried=hurried)
            elif shows_life(error):
                self._guard.answered(now)
            if entry is not None and flight.is_kept:
                self._memory.keep(flight.question, entry, forgotten=flight.forgotten)
            said = self._instead(flight.question, error) if error else lambda: known
            waiters, flight.waiters = flight.waiters, []
            for waiter in waiters:
                if self._wants_more(waiter, flight, known):
                    patient = waiter.content_with(known)
                    messages += self._join(patient, flight.question, flight.customer, flight.query)
                else:
                    messages.append((waiter, said))
            return messages

    def _wants_more(self, waiter: Waiter, flight: Flight, known: Known) -> bool:
        """Whether an answer was cut short by the deadline of others, and this one has time for a better one."""
        was_cut = (
            known.error.too_slow
            if isinstance(known.error, VendorUnavailable)
            else known.found is not None and not known.found.complete
        )
        has_time = waiter.deadline - flight.deadline > _WORTH_ASKING
        return was_cut and has_time and not (self._guard.is_open or self._closed)

    def _probed(self, error: Exception | None) -> None:
        with self._lock:
            has_opened = self._guard.probed(error, self._clock.monotonic())
            messages = self._ground(self._guard.refusal()) if has_opened else []
        tell(messages)
