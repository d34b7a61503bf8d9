"""A server on 127.0.0.1 that answers byte for byte what a test tells it, and remembers what it saw."""

import hashlib
import json
import socket
import ssl
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Any, BinaryIO, Self
from urllib.parse import parse_qsl

import attrs


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

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> dict[str, str]:
        """The parameters, decoded; the last of each name."""
        return dict(parse_qsl(self.target.partition("?")[2], keep_blank_values=True))

    @property
    def json(self) -> Any:
        """The body, decoded; None where there is none."""
        return json.loads(self.body) if self.body else None


Script = Callable[[socket.socket, threading.Event], bool]
"""Answers one request; True keeps the connection. The event is set when the server stops."""


def says(
    status: int = 200, body: object = b"{}", headers: Mapping[str, str] | None = None, *, keep: bool = True
) -> Script:
    """A well-formed answer; a body that is not bytes is sent as JSON."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    given = {"Content-Length": str(len(raw)), **(headers or {})}
    if not keep:
        given["Connection"] = "close"
    head = "".join(f"{name}: {value}\r\n" for name, value in given.items())
    return sends(f"HTTP/1.1 {status} Word\r\n{head}\r\n".encode() + raw, keep=keep)


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

    `shakes_hands_after` makes it slow: seconds before the TLS handshake. `ended` numbers the connections that it has
    closed.
    """

    def __init__(self, *, tls: ssl.SSLContext | None = None, keep_bodies: bool = True) -> None:
        self.script: deque[Script] = deque()
        self.otherwise: Callable[[Seen], Script] = lambda _: says()
        self.seen: list[Seen] = []
        self.ended: list[int] = []
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
        finally:
            self.ended.append(number)

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


class PathServer(ScriptedServer):
    """Answers each path with its own script; the last answer of a script stays, and what has none is not there."""

    def __init__(self) -> None:
        super().__init__()
        self.scripts: dict[str, deque[Script]] = {}
        self.otherwise = self._next

    def say(self, path: str, *answers: Script) -> str:
        """Set what is answered on a path; the URL of it."""
        self.scripts[path] = deque(answers)
        return f"{self.url}{path}"

    def asked_at(self, path: str) -> list[Seen]:
        """What came on a path."""
        return [seen for seen in self.seen if seen.path == path]

    def _next(self, seen: Seen) -> Script:
        script = self.scripts.get(seen.path)
        if script is None:
            return says(404, b"<html>not found</html>")
        return script.popleft() if len(script) > 1 else script[0]


def _blocks(stream: BinaryIO, length: int) -> Iterable[bytes]:
    while length and (block := stream.read(min(65536, length))):
        length -= len(block)
        yield block
