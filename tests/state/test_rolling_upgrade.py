"""Machines of two releases on one database of PostgreSQL: the older goes on beside a newer schema as long as that says it may."""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import LiteralString
from urllib.parse import urlsplit

import pytest

from couponhub.errors import LocalError
from couponhub.models import UploadId
from couponhub.state import AuditAction, AuditOutcome, AuditQuestion, Scope, StoreSettings
from couponhub.state.postgresql import migrations
from couponhub.state.postgresql.database import PostgresqlDatabase
from couponhub.state.postgresql.file_chunks import ChunkFiles
from couponhub.state.postgresql.key import SharedKey
from couponhub.state.postgresql.migrations import STEPS, SchemaStep
from couponhub.state.postgresql.reaching import probes_of
from couponhub.state.sql.audit import SqlAuditLog
from couponhub.state.sql.callbacks import SqlCallbacks
from couponhub.state.sql.migration_log import SqlMigrationLog
from couponhub.state.sql.tokens import SqlTokens

NOW = migrations.newest()
ALL_TABLES: LiteralString = """
    DO $$
    DECLARE one text;
    BEGIN
        FOR one IN SELECT tablename FROM pg_tables WHERE schemaname = 'couponhub' LOOP
            EXECUTE format('ALTER TABLE %I ADD COLUMN tomorrow TEXT DEFAULT ''x'', ADD COLUMN unknown_yet BIGINT', one);
        END LOOP;
    END $$
"""
"""Columns of a release to come, in each table that there is."""

EXPAND = SchemaStep(
    version=NOW + 1,
    oldest=NOW,
    about="columns and a table of a release to come",
    statements=(
        "CREATE TABLE of_tomorrow (id TEXT PRIMARY KEY)",
        ALL_TABLES,
    ),
)
CONTRACT = SchemaStep(
    version=NOW + 2,
    oldest=NOW + 1,
    about="nobody reads the old column any more",
    statements=("ALTER TABLE tokens DROP COLUMN expires_at",),
)
ONLY_ADDS = re.compile(
    r"(CREATE (TABLE|INDEX|SEQUENCE)\b|ALTER TABLE (IF EXISTS )?[\w.]+ ADD COLUMN (?!.*NOT NULL(?!.*DEFAULT)))",
    re.DOTALL,
)


