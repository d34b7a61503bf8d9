"""The number of codes that two sets have in common, as a vendor compares them."""

from collections.abc import Iterable
from pathlib import Path

from couponhub.codes.dedupe import Deduplicator
from couponhub.models import CodeFileRules
from couponhub.state import CodeSet, TextCodeSet

MUCH = 8 << 20
"""Bytes of codes from which on it pays to import what is made for many."""


def size_of(code_sets: Iterable[CodeSet]) -> int:
    """Return the bytes of code sets, as far as they are files."""
    return sum(each.size for each in code_sets if isinstance(each, TextCodeSet))


def shared(codes: CodeSet, others: Iterable[CodeSet], rules: CodeFileRules, workspace: Path) -> int:
    """Return how many of the codes stand in any of the others, in bounded memory.

    Args:
        codes: The codes.
        others: Where they are looked for.
        rules: How the vendor compares.
        workspace: An existing private folder, empty of files of this kind.

    Raises:
        LocalError: One of them cannot be read.
    """
    others = tuple(others)
    if size_of((codes, *others)) >= MUCH:
        from couponhub.codes.sets.many import shared_by_many  # noqa: PLC0415 - brings NumPy in

        return shared_by_many(codes, others, rules, workspace)
    rows = Deduplicator(workspace, ignores_case=rules.ignores_case, ignores_blanks=rules.ignores_blanks)
    for batch in codes.batches():
        rows.add(batch)
    for other in others:
        for batch in other.batches():
            rows.subtract(batch)
    return rows.run().skipped
