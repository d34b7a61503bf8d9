"""The rows of a report on their way into the index: hashed, checked, and laid aside by customer, in files."""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice, repeat
from pathlib import Path

from couponhub.errors import LocalError
from couponhub.models import ReportColumn, ReportForm
from couponhub.state.hashing import HashKey
from couponhub.state.report_lines import in_pages
from couponhub.usage.rows import ReportBatch

_BEGINNINGS = tuple(f"{byte:02x}" for byte in range(256))
_BATCHES_IN_MEMORY = 1024  # of 64 KiB
_MOST_CAMPAIGNS = 1 << 16
_SAMPLE_OF_FIRST = 500
_MOST_SAMPLED = 2000
_ODD_SHOWN = 3
_LIKE_A_MOMENT = re.compile(
    # Two numbers of no more digits than years and fractions have, and a colon, a slash or a month: no code, no telephone.
    r"(?!.*(?:^|[^.,\d])\d{5})(?=.{4,40}$)(?=.*\d[^\d]+\d)(?=.*(?:[:/]|[a-z]{3}|\d\.\d{1,2}\.\d{4}|\d{4}-\d\d-\d\d))(?:\d{1,4}(?:[.,]\d{1,9})?|[-/:., +]|[TZ]|[AP]\.?M\.?|UTC|GMT|IST"
    r"|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6})+",
    re.IGNORECASE,
)
_CAMPAIGN = (
    ReportColumn.CAMPAIGN_ID,
    ReportColumn.CAMPAIGN_NAME,
    ReportColumn.LOCALE,
    ReportColumn.VARIATION,
)


