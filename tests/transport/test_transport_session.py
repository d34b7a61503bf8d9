"""The session keeps nothing, takes nothing from the environment, and goes where it is told."""

import base64
import gzip
import socket
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from couponhub.clock import Deadline
from couponhub.errors import ConfigError, OutcomeUnknown, UnreadableReply, UsageError, VendorUnavailable
from couponhub.transport import HeaderAuth, Request, RetryPolicy, TransportSettings
from couponhub.transport.auth import BasicAuth
from couponhub.transport.session import _in_url
from tests.kit.scripted_server import Script, ScriptedServer, hangs_up, is_silent, says, sends
from tests.kit.tls import certificate, tls_server
from tests.transport.transports import transport_to, understood

__all__ = ["certificate"]

ONCE = RetryPolicy(attempts=1)
READ = Request(operation="read lists", method="GET", path="/lists", query=(("mobile", "91 98&7"),))
WRITE = Request(operation="create list", method="POST", path="/lists", body={"name": "ü"}, changes=True)
_CHARACTERS = st.characters(exclude_categories=["Cs"])
BASIC = f"Basic {base64.b64encode(b'user:pass').decode()}"


def test_a_call_arrives_as_it_was_meant(server: ScriptedServer) -> None:
    """Path, query, credentials, our name, and a JSON body."""
    transport = transport_to(f"{server.url}/v1/")
    transport.call(READ, understood)
    transport.call(WRITE, understood)

    read, write = server.seen
    assert ("GET", "/v1/lists?mobile=91+98%267", b"") == (read.method, read.target, read.body)
    assert (BASIC, "application/json") == (read.headers["authorization"], read.headers["accept"])
    assert read.headers["user-agent"].startswith("couponhub")
    assert "gzip, deflate" == read.headers["accept-encoding"]
    assert ("POST", b'{"name": "\\u00fc"}') == (write.method, write.body)
    assert "application/json" == write.headers["content-type"]
    assert 1 == write.connection


def test_another_base_url_may_be_named(server: ScriptedServer) -> None:
    """A vendor may have two families of hosts; sign-in is the same."""
    request = Request(operation="x", method="GET", path="/p", base_url=f"{server.url}/files")
    transport_to("http://127.0.0.1:9").call(request, understood)

    assert ["/files/p"] == server.targets


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_never_followed(server: ScriptedServer, status: int) -> None:
    """Credential headers of ours never reach the host that a vendor points at."""
    auth = HeaderAuth(inner=BasicAuth("user", "pass"), name="X-Key", value="k3y")
    with ScriptedServer() as other:
        server.otherwise = lambda _: says(
            status, headers={"Location": f"{other.url}/", "X-Request-Id": "r-1"}
        )
        transport = transport_to(server.url, auth=auth)
        with pytest.raises(UnreadableReply) as caught:
            transport.call(READ, understood)
        with pytest.raises(OutcomeUnknown):
            transport.call(WRITE, understood)

        assert [] == other.seen
    assert 2 == len(server.seen)
    assert (status, "r-1") == (caught.value.status, caught.value.request_id)


