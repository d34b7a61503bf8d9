"""Vendor files: a header, one row per code, never more rows or bytes than the vendor takes."""

import csv
import hashlib
import io
from bisect import bisect_right
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from itertools import accumulate
from pathlib import Path
from typing import IO, Protocol, Self

import attrs

from couponhub.codes.dedupe import private
from couponhub.errors import UsageError
from couponhub.models import CodeFileRules


@attrs.frozen(kw_only=True)
class PreparedFile:
    """One vendor file, ready to be sent, and the codes in it.

    Attributes:
        path: The file in the vendor's format, mode 0600.
        codes: The same codes one per line without header, mode 0600: the code set to remember.
        rows: Codes in it, the header not counted.
        size: Bytes.
        sha256: Of the file, in hex.
    """

    path: Path
    codes: Path
    rows: int
    size: int
    sha256: str


def header_row(rules: CodeFileRules, *, tagged: bool) -> bytes:
    """Write the header of a vendor file; in a tagged one the customer's column comes first."""
    return csv_rows([(rules.customer_header, rules.code_header) if tagged else (rules.code_header,)])


def csv_rows(rows: Sequence[Sequence[str]]) -> bytes:
    """Write rows as UTF-8 CSV with LF, quoted only where it must be."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


class Measured(Protocol):
    """The ends of the lines of a text."""

    @property
    def count(self) -> int:
        """The number of lines."""
        ...

    def end_of(self, count: int) -> int:
        """Return where the first so many end."""
        ...

    def fitting(self, size: int, after: int) -> int:
        """Return how many of those behind the first `after` have no more bytes than that together."""
        ...


class PartWriter:
    """Writes rows into as many files as the vendor's limits ask for: 1.csv, 2.csv ... in `folder`."""

    def __init__(self, folder: Path, header: bytes, rules: CodeFileRules) -> None:
        self._folder = folder
        self._header = header
        self._rules = rules
        self._open: _OpenPart | None = None
        self.parts: list[PreparedFile] = []

    def write(self, rows: Sequence[bytes], codes: Sequence[bytes]) -> None:
        """Add rows with their codes, each with its LF.

        Raises:
            UsageError: A single row is larger than the vendor's largest file.
        """
        self.write_text(
            b"".join(rows), _Ends.of(rows), b"".join(codes), _Ends.of(codes) if rows != codes else None
        )

    def write_text(self, rows: bytes, lines: Measured, codes: bytes, code_lines: Measured | None) -> None:
        """Add many rows, and as many codes, each a line with its LF.

        Args:
            rows: The rows.
            lines: Where they end.
            codes: The codes in them.
            code_lines: Where these end; None where the rows do.

        Raises:
            UsageError: As of `write`.
        """
        code_lines = code_lines or lines
        done = 0
        while done < lines.count:
            if self._open is None:
                self._open = _OpenPart(self._folder, len(self.parts) + 1)
                self._open.begin(self._header)
            part = self._open
            if fitting := self._fitting(part, lines, done):
                end = done + fitting
                part.write(
                    memoryview(rows)[lines.end_of(done) : lines.end_of(end)],
                    memoryview(codes)[code_lines.end_of(done) : code_lines.end_of(end)],
                    fitting,
                )
                done = end
            elif part.rows:
                self.finish()
            else:
                raise UsageError("a single row is larger than the vendor's largest file")

    def finish(self) -> None:
        """Close the file that is being written, if any."""
        if self._open:
            self.parts.append(self._open.finish())
            self._open = None

    def discard(self) -> None:
        """Remove every file written so far."""
        for part in self.parts:
            part.path.unlink()
            part.codes.unlink()
        if self._open:
            self._open.discard()

    def _fitting(self, part: "_OpenPart", lines: Measured, done: int) -> int:
        fitting = lines.count - done
        if self._rules.max_rows is not None:
            fitting = min(fitting, self._rules.max_rows - part.rows)
        if self._rules.max_bytes is not None:
            fitting = min(fitting, lines.fitting(max(0, self._rules.max_bytes - part.size), done))
        return fitting


@attrs.frozen
class _Ends:
    """The ends of lines, the first 0 of them too."""

    ends: list[int]

    @classmethod
    def of(cls, lines: Sequence[bytes]) -> Self:
        return cls([0, *accumulate(map(len, lines))])

    @property
    def count(self) -> int:
        return len(self.ends) - 1

    def end_of(self, count: int) -> int:
        return self.ends[count]

    def fitting(self, size: int, after: int) -> int:
        return bisect_right(self.ends, self.ends[after] + size) - 1 - after


class _OpenPart:
    def __init__(self, folder: Path, number: int) -> None:
        self._path = folder / f"{number}.csv"
        self._codes_path = folder / f"{number}.txt"
        self._files = ExitStack()
        self._hash = hashlib.sha256()
        self.rows = 0
        self.size = 0

    def begin(self, header: bytes) -> None:
        self._file = self._files.enter_context(_create(self._path))
        self._codes = self._files.enter_context(_create(self._codes_path))
        self._hash.update(header)
        self.size = self._file.write(header)

    def write(self, rows: memoryview, codes: memoryview, count: int) -> None:
        self._file.write(rows)
        self._codes.write(codes)
        self._hash.update(rows)
        self.rows += count
        self.size += len(rows)

    def finish(self) -> PreparedFile:
        # Closing writes out what is buffered, so it fails too when the disk is full.
        self._files.close()
        return PreparedFile(
            path=self._path,
            codes=self._codes_path,
            rows=self.rows,
            size=self.size,
            sha256=self._hash.hexdigest(),
        )

    def discard(self) -> None:
        with suppress(OSError):
            self._files.close()
        self._path.unlink(missing_ok=True)
        self._codes_path.unlink(missing_ok=True)


def _create(path: Path) -> IO[bytes]:
    return open(path, "xb", opener=private)