@contextmanager
def release(*steps: SchemaStep) -> Iterator[None]:
    """Have what is opened in the block be of a release with these further migrations."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrations, "STEPS", (*STEPS, *steps))
        yield


@pytest.fixture
def opened(postgresql_url: str) -> Iterator[Callable[..., PostgresqlDatabase]]:
    """Open the database as a process does whose release has these further migrations."""
    with ExitStack() as held:

        def opens(*steps: SchemaStep) -> PostgresqlDatabase:
            store = PostgresqlDatabase(StoreSettings(url=postgresql_url))
            held.callback(store.close)
            with release(*steps), store.reading():
                return store

        yield opens


def uses_all(store: PostgresqlDatabase, name: str) -> None:
    """Write, read, change and remove what servers and workers do."""
    tokens, callbacks, log = SqlTokens(store), SqlCallbacks(store), SqlMigrationLog(store)
    text, token = tokens.new([Scope.LOOKUP], name=name)
    assert token.matches(text)
    assert token in tokens.all()
    address = callbacks.begin(UploadId(name))
    assert callbacks.ring(address)
    assert 1 == callbacks.calls(UploadId(name))
    callbacks.end(UploadId(name))
    assert log.append(name, "began", {"a": 1}, after=0) is not None
    assert ["began"] == [event.kind for event in log.events(name)]
    audit = SqlAuditLog(store, days=400)
    event = audit.begin(AuditAction.MAKE_TOKEN, who=name, name=name)
    audit.end(event.id, AuditOutcome.DONE)
    assert AuditOutcome.DONE is audit.page(AuditQuestion(who=name)).events[0].outcome
    tokens.remove(name)


def test_an_older_release_goes_on_beside_a_newer_one(opened: Callable[..., PostgresqlDatabase]) -> None:
    """While it runs, and when it begins anew; what either writes the other reads."""
    old = opened()
    uses_all(old, "before")
    new = opened(EXPAND)
    SqlTokens(old).new([Scope.LOOKUP], name="of the old")
    SqlTokens(new).new([Scope.LOOKUP], name="of the new")
    with new.transaction() as database:
        database.execute("UPDATE tokens SET tomorrow = 'y' WHERE name = 'of the new'")
        database.execute("INSERT INTO of_tomorrow VALUES ('1')")
    for number, store in enumerate((old, new, opened())):
        uses_all(store, f"meanwhile {number}")
        assert ["of the old", "of the new"] == [token.name for token in SqlTokens(store).all()]


def test_a_release_that_is_too_old_is_refused(
    opened: Callable[..., PostgresqlDatabase], postgresql_url: str
) -> None:
    """Once the old has been taken away: in one line, with the mend; the release between goes on."""
    opened(EXPAND)
    new = opened(EXPAND, CONTRACT)
    with pytest.raises(LocalError, match="written by a newer couponhub") as refused:
        opened()
    assert "upgrade couponhub" in refused.value.hint
    assert "\n" not in refused.value.args[0]
    assert str(urlsplit(postgresql_url).password) not in str(refused.value)
    for store in (new, opened(EXPAND)):
        with store.reading() as database:
            assert [] == database.execute("SELECT * FROM tokens").fetchall()


def test_a_running_release_notices_that_it_is_too_old(opened: Callable[..., PostgresqlDatabase]) -> None:
    """A look at the state fails from then on, so that no balancer sends anybody there; beside a newer schema it does not."""
    old = opened()
    state, *_ = probes_of(old, ChunkFiles(old), SharedKey(old))
    assert state.reach(30.0).is_up
    opened(EXPAND)
    assert state.reach(30.0).is_up
    opened(EXPAND, CONTRACT)
    fault = state.reach(30.0).fault
    assert fault is not None
    assert "written by a newer couponhub" in str(fault)


def test_many_that_begin_at_once_upgrade_once(
    opened: Callable[..., PostgresqlDatabase], postgresql_url: str
) -> None:
    """A rolling upgrade begins several machines at a time: each migration is run by one, and waited for by all."""
    opened()
    stores = [PostgresqlDatabase(StoreSettings(url=postgresql_url)) for _ in range(6)]
    faults: list[Exception] = []

    def begin(store: PostgresqlDatabase) -> None:
        try:
            uses_all(store, str(id(store)))
        except LocalError as error:
            faults.append(error)

    with release(EXPAND):
        threads = [threading.Thread(target=begin, args=(store,)) for store in stores]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    for store in stores:
        store.close()
    assert [] == faults
    with opened().reading() as database:
        versions = database.execute("SELECT version FROM schema_versions ORDER BY version").fetchall()
    assert [*range(1, NOW + 2)] == [row["version"] for row in versions]


def test_an_upgrade_that_fails_changes_nothing(opened: Callable[..., PostgresqlDatabase]) -> None:
    """The old goes on, and the new says why in one line."""
    old = opened()
    broken = SchemaStep(
        version=NOW + 1,
        oldest=NOW,
        about="x",
        statements=("CREATE TABLE a (x TEXT)", "ALTER TABLE nowhere ADD COLUMN x TEXT"),
    )
    with pytest.raises(LocalError, match="nowhere"):
        opened(broken)
    uses_all(old, "as before")
    opened(EXPAND)


def test_an_upgrade_does_not_wait_for_long(
    opened: Callable[..., PostgresqlDatabase], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever waits for a table keeps all others from it: behind a long reader it gives up, and says what to do."""
    monkeypatch.setattr(migrations, "_LONGEST_WAIT", "50ms")
    old = opened()
    with old.reading() as database:
        database.execute("SELECT * FROM tokens").fetchall()
        with pytest.raises(LocalError, match="lock timeout") as refused:
            opened(EXPAND)
        assert "again" in refused.value.hint
    uses_all(old, "as before")
    opened(EXPAND)


def test_what_an_older_release_may_use_is_only_added_to() -> None:
    """A migration that lets older releases go on takes nothing away, and asks nothing of rows that they write."""
    for before, step in zip((None, *STEPS), STEPS, strict=False):
        assert 1 <= step.oldest <= step.version
        assert before is None or before.oldest <= step.oldest
        if step.oldest < step.version:
            assert [] == [one for one in step.statements if not ONLY_ADDS.match(one.strip())]
