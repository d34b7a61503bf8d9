"""The content of a state, as it is moved: rows of tables, files, and what there is one of."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from enum import StrEnum
from hashlib import blake2b
from pathlib import Path
from typing import Any, Protocol

import attrs

from couponhub.state.hashing import HashKey
from couponhub.state.sql.ledger import storable

ORDERED = frozenset({"uploads", "tokens", "jobs", "migration_events", "audit_events"})
"""The tables whose rows are read in the order in which they were written."""
NOT_MOVED: Mapping[str, frozenset[str]] = {"jobs": frozenset({"owner", "leased_until", "leased_for"})}
"""Columns that mean something only where they are: who drives a job now."""
LEFT_BEHIND = frozenset({"vendor_calls", "server_faults", "calls_left_out"})
"""The tables that are for diagnosis alone: they tell of the machines that wrote them, for some days."""
_SIZE = 16
_LARGEST = 1 << (8 * _SIZE)

Columns = Mapping[str, Sequence[str]]
"""The columns that are moved of each table; tables in an order in which they can be filled."""


class MovedKind(StrEnum):
    """The use of a file."""

    CODES = "codes"
    ROWS = "rows"
    PART = "part"
    JOB = "job"


@attrs.frozen(kw_only=True, order=True)
class MovedFile:
    """A file of a state, by what it belongs to.

    Attributes:
        connection: Of the upload; of a job's file the job.
        owner: The upload; of a job's file the job, as a name of files.
        label: The number of the part, or the name of a job's file, as a name of files; "" of a record of rows.
        created_at: By which its age is counted, in seconds since the epoch.
    """

    kind: MovedKind
    connection: str
    list_id: str
    owner: str
    label: str
    created_at: float = attrs.field(eq=False)


@attrs.frozen(kw_only=True)
class Singles:
    """The things that a state has one of.

    Attributes:
        key: Of the customers' hashes; None where none was made yet.
        is_key_configured: True when the settings hold it, so that it lies nowhere.
        preference: The connections that lookups ask first.
        erasure_mark: The mark of the last erasure in files of jobs; b"" before the first.
    """

    key: HashKey | None
    is_key_configured: bool
    preference: tuple[str, ...]
    erasure_mark: bytes


class Content(Protocol):
    """The content of a state, read within the block that gives it."""

    def rows(self, table: str, columns: Sequence[str]) -> Iterator[Sequence[Any]]:
        """Give the rows of a table, without holding all of them."""
        ...

    def files(self) -> Iterable[MovedFile]:
        """Give all files."""
        ...

    def fetch(self, file: MovedFile, path: Path) -> None:
        """Copy a file to a new one of this machine.

        Raises:
            LocalError: It cannot be had.
        """
        ...

    def singles(self) -> Singles:
        """Return what there is one of."""
        ...


class Filling(Content, Protocol):
    """A state that is being filled, and can be read meanwhile by whoever fills it."""

    def put_rows(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Write rows."""
        ...

    def put_file(self, file: MovedFile, path: Path) -> None:
        """Keep a file, which stays where it is."""
        ...

    def put_singles(self, singles: Singles) -> None:
        """Write what there is one of."""
        ...


class MovableState(Protocol):
    """A state that can be read as a whole, or made of another's content."""

    @property
    def place(self) -> str:
        """The place, for people."""
        ...

    def reading(self) -> AbstractContextManager[Content]:
        """Give the content; all of a database is of one moment."""
        ...

    def filling(self) -> AbstractContextManager[Filling]:
        """Fill a state that is empty. Nobody else finds anything of it before the block has ended, nor after one that failed.

        Raises:
            LocalError: It is not empty, or somebody else is filling it.
        """
        ...


@attrs.frozen(kw_only=True)
class Fingerprint:
    """The fingerprint of the rows of a table, or of the files of one kind.

    Attributes:
        count: How many there are.
        size: Of files, the bytes of all; else 0.
        digest: Another one where anything differs, whatever the order; of ordered tables that too.
    """

    count: int = 0
    size: int = 0
    digest: str = "0" * (2 * _SIZE)

    def plus(self, content: bytes, size: int = 0) -> "Fingerprint":
        """Return that of one more."""
        number = int.from_bytes(blake2b(content, digest_size=_SIZE).digest())
        total = (int(self.digest, 16) + number) % _LARGEST
        return Fingerprint(count=self.count + 1, size=self.size + size, digest=f"{total:0{2 * _SIZE}x}")


class Counted:
    """Rows on their way, as every database can hold them, counted as they pass.

    Args:
        table: Whose they are.
        rows: The rows.
    """

    def __init__(self, table: str, rows: Iterable[Sequence[Any]]) -> None:
        self._rows = rows
        self._is_ordered = table in ORDERED
        self._count = self._total = 0

    def __iter__(self) -> Iterator[Sequence[Any]]:
        for row in self._rows:
            kept = tuple(storable(cell) if isinstance(cell, str) else _plain(cell) for cell in row)
            place = self._count if self._is_ordered else None
            self._total += int.from_bytes(blake2b(repr((place, kept)).encode(), digest_size=_SIZE).digest())
            self._count += 1
            yield kept

    @property
    def fingerprint(self) -> Fingerprint:
        """That of the rows that passed."""
        return Fingerprint(count=self._count, digest=f"{self._total % _LARGEST:0{2 * _SIZE}x}")


def fingerprint_of(table: str, rows: Iterable[Sequence[Any]]) -> Fingerprint:
    """Return the fingerprint of rows."""
    counted = Counted(table, rows)
    for _ in counted:
        pass
    return counted.fingerprint


def _plain(cell: object) -> object:
    return bytes(cell) if isinstance(cell, (bytearray, memoryview)) else cell