def test_netrc_is_not_read(server: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials that lie around for the host do not replace the connection's."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login intruder password secret\n", encoding="utf-8")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))

    transport_to(server.url).call(READ, understood)

    assert BASIC == server.seen[0].headers["authorization"]


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
def test_proxies_of_the_environment_are_ignored(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """Where coupons travel is the config's affair alone."""
    with ScriptedServer() as proxy:
        monkeypatch.setenv(variable, proxy.url)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        transport_to(server.url).call(READ, understood)

        assert ([], 1) == (proxy.seen, len(server.seen))


def test_cookies_are_not_kept(server: ScriptedServer) -> None:
    """A vendor's cookies could mix up the sessions of threads."""
    server.plays(says(headers={"Set-Cookie": "session=1; Path=/"}))
    transport = transport_to(server.url)
    transport.call(READ, understood)
    transport.call(READ, understood)

    assert ["cookie" in seen.headers for seen in server.seen] == [False, False]


def test_the_configured_proxy_is_used(server: ScriptedServer) -> None:
    """The proxy is asked for the vendor's whole address, also where `no_proxy` names the host."""
    with ScriptedServer() as proxy:
        settings = TransportSettings(proxy=proxy.url.replace("//", "//joe:pw@"))
        transport_to(server.url, settings=settings).call(READ, understood)

        assert [f"{server.url}/lists?mobile=91+98%267"] == proxy.targets
        assert f"Basic {base64.b64encode(b'joe:pw').decode()}" == proxy.seen[0].headers["proxy-authorization"]
        assert BASIC == proxy.seen[0].headers["authorization"]
    assert [] == server.seen


def test_a_write_that_a_proxy_took_is_not_sent_again() -> None:
    """An answer that is lost behind a proxy is lost like any other."""
    with ScriptedServer() as proxy:
        proxy.plays(hangs_up())
        transport = transport_to("http://127.0.0.1:9", settings=TransportSettings(proxy=proxy.url))
        with pytest.raises(OutcomeUnknown):
            transport.call(WRITE, understood)

        assert 1 == len(proxy.seen)


def test_a_proxy_that_refuses_has_sent_nothing() -> None:
    """Without a tunnel, nothing of a write can have arrived."""
    with ScriptedServer() as proxy:
        proxy.otherwise = lambda _: says(407, keep=False)
        transport = transport_to("https://127.0.0.1:9", settings=TransportSettings(proxy=proxy.url))
        with pytest.raises(VendorUnavailable, match="the proxy could not be reached, or refused") as caught:
            transport.call(WRITE, understood)

        assert (False, 4) == (caught.value.sent, len(proxy.seen))
        assert {"CONNECT"} == {seen.method for seen in proxy.seen}
        assert not any("authorization" in seen.headers for seen in proxy.seen)


def test_the_ca_bundle_is_trusted(certificate: Path) -> None:
    """With a private authority, calls go through over TLS, within their time."""
    with tls_server(certificate) as vendor:
        settings = TransportSettings(ca_bundle=str(certificate))
        transport = transport_to(vendor.url, settings=settings)
        transport.call(READ, understood)
        transport.call(WRITE, understood)

        assert [1, 1] == [seen.connection for seen in vendor.seen]


def test_a_slow_handshake_is_within_the_callers_deadline(certificate: Path) -> None:
    """Connecting and waiting for the answer share the time."""
    with tls_server(certificate) as vendor:
        vendor.shakes_hands_after = 0.5
        vendor.plays(is_silent())
        transport = transport_to(
            vendor.url, settings=TransportSettings(ca_bundle=str(certificate)), retry=ONCE
        )
        started = time.monotonic()
        with pytest.raises(VendorUnavailable) as caught:
            transport.call(READ, understood, deadline=Deadline.after(0.7))

        assert time.monotonic() - started < 1.0
        assert (True, 1) == (caught.value.too_slow, len(vendor.seen))


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_an_unknown_certificate_is_refused(
    certificate: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """Nothing is sent to a vendor that cannot prove who it is, whatever the environment trusts."""
    monkeypatch.setenv(variable, str(certificate))
    with tls_server(certificate) as vendor:
        with pytest.raises(VendorUnavailable, match="certificate was not accepted") as caught:
            transport_to(vendor.url).call(WRITE, understood)

        assert (False, []) == (caught.value.sent, vendor.seen)
        assert "ca_bundle" in caught.value.hint


def test_tls_to_a_plain_port_sends_nothing() -> None:
    """A handshake that fails is no lost answer."""
    with socket.create_server(("127.0.0.1", 0)) as plain:

        def greet() -> None:
            with plain.accept()[0] as connected:
                connected.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                connected.recv(65536)

        thread = threading.Thread(target=greet)
        thread.start()
        with pytest.raises(VendorUnavailable, match="no TLS connection came about") as caught:
            transport_to(f"https://127.0.0.1:{plain.getsockname()[1]}", retry=ONCE).call(WRITE, understood)
        thread.join()

    assert not caught.value.sent


def test_a_handshake_that_never_ends_sends_nothing() -> None:
    """A port that takes connections and says nothing is given up in the time for connecting."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        transport = transport_to(
            f"https://127.0.0.1:{silent.getsockname()[1]}",
            settings=TransportSettings(connect_timeout=0.2),
            retry=ONCE,
        )
        with pytest.raises(VendorUnavailable, match="could not be reached in time") as caught:
            transport.call(WRITE, understood)

    assert (False, True) == (caught.value.sent, caught.value.too_slow)


@pytest.mark.parametrize("status", [200, 201, 204, 299, 400, 418, 499, 500, 520, 599, 999])
def test_every_status_reaches_the_reader(server: ScriptedServer, status: int) -> None:
    """Numbers that nobody registered are numbers all the same."""
    server.plays(says(status, b""))

    reply = transport_to(server.url).call(READ, lambda reply: reply)

    assert status == reply.status


def test_not_modified_is_not_understood(server: ScriptedServer) -> None:
    """We never ask conditionally."""
    server.plays(says(304, b""))
    with pytest.raises(UnreadableReply, match="HTTP 304"):
        transport_to(server.url).call(READ, understood)


def test_head_has_no_body(server: ScriptedServer) -> None:
    """The length that a HEAD's answer names is not waited for."""
    server.plays(sends(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\nX-A: b\r\n\r\n", keep=True))
    request = Request(operation="look", method="HEAD", path="/lists")
    transport = transport_to(server.url, settings=TransportSettings(timeout=1.0), retry=ONCE)

    reply = transport.call(request, understood)
    transport.call(request, understood)

    assert (200, b"", "b") == (reply.status, reply.body, reply.headers["x-a"])
    assert [1, 1] == [seen.connection for seen in server.seen]


def test_a_closed_connection_is_replaced(server: ScriptedServer) -> None:
    """`Connection: close` ends the connection and not the answer."""
    server.plays(says(body=b"[1]", keep=False))
    transport = transport_to(server.url, retry=ONCE)

    assert b"[1]" == transport.call(READ, understood).body
    assert b"{}" == transport.call(READ, understood).body
    assert [1, 2] == [seen.connection for seen in server.seen]


BOMB = gzip.compress(bytes(20_000_000))


@pytest.mark.parametrize(
    ("body", "headers", "why"),
    [
        (bytes(100_001), {}, "larger than 100000 bytes"),
        (BOMB, {"Content-Encoding": "gzip"}, "larger than 100000 bytes"),
        (gzip.compress(BOMB), {"Content-Encoding": "gzip, gzip"}, "compression is broken"),
    ],
    ids=["large", "bomb", "bomb in a bomb"],
)
def test_a_reply_over_the_bound_is_refused(
    server: ScriptedServer, body: bytes, headers: Mapping[str, str], why: str
) -> None:
    """What counts is the size after decompression; what is packed twice is not unpacked, nothing of it is kept."""
    server.otherwise = lambda _: says(body=body, headers=headers)
    transport = transport_to(server.url, settings=TransportSettings(max_reply_bytes=100_000))

    with pytest.raises(UnreadableReply, match=why):
        transport.call(READ, understood)
    with pytest.raises(OutcomeUnknown, match=why):
        transport.call(WRITE, understood)

    assert 2 == len(server.seen)


def test_a_reply_at_the_bound_is_read(server: ScriptedServer) -> None:
    """The bound itself is allowed, and compression is undone."""
    body = bytes(100_000)
    server.plays(says(body=gzip.compress(body), headers={"Content-Encoding": "gzip"}))
    transport = transport_to(server.url, settings=TransportSettings(max_reply_bytes=100_000))

    assert body == transport.call(READ, understood).body


@pytest.mark.parametrize(
    ("auth", "url"),
    [
        (HeaderAuth(inner=BasicAuth("u", "p"), name="X-Key", value="k\r\nX-Evil: 1"), None),
        (HeaderAuth(inner=BasicAuth("u", "p"), name="X-Key", value="ключ"), None),
        (BasicAuth("u", "p"), "ftp://127.0.0.1"),
        (BasicAuth("u", "p"), "127.0.0.1"),
        (BasicAuth("u", "p"), "http://"),
        (BasicAuth("u", "p"), "http://[::1"),
    ],
)
def test_what_no_request_can_carry_is_a_config_error(
    server: ScriptedServer, auth: BasicAuth | HeaderAuth, url: str | None
) -> None:
    """Broken addresses and credentials are refused before anything is sent, without being quoted."""
    with pytest.raises(ConfigError) as caught:
        transport_to(url or server.url, auth=auth).call(WRITE, understood)

    assert [] == server.seen
    assert "ключ" not in str(caught.value)


@pytest.mark.parametrize("body", [float("nan"), {"a": object()}, {"a": {1, 2}}])
def test_a_body_that_is_no_json_is_a_usage_error(server: ScriptedServer, body: object) -> None:
    """Nothing is sent, and nothing of the body is quoted."""
    request = Request(operation="call", method="POST", path="/x", body=body, changes=True)
    with pytest.raises(UsageError, match="the body cannot be written as JSON"):
        transport_to(server.url).call(request, understood)

    assert [] == server.seen


@pytest.mark.parametrize(
    "script",
    [
        sends(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}"),
        sends(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n"),
        sends(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n"),
        sends(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n"),
        sends(b"hello\r\n\r\n"),
        sends(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70000 + b"\r\n\r\n"),
    ],
    ids=["short", "bad chunk", "unfinished chunks", "too many headers", "no HTTP", "endless header"],
)
def test_a_broken_answer_to_a_read_is_asked_for_again(server: ScriptedServer, script: Script) -> None:
    """Half an answer is none; the next attempt gets the whole one. A write is left open."""
    server.plays(script)
    assert b"{}" == transport_to(server.url).call(READ, understood).body
    assert 2 == len(server.seen)

    server.plays(script)
    with pytest.raises(OutcomeUnknown):
        transport_to(server.url).call(WRITE, understood)
    assert 3 == len(server.seen)


def test_broken_compression_is_not_understood(server: ScriptedServer) -> None:
    """A body that cannot be decompressed is no answer."""
    server.plays(says(body=b"{}", headers={"Content-Encoding": "gzip"}))
    with pytest.raises(UnreadableReply, match="compression is broken"):
        transport_to(server.url).call(READ, understood)


@given(
    st.lists(
        st.tuples(st.text(_CHARACTERS), st.text(_CHARACTERS) | st.from_regex(r"[\w.~ -]*", fullmatch=True))
    )
)
def test_a_query_is_written_as_the_library_writes_it(query: list[tuple[str, str]]) -> None:
    """Whatever names and values hold, what is not quoted needs no quoting."""
    assert urlencode(query) == _in_url(query).removeprefix("?")
