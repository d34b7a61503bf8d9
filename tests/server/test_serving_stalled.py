"""Clients that stop talking: they are answered or let go of, and everybody else is served meanwhile."""

import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from couponhub.server.body_timeout import _protocol_of
from couponhub.testing import EmulatedVendors
from tests.kit.eventually import eventually
from tests.server.harness import MOBILE
from tests.server.running import ASKED, running, token_of

PATIENT = Path(__file__).with_name("patient.py")
BODY = b'{"customer": {"mobile": "' + MOBILE.encode() + b'"}, "connections": ["capillary"]}'
"""Longer than what stalled clients send of it."""


def head(token: str | None, *more: str, path: str = "/v1/lookup") -> bytes:
    """The head of a POST."""
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", "Content-Type: application/json", *more]
    lines += [] if token is None else [f"Authorization: Bearer {token}"]
    return "\r\n".join([*lines, "", ""]).encode()


CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
LENGTH = f"Content-Length: {len(BODY)}"
STALLED: dict[str, Callable[[str], bytes]] = {
    "idle": lambda _: b"",
    "a head half sent": lambda _: b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-A: ",
    "a body half sent": lambda token: head(token, LENGTH) + b"{",
    "a body half sent, without a token": lambda _: head(None, LENGTH) + b"{",
    "a body half sent, in chunks": lambda token: head(token, "Transfer-Encoding: chunked") + b"1\r\n{\r\n",
    "an answer expected before the body": lambda token: head(token, LENGTH, "Expect: 100-continue"),
}


def address(url: str) -> tuple[str, int]:
    """Where to connect."""
    place = urlsplit(url)
    assert place.hostname is not None
    assert place.port is not None
    return place.hostname, place.port


@contextmanager
def sent(url: str, text: bytes, count: int = 1) -> Iterator[list[socket.socket]]:
    """So many clients that have sent this."""
    with ExitStack() as held:
        clients = [held.enter_context(socket.create_connection(address(url), 30)) for _ in range(count)]
        for client in clients:
            client.sendall(text)
        yield clients


def whole(client: socket.socket) -> bytes:
    """All that comes until the connection ends."""
    client.settimeout(30)
    data = b""
    while piece := client.recv(65536):
        data += piece
    return data


def test_others_are_served_while_hundreds_hang(vendors: EmulatedVendors, tmp_path: Path) -> None:
    """Of every kind at once, more of each than there are threads: lookups of another token, and health."""
    with running(vendors, tmp_path) as server, ExitStack() as held:
        other = token_of(server, "other")
        for make in STALLED.values():
            held.enter_context(sent(server.url, make(server.one_time_token), 300))
        for _ in range(10):
            assert 200 == server.post(ASKED, other).status_code
            assert requests.get(f"{server.url}/healthz", timeout=30).ok
            assert requests.get(f"{server.url}/readyz", timeout=30).ok


@pytest.fixture(scope="module")
def patient(vendors: EmulatedVendors, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """A server whose patience with bodies is short, with room for ten requests; its address and a token."""
    command = [sys.executable, str(PATIENT), str(vendors.config), str(tmp_path_factory.mktemp("patient"))]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)  # noqa: S603 - our own command
    try:
        assert process.stdout is not None
        url, token = process.stdout.readline().split()
        yield url, token
    finally:
        process.terminate()
        process.communicate()


def lookup(url: str, token: str) -> int:
    """The status of a lookup."""
    headers = {"Authorization": f"Bearer {token}"}
    return requests.post(f"{url}/v1/lookup", json=ASKED, headers=headers, timeout=30).status_code


def test_a_body_that_does_not_come_is_answered(patient: tuple[str, str]) -> None:
    """408 as a problem; the connection ends, and its thread is free again, as often as there are threads and more."""
    url, token = patient
    kinds = [kind for kind in STALLED if "token" not in kind and "body" in kind]
    answers: list[tuple[str, bytes]] = []
    for _ in range(3):
        with ExitStack() as held:
            stalled = [
                (kind, client)
                for kind in kinds
                for client in held.enter_context(sent(url, STALLED[kind](token), 2))
            ]
            answers += [(kind, whole(client).removeprefix(CONTINUE)) for kind, client in stalled]
    # On a machine that is very busy an answer may be lost at the end of its connection, not all of a kind.
    told = [(kind, answer) for kind, answer in answers if answer]
    assert {*kinds} == {kind for kind, _ in told}
    assert {b"HTTP/1.1 408 "} == {answer[:13] for _, answer in told}
    assert {(True, True)} == {
        (b"connection: close" in answer, b"the body did not come in time" in answer) for _, answer in told
    }
    eventually(lambda: lookup(url, token) == 200, "a thread")


def test_a_body_that_comes_slowly_is_read(patient: tuple[str, str]) -> None:
    """Byte by byte, within its time."""
    url, token = patient
    eventually(lambda: lookup(url, token) == 200, "a thread")
    with sent(url, head(token, LENGTH, "Connection: close")) as (client,):
        for at in range(len(BODY)):
            client.sendall(BODY[at : at + 1])
        assert whole(client).startswith(b"HTTP/1.1 200 ")


def test_a_body_that_breaks_off_is_no_request(patient: tuple[str, str]) -> None:
    """What came of it may be a question, but not the one that was asked."""
    url, token = patient
    eventually(lambda: lookup(url, token) == 200, "a thread")
    with sent(url, head(token, f"Content-Length: {len(BODY) + 5}") + BODY) as (client,):
        client.shutdown(socket.SHUT_WR)
        assert b"200 OK" not in whole(client)


def test_a_refused_request_leaves_its_connection_whole_or_ends_it(patient: tuple[str, str]) -> None:
    """On a kept connection every request is answered, also after those that were refused before their bodies came."""
    url, token = patient
    with requests.Session() as session:
        statuses = [
            session.post(
                f"{url}/v1/lookup",
                json=ASKED,
                headers={"Authorization": f"Bearer {word}"},
                timeout=30,
            ).status_code
            for word in [token, "wrong"] * 30
        ]
    assert [200, 401] * 30 == statuses


def test_a_thread_without_granian_has_nothing_to_answer_with() -> None:
    """Then a body is waited for as long as its connection lasts, and that is told."""
    assert None is _protocol_of(0)
