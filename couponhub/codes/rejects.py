"""The end of faulty rows: the whole source is refused for them, or they are left out and written to a file of their own."""

from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from couponhub.codes.checking import Checks
from couponhub.codes.dedupe import private
from couponhub.codes.rows import SourceBatch
from couponhub.codes.writing import csv_rows
from couponhub.models import Tagging


class SoundRows:
    """Takes the sound rows of a source out of its batches.

    Args:
        checks: Say which are sound.
        rejects: Where the others are written, by line and reason and without a code; None to take nothing from a source
            with faults, which are then told all at once.
        tagging: Which identifier customers are named by; None when codes come untagged.
    """

    def __init__(self, checks: Checks, rejects: Path | None, tagging: Tagging | None = None) -> None:
        self.checks = checks
        self.tagging = tagging
        self._path = rejects
        self._file: IO[bytes] | None = None
        self._opened = ExitStack()

    def __enter__(self) -> Self:
        if self._path is not None:
            self._file = self._opened.enter_context(open(self._path, "xb", opener=private))
            self._file.write(csv_rows([("line", "reason")]))
            self.checks.faults.rows = {}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._opened.close()
        except OSError:
            if self._path is not None:
                self._path.unlink(missing_ok=True)
            raise
        if error is not None and self._path is not None:
            self._path.unlink(missing_ok=True)

    @property
    def are_refused(self) -> bool:
        """True when no row of the source is to be taken any more."""
        return self._file is None and self.checks.faults.count > 0

    @property
    def rejected(self) -> int:
        """The number of rows that were left out so far."""
        return self.checks.faults.count

    def of(self, batch: SourceBatch) -> SourceBatch:
        """Check a batch, and return what is to be taken of it."""
        self.checks.check(batch)
        faulty = self.checks.faults.rows or {}
        if self.are_refused:
            return SourceBatch()
        if faulty and not faulty.keys().isdisjoint(batch.lines):
            keep = [at for at, line in enumerate(batch.lines) if line not in faulty]
            batch = SourceBatch(
                codes=[batch.codes[at] for at in keep],
                customers=[batch.customers[at] for at in keep] if batch.customers else [],
                lines=[batch.lines[at] for at in keep],
            )
        self.note()
        return batch

    def note(self) -> None:
        """Write down the rows that were found faulty."""
        if self._file is not None and self.checks.faults.rows:
            self._file.write(
                csv_rows([(str(line), what) for line, what in sorted(self.checks.faults.rows.items())])
            )
            self.checks.faults.rows.clear()
