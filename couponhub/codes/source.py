"""The source of codes: a path, an open file, or any iterable; turned into lines of text."""

import codecs
import io
import os
import re
import stat
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TextIO

from couponhub.errors import LocalError, UsageError

if TYPE_CHECKING:
    from typing_extensions import TypeIs

CodeSource = str | os.PathLike[str] | BinaryIO | TextIO | Iterable[str]
"""A path, a binary or text file object (both with a header row), or an iterable of codes (without one)."""

_BLOCK = 2 << 20
"""Bytes that are read at once, and stay in the processor's cache while they are looked at."""
_LONGEST_LINE = 1 << 20
_FORESEEN = 32 << 20
_HEAD = 16
"""Bytes by which a kind of file is told; a pipe may give fewer at first."""
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_PRIVATE = re.compile(r"^([^/]+://)[^/]*@")
_FIRST_LINES = 64 << 10
"""Bytes in which a text that has line ends has one."""
_ADVICE = "codes come as CSV or one per line, packed or not, or as a workbook, Parquet or Arrow"


def name_of(source: CodeSource) -> str:
    """Return the name of a source for errors: a path as it was given, `stdin`; "" for what has none."""
    if isinstance(source, (str, os.PathLike)):
        name = os.fsdecode(source)
        # Of an address neither the password nor the query, which may be a right in itself.
        return _PRIVATE.sub(r"\1", name.partition("?")[0]) if _ADDRESS.match(name) else name
    # No other open file: the name may be one that a program has made up.
    return "stdin" if getattr(source, "name", None) == "<stdin>" else ""


def is_file(source: CodeSource) -> "TypeIs[str | os.PathLike[str] | BinaryIO | TextIO]":
    """Tell files, by path or open, from other iterables."""
    return isinstance(source, (str, os.PathLike)) or callable(getattr(source, "read", None))


@contextmanager
def reading(source: str | os.PathLike[str] | BinaryIO | TextIO) -> Iterator[BinaryIO | TextIO]:
    """Open a path for reading, or pass an open file through, which stays open.

    Raises:
        LocalError: There is no such file, or it cannot be read.
        UsageError: It is an address.
    """
    if not isinstance(source, (str, os.PathLike)):
        yield source
        return
    if _ADDRESS.match(os.fsdecode(source)) and not Path(source).exists():
        raise UsageError(
            "codes are read from files, not from addresses",
            hint="fetch it: curl -fsS URL, and give its output as -",
        )
    try:
        file = Path(source).open("rb")  # noqa: SIM115 - the with below closes it; opening has errors of its own
    except (OSError, TypeError, ValueError) as error:  # the latter of paths that no system can have
        reason = error.strerror if isinstance(error, OSError) else "no file can be named so"
        raise LocalError(f"cannot read {source}: {reason}") from error
    with file:
        yield file


class SourceLines:
    """The lines of a text in UTF-8, one by one or many at once; a BOM at the start is dropped.

    Iterated over, each line comes as text with its LF, so that one within quotes stays there; a CR before it is left to
    the reader. Bytes that are not UTF-8 come as lone surrogates, so that the caller can say on which line they stand.

    Raises:
        UsageError: A NUL or a line of more than 1 MiB: this is no text file.
        LocalError: The disk or the pipe failed.
    """

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = _whole_lines(blocks)
        self._ahead: deque[bytes] = deque()
        self._trouble: UsageError | LocalError | None = None
        self._open = io.StringIO()

    def __iter__(self) -> Iterator[str]:
        while (block := self._next()) is not None:
            # Not splitlines: it would also break at characters that may stand inside a CSV field.
            self._open = io.StringIO(block.decode(errors="surrogateescape"), newline="\n")
            yield from self._open

    @property
    def is_between_blocks(self) -> bool:
        """True where all lines of the blocks begun were given."""
        at = self._open.tell()
        is_last = not self._open.read(1)
        self._open.seek(at)
        return is_last

    def take(self) -> bytes | None:
        """Return many of the next lines at once, which then are not given one by one; None at the end.

        The last one may have no LF. Only for who stands between two rows.
        """
        rest = self._open.read()
        return rest.encode(errors="surrogateescape") if rest else self._next()

    def give_back(self, block: bytes) -> None:
        """Put back what was taken last: it is given line by line after all."""
        self._ahead.appendleft(block)

    def foresees(self, count: int) -> bool:
        """Tell whether so many lines are still to come; False also where that takes more than 32 MiB to be seen."""
        at = self._open.tell()
        left = count - self._open.read().count("\n")
        self._open.seek(at)
        size = 0
        try:
            while left > 0 and size < _FORESEEN and (block := next(self._blocks, None)) is not None:
                self._ahead.append(block)
                left -= block.count(b"\n")
                size += len(block)
        except (UsageError, LocalError) as error:
            self._trouble = error  # told when it is reached
        return left <= 0

    def _next(self) -> bytes | None:
        if self._ahead:
            return self._ahead.popleft()
        if self._trouble:
            raise self._trouble
        return next(self._blocks, None)


def _whole_lines(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The source in blocks that end with a LF, but for the last."""
    rest = b""
    is_first = True
    for block in blocks:
        if b"\0" in block or len(rest) > _LONGEST_LINE:
            what = "a NUL" if b"\0" in block else f"a line of more than {_LONGEST_LINE:,} bytes"
            raise UsageError(f"this is not a text file: {what} stands in it", hint=_ADVICE)
        cut = block.rfind(b"\n") + 1
        if cut:
            yield _without_marks(rest + block[:cut]) if is_first else rest + block[:cut]
            rest, is_first = block[cut:], False
        else:
            rest += block
    if rest:
        yield _without_marks(rest) if is_first else rest


def _without_marks(start: bytes) -> bytes:
    """The start of a file without its BOMs: a program that reads with one and writes with another doubles it."""
    while start.startswith(codecs.BOM_UTF8):
        start = start.removeprefix(codecs.BOM_UTF8)
    return start


def state_of(source: CodeSource) -> tuple[int, ...] | None:
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
        raise LocalError(
            f"reading the codes failed: {error.strerror or 'it is not open for that'}"
        ) from error
    except TypeError:  # of something that is read in another way
        raise UsageError("the codes come from something that cannot be read like a file") from None
    except UnicodeDecodeError:
        raise UsageError("the codes are not in UTF-8", hint="open the file in binary mode") from None
    except ValueError:
        raise LocalError("reading the codes failed: the file is closed") from None
    if not isinstance(block, (str, bytes)):
        raise UsageError(f"the file of codes gives {type(block).__name__}, neither bytes nor text")
    return block
