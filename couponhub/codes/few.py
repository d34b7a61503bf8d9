"""The rows of a source while they are few: in private files, compared in plain sets."""

import hashlib
from array import array
from collections.abc import Iterator
from itertools import compress, islice
from pathlib import Path
from typing import Self

import attrs

from couponhub.codes.dedupe import DUPLICATE, KEPT, SENT, DedupeResult, Deduplicator, private
from couponhub.codes.row_record import RowBlock, RowRecordWriter, pack_fates, pack_steps
from couponhub.codes.rows import SourceBatch
from couponhub.codes.writing import PartWriter, csv_rows
from couponhub.models import CodeFileRules, Tagging
from couponhub.state import CodeSet

_BATCH = 20_000
_KEEP = bytes.maketrans(bytes([KEPT, DUPLICATE, SENT]), bytes([1, 0, 0]))


@attrs.frozen(kw_only=True)
class RowForm:
    """The form in which accepted rows are written.

    Attributes:
        tagging: Which identifier customers are named by; None when codes come untagged.
        is_plain: A row is its code, and nothing else.
    """

    tagging: Tagging | None
    is_plain: bool

    @classmethod
    def of(cls, rules: CodeFileRules, tagging: Tagging | None) -> Self:
        """Tell it from what the vendor wants."""
        return cls(tagging=tagging, is_plain=tagging is None and not rules.quoting)

    def codes(self, batch: SourceBatch) -> bytes:
        """Write codes, one per line."""
        return ("\n".join(batch.codes) + "\n").encode()

    def rows(self, batch: SourceBatch, codes: bytes) -> bytes:
        """Write the rows with these codes as they are sent; the codes themselves where they are that."""
        if self.is_plain:
            return codes
        columns = (batch.customers, batch.codes) if batch.customers else (batch.codes,)
        return csv_rows(list(zip(*columns, strict=True)))

    def fingerprint(self) -> "hashlib._Hash":
        """Return a hash to be fed all rows, which then recognises them."""
        return hashlib.sha256(f"{self.tagging.identifier if self.tagging else 'untagged'}\n".encode())


class FewCodes:
    """Keeps accepted rows on disk as they will be written, until it is known which of them are to be sent.

    Attributes:
        rows: How many were taken.
        lines: The line of each.
    """

    def __init__(self, folder: Path, rules: CodeFileRules, tagging: Tagging | None) -> None:
        self._form = RowForm.of(rules, tagging)
        self._deduplicator = Deduplicator(
            folder, ignores_case=rules.ignores_case, ignores_blanks=rules.ignores_blanks
        )
        self._codes = open(folder / "codes", "x+b", opener=private)  # noqa: SIM115 - closed by __exit__
        self._rows = (
            self._codes if self._form.is_plain else open(folder / "rows", "x+b", opener=private)  # noqa: SIM115 - the same
        )
        self._hash = self._form.fingerprint()
        self._fates = b""
        self.rows = 0
        self.lines = array("q")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._codes.close()
        self._rows.close()

    @property
    def fingerprint(self) -> str:
        """Recognises the same rows in the same order, in hex."""
        return self._hash.hexdigest()

    def add(self, batch: SourceBatch) -> None:
        """Take further rows."""
        if not batch.codes:
            return
        codes = self._form.codes(batch)
        rows = self._form.rows(batch, codes)
        self._codes.write(codes)
        if not self._form.is_plain:
            self._rows.write(rows)
        self._hash.update(rows)
        self._deduplicator.add(batch.codes)
        self.rows += len(batch.codes)
        self.lines.extend(batch.lines)

    def settle(self, sent: tuple[CodeSet, ...]) -> DedupeResult:
        """Find out which rows are to be sent, less what was sent before."""
        for code_set in sent:
            for codes in code_set.batches():
                self._deduplicator.subtract(codes)
        deduped = self._deduplicator.run()
        self._fates = bytes(deduped.fates)
        return deduped

    def write(self, writer: PartWriter) -> None:
        """Write the rows that are to be sent."""
        start = 0
        for rows, codes in self.batches():
            keep = self._fates[start : start + len(codes)].translate(_KEEP)
            start += len(codes)
            writer.write(list(compress(rows, keep)), list(compress(codes, keep)))

    def note_rows(self, record: RowRecordWriter) -> None:
        """Write down what became of each row."""
        start = 0
        for _, codes in self.batches():
            end = start + len(codes)
            fates, lines = self._fates[start:end], self.lines[start:end]
            record.write(
                RowBlock(
                    first=lines[0],
                    rows=len(lines),
                    steps=pack_steps(lines),
                    fates=pack_fates(fates),
                    codes=b"".join(compress(codes, fates)),
                )
            )
            start = end

    def batches(self) -> Iterator[tuple[list[bytes], list[bytes]]]:
        """Give all rows, and the codes in them."""
        self._codes.seek(0)
        self._rows.seek(0)
        while codes := list(islice(self._codes, _BATCH)):
            yield (codes if self._form.is_plain else list(islice(self._rows, _BATCH))), codes
