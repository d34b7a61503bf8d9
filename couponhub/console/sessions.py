"""Sessions of people in a browser: a signed cookie, good for eight hours, that ends with its token.

Nothing is stored: any server with the same key takes a session that another one began.
"""

import base64
import binascii
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING, Any

import attrs

from couponhub.server.auth import Access, Principal
from couponhub.state import Scope

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

COOKIE = "__Host-couponhub"
SECONDS = 8 * 3600
_ATTRIBUTES = "Path=/; Secure; HttpOnly; SameSite=Strict"


@attrs.frozen(kw_only=True)
class Session:
    """One session of somebody who is signed in.

    Attributes:
        caller: Who it is, with the rights that hold now.
        name: Whose it is, for people.
        expires_at: Seconds since the epoch.
        csrf: Must come along with whatever changes something: no other site can know it.
    """

    caller: Principal
    name: str
    expires_at: float
    csrf: str = attrs.field(repr=False)


class Sessions:
    """Begins sessions, and recognises them. Thread-safe.

    Args:
        key: A secret that all servers share.
        access: Knows the tokens.
        now: Seconds since the epoch, for tests.
    """

    def __init__(self, key: bytes, access: Access, *, now: Callable[[], float] = time.time) -> None:
        self._key = key
        self._access = access
        self._now = now

    def begin(self, token: str) -> str:
        """Return the header's value that gives whoever has a token a session.

        Raises:
            Refusal: The token is not known, holds no more, or was used too often.
        """
        caller = self._access.prove(token)
        return self.cookie({"token": caller.token_id})

    def begin_for(self, person: str, scopes: frozenset[Scope]) -> str:
        """Return the header's value that gives a person a session whom somebody else has recognised.

        Args:
            person: For people and the audit; never an e-mail address alone that another provider could give out.
            scopes: What the person may do.
        """
        return self.cookie({"person": person, "scopes": sorted(scopes)})

    def cookie(self, whose: dict[str, Any]) -> str:
        """Return a cookie of a new session, whoever's it is."""
        expires_at = int(self._now()) + SECONDS
        content = {**whose, "until": expires_at, "nonce": secrets.token_hex(8)}
        text = base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")
        return f"{COOKIE}={text}.{self._mac('session', text)}; Max-Age={SECONDS}; {_ATTRIBUTES}"

    def of(self, environ: "WSGIEnvironment") -> Session | None:
        """Return the session of a request; None when there is none, when it has ended, or when its token has."""
        text, _, mac = _cookie_in(environ).partition(".")
        if not text or not hmac.compare_digest(mac.encode(), self._mac("session", text).encode()):
            return None
        try:
            content = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        except (ValueError, binascii.Error):  # nobody signs such a thing
            return None
        if content["until"] <= self._now():
            return None
        caller, name = self._whose(content)
        if caller is None:
            return None
        return Session(caller=caller, name=name, expires_at=content["until"], csrf=self._mac("form", text))

    def _whose(self, content: dict[str, Any]) -> tuple[Principal | None, str]:
        if "person" in content:
            known = frozenset(Scope(word) for word in content["scopes"] if word in set(Scope))
            person = content["person"]
            return Principal(token_id=f"oidc:{person}", scopes=known, name=person), person
        found = self._access.holder(content["token"])
        return (None, "") if found is None else found

    def _mac(self, purpose: str, text: str) -> str:
        return hmac.new(self._key, f"{purpose}:{text}".encode(), hashlib.sha256).hexdigest()


def ended_cookie() -> str:
    """Return the header's value that takes a session away from a browser."""
    return f"{COOKIE}=; Max-Age=0; {_ATTRIBUTES}"


def _cookie_in(environ: "WSGIEnvironment") -> str:
    cookies: SimpleCookie = SimpleCookie()
    try:
        cookies.load(environ.get("HTTP_COOKIE", ""))
    except CookieError:
        return ""
    found = cookies.get(COOKIE)
    return "" if found is None else found.value
