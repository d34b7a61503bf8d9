"""Copying a whole state: there and back it says the same of everything; killed or disturbed, it leaves nothing behind."""

import os
import signal
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest

from couponhub.clock import utc_now
from couponhub.errors import LocalError
from couponhub.models import CouponList, ListId
from couponhub.state import AuditAction, AuditOutcome, Scope, State, StoreSettings, open_state
from couponhub.state.moving import copying
from couponhub.state.moving.copying import copy_state
from couponhub.testing.state_conformance.samples import (
    DAY,
    LIST,
    codes_of,
    digest,
    new_call,
    new_job,
    new_upload,
    shown,
    take_in,
)
from tests.kit.processes import forked

CUSTOMERS = ("E1", "E2", "E3", "Ünïcode\\N")


@pytest.fixture
def sqlite(tmp_path: Path) -> StoreSettings:
    """A state in SQLite with something of everything."""
    settings = in_folder(tmp_path / "first")
    with open_state(settings) as state:
        fill(state)
    return settings


@pytest.fixture
def postgresql(postgresql_url: str) -> StoreSettings:
    """An empty database."""
    return StoreSettings(url=postgresql_url)


def in_folder(folder: Path) -> StoreSettings:
    """A store in a folder."""
    return StoreSettings(url=f"sqlite:///{folder.as_posix()}/couponhub.db")


def fill(state: State) -> None:
    """Write something of everything."""
    ledger = state.ledger("shop")
    for number, codes in enumerate((["A-1", "A-2"], ["B\\N", 'ÄÖ,"quoted"'])):
        upload = new_upload(codes, [f"C-{number}"], name=f"up_{number}")
        with ledger.workspace() as work:
            sets = [
                _file(work / f"{at}.codes", "".join(f"{code}\n" for code in each))
                for at, each in enumerate((codes, ["C"]))
            ]
            files = [_file(work / f"{at}.csv", "919876543210,X\n") for at in range(2)]
            upload = ledger.begin(upload, sets, files, _file(work / "rows", "what became of rows"))
        upload = ledger.mark_submitting(upload, 1)
        ledger.mark_submitted(upload, 1, shown(upload, 1, accepted=2))
        state.callbacks.ring(state.callbacks.begin(upload.id))
    for name in ("second", "first"):
        state.tokens.new([Scope.LOOKUP], name=name)
        state.jobs.create(new_job(f"up_{name}"))
        with state.job_files.workspace() as work:
            state.job_files.put(new_job(f"up_{name}").id, "a file", _file(work / "f", "919876543210;x"))
    state.migration_log.append("m1", "planned", {"to": "ä"}, after=0)
    for number, outcome in enumerate((AuditOutcome.DONE, None, AuditOutcome.FAILED)):
        event = state.audit.begin(AuditAction.SEND_UPLOAD, who="ab12", name=f"ä{number}", connection="shop")
        if outcome is not None:
            state.audit.end(event.id, outcome, reference=f"up_{number}")
    state.readings.note_stock("shop", [CouponList(connection="shop", id=LIST, name="N", available=7)])
    state.readings.note_quotas("shop", {"calls_per_day": 3}, {"calls_per_day": 9})
    state.vendor_calls.write([new_call("call_1")])
    state.sign_outs.add("mark", utc_now() + timedelta(hours=1))
    state.preference.set(["engage", "shop"])
    key, now = state.reports.key(), utc_now()
    with state.reports.changing() as change:
        take_in(change, key, [(customer, f"CODE-{customer}") for customer in CUSTOMERS])
        change.see("shop", [CouponList(connection="shop", id=ListId("L2"), name="N\0")], now)
    with state.reports.changing() as change:
        take_in(change, key, [("E1", "MORE\\")])
        change.forget(digest(key, "E2"), now)
    state.quotas.take("account", "calls", [DAY], 3)


