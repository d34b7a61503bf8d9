"""Files travel as streams of known length, byte for byte, and never as half of themselves."""

import contextlib
import hashlib
import io
import tracemalloc
from pathlib import Path
from typing import Any, BinaryIO

import attrs
import pytest
from werkzeug.wrappers import Request as WerkzeugRequest

from couponhub.errors import LocalError, OutcomeUnknown
from couponhub.transport import FilePart, Multipart, Request
from tests.kit.scripted_server import ScriptedServer, hangs_up, says
from tests.transport.transports import transport_to, understood

CONTENT = b"code\r\n007\r\n\x00\xff--boundary\r\n" * 5000


def upload(
    file: BinaryIO | bytes, size: int, *, changes: bool = True, filename: str = 'codes "1" ü.csv'
) -> Request:
    """An upload of that file, of that announced size."""

    def opened() -> BinaryIO:
        return io.BytesIO(file) if isinstance(file, bytes) else file

    part = FilePart(name="file", filename=filename, content_type="text/csv", size=size, open=opened)
    form = Multipart(fields={"name": "Größe\r\n--x", "empty": ""}, file=part)
    return Request(operation="upload", method="POST", path="/files", multipart=form, changes=changes)


@attrs.frozen
class Form:
    """A form as another implementation reads it."""

    fields: dict[str, str]
    filename: str | None
    content_type: str
    content: bytes


def parsed(server: ScriptedServer) -> Form:
    """The last request's form."""
    seen = server.seen[-1]
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "POST",
        "wsgi.input": io.BytesIO(seen.body),
        "CONTENT_TYPE": seen.headers["content-type"],
        "CONTENT_LENGTH": seen.headers["content-length"],
    }
    with WerkzeugRequest(environ) as request:
        file = request.files["file"]
        return Form(request.form.to_dict(), file.filename, file.content_type or "", file.stream.read())


def test_a_form_arrives_byte_for_byte(server: ScriptedServer) -> None:
    """Fields, file name and content are what was meant, and the length was known before."""
    transport_to(server.url).call(upload(CONTENT, len(CONTENT)), understood)

    seen, form = server.seen[0], parsed(server)
    assert str(seen.body_length) == seen.headers["content-length"]
    assert "transfer-encoding" not in seen.headers
    assert Form({"name": "Größe\r\n--x", "empty": ""}, 'codes "1" ü.csv', "text/csv", CONTENT) == form


def test_an_empty_file_is_sent(server: ScriptedServer) -> None:
    """Whether that makes sense is for others to say."""
    transport_to(server.url).call(upload(b"", 0), understood)

    assert b"" == parsed(server).content


def test_each_attempt_begins_anew(server: ScriptedServer) -> None:
    """A refused upload is repeated whole."""
    server.plays(says(429))
    transport_to(server.url).call(upload(CONTENT, len(CONTENT)), understood)

    assert [len(server.seen[0].body)] * 2 == [len(seen.body) for seen in server.seen]
    assert CONTENT == parsed(server).content


def test_a_lost_answer_leaves_an_upload_open(server: ScriptedServer) -> None:
    """The file is not sent twice."""
    server.plays(hangs_up())
    with pytest.raises(OutcomeUnknown):
        transport_to(server.url).call(upload(CONTENT, len(CONTENT)), understood)

    assert 1 == len(server.seen)


@pytest.mark.parametrize("size", [len(CONTENT) - 1, len(CONTENT) + 1, 0])
def test_a_file_of_another_length_is_not_sent_whole(server: ScriptedServer, size: int) -> None:
    """A file that grew or shrank would arrive cut within a code; the vendor never gets a complete request."""
    with pytest.raises(LocalError, match="changed while it was being sent") as caught:
        transport_to(server.url).call(upload(CONTENT, size), understood)

    assert ("shop", "upload") == (caught.value.connection, caught.value.operation)
    assert not any(seen.body_length == int(seen.headers["content-length"]) for seen in server.seen)


def test_a_file_that_is_gone_is_local_trouble(server: ScriptedServer, tmp_path: Path) -> None:
    """It is told as such, before anything is sent."""
    part = FilePart(
        name="file", filename="x", content_type="text/csv", size=1, open=lambda: (tmp_path / "x").open("rb")
    )
    request = Request(operation="upload", method="POST", path="/", multipart=Multipart(fields={}, file=part))
    with pytest.raises(LocalError, match="No such file"):
        transport_to(server.url).call(request, understood)

    assert [] == server.seen


def test_a_file_that_breaks_is_local_trouble(server: ScriptedServer) -> None:
    """A disk that fails under the upload is not the vendor's fault."""

    class Broken(io.BytesIO):
        def read(self, _size: int | None = -1, /) -> bytes:
            raise OSError(5, "Input/output error")

    with pytest.raises(LocalError, match="Input/output error"):
        transport_to(server.url).call(upload(Broken(), 10), understood)


def test_a_file_is_closed(server: ScriptedServer) -> None:
    """After success and after failure."""
    for script in (says(), hangs_up()):
        file = io.BytesIO(CONTENT)
        server.plays(script)
        with contextlib.suppress(OutcomeUnknown):
            transport_to(server.url).call(upload(file, len(CONTENT)), understood)
        assert file.closed


def test_a_file_is_read_in_blocks_of_some_size(server: ScriptedServer) -> None:
    """With blocks of a few KiB the calls of the system take longer than the file."""
    asked: list[int] = []

    class Watched(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            asked.append(size or 0)
            return super().read(size)

    content = CONTENT * 4
    transport_to(server.url).call(upload(Watched(content), len(content)), understood)

    assert content == parsed(server).content
    assert 64 * 1024 == max(asked)


def test_a_large_file_needs_no_memory(tmp_path: Path) -> None:
    """200 MB pass through a few."""
    size = 200 * 1024 * 1024
    path = tmp_path / "large.csv"
    with path.open("wb") as sparse:
        sparse.truncate(size)
        sparse.seek(size - 4)
        sparse.write(b"last")
    part = FilePart(
        name="file", filename="l.csv", content_type="text/csv", size=size, open=lambda: path.open("rb")
    )
    request = Request(
        operation="upload", method="POST", path="/", multipart=Multipart(fields={}, file=part), changes=True
    )

    with ScriptedServer(keep_bodies=False) as server:
        transport = transport_to(server.url)
        tracemalloc.start()
        try:
            transport.call(request, understood)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        seen = server.seen[0]

    boundary = seen.headers["content-type"].partition("boundary=")[2]
    expected = hashlib.sha256(
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="l.csv"\r\n'
        "Content-Type: text/csv\r\n\r\n".encode()
    )
    for _ in range(199):
        expected.update(bytes(1024 * 1024))
    expected.update(bytes(1024 * 1024 - 4) + b"last")
    expected.update(f"\r\n--{boundary}--\r\n".encode())
    assert expected.hexdigest() == seen.body_digest
    assert peak < 4 * 1024 * 1024
