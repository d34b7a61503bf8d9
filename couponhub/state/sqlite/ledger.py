"""The ledger of uploads in SQLite, and its code sets in files beside it."""

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import datetime
from pathlib import Path

from couponhub.clock import utc_now
from couponhub.errors import LocalError, WaitTimeout
from couponhub.models import ListId
from couponhub.state.ledger import ListHistory
from couponhub.state.records import Stage, UploadRecord
from couponhub.state.sql.ledger import SqlLedger
from couponhub.state.sqlite.codesets import CodeSets
from couponhub.state.sqlite.database import LedgerDatabase
from couponhub.state.sqlite.locks import FileLocks
from couponhub.state.sqlite.part_files import PartFiles


class SqliteLedger(SqlLedger):
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
        super().__init__(store, connection, now=now)
        self._store = store
        self._clock = clock or (lambda: time.time())  # noqa: PLW0108 - looked up with each use
        self._locks = FileLocks(store.layout)
        self._files = PartFiles(store)

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

    def require_lock(self, list_id: ListId) -> None:
        """As `Ledger.require_lock`: nobody takes a file's lock from a process that lives, stopped or not."""

    def is_locked(self, upload: UploadRecord) -> bool:
        """As `Ledger.is_locked`."""
        if not self._locks.is_held((self._connection, upload.list_id)):
            return False
        return self._newest(upload.list_id) == upload.id

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
        upload = self._dated(upload)
        with _told_as_local():
            days, moment = self._store.settings.retention_days, self._clock()
            self._code_sets.purge(days, moment)
            self._files.purge(days, moment)
        # Before the codes, so that a set of which there is no row tells that rows were lost. Of a part that is only
        # prepared the codes need not be known.
        with self._store.transaction() as database:
            self._insert(database, upload)
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

    def kept_files(self, upload: UploadRecord) -> frozenset[int]:
        """As `Ledger.kept_files`."""
        return frozenset(
            part.number for part in upload.parts if self._files.find(upload, part.number) is not None
        )

    def row_record(self, upload: UploadRecord) -> Path | None:
        """As `Ledger.row_record`."""
        with _told_as_local():
            folder = self._code_sets.of_list(self._connection, upload.list_id)
            return self._code_sets.records_in(folder).get(upload.id)

    def has_all(self, upload: UploadRecord) -> bool:
        """As `Ledger.has_all`."""
        with _told_as_local():
            kept = self._code_sets.kept(self._connection, upload.list_id)
        return all(
            (upload.id, part.number) in kept and self._files.find(upload, part.number) is not None
            for part in upload.parts
            if part.shown.rows is not None and part.stage is Stage.PREPARED
        )

    def history(self, list_id: ListId) -> ListHistory:
        """As `Ledger.history`."""
        with _told_as_local():
            sets, connection = self._code_sets, self._connection
            # The code sets first: one that is found then has its row, unless that was lost.
            kept = sets.kept(connection, list_id)
            has_place = bool(kept) or sets.has_folder(connection, list_id)
        return ListHistory(uploads=self.of_list(list_id), kept=kept, has_place=has_place)

    def _drop_parts(self, upload: UploadRecord, numbers: Sequence[int]) -> None:
        self._files.drop(upload, numbers)

    @property
    def _code_sets(self) -> CodeSets:
        return CodeSets(self._store.layout.codes)


@contextmanager
def _told_as_local() -> Iterator[None]:
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise LocalError(f"the store's files cannot be used: {error}") from error
