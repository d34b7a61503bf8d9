"""A vendor on 127.0.0.1 that answers byte for byte what a test tells it, and remembers what it saw."""

import hashlib
import socket
import ssl
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import BinaryIO, Self

import attrs

from couponhub.clock import Clock
from couponhub.transport import (
    Auth,
    BasicAuth,
    Budget,
    Observer,
    Reply,
    RetryPolicy,
    Transport,
    TransportSettings,
    error_for_status,
    retry_after_seconds,
)
from tests.kit.clock import FakeClock


@attrs.frozen(kw_only=True)
class Seen:
    """One request as the server saw it. `connection` counts the connections from 1; header names are lower case."""

    connection: int
    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    body_length: int
    body_digest: str


Script = Callable[[socket.socket, threading.Event], bool]
"""Answers one request; True keeps the connection. The event is set when the server stops."""


def says(
    status: int = 200, body: bytes = b"{}", headers: Mapping[str, str] | None = None, *, keep: bool = True
) -> Script:
    """A well-formed answer."""
    given = {"Content-Length": str(len(body)), **(headers or {})}
    if not keep:
        given["Connection"] = "close"
    head = "".join(f"{name}: {value}\r\n" for name, value in given.items())
    return sends(f"HTTP/1.1 {status} Word\r\n{head}\r\n".encode() + body, keep=keep)


def sends(*parts: bytes, keep: bool = False, pause: float = 0.0) -> Script:
    """Those bytes, with a pause after each part."""

    def script(connected: socket.socket, stopped: threading.Event) -> bool:
        for part in parts:
            connected.sendall(part)
            if pause and stopped.wait(pause):
                break
        return keep

    return script


def is_silent(after: bytes = b"") -> Script:
    """Those bytes, and then nothing for as long as the server lives."""

    def script(connected: socket.socket, stopped: threading.Event) -> bool:
        connected.sendall(after)
        stopped.wait(30)
        return False

    return script


def hangs_up() -> Script:
    """No answer: the connection is closed after the request was read."""
    return lambda _connected, _stopped: False


def hangs_up_after(script: Script) -> Script:
    """Answers as if the connection were kept, and closes it all the same."""

    def closing(connected: socket.socket, stopped: threading.Event) -> bool:
        script(connected, stopped)
        return False

    return closing


class ScriptedServer:
    """Runs in threads of its own. Answers come from `script`, one for each request, then from `otherwise`.

    `shakes_hands_after` makes it slow: seconds before the TLS handshake.
    """

    def __init__(self, *, tls: ssl.SSLContext | None = None, keep_bodies: bool = True) -> None:
        self.script: deque[Script] = deque()
        self.otherwise: Callable[[Seen], Script] = lambda _: says()
        self.seen: list[Seen] = []
        self.shakes_hands_after = 0.0
        self._tls = tls
        self._keep_bodies = keep_bodies
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._connections: list[socket.socket] = []
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listening.getsockname()[1]
        self.url = f"{'http' if tls is None else 'https'}://127.0.0.1:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        # A thread in accept() is not woken by close() alone.
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        with self._lock:
            for connected in self._connections:
                connected.close()

    def plays(self, *scripts: Script) -> None:
        """Answer the next requests like that."""
        self.script.extend(scripts)

    @property
    def targets(self) -> list[str]:
        """What was asked for, in order."""
        return [seen.target for seen in self.seen]

    def _accept(self) -> None:
        number = 0
        while not self._stopped.is_set():
            try:
                connected = self._listening.accept()[0]
            except OSError:
                return
            number += 1
            with self._lock:
                self._connections.append(connected)
            threading.Thread(target=self._serve, args=(connected, number), daemon=True).start()

    def _serve(self, connected: socket.socket, number: int) -> None:
        try:
            if self._tls is not None:
                self._stopped.wait(self.shakes_hands_after)
                connected = self._tls.wrap_socket(connected, server_side=True)
            with connected, connected.makefile("rb") as stream:
                while (seen := self._read(stream, number)) is not None:
                    with self._lock:
                        self.seen.append(seen)
                        script = self.script.popleft() if self.script else self.otherwise(seen)
                    if not script(connected, self._stopped):
                        connected.shutdown(socket.SHUT_RDWR)
                        return
        except (OSError, ValueError):
            return  # the client went away

    def _read(self, stream: BinaryIO, number: int) -> Seen | None:
        first = stream.readline().decode("latin-1").split()
        if len(first) != 3 or not first[2].startswith("HTTP/"):
            return None  # the random bytes of a TLS hello can have two blanks in them
        headers: dict[str, str] = {}
        while line := stream.readline().decode("latin-1").strip():
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        kept, length, digest = bytearray(), 0, hashlib.sha256()
        for block in _blocks(stream, int(headers.get("content-length", "0"))):
            length += len(block)
            digest.update(block)
            if self._keep_bodies:
                kept += block
        return Seen(
            connection=number,
            method=first[0],
            target=first[1],
            headers=headers,
            body=bytes(kept),
            body_length=length,
            body_digest=digest.hexdigest(),
        )


def _blocks(stream: BinaryIO, length: int) -> Iterable[bytes]:
    while length and (block := stream.read(min(65536, length))):
        length -= len(block)
        yield block


STEADY = RetryPolicy(jitter=lambda: 1.0)
"""Four attempts, waits of 0.3, 0.6 and 1.2 seconds."""


def transport_to(
    url: str,
    *,
    settings: TransportSettings | None = None,
    waits: FakeClock | None = None,
    clock: Clock | None = None,
    retry: RetryPolicy = STEADY,
    auth: Auth | None = None,
    budget: Budget | None = None,
    observer: Observer | None = None,
    request_id_headers: tuple[str, ...] = ("x-request-id",),
) -> Transport:
    """A transport of the connection "shop", which never sleeps: `waits` notes what it would, unless there is a `clock`."""
    return Transport(
        connection="shop",
        base_url=url,
        auth=auth or BasicAuth("user", "pass"),
        settings=settings,
        clock=clock or (waits or FakeClock()).pauses,
        retry=retry,
        budget=budget,
        observer=observer,
        request_id_headers=request_id_headers,
    )


def understood(reply: Reply) -> Reply:
    """Read a reply as an adapter would: errors by status, JSON or nothing."""
    if not 200 <= reply.status < 300:
        raise error_for_status(reply.status)(
            f"HTTP {reply.status}", status=reply.status, retry_after=retry_after_seconds(reply.headers)
        )
    return reply
