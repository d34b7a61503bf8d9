"""Looks up whether codes of a report are known to be of another list, by what was once sent there."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import attrs

from couponhub.errors import LocalError
from couponhub.models import ListId
from couponhub.state import CodeSet, Ledger, codes_in

_LOOKED_THROUGH = 4
"""Batches of each code set of another list: of so many codes, some would be among those of its report."""


def known_elsewhere(ledger: Ledger, own: ListId, others: Iterable[ListId], codes: frozenset[str]) -> bool:
    """Return True when some of the codes were sent to another list, and not to `own`."""
    found: set[str] = set()
    for list_id in others:
        for code_set in ledger.history(list_id).sent:
            found |= _among(_Beginning(code_set), codes)
    for code_set in ledger.history(own).sent if found else ():
        found -= _among(code_set, frozenset(found))
    return bool(found)


def _among(code_set: CodeSet, codes: frozenset[str]) -> frozenset[str]:
    try:
        return codes_in(code_set, codes, ignores_case=False)
    except LocalError:
        if code_set.is_kept():
            raise
        return frozenset()  # removed for its age in this moment


@attrs.frozen
class _Beginning:
    """The first codes of a code set."""

    whole: CodeSet

    def batches(self) -> Iterator[Sequence[str]]:
        return islice(self.whole.batches(), _LOOKED_THROUGH)

    def is_kept(self) -> bool:
        return self.whole.is_kept()
