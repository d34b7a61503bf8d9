"""The right to send to a list in PostgreSQL: lost with its session, taken from who stands still, and fenced off by its number."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

from couponhub.errors import LocalError, WaitTimeout
from couponhub.models import Identifier, JobId, ListId
from couponhub.state import Stage, StoreSettings
from couponhub.state.postgresql import list_lock
from couponhub.state.postgresql.state import PostgresqlState
from couponhub.testing.state_conformance.samples import LIST, begin, shown
from tests.kit.servers import PostgresqlServer

Open = Callable[[], PostgresqlState]


@pytest.fixture
def opened(postgresql_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """Opens the state as another machine would."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "machine"))
    with ExitStack() as held:
        yield lambda: held.enter_context(PostgresqlState(StoreSettings(url=postgresql_url)))


@pytest.fixture
def run(postgresql_url: str) -> Callable[[str], None]:
    """Runs a statement in a session of its own."""

    def run(statement: str) -> None:
        with psycopg.connect(postgresql_url, autocommit=True) as connection:
            connection.execute(statement.encode())

    return run


CUT = "SELECT pg_terminate_backend(backend::int) FROM couponhub.list_epochs"
STAND_STILL = "UPDATE couponhub.list_epochs SET alive_until = 0"


def test_a_cut_session_has_lost_the_right(opened: Open, run: Callable[[str], None]) -> None:
    """Who was cut off sends nothing more; where nobody came after it, what it knows is written down all the same."""
    ledger = opened().ledger("shop")
    upload = begin(ledger, ["A"])
    with ledger.list_lock(LIST, timeout=0):
        ledger.require_lock(LIST)
        upload = ledger.mark_submitting(upload, 1)
        run(CUT)
        with pytest.raises(LocalError, match="was lost, and nothing was sent"):
            ledger.require_lock(LIST)
        upload = ledger.mark_submitted(upload, 1, shown(upload))
    assert Stage.SUBMITTED is upload.parts[0].stage
    ledger.require_lock(LIST)  # which takes no right any more


def test_who_came_after_fences_off(opened: Open, run: Callable[[str], None]) -> None:
    """Once another has the right, the one before writes nothing of a part under it."""
    one, other = opened().ledger("shop"), opened().ledger("shop")
    upload = begin(one, ["A"], ["B"])
    with one.list_lock(LIST, timeout=0):
        one.mark_submitting(upload, 1)
        run(CUT)
        with other.list_lock(LIST, timeout=20):
            seen = other.mark_absent(upload, 1)
            for late in (one.mark_submitting, one.mark_absent):
                with pytest.raises(LocalError, match="was lost, and nothing was written"):
                    late(upload, 2)
            with pytest.raises(LocalError, match="was lost, and nothing was written"):
                one.mark_submitted(upload, 1, shown(upload))
            with pytest.raises(LocalError, match="was lost, and nothing was written"):
                begin(one, ["C"])
            other.require_lock(LIST)
        assert seen == other.find(upload.id)
    assert [upload.id] == [found.id for found in other.all()]


def test_who_stands_still_is_taken_over(opened: Open, run: Callable[[str], None]) -> None:
    """A holder that shows no sign of life loses its session to whoever waits; one that lives does not."""
    one, other = opened().ledger("shop"), opened().ledger("shop")
    with one.list_lock(LIST, timeout=0):
        with pytest.raises(WaitTimeout, match="still being sent"), other.list_lock(LIST, timeout=0):
            pass
        one.require_lock(LIST)
        run(STAND_STILL)
        with other.list_lock(LIST, timeout=20):
            with pytest.raises(LocalError, match="nothing was sent"):
                one.require_lock(LIST)
            other.require_lock(LIST)
    with other.list_lock(LIST, timeout=0):
        other.require_lock(LIST)


