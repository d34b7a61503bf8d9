"""A report as it was saved, in whatever a file of rows comes, or inside the mail that it came with."""

import io
import os
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path, PurePath
from typing import BinaryIO, Protocol, cast

import attrs

from couponhub.errors import LocalError, UsageError
from couponhub.intake.addresses import address_of, is_address
from couponhub.intake.expected import ExpectedFile
from couponhub.intake.fetching import local_copy
from couponhub.intake.opening import TableContent, TextContent
from couponhub.intake.opening import opened as opened_rows
from couponhub.intake.source import reading
from couponhub.usage.mails import report_in_mail

ReportSource = str | os.PathLike[str] | BinaryIO
"""A path or an address, or a binary file object, which stays open."""
MakeFault = Callable[..., LocalError]
"""Makes the error of a report that cannot be imported: of what is wrong with it, and a hint."""

_REPORT = ExpectedFile(name="usage report", export="import the file as it was mailed")
_BLOCK = 1 << 20
_LARGEST_MAIL = 64 << 20
"""Bytes; mail services deliver no more than 50 MB."""
_HEAD = 512
_MAIL_HEADER = re.compile(rb"(?:From [^\r\n]*|[!-9;-~]+:[ \t][^\r\n]*)\r?\n")


@attrs.frozen
class OpenReport:
    """A report that is being read.

    Attributes:
        name: The name of the file, for people.
        content: What it holds.
        mailed_at: When it was mailed, as its mail says; None when it came without.
        saved_at: When its file was last written; None when it came as no file.
    """

    name: str
    content: TextContent | TableContent
    mailed_at: datetime | None = None
    saved_at: datetime | None = None


def faulty(name: str, fault: str, hint: str = "") -> LocalError:
    """The error of a report that cannot be imported."""
    return LocalError(f"{name}: {fault}; nothing was imported", hint=hint)


@contextmanager
def as_faults(name: str) -> Iterator[None]:
    """Make an error of whoever reads files of rows one of this report."""
    try:
        yield
    except UsageError as error:
        raise faulty(name, error.message, error.hint) from None


@contextmanager
def opened(source: ReportSource) -> Iterator[OpenReport]:
    """Open a report.

    Raises:
        LocalError: It cannot be read, or it is no report.
        CouponhubError: What the address names cannot be had; see `local_copy`.
        UsageError: It is given as text rather than bytes.
    """
    with ExitStack() as held:
        name, source = _at_hand(source, held)
        is_path = isinstance(source, (str, os.PathLike))
        with as_faults(name):
            file = cast("BinaryIO", held.enter_context(reading(source)))
        saved_at = datetime.fromtimestamp(os.fstat(file.fileno()).st_mtime, UTC) if is_path else None
        head = _head(file)
        if is_path and file.seekable():
            file.seek(0)
        else:
            file = cast("BinaryIO", _Rejoined(head, file))  # a pipe takes nothing back
        mailed_at = None
        if name.lower().endswith(".eml") or _MAIL_HEADER.match(head):
            content, mailed_at = report_in_mail(_whole_mail(file, name), partial(faulty, name))
            file = io.BytesIO(content)
        with as_faults(name):
            rows = held.enter_context(opened_rows(file, _REPORT))
        yield OpenReport(name, rows, mailed_at, saved_at)


def _at_hand(source: ReportSource, held: ExitStack) -> tuple[str, ReportSource]:
    """Return the name of a report, and where it can be read here."""
    if not is_address(source):
        return PurePath(_path(source)).name, source
    # Nobody else may see it: it names customers.
    folder = held.enter_context(tempfile.TemporaryDirectory(prefix="couponhub-report-"))
    return address_of(str(source)).name, local_copy(source, Path(folder))


def _path(source: ReportSource) -> str:
    if isinstance(source, (str, os.PathLike)):
        return os.fsdecode(source)
    return str(getattr(source, "name", "report"))


def _head(source: BinaryIO) -> bytes:
    try:
        head: object = source.read(_HEAD)
    except (OSError, ValueError):
        raise LocalError("the report cannot be read: its file is closed, or not open for that") from None
    if not isinstance(head, bytes):
        raise UsageError("the report must be a file of bytes", hint="open it in binary mode")
    return head


class _Readable(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


class _Rejoined:
    """A file whose beginning has been read already."""

    def __init__(self, head: bytes, rest: _Readable) -> None:
        self._head = head
        self._rest = rest

    def read(self, size: int = -1, /) -> bytes:
        if not self._head:
            return self._rest.read(size)
        end = len(self._head) if size < 0 else size
        taken, self._head = self._head[:end], self._head[end:]
        return taken


def _whole_mail(file: _Readable, name: str) -> bytes:
    content = bytearray()
    while block := file.read(_BLOCK):
        content += block
        if len(content) > _LARGEST_MAIL:
            raise faulty(
                name, "the file is too large for a mail", "save the report that it holds, and import that"
            )
    return bytes(content)
