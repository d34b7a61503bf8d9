"""Stores that were written before: they open without loss, and an upgrade tells what it does."""

import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from couponhub.errors import LocalError
from couponhub.models import Customer, ListId, PartId, UploadId
from couponhub.state import PartRecord, Scope, Stage, StoreSettings, Window, open_state
from couponhub.state.sqlite.layout import LEDGER, QUOTAS, REPORTS
from couponhub.state.sqlite.migrations import MIGRATIONS, newest, pending
from couponhub.state.sqlite.state import SqliteState
from couponhub.usage import UsageIndex
from tests.state.kit import codes_of

BEFORE = Path(__file__).parent / "store_of_before"
LIST = ListId("L 1/ä")
THEN = 1_700_000_000.0
ACCOUNT = hashlib.sha256(b"account").hexdigest()[:32]


@pytest.fixture
def settings(tmp_path: Path) -> StoreSettings:
    """A store as it was written before there was one list of migrations, put back from its dump."""
    for dump in BEFORE.glob("*.sql"):
        with closing(sqlite3.connect(tmp_path / dump.stem)) as database:
            database.executescript(dump.read_text(encoding="utf-8"))
    key = (BEFORE / "couponhub.key.hex").read_text(encoding="ascii")
    (tmp_path / "couponhub.key").write_bytes(bytes.fromhex(key.strip()))
    folder = tmp_path / "codes" / "engage" / "L%201%2F%C3%A4"
    folder.mkdir(parents=True)
    (folder / "up_one.1.txt").write_text("A-1\nA-2\n", encoding="utf-8")
    (folder / "up_two.1.txt").write_text("B-1\n", encoding="utf-8")
    return StoreSettings(url=f"sqlite:///{tmp_path.as_posix()}/couponhub.db")


def test_nothing_of_an_older_store_is_lost(settings: StoreSettings) -> None:
    """Uploads, codes, tokens, callbacks, reports and counts are what they were."""
    with SqliteState(settings, clock=lambda: THEN) as state:
        ledger = state.ledger("engage")
        one, two = ledger.of_list(LIST)
        history = ledger.history(LIST)
        assert ("up_one", "mobile", ("odd",)) == (one.id, one.tagging, one.warnings)
        assert [Stage.SUBMITTED, Stage.SUBMITTING] == [one.parts[0].stage, two.parts[0].stage]
        assert ["A-1", "A-2", "B-1"] == codes_of(history.sent)
        assert ["A-1", "A-2"] == codes_of(history.taken)
        assert one == ledger.find_by_part(LIST, PartId("77"))
        (token,) = state.tokens.all()
        assert ("till", frozenset({Scope.LOOKUP, Scope.ADMIN})) == (token.name, token.scopes)
        assert 1 == state.callbacks.calls(UploadId("up_two"))
        day = Window("calls_per_day", 100, 86_400)
        assert {"calls_per_day": 93} == state.quotas.left(ACCOUNT, {"calls": [day]})
        found = UsageIndex(state.reports).codes_of(Customer(external_id="CUSTOMER-1"))
        assert ["CODE-1", "CODE-2"] == [issued.code for issued in found.issued]


def test_an_upgrade_tells_first_and_then_does_what_it_told(settings: StoreSettings) -> None:
    """A dry run changes nothing; after the real one there is nothing left to do, and nothing is lost."""
    with open_state(settings) as state:
        told = state.maintenance.upgrade(dry_run=True)
        assert {LEDGER, QUOTAS} == set(told)
        assert told == {part.name: part.pending for part in state.maintenance.status() if part.pending}
        assert told == state.maintenance.upgrade(dry_run=True)
        assert told == state.maintenance.upgrade()
        assert {} == state.maintenance.upgrade()
        versions = {part.name: part.schema for part in state.maintenance.status() if part.newest}
        assert {name: newest(name) for name in (LEDGER, REPORTS, QUOTAS)} == versions
        assert 2 == len(state.ledger("engage").all())
        assert () == state.maintenance.check(thorough=True).faults


@pytest.mark.parametrize("begun", range(newest(LEDGER)))
def test_every_version_of_the_ledger_is_brought_up(tmp_path: Path, begun: int) -> None:
    """Whatever the version, the rows that were in it are there afterwards, and can be worked with."""
    path = tmp_path / "couponhub.db"
    with closing(sqlite3.connect(path)) as database:
        for step in MIGRATIONS:
            if step.database == LEDGER and step.version <= begun:
                for statement in step.statements:
                    database.execute(statement)
        database.execute(f"PRAGMA user_version = {begun}")
        if begun:
            database.execute(
                "INSERT INTO uploads VALUES ('up_1', 'engage', 'L1', 'n', 'f', 1, 0, 0, NULL, '[]',"
                " '2026-01-01T00:00:00+00:00', '2026-01-01T00:00:00+00:00')"
            )
            database.execute(
                "INSERT INTO parts (upload_id, number, name, stage, status, vendor_status, updated_at)"
                " VALUES ('up_1', 1, 'p', 'prepared', 'pending', '', '2026-01-01T00:00:00+00:00')"
            )
        database.commit()
    with open_state(StoreSettings(url=f"sqlite:///{path.as_posix()}")) as state:
        ledger = state.ledger("engage")
        uploads = ledger.all()
        assert bool(begun) == bool(uploads)
        for upload in uploads:
            assert (
                PartRecord.prepared(1, name="p", rows=None).known_as(updated_at=upload.updated_at)
                == upload.parts[0]
            )
            assert Stage.ABSENT is ledger.mark_absent(upload, 1).parts[0].stage


def test_migrations_are_numbered_without_a_gap() -> None:
    """Each leads from the version before it, in the order in which they stand."""
    for database in (LEDGER, REPORTS, QUOTAS):
        assert [*range(1, newest(database) + 1)] == [one.version for one in pending(database, 0)]


def test_a_migration_that_fails_leaves_the_version_before(settings: StoreSettings) -> None:
    """A table that stands in the way: the store is told to be unusable, and is what it was."""
    with closing(sqlite3.connect(settings.path)) as database:
        database.execute("CREATE INDEX parts_at_vendor ON parts (number)")
        database.commit()
    with open_state(settings) as state:
        with pytest.raises(LocalError, match="cannot be used"):
            state.ledger("engage").all()
        (ledger, *_) = state.maintenance.status()
        assert 4 == ledger.schema
    with closing(sqlite3.connect(settings.path)) as database:
        database.execute("DROP INDEX parts_at_vendor")
        database.commit()
    with open_state(settings) as state:
        assert 2 == len(state.ledger("engage").all())
