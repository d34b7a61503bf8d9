"""Reads are repeated where it may help, within limits; writes only where it cannot do harm."""

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from functools import partial

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from couponhub.clock import Deadline
from couponhub.errors import (
    Conflict,
    NotFound,
    OutcomeUnknown,
    QuotaExhausted,
    RateLimited,
    UnreadableReply,
    VendorUnavailable,
)
from couponhub.transport import Reply, Request, TransportSettings, retry_after_seconds
from couponhub.transport.oauth import TokenSession
from tests.kit.clock import FakeClock
from tests.kit.eventually import eventually
from tests.kit.scripted_server import Script, ScriptedServer, hangs_up, hangs_up_after, says
from tests.transport.transports import STEADY, transport_to, understood

READ = Request(operation="read lists", method="GET", path="/lists")
WRITE = Request(operation="create list", method="POST", path="/lists", body={}, changes=True)
NOW = 1_800_000_000


@pytest.fixture
def refusing() -> Iterator[str]:
    """The address of a port that refuses connections."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}"


@pytest.mark.parametrize("script", [says(500), says(503), says(520), says(599), says(408), hangs_up()])
def test_a_read_is_repeated_until_it_succeeds(
    server: ScriptedServer, waits: FakeClock, script: Script
) -> None:
    """Each wait is twice the last one."""
    server.plays(script, script, script)

    assert 200 == transport_to(server.url, waits=waits).call(READ, understood).status
    assert [0.3, 0.6, 1.2] == waits.sleeps
    assert 4 == len(server.seen)


def test_a_read_is_given_up_in_the_end(server: ScriptedServer, waits: FakeClock) -> None:
    """The last answer is the one that is told."""
    server.otherwise = lambda _: says(500)

    with pytest.raises(VendorUnavailable) as caught:
        transport_to(server.url, waits=waits).call(READ, understood)

    assert (4, 3) == (len(server.seen), len(waits.sleeps))
    assert ("shop", "read lists", 500) == (
        caught.value.connection,
        caught.value.operation,
        caught.value.status,
    )


@pytest.mark.parametrize(("status", "kind"), [(404, NotFound), (409, Conflict), (302, UnreadableReply)])
def test_a_definite_answer_is_not_asked_for_again(
    server: ScriptedServer, waits: FakeClock, status: int, kind: type[Exception]
) -> None:
    """What the vendor decided stays decided."""
    server.otherwise = lambda _: says(status)

    with pytest.raises(kind):
        transport_to(server.url, waits=waits).call(READ, understood)

    assert (1, []) == (len(server.seen), waits.sleeps)


def test_a_refused_connection_is_tried_again(refusing: str, waits: FakeClock) -> None:
    """A write too, for nothing was sent; in the end it is no unknown outcome."""
    for request in (READ, WRITE):
        with pytest.raises(VendorUnavailable) as caught:
            transport_to(refusing, waits=waits).call(request, understood)
        assert (False, False) == (caught.value.sent, caught.value.too_slow)

    assert [0.3, 0.6, 1.2] * 2 == waits.sleeps


def test_a_name_that_does_not_resolve_sends_nothing(waits: FakeClock) -> None:
    """A label that is too long for DNS fails like a host that is not there."""
    with pytest.raises(VendorUnavailable) as caught:
        transport_to(f"https://{'a' * 64}.invalid", waits=waits).call(WRITE, understood)

    assert not caught.value.sent


@pytest.mark.parametrize(
    "script",
    [hangs_up(), says(500), says(503, headers={"Retry-After": "1"}), says(599)],
    ids=["lost", "500", "503", "599"],
)
def test_a_write_is_sent_once(server: ScriptedServer, waits: FakeClock, script: Script) -> None:
    """It may have been done; the error says how to find out and that repeating is not safe."""
    server.plays(script)

    with pytest.raises(OutcomeUnknown) as caught:
        transport_to(server.url, waits=waits).call(WRITE, understood)

    assert (1, []) == (len(server.seen), waits.sleeps)
    assert not caught.value.retryable
    assert "look at the vendor before repeating it" == caught.value.hint
    assert ("shop", "create list") == (caught.value.connection, caught.value.operation)


def test_a_success_that_cannot_be_read_leaves_a_write_open(server: ScriptedServer) -> None:
    """The request's own hint wins over the connection's."""
    request = Request(
        operation="create", method="POST", path="/l", changes=True, unknown_hint="run `lists ls`"
    )

    def read(reply: Reply) -> str:
        raise UnreadableReply("no id", status=reply.status, request_id="r-1")

    with pytest.raises(OutcomeUnknown) as caught:
        transport_to(server.url).call(request, read)

    assert ("run `lists ls`", 200, "r-1") == (
        caught.value.hint,
        caught.value.status,
        caught.value.request_id,
    )
    assert 1 == len(server.seen)


def test_a_refusal_of_a_write_is_definite(server: ScriptedServer) -> None:
    """A 4xx was understood and not done."""
    server.otherwise = lambda _: says(409)
    with pytest.raises(Conflict):
        transport_to(server.url).call(WRITE, understood)


def test_a_limited_write_is_repeated(server: ScriptedServer, waits: FakeClock) -> None:
    """A rate limit refuses before any work."""
    server.plays(says(429, headers={"Retry-After": "2"}))

    assert 200 == transport_to(server.url, waits=waits).call(WRITE, understood).status
    assert ([2.0], 2) == (waits.sleeps, len(server.seen))


def test_an_earlier_failure_does_not_make_a_write_look_unsent(server: ScriptedServer, refusing: str) -> None:
    """A write that is sent while a refused connection is being handled is still sent once."""
    server.plays(hangs_up())
    with TokenSession("us", TransportSettings()) as session:
        try:
            session.fetch_token(f"{refusing}/token", client_secret="s3cret")
        except requests.RequestException:
            with pytest.raises(OutcomeUnknown):
                transport_to(server.url).call(WRITE, understood)

    assert 1 == len(server.seen)


def _has_ended(server: ScriptedServer, count: int) -> bool:
    return len(server.ended) == count


def test_a_connection_dropped_between_calls_is_replaced(server: ScriptedServer, waits: FakeClock) -> None:
    """The next call takes a new connection at once: a read succeeds, a write is sent exactly once."""
    server.plays(hangs_up_after(says()), hangs_up_after(says()), hangs_up_after(says()))
    transport = transport_to(server.url, waits=waits)
    for count, request in enumerate((READ, READ, WRITE), start=1):
        transport.call(request, understood)
        eventually(partial(_has_ended, server, count), "the end of the connection")

    assert ["GET", "GET", "POST"] == [seen.method for seen in server.seen]
    assert ([1, 2, 3], []) == ([seen.connection for seen in server.seen], waits.sleeps)


def test_a_connection_dropped_under_a_call(server: ScriptedServer, waits: FakeClock) -> None:
    """On a kept connection too, a read is asked again and a write is not."""
    server.plays(says(), hangs_up())
    transport = transport_to(server.url, waits=waits)
    transport.call(READ, understood)
    transport.call(READ, understood)
    assert [1, 1, 2] == [seen.connection for seen in server.seen]

    server.plays(hangs_up())
    with pytest.raises(OutcomeUnknown):
        transport.call(WRITE, understood)
    assert 1 == [seen.method for seen in server.seen].count("POST")


@pytest.mark.parametrize(
    ("headers", "waited"),
    [
        ({"Retry-After": "3"}, 3.0),
        ({"Retry-After": "0"}, 0.3),
        ({"Retry-After": formatdate(NOW + 5, usegmt=True)}, 5.0),
        ({"Retry-After": formatdate(NOW - 5, usegmt=True)}, 0.3),
        ({"X-RateLimit-Reset": str(NOW + 3)}, 3.0),
        ({"X-RateLimit-Reset": str(NOW - 60)}, 0.3),
        ({"X-RateLimit-Reset": "soon"}, 0.3),
        ({}, 0.3),
    ],
)
def test_the_vendor_says_how_long_to_wait(
    server: ScriptedServer, waits: FakeClock, headers: dict[str, str], waited: float
) -> None:
    """Its word is waited out, measured by its own clock; without one, or with one of the past, ours counts."""
    server.plays(says(429, headers={"Date": formatdate(NOW, usegmt=True), **headers}))

    transport_to(server.url, waits=waits).call(READ, understood)

    assert [waited] == waits.sleeps


@pytest.mark.parametrize("headers", [{"Retry-After": "3600"}, {"X-RateLimit-Reset": str(NOW + 3600)}])
def test_an_hour_is_not_waited_out(server: ScriptedServer, waits: FakeClock, headers: dict[str, str]) -> None:
    """What lies beyond our patience is told at once, with the vendor's word."""
    server.otherwise = lambda _: says(429, headers={"Date": formatdate(NOW, usegmt=True), **headers})

    with pytest.raises(RateLimited) as caught:
        transport_to(server.url, waits=waits).call(READ, understood)

    assert ([], 3600.0, 1) == (waits.sleeps, caught.value.retry_after, len(server.seen))


