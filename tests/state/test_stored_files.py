"""Files of a state in PostgreSQL: in the database, in a folder that all machines see, or in object storage."""

import stat
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import attrs
import pytest

from couponhub.config.structure import setting_fault
from couponhub.errors import LocalError
from couponhub.state import StoreSettings
from couponhub.state.postgresql import file_shelf
from couponhub.state.postgresql.database import PostgresqlDatabase
from couponhub.state.postgresql.file_shelf import FileKind, FileShelf, open_stored_files
from couponhub.state.postgresql.local_files import LocalFiles, machine_folder
from couponhub.state.stored_files import StoredFiles
from tests.kit.buckets import ask

LARGE = bytes(range(256)) * 9000


@attrs.frozen
class Place:
    """A place of files, and a shelf that keeps them there."""

    shelf: FileShelf
    reopened: Callable[[], StoredFiles]
    folder: Path

    def made(self, content: bytes = b"CODE-1\nCODE-2\n") -> Path:
        """Make a file of this machine."""
        path = self.folder / "made"
        path.write_bytes(content)
        return path


@pytest.fixture(params=["database", "folder", "s3"])
def place(
    request: pytest.FixtureRequest, postgresql_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Place]:
    """Every kind of place."""
    files = None
    if request.param == "folder":
        files = f"file://{tmp_path}/shared"
    if request.param == "s3":
        files = f"s3://{request.getfixturevalue('s3_bucket')}/a/b"
        monkeypatch.setenv("AWS_ENDPOINT_URL", request.getfixturevalue("s3_endpoint"))
    settings = StoreSettings(url=postgresql_url, files=files)
    with ExitStack() as held:

        def opened() -> PostgresqlDatabase:
            database = PostgresqlDatabase(settings)
            held.callback(database.close)
            return database

        database, local = opened(), LocalFiles()
        held.callback(local.close)
        yield Place(
            FileShelf(database, open_stored_files(settings, database), local),
            lambda: open_stored_files(settings, opened()),
            tmp_path,
        )


@pytest.mark.parametrize("content", [b"", b"CODE-1\nCODE-2\n", LARGE])
def test_files_come_back_as_they_were(place: Place, tmp_path: Path, content: bytes) -> None:
    """Whoever opens the place anew finds each file whole, and has it for itself alone."""
    place.shelf.files.put("name-1", place.made(content))
    files, copy = place.reopened(), tmp_path / "copy"
    assert files.fetch("name-1", copy)
    assert content == copy.read_bytes()
    assert 0o600 == stat.S_IMODE(copy.stat().st_mode)
    assert ["name-1"] == [name for name, _ in files.ages()]
    assert not files.fetch("name-2", tmp_path / "other")


def test_a_name_keeps_what_it_has(place: Place, tmp_path: Path) -> None:
    """Nothing is ever put over a file."""
    place.shelf.files.put("name", place.made())
    with pytest.raises(LocalError):
        place.shelf.files.put("name", place.made(b"other"))
    assert place.shelf.files.fetch("name", tmp_path / "copy")
    assert b"CODE-1\nCODE-2\n" == (tmp_path / "copy").read_bytes()


def test_what_is_removed_is_gone(place: Place, tmp_path: Path) -> None:
    """Removing it twice is fine, and so is what was never there."""
    place.shelf.files.put("name", place.made())
    for _ in range(2):
        place.shelf.files.remove(["name", "never"])
    assert not place.shelf.files.fetch("name", tmp_path / "copy")
    assert [] == list(place.shelf.files.ages())


def keep(place: Place, label: str = "1") -> file_shelf.KeptFile:
    """Put a code set, and write it down."""
    kept = place.shelf.put(
        place.made(), FileKind.CODES, connection="shop", list_id="L", owner="up_1", label=label
    )
    with place.shelf.database.transaction() as database:
        assert place.shelf.write(database, kept, time.time())
    return kept


def test_a_lost_file_is_told(place: Place) -> None:
    """A row whose file is gone is a loss, never taken for what was not kept, and names no place that says anything."""
    kept = keep(place)
    place.shelf.files.remove([kept.name])
    with pytest.raises(
        LocalError, match=r"the codes of part 1 of upload up_1 .* is not there any more"
    ) as told:
        place.shelf.local_path(kept)
    assert kept.name not in str(told.value)
    with pytest.raises(LocalError):
        place.shelf.fetch_if_kept(kept, place.folder / "copy")
    place.shelf.drop("owner = ?", "up_1")
    assert not place.shelf.fetch_if_kept(kept, place.folder / "copy")


def test_a_changed_file_is_told(place: Place) -> None:
    """Content that is not what was put there is not read."""
    kept = keep(place)
    changed = attrs.evolve(kept, digest=b"\0" * 32)
    with pytest.raises(LocalError, match="is not what was put there"):
        place.shelf.local_path(changed)
    assert place.shelf.local_path(kept).exists()


@pytest.mark.parametrize("is_replaced", [True, False])
def test_a_file_that_goes_while_it_is_fetched_is_not_lost(
    place: Place, monkeypatch: pytest.MonkeyPatch, is_replaced: bool
) -> None:
    """Replaced by an erasure or removed by its job between row and file: the new one is told, or that there is none."""
    keep(place)
    fetch, others = FileShelf.fetch, LocalFiles()

    def fetch_late(shelf: FileShelf, kept: file_shelf.KeptFile, path: Path) -> None:
        monkeypatch.setattr(FileShelf, "fetch", fetch)
        another = FileShelf(shelf.database, shelf.files, others)
        if is_replaced:
            another.switch(kept, place.made(b"CODE-2\n"))
        else:
            another.drop("name = ?", kept.name)
        shelf.fetch(kept, path)

    monkeypatch.setattr(FileShelf, "fetch", fetch_late)
    found = place.shelf.path_of(FileKind.CODES, "up_1", "1")
    assert (b"CODE-2\n" if is_replaced else None) == (found and found.read_bytes())
    others.close()


