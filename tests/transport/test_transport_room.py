"""How much memory replies may take: one alone, and all that are under way together."""

import socket
import threading
import tracemalloc
from collections.abc import Callable
from typing import Any

import attrs
import msgspec
import pytest

from couponhub.clock import Clock, Deadline
from couponhub.errors import UnreadableReply, VendorUnavailable
from couponhub.transport import Reply, ReplyRoom, Request, Transport, TransportSettings
from couponhub.transport.room import decoded_bytes
from tests.kit.clock import FakeClock
from tests.kit.scripted_server import ScriptedServer, says, sends
from tests.transport.transports import transport_to, understood

READ = Request(operation="fetch", method="GET", path="/x")
KIB = 1024
OK = b"HTTP/1.1 200 OK\r\n"


def within(url: str, room: ReplyRoom, **settings: float) -> Transport:
    """Make a transport whose replies share a room."""
    transport = transport_to(url, settings=TransportSettings(**settings))  # type: ignore[arg-type] # told by their names
    transport._room = room
    return transport


class Endless:
    """Sends a piece for ever, and counts the bytes."""

    def __init__(self, head: bytes, piece: bytes, *, pause: float = 0.0) -> None:
        self._head, self._piece, self._pause = head, piece, pause
        self.bytes = 0

    def __call__(self, connected: socket.socket, stopped: threading.Event) -> bool:
        """Answer one request."""
        connected.sendall(self._head)
        while not stopped.wait(self._pause):
            connected.sendall(self._piece)
            self.bytes += len(self._piece)
        return False


def test_a_lookup_asks_for_less_than_the_connection_reads(server: ScriptedServer) -> None:
    """The smaller of both bounds holds."""
    transport = transport_to(server.url, settings=TransportSettings(max_reply_bytes=1000))
    for asked, most in ((None, 1000), (500, 500), (5000, 1000)):
        request = attrs.evolve(READ, max_reply_bytes=asked)
        server.plays(says(body=b" " * most), says(body=b" " * (most + 1)))
        assert most == len(transport.call(request, understood).body)
        with pytest.raises(UnreadableReply, match=f"larger than {most} bytes"):
            transport.call(request, understood)


@pytest.mark.parametrize(
    "head",
    [
        b"Connection: close\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n1\r\n \r\n",
        b"X: ",
    ],
    ids=["body", "line of a chunk's length", "line after a chunk", "header"],
)
def test_what_has_no_end_is_not_read_for_long(server: ScriptedServer, head: bytes) -> None:
    """Neither as a body, nor as one line of what stands around it: a bounded number of bytes, and of bytes held."""
    endless = Endless(OK + head, b"7" * 64 * KIB)
    server.otherwise = lambda _: endless
    transport = transport_to(server.url, settings=TransportSettings(max_reply_bytes=1_000_000))
    tracemalloc.start()
    try:
        with pytest.raises((UnreadableReply, VendorUnavailable)):
            transport.call(READ, understood, deadline=Deadline.after(5))
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert most < 8_000_000


def test_a_head_is_small(server: ScriptedServer) -> None:
    """Ninety headers that are each as long as a line may be are six megabytes; 128 KiB are read of them."""
    many = OK + b"".join(b"X-%d: %s\r\n" % (number, b"x" * 60_000) for number in range(90))
    server.otherwise = lambda _: sends(many + b"Content-Length: 2\r\n\r\n{}")
    with pytest.raises(VendorUnavailable, match="broke off"):
        transport_to(server.url).call(READ, understood)
    few = OK + b"".join(b"X-%d: %s\r\n" % (number, b"x" * 1000) for number in range(90))
    server.otherwise = lambda _: sends(few + b"Content-Length: 2\r\n\r\n{}")
    assert b"{}" == transport_to(server.url).call(READ, understood).body


