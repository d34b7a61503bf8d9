"""Finds rows whose code came before, among any number of rows, without holding them all in memory.

Codes are dealt into buckets by their hash, so that equal ones meet in the same bucket; each bucket is small
enough for a set. Buckets lie in memory until there are many rows, then in private files.
"""

import os
import unicodedata
from array import array
from collections.abc import Sequence
from pathlib import Path

import attrs

from couponhub.state import comparable

_BUCKETS = 64
_IN_MEMORY = 200_000
KEPT, DUPLICATE, SENT = 0, 1, 2
"""The fate of a row: it is the first with its code, its code came before, or it is the first and was sent before."""


def private(path: str, flags: int) -> int:
    """Open with mode 0600; an `opener` for `open`."""
    return os.open(path, flags, 0o600)


@attrs.frozen(kw_only=True)
class DedupeResult:
    """The fate of each row.

    Attributes:
        fates: One byte per row in order: KEPT for a row that is to be sent, DUPLICATE or SENT.
        duplicates: Rows whose code stood in an earlier row.
        skipped: Other rows whose code was sent before.
        case_duplicates: Those duplicates that differ from the earlier row, by what the vendor ignores.
        lookalikes: Rows kept whose code differs from an earlier one only by how its accents are composed.
    """

    fates: bytearray | memoryview = attrs.field(repr=False)
    duplicates: int
    skipped: int
    case_duplicates: int
    lookalikes: int


class Deduplicator:
    """Takes the rows of one source, then the codes sent before, then says which rows to drop.

    With `ignores_case` codes are compared in upper case, which is what such a vendor keeps, and with
    `ignores_blanks` without blanks around them. Codes must hold no line breaks. Memory: one byte per row, and one
    bucket (a 64th) of the codes at a time.
    """

    def __init__(self, folder: Path, *, ignores_case: bool, ignores_blanks: bool = False) -> None:
        self._ignores_case = ignores_case
        self._ignores_blanks = ignores_blanks
        self._rows = 0
        self._waiting = 0
        self._fresh = [_Bucket(folder / f"{number}") for number in range(_BUCKETS)]
        self._sent = [_Bucket(folder / f"{number}.sent") for number in range(_BUCKETS)]

    def add(self, codes: Sequence[str]) -> None:
        """Take further rows, in their order."""
        buckets = self._fresh
        homes = _homes(self._keys(codes))
        for row, (code, home) in enumerate(zip(codes, homes, strict=True), start=self._rows):
            bucket = buckets[hash(home) % _BUCKETS]
            bucket.codes.append(code)
            bucket.rows.append(row)
        self._rows += len(codes)
        self._spill(len(codes))

    def subtract(self, codes: Sequence[str]) -> None:
        """Take codes that were sent before."""
        buckets = self._sent
        keys = self._keys(codes)
        for key, home in zip(keys, _homes(keys), strict=True):
            buckets[hash(home) % _BUCKETS].codes.append(key)
        self._spill(len(codes))

    def run(self) -> DedupeResult:
        """Compare everything taken so far."""
        fates = bytearray(self._rows)
        duplicates = skipped = case_duplicates = lookalikes = 0
        for fresh, sent in zip(self._fresh, self._sent, strict=True):
            codes, rows = fresh.load()
            if not codes:
                continue
            before = set(sent.load()[0])
            keys = self._keys(codes)
            lookalikes += _lookalikes(keys, before)
            if len(set(keys)) == len(codes) and before.isdisjoint(keys):
                continue
            first: dict[str, str] = {}
            for code, key, row in zip(codes, keys, rows, strict=True):
                if key in first:
                    duplicates += 1
                    case_duplicates += code != first[key]
                    fates[row] = DUPLICATE
                else:
                    first[key] = code
                    if key in before:
                        skipped += 1
                        fates[row] = SENT
        return DedupeResult(
            fates=fates,
            duplicates=duplicates,
            skipped=skipped,
            case_duplicates=case_duplicates,
            lookalikes=lookalikes,
        )

    def _keys(self, codes: Sequence[str]) -> Sequence[str]:
        return comparable(codes, ignores_case=self._ignores_case, ignores_blanks=self._ignores_blanks)

    def _spill(self, added: int) -> None:
        self._waiting += added
        if self._waiting >= _IN_MEMORY:
            for bucket in (*self._fresh, *self._sent):
                bucket.spill()
            self._waiting = 0


def _homes(keys: Sequence[str]) -> Sequence[str]:
    """Return what decides the bucket: codes that look alike meet in one, too."""
    return keys if "".join(keys).isascii() else [unicodedata.normalize("NFC", key) for key in keys]


def _lookalikes(keys: Sequence[str], before: set[str]) -> int:
    """Count the new codes that look like an earlier one without being it."""
    if "".join(keys).isascii() and "".join(before).isascii():
        return 0
    new = set(keys) - before
    looks = {unicodedata.normalize("NFC", key) for key in new}
    return len(new) - len(looks - {unicodedata.normalize("NFC", key) for key in before})


class _Bucket:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._rows_path = path.with_name(f"{path.name}.rows")
        self.codes: list[str] = []
        self.rows: array[int] = array("Q")

    def spill(self) -> None:
        if not self.codes:
            return
        with open(self._path, "ab", opener=private) as file:
            file.write("".join(f"{code}\n" for code in self.codes).encode())
        with open(self._rows_path, "ab", opener=private) as file:
            self.rows.tofile(file)
        self.codes, self.rows = [], array("Q")

    def load(self) -> tuple[list[str], "array[int]"]:
        codes: list[str] = []
        rows: array[int] = array("Q")
        if self._path.exists():
            codes = self._path.read_bytes().decode().split("\n")[:-1]
            rows.frombytes(self._rows_path.read_bytes())
        return codes + self.codes, rows + self.rows
