"""Vendor files: a header, one row per code, never more rows or bytes than the vendor takes."""

import csv
import hashlib
import io
from bisect import bisect_right
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from itertools import accumulate
from pathlib import Path
from typing import IO

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
        while rows:
            if self._open is None:
                self._open = _OpenPart(self._folder, len(self.parts) + 1)
                self._open.begin(self._header)
            part = self._open
            fitting = self._fitting(part, rows)
            if fitting:
                part.write(rows[:fitting], codes[:fitting])
                rows, codes = rows[fitting:], codes[fitting:]
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

    def _fitting(self, part: "_OpenPart", rows: Sequence[bytes]) -> int:
        fitting = len(rows)
        if self._rules.max_rows is not None:
            fitting = min(fitting, self._rules.max_rows - part.rows)
        if self._rules.max_bytes is not None:
            ends = list(accumulate(map(len, rows)))
            fitting = min(fitting, bisect_right(ends, self._rules.max_bytes - part.size))
        return fitting


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

    def write(self, rows: Sequence[bytes], codes: Sequence[bytes]) -> None:
        block = b"".join(rows)
        self._file.write(block)
        self._codes.write(b"".join(codes))
        self._hash.update(block)
        self.rows += len(rows)
        self.size += len(block)

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
