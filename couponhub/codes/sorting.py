"""Codes of sets, taken as one, sorted by whether others hold them: by this process, or by a cluster where there are many."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import attrs

from couponhub.codes.joins.settings import SetsSettings
from couponhub.codes.scratch import scratch_in
from couponhub.models import CodeFileRules
from couponhub.state import CodeSet

if TYPE_CHECKING:
    from couponhub.codes.joins.clustered import ClusteredCodes
    from couponhub.codes.sets.many import ManyCodes


@attrs.frozen(kw_only=True)
class SetCounts:
    """The lines of a set, and of how many others hold the code: rows = duplicates + apart + shared.

    Attributes:
        rows: Lines.
        duplicates: Lines whose code stood in an earlier one.
        apart: Different codes that stand in no other set.
        shared: Different codes that do.
    """

    rows: int
    duplicates: int
    apart: int
    shared: int


class SortedCodes(Protocol):
    """Codes of sets, taken as one, sorted by whether others hold them."""

    def each_code(self, then: Callable[[bytes], object], *, are_shared: bool) -> None:
        """Give the first of each code, a block of lines at a time: those that others hold, or the rest."""
        ...


@contextmanager
def sorted_out(
    codes: Iterable[CodeSet],
    others: Iterable[CodeSet],
    workspace: Path,
    rules: CodeFileRules,
    engine: SetsSettings | None,
) -> Iterator[tuple[SortedCodes, SetCounts]]:
    """Sort the codes of sets, taken as one, by whether others hold them; for the block, each of them once.

    Raises:
        LocalError, ConfigError: As of `subtract`.
    """
    codes, others = tuple(codes), tuple(others)
    if engine is not None and for_cluster((*codes, *others), engine):
        from couponhub.codes.joins.clustered import sorted_on_cluster  # noqa: PLC0415 - an extra

        with sorted_on_cluster(codes, others, workspace, rules, engine) as (found,):
            yield found, counts_of(found)
        return
    with sorted_here(codes, others, workspace, rules) as sorted_codes:
        yield sorted_codes


@contextmanager
def sorted_here(
    codes: Iterable[CodeSet], others: Iterable[CodeSet], workspace: Path, rules: CodeFileRules
) -> Iterator[tuple["ManyCodes", SetCounts]]:
    """As `sorted_out`, in this process.

    Raises:
        LocalError: As of `subtract`.
    """
    from couponhub.codes.sets.many import ManyCodes  # noqa: PLC0415 - brings NumPy in

    with scratch_in(workspace) as scratch, ManyCodes(scratch, rules, None) as many:
        for code_set in codes:
            many.add_set(code_set)
        found = many.settle(tuple(others))
        apart = many.rows - found.duplicates - found.skipped
        yield many, SetCounts(rows=many.rows, duplicates=found.duplicates, apart=apart, shared=found.skipped)


def for_cluster(all_sets: Iterable[CodeSet], engine: SetsSettings) -> bool:
    """Tell whether a cluster is configured, and sets have so many codes that it is asked."""
    if not engine.is_cluster:
        return False
    from couponhub.codes.joins.clustered import are_many  # noqa: PLC0415 - few have a cluster

    return are_many(all_sets)


def counts_of(found: "ClusteredCodes") -> SetCounts:
    """Return the counts of codes that were sorted on a cluster."""
    duplicates = found.rows - found.apart - found.shared
    return SetCounts(rows=found.rows, duplicates=duplicates, apart=found.apart, shared=found.shared)