def test_who_lives_shows_it(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """A holder that works for long keeps its right, however long others wait."""
    monkeypatch.setattr(list_lock, "LIVES_SECONDS", 0.4)
    one, other = opened().ledger("shop"), opened().ledger("shop")
    with one.list_lock(LIST, timeout=0):
        with pytest.raises(WaitTimeout), other.list_lock(LIST, timeout=1.5):
            pass
        one.require_lock(LIST)


def test_lists_do_not_wait_for_each_other(opened: Open) -> None:
    """Each list has a right of its own, and each connection's are its own."""
    state = opened()
    with ExitStack() as held:
        for connection in ("shop", "other"):
            for name in ("L1", "L2", "L\0"):
                held.enter_context(state.ledger(connection).list_lock(ListId(name), timeout=0))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system forks nothing")
def test_a_forked_process_has_no_right(opened: Open) -> None:
    """What was forked off in the block holds nothing, and its end gives nothing back."""
    one, other = opened().ledger("shop"), opened().ledger("shop")
    with one.list_lock(LIST, timeout=0):
        if (child := os.fork()) == 0:
            try:
                one.require_lock(LIST)
            except LocalError:
                os._exit(7)
            os._exit(0)
        assert 7 == os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        one.require_lock(LIST)
        with pytest.raises(WaitTimeout), other.list_lock(LIST, timeout=0):
            pass


def test_the_ledger_goes_by_the_servers_clock(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine whose clock is an hour ahead writes and asks for the same time as all others."""
    monkeypatch.setattr(time, "time", lambda: 0.0)
    ledger = opened().ledger("shop")
    upload = ledger.mark_submitting(begin(ledger, ["A"]), 1)
    sent = upload.parts[0].submitted_at
    assert sent is not None
    assert 2026 <= sent.year
    assert sent <= ledger.now()


def test_a_lost_code_set_is_never_taken_for_one_that_was_not_sent(
    opened: Open, run: Callable[[str], None]
) -> None:
    """Its part still counts as sent, and whoever reads it is told what is lost and what to do."""
    state = opened()
    ledger = state.ledger("shop")
    upload = ledger.mark_submitting(begin(ledger, ["A"]), 1)
    run("DELETE FROM couponhub.file_chunks")
    history = opened().ledger("shop").history(LIST)
    assert history.codes_known(upload)
    (codes,) = history.sent
    assert codes.is_kept()
    with pytest.raises(LocalError, match="is not there any more: it was lost"):
        list(codes.batches())


def test_nothing_of_who_was_forgotten_stays_in_the_tables(
    opened: Open, postgresql_server: PostgresqlServer, postgresql_url: str
) -> None:
    """No row, dead or living, of any table holds the customer after an erasure; others are there."""
    state = opened()
    for number, name in enumerate(("canary@example.com", "other@example.com")):
        with state.job_files.workspace() as folder:
            (folder / "people").write_text("email,code\n" + f"{name},A{number}\n" * 30_000, encoding="utf-8")
            state.job_files.put(JobId("ex_1"), f"people {number}", folder / "people")
    assert 30_000 == state.forget(lambda kind, text: (kind, text) == (Identifier.EMAIL, "canary@example.com"))
    database = postgresql_url.rpartition("/")[2]
    with psycopg.connect(postgresql_server.url(database, user="postgres"), autocommit=True) as connection:
        connection.execute("CREATE EXTENSION pgstattuple")
        dead = connection.execute(
            "SELECT sum((pgstattuple(oid)).dead_tuple_count) FROM pg_class WHERE oid = 'couponhub.file_chunks'::regclass"
            " OR oid = (SELECT reltoastrelid FROM pg_class WHERE oid = 'couponhub.file_chunks'::regclass)"
        ).fetchone()
        living = connection.execute("SELECT content FROM couponhub.file_chunks").fetchall()
        rows = connection.execute("SELECT files::text FROM couponhub.files").fetchall()
    assert (0,) == dead
    assert [True] == [b"other@example.com" in row[0] for row in living if len(row[0]) > len("email,code\n")]
    assert not any(b"canary" in row[0] for row in living)
    assert not any("canary" in row[0] or "example" in row[0] for row in rows)