def test_patience_is_the_connections(server: ScriptedServer, waits: FakeClock) -> None:
    """A wait that does not fit into it is not begun."""
    server.otherwise = lambda _: says(429, headers={"Retry-After": "6"})
    settings = TransportSettings(patience=5.0)

    with pytest.raises(RateLimited):
        transport_to(server.url, settings=settings, waits=waits).call(READ, understood)

    assert ([], 1) == (waits.sleeps, len(server.seen))


@pytest.mark.parametrize("request_", [READ, WRITE], ids=["read", "write"])
def test_a_caller_in_a_hurry_is_told_of_the_limit(
    server: ScriptedServer, waits: FakeClock, request_: Request
) -> None:
    """With a deadline, a rate limit is never waited out, however short; other failures are."""
    server.plays(says(429, headers={"Retry-After": "0"}))
    transport = transport_to(server.url, waits=waits)

    with pytest.raises(RateLimited):
        transport.call(request_, understood, deadline=Deadline.after(5.0))
    assert ([], 1) == (waits.sleeps, len(server.seen))

    server.plays(says(503))
    transport.call(READ, understood, deadline=Deadline.after(5.0))
    assert [0.3] == waits.sleeps


def test_a_spent_day_is_not_waited_out(server: ScriptedServer, waits: FakeClock) -> None:
    """A quota is told at once."""

    def read(_: Reply) -> None:
        raise QuotaExhausted("spent", retry_after=1.0)

    with pytest.raises(QuotaExhausted):
        transport_to(server.url, waits=waits).call(READ, read)

    assert ([], 1) == (waits.sleeps, len(server.seen))


