"""Looking at whether a lock is held, which is done at every poll of an upload: it waits for nobody and hinders nobody."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from couponhub.state.settings import StoreSettings
from couponhub.state.sqlite import lockfile, locks
from couponhub.state.sqlite.layout import Layout
from couponhub.state.sqlite.lockfile import held_lockfile, is_held
from couponhub.state.sqlite.locks import FileLocks
from tests.conftest import DURABILITY

NAME = ("shop", "list")
Look = tuple[Path, Callable[[], bool]]


@pytest.fixture(params=["lock of a process", "lock by name"])
def look(request: pytest.FixtureRequest, tmp_path: Path) -> Look:
    """The file of a lock that nobody holds, and how one looks at it."""
    if request.param == "lock of a process":
        file = tmp_path / "owner.lock"
        file.touch()
        return file, lambda: is_held(file)
    named = FileLocks(Layout(StoreSettings(url=f"sqlite:///{tmp_path}/couponhub.db")))
    with named.hold(NAME, timeout=0):
        (file,) = (path for path in tmp_path.rglob("*.lock") if path.is_file())
    return file, lambda: named.is_held(NAME)


def test_two_who_look_do_not_see_each_other(look: Look) -> None:
    """A lock that somebody else looks at in this moment is not told to be held."""
    file, is_seen_as_held = look
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM sqlite_master").fetchone()
        assert not is_seen_as_held()


def test_nobody_waits_to_see_that_it_is_held(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite is given no time to wait in: whoever is asked about is most often alive."""
    file, is_seen_as_held = look
    given: list[float] = []

    def connect(path: Path, _: str, busy_seconds: float) -> Any:
        given.append(busy_seconds)
        return sqlite3.connect(path, timeout=busy_seconds, isolation_level=None)

    with closing(sqlite3.connect(file, isolation_level=None)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        for module in (lockfile, locks):
            monkeypatch.setattr(module, "connect", connect)
        assert is_seen_as_held()
    assert given == [0]


def test_a_lock_is_held_while_its_process_lives(tmp_path: Path) -> None:
    """A lock that a process holds is seen as held, by itself too, and no more once it is let go."""
    file = tmp_path / "owner.lock"
    with held_lockfile(lambda: file, lambda _: None):
        assert is_held(file)
    assert not is_held(file)


def test_what_is_announced_outlives_a_power_cut() -> None:
    """Outside of the tests SQLite waits for the disk before anything is announced as written."""
    assert DURABILITY == "FULL"
