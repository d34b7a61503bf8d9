"""Who may do what: bearer tokens and their scopes, checked without asking the store each time."""

import ipaddress
import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import attrs

from couponhub.errors import AuthRejected, CouponhubError, PermissionDenied, RateLimited
from couponhub.models.base import utc_now
from couponhub.server.pace import Pace
from couponhub.server.problems import Refusal
from couponhub.store import Scope, Token, Tokens, token_id

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_log = logging.getLogger(__name__)

_FORWARDING = ("HTTP_FORWARDED", "HTTP_X_FORWARDED_FOR", "HTTP_X_REAL_IP")
_IMPLIED = {Scope.ADMIN: frozenset({Scope.ADMIN, Scope.LOOKUP, Scope.LISTS_READ})}


@attrs.frozen(kw_only=True)
class Caller:
    """Who asks, as far as it was proven.

    Attributes:
        token_id: Which token came along; None for none.
        scopes: What it allows, what `admin` implies included.
    """

    token_id: str | None = None
    scopes: frozenset[Scope] = frozenset()

    @property
    def sees_codes(self) -> bool:
        """Whether codes are shown whole."""
        return Scope.CODES_REVEAL in self.scopes


NOBODY = Caller()


class Access:
    """Admits callers. Thread-safe.

    The store is not read each time, but so often that a token made or removed by another process counts soon.
    While the store cannot be read, what was read last holds.

    Args:
        tokens: Those in the store.
        one_time: The token that holds for the life of the server alone, if there is one.
        rate_limit: Requests a second that each token may make; 0 for any number.
        fresh_for: Seconds for which what was read holds.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        tokens: Tokens,
        *,
        one_time: Token | None = None,
        rate_limit: float = 0.0,
        fresh_for: float = 2.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tokens = tokens
        self._one_time = {} if one_time is None else {one_time.id: one_time}
        self._pace = Pace(rate_limit, clock)
        self._fresh_for = fresh_for
        self._clock = clock
        self._known: Mapping[str, tuple[Token, Caller]] = {}
        self._read_at = float("-inf")
        self._reading = threading.Lock()

    def admit(self, environ: "WSGIEnvironment", scope: Scope) -> Caller:
        """Tell who asks, if a token with that scope came along.

        Raises:
            Refusal: No token, one that holds no more or lacks the scope, or one used too often.
        """
        caller = self._identify(environ)
        if scope not in caller.scopes:
            raise lacks(scope)
        return caller

    def admit_neighbour(self, environ: "WSGIEnvironment", scope: Scope) -> Caller:
        """As `admit`, but who asks from this machine itself needs no token.

        Raises:
            Refusal: See `admit`.
        """
        return NOBODY if is_neighbour(environ) else self.admit(environ, scope)

    def _identify(self, environ: "WSGIEnvironment") -> Caller:
        kind, _, text = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
        if kind.lower() != "bearer":
            raise _unauthorized("this needs a bearer token", "")
        text = text.strip()
        known = self._current().get(token_id(text) or "")
        if known is None or not known[0].matches(text) or known[0].is_expired(utc_now()):
            raise _unauthorized("the bearer token is not known, or holds no more", ', error="invalid_token"')
        wait = self._pace.take(known[0].id)
        if wait:
            error = RateLimited("too many requests with this token", retry_after=wait)
            raise Refusal(error, 429)
        return known[1]

    def _current(self) -> Mapping[str, tuple[Token, Caller]]:
        if self._clock() - self._read_at < self._fresh_for:
            return self._known
        # One reads; who comes meanwhile uses what is known, except before there is anything.
        if self._reading.acquire(blocking=self._read_at == float("-inf")):
            try:
                if self._clock() - self._read_at >= self._fresh_for:
                    self._read()
            finally:
                self._reading.release()
        return self._known

    def _read(self) -> None:
        try:
            stored = {token.id: token for token in self._tokens.all()}
        except CouponhubError as error:
            _log.warning("the tokens cannot be read, so those known hold on: %s", error)
        else:
            self._known = {
                token.id: (token, _caller(token)) for token in {**self._one_time, **stored}.values()
            }
        self._read_at = self._clock()


def is_neighbour(environ: "WSGIEnvironment") -> bool:
    """Whether the request comes from this machine and says so in every respect.

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
    """Whether only this machine itself is meant."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _caller(token: Token) -> Caller:
    implied = (_IMPLIED.get(scope, frozenset({scope})) for scope in token.scopes)
    return Caller(token_id=token.id, scopes=frozenset().union(*implied))


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
