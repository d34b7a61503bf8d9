"""The rows of a report on their way into the index: checked, hashed, and written as lines."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime
from itertools import repeat
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import attrs

from couponhub.models import ReportColumn, ReportForm
from couponhub.state.hashing import HashKey
from couponhub.state.report_lines import in_pages
from couponhub.usage.cells import check_codes, read_customers
from couponhub.usage.moments import Moments, read_moments
from couponhub.usage.opening import MakeFault
from couponhub.usage.rows import ReportBatch, ReportRows

if TYPE_CHECKING:
    from couponhub.usage.bulk.lines import ManyLines

MANY = 60_000
"""Rows from which on it pays to import what is made for many."""
CAMPAIGN = (
    ReportColumn.CAMPAIGN_ID,
    ReportColumn.CAMPAIGN_NAME,
    ReportColumn.LOCALE,
    ReportColumn.VARIATION,
)
"""The columns that tell of a campaign, in the order in which the index keeps them."""
_MOST_CAMPAIGNS = 1 << 16
_SAMPLE_OF_FIRST = 500
_SAMPLED_EACH = 640
_MOST_SAMPLED = 2000


class Campaigns:
    """The campaigns that a report names, numbered as they are met. Thread-safe."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, ...], str] = {}
        self._lock = Lock()

    @property
    def told(self) -> Sequence[tuple[str, ...]]:
        """The words of each, as of `CAMPAIGN`, by number."""
        return list(self._numbers)

    @property
    def are_too_many(self) -> bool:
        """True when there were more than are kept."""
        return len(self._numbers) >= _MOST_CAMPAIGNS

    def numbers_of(self, keys: Iterable[tuple[str, ...]]) -> list[str]:
        """Return the number of each; "" of those that are too many."""
        numbers = self._numbers
        try:
            return list(map(numbers.__getitem__, keys := list(keys)))
        except KeyError:
            pass
        with self._lock:
            for key in dict.fromkeys(keys):
                if len(numbers) < _MOST_CAMPAIGNS:
                    numbers.setdefault(key, str(len(numbers)))
        return [numbers.get(key, "") for key in keys]


def sampled(first: int) -> slice:
    """Return which of the rows that follow each other are sampled: the first of the report, then some of all."""
    return slice(_SAMPLE_OF_FIRST) if first == 1 else slice(None, None, _SAMPLED_EACH)


@attrs.define
class ReportFacts:
    """The knowledge of all rows of a report together.

    Attributes:
        rows: How many were taken in.
        first, last: The earliest and the latest moment in them; None when none tells any.
        approximate: Whether moments came without a zone, and the connection names none.
        sample: Some rows from everywhere in the report: the customer's hash, and the code.
    """

    rows: int = 0
    first: datetime | None = None
    last: datetime | None = None
    approximate: bool = False
    campaigns: Campaigns = attrs.field(factory=Campaigns)
    sample: list[tuple[str, str]] = attrs.field(factory=list, repr=False)

    def note(self, count: int, sample: Iterable[tuple[str, str]], moments: Moments | None) -> None:
        """Note what so many rows hold; of the sample, as `sampled` takes it, the customer's hash and the code."""
        if moments is not None:
            self.first = moments.first if self.first is None else min(self.first, moments.first)
            self.last = moments.last if self.last is None else max(self.last, moments.last)
            self.approximate |= moments.approximate
        self.sample += sample
        while len(self.sample) > _MOST_SAMPLED:
            del self.sample[::2]
        self.rows += count


@attrs.frozen(kw_only=True)
class Intake:
    """The way in which the rows of one report are taken in.

    Attributes:
        check: Looks a batch over for what it should not hold; raises the error.
        fault: Makes the error of what is wrong with the report.
    """

    form: ReportForm
    key: HashKey
    check: Callable[[ReportBatch], object]
    fault: MakeFault
    facts: ReportFacts = attrs.field(factory=ReportFacts)

    def lines(self, batch: ReportBatch) -> list[str]:
        """Check rows, note what is known of them, and write them as lines without their last two cells.

        Raises:
            LocalError: A cell is refused.
        """
        self.check(batch)
        columns = batch.columns
        customers = read_customers(columns[ReportColumn.USER], self.form, batch.first, self.fault)
        codes = columns[ReportColumn.CODE]
        check_codes(codes, self.form, batch.first, self.fault)
        hashes = self.key.of_all(customers, self.form.identifier)
        moments = self.moments(batch)
        some = sampled(batch.first)
        self.facts.note(len(batch), zip(hashes[some], codes[some], strict=True), moments)
        numbers = map(str, range(batch.first, batch.first + len(batch)))
        texts: Iterable[str] = repeat("") if moments is None else moments.texts
        cells = (hashes, codes, texts, self._campaigns(batch), numbers)
        return list(map("\t".join, zip(*cells)))  # noqa: B905 - `repeat` has no end

    def moments(self, batch: ReportBatch) -> Moments | None:
        """Read the moments of rows; None for a report without any.

        Raises:
            LocalError: One cannot be read.
        """
        texts = batch.columns.get(ReportColumn.SENT_AT)
        return None if texts is None else read_moments(texts, self.form, batch.first, self.fault)

    def _campaigns(self, batch: ReportBatch) -> Iterable[str]:
        told = [batch.columns.get(column) for column in CAMPAIGN]
        if not any(told):
            return repeat("")
        columns = [repeat("") if cells is None else cells for cells in told]
        return self.facts.campaigns.numbers_of(zip(*columns))  # noqa: B905 - `repeat` has no end


class FewLines:
    """The lines of a report while they are few."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def pages(self, ending: str) -> Iterator[tuple[int, str]]:
        """Give all lines, page by page, as of `in_pages`."""
        return in_pages(self.lines, ending)


def taken_in(rows: ReportRows, intake: Intake, folder: Path, opened: ExitStack) -> "FewLines | ManyLines":
    """Read all rows of a report; by what is right for few, or for many.

    Args:
        rows: Of which nothing was read yet.
        intake: The way in.
        folder: A private one, for what does not stay in memory; whoever made it removes it.
        opened: What is returned lives as long as this.

    Raises:
        LocalError, UsageError: From reading, or a row is refused.
        OSError: The disk is full.
    """
    few = FewLines()
    are_many = rows.foresees(MANY)
    while not are_many and (batch := next(rows.batches, None)) is not None:
        few.lines += intake.lines(batch)
        are_many = len(few.lines) >= MANY
    if not are_many:
        return few
    from couponhub.usage.bulk.lines import ManyLines  # noqa: PLC0415 - brings NumPy in

    many = opened.enter_context(ManyLines(folder, intake))
    many.take(few.lines)
    many.take_in(rows)
    return many