def test_jitter_only_shortens_what_we_choose() -> None:
    """At most half of it, and the cap holds."""
    error = VendorUnavailable("x")
    assert [0.3, 0.6, 1.2, 10.0] == [STEADY.wait_before(attempt, error) for attempt in (1, 2, 3, 40)]
    shortest = type(STEADY)(jitter=lambda: 0.0)
    assert 0.15 == shortest.wait_before(1, error)


def test_threads_share_a_transport(server: ScriptedServer) -> None:
    """Each gets the answer to its own question, over few connections."""
    server.otherwise = lambda seen: says(body=f'"{seen.target}"'.encode())
    transport = transport_to(server.url)
    gate = threading.Barrier(16)

    def ask(number: int) -> list[bool]:
        gate.wait()
        found = []
        for turn in range(10):
            path = f"/{number}/{turn}"
            reply = transport.call(Request(operation="x", method="GET", path=path), understood)
            found.append(path == reply.decoded())
        return found

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(ask, range(16)))

    assert [[True] * 10] * 16 == answers
    assert max(seen.connection for seen in server.seen) <= 16


def test_closing_is_harmless(server: ScriptedServer) -> None:
    """Twice too."""
    transport = transport_to(server.url)
    transport.call(READ, understood)
    transport.close()
    transport.close()

    assert 1 == len(server.seen)


@given(
    st.dictionaries(
        st.sampled_from(["retry-after", "date", "x-ratelimit-reset"]),
        st.text(max_size=40) | st.integers().map(str) | st.just("Mon, 01 Jan 0001 00:00:00 +2359"),
    )
)
def test_any_header_is_a_wait_or_none(headers: dict[str, str]) -> None:
    """Whatever a vendor sends there, it is a finite time that is not negative, or no word at all."""
    seconds = retry_after_seconds(headers)

    assert seconds is None or 0.0 <= seconds < float("inf")
