"""Forgetting: what is removed where, what is told, and how other processes notice."""

import json
import logging
import multiprocessing
import threading
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from couponhub import CouponHub, Customer, LocalError, UsageError
from couponhub.erasure import Forgotten, Watch
from couponhub.models import Identifier, ListId, ReportColumn, Source
from couponhub.models.reports import DaySpan, ReportForm, ReportImport
from couponhub.state import Reaped, StoreSettings, open_state
from couponhub.state.lockfile import held_lockfile, remove_folder
from couponhub.state.sqlite.codesets import CodeSets
from couponhub.state.sqlite.invalidation import FileSignal
from couponhub.state.sqlite.layout import Layout
from couponhub.usage.days import Days
from couponhub.usage.importing import ImportRequest, import_report
from couponhub.usage.index import UsageIndex
from tests.kit.cli import CUSTOMER, CliRunner
from tests.kit.eventually import eventually

WHO = ("--mobile", CUSTOMER)
EXTERNAL = "CANARY-EXT-7"
EMAIL = "canary.bird@example.com"
DAYS = DaySpan(date(2026, 1, 1), date(2026, 1, 31))
FORM = ReportForm(
    identifier=Identifier.EXTERNAL_ID,
    identifier_setting="user_id_is",
    columns_setting="usage_columns",
    columns={ReportColumn.USER: ("user id",), ReportColumn.CODE: ("coupon code",)},
    max_rows=None,
    max_age=timedelta(days=1),
)


@pytest.fixture
def settings(cli: CliRunner) -> StoreSettings:
    """The store of the cli."""
    return StoreSettings(url=f"sqlite:///{cli.folder.as_posix()}/state/couponhub.db")


@pytest.fixture
def index(settings: StoreSettings) -> Iterator[UsageIndex]:
    """The usage index of the cli."""
    with open_state(settings) as state:
        yield UsageIndex(state.reports)


def imported(index: UsageIndex, *rows: str, include_forgotten: bool = False) -> ReportImport:
    """Import a report of these rows."""
    order = ImportRequest(
        connection="moengage",
        list_id=ListId("L1"),
        days=DAYS,
        form=FORM,
        zones=Days([UTC]),
        lists=(),
        lists_seen_at=None,
        known=None,
        now=datetime(2026, 2, 1, tzinfo=UTC),
        include_forgotten=include_forgotten,
        shared_codes=True,
    )
    report = BytesIO("\n".join(("user id,coupon code", *rows, "")).encode())
    return import_report(index, report, order, codes_elsewhere=lambda _: False)


def forgotten(cli: CliRunner, *words: str) -> Any:
    """What `forget` prints as JSON."""
    ran = cli("forget", *words, "--yes", "-o", "json")
    assert 0 == ran.code, ran.err
    return ran.json


def counts(document: Any) -> dict[str, int | None]:
    """How much was removed where."""
    return {removal["where"]: removal["count"] for removal in document["removed"]}


def test_rows_of_reports_go_and_stay_away(cli: CliRunner, index: UsageIndex) -> None:
    """Of the person all, of others none; a later import brings back nothing, unless it is asked to."""
    imported(index, f"{EXTERNAL},AB-1", f"{EXTERNAL},AB-2", "OTHER,AB-3")
    person, other = Customer(external_id=EXTERNAL), Customer(external_id="OTHER")
    assert 2 == counts(forgotten(cli, "--external-id", EXTERNAL))["usage index"]
    assert () == tuple(index.codes_of(person).issued)
    assert index.codes_of(person).forgotten
    assert ["AB-3"] == [given.code for given in index.codes_of(other).issued]
    again = imported(index, f"{EXTERNAL},AB-1", f"{EXTERNAL},AB-9", "OTHER,AB-4")
    assert (2, 1) == (again.withheld, again.added)
    assert () == tuple(index.codes_of(person).issued)
    imported(index, f"{EXTERNAL},AB-1", include_forgotten=True)
    assert ["AB-1"] == [given.code for given in index.codes_of(person).issued]


