"""The gate before every operation: who calls, with which right, how often (C-6, C-68, C-8)."""

import math
from datetime import datetime, timedelta

import attrs
from werkzeug.datastructures import Headers

from couponhub_capillary.emulator.answers import (
    Family,
    access_error,
    too_many_requests,
    unauthorized,
    v2_error,
)
from couponhub_capillary.emulator.options import Options
from couponhub_capillary.emulator.tokens import Tokens

TOKEN_HEADER = "X-CAP-API-OAUTH-TOKEN"  # noqa: S105 - a header's name
_LOOKUP_HEADERS = ("X-CAP-API-ATTRIBUTION-LOOKUP-TYPE", "X-CAP-API-ATTRIBUTION-LOOKUP")
_MINUTE = timedelta(minutes=1)


@attrs.frozen(kw_only=True)
class Credentials:
    """Credentials of a request: a token as it stood in its header, or a till with the MD5 of its password."""

    token: str | None = attrs.field(default=None, repr=False)
    username: str | None = None
    password: str = attrs.field(default="", repr=False)


class RateLimiter:
    """Counts calls per client in windows of a minute that begin with a client's first call."""

    def __init__(self) -> None:
        self._windows: dict[str, tuple[datetime, int]] = {}

    def count(self, client: str, limit: int, now: datetime) -> int:
        """Count a call; 0, or the seconds until the next window when this one is full."""
        start, calls = self._windows.get(client, (now, 0))
        if not start <= now < start + _MINUTE:  # also when the clock was set back
            start, calls = now, 0
        if calls >= limit:
            return max(1, math.ceil((start + _MINUTE - now).total_seconds()))
        self._windows[client] = (start, calls + 1)
        return 0


def caller(family: Family, credentials: Credentials, tokens: Tokens, options: Options) -> str:
    """The client key or till that calls. Raises RefusedError with the family's 401."""
    client = None
    if credentials.token is not None:
        client = tokens.client_of(credentials.token, most_calls=options.token_calls)
    elif credentials.username is not None and (family is not Family.UPLOAD or options.uploads_accept_basic):
        client = tokens.till_of(credentials.username, credentials.password)
    if client is None:
        raise unauthorized(family, as_200=options.v1_unauthorized_as_200)
    return client


def check_right(client: str, right: str, options: Options) -> None:
    """Raise RefusedError when the right is withheld, or cannot be told."""
    if options.authorization_unavailable:
        raise access_error(503, 4001, "Authorization status unavailable!")
    if right in options.denied.get(client, ()):
        raise access_error(403, 4000, "Not authorized. Access is denied!")


def check_rate(family: Family, client: str, limiter: RateLimiter, options: Options, now: datetime) -> None:
    """Raise RefusedError beyond the calls of a minute; uploads are not counted (C-8)."""
    if family in {Family.V1, Family.V2}:
        wait = limiter.count(client, options.rate_limit, now)
        if wait:
            raise too_many_requests(wait)


def check_lookup_headers(family: Family, headers: Headers) -> None:
    """Raise RefusedError where v2 with Basic authentication is sent one of its two look-up headers alone (3.2)."""
    sent = sum(name in headers for name in _LOOKUP_HEADERS)
    if family is Family.V2 and sent == 1 and TOKEN_HEADER not in headers:
        raise v2_error(1061, "lookup-type header needed together with the lookup header")
