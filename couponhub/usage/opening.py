"""A report as it was saved: plain, gzip, in a ZIP archive, or inside the mail that it came with."""

import gzip
import io
import os
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from email import errors, message_from_bytes, policy
from email.message import Message
from email.utils import parsedate_to_datetime
from pathlib import Path, PurePath
from typing import BinaryIO, Protocol, cast

import attrs

from couponhub.errors import LocalError, UsageError

ReportSource = str | os.PathLike[str] | BinaryIO
"""A path, or a binary file object, which stays open."""
MakeFault = Callable[..., LocalError]
"""Makes the error of a report that cannot be imported: of what is wrong with it, and a hint."""

_BLOCK = 1 << 20
_LARGEST_IN_MEMORY = 64 << 20
"""Mail services deliver no more than 50 MB."""
_HEAD = 512
_MAIL_HEADER = re.compile(rb"(?:From [^\r\n]*|[!-9;-~]+:[ \t][^\r\n]*)\r?\n")
_REPORT_TYPES = frozenset({"text/csv", "application/csv", "application/gzip", "application/x-gzip"})
_REPORT_ENDINGS = (".csv", ".gz", ".zip")
_CUT = (
    errors.CloseBoundaryNotFoundDefect,
    errors.StartBoundaryNotFoundDefect,
    errors.InvalidBase64CharactersDefect,
    errors.InvalidBase64LengthDefect,
    errors.InvalidBase64PaddingDefect,
)


_OF_DAMAGED_ARCHIVES = (
    *(NotImplementedError, RuntimeError),  # encrypted, or of a newer kind
    *(ValueError, OverflowError, EOFError, OSError, struct.error),  # where its tables point nowhere
)


class Readable(Protocol):
    """The rest of a file object for whoever only reads it."""

    def read(self, size: int = -1, /) -> bytes:
        """At most that many bytes; none at the end."""
        ...


@attrs.frozen
class OpenReport:
    """A report that is being read.

    Attributes:
        name: The name of the file, for people.
        content: Its CSV.
        mailed_at: When it was mailed, as its mail says; None when it came without.
        saved_at: When its file was last written; None when it came as no file.
    """

    name: str
    content: Readable
    mailed_at: datetime | None = None
    saved_at: datetime | None = None


def faulty(name: str, fault: str, hint: str = "") -> LocalError:
    """The error of a report that cannot be imported."""
    return LocalError(f"{name}: {fault}; nothing was imported", hint=hint)


@contextmanager
def opened(source: ReportSource) -> Iterator[OpenReport]:
    """Open a report.

    Raises:
        LocalError: It cannot be read, or it is no report.
    """
    with ExitStack() as held:
        file: Readable
        saved_at = None
        if isinstance(source, (str, os.PathLike)):
            name = PurePath(source).name
            try:
                found = held.enter_context(Path(source).open("rb"))
                head = found.read(_HEAD)
                found.seek(0)
                saved_at = datetime.fromtimestamp(os.fstat(found.fileno()).st_mtime, UTC)
            except (OSError, ValueError) as error:  # the latter of paths that no system can have
                reason = error.strerror if isinstance(error, OSError) else "no file can be named so"
                raise LocalError(f"cannot read {os.fspath(source)}: {reason}") from error
            file = found
        else:
            name = PurePath(str(getattr(source, "name", "report"))).name
            head = _head(source)
            file = _Rejoined(head, source)  # a pipe takes nothing back
        if name.lower().endswith(".eml") or _MAIL_HEADER.match(head):
            content, mailed_at = _mailed(file, name, held)
            yield OpenReport(name, content, mailed_at, saved_at)
        else:
            yield OpenReport(name, _unpacked(file, head, name, held), saved_at=saved_at)


def _head(source: BinaryIO) -> bytes:
    try:
        head: object = source.read(_HEAD)
    except (OSError, ValueError):
        raise LocalError("the report cannot be read: its file is closed, or not open for that") from None
    if not isinstance(head, bytes):
        raise UsageError("the report must be a file of bytes", hint="open it in binary mode")
    return head


