"""The source of codes: a path, an open file, or any iterable; turned into lines of text."""

import codecs
import io
import os
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
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
_ADVICE = "codes come as CSV with commas or one per line, in UTF-8"
_UTF16 = (
    "it is in UTF-16",
    'save it as "CSV UTF-8", or convert it: iconv -f UTF-16 -t UTF-8 FILE > NEW.csv',
)
_SHEET = 'open it, and save the sheet with the codes as "CSV UTF-8", its column formatted as text'
_KINDS = {
    codecs.BOM_UTF32_LE: (  # before UTF-16, with whose mark it begins
        "it is in UTF-32",
        'save it as "CSV UTF-8", or convert it: iconv -f UTF-32 -t UTF-8 FILE > NEW.csv',
    ),
    codecs.BOM_UTF16_LE: _UTF16,
    codecs.BOM_UTF16_BE: _UTF16,
    b"PK\x03\x04": (
        "it is a zip archive, as .xlsx workbooks are",
        f"unpack it; or, if it is a workbook, {_SHEET}",
    ),
    b"\xd0\xcf\x11\xe0": ("it is an .xls workbook", _SHEET),
    b"\x1f\x8b": ("it is packed with gzip", "unpack it: gunzip FILE"),
    b"%PDF": ("it is a PDF", "ask whoever made it for the codes as CSV"),
}
"""By how a file begins: what it is, and how it becomes one that can be read."""


def name_of(source: CodeSource) -> str:
    """Return the name of a source for errors: a path as it was given, `stdin`; "" for what has none."""
    if isinstance(source, (str, os.PathLike)):
        return os.fsdecode(source)
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


class SourceLines:
    """The lines of a source, one by one or many at once; a BOM at the start is dropped.

    Iterated over, each line comes as text with its LF, so that one within quotes stays there; a CR before it is left to
    the reader. Bytes that are not UTF-8 come as lone surrogates, so that the caller can say on which line they stand.

    Raises:
        UsageError: A NUL or a line of more than 1 MiB: this is no text file.
        LocalError: The disk or the pipe failed.
    """

    def __init__(self, file: BinaryIO | TextIO) -> None:
        self._blocks = _whole_lines(file)
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


def _whole_lines(file: BinaryIO | TextIO) -> Iterator[bytes]:
    """The source in blocks that end with a LF, but for the last."""
    rest = b""
    is_first = True
    for number, block in enumerate(_blocks(file)):
        if number == 0 and b"\r" in block[:-1] and b"\n" not in block:
            raise UsageError(
                "the lines end with CR alone, as on old Macs",
                hint="save it with LF or CRLF line ends, or convert it: tr '\\r' '\\n' < FILE > NEW.csv",
            )
        if b"\0" in block or len(rest) > _LONGEST_LINE:
            raise UsageError("this is not a text file", hint=_ADVICE)
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


def _blocks(file: BinaryIO | TextIO) -> Iterator[bytes]:
    is_first = True
    while block := _block(file):
        if isinstance(block, str):
            yield _encoded(block)
            continue
        if is_first:
            _refuse_other_kinds(block)
        is_first = False
        yield block


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


def _refuse_other_kinds(start: bytes) -> None:
    """Name a file of another kind or encoding by its first bytes, rather than read codes out of it."""
    kind = next((kind for mark, kind in _KINDS.items() if start.startswith(mark)), None)
    pairs = start[:200]
    if kind is None and len(pairs) > 3 and (not any(pairs[::2]) or not any(pairs[1::2])):
        kind = _UTF16  # without a mark; what every second byte says of Latin letters
    if kind is not None:
        what, mend = kind
        raise UsageError(f"this is not a text file in UTF-8: {what}", hint=mend)
