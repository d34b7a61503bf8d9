"""The ledger of uploads in a database: what is written down of them and of their parts, wherever their files lie."""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from types import MappingProxyType

import attrs

from couponhub.models import ListId, Part, PartId, UploadId, UploadStatus
from couponhub.shown import encodable
from couponhub.state.records import DELETED, PartRecord, Stage, UploadRecord
from couponhub.state.sql.database import Database, Row, Statements

_LARGEST = 2**63 - 1
"""The largest number that a database holds."""

_SHOWN = (
    *("id", "name", "status", "vendor_status", "rows", "accepted", "rejected"),
    *("error_file", "success_file", "created_at", "updated_at"),
)
"""The fields of a vendor's part that are kept."""
_COLUMNS = MappingProxyType({"id": "vendor_id"})
"""The columns of these, where they are called otherwise."""

PART_AS_KNOWN = "WHERE upload_id = :upload_id AND number = :number AND name = :name AND stage IS NOT :unless"
"""A part's row, unless it is written down at that stage or was renewed."""
UPLOAD_TOUCHED = "UPDATE uploads SET updated_at = :updated_at WHERE id = :upload_id"


class SqlLedger(ABC):
    """The part of a `Ledger` that is rows of a database.

    Args:
        store: Where they are kept; several ledgers may share one.
        connection: The connection's name.
        now: The clock of what is written.
    """

    def __init__(self, store: Database, connection: str, *, now: Callable[[], datetime]) -> None:
        self._rows = store
        self._connection = connection
        self._now = now

    def now(self) -> datetime:
        """As `Ledger.now`."""
        return self._now()

    def require_writable(self) -> None:
        """As `Ledger.require_writable`."""
        with self._rows.transaction():
            pass

    def drop_files(self, upload: UploadRecord) -> None:
        """As `Ledger.drop_files`."""
        self._drop_parts(upload, [part.number for part in upload.parts])

    def mark_submitting(self, upload: UploadRecord, number: int) -> UploadRecord:
        """As `Ledger.mark_submitting`."""
        return self._change(upload, number, stage=Stage.SUBMITTING, submitted_at=self._now())

    def mark_submitted(self, upload: UploadRecord, number: int, part: Part) -> UploadRecord:
        """As `Ledger.mark_submitted`."""
        known = upload.parts[number - 1]
        seen = known.seen_as(part)
        written = upload.with_part(seen) if seen == known else self._replace(upload, seen)
        if part.status.ended and part.status is not UploadStatus.FAILED:
            self._drop_parts(upload, [number])
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
        self._drop_parts(upload, [number])
        return written

    def renew(self, upload: UploadRecord, number: int, name: str) -> UploadRecord:
        """As `Ledger.renew`."""
        now = self._now()
        part = PartRecord.prepared(number, name=name, rows=upload.parts[number - 1].shown.rows)
        row = _part_row(upload.id, part.known_as(updated_at=now))
        with self._rows.transaction() as database:
            database.execute(
                f"UPDATE parts SET {assigned(row)}"  # noqa: S608 - our own column names
                " WHERE upload_id = :upload_id AND number = :number AND stage = :is_stage AND status = :is_status"
                " AND vendor_status IS NOT :is_not",
                row | {"is_stage": Stage.SUBMITTED, "is_status": UploadStatus.FAILED, "is_not": DELETED},
            )
            database.execute(UPLOAD_TOUCHED, row)
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

    @abstractmethod
    def _drop_parts(self, upload: UploadRecord, numbers: Sequence[int]) -> None:
        """Remove the files of parts. Raises nothing: what cannot be removed now goes when the job ends."""

    def _fence(self, database: Statements, list_id: ListId) -> int | None:  # noqa: ARG002 - for those whose locks can be lost
        """Return the number of the right to send to the list, which what is written says; None where it takes none.

        Raises:
            LocalError: The right was held here, and is somebody else's by now.
        """
        return None

    def _dated(self, upload: UploadRecord) -> UploadRecord:
        """Return a new upload as it is written now."""
        now = self._now()
        return attrs.evolve(
            upload,
            created_at=now,
            updated_at=now,
            parts=tuple(part.known_as(updated_at=now) for part in upload.parts),
        )

    def _insert(self, database: Statements, upload: UploadRecord) -> None:
        fence = self._fence(database, upload.list_id)
        _insert(database, "uploads", _upload_row(upload))
        for part in upload.parts:
            _insert(database, "parts", _part_row(upload.id, part) | _epoch(fence))

    def _newest(self, list_id: ListId) -> UploadId | None:
        """Return the upload to a list that was written down last."""
        with self._rows.reading() as database:
            found = database.execute(
                "SELECT id FROM uploads WHERE connection = ? AND list_id = ? ORDER BY rowid DESC LIMIT 1",
                (self._connection, storable(list_id)),
            ).fetchone()
        return None if found is None else UploadId(found["id"])

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
        """Write a part, unless it is written down at that stage or was renewed; then answer the upload as it is written."""
        now = self._now()
        part = part.known_as(updated_at=now)
        replaced = self._write_part(upload.list_id, _part_row(upload.id, part) | {"unless": unless})
        if not replaced:
            return self.find(upload.id) or upload
        return attrs.evolve(upload.with_part(part), updated_at=now)

    def _write_part(self, list_id: ListId, row: Mapping[str, object]) -> bool:  # noqa: ARG002 - as in `_fence`
        """Write a part's row, and its time as the upload's; answer whether it was written.

        Args:
            list_id: Of its upload.
            row: By column; beside them `unless`, the stage at which it stays as it is written.
        """
        with self._rows.transaction() as database:
            written = database.execute(
                f"UPDATE parts SET {assigned(row)} {PART_AS_KNOWN}",  # noqa: S608 - our own column names
                row,
            ).rowcount
            if written:
                database.execute(UPLOAD_TOUCHED, row)
        return bool(written)

    def _select(self, condition: str, *values: str, most: int | None = None) -> tuple[UploadRecord, ...]:
        with self._rows.reading() as database:
            return self._selected(database, condition, *values, most=most)

    def _selected(
        self, database: Statements, condition: str, *values: str, most: int | None = None
    ) -> tuple[UploadRecord, ...]:
        # By rowid, which only grows: a clock that was set back must not make the newest look old.
        chosen = f"FROM uploads WHERE connection = ? AND {condition} ORDER BY rowid"
        chosen += "" if most is None else f" LIMIT {most}"
        given = (self._connection, *map(storable, values))
        uploads = database.execute(f"SELECT * {chosen}", given).fetchall()
        parts = database.execute(
            f"SELECT * FROM parts WHERE upload_id IN (SELECT id {chosen}) ORDER BY upload_id, number",  # noqa: S608 - our own texts
            given,
        ).fetchall()
        of = {key: tuple(rows) for key, rows in groupby(parts, key=itemgetter("upload_id"))}
        return tuple(_upload(row, of.get(row["id"], ())) for row in uploads)


def storable(text: str) -> str:
    """Return text as every database holds it: NUL as its picture, half a surrogate pair as its escape."""
    kept = text if text.isascii() else encodable(text)
    return kept.replace("\0", "\N{SYMBOL FOR NULL}")


def assigned(row: Mapping[str, object]) -> str:
    """Return the assignments of an update that writes a row of a part."""
    return ", ".join(f"{column} = :{column}" for column in row if column != "unless")


def _insert(database: Statements, table: str, row: dict[str, object]) -> None:
    columns = ", ".join(row)
    values = ", ".join(f":{column}" for column in row)
    database.execute(f"INSERT INTO {table} ({columns}) VALUES ({values})", row)  # noqa: S608 - our own column names


def _epoch(fence: int | None) -> dict[str, object]:
    return {} if fence is None else {"epoch": fence}


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
        return storable(value)  # a vendor's word, which need not be text
    if isinstance(value, int):
        # A vendor's count, which need not fit; no file has so many rows.
        return max(-_LARGEST, min(value, _LARGEST))
    return value


def _upload(row: Row, parts: Sequence[Row]) -> UploadRecord:
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


def _part(row: Row) -> PartRecord:
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
