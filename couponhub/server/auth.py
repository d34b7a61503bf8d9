"""The rights of callers: bearer tokens and their scopes, checked without asking the store each time."""

import ipaddress
import logging
import threading
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import attrs

from couponhub.auditing import Actor
from couponhub.clock import SYSTEM_CLOCK, Clock, utc_now
from couponhub.errors import (
    AuthRejected,
    CouponhubError,
    LocalError,
    PermissionDenied,
    RateLimited,
    UsageError,
)
from couponhub.server.problems import Refusal
from couponhub.server.token_bucket import TokenBucket
from couponhub.state import Scope, SignOuts, Token, Tokens, token_id

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_log = logging.getLogger(__name__)

_FORWARDING = ("HTTP_FORWARDED", "HTTP_X_FORWARDED_FOR", "HTTP_X_REAL_IP")
_LONGEST_UNREAD_SECONDS = 900.0
"""So long what was read last holds: a database is away for a minute or two when another takes its place."""
_PATIENCE_SECONDS = 2.0
"""For a store that does not answer, of the one who asks it: nobody's lookup waits as long as a database may."""
_NEWER_SECONDS = 0.2
"""So soon again the store is read for a token that nobody knows, which may just have been made; whoever guesses tokens
costs no more reads than that. Who comes meanwhile waits as long for a read that is under way."""
_ALWAYS_TOGETHER = 16
"""As many are asked about at once, and `couponhub.Client` asks for no more together."""
_IMPLIED = {Scope.ADMIN: frozenset({Scope.ADMIN, Scope.LOOKUP, Scope.LISTS_READ})}


@attrs.frozen(kw_only=True)
class Principal:
    """The caller, as far as it was proven.

    Attributes:
        token_id: Which token came along; None for none.
        scopes: What it allows, what `admin` implies included.
        name: Whose it is, for people; "" where nobody knows.
    """

    token_id: str | None = None
    scopes: frozenset[Scope] = frozenset()
    name: str = ""

    @property
    def sees_codes(self) -> bool:
        """True when codes are shown whole."""
        return Scope.CODES_REVEAL in self.scopes

    def actor(self, request_id: str) -> Actor:
        """Return the same as the audit log knows it."""
        who = self.token_id or "nobody"
        return Actor(who=who, name=self.name or who, request_id=request_id)


NOBODY = Principal()


@attrs.define
class _Known:
    """The tokens as they were read.

    Attributes:
        tokens: By id.
        signed_out: The marks of sessions that were signed out of.
        is_whole: False when those of the store are not among them, for it cannot be read.
        proven: By the header that a token came in: what was proven is not proven again for each request.
    """

    tokens: Mapping[str, tuple[Token, Principal]]
    signed_out: frozenset[str] = frozenset()
    is_whole: bool = True
    proven: dict[str, tuple[Token, Principal]] = attrs.field(factory=dict, repr=False)