def test_several_identifiers_at_once(cli: CliRunner, index: UsageIndex) -> None:
    """Everything under any of them goes."""
    imported(index, f"{EXTERNAL},AB-1")
    document = forgotten(cli, "--external-id", EXTERNAL, "--email", EMAIL, *WHO)
    assert {"mobile", "email", "external_id"} == set(document["identifiers"])
    assert 1 == counts(document)["usage index"]


def test_what_is_out_of_reach_is_told(cli: CliRunner) -> None:
    """The vendors by name, backups, and what others were told."""
    ran = cli("forget", *WHO, "--yes")
    assert 0 == ran.code
    assert ["usage index", "memory of lookups", "uploads in the making", "imports in the making"] == [
        row[0] for row in ran.rows
    ]
    lines = ran.err.splitlines()
    assert all(line.startswith("couponhub: not removed: ") for line in lines)
    assert any("Capillary and MoEngage" in line for line in lines)
    assert any("backups" in line for line in lines)


def test_nothing_of_the_person_is_told_or_kept(
    cli: CliRunner, index: UsageIndex, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither in the report, nor on stderr, nor in a log at DEBUG, nor in any file of the store."""
    caplog.set_level(logging.DEBUG)
    imported(index, f"{EXTERNAL},AB-1", "OTHER,AB-3")
    ran = cli("forget", "--external-id", EXTERNAL, "--email", EMAIL, *WHO, "--yes", "--debug", "-o", "json")
    assert 0 == ran.code
    files = [path.read_bytes() for path in (cli.folder / "state").rglob("*") if path.is_file()]
    assert any(b"AB-3" in file for file in files)
    records = " ".join(str(vars(record)) for record in caplog.records)
    told = [ran.out.encode(), ran.err.encode(), caplog.text.encode(), records.encode(), *files]
    for canary in (EXTERNAL, EMAIL, CUSTOMER, "AB-1"):
        assert [] == [text for text in told if canary.encode() in text]


def test_it_asks_before(cli: CliRunner, index: UsageIndex) -> None:
    """Without --yes, and with nobody there to be asked, nothing is done."""
    imported(index, f"{EXTERNAL},AB-1")
    ran = cli("forget", "--external-id", EXTERNAL)
    assert 2 == ran.code
    assert "add --yes" in ran.complaint
    assert EXTERNAL not in ran.complaint
    assert 1 == len(index.codes_of(Customer(external_id=EXTERNAL)).issued)


def test_nobody_is_refused(cli: CliRunner) -> None:
    """A person has to be named."""
    assert "nobody was named who is to be forgotten" in cli("forget", "--yes").complaint
    with CouponHub.from_config() as hub, pytest.raises(UsageError, match="nobody"):
        hub.forget([])


def test_a_store_that_cannot_be_written_is_an_error(cli: CliRunner) -> None:
    """Nothing is said to be forgotten then."""
    (cli.folder / "state").write_text("a file", encoding="utf-8")
    ran = cli("forget", *WHO, "--yes")
    assert 2 == ran.code
    assert "" == ran.out


@pytest.mark.usefixtures("cli")
def test_this_process_forgets_at_once() -> None:
    """Also what it has remembered under an identifier that another vendor named, and what is under way."""
    with CouponHub.from_config() as hub:
        for _ in range(2):
            answer = hub.lookup(Customer(mobile=CUSTOMER), connections=["capillary"])
        assert {Source.CACHE} == {coupon.source for coupon in answer.coupons}
        report = hub.forget([Customer(email="somebody@example.com")])
        assert isinstance(report, Forgotten)
        again = hub.lookup(Customer(mobile=CUSTOMER), connections=["capillary"])
    assert {Source.LIVE} == {coupon.source for coupon in again.coupons}
    assert (Identifier.EMAIL,) == report.identifiers


def test_an_answer_that_is_under_way_is_not_kept(cli: CliRunner) -> None:
    """Whoever waits for it gets it; nobody after."""
    cli.control["capillary"].fail("GET /v1.1/*", "latency", 0.4, times=1)
    with CouponHub.from_config() as hub:
        hub["capillary"].check()
        began = threading.Thread(
            target=lambda: hub.lookup(Customer(mobile=CUSTOMER), connections=["capillary"])
        )
        began.start()
        eventually(
            lambda: any(client.status().in_flight for client in hub.resilience.values()), "the question"
        )
        hub.forget([Customer(mobile=CUSTOMER)])
        began.join()
        again = hub.lookup(Customer(mobile=CUSTOMER), connections=["capillary"])
    assert {Source.LIVE} == {coupon.source for coupon in again.coupons}


def test_another_process_forgets_soon(cli: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `couponhub forget` announces, a hub that runs elsewhere heeds."""
    monkeypatch.setattr("couponhub.runtime.Watch", lambda erasures, heed: Watch(erasures, heed, every=0.05))
    with CouponHub.from_config() as hub:
        hub.lookup(Customer(mobile=CUSTOMER), connections=["capillary"])
        assert 0 == cli.apart("forget", *WHO, "--yes").code

        def asked_anew() -> bool:
            answer = hub.lookup(Customer(mobile=CUSTOMER), connections=["capillary"])
            return Source.LIVE in {coupon.source for coupon in answer.coupons}

        eventually(asked_anew, "the other process's erasure")


def test_looks_are_frequent_enough(settings: StoreSettings) -> None:
    """Without anybody's settings, an erasure is noticed well within the 10 seconds that are promised."""
    assert 5 >= Watch(FileSignal(Layout(settings)), lambda: None)._every


def test_a_watch(settings: StoreSettings) -> None:
    """It heeds what is announced after its start, once for each, and nothing after its end."""
    erasures = FileSignal(Layout(settings))
    erasures.announce()
    heeded: list[bytes] = []
    watch = Watch(erasures, lambda: heeded.append(erasures.latest()), every=0.01)
    watch.start()
    watch.start()
    for count in (1, 2):  # no third for what was there before
        erasures.announce()
        eventually(partial(_is_as_long_as, heeded, count), "an erasure")
    assert 2 == len(set(heeded))
    watch.close()
    thread = watch._thread
    assert thread is not None
    thread.join(60)
    assert not thread.is_alive()
    assert 2 == len(heeded)


def _is_as_long_as(items: list[bytes], count: int) -> bool:
    return count == len(items)


class _Away:
    """A signal of a state that is away now and then."""

    def __init__(self, *said: bytes | Exception) -> None:
        self._said = [*said]

    def announce(self) -> None:
        """Nobody does."""
        raise NotImplementedError

    def latest(self) -> bytes:
        """The next of what was given, and the last for ever."""
        said = self._said.pop(0) if len(self._said) > 1 else self._said[0]
        if isinstance(said, Exception):
            raise said
        return said


@pytest.mark.parametrize("fault", [LocalError("away"), ValueError("a library's own")])
def test_who_cannot_hear_of_erasures_remembers_nothing(
    fault: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    """Everything is dropped again and again while the state is away, and once more when it is back; it is told once."""
    caplog.set_level(logging.INFO)
    heeded: list[bool] = []
    watch = Watch(_Away(b"x", fault, fault, fault, b"x"), lambda: heeded.append(True), every=0.001)
    watch.start()
    eventually(lambda: "are noticed again" in caplog.text, "the state to be back")
    watch.close()
    eventually(lambda: len(heeded) == 4, "all to be dropped")
    assert 1 == caplog.text.count("no erasure of another process can be noticed now")


def test_a_watch_that_begins_deaf_drops_what_came_before(caplog: pytest.LogCaptureFixture) -> None:
    """Nobody knows what was announced before the first time that it heard."""
    caplog.set_level(logging.INFO)
    heeded: list[bool] = []
    watch = Watch(_Away(LocalError("away"), b"x"), lambda: heeded.append(True), every=0.001)
    watch.start()
    eventually(lambda: bool(heeded), "all to be dropped")
    watch.close()
    assert "are noticed again" in caplog.text


def test_a_watch_that_could_not_begin_begins_anew(
    settings: StoreSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the system starts no thread the lookup fails, and the next one must not remember unwatched."""

    def start(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    noticed = threading.Event()
    watch = Watch(FileSignal(Layout(settings)), noticed.set, every=0.01)
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", start)
        with pytest.raises(LocalError, match="no further thread"):
            watch.start()
    watch.start()
    FileSignal(Layout(settings)).announce()

    assert noticed.wait(60)
    watch.close()


def test_an_announcement_is_private_and_whole(settings: StoreSettings) -> None:
    """Readers see the old or the new, never half; nobody else may read it; nothing else is left."""
    erasures = FileSignal(Layout(settings))
    assert b"" == erasures.latest()
    erasures.announce()
    (path,) = settings.path.parent.iterdir()
    assert 0o600 == path.stat().st_mode & 0o777
    assert 16 == len(erasures.latest())


def test_an_announcement_that_cannot_be_written(tmp_path: Path) -> None:
    """It is an error, not a silence."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(LocalError, match="cannot be written"):
        FileSignal(Layout(StoreSettings(url=f"sqlite:///{tmp_path.as_posix()}/file/x.db"))).announce()


def _dies_at_work(folder: str, begun: Any) -> None:
    with CodeSets(Path(folder)).workspace() as home:
        (home / "1.csv").write_text("919876543210,AB-1\n", encoding="utf-8")
        begun.set()
        time.sleep(60)


def test_files_that_killed_processes_left_go(cli: CliRunner) -> None:
    """A tagged upload that was killed leaves a file with customers; one that runs is told of."""
    codes = cli.folder / "state" / "codes"
    context = multiprocessing.get_context("spawn")
    begun = context.Event()
    process = context.Process(target=_dies_at_work, args=(str(codes), begun), daemon=True)
    process.start()
    assert begun.wait(30)
    running = forgotten(cli, *WHO)
    assert 0 == counts(running)["uploads in the making"]
    assert any(line.startswith("uploads in the making: 1 belong to") for line in running["remaining"])
    process.kill()
    process.join()
    assert [b"919876543210,AB-1\n"] == [path.read_bytes() for path in codes.glob(".work/*/1.csv")]
    ended = forgotten(cli, *WHO)
    assert 1 == counts(ended)["uploads in the making"]
    assert [] == [line for line in ended["remaining"] if "in the making" in line]
    assert [] == list(codes.glob(".work/*"))


def test_staged_files_that_killed_processes_left_go(cli: CliRunner) -> None:
    """With staging in a folder, also there."""
    staged = cli.folder / "staged"
    staged.mkdir()
    name = "A" * 43
    (staged / f".{name}.lock").touch()
    (staged / f"{name}.csv").write_text("919876543210,AB-1\n", encoding="utf-8")
    (staged / "other.csv").write_text("not ours", encoding="utf-8")
    cli.configure(
        more=f'\n[staging]\nkind = "folder"\npath = {json.dumps(str(staged))}\npublic_url = "https://a.example.com"\n'
    )
    assert 1 == counts(forgotten(cli, *WHO))["staged files"]
    assert ["other.csv"] == [path.name for path in staged.iterdir()]


def test_what_is_left_of_imports_goes(cli: CliRunner, settings: StoreSettings) -> None:
    """An import that was killed leaves rows aside; one that runs keeps its own."""
    folder = Layout(settings).imports
    folder.mkdir(parents=True)
    (folder / "abc.lock").touch()
    (folder / "abc").mkdir()
    (folder / "abc" / "65.rows").write_text("x", encoding="utf-8")
    with held_lockfile(lambda: folder / "def.lock", remove_folder):
        document = forgotten(cli, *WHO)
    assert 1 == counts(document)["imports in the making"]
    assert any(line.startswith("imports in the making: 1 belong to") for line in document["remaining"])
    assert not (folder / "abc").exists()


def test_a_sweep_of_nothing(tmp_path: Path) -> None:
    """A store that was never used has nothing to sweep, and gets no folder by it."""
    assert Reaped(removed=0, kept=0) == CodeSets(tmp_path / "codes").reap()
    assert [] == list(tmp_path.iterdir())
