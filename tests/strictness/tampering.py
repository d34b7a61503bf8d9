"""Requests that are altered between the adapter and the wire, so that what refuses them can only be the vendor."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase
from itertools import count
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import attrs
import pytest
import requests
from requests.structures import CaseInsensitiveDict
from urllib3 import HTTPConnectionPool
from urllib3.response import BaseHTTPResponse

from couponhub.errors import VendorError
from couponhub.models import ListId
from couponhub.testing import Harness

Alteration = Callable[[requests.PreparedRequest], None]
"""Spoils one request in place."""


@attrs.frozen(kw_only=True)
class Refusal:
    """What the vendor documents as its answer.

    Attributes:
        status: HTTP.
        code: The vendor's, as text.
        text: Part of its message, where the code alone does not tell the rule; "" for any.
    """

    status: int
    code: str
    text: str = ""


class StrictnessHarness:
    """A harness with one list to work on.

    Args:
        harness: The adapter on its strict, with nothing at the vendor yet.
    """

    def __init__(self, harness: Harness) -> None:
        self.harness = harness
        self.list_id: ListId = harness.create_list("the list").id
        self._numbers = count(1)

    def fresh(self, prefix: str) -> str:
        """A word that was not used before."""
        return f"{prefix}-{next(self._numbers):04d}"


@attrs.frozen(kw_only=True)
class Case:
    """A documented rule, how a call of the adapter's is made to break it, and what the vendor says to that.

    Attributes:
        rule: The rule, in a few words.
        do: The call; done twice, so that it may not depend on being the first.
        on: Which requests are altered, as "METHOD /path" with wildcards.
        alter: The breakage.
        refusal: The answer.
    """

    rule: str
    do: Callable[[StrictnessHarness], object]
    on: str
    alter: Alteration
    refusal: Refusal


@attrs.define
class InFlight:
    """Requests on their way to one vendor.

    Attributes:
        altered: Path and query of each altered request, as the vendor must have seen them.
    """

    _prefix: str
    _on: str
    _alter: Alteration
    altered: list[tuple[str, str, str]] = attrs.field(factory=list)

    def pass_on(self, request: requests.PreparedRequest) -> None:
        """Alter a request that is meant."""
        url = str(request.url)
        if not url.startswith(self._prefix):
            return
        path = urlsplit(url).path.removeprefix(urlsplit(self._prefix).path)
        if not fnmatchcase(f"{request.method} {path}", self._on):
            return
        self._alter(request)
        parts = urlsplit(str(request.url))
        self.altered.append((str(request.method), parts.path, parts.query))


@contextmanager
def altering(
    harness: Harness, monkeypatch: pytest.MonkeyPatch, on: str, alter: Alteration
) -> Iterator[InFlight]:
    """Alter the adapter's requests below everything that it consists of: right before they are sent."""
    flight = InFlight(f"{harness.server.url}/{harness.plugin.name}", on, alter)
    send = HTTPConnectionPool.urlopen

    def tampered(
        pool: HTTPConnectionPool,
        method: str,
        url: str,
        *,
        body: Any,
        headers: Mapping[str, str],
        **arguments: Any,
    ) -> BaseHTTPResponse:
        request = requests.PreparedRequest()
        request.method, request.body, request.headers = method, body, CaseInsensitiveDict(headers)
        request.url = f"{pool.scheme}://{pool.host}:{pool.port}{url}"
        flight.pass_on(request)
        target = request.url.removeprefix(f"{pool.scheme}://{pool.host}:{pool.port}")
        return send(
            pool, request.method, target, body=request.body, headers=dict(request.headers), **arguments
        )

    with monkeypatch.context() as patch:
        patch.setattr(HTTPConnectionPool, "urlopen", tampered)
        yield flight


def assert_refused(
    case: Case,
    strict: StrictnessHarness,
    monkeypatch: pytest.MonkeyPatch,
    truth: Callable[[StrictnessHarness], object],
) -> None:
    """Assert that a call succeeds, that the altered one is refused as documented, and that nothing came of it."""
    case.do(strict)
    before = truth(strict)
    with (
        altering(strict.harness, monkeypatch, case.on, case.alter) as flight,
        pytest.raises(VendorError) as caught,
    ):
        case.do(strict)
    assert flight.altered, "nothing was altered"
    seen = {
        (request["method"], request["path"], request["query"]): request["status"]
        for request in strict.harness.control.requests()
    }
    assert case.refusal.status == seen[flight.altered[-1]]
    assert (case.refusal.status, case.refusal.code) == (caught.value.status, caught.value.vendor_code)
    assert case.refusal.text in caught.value.message
    assert before == truth(strict)


def names(cases: Sequence[Case]) -> list[str]:
    """The rules, as names of tests; each is there once."""
    rules = [case.rule.replace(" ", "-") for case in cases]
    assert len(set(rules)) == len(rules)
    return rules


def header(name: str, value: str | None) -> Alteration:
    """Set a header; None takes it off."""

    def alter(request: requests.PreparedRequest) -> None:
        request.headers.pop(name, None)
        if value is not None:
            request.headers[name] = value

    return alter


def header_changed(name: str, change: Callable[[str], str]) -> Alteration:
    """Make another value out of the one that a header has."""

    def alter(request: requests.PreparedRequest) -> None:
        request.headers[name] = change(str(request.headers[name]))

    return alter


def method(word: str) -> Alteration:
    """Use another HTTP method."""

    def alter(request: requests.PreparedRequest) -> None:
        request.method = word

    return alter


def path(old: str, new: str) -> Alteration:
    """Write a part of the path differently."""

    def alter(request: requests.PreparedRequest) -> None:
        before, found, after = str(request.url).partition(old)
        assert found, f"{old} is not in the address"
        request.url = f"{before}{new}{after}"

    return alter


def query(**changed: str | None) -> Alteration:
    """Set parameters; None takes one off, and an unknown one is added."""

    def alter(request: requests.PreparedRequest) -> None:
        address, _, text = str(request.url).partition("?")
        kept = [(name, value) for name, value in parse_qsl(text) if name not in changed]
        added = [(name, value) for name, value in changed.items() if value is not None]
        request.url = f"{address}?{urlencode([*kept, *added])}"

    return alter


def body(change: Callable[[bytes], bytes]) -> Alteration:
    """Send other bytes, with their right length; they must differ from what was to be sent."""

    def alter(request: requests.PreparedRequest) -> None:
        sent: Any = request.body  # a stream, for files
        raw = sent if isinstance(sent, bytes) else b"".join(sent)
        changed = change(raw)
        assert changed != raw, "the body is as it was"
        request.body = changed
        request.headers["Content-Length"] = str(len(changed))

    return alter


def replaced(old: bytes, new: bytes) -> Alteration:
    """Write bytes of the body differently, wherever they stand."""
    return body(lambda raw: raw.replace(old, new))


def fields(*place: str, without: Sequence[str] = (), **changed: object) -> Alteration:
    """Set and drop keys of a JSON body.

    Args:
        place: Keys that lead to the object that is meant.
        without: Keys that it must have, and loses.
        changed: Keys that it gets.
    """

    def change(raw: bytes) -> bytes:
        document = json.loads(raw)
        target = document
        for key in place:
            target = target[key]
        for key in without:
            del target[key]
        target |= changed
        return json.dumps(document).encode()

    return body(change)
