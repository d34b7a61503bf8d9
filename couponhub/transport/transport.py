"""One connection's way to its vendor: sign, send, read within bounds, repeat where that is safe."""

import logging
from collections.abc import Callable
from typing import TypeVar

from urllib3.exceptions import HTTPError
from urllib3.util import Timeout

from couponhub.clock import SYSTEM_CLOCK, Clock, Deadline
from couponhub.errors import (
    CouponhubError,
    OutcomeUnknown,
    QuotaExhausted,
    RateLimited,
    UnreadableReply,
    VendorUnavailable,
    without_frames,
)
from couponhub.state.budgets import Budget, Spent
from couponhub.transport.auth import Auth
from couponhub.transport.breakage import translated
from couponhub.transport.decision import Attempt, Because, Decision, Raise, RaiseUnknown, Renew, Wait, decide
from couponhub.transport.exchange import MultipartStream, Reply, Request
from couponhub.transport.headers import SentHeaders
from couponhub.transport.observing import (
    DecisionObserver,
    EndedExchange,
    NoObserver,
    Observer,
    ShapeObserver,
    VendorCall,
    label_of,
    log_call,
)
from couponhub.transport.retry import RetryPolicy, RetryReserve, retry_after_seconds, whole_header
from couponhub.transport.room import Lease, ReplyRoom, decoded_bytes, let_go
from couponhub.transport.session import ReplyTooLarge, VendorSession
from couponhub.transport.settings import TransportSettings
from couponhub.transport.shapes import shape_of

T = TypeVar("T")

_log = logging.getLogger(__name__)

Told = list[Callable[[Decision | None], None]]
"""Whoever looked at an exchange, and is to be told what follows it."""


