"""Sessions of people in a browser: a signed cookie, good for some hours, that ends with its token.

Nothing is stored but that somebody signed out: any server with the same key takes a session that another one began.
"""

import base64
import binascii
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from http.cookies import CookieError, SimpleCookie
from typing import Any

import attrs

from couponhub.config import OidcSettings
from couponhub.server.auth import Access, Principal, with_implied

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

    @property
    def ends_at(self) -> datetime:
        """Its end, in UTC."""
        return datetime.fromtimestamp(self.expires_at, tz=UTC)


class Sessions:
    """Begins sessions, and recognises them. Thread-safe.

    Args:
        key: A secret that all servers share.
        access: Knows the tokens.
        people: What the groups of people may do whom a provider recognises; None where nobody signs in so.
        now: Seconds since the epoch, for tests.
    """

    def __init__(
        self,
        key: bytes,
        access: Access,
        people: OidcSettings | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._key = key
        self._access = access
        self._people = people
        self.now = now

    def begin(self, token: str) -> str:
        """Return the header's value that gives whoever has a token a session.

        Raises:
            Refusal: The token is not known, holds no more, or was used too often.
        """
        caller = self._access.prove(token)
        return self._cookie({"token": caller.token_id}, SECONDS)

    def begin_for(self, person: str, name: str, groups: Iterable[str], *, seconds: int) -> str:
        """Return the header's value that gives a person a session whom the provider has recognised.

        Args:
            person: Tells them from all others, in the audit and the log; safe in a line of a log.
            name: For people.
            groups: What the person may do is what these may, as long as the configuration says so.
            seconds: So long it holds.
        """
        return self._cookie({"person": person, "name": name, "groups": [*groups]}, seconds)

    def _cookie(self, whose: dict[str, Any], seconds: int) -> str:
        expires_at = int(self.now()) + seconds
        content = {**whose, "until": expires_at, "nonce": secrets.token_hex(8)}
        text = base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")
        # Kept on past its end, so that whose it was can be asked for again.
        return f"{COOKIE}={self.signed('session', text)}; Max-Age={SECONDS}; {_ATTRIBUTES}"

    def of(self, cookies: str) -> Session | None:
        """Return the session of a request; None when there is none, when it has ended, or when its token has.

        Args:
            cookies: The header that it came with.
        """
        text, content = self._read(cookies)
        if content is None or content["until"] <= self.now() or self._access.is_signed_out(self._mark(text)):
            return None
        caller, name = self._whose(content)
        if caller is None:
            return None
        return Session(caller=caller, name=name, expires_at=content["until"], csrf=self._mac("form", text))

    def count(self, caller: Principal) -> None:
        """Count what somebody with a session asks for: who has a token makes no more requests on pages than without them.

        Raises:
            Refusal: There were too many.
        """
        self._access.count(caller)

    def end(self, cookies: str) -> None:
        """Let the session of a request end before its time, for whoever else may hold its cookie, too."""
        text, content = self._read(cookies)
        if content is not None:
            self._access.sign_out(self._mark(text), datetime.fromtimestamp(content["until"], tz=UTC))

    def may_be_renewed(self, cookies: str) -> bool:
        """Tell whether the session has just ended of somebody whom the provider may still know."""
        _, content = self._read(cookies)
        return (
            self._people is not None
            and content is not None
            and "person" in content
            and content["until"] <= self.now() < content["until"] + SECONDS
        )

    def _mark(self, text: str) -> str:
        """Return what tells a session from others where it is written down: nobody makes a cookie of it."""
        return self._mac("signed out", text)[:32]

    def signed(self, purpose: str, text: str) -> str:
        """Return a text that can be put into a cookie, so that it is known again."""
        return f"{text}.{self._mac(purpose, text)}"

    def unsigned(self, purpose: str, cookie: str) -> str | None:
        """Return the text of a cookie that was signed here for the same purpose; None for any other."""
        text, _, mac = cookie.rpartition(".")
        is_ours = hmac.compare_digest(mac.encode("utf-8", "replace"), self._mac(purpose, text).encode())
        return text if text and is_ours else None

    def derived(self, purpose: str, text: str) -> str:
        """Return a word that only servers of this key can derive of a text."""
        return self._mac(purpose, text)

    def _read(self, cookies: str) -> tuple[str, dict[str, Any] | None]:
        text = self.unsigned("session", cookie_in(cookies, COOKIE))
        if text is None:
            return "", None
        try:
            return text, json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        except (ValueError, binascii.Error):  # nobody signs such a thing
            return "", None

    def _whose(self, content: dict[str, Any]) -> tuple[Principal | None, str]:
        if "person" in content:
            return self._person(content)
        found = self._access.holder(content["token"])
        return (None, "") if found is None else found

    def _person(self, content: dict[str, Any]) -> tuple[Principal | None, str]:
        if self._people is None:
            return None, ""
        given = (self._people.scopes.get(group, ()) for group in content["groups"])
        scopes = with_implied(scope for some in given for scope in some)
        caller = Principal(token_id=f"oidc:{content['person']}", scopes=scopes, name=content["name"])
        return (caller, content["name"]) if scopes else (None, "")

    def _mac(self, purpose: str, text: str) -> str:
        return hmac.new(self._key, f"{purpose}:{text}".encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def ended_cookie() -> str:
    """Return the header's value that takes a session away from a browser."""
    return f"{COOKIE}=; Max-Age=0; {_ATTRIBUTES}"


def cookie_in(cookies: str, name: str) -> str:
    """Return a cookie of a header by its name; "" where it has none."""
    jar: SimpleCookie = SimpleCookie()
    try:
        jar.load(cookies)
    except CookieError:
        return ""
    found = jar.get(name)
    return "" if found is None else found.value
