"""The console over emulated vendors: asked without a socket, or served to a browser."""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from threading import Thread
from typing import Any

import attrs
from werkzeug.serving import make_server
from werkzeug.test import Client, TestResponse

from couponhub import CouponHub
from couponhub.console.app import SideBySide
from couponhub.console.opening import with_console
from couponhub.console.sessions import COOKIE
from couponhub.server.app import make_app
from couponhub.server.auth import Access
from couponhub.server.metrics import Metrics
from couponhub.server.request_context import AccessLog, RequestWatch
from couponhub.state import Scope, Token
from couponhub.testing import Control

KEY = b"a key of the tests, as long as it is"
_CSRF = re.compile(r'"X-CSRF": "([0-9a-f]+)"')


@attrs.define(kw_only=True)
class ConsoleHarness:
    """The console, and what stands behind it.

    Attributes:
        lines: The access log.
    """

    hub: CouponHub
    app: SideBySide
    controls: Mapping[str, Control]
    log: AccessLog
    lines: list[bytes]
    client: Client
    csrf: str = ""

    def token(self, *scopes: Scope) -> str:
        """A new token."""
        return self.hub.state.tokens.new(scopes)[0]

    def sign_in(self, *scopes: Scope) -> str:
        """Sign in with a new token, and return it."""
        token = self.token(*scopes)
        answer = self.client.post("/sign-in", data={"token": token})
        assert answer.status_code == 303, answer.text
        found = _CSRF.search(self.client.get("/", follow_redirects=True).text)
        self.csrf = found[1] if found else ""
        return token

    def post(self, path: str, headers: Mapping[str, str] | None = None, **form: Any) -> TestResponse:
        """Send a form of this session's."""
        return self.client.post(path, data={"csrf": self.csrf, **form}, headers=headers)

    def cookie(self) -> str | None:
        """The session's cookie."""
        found = self.client.get_cookie(COOKIE)
        return None if found is None else found.value


def opened(
    hub: CouponHub,
    controls: Mapping[str, Control],
    watch: RequestWatch | None = None,
    *,
    fixed: Iterable[Token] = (),
) -> ConsoleHarness:
    """The console over a hub."""
    metrics, lines = Metrics(), list[bytes]()
    access = Access(hub.state.tokens, fixed=fixed, sign_outs=hub.state.sign_outs, fresh_for=0.0)
    log = AccessLog(write=lines.append)
    api = make_app(hub, access, hub.state.callbacks, metrics=metrics, log=log, watch=watch)
    app = with_console(api, key=KEY)
    return ConsoleHarness(hub=hub, app=app, controls=controls, log=log, lines=lines, client=Client(app))


@contextmanager
def served(app: SideBySide) -> Iterator[str]:
    """Serve an application to a browser for the block, and give its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever, name="console", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