class Transport:
    """Sends requests of one connection. Thread-safe.

    Args:
        connection: The connection's name, for errors and logs.
        base_url: What request paths are appended to, without a slash at the end.
        auth: How calls are signed.
        settings: Time, size, proxy.
        clock: What deadlines are measured on, and how to wait before a repetition.
        retry: How failed calls are repeated.
        budget: What the account may still spend of the vendor's rate limits; None sets no bounds.
        observer: Is told of each call.
        room: The memory for replies; None for one of its own.
        unknown_hint: What a person can do to learn how a write ended whose answer was lost.
        peer: Who is spoken to, for errors.
        request_id_headers: Names, in lower case, of the headers in which the vendor says its own id of a call.
    """

    def __init__(
        self,
        *,
        connection: str,
        base_url: str,
        auth: Auth,
        settings: TransportSettings | None = None,
        clock: Clock = SYSTEM_CLOCK,
        retry: RetryPolicy | None = None,
        budget: Budget | None = None,
        observer: Observer | None = None,
        room: ReplyRoom | None = None,
        unknown_hint: str = "look at the vendor before repeating it",
        peer: str = "the vendor",
        request_id_headers: tuple[str, ...] = ("x-request-id",),
    ) -> None:
        self.connection = connection
        self.base_url = base_url.rstrip("/")
        self._auth = auth
        self._settings = settings or TransportSettings()
        self._clock = clock
        self._retry = retry or RetryPolicy()
        self._reserve = RetryReserve(self._retry.reserve)
        self._budget = budget
        self._observer = observer or NoObserver()
        self._shown_shapes = self._observer if isinstance(self._observer, ShapeObserver) else None
        self._looks = self._observer if isinstance(self._observer, DecisionObserver) else None
        self._room = room or ReplyRoom()
        self._unknown_hint = unknown_hint
        self._peer = peer
        self._session = VendorSession(self._settings, request_id_headers)

    def close(self) -> None:
        """Close the pooled connections."""
        self._session.close()

    def call(self, request: Request, read: Callable[[Reply], T], *, deadline: Deadline | None = None) -> T:
        """Send a request and read its reply; repeat it where that cannot do harm.

        Reads are repeated after any retryable error; writes only when they provably did not arrive (no
        connection, rate limit, refused credentials that could be renewed). With a `deadline` of the
        caller's, which bounds everything, a rate limit is never waited out.

        Args:
            request: What to send.
            read: Turns the reply into a value, or raises the typed error that it stands for.
            deadline: By when it ends; None, or one that never comes, uses the connection's patience. The latter also leaves
                rate limits to the caller.

        Raises:
            OutcomeUnknown: A write was sent and no understandable answer came.
            CouponhubError: Whatever `read` raised, or why no reply could be had.
        """
        hurried = deadline is not None
        patience = (
            deadline if deadline and deadline.ends else Deadline.after(self._settings.patience, self._clock)
        )
        renewed = False
        attempts = 0
        while True:
            attempts += 1
            used: object = None
            signed = False
            told: Told = []
            try:
                self._spend(request, patience, in_a_hurry=hurried)
                headers = SentHeaders({"Accept": "application/json", **request.headers})
                used = self._auth.sign(headers, patience)
                signed = True
                with self._room.lease() as lease:
                    value = self._exchange(
                        request, headers, read, patience, attempt=attempts, lease=lease, told=told
                    )
            except CouponhubError as error:
                error.located(connection=self.connection, operation=request.operation)
                attempt = Attempt(
                    number=attempts,
                    most=self._retry.attempts,
                    changes=request.changes,
                    signed=signed,
                    renewable=used is not None and not renewed,
                    hurried=hurried,
                    left=patience.remaining(),
                )
                decision = self._decided(error, attempt, used)
                _tell(told, decision)
                match decision:
                    case RaiseUnknown():
                        raise self._outcome_unknown(request, error) from None
                    case Renew():
                        renewed = True
                    case Wait(seconds=seconds):
                        self._wait(request, error, attempts, seconds)
                    case _:
                        raise
            except Exception:
                _tell(told, Raise())
                raise
            else:
                self._reserve.give_back()
                _tell(told, None)
                return value

    def _decided(self, error: CouponhubError, attempt: Attempt, used: object) -> Decision:
        """Return what follows a failed attempt, where that is possible."""
        decision = decide(error, attempt, pause=self._retry.wait_before(attempt.number, error))
        if isinstance(decision, Wait) and decision.takes_reserve and not self._reserve.take():
            return decision.otherwise
        if isinstance(decision, Renew) and not self._auth.renew(used):
            return Raise(Because.NO_OTHER_CREDENTIALS)
        return decision

    def _wait(self, request: Request, error: CouponhubError, attempt: int, seconds: float) -> None:
        _log.info(
            "%s: %s: attempt %d failed (%s), waiting %.1f s",
            self.connection,
            request.operation,
            attempt,
            error.kind,
            seconds,
        )
        let_go(error)
        self._clock.sleep(seconds)

    def _spend(self, request: Request, patience: Deadline, *, in_a_hurry: bool) -> None:
        """Take one call from the request's budget, waiting for it where that is wanted."""
        while (
            self._budget is not None
            and (spent := self._budget.take(request.budget, changes=request.changes)) is not None
        ):
            if in_a_hurry or not patience.allows(spent.seconds):
                raise _refused(spent)
            self._clock.sleep(spent.seconds)

    def _learn(self, request: Request, reply: Reply) -> None:
        """Let the vendor's own figures win over ours."""
        ends_in = retry_after_seconds(reply.headers)
        if self._budget is None or not request.budget or ends_in is None:
            return
        limit, remaining = (
            whole_header(reply.headers, f"x-ratelimit-{name}") for name in ("limit", "remaining")
        )
        if reply.status == 429:
            self._budget.exhaust(request.budget, ends_in)
        elif remaining is not None:
            self._budget.learn(request.budget, limit=limit, remaining=remaining, ends_in=ends_in)

    def _outcome_unknown(self, request: Request, error: CouponhubError) -> OutcomeUnknown:
        return OutcomeUnknown(
            f"it was sent, and whether it was done is not known: {error.message}",
            hint=request.unknown_hint or self._unknown_hint,
            connection=self.connection,
            operation=request.operation,
            vendor_code=error.vendor_code,
            status=error.status,
            request_id=error.request_id,
        )

    def _exchange(
        self,
        request: Request,
        headers: SentHeaders,
        read: Callable[[Reply], T],
        patience: Deadline,
        *,
        attempt: int,
        lease: Lease,
        told: Told,
    ) -> T:
        operation = label_of(request.operation)
        ended = self._observer.began(self.connection, operation)
        started = self._clock.monotonic()
        reply: Reply | None = None
        outcome = "interrupted"
        before = lease.size
        try:
            reply = self._send(request, headers, patience, lease)
            self._learn(request, reply)
            lease.shrink(before + len(reply.body))
            if not request.changes:
                patience.check()
            decoded = decoded_bytes(reply.body)
            lease.take(decoded, patience)
            value = read(reply)
            lease.shrink(before + decoded)
        except CouponhubError as error:
            outcome = error.kind
            lease.shrink(before)
            raise
        else:
            outcome = "ok"
            return value
        finally:
            call = VendorCall(
                connection=self.connection,
                operation=operation,
                outcome=outcome,
                seconds=self._clock.monotonic() - started,
                status=reply.status if reply else None,
                request_id=reply.request_id if reply else None,
                attempt=attempt,
            )
            log_call(call)
            if self._shown_shapes is not None:
                self._shown_shapes.exchanged(call, shape_of(request, reply))
            if self._looks is not None:
                told.append(
                    self._looks.looked(
                        EndedExchange(
                            call=call,
                            request=request,
                            reply=reply,
                            base_url=request.base_url or self.base_url,
                            headers=headers.names,
                        )
                    )
                )
            ended(call)

    def _send(self, request: Request, headers: SentHeaders, patience: Deadline, lease: Lease) -> Reply:
        left = patience.remaining()
        seconds = min(self._settings.timeout, left)
        if seconds == 0.0:
            raise VendorUnavailable("the time for it ran out", sent=False, too_slow=True)
        max_bytes = self._settings.max_reply_bytes
        if request.max_reply_bytes is not None:
            max_bytes = min(max_bytes, request.max_reply_bytes)
        stream = MultipartStream(request.multipart) if request.multipart else None
        try:
            if stream is not None:
                headers["Content-Type"] = stream.content_type
            elif request.body is not None:
                headers["Content-Type"] = "application/json"
            reply = self._session.exchange(
                request,
                request.base_url or self.base_url,
                headers,
                stream,
                # Sending a file may take its time; everything else is done within the caller's.
                Timeout(
                    connect=min(self._settings.connect_timeout, seconds),
                    read=seconds,
                    total=None if stream else left,
                ),
                max_bytes=max_bytes,
                take=lambda size: lease.take(size, patience),
            )
        except (ReplyTooLarge, OSError, HTTPError, ValueError) as error:
            # requests' own are OSErrors, or ValueErrors.
            failure: BaseException = translated(error, max_bytes=max_bytes, peer=self._peer)
        except BaseException as error:  # noqa: BLE001 - an interruption, and our own errors about a file, are raised below
            failure = error
        else:
            _refuse_redirect(reply, self._peer)
            return reply
        finally:
            if stream is not None:
                stream.close()
        raise without_frames(failure)


def _tell(told: Told, decision: Decision | None) -> None:
    for tell in told:
        tell(decision)


def _refuse_redirect(reply: Reply, peer: str) -> None:
    if 300 <= reply.status < 400:
        raise UnreadableReply(
            f"{peer} answered with a redirect (HTTP {reply.status}), which is never followed",
            hint="check the connection's address",
            status=reply.status,
            request_id=reply.request_id,
        )


def _refused(spent: Spent) -> RateLimited:
    """The error of a call that is not made, since its budget has nothing left."""
    if spent.is_away:
        return RateLimited(
            "what counts calls for all machines is away, so nothing was sent",
            hint="calls that change something wait until it is back; `couponhub doctor` says what is wrong with it",
            retry_after=spent.seconds,
            waits_for="what counts calls for all machines, and is away",
        )
    if spent.limit is None:
        return RateLimited(
            "the vendor refused a call for its rate and asked to wait, so nothing was sent",
            retry_after=spent.seconds,
        )
    return (QuotaExhausted if spent.daily else RateLimited)(
        f"the budget {spent.limit} is spent, so nothing was sent",
        hint="if the vendor allows you more, raise it in the connection's limits",
        retry_after=spent.seconds,
        limit=spent.limit,
    )
