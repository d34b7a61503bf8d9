"""How a call proves who sends it. Objects here are shared by threads."""

import base64
import copy
import threading
import time
from collections.abc import Callable, MutableMapping
from concurrent.futures import Future
from typing import Protocol

import attrs

from couponhub.errors import VendorError
from couponhub.transport.breakage import unreachable
from couponhub.transport.deadline import Deadline


class Auth(Protocol):
    """Adds credentials to a call's headers."""

    def sign(self, headers: MutableMapping[str, str], deadline: Deadline, /) -> object:
        """Add the credentials; answer a mark of what was added, for `renew`.

        Raises:
            VendorError: There are none to be had, or not before the deadline.
        """
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

    def sign(self, headers: MutableMapping[str, str], _: Deadline, /) -> object:
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

    def sign(self, headers: MutableMapping[str, str], deadline: Deadline, /) -> object:
        """Add both."""
        headers[self.name] = self.value
        return self.inner.sign(headers, deadline)

    def renew(self, used: object) -> bool:
        """Renew the inner sign-in."""
        return self.inner.renew(used)


@attrs.frozen(kw_only=True)
class Token:
    """A token and how long it may be used, from the moment it was asked for."""

    value: str = attrs.field(repr=False)
    lifetime: float


class TokenSource(Protocol):
    """Fetches a new token from the vendor, in a time that it bounds itself."""

    def __call__(self) -> Token:
        """Fetch one; raises `VendorError` when there is none to be had."""
        ...


class TokenAuth:
    """A short-lived token in a header: fetched once for all threads, renewed before it ends.

    Each thread waits for a fetch no longer than it has time, and the fetch goes on for the others and for later
    calls. A fetch that fails fails for all who wait for it; whoever comes later has a new one made.

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
        self._coming: Future[Token] | None = None

    def sign(self, headers: MutableMapping[str, str], deadline: Deadline, /) -> object:
        """Add the token, having one fetched first when there is none that still lives."""
        with self._lock:
            token = self._token if self._clock() < self._usable_until else None
            if token is None:
                coming = self._coming = self._coming or self._begun()
        if token is None:
            token = _awaited(coming, deadline)
        headers[self._header] = token.value
        return token

    def renew(self, used: object) -> bool:
        """Drop the refused token; a thread that comes with an older one leaves the newer in place."""
        with self._lock:
            if self._token is used:
                self._token = None
            return True

    def _begun(self) -> Future[Token]:
        coming: Future[Token] = Future()
        # On a thread of its own: on a caller's, its deadline would be that of all who wait.
        threading.Thread(target=self._bring, args=(coming,), name="couponhub-token", daemon=True).start()
        return coming

    def _bring(self, coming: Future[Token]) -> None:
        # Counted from before the call: the vendor's seconds began to run while it answered.
        asked_at = self._clock()
        try:
            token = self._fetch()
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            with self._lock:
                self._coming = None
            coming.set_exception(error)
            return
        with self._lock:
            self._token, self._coming = token, None
            self._usable_until = asked_at + token.lifetime - self._margin(token.lifetime)
        coming.set_result(token)


def _awaited(coming: Future[Token], deadline: Deadline) -> Token:
    try:
        return coming.result(timeout=deadline.remaining())
    except TimeoutError:
        failure: VendorError = unreachable("no token came in the time for it", sent=False, too_slow=True)
    except VendorError as error:
        failure = copy.copy(error)  # each thread writes into its own where it happened
    raise failure
