"""The ledger of uploads: what was sent where, written down before each step, so that a crash loses no code."""

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import datetime
from pathlib import Path

import attrs

from couponhub.errors import LocalError
from couponhub.models import ListId, Part, PartId, UploadId, UploadStatus
from couponhub.models.base import utc_now
from couponhub.shown import encodable
from couponhub.store.codesets import CodeSets, set_name
from couponhub.store.database import Store
from couponhub.store.records import DELETED, PartRecord, Stage, UploadRecord
from couponhub.store.sending import is_sending, sending


class Ledger:
    """The uploads of one connection.

    Every method that changes something has written it to disk for good when it returns. Methods raise
    LocalError when this machine fails.

    Args:
        store: Where it is kept; several ledgers may share one.
        connection: The connection's name.
        now: The clock, for tests.
    """

    def __init__(self, store: Store, connection: str, *, now: Callable[[], datetime] = utc_now) -> None:
        self._store = store
        self._connection = connection
        self._now = now
        self._code_sets = CodeSets(store.folder / "codes")

    def require_writable(self) -> None:
        """Fail now rather than half way."""
        with self._store.transaction():
            pass

    @contextmanager
    def sending(self, list_id: ListId, *, timeout: float | None) -> Iterator[None]:
        """Hold the right to send to a list; see `couponhub.store.sending`."""
        with ExitStack() as held:
            with _translated():
                lock = self._code_sets.lock_path(self._connection, list_id)
                held.enter_context(sending(lock, timeout=timeout))
            yield

    def is_sending(self, upload: UploadRecord) -> bool:
        """Tell whether somebody may be sending this upload now: the newest one of a list that is being sent to."""
        with _translated():
            if not is_sending(self._code_sets.lock_path(self._connection, upload.list_id)):
                return False
        return self.of_list(upload.list_id)[-1].id == upload.id

    def workspace(self) -> AbstractContextManager[Path]:
        """Give a private folder for files in the making, which ends with the block."""
        return self._code_sets.workspace()

    def begin(self, upload: UploadRecord, codes: Sequence[Path] = ()) -> UploadRecord:
        """Write down an upload with its parts, all of them only prepared.

        Args:
            upload: The new upload.
            codes: For each part the file of its codes, which is moved away; none for a file of which only
                the URL is known.
        """
        now = self._now()
        upload = attrs.evolve(
            upload,
            created_at=now,
            updated_at=now,
            parts=tuple(attrs.evolve(part, updated_at=now) for part in upload.parts),
        )
        with _translated():
            self._code_sets.purge(self._store.settings.retention_days)
        # Before the codes, so that a set of which there is no row tells that rows were lost. Of a part that is only
        # prepared the codes need not be known.
        with self._store.transaction() as database:
            _insert(database, "uploads", _upload_row(upload))
            for part in upload.parts:
                _insert(database, "parts", _part_row(upload.id, part))
        with _translated():
            for part, path in zip(upload.parts, codes, strict=False):
                place = self._code_sets.path(self._connection, upload.list_id, upload.id, part.number)
                self._code_sets.keep(path, place)
        return upload

    def mark_submitting(self, upload: UploadRecord, number: int) -> UploadRecord:
        """Announce that the part is about to be sent; from here on the vendor may have it.

        A part that somebody has meanwhile marked as submitted stays so, and must not be sent again.
        """
        return self._change(upload, number, stage=Stage.SUBMITTING, submitted_at=self._now())

    def mark_submitted(self, upload: UploadRecord, number: int, part: Part) -> UploadRecord:
        """The vendor has the part and shows it like this; also used whenever it shows it anew."""
        known = upload.parts[number - 1]
        seen = known.seen_as(part)
        return _with_part(upload, seen) if seen == known else self._replace(upload, seen)

    def mark_absent(self, upload: UploadRecord, number: int) -> UploadRecord:
        """It is proven that the vendor does not have the part; unless somebody has seen it there meanwhile."""
        return self._change(upload, number, stage=Stage.ABSENT)

    def mark_deleted(self, upload: UploadRecord, number: int) -> UploadRecord:
        """The vendor had the part and has deleted it: it holds none of its codes, which may be sent again."""
        part = attrs.evolve(
            upload.parts[number - 1],
            stage=Stage.SUBMITTED,
            status=UploadStatus.FAILED,
            vendor_status=DELETED,
            accepted=0,
            rejected=None,
            url=None,
        )
        return self._replace(upload, part)

    def find(self, upload_id: UploadId) -> UploadRecord | None:
        """The upload of that id at this connection, or None."""
        return next(self._select("id = ?", upload_id), None)

    def find_by_part(self, list_id: ListId, part_id: PartId) -> UploadRecord | None:
        """The upload to a list with a part that the vendor knows by that id, and has not deleted; or None."""
        for upload in self.of_list(list_id):
            if any(part.vendor_id == part_id and not part.is_deleted for part in upload.parts):
                return upload
        return None

    def of_list(self, list_id: ListId) -> tuple[UploadRecord, ...]:
        """The uploads to a list, oldest first."""
        return tuple(self._select("list_id = ?", list_id))

    def all(self) -> tuple[UploadRecord, ...]:
        """Every upload of the connection, oldest first."""
        return tuple(self._select("TRUE"))

    def same_batch(self, list_id: ListId, fingerprint: str) -> tuple[UploadRecord, ...]:
        """The uploads of the same batch to a list, oldest first."""
        return tuple(upload for upload in self.of_list(list_id) if upload.fingerprint == fingerprint)

    def codes_sent(self, list_id: ListId) -> tuple[Path, ...]:
        """The code sets of which the list may hold codes, as far as they are still kept."""
        return (
            *self._code_sets_of(list_id, lambda part: part.maybe_sent),
            *self.codes_unknown(list_id),
        )

    def codes_unknown(self, list_id: ListId) -> tuple[Path, ...]:
        """The code sets that lie there for a list without an upload in the ledger, which then has lost its memory.

        What became of them is not known: the list may hold them.
        """
        kept = self._kept(list_id)
        known = {
            set_name(upload.id, part.number) for upload in self.of_list(list_id) for part in upload.parts
        }
        return tuple(path for name, path in kept.items() if name not in known)

    def has_lost_codes(self, list_id: ListId) -> bool:
        """True when codes were sent to the list, and nothing is left of where they were kept; age does not do that."""
        with _translated():
            if self._code_sets.has_folder(self._connection, list_id):
                return False
        return any(part.codes_kept for upload in self.of_list(list_id) for part in upload.parts)

    def codes_taken(self, list_id: ListId) -> tuple[Path, ...]:
        """The code sets of which the vendor's counts prove that the list was given every code."""
        return self._code_sets_of(list_id, lambda part: part.taken)

    def code_set(self, upload: UploadRecord, part: PartRecord) -> Path | None:
        """The file of the part's codes, one a line; None when it is no longer kept, or never was."""
        return self._kept(upload.list_id).get(set_name(upload.id, part.number))

    def codes_known(self, upload: UploadRecord) -> bool:
        """True while the codes that the vendor may hold of it are still kept."""
        kept = self._kept(upload.list_id)
        return all(set_name(upload.id, part.number) in kept for part in upload.parts if part.maybe_sent)

    def _code_sets_of(self, list_id: ListId, chosen: Callable[[PartRecord], bool]) -> tuple[Path, ...]:
        kept = self._kept(list_id)
        names = (
            set_name(upload.id, part.number)
            for upload in self.of_list(list_id)
            for part in upload.parts
            if chosen(part)
        )
        return tuple(kept[name] for name in names if name in kept)

    def _kept(self, list_id: ListId) -> Mapping[str, Path]:
        with _translated():
            return self._code_sets.kept(self._connection, list_id)

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
        part = attrs.evolve(part, updated_at=now)
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
        return attrs.evolve(_with_part(upload, part), updated_at=now)

    def _select(self, condition: str, *values: str) -> Iterator[UploadRecord]:
        with self._store.reading() as database:
            # By rowid, which only grows: a clock that was set back must not make the newest look old.
            uploads = database.execute(
                f"SELECT * FROM uploads WHERE connection = ? AND {condition} ORDER BY rowid",  # noqa: S608 - our own texts
                (self._connection, *values),
            ).fetchall()
            parts = {
                row["id"]: database.execute(
                    "SELECT * FROM parts WHERE upload_id = ? ORDER BY number", (row["id"],)
                ).fetchall()
                for row in uploads
            }
        return iter([_upload(row, parts[row["id"]]) for row in uploads])


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise LocalError(f"the store's files cannot be used: {error}") from error


