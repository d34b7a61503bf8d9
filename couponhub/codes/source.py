"""Where codes come from: a path, an open file, or any iterable; turned into lines of text."""

import codecs
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


def is_file(source: CodeSource) -> "TypeIs[str | os.PathLike[str] | BinaryIO | TextIO]":
    """Tell files, by path or open, from other iterables."""
    return isinstance(source, (str, os.PathLike)) or hasattr(source, "read")


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
    except OSError as error:
        raise LocalError(f"cannot read {source}: {error.strerror}") from error
    with file:
        yield file


def lines(file: BinaryIO | TextIO) -> Iterator[str]:
    """Each line without its LF; a BOM at the start is dropped, a CR at the end of a line is left to the reader.

    Bytes that are not UTF-8 come as lone surrogates, so that the caller can say on which line they stand.

    Raises:
        UsageError: A NUL or a line of more than 1 MiB: this is no text file.
        LocalError: The disk or the pipe failed.
    """
    rest = ""
    for block in _blocks(file):
        if "\0" in block or len(rest) > _BLOCK:
            raise UsageError("this is not a text file", hint="codes come as CSV or one per line, in UTF-8")
        # Not splitlines: it would also break at characters that may stand inside a CSV field.
        *whole, rest = (rest + block).split("\n")
        yield from whole
    if rest:
        yield rest


def _blocks(file: BinaryIO | TextIO) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8-sig")(errors="surrogateescape")
    first = True
    while True:
        try:
            block = file.read(_BLOCK)
        except OSError as error:
            raise LocalError(f"reading the codes failed: {error.strerror}") from error
        except UnicodeDecodeError:
            raise UsageError("the codes are not in UTF-8", hint="open the file in binary mode") from None
        text = decoder.decode(block, final=not block) if isinstance(block, bytes) else block
        if first and isinstance(block, str):
            text = text.removeprefix("\ufeff")
        first = False
        if text:
            yield text
        if not block:
            return
