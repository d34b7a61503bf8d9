"""A second look at the source while a migration runs: which codes it has handed out since they were planned as free."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs

from couponhub.codes import intersect
from couponhub.migration.applying import class_file
from couponhub.migration.code_files import as_set, lines_of
from couponhub.migration.kept import KeptMigration
from couponhub.migration.knowledge import handed_out_of, unknown_of
from couponhub.migration.planning import Planner
from couponhub.models import CouponList, MigrationPlan
from couponhub.state import TextCodeSet


@attrs.frozen(kw_only=True)
class HandedOut:
    """The codes that were to move as free, and that a customer of the source holds by now: they are in two hands.

    Attributes:
        codes: Of them, in a file that lives as long as the block that gives this.
        count: How many.
        unknown: Codes that the source's vendor counts as handed out without that anybody knows which.
        notes: How far the sources of this reach, for people.
    """

    codes: TextCodeSet
    count: int
    unknown: int
    notes: tuple[str, ...]

    @property
    def message(self) -> str:
        """The finding, in a sentence for people."""
        if self.count:
            found = f"{self.count:,} codes that moved as free were handed out at the source since"
        else:
            found = "no code that moved as free is known to be handed out at the source since"
        return "; ".join((found, *self.notes))


@attrs.frozen(kw_only=True)
class SecondLook:
    """Looks at the source again.

    Attributes:
        planner: Knows where holders are known from.
        kept: The files of the migration.
        plan: As it is applied.
    """

    planner: Planner
    kept: KeptMigration
    plan: MigrationPlan

    @contextmanager
    def look(self, list_id: str, workspace: Path) -> Iterator[HandedOut]:
        """Find what was handed out since, for the block.

        Args:
            list_id: The list at the target.
            workspace: An empty private folder for files on the way.

        Raises:
            CouponhubError: A file is gone, or the source's vendor does not answer.
        """
        known, origin = self.planner.handed_out(self.plan, list_id, _folder(workspace / "now"))
        path, folder = workspace / "double.csv", _folder(workspace / "way")
        free = as_set(self.kept.path(class_file("free")), workspace / "free.txt")
        given_out = [one for group in known.found.classes.values() for one in group if one.size]
        count = 0
        if free.size and given_out:
            # First of the few that were given out, so that nothing is made of the many where none of them met.
            met = workspace / "met.csv"
            engine = self.planner.engine
            count = intersect(given_out, (free,), met, folder, rules=origin.rules, engine=engine).shared
            if count:
                intersect((free,), (as_set(met),), path, folder, rules=origin.rules, engine=engine)
        yield HandedOut(
            codes=as_set(path) if count else free,
            count=count,
            unknown=max(
                unknown_of(origin.shown, known, sum(map(lines_of, given_out))),
                0 if known.is_reported else self._unknown_since(origin.shown, count),
            ),
            notes=known.notes,
        )

    def _unknown_since(self, shown: CouponList, named: int) -> int:
        """Count the codes that the vendor handed out since the plan, but for those of them that are known by name.

        Holders of other lists' codes, whom a file may name too, alter nothing of it.
        """
        before, now = handed_out_of(self.plan.source), handed_out_of(shown)
        if before is None or now is None:
            return 0
        return max(0, self.plan.counts.unknown + now - before - named)


def _folder(path: Path) -> Path:
    path.mkdir(mode=0o700)
    return path
