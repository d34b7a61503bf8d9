"""No secret, identifier or code gets into a log or an error, whatever happens."""

import logging
import traceback
from collections.abc import Callable, Iterator

import pytest

from couponhub.errors import CouponhubError, UnreadableReply
from couponhub.transport import (
    HeaderAuth,
    NoObserver,
    Reply,
    Request,
    RetryPolicy,
    TokenAuth,
    Transport,
    TransportSettings,
)
from couponhub.transport.auth import AccessToken, BasicAuth
from couponhub.transport.oauth import TokenSession
from couponhub.transport.redaction import redact_library_logs
from tests.kit.scripted_server import ScriptedServer, hangs_up, is_silent, says, sends
from tests.transport.transports import STEADY, transport_to, understood

SECRETS = (
    "s3cret-key",
    "s3cret-client",
    "s3cret-token",
    "919876543210",
    "CODE-42",
    "EXT-007",
    "s3cret-reply",
)
READ = Request(
    operation="read coupons",
    method="GET",
    path="/customers/EXT-007/coupons",
    query=(("mobile", "919876543210"),),
    headers={"X-Extra": "s3cret-key"},
)
WRITE = Request(operation="create", method="POST", path="/l/EXT-007", body={"code": "CODE-42"}, changes=True)


class Everything(logging.Handler):
    """Keeps all that is logged, formatted with its traceback."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(logging.Formatter("%(name)s %(message)s"))
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it."""
        self.lines.append(self.format(record))


