"""A store that has lost its memory: no code goes out twice for it, and it says so."""

import shutil
import sqlite3
from contextlib import closing

import pytest

from couponhub.errors import LocalError
from couponhub.models import FileUrl
from couponhub.state.sqlite.database import LedgerDatabase
from couponhub.uploads import Uploads
from tests.uploads.harness import LIST, UploadHarness, counts

FIVE = ["A1", "B2", "C3", "D4", "E5"]
URL = FileUrl(url="https://files.example.com/codes.csv")


def lose(store: LedgerDatabase, how: str) -> None:
    """Take the database away, or what stands in it."""
    store.close()
    path = store.settings.path
    if how == "rows":
        with closing(sqlite3.connect(path)) as database:
            database.executescript("DELETE FROM parts; DELETE FROM uploads;")
        return
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink()
    if how == "emptied":
        path.touch()


@pytest.mark.parametrize("how", ["gone", "emptied", "rows"])
def test_codes_of_unknown_uploads_are_left_out(harness: UploadHarness, how: str) -> None:
    """Code sets that the ledger does not know count as sent, the list's new codes go out, and it is said."""
    harness.uploads.send(LIST, FIVE, wait=True)
    lose(harness.store, how)

    upload = harness.uploads.send(LIST, [*FIVE, "F6"], wait=True)

    assert [*FIVE, "F6"] == harness.vendor.codes
    assert (6, 1, 0, 0, 0, 0, 0, 5) == counts(upload)
    assert "lost its memory" in upload.warnings[0]


def test_what_was_restored_from_an_older_backup_counts(harness: UploadHarness) -> None:
    """Uploads made after the backup are not in the database, their codes are beside it."""
    harness.uploads.send(LIST, FIVE[:2], wait=True)
    harness.store.close()
    backup = harness.store.layout.folder / "backup"
    shutil.copy(harness.store.settings.path, backup)
    harness.uploads.send(LIST, FIVE[2:4], wait=True)
    lose(harness.store, "gone")
    backup.rename(harness.store.settings.path)

    harness.uploads.send(LIST, FIVE, wait=True)

    assert FIVE == harness.vendor.codes


def test_lost_code_sets_refuse_uploads(harness: UploadHarness) -> None:
    """Where the ledger knows of codes and their folder is gone, nobody can leave them out; `again` sends all."""
    harness.uploads.send(LIST, FIVE, wait=True)
    shutil.rmtree(harness.store.layout.folder / "codes")

    with pytest.raises(LocalError, match="could go out twice") as caught:
        harness.uploads.send(LIST, ["F6", "A1"])

    assert "--again" in caught.value.hint
    assert FIVE == harness.vendor.codes
    harness.uploads.send(LIST, ["F6"], again=True, wait=True)
    assert [*FIVE, "F6"] == harness.vendor.codes


def test_a_url_is_refused_beside_unknown_code_sets(url_harness: UploadHarness) -> None:
    """What is at a URL cannot be left out, and whether it was sent before nobody knows any more."""
    uploads: Uploads = url_harness.uploads
    uploads.send(LIST, FIVE, wait=True)
    uploads.send(LIST, URL)
    before = len(url_harness.vendor.files)
    lose(url_harness.store, "gone")

    with pytest.raises(LocalError, match="could go out twice"):
        url_harness.uploads.send(LIST, URL)

    assert before == len(url_harness.vendor.files)
