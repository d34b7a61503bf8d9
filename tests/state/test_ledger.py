"""The ledger: what it keeps, what counts as possibly sent, and who may send."""

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import attrs
import pytest

from couponhub.errors import LocalError, WaitTimeout
from couponhub.models import ListId, Part, PartId, UploadId, UploadStatus
from couponhub.state import PartRecord, Stage, StoreSettings, TextCodeSet, UploadRecord
from couponhub.state.sqlite.database import LedgerDatabase
from couponhub.state.sqlite.ledger import SqliteLedger
from tests.state.kit import codes_of, files_of

LIST = ListId("L 1/ä")
NOON = datetime(2025, 5, 1, 12, tzinfo=UTC)
UPLOAD = UploadRecord(
    id=UploadId("up_1"),
    connection="engage",
    list_id=LIST,
    name="spring.csv",
    fingerprint="f1",
    rows=3,
    duplicates=0,
    skipped=0,
    tagging="mobile",
    warnings=("odd", "odder"),
    parts=(
        PartRecord.prepared(1, name="spring-a.csv", rows=2),
        PartRecord.prepared(2, name="spring-b.csv", rows=1),
    ),
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[LedgerDatabase]:
    """A store in a folder of its own."""
    store = LedgerDatabase(StoreSettings(url=f"sqlite:///{tmp_path}/state/hub.db", retention_days=30))
    yield store
    store.close()


@pytest.fixture
def ledger(store: LedgerDatabase) -> SqliteLedger:
    """A ledger whose clock stands at noon."""
    return SqliteLedger(store, "engage", now=lambda: NOON)


def begin(ledger: SqliteLedger, upload: UploadRecord = UPLOAD) -> UploadRecord:
    """Begin an upload whose parts hold one code each, named like the part."""
    with ledger.workspace() as folder:
        codes = []
        for part in upload.parts:
            path = folder / f"{part.number}.txt"
            path.touch(0o600)
            path.write_text(f"{part.name}\n", encoding="utf-8")
            codes.append(path)
        return ledger.begin(upload, codes)


def sent(ledger: SqliteLedger) -> list[str]:
    """The codes that the list may hold."""
    return codes_of(ledger.history(LIST).sent)


def test_every_transition_is_read_back(store: LedgerDatabase, ledger: SqliteLedger) -> None:
    """What a method answered is what another process finds afterwards."""
    other = SqliteLedger(LedgerDatabase(store.settings), "engage")
    steps = [begin(ledger)]
    steps.append(ledger.mark_submitting(steps[-1], 1))
    part = Part(
        id=PartId("77"),
        name="spring-a.csv",
        status=UploadStatus.DONE,
        vendor_status="FINISHED",
        accepted=1,
        rejected=1,
        error_file="error_key",
        success_file="success_key",
        created_at=NOON - timedelta(minutes=1),
    )
    steps.append(ledger.mark_submitted(steps[-1], 1, part))
    steps.append(ledger.mark_submitting(steps[-1], 2))
    steps.append(ledger.mark_absent(steps[-1], 2))

    assert steps[-1] == other.find(UPLOAD.id)
    assert [
        [Stage.PREPARED, Stage.PREPARED],
        [Stage.SUBMITTING, Stage.PREPARED],
        [Stage.SUBMITTED, Stage.PREPARED],
        [Stage.SUBMITTED, Stage.SUBMITTING],
        [Stage.SUBMITTED, Stage.ABSENT],
    ] == [[part.stage for part in step.parts] for step in steps]
    assert (PartId("77"), UploadStatus.DONE, 2, 1, NOON) == (
        steps[-1].parts[0].shown.id,
        steps[-1].parts[0].shown.status,
        steps[-1].parts[0].shown.rows,
        steps[-1].parts[0].shown.accepted,
        steps[-1].parts[0].submitted_at,
    )
    assert ("error_key", "success_key", NOON - timedelta(minutes=1)) == (
        steps[-1].parts[0].shown.error_file,
        steps[-1].parts[0].shown.success_file,
        steps[-1].parts[0].shown.created_at,
    )
    assert ("odd", "odder") == steps[-1].warnings
    other._store.close()


def test_unchanged_sight_writes_nothing(store: LedgerDatabase, ledger: SqliteLedger) -> None:
    """Asking again and seeing the same does not move the upload's time."""
    seen = Part(id=PartId("7"), name="spring-a.csv", status=UploadStatus.PROCESSING, raw={"id": 7})
    upload = ledger.mark_submitted(begin(ledger), 1, seen)
    later = SqliteLedger(store, "engage", now=lambda: NOON + timedelta(hours=1))

    again = later.mark_submitted(upload, 1, seen)

    assert NOON == again.updated_at
    assert {"id": 7} == again.parts[0].shown.raw


def test_only_what_the_vendor_may_hold_counts_as_sent(ledger: SqliteLedger) -> None:
    """Prepared, absent and failed parts can be sent again; a part in doubt cannot."""
    upload = begin(ledger)
    assert [] == sent(ledger)

    upload = ledger.mark_submitting(upload, 1)
    assert ["spring-a.csv"] == sent(ledger)

    upload = ledger.mark_submitting(ledger.mark_absent(upload, 1), 2)
    assert ["spring-b.csv"] == sent(ledger)

    done = Part(id=PartId("8"), name="spring-b.csv", status=UploadStatus.DONE)
    upload = ledger.mark_submitted(upload, 2, done)
    assert ["spring-b.csv"] == sent(ledger)

    ledger.mark_submitted(upload, 2, attrs.evolve(done, status=UploadStatus.FAILED))
    assert [] == sent(ledger)


def test_connections_and_lists_are_apart(store: LedgerDatabase, ledger: SqliteLedger) -> None:
    """Nobody sees the uploads or codes of another connection or list."""
    ledger.mark_submitting(begin(ledger), 1)
    other = SqliteLedger(store, "loyalty")

    assert (None, (), ()) == (other.find(UPLOAD.id), other.of_list(LIST), other.history(LIST).sent)
    assert () == ledger.of_list(ListId("L"))


def test_same_batch_is_recognised(ledger: SqliteLedger) -> None:
    """By its fingerprint, oldest first."""
    begin(ledger)
    begin(ledger, attrs.evolve(UPLOAD, id=UploadId("up_2"), fingerprint="f2"))
    begin(ledger, attrs.evolve(UPLOAD, id=UploadId("up_3")))

    assert ["up_1", "up_3"] == [upload.id for upload in ledger.history(LIST).same_batch("f1")]


def test_code_sets_are_private_files_beside_the_database(store: LedgerDatabase, ledger: SqliteLedger) -> None:
    """Names that are no file names are encoded; the workspace is empty afterwards."""
    begin(ledger)
    found = {path.relative_to(store.layout.folder).as_posix() for path in store.layout.folder.rglob("*.txt")}
    folders = [path for path in (store.layout.folder / "codes").rglob("*") if path.is_dir()]

    assert {f"codes/engage/L%201%2F%C3%A4/up_1.{number}.txt" for number in (1, 2)} == found
    assert {0o700} == {path.stat().st_mode & 0o777 for path in folders}
    assert {0o600} == {path.stat().st_mode & 0o777 for path in store.layout.folder.rglob("*.txt")}
    assert [] == list((store.layout.folder / "codes" / ".work").iterdir())


@pytest.mark.parametrize("name", ["..", ".work", "../x", "a/b"])
def test_no_name_leads_out_of_the_folder(store: LedgerDatabase, name: str) -> None:
    """A list's id comes from the vendor or the command line, and is never a path."""
    begin(SqliteLedger(store, "engage"), attrs.evolve(UPLOAD, list_id=ListId(name)))
    begin(SqliteLedger(store, name), attrs.evolve(UPLOAD, id=UploadId("up_2"), connection=name))

    depths = {len(path.relative_to(store.layout.folder).parts) for path in store.layout.folder.rglob("*.txt")}
    assert {4} == depths
    assert 4 == len(list(store.layout.folder.glob("codes/[!.]*/*/*.txt")))


def age(ledger: SqliteLedger, days: float) -> None:
    """Let the code sets of the list be so old."""
    old = time.time() - days * 86_400
    for path in files_of(ledger.history(LIST).sent):
        os.utime(path, (old, old))


def test_old_code_sets_are_purged(
    store: LedgerDatabase, ledger: SqliteLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the days of retention, and a second look a week later, codes are gone, which the ledger knows; so is their index."""
    upload = ledger.mark_submitting(begin(ledger), 1)
    (kept,) = ledger.history(LIST).sent
    assert isinstance(kept, TextCodeSet)
    assert kept.index is not None
    kept.index.touch()
    age(ledger, 31)
    begin(ledger, attrs.evolve(UPLOAD, id=UploadId("up_2")))
    begin(ledger, attrs.evolve(UPLOAD, id=UploadId("up_3")))
    assert ["spring-a.csv"] == sent(ledger)
    assert ledger.history(LIST).codes_known(upload)

    later = time.time() + 8 * 86_400
    monkeypatch.setattr("couponhub.state.sqlite.ledger.time.time", lambda: later)
    begin(ledger, attrs.evolve(UPLOAD, id=UploadId("up_4")))

    assert [] == sent(ledger)
    assert not ledger.history(LIST).codes_known(upload)
    assert not ledger.history(LIST).has_lost_codes
    assert not kept.index.exists()
    assert 7 == len([path for path in store.layout.folder.rglob("up_*") if path.is_file()])


def test_old_records_of_rows_are_purged(
    store: LedgerDatabase, ledger: SqliteLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They go as code sets do, also of an upload that has none: laid aside at first, where they still count."""
    with ledger.workspace() as folder:
        (folder / "rows").write_bytes(b"rows")
        upload = ledger.begin(attrs.evolve(UPLOAD, parts=()), rows=folder / "rows")
    old = time.time() - 31 * 86_400
    kept = ledger.row_record(upload)
    assert kept is not None
    assert 0o600 == kept.stat().st_mode & 0o777
    os.utime(kept, (old, old))
    begin(ledger, attrs.evolve(UPLOAD, id=UploadId("up_2")))
    aside = ledger.row_record(upload)
    assert aside is not None
    assert (kept.exists(), b"rows") == (False, aside.read_bytes())

    later = time.time() + 8 * 86_400
    monkeypatch.setattr("couponhub.state.sqlite.ledger.time.time", lambda: later)
    begin(ledger, attrs.evolve(UPLOAD, id=UploadId("up_3")))

    assert ledger.row_record(upload) is None
    assert [] == list(store.layout.codes.rglob("*.rows*"))


def test_a_clock_that_was_a_year_ahead_makes_nothing_forgotten(
    ledger: SqliteLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it is ahead the codes still count, and once it is right again all is as it was."""
    upload = ledger.mark_submitting(begin(ledger), 1)
    before = ledger.history(LIST).sent
    ahead = time.time() + 365 * 86_400
    with monkeypatch.context() as wrong:
        wrong.setattr("couponhub.state.sqlite.ledger.time.time", lambda: ahead)
        for number in (2, 3):
            begin(ledger, attrs.evolve(UPLOAD, id=UploadId(f"up_{number}")))
            assert ["spring-a.csv"] == sent(ledger)
    assert before != ledger.history(LIST).sent

    begin(ledger, attrs.evolve(UPLOAD, id=UploadId("up_4")))

    assert before == ledger.history(LIST).sent
    assert ledger.history(LIST).codes_known(upload)


def test_code_sets_that_cannot_be_read_are_not_taken_for_none(
    store: LedgerDatabase, ledger: SqliteLedger
) -> None:
    """Nothing is subtracted silently less than what was sent."""
    ledger.mark_submitting(begin(ledger), 1)
    (folder,) = store.layout.folder.glob("codes/engage/*")
    folder.rename(store.layout.folder / "aside")
    folder.write_text("in the way", encoding="utf-8")

    with pytest.raises(LocalError, match="cannot be used"):
        ledger.history(LIST)


def test_a_crash_while_codes_are_put_away_leaves_nothing_unknown(
    ledger: SqliteLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the row and the codes nothing was sent: the codes are neither sent nor in doubt."""
    monkeypatch.setattr("couponhub.state.sqlite.codesets.os.replace", _killed)
    with pytest.raises(KeyboardInterrupt):
        begin(ledger)

    assert ([], (), False) == (
        sent(ledger),
        ledger.history(LIST).unknown,
        ledger.history(LIST).has_lost_codes,
    )


def _killed(*_: object) -> None:
    raise KeyboardInterrupt


def test_workspaces_of_killed_processes_are_removed(store: LedgerDatabase, ledger: SqliteLedger) -> None:
    """Codes lie there in plain text; what a living process has stays."""
    with ledger.workspace() as kept:
        (kept / "codes.csv").write_text("code\nA1\n", encoding="utf-8")
        abandoned = kept.parent / "abandoned"
        abandoned.mkdir()
        (abandoned / "codes.csv").write_text("code\nA1\n", encoding="utf-8")
        abandoned.with_suffix(".lock").touch()
        with ledger.workspace():
            assert not abandoned.exists()
            assert (kept / "codes.csv").exists()
    assert [] == list((store.layout.folder / "codes" / ".work").iterdir())


def test_workspaces_at_once_are_left_alone(store: LedgerDatabase, ledger: SqliteLedger) -> None:
    """However closely a sweep follows upon a beginning, nobody loses what lies in a living workspace."""

    def work(number: int) -> str:
        with ledger.workspace() as folder:
            path = folder / "codes.csv"
            path.write_text(str(number), encoding="utf-8")
            time.sleep(0.001)
            return path.read_text(encoding="utf-8")

    with ThreadPoolExecutor(8) as pool:
        assert [str(number) for number in range(200)] == list(pool.map(work, range(200)))
    assert [] == list((store.layout.folder / "codes" / ".work").iterdir())


def test_deleted_part_is_sent_no_more(ledger: SqliteLedger) -> None:
    """Its codes may be sent again, and its rows still balance."""
    seen = Part(id=PartId("77"), name="spring-a.csv", status=UploadStatus.DONE, accepted=2)
    upload = ledger.mark_submitted(ledger.mark_submitting(begin(ledger), 1), 1, seen)
    assert [] != sent(ledger)
    deleted = ledger.mark_deleted(upload, 1)

    assert [] == sent(ledger)
    assert not deleted.parts[0].maybe_sent
    assert deleted.parts == ledger.of_list(LIST)[0].parts


def test_one_sender_per_list(store: LedgerDatabase, ledger: SqliteLedger) -> None:
    """While one sends, another waits for as long as it may; another list is free."""
    other = SqliteLedger(LedgerDatabase(store.settings), "engage")
    upload = begin(ledger)
    with ledger.list_lock(LIST, timeout=None):
        assert other.is_locked(upload)
        with pytest.raises(WaitTimeout, match="still being sent"), other.list_lock(LIST, timeout=0):
            pass
        with other.list_lock(ListId("L2"), timeout=0):
            pass
    assert not other.is_locked(upload)
    with other.list_lock(LIST, timeout=0):
        pass
    other._store.close()


def test_only_the_newest_upload_can_be_under_way(ledger: SqliteLedger) -> None:
    """An older one was ended, one way or another, before the newest could begin."""
    older = begin(ledger)
    newest = begin(ledger, attrs.evolve(UPLOAD, id=UploadId("up_2")))
    with ledger.list_lock(LIST, timeout=None):
        assert [False, True] == [ledger.is_locked(older), ledger.is_locked(newest)]


def test_clock_set_back_does_not_hide_who_is_sending(store: LedgerDatabase) -> None:
    """The newest upload is the one that was written down last, whatever its time of day."""
    hours = iter((12, 11))
    ledger = SqliteLedger(store, "engage", now=lambda: NOON.replace(hour=next(hours)))
    older = begin(ledger)
    newer = begin(ledger, attrs.evolve(UPLOAD, id=UploadId("up_2")))
    with ledger.list_lock(LIST, timeout=0):
        assert [False, True] == [ledger.is_locked(upload) for upload in (older, newer)]


@pytest.mark.parametrize("mark", [SqliteLedger.mark_absent, SqliteLedger.mark_submitting])
def test_what_was_seen_outweighs_what_is_inferred(
    ledger: SqliteLedger, mark: Callable[[SqliteLedger, UploadRecord, int], UploadRecord]
) -> None:
    """A part that another process has meanwhile seen at the vendor stays submitted."""
    stale = ledger.mark_submitting(begin(ledger), 1)
    ledger.mark_submitted(stale, 1, Part(id=PartId("9"), name="spring-a.csv"))

    marked = mark(ledger, stale, 1)
    assert (Stage.SUBMITTED, "9") == (marked.parts[0].stage, marked.parts[0].shown.id)
    assert ledger.find(UPLOAD.id) == marked


def test_unwritable_place_is_local_trouble(tmp_path: Path) -> None:
    """Where no code set can be written, that is one error before anything else happens."""
    (tmp_path / "codes").write_text("in the way", encoding="utf-8")
    store = LedgerDatabase(StoreSettings(url=f"sqlite:///{tmp_path}/hub.db"))
    ledger = SqliteLedger(store, "engage")
    ledger.require_writable()
    for use in (ledger.workspace(), ledger.list_lock(LIST, timeout=0)):
        with pytest.raises(LocalError), use:
            pass
    store.close()