class Spill:
    """Takes in the rows of one report, and gives them back sorted.

    Its files hold codes in plain text and end with the folder, which is the caller's.

    Attributes:
        rows: How many were taken in.
        first, last: The earliest and the latest moment in them; None when none tells any.
        approximate: Whether moments came without a zone, and the connection names none.
        campaigns: What is told of each campaign: id, name, locale, variation; by number.
        sample: Some rows from everywhere in the report: the customer's hash, and the code.
    """

    def __init__(self, folder: Path, form: ReportForm, key: HashKey) -> None:
        self._folder = folder
        self._form = form
        self._key = key
        self._waiting: dict[str, list[str]] = {begin: [] for begin in _BEGINNINGS}
        self._batches = 0
        self._numbers: dict[tuple[str, ...], str] = {}
        self.rows = 0
        self.first: datetime | None = None
        self.last: datetime | None = None
        self.approximate = False
        self.sample: list[tuple[str, str]] = []

    @property
    def campaigns(self) -> Sequence[tuple[str, ...]]:
        """See the class."""
        return list(self._numbers)

    @property
    def lost_campaigns(self) -> bool:
        """True when there were more campaigns than are kept."""
        return len(self._numbers) >= _MOST_CAMPAIGNS

    def take(self, batch: ReportBatch, fault: Callable[..., LocalError]) -> None:
        """Take in some rows.

        Args:
            batch: The rows.
            fault: Makes the error of what is wrong with the report.
        """
        columns = batch.columns
        customers = self._key.of_all(columns[ReportColumn.USER], self._form.identifier)
        codes = columns[ReportColumn.CODE]
        numbers = map(str, range(batch.first, batch.first + len(batch)))
        cells = (customers, codes, self._moments(batch, fault), self._campaigns(batch), numbers)
        waiting = self._waiting
        for line in map("\t".join, zip(*cells)):  # noqa: B905 - `repeat` has no end
            waiting[line[:2]].append(line)
        self._sample(customers, codes)
        self.rows += len(batch)
        self._batches += 1
        if self._batches % _BATCHES_IN_MEMORY == 0:
            self._write()

    def pages(self) -> Iterator[list[str]]:
        """All rows as lines without their last two cells, page by page."""
        self._write()
        for begin in _BEGINNINGS:
            path = self._path(begin)
            if path.exists():
                lines = path.read_bytes().decode().split("\n")
                lines.pop()
                yield from in_pages(lines)

    def _write(self) -> None:
        for begin, lines in self._waiting.items():
            if lines:
                lines.append("")
                opened = os.open(self._path(begin), os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
                with os.fdopen(opened, "ab") as file:
                    file.write("\n".join(lines).encode())
                lines.clear()

    def _path(self, begin: str) -> Path:
        return self._folder / f"{begin}.rows"

    def _moments(self, batch: ReportBatch, fault: Callable[..., LocalError]) -> Iterable[str]:
        texts = batch.columns.get(ReportColumn.SENT_AT)
        if texts is None:
            return repeat("")
        texts, moments = self._read(texts, batch.first, fault)
        try:
            first, last = min(moments), max(moments)
            known = first.tzinfo is not None
        except TypeError:  # some name a zone, some do not
            known = False
        if not known:
            zone = self._form.zone or UTC
            self.approximate = self.approximate or self._form.zone is None
            moments = [moment.replace(tzinfo=moment.tzinfo or zone) for moment in moments]
            first, last = min(moments), max(moments)
        if not known or self._form.time_format is not None:
            texts = [moment.isoformat() for moment in moments]
        self.first = first if self.first is None else min(self.first, first)
        self.last = last if self.last is None else max(self.last, last)
        return texts

    def _read(
        self, texts: Sequence[str], number: int, fault: Callable[..., LocalError]
    ) -> tuple[Sequence[str], list[datetime]]:
        form = self._form.time_format
        try:
            return texts, _moments(texts, form)
        except ValueError:
            plain = list(map(str.strip, texts))
        try:
            return plain, _moments(plain, form)
        except ValueError:
            odd = ((row, text) for row, text in enumerate(plain, number) if not _is_moment(text, form))
            raise fault(
                _unreadable(list(islice(odd, _ODD_SHOWN))),
                "usage_time_format of the connection says how times are written, as strptime takes it:"
                " %d/%m/%Y %H:%M for one; without it they are read as ISO 8601",
            ) from None

    def _campaigns(self, batch: ReportBatch) -> Iterable[str]:
        told = [batch.columns.get(column) for column in _CAMPAIGN]
        if not any(told):
            return repeat("")
        numbers = self._numbers
        columns = [repeat("") if cells is None else cells for cells in told]
        try:
            return list(map(numbers.__getitem__, zip(*columns)))  # noqa: B905 - `repeat` has no end
        except KeyError:
            keys = list(zip(*columns))  # noqa: B905 - the same
        for key in dict.fromkeys(keys):
            if len(numbers) < _MOST_CAMPAIGNS:
                numbers.setdefault(key, str(len(numbers)))
        return [numbers.get(key, "") for key in keys]

    def _sample(self, customers: Sequence[str], codes: Sequence[str]) -> None:
        count = _SAMPLE_OF_FIRST if not self._batches else 1
        self.sample += zip(customers[:count], codes[:count], strict=True)
        if len(self.sample) > _MOST_SAMPLED:
            del self.sample[::2]


def _moments(texts: Sequence[str], form: str | None) -> list[datetime]:
    if form is None:
        return list(map(datetime.fromisoformat, texts))
    return [datetime.strptime(text, form) for text in texts]  # noqa: DTZ007 - the zone comes after


def _unreadable(rows: Sequence[tuple[int, str]]) -> str:
    """Say what is wrong with the first rows whose moment cannot be read; what may be no moment at all is not quoted."""
    (row, text), *others = rows
    told = f"row {row} has no moment that can be read as its {ReportColumn.SENT_AT.value}{_quoted(text)}"
    also = [f"row {row}{_quoted(text)}" for row, text in others]
    return f"{told} (also {', '.join(also)})" if also else told


def _quoted(text: str) -> str:
    return f': "{text}"' if _LIKE_A_MOMENT.fullmatch(text) else ""


def _is_moment(text: str, form: str | None) -> bool:
    try:
        _moments([text], form)
    except ValueError:
        return False
    return True
