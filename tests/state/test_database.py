"""The database under the store: private, durable, shared, and one clear line when it cannot be used."""

import sqlite3
import threading
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from couponhub.errors import LocalError
from couponhub.state import StoreSettings
from couponhub.state.sqlite.database import LedgerDatabase
from couponhub.state.sqlite.layout import LEDGER
from couponhub.state.sqlite.migrations import newest
from couponhub.state.sqlite.opening import make_private, open_to_write


def store_at(path: Path) -> LedgerDatabase:
    """A store whose database is that file."""
    return LedgerDatabase(StoreSettings(url=f"sqlite:///{path}"))


def use(store: LedgerDatabase) -> None:
    """Open the store for writing, and close it."""
    try:
        with store.transaction():
            pass
    finally:
        store.close()


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("sqlite:///couponhub.db", Path("couponhub.db")),
        ("sqlite:////var/lib/couponhub.db", Path("/var/lib/couponhub.db")),
        ("sqlite:///with%20blank.db", Path("with blank.db")),
    ],
)
def test_url_names_the_file(url: str, expected: Path) -> None:
    """Three slashes and a path, relative or absolute."""
    assert expected == StoreSettings(url=url).path


def test_default_is_the_platforms_state_folder() -> None:
    """Without a URL the database lies where such things lie on the platform."""
    assert ("couponhub", "couponhub.db") == StoreSettings().path.parts[-2:]


@pytest.mark.parametrize(
    "url",
    ["couponhub.db", "sqlite://", "sqlite:///", "postgresql://host", "sqlite:////", "sqlite:///state/"],
)
def test_other_urls_are_refused(url: str) -> None:
    """What names no database is refused when the settings are read."""
    with pytest.raises(ValueError, match=r"expected (sqlite:///|postgresql://)"):
        StoreSettings(url=url)


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("postgresql://u:p@h/db?sslmode=verify-full", "postgresql://h/db"),
        ("postgresql://u:p@h1:5432,h2/db?target_session_attrs=read-write", "postgresql://h1:5432,h2/db"),
        ("postgresql:///db?host=/run/postgresql", "postgresql:///db"),
        ("postgresql://u:p@[::1]:5432/db", "postgresql://[::1]:5432/db"),
    ],
)
def test_addresses_of_servers_are_told_without_their_secrets(url: str, place: str) -> None:
    """One host, several, a socket: user, password and parameters are left out."""
    assert place == StoreSettings(url=url).place
    with pytest.raises(ValueError, match="expected postgresql://"):
        StoreSettings(url=url.replace("/db", ""))


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///:memory:",
        "sqlite:///%3Amemory%3A",
        "sqlite:///couponhub.db?mode=memory",
        "sqlite:///couponhub.db#1",
        "sqlite:///coupon\0hub.db",
        "sqlite:///coupon%00hub.db",
    ],
)
def test_a_store_that_would_forget_is_refused(url: str) -> None:
    """What was sent must be known afterwards, and be kept where the setting says."""
    with pytest.raises(ValueError, match=r"expected a (file|path)"):
        StoreSettings(url=url)


def test_retention_is_at_least_a_day() -> None:
    """Zero would be read as both "never" and "for ever"."""
    with pytest.raises(ValueError, match="at least 1 day"):
        StoreSettings(retention_days=0)


def test_nothing_is_made_before_the_first_use(tmp_path: Path) -> None:
    """A command that needs no store leaves no trace of one."""
    store_at(tmp_path / "new" / "hub.db").close()

    assert [] == list(tmp_path.iterdir())


def test_database_is_private(tmp_path: Path) -> None:
    """The file and what SQLite puts beside it are for the owner alone, and so is a folder made for it."""
    path = tmp_path / "new" / "hub.db"
    store = store_at(path)
    with store.transaction() as database:
        database.execute("CREATE TABLE t (x)")
        modes = {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()}
    store.close()

    assert 0o700 == path.parent.stat().st_mode & 0o777
    assert {"hub.db", "hub.db-wal", "hub.db-shm"} == set(modes)
    assert {0o600} == set(modes.values())