@pytest.fixture
def logged() -> Iterator[list[str]]:
    """What anybody would see who logs everything at DEBUG."""
    handler, root = Everything(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler.lines
    root.setLevel(level)
    root.removeHandler(handler)


def fetcher(server: ScriptedServer) -> Callable[[], AccessToken]:
    """Fetches a token from that server, as an adapter does."""

    def fetch() -> AccessToken:
        with TokenSession("s3cret-key", TransportSettings()) as session:
            token = session.fetch_token(
                f"{server.url}/token?s3cret-key", client_secret="s3cret-client", include_client_id=True
            )
        return AccessToken(value=token["access_token"], lifetime=60.0)

    return fetch


def signed_in(server: ScriptedServer, retry: RetryPolicy = STEADY) -> Transport:
    """A transport whose token comes from the same server, with a secret header beside it."""
    token = TokenAuth(
        fetcher(server), header="X-Token", margin=lambda _: 1.0, connection="shop", observer=NoObserver()
    )
    auth = HeaderAuth(inner=token, name="X-Key", value="s3cret-key")
    return transport_to(server.url, auth=auth, settings=TransportSettings(timeout=0.2), retry=retry)


def test_logs_of_success_and_failure_hold_no_secret(server: ScriptedServer, logged: list[str]) -> None:
    """Signing in, a renewed token, a retry, a lost answer, a broken header: none of them quotes anything."""
    token = says(
        body=b'{"access_token": "s3cret-token", "expires_in": 60}', headers={"Set-Cookie": "a=s3cret-reply"}
    )
    broken = sends(
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-A: b\r\ns3cret-reply\r\nX-C: d\r\n\r\n{}", keep=False
    )
    server.plays(token, says(401), token, hangs_up(), broken, says(body=b'{"a": "s3cret-reply"}'))
    transport = signed_in(server)
    for _ in range(2):
        transport.call(READ, understood)
    server.plays(hangs_up())
    with pytest.raises(CouponhubError):
        transport.call(WRITE, understood)

    written = "\n".join(logged)
    assert [] == [secret for secret in SECRETS if secret in written]
    for name in (
        "requests_oauthlib.oauth2_session",
        "urllib3.connectionpool",
        "couponhub.calls",
    ):
        assert any(line.startswith(name) for line in logged), name
    assert "connection=shop operation=read_coupons outcome=ok" in written
    assert "shop: read coupons: attempt 2 failed (unavailable), waiting" in written


def test_the_loggers_would_tell_without_the_filter(server: ScriptedServer, logged: list[str]) -> None:
    """The test above sees what the filters hide: without them, it would fail."""
    server.plays(says(body=b'{"access_token": "s3cret-token"}'))
    kept = {name: logging.getLogger(name).filters for name in list(logging.root.manager.loggerDict)}
    transport = signed_in(server)

    def unfiltered() -> AccessToken:
        with TokenSession("s3cret-key", TransportSettings()) as session:
            for name in kept:
                logging.getLogger(name).filters = []
            session.fetch_token(f"{server.url}/token", client_secret="s3cret-client", include_client_id=True)
        return AccessToken(value="s3cret-token", lifetime=60.0)

    try:
        transport._auth = TokenAuth(
            unfiltered, header="X-Token", margin=lambda _: 1.0, connection="shop", observer=NoObserver()
        )
        transport.call(READ, understood)
    finally:
        for name, filters in kept.items():
            logging.getLogger(name).filters = filters
        redact_library_logs()

    written = "\n".join(logged)
    assert {"s3cret-client", "s3cret-token", "919876543210", "EXT-007"} <= {
        secret for secret in SECRETS if secret in written
    }


def test_the_filter_is_put_in_place_once() -> None:
    """However many connections are opened."""
    for _ in range(3):
        transport_to("http://127.0.0.1:9")

    assert 1 == len(logging.getLogger("urllib3.connectionpool").filters)


def not_json(reply: Reply) -> object:
    """Decode, as a wire does."""
    try:
        return reply.decoded()
    except ValueError as error:
        raise UnreadableReply(str(error)) from error


FAULTS = {
    "silent": is_silent(),
    "lost": hangs_up(),
    "500": says(500, b"s3cret-reply"),
    "404": says(404, b"s3cret-reply"),
    "401": says(401, b"s3cret-reply"),
    "429": says(429, b"s3cret-reply"),
    "redirect": says(302, headers={"Location": "http://s3cret-reply/"}),
    "no HTTP": sends(b"s3cret-reply\r\n\r\n"),
    "bad chunk": sends(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\ns3cret-reply\r\n"),
    "short": sends(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ns3cret-reply"),
    "no JSON": says(body=b"<html>s3cret-reply</html>"),
    "NaN": says(body=b'{"s3cret-reply": NaN}'),
    "long number": says(body=b"1" * 5000),
    "nested": says(body=b"[" * 100_000),
    "compression": says(body=b"s3cret-reply", headers={"Content-Encoding": "gzip"}),
}


@pytest.mark.parametrize("request_", [READ, WRITE], ids=["read", "write"])
@pytest.mark.parametrize("fault", FAULTS)
def test_errors_hold_no_secret(server: ScriptedServer, fault: str, request_: Request) -> None:
    """Neither in their text nor in the traceback, nor in any exception that hangs on them."""
    server.otherwise = lambda _: FAULTS[fault]
    auth = HeaderAuth(inner=BasicAuth("s3cret-key", "s3cret-client"), name="X-Key", value="s3cret-token")
    transport = transport_to(server.url, auth=auth, settings=TransportSettings(timeout=0.1))

    def read(reply: Reply) -> object:
        understood(reply)
        return not_json(reply)

    with pytest.raises(CouponhubError) as caught:
        transport.call(request_, read)

    shown = [str(caught.value), repr(caught.value), repr(vars(caught.value))]
    shown += traceback.format_exception(caught.value)
    chained: BaseException | None = caught.value
    while chained is not None:
        shown += [str(chained), repr(chained.args)]
        chained = chained.__cause__ or chained.__context__
    assert [] == [secret for secret in SECRETS if any(secret in text for text in shown)]


def test_no_request_hangs_on_an_error(server: ScriptedServer) -> None:
    """What the libraries raise holds the request with its credentials; nothing of it is kept."""
    server.otherwise = lambda _: hangs_up()

    with pytest.raises(CouponhubError) as caught:
        transport_to(server.url).call(READ, understood)

    assert (None, None) == (caught.value.__cause__, caught.value.__context__)


def test_requests_and_settings_show_no_secret() -> None:
    """They may stand in a traceback with its variables."""
    shown = repr([READ, WRITE, TransportSettings(proxy="https://joe:s3cret-key@proxy")])
    body = repr(Reply(status=200, headers={}, body=b"s3cret-reply"))

    assert [] == [secret for secret in SECRETS if secret in shown.replace("/EXT-007", "") + body]
