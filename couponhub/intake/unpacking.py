"""Files that come packed: gzip, zstd, a zip with one file in it. Bytes are counted as they are unpacked."""

import gzip
import io
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, BinaryIO, cast

from couponhub.errors import LocalError, UsageError
from couponhub.intake.expected import ExpectedFile
from couponhub.intake.kinds import GZIP, ZIP, ZSTD

MOST_PER_BYTE = 300
"""Bytes that one packed byte becomes at most: rows that differ pack no tighter than one to fifty."""
UNSUSPECTED = 64 << 20
"""Bytes that are unpacked in any case."""
_BLOCK = 2 << 20
_PIECE = 2 << 10
"""Bytes that are unpacked at once: of zstd one becomes as many as 32 thousand."""
_OF_DAMAGED_ARCHIVES = (
    *(zipfile.BadZipFile, zlib.error, EOFError, gzip.BadGzipFile, struct.error),
    *(ValueError, OverflowError, NotImplementedError),
)
_WELL_KNOWN = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
"""Ways of packing whose damage shows as one of those, and that need little memory."""
_DOCUMENTS = {"word/": "a Word document", "ppt/": "a presentation", "Index/": "a Numbers or Pages document"}


def packing_of(start: bytes) -> str:
    """Return `gzip`, `zstd` or `zip`, by the first bytes; "" for what is not packed."""
    if start.startswith(GZIP):
        return "gzip"
    if start.startswith(ZSTD):
        return "zstd"
    return "zip" if start.startswith(ZIP) else ""


class Joined(io.RawIOBase):
    """Blocks of bytes as a file to be read from start to end; counts what it has given."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._rest = memoryview(b"")
        self.given = 0

    def readable(self) -> bool:
        """Be read."""
        return True

    def readinto(self, buffer: Any, /) -> int:
        """Fill as much of a buffer as one block has."""
        if not self._rest:
            self._rest = memoryview(next(self._blocks, b""))
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        self.given += count
        return count


def unpacked(blocks: Iterator[bytes], packing: str) -> Iterator[bytes]:
    """Unpack gzip or zstd.

    Raises:
        UsageError: It is damaged, cut off, or grows beyond what rows do; or zstd needs what is not installed.
    """
    if packing == "zstd":
        yield from _unpacked_zstd(blocks)
        return
    packed = Joined(blocks)
    with io.BufferedReader(packed, _BLOCK) as buffered:
        file = cast("BinaryIO", gzip.GzipFile(fileobj=buffered))
        yield from counted(file, lambda: packed.given, packing)


def counted(file: BinaryIO, packed: Any, packing: str) -> Iterator[bytes]:
    """Give what a file unpacks to; `packed` tells the packed bytes so far.

    Raises:
        UsageError: As of `unpacked`.
    """
    total = 0
    while True:
        try:
            block = file.read(_BLOCK)
        except (*_OF_DAMAGED_ARCHIVES, OSError, RuntimeError):  # their texts may quote what stands there
            raise _damaged(packing) from None
        if not block:
            return
        total += len(block)
        refuse_bomb(total, packed())
        yield block


def refuse_bomb(size: int, packed: int) -> None:
    """Refuse what unpacks to far more than rows do.

    Raises:
        UsageError: It is that.
    """
    if size > UNSUSPECTED and size > MOST_PER_BYTE * packed:
        raise UsageError(
            f"{packed:,} packed bytes unpack to more than {size:,}: no rows pack so tightly",
            hint="unpack it with a tool that you trust, and look at what is in it",
        )


def _damaged(packing: str) -> UsageError:
    return UsageError(f"the {packing} file is damaged or cut off", hint="fetch it anew, or unpack it by hand")


def _unpacked_zstd(blocks: Iterator[bytes]) -> Iterator[bytes]:
    try:
        import zstandard  # noqa: PLC0415 - an extra, and few want it
    except ImportError:
        raise UsageError(
            "the file is packed with zstd, which needs a library that is not installed",
            hint="pip install 'couponhub[files]', or unpack it: zstd -d FILE",
        ) from None
    # Not its reader of streams: it takes one that was cut off for one that has ended.
    frame = zstandard.ZstdDecompressor().decompressobj()
    packed = size = 0
    for block in blocks:
        for start in range(0, len(block), _PIECE):
            piece = block[start : start + _PIECE]
            packed += len(piece)
            while piece:
                if frame.eof:
                    frame = zstandard.ZstdDecompressor().decompressobj()
                try:
                    text = frame.decompress(piece)
                except zstandard.ZstdError:
                    raise _damaged("zstd") from None
                piece = frame.unused_data if frame.eof else b""
                size += len(text)
                refuse_bomb(size, packed)
                if text:
                    yield text
    if not frame.eof:
        raise _damaged("zstd")


@contextmanager
def seekable(start: bytes, rest: Iterator[bytes], file: object) -> Iterator[BinaryIO]:
    """Give a file that can be read in any order: the one that was begun, or a private copy where it is a pipe."""
    if isinstance(file, io.BufferedIOBase) and file.seekable() and file.tell() == len(start):
        file.seek(0)
        yield cast("BinaryIO", file)
        return
    try:
        with tempfile.TemporaryFile() as copy:  # nobody else can open it, and it ends with the process
            copy.write(start)
            for block in rest:
                copy.write(block)
            copy.seek(0)
            yield cast("BinaryIO", copy)
    except OSError as error:
        raise LocalError(f"keeping a copy of the file failed: {error.strerror}") from error


def file_in(archive: BinaryIO, held: ExitStack, expected: ExpectedFile) -> Iterator[bytes] | None:
    """Unpack the one file in a zip archive; None for the archive that a workbook is.

    Raises:
        UsageError: It holds none or several, is encrypted or damaged, or is a document.
    """
    try:
        opened = held.enter_context(zipfile.ZipFile(archive))
        names = opened.namelist()
        if "[Content_Types].xml" in names and any(name.startswith("xl/") for name in names):
            return None
        if "content.xml" in names and "mimetype" in names:
            return None  # of OpenDocument
        for folder, what in _DOCUMENTS.items():
            if any(name.startswith(folder) for name in names):
                raise UsageError(f"this is no {expected.name}: it is {what}", hint=expected.export)
        inside = [
            entry for entry in opened.infolist() if not entry.is_dir() and not _is_hidden(entry.filename)
        ]
        if len(inside) != 1:
            raise UsageError(
                f"the zip archive holds {len(inside)} files, and one is read",
                hint="unpack it, and name the file",
            )
        (entry,) = inside
        if entry.flag_bits & 1:
            raise UsageError("the zip archive is encrypted", hint="unpack it with its password")
        if entry.compress_type not in _WELL_KNOWN:
            raise UsageError(
                "the zip archive is packed in a way of its own",
                hint="pack it anew with deflate, or unpack it",
            )
        file = cast("BinaryIO", held.enter_context(opened.open(entry)))
    except (*_OF_DAMAGED_ARCHIVES, RuntimeError):
        raise _damaged("zip") from None
    return counted(file, lambda: entry.compress_size, "zip")


def _is_hidden(name: str) -> bool:
    """Tell what systems put into archives beside the files that people put there."""
    return name.startswith("__MACOSX/") or name.rpartition("/")[2].startswith(".")