def _with_part(upload: UploadRecord, part: PartRecord) -> UploadRecord:
    parts = (*upload.parts[: part.number - 1], part, *upload.parts[part.number :])
    return attrs.evolve(upload, parts=parts)


def _insert(database: sqlite3.Connection, table: str, row: dict[str, object]) -> None:
    columns = ", ".join(row)
    values = ", ".join(f":{column}" for column in row)
    database.execute(f"INSERT INTO {table} ({columns}) VALUES ({values})", row)  # noqa: S608 - our own column names


def _upload_row(upload: UploadRecord) -> dict[str, object]:
    row = attrs.asdict(upload, recurse=False, filter=lambda field, _: field.name != "parts")
    return _plain(row | {"warnings": json.dumps(upload.warnings)})


def _part_row(upload_id: UploadId, part: PartRecord) -> dict[str, object]:
    row = attrs.asdict(part, recurse=False, filter=lambda field, _: field.name != "raw")
    return _plain({"upload_id": upload_id, **row})


def _plain(row: dict[str, object]) -> dict[str, object]:
    return {column: _plain_value(value) for column, value in row.items()}


def _plain_value(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, str):
        return encodable(value)  # a vendor's word, which need not be text
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
    return PartRecord(
        number=row["number"],
        name=row["name"],
        stage=Stage(row["stage"]),
        vendor_id=None if row["vendor_id"] is None else PartId(row["vendor_id"]),
        rows=row["rows"],
        status=UploadStatus(row["status"]),
        vendor_status=row["vendor_status"],
        accepted=row["accepted"],
        rejected=row["rejected"],
        error_file=row["error_file"],
        success_file=row["success_file"],
        created_at=None if row["created_at"] is None else datetime.fromisoformat(row["created_at"]),
        url=row["url"],
        submitted_at=None if row["submitted_at"] is None else datetime.fromisoformat(row["submitted_at"]),
        updated_at=datetime.fromisoformat(row["updated_at"]),
    )
