"""The codes that were handed out while lookups asked the target first: where, and as far as anybody can tell."""

import csv
import io
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING

import attrs

from couponhub.clock import Clock
from couponhub.codes.new_file import new_file
from couponhub.errors import CouponhubError, LocalError, NotFound, Unsupported
from couponhub.migration.expected import batch_codes
from couponhub.migration.kept import KeptMigration
from couponhub.migration.known_codes import KnownCodes
from couponhub.migration.second_pass import SecondLook
from couponhub.migration.target_questions import ask_codes
from couponhub.migration.words import codes
from couponhub.models import CodeFileRules, CouponStatus, MigrationPlan

if TYPE_CHECKING:
    from couponhub.connection import Connection

OUT_COLUMNS = ("where", "code", "because")


@attrs.frozen(kw_only=True)
class HandedOutMeanwhile:
    """The codes that were handed out while the target was asked first; see `MigrationRollback`."""

    at_target: int | None
    at_source: int | None
    named: int
    notes: tuple[str, ...]


@attrs.frozen(kw_only=True)
class Aftermath:
    """Looks for codes that were handed out since a cut-over.

    Attributes:
        plan: As it is applied.
        kept: The files of the migration.
        target: The connection that codes went to.
        list_id: Of the list there.
        rules: How its vendor compares codes.
        second_look: Looks at the source.
        clock: How the vendors' pauses pass.
    """

    plan: MigrationPlan
    kept: KeptMigration
    target: "Connection"
    list_id: str
    rules: CodeFileRules
    second_look: SecondLook
    clock: Clock

    def look(self, since: datetime, out: Path | None) -> HandedOutMeanwhile:
        """Find them, and name in a new file those that are known by name.

        Args:
            since: When lookups began to ask the target first.
            out: The file, for its owner alone; None for no names.

        Raises:
            LocalError: The file is there or cannot be written, or this machine failed.
        """
        with ExitStack() as held:
            names = _Names(None if out is None else held.enter_context(new_file(out)))
            try:
                folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="couponhub-rollback-")))
                notes: list[str] = []
                at_target = self._at_target(since, names, notes)
                at_source = self._at_source(folder, names, notes)
            except OSError as error:
                raise LocalError(f"looking for codes failed: {error.strerror}") from error
            names.finish()
            return HandedOutMeanwhile(
                at_target=at_target, at_source=at_source, named=names.count, notes=tuple(notes)
            )

    def _at_target(self, since: datetime, names: "_Names", notes: list[str]) -> int | None:
        if "coupons.find" in self.target.capabilities:
            return self._asked(since, names, notes)
        return self._reported(since, names, notes)

    def _asked(self, since: datetime, names: "_Names", notes: list[str]) -> int | None:
        """Ask about every code that nobody was to hold, as far as the vendor's quota goes."""
        asked = found = 0
        trouble: CouponhubError | None = None
        for some, answer in ask_codes(self.target, self._free(), self.clock):
            if isinstance(answer, CouponhubError):
                trouble = answer
                break
            asked += len(some)
            for coupon in answer:
                is_held = coupon.issued_at is not None and coupon.status is not CouponStatus.REVOKED
                if coupon.list_id == self.list_id and is_held:
                    found += 1
                    names.add("target", coupon.code, _since(coupon.issued_at, since))
        told = f"{self.target.name} was asked about {codes(asked)} that nobody was to hold"
        notes.append(told if trouble is None else f"{told}; then: {trouble.message}")
        return found if trouble is None or found else None

    def _reported(self, since: datetime, names: "_Names", notes: list[str]) -> int | None:
        """Read it in the usage reports that were imported."""
        known = KnownCodes(self.rules)
        try:
            reports = self.target.usage.reports(self.list_id)
            given_out = {known.key(row.code) for row in self.target.usage.rows(self.list_id)}
        except (NotFound, Unsupported):
            reports, given_out = (), set()
        if not reports:
            notes.append(
                f"nobody can tell what {self.target.name} handed out since {since:%Y-%m-%d %H:%M} UTC: no usage report of"
                " the list was imported"
            )
            return None
        found = 0
        for code in self._free():
            if known.key(code) in given_out:
                found += 1
                names.add("target", code, "a usage report names it")
        notes.append(
            f"imported usage reports of {self.target.name} tell of the target; later ones may name more"
        )
        return found

    def _at_source(self, folder: Path, names: "_Names", notes: list[str]) -> int | None:
        try:
            with self.second_look.look(self.list_id, folder) as found:
                notes.append(found.message)
                for batch in found.codes.batches() if found.count else ():
                    for code in batch:
                        names.add("source", code, "it moved as free and was handed out at the source since")
                return found.count
        except CouponhubError as error:  # lookups are led back already, and what is known is told
            notes.append(f"what the source handed out cannot be found out: {error.message}")
            return None

    def _free(self) -> Iterator[str]:
        for batch in self.plan.batches:
            if batch.identifier is None:
                yield from batch_codes(self.plan, self.kept, batch.number)


class _Names:
    def __init__(self, out: IO[bytes] | None) -> None:
        self._text = None if out is None else io.TextIOWrapper(out, encoding="utf-8", newline="")
        self._write: Callable[[tuple[str, str, str]], object] | None = None
        if self._text is not None:
            self._write = csv.writer(self._text, lineterminator="\n").writerow
            self._write(OUT_COLUMNS)
        self.count = 0

    def add(self, where: str, code: str, because: str) -> None:
        self.count += 1
        if self._write is not None:
            self._write((where, code, because))

    def finish(self) -> None:
        if self._text is not None:
            self._text.detach()


def _since(issued_at: datetime | None, since: datetime) -> str:
    return "issued since the cut-over" if issued_at is not None and issued_at >= since else "issued"
