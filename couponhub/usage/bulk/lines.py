"""The lines of a report once they are many: sorted by page in a private file."""

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Self

import attrs
import numpy as np
from numpy.typing import NDArray

from couponhub.codes.sets.crew import Crew
from couponhub.codes.sets.spool import Spool
from couponhub.errors import LocalError, UsageError
from couponhub.models import ReportColumn
from couponhub.state.hashing import DIGEST_CHARS
from couponhub.usage.bulk.cells import (
    BlockCells,
    Bytes,
    are_plain,
    matrix_of,
    numbers_from,
    plain_customers,
    texts_of,
)
from couponhub.usage.bulk.distinct import Kinds
from couponhub.usage.bulk.moments import plain_moments
from couponhub.usage.bulk.records import BUCKETS, joined, paged, sorted_by_page, with_ends
from couponhub.usage.cells import check_codes, read_customers
from couponhub.usage.headers import NEEDED
from couponhub.usage.moments import Moments
from couponhub.usage.rows import ReportBatch, ReportBlock, ReportRows
from couponhub.usage.taking import CAMPAIGN, Intake, sampled

_RUN_BYTES = 12 << 20
"""Of lines that are sorted and written together: in shorter runs the pages would be gathered from many places."""


@attrs.frozen(eq=False)
class _Taken:
    """The lines of a block, and what is to be noted of it."""

    lines: Bytes = attrs.field(repr=False)
    sample: Sequence[tuple[str, str]] = attrs.field(repr=False)
    moments: Moments | None


@attrs.frozen(eq=False)
class _Run:
    """Records in the file: where they begin, how wide they are, and where those of each bucket begin among them."""

    start: int
    width: int
    bounds: NDArray[np.int64]


