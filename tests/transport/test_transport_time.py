"""No exchange lasts longer than it may, however the vendor plays for time."""

import time

import pytest

from couponhub.clock import SYSTEM_CLOCK, Deadline
from couponhub.errors import OutcomeUnknown, VendorUnavailable
from couponhub.transport import Request, RetryPolicy, TransportSettings
from tests.kit.scripted_server import Script, ScriptedServer, is_silent, says, sends
from tests.transport.transports import transport_to, understood

ONCE = RetryPolicy(attempts=1)
READ = Request(operation="read lists", method="GET", path="/lists")
WRITE = Request(operation="create list", method="POST", path="/lists", body={}, changes=True)

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

SLOW = {
    "silent": is_silent(),
    "silent in the headers": is_silent(b"HTTP/1.1 200 OK\r\nX-A"),
    "silent in the body": is_silent(HEAD + b"{"),
    "dripping status line": sends(*[b"H"] * 40, pause=0.05),
    "dripping headers": sends(b"HTTP/1.1 200 OK\r\n", *[b"X-A: b\r\n"] * 40, pause=0.05),
    "dripping body": sends(HEAD, *[b" "] * 40, pause=0.05),
    "dripping chunks": sends(CHUNKED, *[b"1\r\n \r\n"] * 40, pause=0.05),
    "dripping without a length": sends(b"HTTP/1.1 200 OK\r\n\r\n", *[b" "] * 40, pause=0.05),
}


@pytest.mark.parametrize("script", SLOW.values(), ids=SLOW)
def test_a_slow_answer_is_given_up(server: ScriptedServer, script: Script) -> None:
    """The timeout bounds the whole answer, not the time between two bytes."""
    server.plays(script)
    transport = transport_to(server.url, settings=TransportSettings(timeout=0.3), retry=ONCE)

    started = time.monotonic()
    with pytest.raises(VendorUnavailable) as caught:
        transport.call(READ, understood)

    assert time.monotonic() - started < 1.0
    assert (True, True) == (caught.value.sent, caught.value.too_slow)
    assert "shop read lists: no whole answer came in time" == str(caught.value)


@pytest.mark.parametrize("script", SLOW.values(), ids=SLOW)
def test_a_slow_answer_to_a_write_leaves_it_open(server: ScriptedServer, script: Script) -> None:
    """A write that was sent and got no whole answer may have been done; it is not sent again."""
    server.plays(script)
    transport = transport_to(server.url, settings=TransportSettings(timeout=0.2))

    with pytest.raises(OutcomeUnknown):
        transport.call(WRITE, understood)

    assert 1 == len(server.seen)


def test_callers_deadline_bounds_one_exchange(server: ScriptedServer) -> None:
    """A caller in a hurry does not wait for the connection's own timeout."""
    server.plays(is_silent())
    started = time.monotonic()

    with pytest.raises(VendorUnavailable) as caught:
        transport_to(server.url).call(READ, understood, deadline=Deadline.after(0.2))

    assert time.monotonic() - started < 1.0
    assert caught.value.too_slow


def test_callers_deadline_bounds_all_attempts(server: ScriptedServer) -> None:
    """Attempts and the waits between them fit into the deadline together."""
    server.otherwise = lambda _: says(503)
    retry = RetryPolicy(attempts=1000, base=0.05, cap=0.05)
    started = time.monotonic()

    with pytest.raises(VendorUnavailable):
        transport_to(server.url, clock=SYSTEM_CLOCK, retry=retry).call(
            READ, understood, deadline=Deadline.after(0.4)
        )

    assert time.monotonic() - started < 1.0
    assert 1 < len(server.seen) < 20


def test_a_deadline_that_is_over_sends_nothing(server: ScriptedServer) -> None:
    """A write whose time is over was provably not sent, and says so."""
    with pytest.raises(VendorUnavailable) as caught:
        transport_to(server.url).call(WRITE, understood, deadline=Deadline.after(0.0))

    assert (False, True) == (caught.value.sent, caught.value.too_slow)
    assert [] == server.seen


def test_a_slow_answer_leaves_no_short_timeout_behind(server: ScriptedServer) -> None:
    """The next call on the same connection has its own time again, for sending too."""
    server.plays(sends(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n", b"1", pause=0.5, keep=True))
    transport = transport_to(server.url, settings=TransportSettings(timeout=0.9), retry=ONCE)
    transport.call(READ, understood)
    # The server reads on only after its pause, and this is more than the buffers between us hold.
    large = Request(operation="x", method="POST", path="/", body="x" * 20_000_000, changes=True)

    transport.call(large, understood)

    assert [1, 1] == [seen.connection for seen in server.seen]
