"""A vendor on 127.0.0.1 that says what a test tells it to say, and remembers what it was asked."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import attrs
import pytest


@attrs.frozen(kw_only=True)
class Asked:
    """One request as it came."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.body)


@attrs.frozen(kw_only=True)
class Says:
    """One answer; a body that is not bytes is sent as JSON."""

    body: Any = b""
    status: int = 200
    headers: dict[str, str] = attrs.field(factory=dict)


TOKEN = Says(body={"data": {"accessToken": "T1", "ttlSeconds": 300}, "errors": None})


class Scripted:
    """Answers each path with its script's next entry; the last entry repeats."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.scripts: dict[str, list[Says]] = {"/v3/oauth/token/generate": [TOKEN]}
        self.url = ""

    def say(self, path: str, *answers: Says) -> None:
        """Set what is answered on a path."""
        self.scripts[path] = list(answers)

    def asked_at(self, path: str) -> list[Asked]:
        """What came on a path."""
        return [asked for asked in self.asked if asked.path == path]

    def answer(self, asked: Asked) -> Says:
        """Take the next answer."""
        self.asked.append(asked)
        script = self.scripts.get(asked.path)
        if script is None:
            return Says(body=b"<html>not found</html>", status=404)
        return script.pop(0) if len(script) > 1 else script[0]


def _handler(vendor: Scripted) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            says = vendor.answer(
                Asked(
                    method=self.command,
                    path=parts.path,
                    query=dict(parse_qsl(parts.query, keep_blank_values=True)),
                    headers={name.lower(): value for name, value in self.headers.items()},
                    body=self.rfile.read(length),
                )
            )
            body = says.body if isinstance(says.body, bytes) else json.dumps(says.body).encode()
            self.send_response(says.status)
            for name, value in says.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = _serve  # noqa: N815 - names that http.server looks for

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's signature
            """Stay silent."""

    return Handler


@pytest.fixture
def vendor() -> Iterator[Scripted]:
    """A scripted vendor that gives the token T1 to anybody."""
    scripted = Scripted()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(scripted))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    scripted.url = f"http://127.0.0.1:{server.server_port}"
    yield scripted
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def says() -> Callable[..., Says]:
    """Make answers."""
    return Says
