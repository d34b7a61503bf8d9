"""Whether codes of a report are known to be of another list, by what was once sent there."""

from collections.abc import Iterable
from pathlib import Path

from couponhub.models import ListId
from couponhub.store import Ledger

_BLOCK = 1 << 20
_LOOKED_THROUGH = 4 << 20
"""Bytes of each code set of another list: of so many codes, some would be among those of its report."""


def known_elsewhere(ledger: Ledger, own: ListId, others: Iterable[ListId], codes: frozenset[str]) -> bool:
    """Whether some of the codes were sent to another list, and not to `own`."""
    sought = frozenset(code.encode() for code in codes)
    found: set[bytes] = set()
    for list_id in others:
        for path in ledger.codes_sent(list_id):
            found |= _among(path, sought, _LOOKED_THROUGH)
    for path in ledger.codes_sent(own) if found else ():
        found -= _among(path, frozenset(found), None)
    return bool(found)


def _among(path: Path, sought: frozenset[bytes], most: int | None) -> set[bytes]:
    found: set[bytes] = set()
    try:
        with path.open("rb") as file:
            rest = b""
            while (most is None or file.tell() < most) and (block := file.read(_BLOCK)):
                *lines, rest = (rest + block).split(b"\n")
                found |= sought.intersection(lines)
            return found | sought.intersection((rest,))
    except FileNotFoundError:  # removed for its age in this moment
        return found
