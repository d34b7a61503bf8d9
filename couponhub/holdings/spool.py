"""Rows that were read and checked, on their way to whoever asked: kept aside until the whole table is known to be good."""

import csv
import io
import tempfile
from collections.abc import Iterator
from datetime import datetime
from hashlib import blake2b
from typing import Any

import attrs

from couponhub.errors import LocalError
from couponhub.holdings.rows import Holding
from couponhub.models import Customer, HoldingStatus, Identifier, ListId

_IN_MEMORY = 256 << 10
"""Bytes of each part that are held in memory before it becomes a file."""
_PARTS = 64
_RANKS = {
    status: rank
    for rank, status in enumerate(
        # Of several events of one code. A word that nobody knows may stand for any of the later ones.
        (
            HoldingStatus.ISSUED,
            HoldingStatus.EXPIRED,
            HoldingStatus.UNKNOWN,
            HoldingStatus.REVOKED,
            HoldingStatus.REDEEMED,
        )
    )
}


@attrs.frozen(kw_only=True)
class ReadRow:
    """One row as it was read.

    Attributes:
        line: Where it stands.
        kind: Of the customer's identifier; None where the row names nobody.
        customer: Their identifier.
    """

    line: int
    code: str = attrs.field(repr=False)
    kind: Identifier | None
    customer: str = attrs.field(repr=False)
    status: HoldingStatus
    issued_at: datetime | None
    expires_at: datetime | None
    list_id: str | None


class HoldingSpool:
    """Rows laid aside in files without a name, which end with the process; small ones stay in memory.

    Args:
        fold: Rows about one code of one list and one customer become one, which stands as the weightiest of them says.
    """

    def __init__(self, *, fold: bool) -> None:
        self._fold = fold
        self._texts = [_nameless() for _ in range(_PARTS if fold else 1)]
        self._writers = [csv.writer(text) for text in self._texts]

    def add(self, row: ReadRow) -> None:
        """Lay a row aside.

        Raises:
            LocalError: The disk is full, or fails.
        """
        cells = (
            row.line,
            row.code,
            row.kind or "",
            row.customer,
            row.status,
            _written(row.issued_at),
            _written(row.expires_at),
            row.list_id or "",
        )
        at = 0
        if self._fold:
            at = blake2b(row.code.encode(errors="surrogatepass"), digest_size=2).digest()[0] % _PARTS
        try:
            self._writers[at].writerow(cells)
        except OSError as error:
            raise LocalError(f"the table cannot be laid aside while it is read: {error.strerror}") from error

    def holdings(self) -> Iterator[Holding]:
        """Give all rows, and end; in their order, but for folded ones of a table of many."""
        try:
            for text in self._texts:
                text.flush()
                text.seek(0)
                rows = map(_read, csv.reader(text))
                yield from map(_holding, _folded(rows) if self._fold else rows)
        finally:
            self.close()

    def close(self) -> None:
        """Let go of the files."""
        for text in self._texts:
            text.close()


def _nameless() -> io.TextIOWrapper:
    file: Any = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - the spool closes it
    return io.TextIOWrapper(file, "utf-8", errors="surrogatepass", newline="")


def _folded(rows: Iterator[ReadRow]) -> Iterator[ReadRow]:
    found: dict[tuple[str, str | None, str], ReadRow] = {}
    for row in rows:
        key = (row.code, row.list_id, row.customer)
        earlier = found.get(key)
        found[key] = row if earlier is None else _both(earlier, row)
    # An event without a customer is of the code's one holder, where it has one.
    holders: dict[tuple[str, str | None], list[tuple[str, str | None, str]]] = {}
    for key in found:
        if key[2]:
            holders.setdefault(key[:2], []).append(key)
    for code, list_id, customer in list(found):
        held_by = holders.get((code, list_id), [])
        if not customer and len(held_by) == 1:
            lone = found.pop((code, list_id, customer))
            found[held_by[0]] = _both(found[held_by[0]], lone)
    yield from sorted(found.values(), key=lambda row: row.line)


def _both(one: ReadRow, other: ReadRow) -> ReadRow:
    first, last = sorted((one, other), key=lambda row: row.line)
    return ReadRow(
        line=first.line,
        code=first.code,
        kind=first.kind or last.kind,
        customer=first.customer or last.customer,
        status=max(one.status, other.status, key=lambda status: _RANKS[status]),
        issued_at=min(filter(None, (one.issued_at, other.issued_at)), default=None),
        # The later row knows of an end that was moved.
        expires_at=last.expires_at or first.expires_at,
        list_id=first.list_id,
    )


def _written(moment: datetime | None) -> str:
    return "" if moment is None else moment.isoformat()


def _read(cells: list[str]) -> ReadRow:
    line, code, kind, customer, status, issued, expires, list_id = cells
    return ReadRow(
        line=int(line),
        code=code,
        kind=Identifier(kind) if kind else None,
        customer=customer,
        status=HoldingStatus(status),
        issued_at=datetime.fromisoformat(issued) if issued else None,
        expires_at=datetime.fromisoformat(expires) if expires else None,
        list_id=list_id or None,
    )


def _holding(row: ReadRow) -> Holding:
    return Holding(
        code=row.code,
        customer=None if row.kind is None else Customer(**{row.kind: row.customer}),
        status=row.status,
        issued_at=row.issued_at,
        expires_at=row.expires_at,
        list_id=None if row.list_id is None else ListId(row.list_id),
        line=row.line,
    )
