"""Databases and locks across a fork: nothing that is written is lost, and no lock outlives who holds it."""

import sqlite3
import threading
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from couponhub.state import StoreSettings
from couponhub.state.lockfile import held_lockfile, remove_folder
from couponhub.state.sqlite.database import LedgerDatabase
from couponhub.state.sqlite.kept import KeptConnection
from couponhub.state.sqlite.layout import Layout
from couponhub.state.sqlite.locks import FileLocks
from couponhub.state.sqlite.reports import SqliteReportIndex
from couponhub.usage import UsageIndex
from tests.forking.keeping import HAS_FORK, Child
from tests.state.kit import quotas_at, store_of

LOCK = ("harness", "L1")

pytestmark = pytest.mark.skipif(not HAS_FORK, reason="Windows has no fork")


@pytest.fixture
def settings(tmp_path: Path) -> StoreSettings:
    """A store in a folder of the test."""
    return StoreSettings(url=f"sqlite:///{tmp_path.as_posix()}/store.db")


def begin(store: LedgerDatabase, upload_id: str) -> None:
    """Write down an upload."""
    with store.transaction() as database:
        database.execute(
            "INSERT INTO uploads (id, connection, list_id, name, fingerprint, warnings, created_at, updated_at)"
            " VALUES (?, 'c', 'l', 'n', 'f', '', '', '')",
            (upload_id,),
        )


def uploads(settings: StoreSettings) -> list[str]:
    """What somebody else finds written."""
    with closing(LedgerDatabase(settings)) as store, store.reading() as database:
        return [row["id"] for row in database.execute("SELECT id FROM uploads ORDER BY id")]


class Steps:
    """Lets a child wait for its parent, and the other way round."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def reached(self, name: str) -> None:
        """Let the other go on."""
        (self._folder / name).touch()

    def wait(self, name: str) -> None:
        """Wait for the other."""
        while not (self._folder / name).exists():
            threading.Event().wait(0.005)


@pytest.fixture
def steps(tmp_path: Path) -> Steps:
    """In the folder of the test."""
    return Steps(tmp_path)


def test_what_a_child_writes_outlives_the_parents_closing(settings: StoreSettings, steps: Steps) -> None:
    """A connection open at the fork would have the parent delete the log that its child still writes to."""
    store = LedgerDatabase(settings)
    begin(store, "1 parent")

    def write() -> object:
        begin(store, "2 child")
        steps.reached("written")
        steps.wait("closed")
        begin(store, "3 child")
        return "written"

    child = Child(write)
    steps.wait("written")
    begin(store, "4 parent")
    store.close()
    steps.reached("closed")
    assert "written" == child.told()

    assert ["1 parent", "2 child", "3 child", "4 parent"] == uploads(settings)


def test_parents_and_children_write_side_by_side(settings: StoreSettings) -> None:
    """While threads write, children are forked and write too: every row is there."""
    store = LedgerDatabase(settings)
    begin(store, "0")

    def write(who: str) -> Callable[[], object]:
        def work() -> object:
            for number in range(10):
                begin(store, f"{who} {number}")
            return who

        return work

    threads = [threading.Thread(target=write(f"thread {number}")) for number in range(3)]
    for thread in threads:
        thread.start()
    children = [Child(write(f"child {number}")) for number in range(6)]
    told = [child.told() for child in children]
    for thread in threads:
        thread.join()
    store.close()

    assert [f"child {number}" for number in range(6)] == told
    assert 1 + 10 * 9 == len(uploads(settings))


def test_no_connection_is_open_at_a_fork(settings: StoreSettings) -> None:
    """The parent's are closed before, and opened again when they are next used."""
    opened: list[sqlite3.Connection] = []

    def open_it() -> sqlite3.Connection:
        opened.append(sqlite3.connect(settings.path, isolation_level=None, check_same_thread=False))
        return opened[-1]

    kept = KeptConnection(open_it)
    with kept.used():
        pass

    def child() -> object:
        with kept.used() as connection:
            return [len(opened), connection.execute("SELECT 7").fetchone()[0]]

    assert [2, 7] == Child(child).told()
    assert not kept.is_open
    with pytest.raises(sqlite3.ProgrammingError):
        opened[0].execute("SELECT 7")
    with kept.used() as connection:
        assert 7 == connection.execute("SELECT 7").fetchone()[0]
    kept.close()


