"""Credentials of a call, which prove who sends it. Objects here are shared by threads."""

import base64
import copy
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import copy_context
from typing import Protocol

import attrs

from couponhub.clock import SYSTEM_CLOCK, Clock, Deadline
from couponhub.errors import CouponhubError, VendorError, VendorUnavailable
from couponhub.forking import PerProcess, ProcessLock
from couponhub.secret import Secret, secret_of
from couponhub.transport.headers import Headers
from couponhub.transport.observing import Observer, VendorCall, label_of, log_call

_HANGS_AFTER = 3.0
"""Seconds without an answer after which a fetch of a token is no longer what others wait for: less than from one
probe of a silent vendor to the next, so that each probe truly asks it."""
FETCH_TOKEN = label_of("fetch token")
"""The label of the call that a sign-in makes by itself."""
_AT_ONCE = 8
"""Fetches that may hang beside each other; each ends with its own time limit."""


class Auth(Protocol):
    """Adds credentials to a call's headers."""

    def sign(self, headers: Headers, deadline: Deadline, /) -> object:
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

    def __init__(self, username: str, password: str | Secret) -> None:
        self._value = _basic(username, secret_of(password))

    def sign(self, headers: Headers, _: Deadline, /) -> object:
        """Add the Authorization header."""
        headers["Authorization"] = self._value.reveal()
        return None

    def renew(self, used: object) -> bool:  # noqa: ARG002 - fixed credentials have no successor
        """Answer False: there is nothing to renew."""
        return False


@attrs.frozen(kw_only=True)
class HeaderAuth:
    """Another sign-in with a fixed header beside it."""

    inner: Auth
    name: str
    value: Secret = attrs.field(converter=secret_of)

    def sign(self, headers: Headers, deadline: Deadline, /) -> object:
        """Add both."""
        headers[self.name] = self.value.reveal()
        return self.inner.sign(headers, deadline)

    def renew(self, used: object) -> bool:
        """Renew the inner sign-in."""
        return self.inner.renew(used)


@attrs.frozen(kw_only=True)
class AccessToken:
    """A token and how long it may be used, from the moment it was asked for."""

    value: Secret = attrs.field(converter=secret_of)
    lifetime: float


class TokenSource(Protocol):
    """Fetches a new token from the vendor, in a time that it bounds itself."""

    def __call__(self) -> AccessToken:
        """Fetch one; raises `VendorError` when there is none to be had."""
        ...


@attrs.frozen
class _Held:
    """A token, and until when it may be used."""

    token: AccessToken
    until: float


@attrs.define(eq=False)
class _Fetch:
    """A token under way: who waits for it is told by `result`."""

    began: float
    result: "Future[AccessToken]" = attrs.field(factory=Future)


class TokenAuth:
    """A short-lived token in a header: fetched once for all threads, renewed before it ends.

    Each thread waits for a fetch no longer than it has time, and the fetch goes on for the others and for later
    calls. A fetch that fails fails for all who wait for it; whoever comes later has a new one made. One that
    hangs is not waited for by those who come later: a new one is begun beside it, so that a vendor that is back is
    noticed at once, and whichever brings a token first brings it to all.

    Args:
        fetch: Gets a new token.
        header: The header that carries it, raw.
        margin: Says for a lifetime in seconds how many of them to leave unused.
        connection: Whose it is, for logs, metrics and traces.
        observer: Is told of each fetch, as of any other call.
        clock: What a token's age is measured on.
    """

    def __init__(
        self,
        fetch: TokenSource,
        *,
        header: str,
        margin: Callable[[float], float],
        connection: str,
        observer: Observer,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._fetch = fetch
        self._connection = connection
        self._observer = observer
        self._header = header
        self._margin = margin
        self._clock = clock
        self._lock = ProcessLock()
        self._held: _Held | None = None
        self._under_way: PerProcess[list[_Fetch]] = PerProcess(list)  # threads, which no forked process has

    def sign(self, headers: Headers, deadline: Deadline, /) -> object:
        """Add the token, having one fetched first when there is none that still lives."""
        now = self._clock.monotonic()
        token = self._living(now) or self._fetched(now, deadline)
        headers[self._header] = token.value.reveal()
        return token

    def renew(self, used: object) -> bool:
        """Drop the refused token; a thread that comes with an older one leaves the newer in place."""
        with self._lock:
            if self._held is not None and self._held.token is used:
                self._held = None
            return True

    def _living(self, now: float) -> AccessToken | None:
        held = self._held  # read once, and so without the lock
        return held.token if held is not None and now < held.until else None

    def _fetched(self, now: float, deadline: Deadline) -> AccessToken:
        with self._lock:
            token = self._living(now)  # another thread may have brought one meanwhile
            if token is not None:
                return token
            fetch = self._joined(now)
        return _awaited(fetch.result, deadline)

    def _joined(self, now: float) -> _Fetch:
        """The newest fetch under way, or a new one, where that one seems to hang."""
        under_way = self._under_way.get()
        newest = under_way[-1] if under_way else None
        if newest is not None and (now - newest.began < _HANGS_AFTER or len(under_way) >= _AT_ONCE):
            return newest
        fetch = _Fetch(now)
        # On a thread of its own: on a caller's, its deadline would be that of all who wait.
        # In the context of who needs it first: whatever traces calls finds there whose it is.
        threading.Thread(
            target=copy_context().run, args=(self._bring, fetch), name="couponhub-token", daemon=True
        ).start()
        under_way.append(fetch)
        return fetch

    def _bring(self, fetch: _Fetch) -> None:
        # Counted from before the call: the vendor's seconds began to run while it answered.
        asked_at = self._clock.monotonic()
        try:
            token = self._told(asked_at)
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            with self._lock:
                self._under_way.get().remove(fetch)
            if not fetch.result.done():
                fetch.result.set_exception(error)
            return
        with self._lock:
            under_way = self._under_way.get()
            self._held = _Held(token, asked_at + token.lifetime - self._margin(token.lifetime))
            under_way.remove(fetch)
            # Those that hang go on, and change nothing for anybody who waits for them now.
            waited_for = [one.result for one in (fetch, *under_way) if not one.result.done()]
        for result in waited_for:
            result.set_result(token)

    def _told(self, began: float) -> AccessToken:
        """Fetch one, and tell of it: a sign-in that is dead shows itself by no other call."""
        ended = self._observer.began(self._connection, FETCH_TOKEN)
        failure: CouponhubError | None = None
        outcome = "interrupted"
        try:
            token = self._fetch()
        except CouponhubError as error:
            failure, outcome = error, error.kind
            raise
        else:
            outcome = "ok"
            return token
        finally:
            call = VendorCall(
                connection=self._connection,
                operation=FETCH_TOKEN,
                outcome=outcome,
                seconds=self._clock.monotonic() - began,
                status=failure.status if failure else None,
                request_id=failure.request_id if failure else None,
            )
            log_call(call)
            ended(call)


def _basic(username: str, password: Secret) -> Secret:
    return Secret(f"Basic {base64.b64encode(f'{username}:{password.reveal()}'.encode()).decode('ascii')}")


def _awaited(coming: "Future[AccessToken]", deadline: Deadline) -> AccessToken:
    try:
        return coming.result(timeout=deadline.remaining())
    except TimeoutError:
        failure: VendorError = VendorUnavailable(
            "no token came in the time for it", sent=False, too_slow=True
        )
    except VendorError as error:
        failure = copy.copy(error)  # each thread writes into its own where it happened
    raise failure
