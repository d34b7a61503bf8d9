"""A look at the parts of a state in SQLite: what is away is told, and a look makes nothing."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from couponhub.errors import LocalError
from couponhub.state import PartProbe, ReachedPart, StoreSettings
from couponhub.state.sqlite import SqliteState


def faults_of(store: Path) -> dict[str, str]:
    """The faults of the parts that cannot be reached, by part."""
    probes = SqliteState(StoreSettings(url=f"sqlite:///{store.as_posix()}")).probes()
    seen = [one.reach(1.0) for one in probes]
    return {one.part.value: str(one.fault) for one in seen if one.fault is not None}


def garbled(store: Path) -> None:
    """A file that is no database."""
    store.write_bytes(b"what is this" * 1000)


def newer(store: Path) -> None:
    """A database of a couponhub to come."""
    with closing(sqlite3.connect(store)) as database:
        database.execute("PRAGMA user_version = 999")


def a_folder(store: Path) -> None:
    """A folder where the database should lie."""
    store.mkdir()


@pytest.mark.parametrize(
    ("damage", "told"),
    [(garbled, "not a database"), (newer, "newer couponhub"), (a_folder, "cannot be used")],
)
def test_a_store_that_cannot_be_used_is_away(
    tmp_path: Path, damage: Callable[[Path], None], told: str
) -> None:
    """The state alone is, in one line; the other parts are told by themselves."""
    damage(tmp_path / "x.db")
    faults = faults_of(tmp_path / "x.db")
    assert [ReachedPart.STATE] == list(faults)
    assert told in faults["state"]


def test_a_store_that_cannot_be_made_is_away(tmp_path: Path) -> None:
    """All its parts: a file stands where its folder should."""
    (tmp_path / "file").touch()
    faults = faults_of(tmp_path / "file" / "deeper" / "x.db")
    assert {"state", "files", "usage_index"} == set(faults)


def test_a_store_that_was_never_used_is_there(tmp_path: Path) -> None:
    """It could be made, and still is not."""
    assert {} == faults_of(tmp_path / "deeper" / "x.db")
    assert [] == list(tmp_path.iterdir())


def test_a_look_never_raises() -> None:
    """Whatever a library raises: the words of a stranger's error are not told, for they may hold a password."""

    def looks(_: float) -> None:
        raise ValueError("postgresql://me:secret@host")

    def fails(_: float) -> None:
        raise LocalError("gone")

    def seen(look: Callable[[float], None]) -> str:
        return str(PartProbe(part=ReachedPart.SHARED, kind="redis", place="host", look=look).reach(1.0).fault)

    assert "gone" == seen(fails)
    assert "the redis of the part shared fails with ValueError" == seen(looks)
