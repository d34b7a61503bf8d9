"""The ledger of uploads in PostgreSQL; code sets, records of rows and part files are brought here when they are read."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from datetime import datetime
from pathlib import Path

from couponhub.errors import LocalError
from couponhub.models import ListId, UploadId
from couponhub.state.ledger import ListHistory
from couponhub.state.postgresql.fetched_code_set import FetchedCodeSet
from couponhub.state.postgresql.file_ages import FileAges
from couponhub.state.postgresql.file_shelf import FileKind, FileShelf, KeptFile, selected
from couponhub.state.postgresql.list_lock import STILL_HELD, ListRights, lost_right
from couponhub.state.records import Stage, UploadRecord
from couponhub.state.sql.database import Statements
from couponhub.state.sql.ledger import PART_AS_KNOWN, UPLOAD_TOUCHED, SqlLedger, assigned, storable


class PostgresqlLedger(SqlLedger):
    """A `Ledger` in PostgreSQL.

    Args:
        shelf: Where its rows and files are kept.
        ages: Those of the files.
        connection: The connection's name.
        now: The clock of what is written.
        clock: That of the age of files, in seconds since the epoch.
    """

    def __init__(
        self,
        shelf: FileShelf,
        ages: FileAges,
        connection: str,
        *,
        now: Callable[[], datetime],
        clock: Callable[[], float],
    ) -> None:
        super().__init__(shelf.database, connection, now=now)
        self._shelf = shelf
        self._ages = ages
        self._clock = clock
        self._rights = ListRights(shelf.database, connection)

    def list_lock(self, list_id: ListId, *, timeout: float | None) -> AbstractContextManager[None]:
        """As `Ledger.list_lock`."""
        return self._rights.hold(list_id, timeout=timeout)

    def require_lock(self, list_id: ListId) -> None:
        """As `Ledger.require_lock`."""
        self._rights.require(list_id)

    def is_locked(self, upload: UploadRecord) -> bool:
        """As `Ledger.is_locked`."""
        return self._rights.is_held(upload.list_id) and self._newest(upload.list_id) == upload.id

    def workspace(self) -> AbstractContextManager[Path]:
        """As `Ledger.workspace`."""
        return self._shelf.local.workspace()

    def begin(
        self,
        upload: UploadRecord,
        codes: Sequence[Path] = (),
        files: Sequence[Path] = (),
        rows: Path | None = None,
    ) -> UploadRecord:
        """As `Ledger.begin`; killed half way, nothing stands in the ledger."""
        upload, moment = self._dated(upload), self._clock()
        self._ages.purge_uploads(moment)
        self._ages.clean_up_sometimes()
        kept = [*self._put(upload, FileKind.CODES, codes), *self._put(upload, FileKind.PART, files)]
        if rows is not None:
            kept.append(self._put_one(upload, FileKind.ROWS, rows, ""))
        with self._rows.transaction() as database:
            self._insert(database, upload)
            for one in kept:
                self._shelf.write(database, one, moment)
        for path in (*codes, *(() if rows is None else (rows,))):
            with suppress(OSError):
                path.unlink()
        return upload

    def part_file(self, upload: UploadRecord, number: int) -> Path | None:
        """As `Ledger.part_file`."""
        return self._shelf.path_of(FileKind.PART, upload.id, str(number))

    def kept_files(self, upload: UploadRecord) -> frozenset[int]:
        """As `Ledger.kept_files`."""
        found = self._shelf.chosen("kind = ? AND owner = ?", FileKind.PART, upload.id)
        return frozenset(int(one.label) for one in found)

    def row_record(self, upload: UploadRecord) -> Path | None:
        """As `Ledger.row_record`."""
        return self._shelf.path_of(FileKind.ROWS, upload.id)

    def has_all(self, upload: UploadRecord) -> bool:
        """As `Ledger.has_all`."""
        kept = {(one.kind, one.label) for one in self._shelf.chosen("owner = ?", upload.id)}
        return all(
            {(FileKind.CODES, str(part.number)), (FileKind.PART, str(part.number))} <= kept
            for part in upload.parts
            if part.shown.rows is not None and part.stage is Stage.PREPARED
        )

    def history(self, list_id: ListId) -> ListHistory:
        """As `Ledger.history`."""
        with self._rows.reading() as database:
            uploads = self._selected(database, "list_id = ?", list_id)
            sets = selected(
                database,
                "kind = ? AND connection = ? AND list_id = ?",
                FileKind.CODES,
                self._connection,
                storable(list_id),
            )
        kept = {(UploadId(one.owner), int(one.label)): FetchedCodeSet(self._shelf, one) for one in sets}
        # Rows do not go by themselves: where codes were kept and there is no row any more, it went for its age. What is
        # lost of a row that is there shows when it is read.
        return ListHistory(uploads=uploads, kept=kept, has_place=True)

    def _put(self, upload: UploadRecord, kind: FileKind, paths: Sequence[Path]) -> Iterator[KeptFile]:
        for part, path in zip(upload.parts, paths, strict=False):
            yield self._put_one(upload, kind, path, str(part.number))

    def _put_one(self, upload: UploadRecord, kind: FileKind, path: Path, label: str) -> KeptFile:
        return self._shelf.put(
            path,
            kind,
            connection=self._connection,
            list_id=storable(upload.list_id),
            owner=upload.id,
            label=label,
        )

    def _write_part(self, list_id: ListId, row: Mapping[str, object]) -> bool:
        # One statement, and so a transaction of its own: each way to the server and back takes as long as the writing.
        epoch = self._rights.epoch(list_id)
        held, known, assignments = "SELECT 1 AS epoch", PART_AS_KNOWN, assigned(row)
        if epoch is not None:
            held, assignments = STILL_HELD, f"{assignments}, epoch = :epoch"
            known = f"{known} AND parts.epoch <= :epoch AND EXISTS (SELECT FROM held)"
        with self._shelf.database.alone() as database:
            found = database.execute(
                f"WITH held AS ({held}), part AS (UPDATE parts SET {assignments} {known} RETURNING upload_id),"  # noqa: S608 - our own texts
                f" upload AS ({UPLOAD_TOUCHED} AND EXISTS (SELECT FROM part))"
                " SELECT EXISTS (SELECT FROM held) AS held, EXISTS (SELECT FROM part) AS written",
                {
                    **row,
                    "connection": self._connection,
                    "list_id": storable(list_id),
                    "epoch": epoch,
                },
            ).fetchone()
        if found is None or not found["held"]:
            raise lost_right(list_id, "nothing was written")
        return bool(found["written"])

    def _drop_parts(self, upload: UploadRecord, numbers: Sequence[int]) -> None:
        # Nobody waits for it, and what is told of the part matters more: it goes with the job, or by its age.
        with suppress(LocalError):
            labels = [str(number) for number in numbers]
            self._shelf.drop("kind = ? AND owner = ? AND label = ANY(?)", FileKind.PART, upload.id, labels)

    def _fence(self, database: Statements, list_id: ListId) -> int | None:
        return self._rights.fence(database, list_id)