def _file(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def answers(settings: StoreSettings) -> dict[str, Any]:
    """Return what a state says of everything, through its port."""
    with open_state(settings) as state:
        ledger = state.ledger("shop")
        uploads = ledger.all()
        found: dict[str, Any] = {"uploads": uploads, "jobs": state.jobs.all(), "tokens": state.tokens.all()}
        found["codes"] = codes_of(list(ledger.history(LIST).kept.values()))
        found["files"] = [
            (path.read_text(encoding="utf-8") if (path := ledger.part_file(upload, number)) else None)
            for upload in uploads
            for number in (1, 2)
        ]
        found["rows"] = [
            path.read_text() if (path := ledger.row_record(upload)) else None for upload in uploads
        ]
        found["calls"] = [state.callbacks.calls(upload.id) for upload in uploads]
        found["job files"] = [
            (name, path.read_text())
            for job in state.jobs.all()
            for name in state.job_files.names(job.id)
            if (path := state.job_files.path(job.id, name)) is not None
        ]
        found["events"] = [state.migration_log.events(one.id) for one in state.migration_log.all()]
        found["audit"] = state.audit.page()
        found["readings"] = (state.readings.stock("shop", LIST), state.readings.quotas("shop"))
        found["preference"] = state.preference.get()
        found["left"] = state.quotas.left("account", {"calls": [DAY]})
        with state.reports.reading() as index:
            assert index is not None
            found["catalogue"] = attrs.asdict(index.catalogue(), recurse=False)
            found["lines"] = [index.lines_of(digest(index.key, customer)) for customer in CUSTOMERS]
            found["explained"] = index.lines_with("MORE\\")
            found["forgotten"] = [index.is_forgotten(digest(index.key, one)) for one in CUSTOMERS]
            found["campaign"] = index.campaign(index.lines_with("MORE\\")[0])
        assert state.maintenance.check(thorough=True).faults == ()
    return found


def test_there_and_back_it_says_the_same(
    sqlite: StoreSettings, postgresql: StoreSettings, tmp_path: Path
) -> None:
    """SQLite to PostgreSQL, from there to SQLite, and to SQLite again: every answer, every file and every figure is the same."""
    expected = answers(sqlite)
    expected["catalogue"]["lists"] = {
        number: attrs.evolve(known, name=known.name and known.name.replace("\0", "\u2400"))
        for number, known in expected["catalogue"]["lists"].items()
    }
    back, again = in_folder(tmp_path / "back"), in_folder(tmp_path / "again")
    told = [copy_state(sqlite, postgresql), copy_state(postgresql, back), copy_state(back, again)]
    for settings in (postgresql, back, again):
        assert expected == answers(settings)
    assert told[0] == told[1] == told[2]
    with open_state(back) as state:
        assert () == state.vendor_calls.newest()  # which tell of where they were written
        assert {"mark"} == state.sign_outs.all()
    figures = {part.name: part.count for part in told[0]}
    assert {
        "uploads": 2,
        "parts": 4,
        "pages": 3,
        "files: codes": 4,
        "files: part": 2,
        "files: rows": 2,
        "files: job": 2,
    } == {
        name: figures[name]
        for name in ("uploads", "parts", "pages", "files: codes", "files: part", "files: rows", "files: job")
    }


def test_postgresql_to_postgresql(
    sqlite: StoreSettings, postgresql: StoreSettings, postgresql_server: Any
) -> None:
    """From one database to another, and what is written next gets a place behind what was copied."""
    other = StoreSettings(url=postgresql_server.url(postgresql_server.new_database()))
    copy_state(sqlite, postgresql)
    copy_state(postgresql, other)
    assert answers(postgresql) == answers(other)
    with open_state(other) as state:
        state.jobs.create(new_job("up_last"))
        assert ["up_second", "up_first", "up_last"] == sorted(
            (job.id for job in state.jobs.all()), key=["up_second", "up_first", "up_last"].index
        )


def test_only_an_empty_target_is_filled(
    sqlite: StoreSettings, postgresql: StoreSettings, tmp_path: Path
) -> None:
    """One that holds anything is refused, and stays as it is."""
    copy_state(sqlite, postgresql)
    other = in_folder(tmp_path / "other")
    with open_state(other) as state:
        state.preference.set(["mine"])
    for target in (postgresql, other):
        with pytest.raises(LocalError, match=r"not empty|there is a store"):
            copy_state(sqlite, target)
    with open_state(other) as state:
        assert ("mine",) == state.preference.get()


@pytest.mark.parametrize("to_postgresql", [True, False])
def test_two_copies_at_once(
    sqlite: StoreSettings,
    postgresql: StoreSettings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    to_postgresql: bool,
) -> None:
    """Of two to one place the second is refused, and takes nothing from the first."""
    target = postgresql if to_postgresql else in_folder(tmp_path / "target")
    whole = copying._copied

    def while_another_tries(*arguments: Any) -> Any:
        monkeypatch.setattr(copying, "_copied", whole)
        with pytest.raises(LocalError, match="somebody else copies a store"):
            copy_state(sqlite, target)
        return whole(*arguments)

    monkeypatch.setattr(copying, "_copied", while_another_tries)
    copy_state(sqlite, target)
    assert answers(sqlite)["uploads"] == answers(target)["uploads"]


@pytest.mark.parametrize("to_postgresql", [True, False])
def test_a_store_without_reports_gets_its_first(
    postgresql: StoreSettings, tmp_path: Path, *, to_postgresql: bool
) -> None:
    """What was never made is not there afterwards either, and is made as ever: the usage index and its key."""
    source, target = (
        in_folder(tmp_path / "small"),
        postgresql if to_postgresql else in_folder(tmp_path / "copy"),
    )
    with open_state(source) as state:
        state.tokens.new([Scope.LOOKUP], name="one")
    copy_state(source, target)
    with open_state(target) as state:
        with state.reports.reading() as found:
            assert found is None
        key = state.reports.key()
        with state.reports.changing() as change:
            assert 1 == take_in(change, key, [("E1", "A")])
    if not to_postgresql:
        assert not list((tmp_path / "copy").glob(".*")), "what was made for the copy is gone"


def test_files_that_were_laid_aside_go_along(sqlite: StoreSettings, tmp_path: Path) -> None:
    """A code set that seems too old counts at the target as at the source, and keeps its age."""
    (path,) = (tmp_path / "first" / "codes").rglob("up_0.1.txt")
    os.utime(path, (1_600_000_000, 1_600_000_000))
    path.rename(path.with_name(f"{path.name}.aged-1700000000"))
    target = in_folder(tmp_path / "target")
    copy_state(sqlite, target)
    (there,) = (tmp_path / "target" / "codes").rglob("up_0.1.txt*")
    assert ("up_0.1.txt", 1_600_000_000) == (there.name, there.stat().st_mtime)
    assert answers(sqlite)["codes"] == answers(target)["codes"]


def test_a_job_under_way_is_waited_for(sqlite: StoreSettings, postgresql: StoreSettings) -> None:
    """A source whose jobs somebody drives is refused; nothing was put in the target."""
    with open_state(sqlite) as state, state.jobs.worker() as owner:
        assert state.jobs.claim(new_job("up_first").id, owner, seconds=600)
        with pytest.raises(LocalError, match="in use: 1 of kind upload"):
            copy_state(sqlite, postgresql)
    copy_state(sqlite, postgresql)


@pytest.mark.parametrize("to_postgresql", [True, False])
def test_a_source_that_changes_is_noticed(
    sqlite: StoreSettings,
    postgresql: StoreSettings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    to_postgresql: bool,
) -> None:
    """Whoever writes the source while it is copied has the copy refused, and the target stays empty."""
    target = postgresql if to_postgresql else in_folder(tmp_path / "target")
    whole = copying._copied

    def and_then_somebody_writes(*arguments: Any) -> Any:
        found = whole(*arguments)
        with open_state(sqlite) as state:
            state.tokens.new([Scope.LOOKUP], name="meanwhile")
        return found

    with monkeypatch.context() as patched:
        patched.setattr(copying, "_copied", and_then_somebody_writes)
        with pytest.raises(LocalError, match="changed while it was copied: tokens"):
            copy_state(sqlite, target)
    copy_state(sqlite, target)


def _copy_and_be_killed() -> None:
    source, target, at = sys.argv[1:]
    name, count = at.split(":")
    looked = getattr(copying, name)
    calls = 0

    def then_die(*arguments: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == int(count):
            os.kill(os.getpid(), signal.SIGKILL)
        return looked(*arguments, **named)

    setattr(copying, name, then_die)
    copy_state(StoreSettings(url=source), StoreSettings(url=target))


@pytest.mark.parametrize(
    "at", ["Counted:1", "Counted:9", "_with_file:5", "_looked:1", "_looked:2", "CopiedPart:1"]
)
@pytest.mark.parametrize("to_postgresql", [True, False])
def test_killed_it_can_be_repeated(
    sqlite: StoreSettings, postgresql: StoreSettings, tmp_path: Path, at: str, *, to_postgresql: bool
) -> None:
    """Wherever it is killed, the target is empty for everybody or whole, and the same command makes it whole."""
    target = postgresql if to_postgresql else in_folder(tmp_path / "target")
    with forked(_copy_and_be_killed, str(sqlite.url), str(target.url), at, folder=tmp_path) as process:
        process.ended()
    if at == "CopiedPart:1":
        with pytest.raises(LocalError, match=r"not empty|there is a store"):
            copy_state(sqlite, target)
    else:
        copy_state(sqlite, target)
    assert answers(sqlite)["uploads"] == answers(target)["uploads"]
