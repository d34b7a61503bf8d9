"""The database of the ledger: opened when first used, shared by threads and processes, of the newest schema."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from couponhub.errors import LocalError
from couponhub.state.settings import StoreSettings
from couponhub.state.sqlite.kept import KeptConnection
from couponhub.state.sqlite.layout import LEDGER, Layout
from couponhub.state.sqlite.migrations import newest, version_of
from couponhub.state.sqlite.opening import (
    has_log,
    make_private,
    open_to_read,
    open_to_write,
    told_as_local,
)

_BUSY_SECONDS = 30.0


class LedgerDatabase:
    """The database at the place that the settings name. Thread-safe, and safe with other processes, forked ones too.

    Nothing is touched before the first use. The database is private (mode 0600), and so is its folder when it is
    made. Methods raise LocalError, with one line, for whatever goes wrong on this machine.

    Args:
        settings: Of the store.
    """

    def __init__(self, settings: StoreSettings) -> None:
        self.settings = settings
        self.layout = Layout(settings)
        self._kept = KeptConnection(lambda: _open(self.layout.ledger))

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Write: all of the block or nothing, on disk for good when the block has ended.

        Only one thread or process writes at a time; blocks must be short and never wait for a vendor.
        """
        with told_as_local("store", lambda: self.layout.ledger), self._kept.used() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                # A full disk may have ended the transaction already.
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Read what is committed at one moment, also where nothing may be written."""
        path = self.layout.ledger
        with told_as_local("store", lambda: path), ExitStack() as held:
            if self._kept.is_open or _may_write(path):
                connection = held.enter_context(self._kept.used())
            else:
                connection = held.enter_context(closing(_open_where_none_may_write(path)))
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                # A fault of the disk may have ended it already.
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    def close(self) -> None:
        """Close the database; a later use opens it again."""
        self._kept.close()


def _open(path: Path) -> sqlite3.Connection:
    make_private(path)
    connection = open_to_write(path, LEDGER, busy_seconds=_BUSY_SECONDS)
    connection.row_factory = sqlite3.Row
    return connection


def _may_write(path: Path) -> bool:
    return not path.exists() or (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK))


def _open_where_none_may_write(path: Path) -> sqlite3.Connection:
    # With a log beside it, somebody writes it, and SQLite follows.
    connection = open_to_read(path, busy_seconds=_BUSY_SECONDS, nobody_writes=not has_log(path))
    try:
        connection.row_factory = sqlite3.Row
        _refuse_older(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _refuse_older(connection: sqlite3.Connection, path: Path) -> None:
    if version_of(connection, LEDGER, path) < newest(LEDGER):
        raise LocalError(
            f"the store {path} was written by an older couponhub, and may only be read here",
            hint="run `couponhub store upgrade` where it may be written",
        )
