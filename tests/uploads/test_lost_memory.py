"""A store that has lost its memory: no code goes out twice for it, and it says so."""

import shutil
import sqlite3
from contextlib import closing

import pytest

from couponhub.errors import LocalError
from couponhub.models import FileUrl
from couponhub.state.sqlite.database import LedgerDatabase
from couponhub.uploads import Uploads
from tests.uploads.shop import LIST, Shop, counts

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
def test_codes_of_unknown_uploads_are_left_out(shop: Shop, how: str) -> None:
    """Code sets that the ledger does not know count as sent, the list's new codes go out, and it is said."""
    shop.uploads.send(LIST, FIVE, wait=True)
    lose(shop.store, how)

    upload = shop.uploads.send(LIST, [*FIVE, "F6"], wait=True)

    assert [*FIVE, "F6"] == shop.vendor.codes
    assert (6, 1, 0, 0, 0, 5) == counts(upload)
    assert "lost its memory" in upload.warnings[0]


def test_what_was_restored_from_an_older_backup_counts(shop: Shop) -> None:
    """Uploads made after the backup are not in the database, their codes are beside it."""
    shop.uploads.send(LIST, FIVE[:2], wait=True)
    shop.store.close()
    backup = shop.store.layout.folder / "backup"
    shutil.copy(shop.store.settings.path, backup)
    shop.uploads.send(LIST, FIVE[2:4], wait=True)
    lose(shop.store, "gone")
    backup.rename(shop.store.settings.path)

    shop.uploads.send(LIST, FIVE, wait=True)

    assert FIVE == shop.vendor.codes


def test_lost_code_sets_refuse_uploads(shop: Shop) -> None:
    """Where the ledger knows of codes and their folder is gone, nobody can leave them out; `again` sends all."""
    shop.uploads.send(LIST, FIVE, wait=True)
    shutil.rmtree(shop.store.layout.folder / "codes")

    with pytest.raises(LocalError, match="could go out twice") as caught:
        shop.uploads.send(LIST, ["F6", "A1"])

    assert "--again" in caught.value.hint
    assert FIVE == shop.vendor.codes
    shop.uploads.send(LIST, ["F6"], again=True, wait=True)
    assert [*FIVE, "F6"] == shop.vendor.codes


def test_a_url_is_refused_beside_unknown_code_sets(url_shop: Shop) -> None:
    """What is at a URL cannot be left out, and whether it was sent before nobody knows any more."""
    uploads: Uploads = url_shop.uploads
    uploads.send(LIST, FIVE, wait=True)
    uploads.send(LIST, URL)
    before = len(url_shop.vendor.files)
    lose(url_shop.store, "gone")

    with pytest.raises(LocalError, match="could go out twice"):
        url_shop.uploads.send(LIST, URL)

    assert before == len(url_shop.vendor.files)
