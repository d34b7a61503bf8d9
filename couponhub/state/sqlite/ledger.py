"""The ledger of uploads in SQLite, and its code sets in files beside it."""

import json
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from types import MappingProxyType

import attrs

from couponhub.clock import utc_now
from couponhub.errors import LocalError, WaitTimeout
from couponhub.models import ListId, Part, PartId, UploadId, UploadStatus
from couponhub.shown import encodable
from couponhub.state.ledger import ListHistory
from couponhub.state.records import DELETED, PartRecord, Stage, UploadRecord
from couponhub.state.sqlite.codesets import CodeSets
from couponhub.state.sqlite.database import LedgerDatabase
from couponhub.state.sqlite.locks import FileLocks
from couponhub.state.sqlite.part_files import PartFiles

_LARGEST = 2**63 - 1
"""The largest number that SQLite holds."""

_SHOWN = (
    *("id", "name", "status", "vendor_status", "rows", "accepted", "rejected"),
    *("error_file", "success_file", "created_at", "updated_at"),
)
"""The fields of a vendor's part that are kept."""
_COLUMNS = MappingProxyType({"id": "vendor_id"})
"""The columns of these, where they are called otherwise."""


class SqliteLedger:
    """A `Ledger` in SQLite.

    Args:
        store: Where it is kept; several ledgers may share one.
        connection: The connection's name.
        now: The clock of what is written, for tests.
        clock: That of the age of code sets, in seconds since the epoch; the same for tests.
    """

    def __init__(
        self,
        store: LedgerDatabase,
        connection: str,
        *,
        now: Callable[[], datetime] = utc_now,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self._store = store
        self._connection = connection
        self._now = now
        self._clock = clock or (lambda: time.time())  # noqa: PLW0108 - looked up with each use
        self._locks = FileLocks(store.layout)
        self._files = PartFiles(store)

    def require_writable(self) -> None:
        """As `Ledger.require_writable`."""
        with self._store.transaction():
            pass

    @contextmanager
    def list_lock(self, list_id: ListId, *, timeout: float | None) -> Iterator[None]:
        """As `Ledger.list_lock`."""
        with ExitStack() as held:
            try:
                held.enter_context(self._locks.hold((self._connection, list_id), timeout=timeout))
            except WaitTimeout:
                raise WaitTimeout(
                    "another upload to this list is still being sent; nothing was sent"
                ) from None
            yield

    def is_locked(self, upload: UploadRecord) -> bool:
        """As `Ledger.is_locked`."""
        if not self._locks.is_held((self._connection, upload.list_id)):
            return False
        with self._store.reading() as database:
            newest = database.execute(
                "SELECT id FROM uploads WHERE connection = ? AND list_id = ? ORDER BY rowid DESC LIMIT 1",
                (self._connection, upload.list_id),
            ).fetchone()
        return newest is not None and newest["id"] == upload.id

    def workspace(self) -> AbstractContextManager[Path]:
        """As `Ledger.workspace`."""
        return self._code_sets.workspace()

    def begin(
        self,
        upload: UploadRecord,
        codes: Sequence[Path] = (),
        files: Sequence[Path] = (),
        rows: Path | None = None,
    ) -> UploadRecord:
        """As `Ledger.begin`."""
        now = self._now()
        upload = attrs.evolve(
            upload,
            created_at=now,
            updated_at=now,
            parts=tuple(part.known_as(updated_at=now) for part in upload.parts),
        )
        with _told_as_local():
            days, moment = self._store.settings.retention_days, self._clock()
            self._code_sets.purge(days, moment)
            self._files.purge(days, moment)
        # Before the codes, so that a set of which there is no row tells that rows were lost. Of a part that is only
        # prepared the codes need not be known.
        with self._store.transaction() as database:
            _insert(database, "uploads", _upload_row(upload))
            for part in upload.parts:
                _insert(database, "parts", _part_row(upload.id, part))
        with _told_as_local():
            for part, path in zip(upload.parts, codes, strict=False):
                place = self._code_sets.path(self._connection, upload.list_id, upload.id, part.number)
                self._code_sets.keep(path, place)
            if rows is not None:
                place = self._code_sets.record_path(self._connection, upload.list_id, upload.id)
                self._code_sets.keep(rows, place)
            self._files.keep(upload, files)
        return upload

    def part_file(self, upload: UploadRecord, number: int) -> Path | None:
        """As `Ledger.part_file`."""
        return self._files.find(upload, number)

    def row_record(self, upload: UploadRecord) -> Path | None:
        """As `Ledger.row_record`."""
        with _told_as_local():
            folder = self._code_sets.of_list(self._connection, upload.list_id)
            return self._code_sets.records_in(folder).get(upload.id)

    def drop_files(self, upload: UploadRecord) -> None:
        """As `Ledger.drop_files`."""
        self._files.drop(upload, [part.number for part in upload.parts])

    def has_all(self, upload: UploadRecord) -> bool:
        """As `Ledger.has_all`."""
        with _told_as_local():
            kept = self._code_sets.kept(self._connection, upload.list_id)
        return all(
            (upload.id, part.number) in kept and self._files.find(upload, part.number) is not None
            for part in upload.parts
            if part.shown.rows is not None and part.stage is Stage.PREPARED
        )

    def mark_submitting(self, upload: UploadRecord, number: int) -> UploadRecord:
        """As `Ledger.mark_submitting`."""
        return self._change(upload, number, stage=Stage.SUBMITTING, submitted_at=self._now())

    def mark_submitted(self, upload: UploadRecord, number: int, part: Part) -> UploadRecord:
        """As `Ledger.mark_submitted`."""
        known = upload.parts[number - 1]
        seen = known.seen_as(part)
        written = upload.with_part(seen) if seen == known else self._replace(upload, seen)
        if part.status.ended and part.status is not UploadStatus.FAILED:
            self._files.drop(upload, [number])
        return written

    def mark_absent(self, upload: UploadRecord, number: int) -> UploadRecord:
        """As `Ledger.mark_absent`."""
        return self._change(upload, number, stage=Stage.ABSENT)

    def mark_deleted(self, upload: UploadRecord, number: int) -> UploadRecord:
        """As `Ledger.mark_deleted`."""
        gone = upload.parts[number - 1].known_as(
            status=UploadStatus.FAILED, vendor_status=DELETED, accepted=0, rejected=None
        )
        written = self._replace(upload, attrs.evolve(gone, stage=Stage.SUBMITTED, url=None))
        self._files.drop(upload, [number])
        return written

    def renew(self, upload: UploadRecord, number: int, name: str) -> UploadRecord:
        """As `Ledger.renew`."""
        now = self._now()
        part = PartRecord.prepared(number, name=name, rows=upload.parts[number - 1].shown.rows)
        row = _part_row(upload.id, part.known_as(updated_at=now))
        with self._store.transaction() as database:
            database.execute(
                f"UPDATE parts SET {', '.join(f'{column} = :{column}' for column in row)}"  # noqa: S608 - our own column names
                " WHERE upload_id = :upload_id AND number = :number AND stage = :is_stage AND status = :is_status"
                " AND vendor_status IS NOT :is_not",
                row | {"is_stage": Stage.SUBMITTED, "is_status": UploadStatus.FAILED, "is_not": DELETED},
            )
            database.execute("UPDATE uploads SET updated_at = ? WHERE id = ?", (now.isoformat(), upload.id))
        return self.find(upload.id) or upload

    def find(self, upload_id: UploadId) -> UploadRecord | None:
        """As `Ledger.find`."""
        return next(iter(self._select("id = ?", upload_id)), None)

    def find_by_part(self, list_id: ListId, part_id: PartId) -> UploadRecord | None:
        """As `Ledger.find_by_part`."""
        found = self._select(
            "list_id = ? AND id IN (SELECT upload_id FROM parts WHERE vendor_id = ? AND NOT (stage = ? AND"
            " vendor_status = ?))",
            list_id,
            part_id,
            Stage.SUBMITTED,
            DELETED,
            most=1,
        )
        return next(iter(found), None)

    def of_list(self, list_id: ListId) -> tuple[UploadRecord, ...]:
        """As `Ledger.of_list`."""
        return self._select("list_id = ?", list_id)

    def all(self) -> tuple[UploadRecord, ...]:
        """As `Ledger.all`."""
        return self._select("TRUE")

    def history(self, list_id: ListId) -> ListHistory:
        """As `Ledger.history`."""
        with _told_as_local():
            sets, connection = self._code_sets, self._connection
            # The code sets first: one that is found then has its row, unless that was lost.
            kept = sets.kept(connection, list_id)
            has_place = bool(kept) or sets.has_folder(connection, list_id)
        return ListHistory(uploads=self.of_list(list_id), kept=kept, has_place=has_place)

    @property
    def _code_sets(self) -> CodeSets:
        return CodeSets(self._store.layout.codes)

    def _change(
        self, upload: UploadRecord, number: int, *, stage: Stage, submitted_at: datetime | None = None
    ) -> UploadRecord:
        known = upload.parts[number - 1]
        changed = attrs.evolve(known, stage=stage, submitted_at=submitted_at or known.submitted_at)
        # `upload` may be older than what is written: what the vendor was seen to have outweighs what we infer.
        return self._replace(upload, changed, unless=Stage.SUBMITTED)

    def _replace(
        self, upload: UploadRecord, part: PartRecord, *, unless: Stage | None = None
    ) -> UploadRecord:
        """Write a part, unless it is written down at that stage; then answer the upload as it is written."""
        now = self._now()
        part = part.known_as(updated_at=now)
        row = _part_row(upload.id, part)
        with self._store.transaction() as database:
            replaced = database.execute(
                f"UPDATE parts SET {', '.join(f'{column} = :{column}' for column in row)}"  # noqa: S608 - our own column names
                " WHERE upload_id = :upload_id AND number = :number AND stage IS NOT :unless",
                row | {"unless": unless},
            ).rowcount
            if replaced:
                database.execute(
                    "UPDATE uploads SET updated_at = ? WHERE id = ?", (now.isoformat(), upload.id)
                )
        if not replaced:
            return self.find(upload.id) or upload
        return attrs.evolve(upload.with_part(part), updated_at=now)

    def _select(self, condition: str, *values: str, most: int = -1) -> tuple[UploadRecord, ...]:
        # By rowid, which only grows: a clock that was set back must not make the newest look old.
        chosen = f"FROM uploads WHERE connection = ? AND {condition} ORDER BY rowid LIMIT {most}"
        given = (self._connection, *values)
        with self._store.reading() as database:
            uploads = database.execute(f"SELECT * {chosen}", given).fetchall()
            parts = database.execute(
                f"SELECT * FROM parts WHERE upload_id IN (SELECT id {chosen}) ORDER BY upload_id, number",  # noqa: S608 - our own texts
                given,
            ).fetchall()
        of = {key: tuple(rows) for key, rows in groupby(parts, key=itemgetter("upload_id"))}
        return tuple(_upload(row, of.get(row["id"], ())) for row in uploads)


@contextmanager
def _told_as_local() -> Iterator[None]:
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise LocalError(f"the store's files cannot be used: {error}") from error


def _insert(database: sqlite3.Connection, table: str, row: dict[str, object]) -> None:
    columns = ", ".join(row)
    values = ", ".join(f":{column}" for column in row)
    database.execute(f"INSERT INTO {table} ({columns}) VALUES ({values})", row)  # noqa: S608 - our own column names


def _upload_row(upload: UploadRecord) -> dict[str, object]:
    row = attrs.asdict(upload, recurse=False, filter=lambda field, _: field.name != "parts")
    return _plain(row | {"warnings": json.dumps(upload.warnings)})


def _part_row(upload_id: UploadId, part: PartRecord) -> dict[str, object]:
    own = attrs.asdict(part, recurse=False, filter=lambda field, _: field.name != "shown")
    shown = {_COLUMNS.get(name, name): getattr(part.shown, name) for name in _SHOWN}
    return _plain({"upload_id": upload_id, **own, **shown})


def _plain(row: dict[str, object]) -> dict[str, object]:
    return {column: _plain_value(value) for column, value in row.items()}


def _plain_value(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, str):
        return value if value.isascii() else encodable(value)  # a vendor's word, which need not be text
    if isinstance(value, int):
        return max(
            -_LARGEST, min(value, _LARGEST)
        )  # a vendor's count, which need not fit; no file has so many rows
    return value


def _upload(row: sqlite3.Row, parts: Sequence[sqlite3.Row]) -> UploadRecord:
    return UploadRecord(
        id=UploadId(row["id"]),
        connection=row["connection"],
        list_id=ListId(row["list_id"]),
        name=row["name"],
        fingerprint=row["fingerprint"],
        rows=row["rows"],
        duplicates=row["duplicates"],
        skipped=row["skipped"],
        tagging=row["tagging"],
        warnings=tuple(json.loads(row["warnings"])),
        created_at=datetime.fromisoformat(row["created_at"]),
        updated_at=datetime.fromisoformat(row["updated_at"]),
        parts=tuple(_part(part) for part in parts),
    )


def _part(row: sqlite3.Row) -> PartRecord:
    known = {name: row[_COLUMNS.get(name, name)] for name in _SHOWN}
    moments = {name: _moment(row[name]) for name in ("created_at", "updated_at")}
    return PartRecord(
        number=row["number"],
        shown=Part(**(known | moments)),
        stage=Stage(row["stage"]),
        url=row["url"],
        submitted_at=_moment(row["submitted_at"]),
    )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
