"""The source of codes: a path, an open file, or any iterable; turned into lines of text."""

import codecs
import io
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TextIO

from couponhub.errors import LocalError, UsageError

if TYPE_CHECKING:
    from typing_extensions import TypeIs

CodeSource = str | os.PathLike[str] | BinaryIO | TextIO | Iterable[str]
"""A path, a binary or text file object (both with a header row), or an iterable of codes (without one)."""

_BLOCK = 1 << 20
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


def lines(file: BinaryIO | TextIO) -> Iterator[str]:
    """Each line with its LF, so that one within quotes stays there; a BOM at the start is dropped, a CR at the end of a line is left to the reader.

    Bytes that are not UTF-8 come as lone surrogates, so that the caller can say on which line they stand.

    Raises:
        UsageError: A NUL or a line of more than 1 MiB: this is no text file.
        LocalError: The disk or the pipe failed.
    """
    rest = ""
    for number, block in enumerate(_blocks(file)):
        if number == 0 and "\r" in block[:-1] and "\n" not in block:
            raise UsageError(
                "the lines end with CR alone, as on old Macs",
                hint="save it with LF or CRLF line ends, or convert it: tr '\\r' '\\n' < FILE > NEW.csv",
            )
        if "\0" in block or len(rest) > _BLOCK:
            raise UsageError("this is not a text file", hint=_ADVICE)
        text = rest + block
        cut = text.rfind("\n") + 1
        rest = text[cut:]
        # Not splitlines: it would also break at characters that may stand inside a CSV field.
        yield from io.StringIO(text[:cut], newline="\n")
    if rest:
        yield rest


def _blocks(file: BinaryIO | TextIO) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8-sig")(errors="surrogateescape")
    first = True
    while True:
        block = _block(file)
        if first and isinstance(block, bytes):
            _refuse_other_kinds(block)
        text = decoder.decode(block, final=not block) if isinstance(block, bytes) else block
        if first:
            # All of them: a program that reads with one and writes with another doubles it.
            text = text.lstrip("\ufeff")
            first = not text
        if text:
            yield text
        if not block:
            return


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