class Access:
    """Admits callers. Thread-safe.

    The store is not read each time, but so often that a token removed by another process, here or on another machine,
    soon counts no more. One that is not known is looked for at once: it may be new. While the store cannot be read, what
    was read last holds for a quarter of an hour: a token may have been removed elsewhere meanwhile.

    Args:
        tokens: Those in the store.
        fixed: Those that hold for the life of the server, beside them.
        sign_outs: The sessions of people that were signed out of, in the store; None where nobody has one.
        rate_limit: Requests a second that each token may make, each customer of a batch being one; 0 for any number.
        fresh_for: Seconds for which what was read holds.
        clock: What time is measured on.
    """

    def __init__(
        self,
        tokens: Tokens,
        *,
        fixed: Iterable[Token] = (),
        sign_outs: SignOuts | None = None,
        rate_limit: float = 0.0,
        fresh_for: float = 2.0,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._tokens = tokens
        self._sign_outs = sign_outs
        self._left: Mapping[str, datetime] = {}
        self._fixed = {token.id: token for token in fixed}
        self._pace = TokenBucket(rate_limit, clock)
        self._fresh_for = fresh_for
        self._clock = clock
        self._known = attrs.evolve(_known(self._fixed.values()), is_whole=False)
        self._read_at = self._succeeded_at = float("-inf")
        self._reading = threading.Lock()

    def admit(self, environ: "WSGIEnvironment", scope: Scope) -> Principal:
        """Tell who asks, if a token with that scope came along.

        Raises:
            Refusal: No token, one that holds no more or lacks the scope, one used too often, or one that cannot be
                checked now.
        """
        caller = self._identify(environ)
        if scope not in caller.scopes:
            raise attrs.evolve(lacks(scope), token_id=caller.token_id)
        return caller

    def admit_loopback(self, environ: "WSGIEnvironment", scope: Scope) -> Principal:
        """As `admit`, but who asks from this machine itself needs no token.

        Raises:
            Refusal: See `admit`.
        """
        return NOBODY if is_from_loopback(environ) else self.admit(environ, scope)

    @property
    def fixed(self) -> tuple[Token, ...]:
        """The tokens that hold for the life of the server."""
        return tuple(self._fixed.values())

    def prove(self, text: str) -> Principal:
        """Tell whose a token is that came otherwise than in a header.

        Raises:
            Refusal: It holds no more, or was used too often.
        """
        return self._identify({"HTTP_AUTHORIZATION": f"Bearer {text}"})

    def admit_session(self, caller: Principal, scope: Scope) -> Principal:
        """As `admit`, of somebody whose session was proven; what is asked for counts as with a token.

        Raises:
            Refusal: The scope is lacking, or there were too many requests.
        """
        self.count(caller)
        if scope not in caller.scopes:
            raise attrs.evolve(lacks(scope), token_id=caller.token_id)
        return caller

    def count(self, caller: Principal) -> None:
        """Count a request of somebody whose session was proven, as one with a token.

        Raises:
            Refusal: There were too many.
        """
        who = caller.token_id
        wait = 0.0 if who is None else self._pace.take(who)
        if wait:
            raise Refusal(RateLimited("too many requests", retry_after=wait), 429, token_id=who)

    def holder(self, token_id: str) -> tuple[Principal, str] | None:
        """Return who holds the token of that id now, and its name for people; None when nobody does any more."""
        found = self._current().tokens.get(token_id)
        if found is None or found[0].is_expired(utc_now()):
            return None
        return found[1], found[0].name

    def sign_out(self, mark: str, until: datetime) -> None:
        """Let a session end before its time: here at once, elsewhere with the next read. One that cannot be written down ends here.

        Args:
            mark: Tells it from others.
            until: The time at which it would have ended.
        """
        now = utc_now()
        # Beside what is read: a read that is under way may not have seen it.
        self._left = {**{one: end for one, end in self._left.items() if end > now}, mark: until}
        if self._sign_outs is None:
            return
        try:
            self._sign_outs.add(mark, until)
        except CouponhubError as error:
            _log.warning("a session was signed out of, which no other process can be told: %s", error)

    def is_signed_out(self, mark: str) -> bool:
        """Tell whether a session was signed out of."""
        return mark in self._left or mark in self._current().signed_out

    def allows(self, environ: "WSGIEnvironment", scope: Scope) -> bool:
        """Tell whether `admit_loopback` would let a request in, of one that need not be let in."""
        if "HTTP_AUTHORIZATION" not in environ:
            return is_from_loopback(environ)
        try:
            self.admit_loopback(environ, scope)
        except Refusal:
            return False
        return True

    def charge(self, caller: Principal, lookups: int) -> None:
        """Count the lookups of an admitted request, which counted as one so far.

        Those beyond what is left are owed: until then the token's next requests are refused.

        Raises:
            UsageError: They are more than a minute pays for.
        """
        most = max(_ALWAYS_TOGETHER, self._pace.in_a_minute)
        if lookups > most:
            raise UsageError(
                f"customers: at most {most:.0f} items with this server's rate limit", hint="split it"
            )
        if caller.token_id is not None:
            self._pace.owe(caller.token_id, lookups - 1)

    def _identify(self, environ: "Mapping[str, Any]") -> Principal:
        header = environ.get("HTTP_AUTHORIZATION", "")
        known = self._current()
        token, caller = known.proven.get(header) or self._proven(header, known)
        if token.expires_at is not None and token.is_expired(utc_now()):
            raise _unknown()
        wait = self._pace.take(token.id)
        if wait:
            error = RateLimited("too many requests with this token", retry_after=wait)
            raise Refusal(error, 429, token_id=token.id)
        return caller

    def _proven(self, header: str, known: "_Known") -> tuple[Token, Principal]:
        found = _token_of(header)
        if known.is_whole and found is not None and found not in known.tokens:
            known = self._read_again()
        return _proof(header, known)

    def _read_again(self) -> "_Known":
        """Read for a token that is not known: it may have been made a moment ago, here or on another machine."""
        return self._current(min(self._fresh_for, _NEWER_SECONDS), wait=_NEWER_SECONDS)

    def _current(self, fresh_for: float | None = None, *, wait: float = 0.0) -> "_Known":
        fresh_for = self._fresh_for if fresh_for is None else fresh_for
        if self._clock.monotonic() - self._read_at < fresh_for:
            return self._known
        # One reads; who comes meanwhile uses what is known, except before there is anything.
        is_first = self._read_at == float("-inf")
        if self._reading.acquire(timeout=_PATIENCE_SECONDS if is_first else wait):
            if self._clock.monotonic() - self._read_at < fresh_for:
                self._reading.release()
            else:
                self._begin_reading().wait(_PATIENCE_SECONDS)
        return self._known

    def _begin_reading(self) -> threading.Event:
        """Read on a thread of its own, and then let others read, with whom the lock is shared; what is given tells the end."""
        ended = threading.Event()

        def read() -> None:
            try:
                self._read()
            finally:
                self._reading.release()
                ended.set()

        try:
            threading.Thread(target=read, name="tokens", daemon=True).start()
        except RuntimeError:  # no thread can be had now
            read()
        return ended

    def _read(self) -> None:
        try:
            stored = {token.id: token for token in self._tokens.all()}
            signed_out = frozenset() if self._sign_outs is None else self._sign_outs.all()
        except CouponhubError as error:
            _log.warning("the tokens cannot be read, so those known hold on: %s", error)
            if self._clock.monotonic() - self._succeeded_at > _LONGEST_UNREAD_SECONDS:
                nobody = _known(self._fixed.values())
                self._known = attrs.evolve(nobody, signed_out=self._known.signed_out, is_whole=False)
        else:
            self._known = attrs.evolve(_known({**self._fixed, **stored}.values()), signed_out=signed_out)
            self._succeeded_at = self._clock.monotonic()
        self._read_at = self._clock.monotonic()


def is_from_loopback(environ: "WSGIEnvironment") -> bool:
    """Tell whether the request comes from this machine and says so in every respect.

    A proxy on this machine speaks for others, and a page in a browser here may name a host of its own.
    """
    if any(name in environ for name in _FORWARDING):
        return False
    try:
        host = urlsplit(f"//{environ.get('HTTP_HOST', '')}").hostname or ""
    except ValueError:
        return False
    return is_loopback_host(environ.get("REMOTE_ADDR", "")) and is_loopback_host(host)


def is_loopback_host(host: str) -> bool:
    """Tell whether only this machine itself is meant."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _known(tokens: Iterable[Token]) -> _Known:
    return _Known({token.id: (token, _caller(token)) for token in tokens})


def _caller(token: Token) -> Principal:
    return Principal(token_id=token.id, scopes=with_implied(token.scopes), name=token.name)


def with_implied(scopes: Iterable[Scope]) -> frozenset[Scope]:
    """Return scopes together with those that they imply."""
    return frozenset().union(*(_IMPLIED.get(scope, frozenset({scope})) for scope in scopes))


def _token_of(header: str) -> str | None:
    """The id of the token in a header; None where there is none of ours."""
    kind, _, text = header.partition(" ")
    return token_id(text.strip()) if kind.lower() == "bearer" else None


def _proof(header: str, known: _Known) -> tuple[Token, Principal]:
    """The token in a header, and who comes with it."""
    kind, _, text = header.partition(" ")
    if kind.lower() != "bearer":
        raise _unauthorized("this needs a bearer token", "")
    found = known.tokens.get(token_id(text.strip()) or "")
    if found is None and not known.is_whole:
        raise Refusal(LocalError("tokens cannot be checked now", hint="the server's log says why"), 503)
    if found is None or not found[0].matches(text.strip()):
        raise _unknown()
    if kind == "Bearer" and text == text.strip():  # there is no end of other spellings
        known.proven[header] = found
    return found


def _unknown() -> Refusal:
    return _unauthorized("the bearer token is not known, or holds no more", ', error="invalid_token"')


def _unauthorized(text: str, what: str) -> Refusal:
    error = AuthRejected(text, hint="send `Authorization: Bearer TOKEN`; `couponhub token new` makes one")
    return Refusal(error, 401, {"WWW-Authenticate": f'Bearer realm="couponhub"{what}'})


def lacks(scope: Scope) -> Refusal:
    """The refusal of a caller whose token does not allow what was asked for."""
    error = PermissionDenied(
        f"the token lacks the scope {scope.value}",
        hint=f"make one with `couponhub token new --scope {scope.value}`",
    )
    challenge = f'Bearer realm="couponhub", error="insufficient_scope", scope="{scope.value}"'
    return Refusal(error, 403, {"WWW-Authenticate": challenge})
