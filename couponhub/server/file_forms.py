"""Forms with a file, as `multipart/form-data`: the file goes to a private folder of this machine, in bounded memory."""

import errno
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO, TYPE_CHECKING, Any

import attrs
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import FormDataParser
from werkzeug.http import parse_options_header

from couponhub.errors import LocalError, UsageError
from couponhub.server.body_timeout import BodyTimeout
from couponhub.server.problems import too_large
from couponhub.server.request_context import RequestContext

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

MULTIPART = "multipart/form-data"
LARGEST_FILE = 2 * 1024**3
"""Bytes of a form with its file; what is larger is sent by a URL, or with the command line."""
_LARGEST_FIELDS = 256 * 1024
"""Also of what is read of a file at once, with what is left of the read before: werkzeug reads 64 KiB."""
_MOST_FIELDS = 32
_PIECE = 1024 * 1024
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_RISKY = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST_NAME = 100


@attrs.frozen(kw_only=True)
class FileForm:
    """A form that was sent with a file.

    Attributes:
        fields: By name, each once.
        file: Where its file lies, for as long as the request; None where none came along.
        name: The name that the sender's machine has for it, without its folders; "" for none.
    """

    fields: Mapping[str, str] = attrs.field(repr=False)
    file: Path | None
    name: str


@contextmanager
def read_file_form(
    environ: "WSGIEnvironment", patience: BodyTimeout, framed: RequestContext
) -> Iterator[FileForm]:
    """Read a form for the block, at whose end its file is removed.

    Raises:
        Refusal: It is too large, or did not come.
        UsageError: It is none.
        LocalError: There is no room for its file.
    """
    with tempfile.TemporaryDirectory(prefix="couponhub-form-") as folder:
        try:
            form = _read(environ, patience, framed, Path(folder))
        except OSError as error:
            if error.errno not in _NO_ROOM:
                raise
            raise LocalError(
                f"a file that was sent found no room in {tempfile.gettempdir()}",
                hint="free some, or let TMPDIR name another folder",
            ) from None
        yield form


def is_multipart(environ: "WSGIEnvironment") -> bool:
    """Tell whether the body says that it is such a form."""
    kind: str = environ.get("CONTENT_TYPE", "")
    return kind.partition(";")[0].strip().lower() == MULTIPART


def _read(
    environ: "WSGIEnvironment", patience: BodyTimeout, framed: RequestContext, folder: Path
) -> FileForm:
    declared = environ.get("CONTENT_LENGTH") or ""
    length = int(declared) if declared.isascii() and declared.isdigit() and len(declared) < 20 else None
    if length is not None and length > LARGEST_FILE:
        raise too_large(LARGEST_FILE)
    if length is None and not environ.get("wsgi.input_terminated"):
        raise UsageError("the form says not how long it is", hint="send Content-Length")
    _, options = parse_options_header(environ.get("CONTENT_TYPE", ""))
    opened: list[IO[bytes]] = []

    def place(*_: Any, **__: Any) -> IO[bytes]:
        file = (folder / f"{len(opened)}").open("w+b")
        opened.append(file)
        return file

    parser = FormDataParser(
        stream_factory=place,
        max_form_memory_size=_LARGEST_FIELDS,
        max_form_parts=_MOST_FIELDS,
        silent=False,
    )
    try:
        stream = _Patient(environ["wsgi.input"], length, patience, framed)
        _, form, files = parser.parse(stream, MULTIPART, length, options)  # type: ignore[arg-type] # it only reads
    except RequestEntityTooLarge:
        raise too_large(LARGEST_FILE) from None
    except ValueError:
        raise UsageError("the body is no form with a file") from None
    finally:
        for file in opened:
            file.close()
    framed.has_body = False
    sent = [one for one in files.values() if one.name == "file"]
    if len(opened) > len(sent) or len(sent) > 1:
        raise UsageError("one file is taken, as the field `file`")
    if not sent:
        return FileForm(fields=form.to_dict(), file=None, name="")
    name = _plain_name(sent[0].filename or "")
    path = folder / (name or "codes")
    (folder / "0").rename(path)
    return FileForm(fields=form.to_dict(), file=path, name=name)


class _Patient:
    """A body that is read piece by piece, each of which has to come in time; it ends where it is said to end."""

    def __init__(
        self, stream: Any, length: int | None, patience: BodyTimeout, framed: RequestContext
    ) -> None:
        self._stream = stream
        self._left = LARGEST_FILE + 1 if length is None else length
        self._is_declared = length is not None
        self._patience = patience
        self._framed = framed

    def read(self, size: int = -1) -> bytes:
        """Read a piece."""
        wanted = min(self._left, _PIECE if size < 0 else min(size, _PIECE))
        if not wanted:
            if not self._is_declared:
                raise too_large(LARGEST_FILE)
            return b""
        piece = self._patience.read(self._stream, wanted, self._framed)
        self._left -= len(piece)
        if self._is_declared and not piece:
            raise UsageError("the body is shorter than its Content-Length")
        return piece


def _plain_name(given: str) -> str:
    """Return the last part of a file's name, of letters that are safe in any name of ours."""
    last = PurePosixPath(PureWindowsPath(given).name).name
    return _RISKY.sub("_", last).strip("._")[-_LONGEST_NAME:]
