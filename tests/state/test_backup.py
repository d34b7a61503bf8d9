"""Backups by use: made while others write, put back, and sent from again without a code that goes out twice."""

import os
import shutil
import sys
import threading
from collections import Counter
from itertools import count
from pathlib import Path

import pytest

from couponhub.errors import LocalError, UsageError
from couponhub.models import ListId
from couponhub.state import StoreSettings, open_state
from couponhub.state.sqlite.database import LedgerDatabase
from tests.kit.clock import FakeClock
from tests.kit.eventually import eventually
from tests.kit.processes import forked
from tests.state.kit import codes_of
from tests.uploads.harness import LIST, UploadHarness
from tests.uploads.vendors import FileVendor


def settings_in(folder: Path) -> StoreSettings:
    """The store in a folder."""
    return StoreSettings(url=f"sqlite:///{folder.as_posix()}/couponhub.db")


def shop_in(folder: Path, vendor: FileVendor) -> UploadHarness:
    """A shop as a new process would open it, on the store in a folder."""
    return UploadHarness(vendor=vendor, store=LedgerDatabase(settings_in(folder)), clock=FakeClock())


def test_no_code_goes_out_twice_after_a_restore(tmp_path: Path) -> None:
    """A backup that is made amid uploads, put back elsewhere: all that was sent before it is left out again."""
    vendor, home, aside = FileVendor(), tmp_path / "home", tmp_path / "backup"
    harness = shop_in(home, vendor)
    batches = [[f"N{batch}-{number}" for number in range(50)] for batch in range(12)]
    harness.uploads.send(LIST, batches[0])
    begun, enough = threading.Event(), threading.Event()
    sent: list[list[str]] = [batches[0]]

    def send() -> None:
        for batch in batches[1:]:
            harness.uploads.send(LIST, batch)
            sent.append(batch)
            begun.set()
            if enough.is_set():
                break

    writer = threading.Thread(target=send)
    writer.start()
    assert begun.wait(60)
    before = [code for batch in list(sent) for code in batch]
    with open_state(settings_in(home)) as state:
        state.maintenance.backup(aside)
    enough.set()
    writer.join()
    harness.store.close()
    shutil.move(home, tmp_path / "lost")
    shutil.copytree(aside, home)

    restored = shop_in(home, vendor)
    again = restored.uploads.send(LIST, [*before, "NEW-1"])

    assert len(before) == again.skipped
    assert "NEW-1" in vendor.codes
    assert {1} == set(Counter(vendor.codes).values())
    with open_state(settings_in(home)) as state:
        assert () == state.maintenance.check(thorough=True).faults
    restored.store.close()


def write() -> None:
    """Send one upload after the other, in a process of its own, and say so."""
    shop = shop_in(Path(sys.argv[1]), FileVendor())
    for number in count():
        shop.uploads.send(ListId(f"L{number % 7}"), [f"C{number}-{code}" for code in range(20)])
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()


def test_a_backup_amid_a_killed_writer_is_of_one_moment(tmp_path: Path) -> None:
    """Another process writes all the while: each upload in a copy has its codes, and all codes have their upload."""
    home = tmp_path / "home"
    with forked(write, str(home)) as writer:
        for round_ in range(5):
            before = len(writer.out.split())
            eventually(lambda before=before: len(writer.out.split()) >= before + 3, "uploads")  # type: ignore[misc]
            with open_state(settings_in(home)) as state:
                state.maintenance.backup(tmp_path / f"backup{round_}")
    known = 0
    for round_ in range(5):
        with open_state(settings_in(tmp_path / f"backup{round_}")) as copy:
            checked = copy.maintenance.check(thorough=True)
            assert ((), ()) == (checked.faults, checked.warnings)
            uploads = copy.ledger("shop").all()
            for upload in uploads:
                history = copy.ledger("shop").history(upload.list_id)
                assert history.codes_known(upload)
                assert () == history.unknown
            assert known < len(uploads)
            known = len(uploads)


def test_what_the_ledger_had_forgotten_before_is_copied_too(tmp_path: Path) -> None:
    """Code sets of a store that lost its memory still count after a restore."""
    home = tmp_path / "home"
    harness = shop_in(home, FileVendor())
    harness.uploads.send(LIST, ["A1", "B2"])
    harness.store.close()
    for file in home.glob("couponhub.db*"):
        file.unlink()
    with open_state(settings_in(home)) as state:
        state.tokens.all()
        state.maintenance.backup(tmp_path / "backup")
    with open_state(settings_in(tmp_path / "backup")) as copy:
        assert ["A1", "B2"] == codes_of(copy.ledger("shop").history(LIST).unknown)


