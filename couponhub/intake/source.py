"""A file, by path or open: its bytes in blocks, of a text in UTF-8."""

import codecs
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import BinaryIO, TextIO

from couponhub.errors import LocalError, UsageError
from couponhub.intake.addresses import shown_address
from couponhub.intake.fetching import FetchedFile

FileSource = str | os.PathLike[str] | BinaryIO | TextIO
"""A path, or a file object of bytes or text, which stays open."""

_BLOCK = 2 << 20
"""Bytes that are read at once, and stay in the processor's cache while they are looked at."""
_HEAD = 16
"""Bytes by which a kind of file is told; a pipe may give fewer at first."""
_FIRST_LINES = 64 << 10
"""Bytes in which a text that has line ends has one."""


def name_of(source: object) -> str:
    """Return the name of a source for errors: a path as it was given, an address without secrets, `stdin`; "" for what has none."""
    if isinstance(source, FetchedFile):
        return source.name
    if isinstance(source, (str, os.PathLike)):
        return shown_address(os.fsdecode(source))
    # No other open file: the name may be one that a program has made up.
    return "stdin" if getattr(source, "name", None) == "<stdin>" else ""


@contextmanager
def reading(source: FileSource) -> Iterator[BinaryIO | TextIO]:
    """Open a path for reading, or pass an open file through, which stays open.

    Raises:
        LocalError: There is no such file, or it cannot be read.
    """
    if not isinstance(source, (str, os.PathLike)):
        yield source
        return
    try:
        file = Path(source).open("rb")  # noqa: SIM115 - the with below closes it; opening has errors of its own
    except (OSError, TypeError, ValueError) as error:  # the latter of paths that no system can have
        reason = error.strerror if isinstance(error, OSError) else "no file can be named so"
        raise LocalError(f"cannot read {source}: {reason}") from error
    with file:
        yield file


def state_of(source: object) -> tuple[int, ...] | None:
    """Return what changes when somebody writes to a file that is named by its path; None for any other source."""
    if not isinstance(source, (str, os.PathLike)):
        return None
    try:
        found = Path(source).stat()
    except (OSError, ValueError):
        return None
    is_regular = stat.S_ISREG(found.st_mode)
    return (found.st_ino, found.st_size, found.st_mtime_ns) if is_regular else None


def blocks_of(file: BinaryIO | TextIO) -> Iterator[bytes]:
    """Give what a file holds, of a text file in UTF-8; the first block shows of what kind it is.

    Raises:
        UsageError: It is no file of bytes or text.
        LocalError: The disk or the pipe failed.
    """
    head = b""
    while block := _block(file):
        head += _encoded(block) if isinstance(block, str) else block
        if len(head) >= _HEAD:
            break
    if head:
        yield head
    while block := _block(file):
        yield _encoded(block) if isinstance(block, str) else block


def decoded(blocks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """Write a text in UTF-8 that is in another encoding; half a pair of surrogates stays what it is.

    Raises:
        UsageError: It is not what it is said to be.
    """
    decoder = codecs.getincrementaldecoder(encoding)("surrogatepass")
    for block in chain(blocks, [b""]):
        try:
            text = decoder.decode(block, final=not block)
        except UnicodeDecodeError:
            raise UsageError(
                f"the file begins as {encoding.upper()} and is none further down", hint="save it in UTF-8"
            ) from None
        if text:
            yield text.encode(errors="surrogatepass")


def with_line_ends(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """End lines with LF where they end with CR alone, as on old Macs."""
    first = b""
    for block in blocks:
        first += block
        if b"\n" in first or len(first) > _FIRST_LINES:
            break
    if b"\r" in first[:-1] and b"\n" not in first:
        yield first.replace(b"\r", b"\n")
        yield from (block.replace(b"\r", b"\n") for block in blocks)
        return
    if first:
        yield first
    yield from blocks


def _encoded(text: str) -> bytes:
    try:
        return text.encode(errors="surrogateescape")
    except (
        UnicodeEncodeError
    ):  # half a character that was no byte; it comes back as such bytes, which are refused
        return text.encode(errors="surrogatepass")


def _block(file: BinaryIO | TextIO) -> bytes | str:
    try:
        block = file.read(_BLOCK)
    except OSError as error:
        raise LocalError(f"reading the file failed: {error.strerror or 'it is not open for that'}") from error
    except TypeError:  # of something that is read in another way
        raise UsageError("what was given cannot be read like a file") from None
    except UnicodeDecodeError:
        raise UsageError("the text in it is not in UTF-8", hint="open the file in binary mode") from None
    except ValueError:
        raise LocalError("reading the file failed: it is closed") from None
    if not isinstance(block, (str, bytes)):
        raise UsageError(f"the file gives {type(block).__name__}, neither bytes nor text")
    return block
