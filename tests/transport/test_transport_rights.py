"""The right to a change is proven when all but its last bytes have gone out."""

import io
from collections.abc import Callable

import pytest

from couponhub.errors import LocalError
from couponhub.rights import proven_by
from couponhub.transport import FilePart, Multipart, Request
from tests.kit.scripted_server import ScriptedServer
from tests.transport.transports import transport_to, understood


def _refused() -> None:
    raise LocalError("the right was lost")


def _form(content: bytes = b"code\n007\n" * 20_000) -> Request:
    part = FilePart(
        name="file",
        filename="f.csv",
        content_type="text/csv",
        size=len(content),
        open=lambda: io.BytesIO(content),
    )
    form = Multipart(fields={}, file=part)
    return Request(operation="upload", method="POST", path="/files", multipart=form, changes=True)


CHANGES: dict[str, Callable[[], Request]] = {
    "form": _form,
    "json": lambda: Request(
        operation="tell", method="POST", path="/urls", body={"url": "x" * 50_000}, changes=True
    ),
    "nothing": lambda: Request(operation="delete", method="DELETE", path="/files/1", changes=True),
}


@pytest.mark.parametrize("kind", CHANGES)
def test_without_the_right_no_request_arrives(server: ScriptedServer, kind: str) -> None:
    """The other side gets nothing that it could act on, and the error says what was lost."""
    transport = transport_to(server.url)
    with proven_by(_refused), pytest.raises(LocalError, match="the right was lost"):
        transport.call(CHANGES[kind](), understood)
    transport.call(CHANGES[kind](), understood)
    transport.close()
    assert 1 == len([one for one in server.seen if one.body_length == int(one.headers["content-length"])])


@pytest.mark.parametrize("kind", CHANGES)
def test_with_the_right_it_arrives_as_it_would_without(server: ScriptedServer, kind: str) -> None:
    """The proof is asked for once, and what arrives is the same byte for byte."""
    transport = transport_to(server.url)
    asked: list[str] = []
    request = CHANGES[kind]()
    with proven_by(lambda: asked.append(kind)):
        transport.call(request, understood)
    transport.call(request, understood)
    proven, plain = server.seen
    assert [kind] == asked
    assert (plain.body_length, plain.target) == (proven.body_length, proven.target)
    assert kind == "form" or plain.body == proven.body
    transport.close()


def test_reading_takes_no_right(server: ScriptedServer) -> None:
    """What changes nothing is sent as ever."""
    transport = transport_to(server.url)
    with proven_by(_refused):
        transport.call(Request(operation="look", method="GET", path="/files"), understood)
    assert 1 == len(server.seen)
    transport.close()