def test_failed_block_changes_nothing(tmp_path: Path) -> None:
    """A transaction is all or nothing, and the store goes on."""
    store = store_at(tmp_path / "hub.db")

    def fail_half_way() -> None:
        with store.transaction() as database:
            database.execute("CREATE TABLE t (x)")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail_half_way()
    with store.reading() as database:
        tables = {row[0] for row in database.execute("SELECT name FROM sqlite_master")}
    store.close()

    assert "t" not in tables
    assert {"uploads", "parts"} <= tables


def test_threads_and_processes_write_in_turn(tmp_path: Path) -> None:
    """Several stores on one file, each used by several threads, lose nothing (first opening included)."""
    stores = [store_at(tmp_path / "hub.db") for _ in range(3)]

    def work(store: LedgerDatabase) -> None:
        for _ in range(10):
            with store.transaction() as database:
                database.execute("CREATE TABLE IF NOT EXISTS counter AS SELECT 0 AS value")
                database.execute("UPDATE counter SET value = value + 1")

    threads = [threading.Thread(target=work, args=(store,)) for store in stores for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with stores[0].reading() as database:
        total = database.execute("SELECT value FROM counter").fetchone()[0]
    for store in stores:
        store.close()

    assert 60 == total


def test_newer_schema_is_refused(tmp_path: Path) -> None:
    """An old couponhub does not guess at what a newer one wrote."""
    path = tmp_path / "hub.db"
    use(store_at(path))
    with sqlite3.connect(path) as database:
        database.execute(f"PRAGMA user_version = {newest(LEDGER) + 1}")
    database.close()

    with pytest.raises(LocalError, match=rf"\(schema {newest(LEDGER) + 1}, known up to {newest(LEDGER)}\)"):
        use(store_at(path))


def test_damaged_file_is_one_line(tmp_path: Path) -> None:
    """What is no database is said to be none, and left as it is."""
    path = tmp_path / "hub.db"
    path.write_bytes(b"this is no database at all, whatever its name" * 20)
    before = path.read_bytes()

    with pytest.raises(LocalError, match=r"hub\.db cannot be used: file is not a database") as caught:
        use(store_at(path))
    assert "\n" not in str(caught.value)
    assert before == path.read_bytes()


def test_place_that_is_no_folder_is_one_line(tmp_path: Path) -> None:
    """A path through a file cannot hold a database."""
    (tmp_path / "file").write_text("", encoding="utf-8")

    with pytest.raises(LocalError, match=r"hub\.db cannot be used: (File exists|Not a directory)"):
        use(store_at(tmp_path / "file" / "hub.db"))


def test_full_disk_is_one_line_and_harmless(tmp_path: Path) -> None:
    """A write that finds no room fails whole; what was written before stays."""
    store = store_at(tmp_path / "hub.db")
    with store.transaction() as database:
        database.execute("CREATE TABLE t (x)")
        database.execute("INSERT INTO t VALUES (1)")
        database.execute("PRAGMA max_page_count = 1")
    with pytest.raises(LocalError, match="database or disk is full"), store.transaction() as database:
        database.execute("INSERT INTO t VALUES (zeroblob(1000000))")
    with store.reading() as database:
        rows = database.execute("SELECT x FROM t").fetchall()
    store.close()

    assert [(1,)] == [tuple(row) for row in rows]


class _GivesUpOnce(sqlite3.Connection):
    """A connection to which SQLite once denies the log without waiting, as to one of two that open a new database."""

    denied = False

    def execute(self, sql: str, /, *parameters: Any) -> sqlite3.Cursor:
        """Run a statement."""
        if sql.startswith("PRAGMA journal_mode") and not self.denied:
            self.denied = True
            error = sqlite3.OperationalError("database is locked")
            error.sqlite_errorcode = sqlite3.SQLITE_BUSY
            raise error
        return super().execute(sql, *parameters)


def test_of_two_that_open_a_new_database_neither_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite refuses the second its log at once, however long it may wait; it is asked again."""
    monkeypatch.setattr(
        "couponhub.state.sqlite.opening.sqlite3.connect", partial(sqlite3.connect, factory=_GivesUpOnce)
    )
    place = tmp_path / "new.db"
    make_private(place)
    with closing(open_to_write(place, LEDGER, busy_seconds=30)) as connection:
        assert isinstance(connection, _GivesUpOnce)
        assert connection.denied
        assert [("wal",)] == connection.execute("PRAGMA journal_mode").fetchall()
