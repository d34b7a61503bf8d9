"""What the transport relies on inside requests and urllib3: named here, so that a new version which moves it is noticed."""

import inspect
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from packaging.requirements import Requirement
from requests.adapters import HTTPAdapter
from requests.utils import check_header_validity
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection

from couponhub.transport import TransportSettings
from couponhub.transport.pool import TimedAdapter
from couponhub.transport.session import harden

CALLED: list[tuple[Callable[..., object], tuple[str, ...], tuple[str, ...]]] = [
    # requests, in `session`: each base address goes through these once.
    (HTTPAdapter.get_connection_with_tls_context, ("self", "request", "verify", "proxies"), ()),
    (HTTPAdapter.cert_verify, ("self", "conn", "url", "verify", "cert"), ()),
    (HTTPAdapter.request_url, ("self", "request", "proxies"), ()),
    (check_header_validity, ("header",), ()),
    # requests, in `pool`: overridden there.
    (HTTPAdapter.init_poolmanager, ("self", "connections", "maxsize"), ()),
    (HTTPAdapter.proxy_manager_for, ("self", "proxy"), ()),
    # urllib3, in `session`: what sends a request.
    (
        HTTPConnectionPool.urlopen,
        ("self", "method", "url"),
        ("body", "headers", "retries", "redirect", "assert_same_host", "timeout", "preload_content", "decode_content"),
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("called", "positional", "named"), CALLED, ids=[called.__qualname__ for called, *_ in CALLED]
)
def test_what_is_called_or_overridden_takes_what_it_did(
    called: Callable[..., object], positional: tuple[str, ...], named: tuple[str, ...]
) -> None:
    """Its first parameters have those names and that order, and the rest can be named."""
    parameters = inspect.signature(called).parameters

    assert positional == tuple(parameters)[: len(positional)]
    assert set(named) <= set(parameters)


def test_pools_are_made_of_what_is_put_in() -> None:
    """A class of its own for pools, their spare connections, connections and answers is taken up by the libraries."""
    with requests.Session() as session:
        adapter = harden(session, TransportSettings())
        prepared = requests.Request("GET", "http://127.0.0.1:9").prepare()
        pool: Any = adapter.get_connection_with_tls_context(prepared, verify=True, proxies={})

        assert isinstance(adapter, TimedAdapter)
        assert "couponhub.transport.pool" == type(pool).__module__
        assert "couponhub.transport.pool" == type(pool.pool).__module__
        connection = pool._new_conn()
        assert "couponhub.transport.pool" == type(connection).__module__
        assert "couponhub.transport.pool" == connection.response_class.__module__


def test_what_is_put_in_has_a_place() -> None:
    """The attributes that the pools above go through, and the one that hands a body over."""
    assert {"http", "https"} <= set(PoolManager().pool_classes_by_scheme)
    for pool in (HTTPConnectionPool, HTTPSConnectionPool):
        assert isinstance(pool.ConnectionCls, type)
        assert isinstance(pool.QueueCls, type)
    assert isinstance(HTTPConnection.response_class, type)
    response = requests.Response()
    response._content = b"{}"
    assert (b"{}", {}) == (response.content, response.json())


def test_requests_is_bounded_above() -> None:
    """Its next major version may move any of this, and is not taken before somebody has looked."""
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))
    (wanted,) = (
        one for one in map(Requirement, project["project"]["dependencies"]) if one.name == "requests"
    )

    assert not wanted.specifier.contains("3.0.0")