@pytest.mark.skipif(os.name == "nt", reason="modes say nothing there")
def test_a_backup_is_private_and_keeps_ages(tmp_path: Path) -> None:
    """Whatever the mask, files are for their owner alone; a code set is as old as it was."""
    home, aside = tmp_path / "home", tmp_path / "backup"
    harness = shop_in(home, FileVendor())
    harness.uploads.send(LIST, ["A1"])
    (code_set,) = home.glob("codes/[!.]*/*/*.txt")
    os.utime(code_set, (1_700_000_000, 1_700_000_000))
    before = os.umask(0)
    try:
        with open_state(settings_in(home)) as state:
            written = state.maintenance.backup(aside)
    finally:
        os.umask(before)
    harness.store.close()
    (copy,) = aside.glob("codes/[!.]*/*/*.txt")
    assert {0o600} == {path.stat().st_mode & 0o777 for path in aside.rglob("*") if path.is_file()}
    assert {0o700} == {path.stat().st_mode & 0o777 for path in (aside, *aside.rglob("*")) if path.is_dir()}
    assert 1_700_000_000 == copy.stat().st_mtime
    assert {part.path for part in written} == set(aside.iterdir())


def test_a_folder_that_is_not_empty_is_left_alone(tmp_path: Path) -> None:
    """Nothing of it is changed, whatever it is."""
    home, aside = tmp_path / "home", tmp_path / "backup"
    with open_state(settings_in(home)) as state:
        state.ledger("shop").require_writable()
        aside.mkdir()
        (aside / "mine").write_text("mine", encoding="utf-8")
        with pytest.raises(UsageError, match="is not empty"):
            state.maintenance.backup(aside)
        with pytest.raises(UsageError, match="is no folder"):
            state.maintenance.backup(aside / "mine")
    assert ["mine"] == [path.name for path in aside.iterdir()]


def test_where_nothing_is_there_is_nothing_to_back_up(tmp_path: Path) -> None:
    """That is told, and no folder is made."""
    with open_state(settings_in(tmp_path / "home")) as state, pytest.raises(LocalError, match="nothing to"):
        state.maintenance.backup(tmp_path / "backup")
    assert [] == list(tmp_path.iterdir())


def test_a_backup_that_fails_leaves_nothing(tmp_path: Path) -> None:
    """An index whose key is gone cannot be put back: it is told, and what was copied is removed."""
    home = tmp_path / "home"
    with open_state(settings_in(home)) as state:
        state.ledger("shop").require_writable()
        with state.reports.changing():
            pass
        (home / "couponhub.key").unlink()
        with pytest.raises(LocalError, match="key"):
            state.maintenance.backup(tmp_path / "backup")
    assert not (tmp_path / "backup").exists()


def test_a_code_set_that_was_cut_is_found(tmp_path: Path) -> None:
    """A thorough check counts codes, for those that are gone could go out twice."""
    home = tmp_path / "home"
    harness = shop_in(home, FileVendor())
    harness.uploads.send(LIST, ["A1", "B2"])
    (code_set,) = home.glob("codes/[!.]*/*/*.txt")
    code_set.write_text("A1\n", encoding="utf-8")
    with open_state(settings_in(home)) as state:
        assert () == state.maintenance.check().faults
        (fault,) = state.maintenance.check(thorough=True).faults
    harness.store.close()
    assert "more or fewer codes than were sent" in fault.message


def test_a_damaged_database_is_found_and_not_backed_up(tmp_path: Path) -> None:
    """What cannot be read through is no backup."""
    home = tmp_path / "home"
    harness = shop_in(home, FileVendor())
    for number in range(30):
        harness.uploads.send(ListId(f"L{number}"), [f"A{number}"])
    harness.store.close()
    path = home / "couponhub.db"
    content = bytearray(path.read_bytes())
    for at in range(4096, len(content), 4096):
        content[at + 8 : at + 40] = b"\xff" * 32
    path.write_bytes(content)
    with open_state(settings_in(home)) as state:
        assert state.maintenance.check(thorough=True).faults
        with pytest.raises(LocalError):
            state.maintenance.backup(tmp_path / "backup")
    assert not (tmp_path / "backup").exists()
