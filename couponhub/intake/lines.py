"""The lines of a text, one by one or many at once."""

import codecs
import io
from collections import deque
from collections.abc import Iterator

from couponhub.errors import LocalError, UsageError

_LONGEST_LINE = 1 << 20
_FORESEEN = 32 << 20
_ADVICE = "rows come as CSV, packed or not, or as a workbook, Parquet or Arrow"
_BLANK = b" \t\r\n"


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

    def skip_blank(self) -> int:
        """Leave out the lines without anything in them that come next; return how many. Before any is given."""
        count = 0
        while (block := self._next()) is not None:
            blank = len(block) - len(block.lstrip(_BLANK))
            # A blank at the start of a line is of that line.
            cut = len(block) if blank == len(block) else block.rfind(b"\n", 0, blank) + 1
            count += block.count(b"\n", 0, cut)
            if cut < len(block):
                self.give_back(block[cut:])
                break
        return count

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