@pytest.mark.parametrize("head", [b"Connection: close\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n"])
def test_a_dripping_reply_ends_with_the_deadline(server: ScriptedServer, head: bytes) -> None:
    """However often a byte comes, so that no silence is ever long."""
    endless = Endless(OK + head, b"1\r\n \r\n", pause=0.02)
    server.otherwise = lambda _: endless
    with pytest.raises(VendorUnavailable) as caught:
        transport_to(server.url).call(READ, understood, deadline=Deadline.after(0.5))

    assert caught.value.too_slow
    assert endless.bytes < 6 * 100


def test_nothing_is_made_of_a_reply_that_came_too_late(server: ScriptedServer) -> None:
    """Its time is over when it is there; that of a write is read all the same, since it tells what was done."""
    read: list[Reply] = []
    transport = transport_to(server.url)
    real = transport._send

    def late(request: Request, headers: Any, patience: Deadline, lease: Any) -> Reply:
        reply = real(request, headers, patience, lease)
        object.__setattr__(patience, "at", 0.0)
        return reply

    transport._send = late  # type: ignore[method-assign] # time stands still otherwise
    with pytest.raises(VendorUnavailable) as caught:
        transport.call(READ, read.append, deadline=Deadline.after(5))
    assert (True, []) == (caught.value.too_slow, read)
    transport.call(attrs.evolve(READ, method="POST", changes=True), read.append, deadline=Deadline.after(5))
    assert 1 == len(read)


