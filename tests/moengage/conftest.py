"""A MoEngage that answers what a test scripted, and adapters on it."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from couponhub.secret import Secret
from couponhub_moengage.adapter import MoEngageAdapter
from couponhub_moengage.settings import MoEngageSettings
from tests.moengage.scripted import Opens, Seen, Vendor


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    """A running vendor that knows nothing yet; what is not scripted is a 404 without a body."""
    state = Vendor()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            line = f"{self.command} {self.path.removeprefix('/v1')}"
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            state.seen.append(Seen(line, dict(self.headers), json.loads(body) if body else None))
            status, answer = state.answer(line)
            raw = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(status)
            if status == 429:
                self.send_header("Retry-After", "3600")
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = answer  # noqa: N815 - http.server's names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield state
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def connect(vendor: Vendor) -> Iterator[Opens]:
    """Open adapters on the vendor; they are closed in the end."""
    opened: list[MoEngageAdapter] = []

    def connected(**settings: Any) -> MoEngageAdapter:
        given = {"base_url": vendor.url, "workspace_id": "WS1", "api_key": Secret("k:ey"), **settings}
        opened.append(MoEngageAdapter("engage", MoEngageSettings(**given)))
        return opened[-1]

    yield connected
    for adapter in opened:
        adapter.close()
