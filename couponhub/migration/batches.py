"""The files that a migration sends, each as one upload: what the target takes of the codes that are to move."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import attrs

from couponhub.codes import PreparedCodes, prepare, shared
from couponhub.codes.writing import csv_rows, header_row
from couponhub.migration.code_files import create, csv_batches, digest_of, joined
from couponhub.models import CodeFileRules, Identifier, IssuedAs, Tagging
from couponhub.state import CodeSet, TextCodeSet

FREE, ISSUED = "free", "issued"
TAGGED_COLUMNS = ("customer", "code")


@attrs.frozen(kw_only=True)
class Way:
    """The way of codes to the target.

    Attributes:
        rules: How its vendor wants its files, and compares codes.
        issued_as: What becomes of codes that customers hold.
        tags: The identifiers by which codes are bound to customers there.
        sent: What was sent to the list before.
    """

    rules: CodeFileRules
    issued_as: IssuedAs
    tags: frozenset[Identifier]
    sent: tuple[CodeSet, ...]


@attrs.frozen(kw_only=True)
class BatchFile:
    """Codes that go as one upload, in a file of their own.

    Attributes:
        kind: `free` or `issued`.
        identifier: As which the column `customer` names customers; None where the file has codes alone.
        path: CSV with the header `code`, or `customer,code`; only rows that the target takes.
        rows: Of it.
        parts: Vendor files that it becomes.
        bytes: Of these.
        fingerprint: Of its codes, in a tagged one with their customers.
    """

    kind: str
    identifier: Identifier | None
    path: Path
    rows: int
    parts: int
    bytes: int
    fingerprint: str
    codes: tuple[TextCodeSet, ...] = attrs.field(repr=False)

    @property
    def sha256(self) -> str:
        """The SHA-256 of the fingerprint, in hex."""
        return hashlib.sha256(self.fingerprint.encode()).hexdigest()


@attrs.frozen(kw_only=True)
class Batches:
    """All of them, in the order in which they go, and what stays behind.

    Attributes:
        at_target: Codes that were sent to the target list before.
        same_at_target: Codes that the target takes for another one that goes.
        held_left_out: Codes of both kinds that were to be bound to their customers.
        rejected: Codes that it does not take, by what is wrong with them.
        left: Issued codes that stay at the source.
    """

    files: tuple[BatchFile, ...]
    at_target: int
    same_at_target: int
    held_left_out: int
    rejected: Mapping[str, int]
    left: int


def write_batches(classes: Path, folder: Path, way: Way) -> Batches:
    """Write the files that will be sent: `batch-1.csv` ..., free codes first.

    Args:
        classes: The folder with the files of the classes.
        folder: A new private folder; beside the batches it holds `free.sent.csv` ... as the classes have them.
        way: How they go.

    Raises:
        LocalError: The disk is full.
    """
    folder.mkdir(mode=0o700)
    writer = _Writer(folder, way)
    issued: list[BatchFile] = []
    left = 0
    # A code that somebody holds outweighs a free one that the target could not tell from it.
    if way.issued_as is IssuedAs.SKIP:
        left = sum(len(rows) for rows in csv_batches(classes / "issued.csv"))
    else:
        files, left = _issued_files(classes / "issued.csv", folder, way)
        issued = [one for kind, path in files if (one := writer.batch(path, ISSUED, kind)) is not None]
    held_left_out = writer.at_target + writer.same if way.issued_as is IssuedAs.TAGGED else 0
    free = writer.batch(classes / "free.csv", FREE, None)
    ordered = [*([free] if free else []), *issued]
    named: list[BatchFile] = []
    for number, one in enumerate(ordered, start=1):
        path = folder / f"batch-{number}.csv"
        one.path.rename(path)
        named.append(attrs.evolve(one, path=path))
    return Batches(
        files=tuple(named),
        at_target=writer.at_target,
        same_at_target=writer.same,
        held_left_out=held_left_out,
        rejected=dict(writer.rejected),
        left=left,
    )


class _Writer:
    def __init__(self, folder: Path, way: Way) -> None:
        self._folder = folder
        self._way = way
        self._taken: list[TextCodeSet] = []
        self.at_target = self.same = 0
        self.rejected: Counter[str] = Counter()

    def batch(self, path: Path, kind: str, identifier: Identifier | None) -> BatchFile | None:
        """Prepare a file as the target wants it; None where nothing of it goes."""
        way, folder = self._way, self._new()
        tagging = None if identifier is None else Tagging(identifier=identifier, column=TAGGED_COLUMNS[0])
        if _is_empty(path):
            return None
        prepared = prepare(
            path,
            way.rules,
            folder,
            column="code",
            tagging=tagging,
            accepts_ruined=True,
            sent=(*way.sent, *self._taken),
            rejects=folder / "rejects",
            refuses=False,
        )
        self.rejected.update(prepared.reasons)
        self._tell_collisions(prepared, path, tagging)
        codes = tuple(TextCodeSet(part.codes) for part in prepared.parts)
        if not codes:
            return None
        self._taken += codes
        columns = ("code",) if tagging is None else TAGGED_COLUMNS
        paths = [part.path for part in prepared.parts]
        whole = joined(
            folder / "whole.csv",
            csv_rows([columns]),
            paths,
            header_row(way.rules, tagged=tagging is not None),
        )
        if tagging is None:
            lines: Iterable[bytes] = (text for one in codes for text in one.texts())
        else:
            lines = (_lines(identifier, rows) for rows in csv_batches(whole))
        for part in paths:
            part.unlink()
        return BatchFile(
            kind=kind,
            identifier=identifier,
            path=whole,
            rows=sum(part.rows for part in prepared.parts),
            parts=len(prepared.parts),
            bytes=sum(part.size for part in prepared.parts),
            fingerprint=digest_of(lines),
            codes=codes,
        )

    def _tell_collisions(self, prepared: PreparedCodes, path: Path, tagging: Tagging | None) -> None:
        self.same += prepared.duplicates
        if not prepared.skipped:
            return
        at_target = prepared.skipped
        if self._taken:
            at_target = 0
            if self._way.sent:
                folder = self._new()
                at = 0 if tagging is None else 1
                source = folder / "codes.txt"
                with create(source) as file:
                    for rows in csv_batches(path):
                        file.write("".join(f"{row[at]}\n" for row in rows).encode())
                at_target = shared(TextCodeSet(source), self._way.sent, self._way.rules, folder)
                at_target = min(at_target, prepared.skipped)
        self.at_target += at_target
        self.same += prepared.skipped - at_target

    def _new(self) -> Path:
        folder = self._folder / f"made-{len(list(self._folder.iterdir()))}"
        folder.mkdir(mode=0o700)
        return folder


def _issued_files(
    issued: Path, folder: Path, way: Way
) -> tuple[Sequence[tuple[Identifier | None, Path]], int]:
    """Write the issued codes that go, a file for each kind of identifier; also return how many stay."""
    if way.issued_as is IssuedAs.FREE:
        path = folder / "issued.csv"
        with create(path) as file:
            file.write(b"code\n")
            for rows in csv_batches(issued):
                file.write(csv_rows([(row[2],) for row in rows]))
        return [(None, path)], 0
    left = 0
    files: dict[Identifier, Path] = {}
    for rows in csv_batches(issued):
        for kind in sorted(way.tags):
            named = [(row[1], row[2]) for row in rows if row[0] == kind.value]
            if named and kind not in files:
                files[kind] = folder / f"issued-{kind.value}.csv"
                files[kind].touch(mode=0o600, exist_ok=False)
                files[kind].write_bytes(csv_rows([TAGGED_COLUMNS]))
            if named:
                with files[kind].open("ab") as file:
                    file.write(csv_rows(named))
        words = {kind.value for kind in way.tags}
        left += sum(row[0] not in words for row in rows)
    return list(files.items()), left


def _lines(identifier: Identifier | None, rows: Sequence[Sequence[str]]) -> bytes:
    return "".join(f"{identifier}\x1f{customer}\x1f{code}\n" for customer, code in rows).encode()


def _is_empty(path: Path) -> bool:
    return next(csv_batches(path, 1), None) is None
