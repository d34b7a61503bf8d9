"""The files of a shadow run: whom it asks about, in slices, and how what both vendors know of each of them differs."""

import csv
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path

import attrs

from couponhub.errors import LocalError
from couponhub.holdings.slices import Slices
from couponhub.models import Customer, Difference, DifferenceKind, JobId
from couponhub.state import JobFiles

_COLUMNS = ("number", "unknown", "reference", "connection", "kind", "count")
_COUNTED = "counted"


@attrs.frozen(kw_only=True)
class Compared:
    """One customer at both vendors; it names nobody.

    Attributes:
        number: Which customer of the sample, from 1.
        unknown: True when not all could be known.
    """

    number: int
    unknown: bool
    differences: tuple[Difference, ...]


@attrs.frozen
class ShadowSlices:
    """The files of one job.

    Attributes:
        files: Where they are kept.
        job_id: Whose they are.
    """

    files: JobFiles
    job_id: JobId

    @property
    def people(self) -> Slices:
        """The customers that it asks about: forgotten ones go from there."""
        return Slices(self.files, self.job_id)

    def customers(self, part: int) -> dict[int, Customer]:
        """Return the customers of a slice by number; none of one that is not kept."""
        return dict(self.people.customers(part) or {})

    def keep(self, part: int, compared: list[Compared]) -> None:
        """Keep how what is known of customers differs, at least of one."""
        name = f"{_COUNTED}-{part:06}-{compared[0].number:09}-{secrets.token_hex(4)}"
        with self.files.workspace() as folder:
            _write(folder / name, compared)
            self.files.put(self.job_id, name, folder / name)

    def compared(self, part: int) -> Iterator[Compared]:
        """Give what is kept of a slice, each customer once, in their order."""
        found: dict[int, Compared] = {}
        for name in self.files.names(self.job_id):
            if name.startswith(f"{_COUNTED}-{part:06}-") and (path := self.files.path(self.job_id, name)):
                for one in _read(path):
                    found.setdefault(one.number, one)
        return (found[number] for number in sorted(found))


def _write(path: Path, compared: Iterable[Compared]) -> None:
    path.touch(mode=0o600)
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file, lineterminator="\n")
            rows.writerow(_COLUMNS)
            for one in compared:
                told = [(at.reference, at.connection, at.kind.value, str(at.count)) for at in one.differences]
                rows.writerows((one.number, int(one.unknown), *cells) for cells in told or [("", "", "", "")])
    except OSError as error:
        raise LocalError(f"the files of the shadow run cannot be kept: {error.strerror}") from error


def _read(path: Path) -> Iterator[Compared]:
    with path.open(encoding="utf-8", newline="") as file:
        found: dict[int, list[dict[str, str]]] = {}
        for row in csv.DictReader(file):
            found.setdefault(int(row["number"]), []).append(row)
    for number, rows in found.items():
        yield Compared(
            number=number,
            unknown=rows[0]["unknown"] == "1",
            differences=tuple(
                Difference(
                    reference=row["reference"],
                    connection=row["connection"],
                    kind=DifferenceKind(row["kind"]),
                    count=int(row["count"]),
                )
                for row in rows
                if row["kind"]
            ),
        )