class _Rejoined:
    """A file whose beginning has been read already."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head = head
        self._rest = rest

    def read(self, size: int = -1, /) -> bytes:
        if not self._head:
            return self._rest.read(size)
        end = len(self._head) if size < 0 else size
        taken, self._head = self._head[:end], self._head[end:]
        return taken


def _unpacked(file: Readable, head: bytes, name: str, held: ExitStack) -> Readable:
    if head.startswith(b"\x1f\x8b"):
        return held.enter_context(gzip.GzipFile(fileobj=cast("BinaryIO", file)))
    if head.startswith(b"PK\x03\x04"):
        return _unzipped(file, name, held)
    return file


def _unzipped(file: Readable, name: str, held: ExitStack) -> Readable:
    # An archive is read from its end on.
    seekable = file if isinstance(file, io.IOBase) else io.BytesIO(_all_of(file, name))
    try:
        archive = held.enter_context(zipfile.ZipFile(cast("BinaryIO", seekable)))
        inside = [entry for entry in archive.infolist() if entry.filename.lower().endswith(".csv")]
        inside = [entry for entry in inside if not entry.filename.startswith("__MACOSX/")]
        if len(inside) != 1:
            raise faulty(name, f"the archive holds {len(inside)} CSV files instead of one")
        if inside[0].compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise faulty(name, "the ZIP archive is packed in a way of its own", "pack it anew, or unpack it")
        return held.enter_context(archive.open(inside[0]))
    except (zipfile.BadZipFile, zlib.error, *_OF_DAMAGED_ARCHIVES):
        raise faulty(name, "the ZIP archive cannot be read, it is damaged, cut off or encrypted") from None


def _all_of(file: Readable, name: str) -> bytes:
    content = bytearray()
    while block := file.read(_BLOCK):
        content += block
        if len(content) > _LARGEST_IN_MEMORY:
            raise faulty(
                name, "the file is too large for a mail", "save the report that it holds, and import that"
            )
    return bytes(content)


def _mailed(file: Readable, name: str, held: ExitStack) -> tuple[Readable, datetime | None]:
    """The report in a mail, and when the mail says that it was sent."""
    content = _all_of(file, name)
    try:
        payload, mailed_at = _attached(content, name)
    except LocalError:
        raise
    except RecursionError:
        raise faulty(
            name, "the mail is nested too deeply", "save the report that it holds, and import that"
        ) from None
    except Exception as error:  # noqa: BLE001 - what `email` raises of odd headers is documented nowhere
        raise faulty(
            name,
            f"the mail cannot be read ({type(error).__name__})",
            "save the report that it holds, and import that",
        ) from None
    return _unpacked(io.BytesIO(payload), payload[:_HEAD], name, held), mailed_at


def _attached(content: bytes, name: str) -> tuple[bytes, datetime | None]:
    mail = message_from_bytes(content, policy=policy.default)
    parts = list(mail.walk())
    if any(isinstance(defect, _CUT) for part in parts for defect in part.defects):
        raise faulty(name, "the mail is damaged or cut off")
    reports = [part for part in parts if _is_report(part)]
    if not reports:
        raise faulty(name, "the mail holds no report", "a report is attached to it as .csv, .csv.gz or .zip")
    if len(reports) > 1:
        raise faulty(
            name,
            f"the mail holds {len(reports)} reports",
            "save them and import each with the list and days that it is of",
        )
    report = reports[0]
    payload = report.get_payload(decode=True)
    if any(isinstance(defect, _CUT) for defect in report.defects) or not isinstance(payload, bytes):
        raise faulty(name, "the mail is damaged or cut off")
    # The report is as old as the oldest of the mails around it: one that was forwarded lies in another.
    around = [part for part in parts if any(inner is report for inner in part.walk())]
    dates = [date for part in around if (date := _date(part["Date"])) is not None]
    return payload, min(dates, default=None)


def _is_report(part: Message) -> bool:
    if part.is_multipart():
        return False
    file_name = (part.get_filename() or "").lower()
    return file_name.endswith(_REPORT_ENDINGS) or (not file_name and part.get_content_type() in _REPORT_TYPES)


def _date(header: object) -> datetime | None:
    try:
        moment = parsedate_to_datetime(str(header))
        # Without a zone is how the mail libraries of servers write UTC: -0000.
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (TypeError, ValueError, OverflowError):  # the last of moments beyond the calendar
        return None


def read_blocks(report: OpenReport, size: int, most: int) -> Iterator[bytes]:
    """The content in blocks of at most `size` bytes, unpacked.

    Raises:
        LocalError: It is damaged or cut off, or is more than `most` bytes.
    """
    total = 0
    while True:
        try:
            block = report.content.read(size)
        except (EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile):
            # Their texts may quote the file.
            raise faulty(report.name, "the compressed file is damaged or cut off") from None
        except OSError as error:
            raise faulty(report.name, f"reading it failed: {error.strerror}") from error
        if not block:
            return
        total += len(block)
        if total > most:
            raise faulty(
                report.name,
                f"it is more than {most:,} bytes when unpacked",
                "no report is that large; if it is one, request fewer days at a time",
            )
        yield block
