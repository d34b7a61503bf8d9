"""How large a file elsewhere is: asked once or twice, within bounds, with nothing of ours but what belongs there."""

import base64
import logging
from pathlib import Path

import pytest

from couponhub.models import FileUrl
from couponhub.transport import TransportSettings, size_of
from tests.kit.scripted_server import Script, ScriptedServer, hangs_up, says, sends

HEAD_OF = b"HTTP/1.1 200 OK\r\nContent-Length: 123456789\r\n"


def asked(server: ScriptedServer, *answers: Script, **credentials: str) -> int | None:
    """The size that comes of these answers."""
    server.plays(*answers)
    return size_of(
        FileUrl(url=f"{server.url}/right-of-its-own/codes.csv", **credentials), TransportSettings()
    )


def test_head_tells_the_size(server: ScriptedServer) -> None:
    """One call, whose credentials are those of the address, and nothing is fetched."""
    size = asked(server, sends(HEAD_OF + b"\r\n"), username="käthe", password="p")

    assert 123_456_789 == size
    (seen,) = server.seen
    assert ("HEAD", "/right-of-its-own/codes.csv") == (seen.method, seen.target)
    assert f"Basic {base64.b64encode('käthe:p'.encode()).decode()}" == seen.headers["authorization"]
    assert "identity" == seen.headers["accept-encoding"]


def test_a_range_tells_it_where_head_does_not(server: ScriptedServer) -> None:
    """Addresses that are signed for one method answer 403 to the other."""
    range_of = says(206, b"C", {"Content-Range": "bytes 0-0/100000001"})
    assert 100_000_001 == asked(server, says(403), range_of)
    assert ["HEAD", "GET"] == [seen.method for seen in server.seen]
    assert "bytes=0-0" == server.seen[1].headers["range"]


def test_a_host_without_ranges_tells_it_too(server: ScriptedServer) -> None:
    """It begins to send all of the file, which nobody reads."""
    assert 123_456_789 == asked(server, says(405), sends(HEAD_OF + b"\r\n", b"Coupon Code\n"))


@pytest.mark.parametrize(
    "answer",
    [
        hangs_up(),
        says(404),
        says(302, headers={"Location": "http://127.0.0.1:9/elsewhere"}),
        says(206, b"C", {"Content-Range": "bytes 0-0/*"}),
        sends(b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n"),
        sends(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 7\r\n\r\n"),
        sends(b"nonsense\r\n\r\n"),
    ],
)
def test_what_is_not_told_is_not_known(server: ScriptedServer, answer: Script) -> None:
    """No error, no redirect, no guess."""
    assert asked(server, answer, answer, answer) is None
    assert len(server.seen) <= 2


def test_nothing_of_this_machine_goes_along(server: ScriptedServer, caplog: pytest.LogCaptureFixture) -> None:
    """No .netrc, and no log of any library holds the address, which is a right in itself."""
    caplog.set_level(logging.DEBUG)
    Path.home().joinpath(".netrc").write_text("machine 127.0.0.1 login me password mine\n", encoding="utf-8")

    assert 123_456_789 == asked(server, sends(HEAD_OF + b"\r\n"))

    assert "authorization" not in server.seen[0].headers
    assert "right-of-its-own" not in caplog.text