def test_a_reply_takes_room_until_it_has_been_read(server: ScriptedServer) -> None:
    """By what it will be once it is decoded; afterwards, also when that failed, nothing is taken."""
    room = ReplyRoom(most=10_000_000, free=0)
    transport = within(server.url, room)
    taken: list[int] = []
    body = b'{"x": [' + b",".join([b"{}"] * 10_000) + b"]}"

    def read(reply: Reply) -> int:
        taken.append(room.taken)
        return len(reply.body)

    server.otherwise = lambda _: says(body=body)
    assert len(body) == transport.call(READ, read)
    assert len(body) + decoded_bytes(body) == taken[0]
    assert 0 == room.taken
    with pytest.raises(ZeroDivisionError):
        transport.call(READ, lambda _: 1 // 0)
    assert 0 == room.taken


def test_a_lookup_holds_what_all_its_calls_took(server: ScriptedServer) -> None:
    """Page by page, until its end: nobody counts memory as free that the first pages still take."""
    room = ReplyRoom(most=10_000_000, free=0)
    transport = within(server.url, room)
    server.otherwise = lambda _: says(body=b"[" + b"[]," * 999 + b"[]]")
    after: list[int] = []
    with room.lease():
        for _ in range(3):
            transport.call(READ, understood)
            after.append(room.taken)
    assert [after[0] * times for times in (1, 2, 3)] == after
    assert 0 == room.taken


def test_a_reply_that_would_take_more_than_all_is_not_decoded(server: ScriptedServer) -> None:
    """Three bytes that become a hundred count as these."""
    room = ReplyRoom(most=1_000_000, free=0)
    server.otherwise = lambda _: says(body=b"[" + b"{}," * 20_000 + b"{}]")
    read: list[Reply] = []
    with pytest.raises(UnreadableReply, match="more memory than there is"):
        within(server.url, room).call(READ, read.append)
    assert ([], 0) == (read, room.taken)


def test_who_finds_no_room_waits_for_it(server: ScriptedServer) -> None:
    """As long as its time allows, and goes on once there is some."""
    room = ReplyRoom(most=1_000_000, free=0)
    server.otherwise = lambda _: says(body=b" " * 200_000)
    entered, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        with room.lease() as lease:
            lease.take(900_000, Deadline.after(5))
            entered.set()
            go_on.wait(20)

    holder = threading.Thread(target=hold)
    holder.start()
    assert entered.wait(20)
    transport = within(server.url, room)
    with pytest.raises(VendorUnavailable, match="too many large replies") as caught:
        transport.call(READ, understood, deadline=Deadline.after(0.2))
    assert (True, True, False) == (caught.value.local, caught.value.retryable, caught.value.too_slow)
    threading.Timer(0.1, go_on.set).start()
    assert 200_000 == len(transport.call(READ, understood, deadline=Deadline.after(20)).body)
    holder.join()
    assert 0 == room.taken


def test_who_holds_some_does_not_wait_for_more() -> None:
    """Two of those would wait for each other."""
    room = ReplyRoom(most=1000, free=0)
    with room.lease() as lease:
        lease.take(600, Deadline.after(60))
        failed: list[bool] = []

        def other() -> None:
            with room.lease() as lease:
                lease.take(300, Deadline.after(60))
                try:
                    lease.take(300, Deadline.after(60))
                except VendorUnavailable as error:
                    failed.append(error.local)

        thread = threading.Thread(target=other)
        thread.start()
        thread.join(20)
        assert ([True], 600) == (failed, room.taken)


def test_usual_replies_are_not_counted(server: ScriptedServer) -> None:
    """They pass where there is no room at all, so that one vendor's giants take no answer of another's away."""
    room = ReplyRoom(most=0)
    server.otherwise = lambda _: says(body=b"[" + b'{"code": "ABC"},' * 500 + b"{}]")
    assert 8000 < len(within(server.url, room).call(READ, understood).body)


def test_a_reply_that_failed_is_let_go_of_before_the_next_attempt(
    server: ScriptedServer, waits: FakeClock
) -> None:
    """While a call waits to be repeated it holds nothing of the attempt before."""
    server.plays(says(503, body=b"x" * 5_000_000))
    seen: list[int] = []

    def sleep(seconds: float) -> None:
        waits.sleep(seconds)
        seen.append(tracemalloc.get_traced_memory()[0])

    transport = transport_to(server.url, clock=Clock(sleep=sleep))
    tracemalloc.start()
    try:
        transport.call(READ, understood)
    finally:
        tracemalloc.stop()
    assert 1 == len(seen)
    # The server is in this process, and holds its own copy.
    assert seen[0] < 5_000_000


JSON: dict[str, Callable[[], bytes]] = {
    "empty objects": lambda: b"[" + b"{}," * 5000 + b"{}]",
    "empty arrays": lambda: b"[" + b"[]," * 5000 + b"[]]",
    "objects of one": lambda: b"[" + b'{"a":1000},' * 5000 + b"{}]",
    "objects of six": lambda: (
        b"[" + b'{"a":1000,"b":1000,"c":1000,"d":1000,"e":1000,"f":"xy"},' * 2000 + b"{}]"
    ),
    "many names": lambda: b"{" + b",".join(b'"n%d":%d' % (i, i + 1000) for i in range(5000)) + b"}",
    "numbers": lambda: b"[" + b",".join(b"%d" % (i + 1000) for i in range(5000)) + b"]",
    "fractions": lambda: b"[" + b",".join(b"%d.5" % i for i in range(5000)) + b"]",
    "short texts": lambda: b"[" + b",".join(b'"%04d"' % i for i in range(5000)) + b"]",
    "long texts": lambda: b"[" + b",".join(b'"%0999d"' % i for i in range(500)) + b"]",
    "wide letters": lambda: msgspec.json.encode(["x" * 900 + "\U0001f381" + str(i) for i in range(500)]),
    "escaped wide letters": lambda: (
        b"[" + b",".join(b'"%0900d\\ud83c\\udf81"' % i for i in range(500)) + b"]"
    ),
    "nested": lambda: b"[" + b"[[[[[1000]]]]]," * 2000 + b"1]",
}


@pytest.mark.parametrize("make", JSON.values(), ids=JSON.keys())
def test_the_measure_of_a_text_is_what_it_becomes(make: Callable[[], bytes]) -> None:
    """Hardly less than is allocated for it, and a few times as much at most."""
    body = make()
    reply = Reply(status=200, headers={}, body=body)
    reply.decoded()
    tracemalloc.start()
    try:
        decoded = reply.decoded()
        held = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    del decoded

    assert held < 1.6 * decoded_bytes(body)
    assert decoded_bytes(body) < 5 * held