def test_a_lost_file_is_not_sought_for_ever(place: Place) -> None:
    """What its row still names is lost, and told."""
    place.shelf.files.remove([keep(place).name])
    with pytest.raises(LocalError, match="it was lost"):
        place.shelf.path_of(FileKind.CODES, "up_1", "1")


def test_orphans_go_once_they_are_a_day_old(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a killed process had put and nobody wrote down is removed by its age; what is written down never."""
    kept = keep(place)
    place.shelf.files.put("orphan", place.made())
    place.shelf.remove_orphans()
    assert {"orphan", kept.name} == {name for name, _ in place.shelf.files.ages()}
    monkeypatch.setattr(file_shelf, "DAY", -1.0)
    place.shelf.remove_orphans()
    assert {kept.name} == {name for name, _ in place.shelf.files.ages()}


def test_what_could_not_be_removed_is_removed_later(place: Place) -> None:
    """A process that is killed between row and file leaves a note for the next one."""
    kept = keep(place)
    with place.shelf.database.transaction() as database:
        gone = file_shelf.deleted(database, "owner = ?", "up_1")
    assert (kept,) == gone
    assert [kept.name] == [name for name, _ in place.shelf.files.ages()]
    place.shelf.finish_removals()
    assert [] == list(place.shelf.files.ages())
    with place.shelf.database.reading() as database:
        assert [] == database.execute("SELECT * FROM files_gone").fetchall()


def test_nobody_guesses_names(place: Place) -> None:
    """Nothing of whose a file is stands in its name, which is long and another each time."""
    names = {keep(place, label).name for label in ("1", "2")}
    assert 2 == len(names)
    assert all(len(name) >= 40 and "up_1" not in name for name in names)


def test_states_in_one_place_are_apart(place: Place) -> None:
    """Another state with the same place of files neither sees nor removes what is not its own."""
    if place.shelf.database.settings.files is None:
        pytest.skip("each database has its own")
    place.shelf.files.put("name", place.made())
    with place.shelf.database.transaction() as database:
        database.execute("UPDATE file_home SET name = 'another'")
    assert [] == list(place.reopened().ages())


def test_a_copy_ends_with_its_process(place: Place) -> None:
    """Copies of files are this process's, and are gone when it is done with them."""
    path = place.shelf.local_path(keep(place))
    assert path.exists()
    place.shelf.local.close()
    assert not path.parent.exists()


def test_copies_of_what_others_replaced_go(place: Place) -> None:
    """Nobody is kept in a copy who was forgotten elsewhere: it goes when the next file is brought here."""
    old, other = keep(place, "1"), keep(place, "2")
    copy = place.shelf.local_path(old)
    place.shelf.local.index_of(old.name).write_bytes(b"index")
    with place.shelf.database.transaction() as database:
        file_shelf.deleted(database, "label = ?", "1")
    assert copy.exists()
    assert [place.shelf.local_path(other)] == list(copy.parent.iterdir())


def test_a_bucket_that_is_away_is_told_in_a_line(
    s3_bucket: str, s3_endpoint: str, postgresql_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is a fault of the state, which no vendor has refused, and it names the setting."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_endpoint)
    ask(f"{s3_endpoint}/{s3_bucket}", "DELETE")
    settings = StoreSettings(url=postgresql_url, files=f"s3://{s3_bucket}/a")
    database = PostgresqlDatabase(settings)
    path = tmp_path / "codes"
    path.write_bytes(b"CODE\n")
    files = open_stored_files(settings, database)
    for call in (lambda: files.put("name", path), lambda: files.fetch("name", tmp_path / "copy")):
        with pytest.raises(LocalError, match="there is no bucket") as told:
            call()
        assert "[store] files" in told.value.hint
        assert "CODE" not in str(told.value)
    database.close()


def test_a_folder_that_is_not_mounted_has_lost_nothing(postgresql_url: str, tmp_path: Path) -> None:
    """A share that is away is told as that, and no file in it is called lost."""
    settings = StoreSettings(url=postgresql_url, files=f"file://{tmp_path}/shared")
    database = PostgresqlDatabase(settings)
    files = open_stored_files(settings, database)
    with pytest.raises(LocalError, match="cannot be read"):
        files.fetch("name", tmp_path / "copy")
    database.close()


def test_the_place_of_files_is_read_from_the_config() -> None:
    """It can be given with PostgreSQL, in any order of the settings, and is refused with SQLite."""
    for files in ("s3://bucket/prefix", "file:///srv/couponhub"):
        assert setting_fault(StoreSettings, "files", files) is None
    assert "expected s3://" in str(setting_fault(StoreSettings, "files", "http://bucket"))
    with pytest.raises(ValueError, match="is for PostgreSQL"):
        StoreSettings(url="sqlite:///couponhub.db", files="s3://bucket/prefix")


def test_the_folder_of_copies_is_nobody_elses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that others may enter, or a link, is refused: codes would lie there."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    folder = machine_folder()
    assert 0o700 == stat.S_IMODE(folder.stat().st_mode)
    folder.chmod(0o755)
    with pytest.raises(LocalError, match="not this user's alone"):
        machine_folder()
    folder.rmdir()
    folder.symlink_to(tmp_path)
    with pytest.raises(LocalError, match="not this user's alone"):
        machine_folder()
