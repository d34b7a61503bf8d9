"""How a call proves who sends it. Objects here are shared by threads."""

import base64
import copy
import threading
import time
from collections.abc import Callable, MutableMapping
from typing import Protocol

import attrs

from couponhub.errors import VendorError


class Auth(Protocol):
    """Adds credentials to a call's headers."""

    def sign(self, headers: MutableMapping[str, str]) -> object:
        """Add the credentials; answer a mark of what was added, for `renew`."""
        ...

    def renew(self, used: object) -> bool:
        """The credentials marked `used` were refused: make sure the next `sign` uses others, if it can.

        Returns:
            False when there are no others, so that repeating is pointless.
        """
        ...


class BasicAuth:
    """HTTP Basic, in UTF-8 (requests' own encodes as Latin-1)."""

    def __init__(self, username: str, password: str) -> None:
        token = base64.b64encode(f"{username}:{password}".encode()).decode("ascii")
        self._value = f"Basic {token}"

    def sign(self, headers: MutableMapping[str, str]) -> object:
        """Add the Authorization header."""
        headers["Authorization"] = self._value
        return None

    def renew(self, used: object) -> bool:  # noqa: ARG002 - fixed credentials have no successor
        """Answer False: there is nothing to renew."""
        return False


@attrs.frozen(kw_only=True)
class HeaderAuth:
    """Another sign-in with a fixed header beside it."""

    inner: Auth
    name: str
    value: str = attrs.field(repr=False)

    def sign(self, headers: MutableMapping[str, str]) -> object:
        """Add both."""
        headers[self.name] = self.value
        return self.inner.sign(headers)

    def renew(self, used: object) -> bool:
        """Renew the inner sign-in."""
        return self.inner.renew(used)


@attrs.frozen(kw_only=True)
class Token:
    """A token and how long it may be used, from the moment it was asked for."""

    value: str = attrs.field(repr=False)
    lifetime: float


class TokenSource(Protocol):
    """Fetches a new token from the vendor."""

    def __call__(self) -> Token:
        """Fetch one; raises `VendorError` when there is none to be had."""
        ...


class TokenAuth:
    """A short-lived token in a header: fetched once for all threads, renewed before it ends.

    Args:
        fetch: Gets a new token.
        header: The header that carries it, raw.
        margin: Says for a lifetime in seconds how many of them to leave unused.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        fetch: TokenSource,
        *,
        header: str,
        margin: Callable[[float], float],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fetch = fetch
        self._header = header
        self._margin = margin
        self._clock = clock
        self._lock = threading.Lock()
        self._token: Token | None = None
        self._usable_until = 0.0
        self._failure: VendorError | None = None
        self._failed_at = 0.0

    def sign(self, headers: MutableMapping[str, str]) -> object:
        """Add the token, fetching one first when there is none that still lives."""
        came_at = self._clock()
        with self._lock:
            if self._token is None or self._clock() >= self._usable_until:
                self._fetch_token(came_at)
            token = self._token
        assert token is not None  # noqa: S101 - fetched, or an error was raised
        headers[self._header] = token.value
        return token

    def _fetch_token(self, came_at: float) -> None:
        if self._failure is not None and came_at < self._failed_at:
            # This thread has waited for that very attempt; one after the other they would wait for ever.
            raise copy.copy(self._failure)
        # Counted from before the call: the vendor's seconds began to run while it answered.
        asked_at = self._clock()
        try:
            self._token = self._fetch()
        except VendorError as error:
            self._failure, self._failed_at = copy.copy(error), self._clock()
            raise
        self._failure = None
        lifetime = self._token.lifetime
        self._usable_until = asked_at + lifetime - self._margin(lifetime)

    def renew(self, used: object) -> bool:
        """Drop the refused token; a thread that comes with an older one leaves the newer in place."""
        with self._lock:
            if self._token is used:
                self._token = None
            return True
