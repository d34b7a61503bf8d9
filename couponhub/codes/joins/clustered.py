"""Sets of bare codes on a cluster: which of their rows are first, and which of those stand in others.

The codes go there as they are compared, and positions come back: what is written is read here, in the order and the spelling of
the first set, as where this machine does it alone.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from couponhub.codes.joins.cluster import SparkCluster, opened_cluster
from couponhub.codes.joins.settings import SetsSettings
from couponhub.codes.scratch import scratch_in
from couponhub.models import CodeFileRules
from couponhub.state import CodeSet

if TYPE_CHECKING:
    from couponhub.codes.sets.columns import RowMarks
    from couponhub.codes.sets.folding import Folding

MANY = 200_000
"""Codes from which on a cluster is asked: this machine is done with fewer before it has answered."""
_FIRST, _SECOND = "first_set", "second_set"


@attrs.frozen
class ClusteredCodes:
    """Codes of sets that were sorted out on a cluster.

    Attributes:
        codes: The sets, taken as one.
        rows: Lines.
        apart: Different codes that stand in no other set.
        shared: Different codes that do.
    """

    codes: Sequence[CodeSet]
    rows: int
    apart: int
    shared: int
    _marks: "RowMarks" = attrs.field(repr=False, alias="marks")

    def each_code(self, then: Callable[[bytes], object], *, are_shared: bool) -> None:
        """Give the first of each code, a block of lines at a time: those that others have, too, or the rest.

        Raises:
            LocalError: A set cannot be read.
        """
        for text in self._marks.chosen(self.codes, are_shared=are_shared):
            then(text)


def are_many(sets: Iterable[CodeSet]) -> bool:
    """Tell whether sets have so many codes together that a cluster is asked. No more of them is read than that takes.

    Raises:
        LocalError: A set cannot be read.
    """
    total = 0
    for each in sets:
        for batch in each.batches():
            total += len(batch)
            if total >= MANY:
                return True
    return total >= MANY


@contextmanager
def sorted_on_cluster(
    codes: Sequence[CodeSet],
    others: Sequence[CodeSet],
    workspace: Path,
    rules: CodeFileRules,
    engine: SetsSettings,
    *,
    both_ways: bool = False,
) -> Iterator[tuple[ClusteredCodes, ...]]:
    """Sort the codes of sets by whether others hold them; for the block.

    Args:
        codes: Taken as one.
        others: The same.
        workspace: An existing private folder.
        rules: The vendor's comparison.
        engine: Which cluster.
        both_ways: Sort the others, too.

    Raises:
        ConfigError: A setting is missing or wrong, or what it takes is not installed.
        LocalError: The cluster or the place failed, a set cannot be read, or the disk is full.
    """
    with scratch_in(workspace) as scratch:
        with opened_cluster(engine.engine, engine.place, scratch) as cluster:
            from couponhub.codes.joins.expressions import marked  # noqa: PLC0415 - brings Ibis in
            from couponhub.codes.sets.folding import Folding  # noqa: PLC0415 - stands beside NumPy

            folding = Folding(ignores_case=rules.ignores_case, ignores_blanks=rules.ignores_blanks)
            cluster.begin()
            counts = [
                _hand_over(cluster, name, each, folding, scratch)
                for name, each in ((_FIRST, codes), (_SECOND, others))
            ]
            ways = [(_FIRST, _SECOND, codes, counts[0]), (_SECOND, _FIRST, others, counts[1])]
            found = []
            for name, other, each, rows in ways if both_ways else ways[:1]:
                cluster.keep(f"{name}_marks", marked(name, other))
                found.append(_fetched(cluster, f"{name}_marks", each, rows, scratch))
        yield tuple(found)  # the cluster has done its part


def _hand_over(
    cluster: SparkCluster, name: str, codes: Sequence[CodeSet], folding: "Folding", folder: Path
) -> int:
    from couponhub.codes.sets.columns import write_columns  # noqa: PLC0415 - brings NumPy in

    rows = write_columns(codes, folding, folder, lambda path, number: cluster.put(name, path, number=number))
    cluster.name(name)
    return rows


def _fetched(
    cluster: SparkCluster, name: str, codes: Sequence[CodeSet], rows: int, scratch: Path
) -> ClusteredCodes:
    from couponhub.codes.sets.columns import RowMarks  # noqa: PLC0415 - brings NumPy in

    folder = scratch / name
    folder.mkdir(mode=0o700)
    marks = RowMarks.of(rows, folder)
    for path in cluster.fetched(name, folder):
        marks.add(path)
        if path.parent == folder:
            path.unlink()
    apart, shared = marks.counts
    return ClusteredCodes(codes, rows, apart, shared, marks)