class ManyLines:
    """Keeps the lines of one report, and gives them back page by page, in bounded memory.

    Args:
        folder: A private one, for its file; whoever made it removes it.
        intake: The way in which rows are taken.
    """

    def __init__(self, folder: Path, intake: Intake) -> None:
        self._intake = intake
        self._opened = ExitStack()
        self._spool = self._opened.enter_context(Spool(folder / "lines"))
        # Left first, so that nobody works on a file that is closed.
        self._crew = self._opened.enter_context(Crew())
        self._waiting: list[Bytes] = []
        self._runs: list[_Run] = []
        self._found: BlockCells | None = None
        self._kinds = Kinds()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._opened.close()

    def take(self, lines: Sequence[str]) -> None:
        """Take lines that are written already."""
        if lines:
            self._keep(with_ends(matrix_of(lines)))

    def take_in(self, rows: ReportRows) -> None:
        """Read all rows of a report that were not read yet, and take them.

        Raises:
            LocalError, UsageError: From reading, or a row is refused: the first one that is.
        """
        columns = _Columns.of(rows)
        for piece in self._pieces_of(rows, columns):
            if isinstance(piece, ReportBlock) and self._found is not None:
                self._crew.submit(self._taken, piece.first, self._found, columns, then=self._note)
                continue
            self._crew.drain()  # what is noted of rows is noted in their order
            if isinstance(piece, ReportBatch):
                self.take(self._intake.lines(piece))
        self._crew.drain()
        self._write()
        self._spool.seal()

    def pages(self, ending: str) -> Iterator[tuple[int, str]]:
        """Give all lines, page by page, as of `in_pages`."""
        ready: deque[list[tuple[int, str]]] = deque()
        for bucket in range(BUCKETS):
            # The next ones are sorted while the database takes these in.
            self._crew.submit(self._pages, bucket, ending.encode(), then=ready.append)
            while ready:
                yield from ready.popleft()
        self._crew.drain()
        while ready:
            yield from ready.popleft()

    def _pages(self, bucket: int, ending: bytes) -> list[tuple[int, str]]:
        pieces = [piece for run in self._runs if (piece := self._piece(run, bucket)) is not None]
        return paged(bucket, pieces, ending) if pieces else []

    def _pieces_of(self, rows: ReportRows, columns: "_Columns") -> Iterator[ReportBatch | ReportBlock]:
        try:
            yield from rows.pieces(lambda text: self._plain_rows(text, columns))
        except (LocalError, UsageError):
            self._crew.drain()  # which raises what is wrong further up
            raise

    def _plain_rows(self, text: bytes, columns: "_Columns") -> int | None:
        cells = BlockCells.of(text, columns.separator, columns.width)
        needed = [columns.places[column] for column in NEEDED]
        if (
            cells is None
            or not cells.are_short(columns.places.values())
            or not all(map(cells.begin_seen, needed))
        ):
            return None
        self._found = cells
        return len(cells)

    def _taken(self, first: int, cells: BlockCells, columns: "_Columns") -> _Taken:
        """Check, hash and sort the rows of a block. May run in several threads."""
        intake = self._intake
        form, places = intake.form, columns.places
        found = {
            column: cells.matrix(place) for column, place in places.items() if column not in columns.told
        }
        codes = found[ReportColumn.CODE]
        plain = plain_customers(found[ReportColumn.USER], form.identifier)
        moments = None
        if form.time_format is None and ReportColumn.SENT_AT in found:
            moments = plain_moments(found[ReportColumn.SENT_AT])
        are_known = {
            ReportColumn.USER: plain is not None,
            ReportColumn.CODE: are_plain(codes),
            ReportColumn.SENT_AT: moments is not None,
        }
        texts = {
            column: texts_of(matrix) for column, matrix in found.items() if not are_known.get(column, False)
        }
        batch = ReportBatch(first, texts)
        intake.check(batch)
        if plain is None:
            customers = read_customers(texts[ReportColumn.USER], form, first, intake.fault)
            plain = [customer.encode() for customer in customers]
        if ReportColumn.CODE in texts:
            check_codes(texts[ReportColumn.CODE], form, first, intake.fault)
        hashes = intake.key.of_each(plain, form.identifier)
        times = found.get(ReportColumn.SENT_AT, np.zeros((len(cells), 0), np.uint8))
        if moments is None and (read := intake.moments(batch)) is not None:
            moments = read
            if read.texts is not texts[ReportColumn.SENT_AT]:
                times = matrix_of(read.texts)
        lines = joined(
            np.frombuffer("".join(hashes).encode(), np.uint8).reshape(-1, DIGEST_CHARS),
            codes,
            times,
            self._campaigns(cells, columns),
            numbers_from(first, len(cells)),
        )
        some = sampled(first)
        sample = list(zip(hashes[some], texts_of(codes[some]), strict=True))
        return _Taken(lines, sample, moments)

    def _campaigns(self, cells: BlockCells, columns: "_Columns") -> Bytes:
        if not columns.told:
            return np.zeros((len(cells), 0), np.uint8)
        first, last = min(columns.told.values()), max(columns.told.values())
        # Side by side, as vendors have them, they are taken as one.
        rows = (
            [cells.matrix(first, last)]
            if last - first < len(columns.told)
            else list(map(cells.matrix, columns.told.values()))
        )
        kinds, which = self._kinds.of(rows)
        texts = {column: texts_of(cells.chosen(kinds).matrix(at)) for column, at in columns.told.items()}
        keys = zip(*(texts.get(column, [""] * len(kinds)) for column in CAMPAIGN), strict=True)
        numbers: Bytes = matrix_of(self._intake.facts.campaigns.numbers_of(keys))[which]
        return numbers

    def _note(self, taken: _Taken) -> None:
        self._intake.facts.note(len(taken.lines), taken.sample, taken.moments)
        self._keep(taken.lines)

    def _keep(self, lines: Bytes) -> None:
        self._waiting.append(lines)
        rows, width = sum(map(len, self._waiting)), max(waiting.shape[1] for waiting in self._waiting)
        if rows * width >= _RUN_BYTES:
            self._write()

    def _write(self) -> None:
        if self._waiting:
            records, bounds = sorted_by_page(self._waiting)
            self._runs.append(_Run(self._spool.append(records), records.dtype.itemsize, bounds))
            self._waiting = []

    def _piece(self, run: _Run, bucket: int) -> Bytes | None:
        first, last = run.bounds[bucket : bucket + 2].tolist()
        if first == last:
            return None
        data = self._spool.read(run.start + first * run.width, (last - first) * run.width)
        return np.frombuffer(data, np.uint8).reshape(-1, run.width)


@attrs.frozen(kw_only=True)
class _Columns:
    """The columns of a report's text.

    Attributes:
        told: Those of campaigns.
    """

    separator: bytes
    width: int
    places: dict[ReportColumn, int]
    told: dict[ReportColumn, int]

    @classmethod
    def of(cls, rows: ReportRows) -> Self:
        places = dict(rows.header.places)
        return cls(
            separator=rows.separator.encode(),
            width=rows.header.width,
            places=places,
            told={column: places[column] for column in CAMPAIGN if column in places},
        )
