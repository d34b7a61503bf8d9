"""A source of codes that can be read more than once, whatever it is."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, TextIO, cast

from couponhub.codes import CodeSource
from couponhub.codes.source import is_file

_ENCODING = "utf-8"
# What is no text is refused at the first reading, so that nobody reads how it was kept.
_ERRORS = "replace"


class ReplayableSource:
    """Gives the source itself first, keeping what is read of it, and what was kept from then on.

    A path is simply given again. To be read whole each time.

    Args:
        source: Where the codes come from.
        spool: Where to keep what cannot be read again: a new file, mode 0600.
    """

    def __init__(self, source: CodeSource, spool: Path) -> None:
        self._source = source
        self._spool = spool
        self._is_kept = False

    def read(self) -> CodeSource:
        """The source for one more reading."""
        source = self._source
        if isinstance(source, (str, os.PathLike)):
            return source
        if self._is_kept:
            return self._spool if is_file(source) else self._kept()
        self._is_kept = True
        self._spool.touch(mode=0o600, exist_ok=False)
        if is_file(source):
            return cast(
                "BinaryIO", _Recording(cast("TextIO", source), self._spool)
            )  # `read` is all that is asked of a file
        return self._keeping(source)

    def _keeping(self, codes: Iterable[str]) -> Iterator[str]:
        with self._spool.open("w", encoding=_ENCODING, errors=_ERRORS, newline="\n") as spool:
            for code in codes:
                spool.write(f"{code}\n")
                yield code

    def _kept(self) -> Iterator[str]:
        with self._spool.open(encoding=_ENCODING, newline="\n") as spool:
            for line in spool:
                yield line.removesuffix("\n")


class _Recording:
    """An open file that writes down what is read of it."""

    def __init__(self, file: BinaryIO | TextIO, spool: Path) -> None:
        self._file = file
        self._spool = spool

    def read(self, size: int = -1, /) -> bytes | str:
        block = self._file.read(size)
        with self._spool.open("ab") as spool:
            spool.write(block if isinstance(block, bytes) else block.encode(_ENCODING, _ERRORS))
        return block
