"""The application over emulated vendors, asked without a socket of its own."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import attrs
from werkzeug.test import Client, TestResponse

from couponhub import CouponHub
from couponhub.server.admission import Gate
from couponhub.server.app import make_app
from couponhub.server.auth import Access
from couponhub.server.metrics import Metrics
from couponhub.server.request_context import AccessLog
from couponhub.state import Scope
from couponhub.state.sql.callbacks import SqlCallbacks
from couponhub.state.sql.tokens import SqlTokens
from couponhub.state.sqlite.database import LedgerDatabase
from couponhub.testing import Control, EmulatedVendors

MOBILE = "919876543210"
NEIGHBOUR = {"REMOTE_ADDR": "127.0.0.1"}
STRANGER = {"REMOTE_ADDR": "192.0.2.7"}


@attrs.frozen(kw_only=True)
class ServerHarness:
    """The application, and what stands behind it.

    Attributes:
        lines: The access log.
    """

    hub: CouponHub
    access: Access
    tokens: SqlTokens
    callbacks: SqlCallbacks
    metrics: Metrics
    log: AccessLog
    lines: list[bytes]
    controls: Mapping[str, Control]
    client: Client

    def token(self, *scopes: Scope) -> str:
        """A new token."""
        return self.tokens.new(scopes)[0]

    def get(
        self, path: str, token: str | None = None, headers: Mapping[str, str] | None = None, **more: Any
    ) -> TestResponse:
        """GET an address."""
        return self.client.get(path, headers=_headers(token, headers), **{"environ_base": STRANGER, **more})

    def post(
        self,
        path: str,
        document: Any = None,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> TestResponse:
        """POST a document."""
        body = {"data": json.dumps(document), "content_type": "application/json"}
        given = {"environ_base": STRANGER, **body, **more}
        return self.client.post(path, headers=_headers(token, headers), **given)

    def lookup(self, token: str | None, **question: Any) -> TestResponse:
        """Look the demo's customer up at Capillary, or whoever is asked about."""
        asked = {"customer": {"mobile": MOBILE}, "connections": ["capillary"], **question}
        return self.post("/v1/lookup", asked, token)

    def logged(self) -> list[dict[str, Any]]:
        """The access log so far."""
        self.log.flush()
        return [json.loads(line) for line in b"".join(self.lines).splitlines()]


def opened(
    vendors: EmulatedVendors,
    hub: CouponHub,
    metrics: Metrics,
    *,
    rate_limit: float = 0.0,
    gate: Gate | None = None,
    is_draining: Callable[[], bool] = lambda: False,
) -> ServerHarness:
    """The application over a hub."""
    store = LedgerDatabase(hub.config.store)
    tokens, callbacks, lines = SqlTokens(store), SqlCallbacks(store), list[bytes]()
    # Every request reads the tokens anew.
    access = Access(tokens, rate_limit=rate_limit, fresh_for=0.0)
    log = AccessLog(write=lines.append)
    return ServerHarness(
        hub=hub,
        access=access,
        tokens=tokens,
        callbacks=callbacks,
        metrics=metrics,
        log=log,
        lines=lines,
        controls=vendors.controls,
        client=Client(
            make_app(hub, access, callbacks, metrics=metrics, log=log, gate=gate, is_draining=is_draining)
        ),
    )


def problem(response: TestResponse, status: int, kind: str) -> dict[str, Any]:
    """The problem in an answer, which has to be one of that status and kind."""
    assert (status, "application/problem+json") == (response.status_code, response.mimetype)
    document: dict[str, Any] = json.loads(response.get_data())
    assert (status, kind) == (document["status"], document["kind"])
    assert f"urn:couponhub:problem:{kind}" == document["type"]
    assert response.headers["X-Request-Id"] == document["request_id"]
    return document


def _headers(token: str | None, more: Mapping[str, str] | None) -> dict[str, str]:
    return {**({} if token is None else {"Authorization": f"Bearer {token}"}), **(more or {})}
