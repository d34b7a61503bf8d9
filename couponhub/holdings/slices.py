"""The files of an export's job: its customers in slices, and what was learned of them, each customer in one file once."""

import csv
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs

from couponhub.errors import LocalError, UsageError
from couponhub.models import Customer, Identifier, JobId
from couponhub.state import JobFiles

NUMBER, REASON, VERDICT = "number", "reason", "verdict"
_CUSTOMERS, _FOUND = "customers", "found"

COUPON_COLUMNS = (
    "code",
    "list_id",
    "list_name",
    "status",
    "issued_at",
    "expires_at",
    "redemption_count",
)
"""The columns of a coupon in an export, after the customer's."""


@attrs.frozen(kw_only=True)
class Learned:
    """All that was learned of one customer.

    Attributes:
        number: Which customer of the file, from 1.
        coupons: A row for each, of `COUPON_COLUMNS`.
        verdict: As of a lookup.
        reason: Why not all is known; "" where all is.
    """

    number: int
    customer: Customer = attrs.field(repr=False)
    verdict: str
    coupons: tuple[tuple[str, ...], ...] = attrs.field(default=(), repr=False)
    reason: str = ""


@attrs.frozen
class Slices:
    """The files of one job.

    Attributes:
        files: Where they are kept.
        job_id: Whose they are.
    """

    files: JobFiles
    job_id: JobId

    def write(self, path: Path, customers: Iterable[tuple[int, Customer]]) -> int:
        """Write a slice in the making, of customers by number; return how many there are.

        Raises:
            UsageError: They are not all named by the same kind of identifier.
        """
        count, kind = 0, ""
        with _made(path) as rows:
            for number, customer in customers:
                if not count:
                    kind = customer.identifier.value
                    rows.writerow((NUMBER, kind))
                if customer.identifier != kind:
                    raise UsageError("the customers are named by several kinds of identifier")
                rows.writerow((number, customer.value))
                count += 1
        return count

    def read_each(self, path: Path) -> Iterator[tuple[int, Customer]]:
        """Give the customers of a slice."""
        for row in _rows(path):
            kind = _kind_of(row)
            yield int(row[NUMBER]), Customer(**{kind: row[kind]})

    def read(self, path: Path) -> dict[int, Customer]:
        """Return the customers of a slice by number."""
        return dict(self.read_each(path))

    def keep_customers(self, part: int, path: Path) -> None:
        """Keep a slice that was written."""
        self.files.put(self.job_id, f"{_CUSTOMERS}-{part:06}", path)

    def is_there(self, part: int) -> bool:
        """Tell whether a slice is kept."""
        return self.files.path(self.job_id, f"{_CUSTOMERS}-{part:06}") is not None

    def is_whole(self, part: int) -> bool:
        """Tell whether it is written down of each customer of a slice what was learned; of one that is not kept, too."""
        return set(self.customers(part) or ()) <= self.asked(part)

    def customers(self, part: int) -> Mapping[int, Customer] | None:
        """Return the customers of a slice by number; None when it is not kept."""
        path = self.files.path(self.job_id, f"{_CUSTOMERS}-{part:06}")
        return None if path is None else self.read(path)

    def asked(self, part: int) -> set[int]:
        """Return the numbers of the customers of a slice of whom it is written down what was learned."""
        return {int(row[NUMBER]) for row in self._told(part)}

    def keep(self, part: int, learned: list[Learned], *, since: bytes) -> None:
        """Keep what was learned of customers; of those who were forgotten meanwhile nothing.

        Args:
            part: Of which slice.
            learned: At least one.
            since: The `JobFiles.mark` from before the slice was read.
        """
        first = learned[0]
        # Of two who are at a slice, neither keeps the other's from being kept.
        name = f"{_FOUND}-{part:06}-{first.number:09}-{secrets.token_hex(4)}"
        kept: Path | None = None
        while kept is None:
            with self.files.workspace() as folder:
                made = folder / name
                with _made(made) as rows:
                    kind = first.customer.identifier.value
                    rows.writerow((NUMBER, kind, VERDICT, REASON, *COUPON_COLUMNS))
                    for one in learned:
                        for coupon in one.coupons or (("",) * len(COUPON_COLUMNS),):
                            rows.writerow((one.number, one.customer.value, one.verdict, one.reason, *coupon))
                kept = self.files.put(self.job_id, name, made, since=since)
            if kept is None:
                since = self.files.mark()
                left = self.customers(part) or {}
                learned = [one for one in learned if one.number in left]

    def rows(self, part: int) -> Iterator[dict[str, str]]:
        """Give what was learned of a slice, in its order: a row for each coupon, one for a customer without any.

        Raises:
            LocalError: It is not there for every customer of the slice.
        """
        rows = sorted(self._told(part), key=lambda row: int(row[NUMBER]))
        asked = {int(row[NUMBER]) for row in rows}
        customers = self.customers(part)
        if customers is None or not set(customers) <= asked:
            raise LocalError(
                f"files of export {self.job_id} are gone from the store, so nothing was written",
                hint="begin it anew",
            )
        yield from rows

    def _told(self, part: int) -> Iterator[dict[str, str]]:
        """Give the rows that are kept of a slice; of a customer in two files, as two drivers may leave, those of one."""
        told: set[int] = set()
        for name in self.files.names(self.job_id):
            path = self.files.path(self.job_id, name) if name.startswith(f"{_FOUND}-{part:06}-") else None
            rows = [] if path is None else [row for row in _rows(path) if int(row[NUMBER]) not in told]
            told |= {int(row[NUMBER]) for row in rows}
            yield from rows


@contextmanager
def _made(path: Path) -> Iterator[Any]:
    """Write a private CSV in the making.

    Raises:
        LocalError: The disk is full, or fails.
    """
    path.touch(mode=0o600)
    try:
        with path.open("w", encoding="utf-8", newline="", errors="surrogatepass") as file:
            yield csv.writer(file, lineterminator="\n")
    except OSError as error:
        raise LocalError(f"the files of the export cannot be kept: {error.strerror}") from error


def _kind_of(row: Mapping[str, str]) -> Identifier:
    return next(kind for kind in Identifier if kind in row)


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="", errors="surrogatepass") as file:
        yield from csv.DictReader(file)
