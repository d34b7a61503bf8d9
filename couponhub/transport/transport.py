"""One connection's way to its vendor: sign, send, read within bounds, repeat where that is safe."""

import logging
import ssl
import time
from collections.abc import Callable
from typing import NoReturn, TypeVar
from urllib.parse import urlencode

import requests
from requests import exceptions as broken
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from couponhub.errors import (
    AuthRejected,
    ConfigError,
    CouponhubError,
    OutcomeUnknown,
    RateLimited,
    UnreadableReply,
    VendorError,
    VendorUnavailable,
)
from couponhub.transport.auth import Auth
from couponhub.transport.deadline import Deadline
from couponhub.transport.exchange import MultipartStream, Reply, Request
from couponhub.transport.retry import RetryPolicy
from couponhub.transport.session import ReplyTooLarge, hardened_session, read_body
from couponhub.transport.settings import TransportSettings

T = TypeVar("T")

_log = logging.getLogger(__name__)


class Transport:
    """Sends requests of one connection. Thread-safe.

    Args:
        connection: The connection's name, for errors and logs.
        base_url: What request paths are appended to, without a slash at the end.
        auth: How calls are signed.
        settings: Time, size, proxy.
        retry: How failed calls are repeated.
        unknown_hint: What a person can do to learn how a write ended whose answer was lost.
    """

    def __init__(
        self,
        *,
        connection: str,
        base_url: str,
        auth: Auth,
        settings: TransportSettings | None = None,
        retry: RetryPolicy | None = None,
        unknown_hint: str = "look at the vendor before repeating it",
    ) -> None:
        self.connection = connection
        self.base_url = base_url.rstrip("/")
        self._auth = auth
        self._settings = settings or TransportSettings()
        self._retry = retry or RetryPolicy()
        self._unknown_hint = unknown_hint
        self._session = hardened_session(self._settings)

    def close(self) -> None:
        """Close the pooled connections."""
        self._session.close()

    def call(self, request: Request, read: Callable[[Reply], T], *, deadline: float | None = None) -> T:
        """Send a request and read its reply; repeat it where that cannot do harm.

        Reads are repeated after any retryable error; writes only when they provably did not arrive (no
        connection, rate limit, refused credentials that could be renewed). With a `deadline` of the
        caller's (seconds, for everything) a rate limit is never waited out.

        Args:
            request: What to send.
            read: Turns the reply into a value, or raises the typed error that it stands for.
            deadline: Seconds in all; None uses the connection's patience.

        Raises:
            OutcomeUnknown: A write was sent and no understandable answer came.
            CouponhubError: Whatever `read` raised, or why no reply could be had.
        """
        patience = Deadline.after(self._settings.patience if deadline is None else deadline)
        renewed = False
        attempt = 0
        while True:
            attempt += 1
            used: object = None
            try:
                used, headers = self._signed(request)
                return self._exchange(request, headers, read, patience)
            except AuthRejected as error:
                if used is None or renewed or not self._auth.renew(used):
                    raise error.located(connection=self.connection, operation=request.operation) from None
                renewed = True
            except (RateLimited, VendorUnavailable) as error:
                error.located(connection=self.connection, operation=request.operation)
                if not self._may_repeat(request, error, attempt, in_a_hurry=deadline is not None):
                    self._give_up(request, error)
                wait = self._retry.wait_before(attempt, error)
                if not patience.allows(wait):
                    self._give_up(request, error)
                _log.info(
                    "%s: %s: attempt %d failed (%s), waiting %.1f s",
                    self.connection,
                    request.operation,
                    attempt,
                    error.kind,
                    wait,
                )
                self._retry.sleep(wait)
            except CouponhubError as error:
                error.located(connection=self.connection, operation=request.operation)
                if request.changes and isinstance(error, UnreadableReply):
                    self._give_up(request, error)
                raise

    def _may_repeat(
        self, request: Request, error: RateLimited | VendorUnavailable, attempt: int, *, in_a_hurry: bool
    ) -> bool:
        if attempt >= self._retry.attempts or not error.retryable:
            return False
        if isinstance(error, RateLimited):
            return not in_a_hurry
        return not request.changes or not error.sent

    def _give_up(self, request: Request, error: VendorError) -> NoReturn:
        sent_without_answer = isinstance(error, UnreadableReply) or (
            isinstance(error, VendorUnavailable) and error.sent
        )
        if not request.changes or not sent_without_answer:
            raise error
        raise OutcomeUnknown(
            f"it was sent, and whether it was done is not known: {error.message}",
            hint=request.unknown_hint or self._unknown_hint,
            connection=self.connection,
            operation=request.operation,
            vendor_code=error.vendor_code,
            status=error.status,
            request_id=error.request_id,
        ) from None

    def _signed(self, request: Request) -> tuple[object, dict[str, str]]:
        headers = {"Accept": "application/json", **request.headers}
        try:
            return self._auth.sign(headers), headers
        except VendorUnavailable as error:
            error.sent = False  # the sign-in failed, so the call itself never left
            raise

    def _exchange(
        self, request: Request, headers: dict[str, str], read: Callable[[Reply], T], patience: Deadline
    ) -> T:
        started = time.monotonic()
        outcome = "broken off"
        try:
            reply = self._send(request, headers, patience)
            outcome = str(reply.status)
            return read(reply)
        except CouponhubError as error:
            outcome = f"{outcome} {error.kind}"
            raise
        finally:
            _log.debug(
                "%s: %s: %s in %.0f ms",
                self.connection,
                request.operation,
                outcome,
                (time.monotonic() - started) * 1000,
            )

    def _send(self, request: Request, headers: dict[str, str], patience: Deadline) -> Reply:
        url = f"{request.base_url or self.base_url}{request.path}"
        if request.query:
            url = f"{url}?{urlencode(request.query)}"
        remaining = patience.remaining()
        if remaining == 0.0:
            raise _unreachable("the time for it ran out", sent=False, too_slow=True)
        arguments: dict[str, object] = {}
        stream = MultipartStream(request.multipart) if request.multipart else None
        if stream is not None:
            headers["Content-Type"] = stream.content_type
            arguments["data"] = stream
        elif request.body is not None:
            arguments["json"] = request.body
        try:
            bound = min(
                self._settings.timeout, remaining if remaining is not None else self._settings.timeout
            )
            with self._session.request(
                request.method,
                url,
                headers=headers,
                timeout=(min(self._settings.connect_timeout, bound), bound),
                allow_redirects=False,
                stream=True,
                **arguments,  # type: ignore[arg-type] # one of data and json, as requests takes them
            ) as response:
                # A reply that drips is bounded like one that is silent.
                body = read_body(response, self._settings.max_reply_bytes, Deadline.after(bound))
                reply = Reply(
                    status=response.status_code,
                    headers={name.lower(): value for name, value in response.headers.items()},
                    body=body,
                )
        except (requests.RequestException, ReplyTooLarge, OSError) as error:
            # `from None`: the texts of these quote the URL with its query.
            raise self._translated(error) from None
        finally:
            if stream is not None:
                stream.close()
        if 300 <= reply.status < 400:
            raise UnreadableReply(
                f"the vendor answered with a redirect (HTTP {reply.status}), which is never followed",
                hint="check the connection's address",
                status=reply.status,
            )
        return reply

    def _translated(self, error: Exception) -> CouponhubError:  # noqa: PLR0911 - one table
        seconds = f"{self._settings.timeout:g} s"
        match error:
            case ReplyTooLarge():
                return UnreadableReply(
                    f"the reply is larger than {self._settings.max_reply_bytes} bytes and was not read"
                )
            case broken.ConnectTimeout():
                return _unreachable("the vendor could not be reached in time", sent=False, too_slow=True)
            case broken.ReadTimeout() | broken.Timeout():
                return _unreachable(
                    f"no whole answer came in time (timeout {seconds})", sent=True, too_slow=True
                )
            case broken.SSLError() if _is_certificate_fault(error):
                return _unreachable(
                    "the vendor's certificate was not accepted",
                    sent=False,
                    hint="check base_url, and ca_bundle if a private authority is in use",
                )
            case broken.ProxyError():
                return _unreachable(
                    "the proxy could not be reached", sent=False, hint="check the connection's proxy"
                )
            case broken.ConnectionError() if _never_connected(error):
                return _unreachable(
                    "the vendor could not be reached", sent=False, hint="check base_url and the network"
                )
            case broken.ContentDecodingError():
                return UnreadableReply("the reply's compression is broken")
            case broken.InvalidURL() | broken.InvalidSchema() | broken.InvalidHeader():
                return ConfigError(
                    "the address or the credentials cannot be put into an HTTP request",
                    hint="check base_url and the credentials for blanks and line breaks",
                )
            case _:
                return _unreachable(f"the connection broke off ({type(error).__name__})", sent=True)


def _causes(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting:
        item = waiting.pop()
        if isinstance(item, BaseException) and item not in found:
            found.append(item)
            waiting += [*item.args, item.__cause__, item.__context__, getattr(item, "reason", None)]
    return found


def _never_connected(error: BaseException) -> bool:
    kinds = (NewConnectionError, ConnectTimeoutError)
    return any(isinstance(cause, kinds) for cause in _causes(error))


def _is_certificate_fault(error: BaseException) -> bool:
    return any(isinstance(cause, ssl.SSLCertVerificationError) for cause in _causes(error))


def _unreachable(text: str, *, sent: bool, too_slow: bool = False, hint: str = "") -> VendorUnavailable:
    error = VendorUnavailable(text, hint=hint)
    error.sent = sent
    error.too_slow = too_slow
    return error