def test_one_that_is_in_use_for_long_is_left_alone(
    settings: StoreSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fork waits for it a moment only; the child opens its own, and the parent's goes on."""
    monkeypatch.setattr("couponhub.forking._LONGEST_WAIT_SECONDS", 0.1)
    kept = KeptConnection(
        lambda: sqlite3.connect(settings.path, isolation_level=None, check_same_thread=False)
    )
    begun, ended = threading.Event(), threading.Event()

    def use() -> None:
        with kept.used() as connection:
            connection.execute("CREATE TABLE numbers (number)")
            connection.execute("BEGIN IMMEDIATE")
            begun.set()
            ended.wait()
            connection.execute("INSERT INTO numbers VALUES (7)")
            connection.execute("COMMIT")

    thread = threading.Thread(target=use)
    thread.start()
    begun.wait()

    def child() -> object:
        with kept.used() as connection:
            return connection.execute("SELECT 5").fetchone()[0]

    assert 5 == Child(child).told()
    ended.set()
    thread.join()
    with kept.used() as connection:
        assert 7 == connection.execute("SELECT number FROM numbers").fetchone()[0]
    kept.close()


def locks_in(folder: Path) -> FileLocks:
    """The locks of a store in a folder."""
    return FileLocks(Layout(StoreSettings(url=f"sqlite:///{folder.as_posix()}/hub.db")))


def test_a_right_to_send_stays_its_parents(tmp_path: Path, steps: Steps) -> None:
    """A child sees that its parent is sending, takes nothing from it, and may send when it has ended."""
    locks = locks_in(tmp_path)

    def child() -> object:
        seen = [locks.is_held(LOCK)]
        steps.reached("seen")
        steps.wait("let go")
        seen.append(locks.is_held(LOCK))
        with locks.hold(LOCK, timeout=20):
            seen.append(locks.is_held(LOCK))
        return seen

    with locks.hold(LOCK, timeout=0):
        forked = Child(child)
        steps.wait("seen")
        assert locks.is_held(LOCK)
        assert [True] == Child(lambda: [locks.is_held(LOCK)]).told()
    steps.reached("let go")

    assert [True, False, True] == forked.told()


def test_a_child_that_leaves_a_block_removes_nothing(tmp_path: Path) -> None:
    """It goes up the stack that it inherited: files and locks are its parent's, who still works on them."""
    lock, folder, locks = tmp_path / "a.lock", tmp_path / "a", locks_in(tmp_path)

    with ExitStack() as job:
        job.enter_context(held_lockfile(lambda: lock, remove_folder))
        job.enter_context(locks.hold(LOCK, timeout=0))
        folder.mkdir()

        def leave() -> object:
            job.close()
            return "left"

        assert "left" == Child(leave).told()
        assert (True, True, True) == (lock.exists(), folder.exists(), locks.is_held(LOCK))
        assert [True] == Child(lambda: [locks.is_held(LOCK)]).told()

    assert (False, False, False) == (lock.exists(), folder.exists(), locks.is_held(LOCK))


def test_a_childs_budget_is_shared(settings: StoreSettings) -> None:
    """What it spends the parent has not, though both knew the budget before."""
    quotas = quotas_at(settings, now=lambda: 1_700_000_000.0)
    budgets = quotas.of("account", {"calls_per_day": 10})
    assert budgets.take("calls") is None

    assert [None] * 4 == Child(lambda: [budgets.take("calls") for _ in range(4)]).told()
    assert {"calls_per_day": 5} == budgets.left()
    store_of(quotas).close()


def test_children_read_the_index_that_is_there(settings: StoreSettings) -> None:
    """Also one that was changed after the fork, by the parent or by a child."""
    stored = SqliteReportIndex(settings)
    index = UsageIndex(stored)
    with index.changing():
        pass
    first = index.catalogue().generation

    def change() -> object:
        with index.changing():
            pass
        return index.catalogue().generation

    assert first + 1 == Child(change).told()
    assert first + 1 == index.catalogue().generation
    assert first + 2 == change()
    assert first + 2 == Child(lambda: index.catalogue().generation).told()
    stored.close()
