"""Workers over PostgreSQL: whoever is killed or stopped, each part goes once, by what the vendor was given."""

import re
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack

import psycopg
import pytest

from couponhub import CouponHub
from couponhub.state import JobQueue, StoreSettings
from tests.cli.conftest import cli
from tests.kit.cli import SETTINGS, CliRunner
from tests.kit.eventually import eventually
from tests.kit.processes import Command
from tests.kit.scripted_server import ScriptedServer
from tests.kit.witness import codes_given

__all__ = ["cli"]

PARTS, ROWS = 8, 3
CODES = [f"WORK-{number:03}" for number in range(PARTS * ROWS)]
LIMITS = f"\n[connections.capillary.limits]\nfile_rows = {ROWS}\n"
EXPORT = ("export", "customers", "capillary", "people.csv", "--out")
_SUBMISSION = "POST */upload/*"


@pytest.fixture
def shop(cli: CliRunner, postgresql_url: str) -> CliRunner:
    """A command line whose store is in PostgreSQL, and a file of eight parts."""
    cli.configure({**SETTINGS, "settle": 1.0}, LIMITS)
    path = cli.folder / "couponhub.toml"
    text = re.sub(r'url = "sqlite:[^"]*"', f'url = "{postgresql_url}"', path.read_text(encoding="utf-8"))
    path.write_text(text, encoding="utf-8")
    cli.write("codes.csv", "code", *CODES)
    return cli


@pytest.fixture
def given() -> Iterator[Counter[str]]:
    """Every code that a vendor was given, with how often."""
    with codes_given("WORK-[0-9]+") as codes:
        yield codes


def _only_told() -> None:
    """Have a process look for due jobs once, at its start, so that it knows later ones from the queue alone."""
    from couponhub.jobs import queued

    queued._LOOKS_EVERY = 3600.0


def _short_leases() -> None:
    """Have the leases of a process last for two seconds."""
    from couponhub.jobs import runner, service
    from couponhub.state.postgresql import list_lock

    runner.LEASE_SECONDS = service.LEASE_SECONDS = list_lock.LIVES_SECONDS = 2.0  # type: ignore[attr-defined]


def _stops_before_a_part() -> None:
    """Have a process stop, as a suspended machine does, when its second part is about to leave."""
    _short_leases()
    _stop_at(2, is_sent=False)


def _stops_after_a_part() -> None:
    """Have a process stop when its second part has left, and nothing of that is written down."""
    _short_leases()
    _stop_at(2, is_sent=True)


def _stop_at(number: int, *, is_sent: bool) -> None:
    import os

    from urllib3 import HTTPConnectionPool

    ask, count = HTTPConnectionPool.urlopen, iter(range(1, 1000))

    def urlopen(
        pool: HTTPConnectionPool, method: str, url: str, *arguments: object, **options: object
    ) -> object:
        stops = method == "POST" and "/upload/" in url and next(count) == number
        if stops and not is_sent:
            os.kill(os.getpid(), signal.SIGSTOP)
        answer = ask(pool, method, url, *arguments, **options)  # type: ignore[arg-type]
        if stops and is_sent:
            os.kill(os.getpid(), signal.SIGSTOP)
        return answer

    HTTPConnectionPool.urlopen = urlopen  # type: ignore[assignment, method-assign]


def is_stopped(command: Command) -> bool:
    """Tell whether a process is suspended."""
    with open(f"/proc/{command.pid}/stat", encoding="ascii") as file:  # noqa: PTH123 - no file of a folder
        return file.read().rpartition(")")[2].split()[0] == "T"


def is_done(shop: CliRunner) -> bool:
    """Tell whether all jobs have ended, and well."""
    with CouponHub.from_config(shop.folder / "couponhub.toml") as hub:
        return {job.status for job in hub.jobs.iterate()} == {"done"}


def begun(shop: CliRunner, list_id: str, given: Counter[str]) -> None:
    """Send the file, and kill its process with -9 once the first part is there."""
    with shop.begun("uploads", "send", "capillary", list_id, "codes.csv") as command:
        eventually(lambda: given, "the first part")
        command.kill()


def ended(worker: Command, *, is_told: bool = False) -> str:
    """What a worker has said, once it was told to end, now or before."""
    if not is_told:
        worker.send(signal.SIGTERM)
    ran = worker.ended()
    assert 0 == ran.returncode, ran.stderr
    return str(ran.stderr)


def test_a_worker_begins_at_once_with_what_was_let_go_of(shop: CliRunner, postgresql_url: str) -> None:
    """It is told by the queue alone; nothing is left there, and no code or identifier ever stood in it."""
    list_id = shop.list_id("capillary")
    with shop.begun("work", before=_only_told) as worker:
        eventually(lambda: _tables(postgresql_url), "the queue")
        sent = shop("uploads", "send", "capillary", list_id, "codes.csv", "-o", "json")
        assert 0 == sent.code, sent.err
        eventually(lambda: is_done(shop), "the end of the upload")
        said = ended(worker)
    assert f"couponhub: upload {sent.json['id']} at capillary: done" in said.splitlines()
    assert "Traceback" not in said
    assert not any("WORK-" in row for row in _tables(postgresql_url))


def _tables(url: str) -> list[str]:
    """All rows of the queue's tables, as texts."""
    with psycopg.connect(url) as connection:
        names = connection.execute(
            "SELECT schemaname || '.' || tablename FROM pg_tables WHERE schemaname LIKE 'couponhub_queue%'"
        ).fetchall()
        found = [f"{name}" for (name,) in names]
        for (name,) in names:
            found += [str(row) for row in connection.execute(f"SELECT * FROM {name}".encode())]  # noqa: S608 - its own
    return found


def test_ends_are_told_beside_the_queue(shop: CliRunner, postgresql_url: str) -> None:
    """The message takes no place of the queue's, comes within a look of the end, and once, however many workers there are."""
    with ScriptedServer() as receiver, ExitStack() as running:
        path = shop.folder / "couponhub.toml"
        key = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
        table = f'\n[webhooks.erp]\nurl = "{receiver.url}/hook"\nsecret = "{key}"\n'
        path.write_text(path.read_text(encoding="utf-8") + table, encoding="utf-8")
        workers = [running.enter_context(shop.begun("work")) for _ in range(2)]
        sent = shop("uploads", "send", "capillary", shop.list_id("capillary"), "codes.csv", "-o", "json")
        eventually(lambda: receiver.seen, "the message")
        assert not any(f"wh_{sent.json['id']}" in row for row in _tables(postgresql_url))
        said = [ended(worker) for worker in workers]
        assert [f"wh_{sent.json['id']}_erp"] == [seen.headers["webhook-id"] for seen in receiver.seen]
    assert not any("Traceback" in one or key in one for one in said)


def test_killed_workers_send_each_part_once(shop: CliRunner, given: Counter[str]) -> None:
    """Three of them, of whom one after the other is killed with -9; the vendor was given each code once."""
    list_id = shop.list_id("capillary")
    shop.control["capillary"].fail(_SUBMISSION, "latency", 0.15)
    begun(shop, list_id, given)
    with ExitStack() as running:
        workers = [running.enter_context(shop.begun("work")) for _ in range(3)]
        for number in range(5):
            before = len(given)
            eventually(lambda: len(given) > before or is_done(shop), "the next part")  # noqa: B023 - asked at once
            workers[number % 3].kill()
            workers[number % 3] = running.enter_context(shop.begun("work"))
        eventually(lambda: is_done(shop), "the end of the upload")
        for worker in workers:
            ended(worker)
    assert Counter(CODES) == given
    assert Counter(CODES) == Counter(row["code"] for row in shop.control["capillary"].codes(list_id))


def test_a_worker_that_is_told_to_end_gives_its_job_back(shop: CliRunner, given: Counter[str]) -> None:
    """It ends after the part that goes now, and another one, which hears of it by the queue alone, sends the rest."""
    list_id = shop.list_id("capillary")
    shop.control["capillary"].fail(_SUBMISSION, "latency", 0.15)
    begun(shop, list_id, given)
    with shop.begun("work") as worker:
        before = len(given)
        eventually(lambda: len(given) > before, "its first part")
        # However slow this machine is, it does not come to the end before it is told.
        shop.control["capillary"].fail(_SUBMISSION, "latency", 3.0)
        with shop.begun("work", before=_only_told) as other:
            worker.send(signal.SIGTERM)
            shop.control["capillary"].set_faults()
            said = ended(worker, is_told=True)
            eventually(lambda: is_done(shop), "the end of the upload")
            assert "at capillary: done" in ended(other)
    assert "ending after the step that runs now" in said
    assert Counter(CODES) == given


def test_workers_heed_a_throttle_and_its_end(shop: CliRunner, given: Counter[str]) -> None:
    """Two of them leave a throttled upload alone, also when one is killed; without the throttle the rest goes, each once."""
    list_id = shop.list_id("capillary")
    begun(shop, list_id, given)
    with ExitStack() as running, CouponHub.from_config(shop.folder / "couponhub.toml") as hub:
        (job,) = hub.jobs.iterate()
        hub.jobs.throttle(job.id, 1)
        workers = [running.enter_context(shop.begun("work")) for _ in range(2)]
        eventually(lambda: hub.jobs.get(job.id).waiting_for == "throttled to 1 file a minute", "the throttle")
        assert 3 * ROWS > len(given)
        workers.pop().kill()
        hub.jobs.throttle(job.id, None)
        eventually(lambda: is_done(shop), "the end of the upload")
        ended(workers[0])
    assert Counter(CODES) == given


@pytest.mark.parametrize("stops", [_stops_before_a_part, _stops_after_a_part])
def test_a_stopped_worker_that_wakes_up_sends_nothing_twice(
    shop: CliRunner, given: Counter[str], stops: "object"
) -> None:
    """Suspended past its lease, with a part about to leave or just gone; another one has gone on meanwhile."""
    list_id = shop.list_id("capillary")
    begun(shop, list_id, given)
    with shop.begun("work", before=stops) as suspended:  # type: ignore[arg-type] # of parametrize
        eventually(lambda: is_stopped(suspended), "the moment to stop")
        with shop.begun("work", before=_short_leases) as other:
            eventually(lambda: is_done(shop), "the end of the upload")
            suspended.send(signal.SIGCONT)
            ended(suspended)
            ended(other)
    assert Counter(CODES) == given
    assert Counter(CODES) == Counter(row["code"] for row in shop.control["capillary"].codes(list_id))


def _small_slices() -> None:
    """Have a process make six slices of few customers."""
    from couponhub.holdings import export_jobs

    export_jobs._SLICE = 10


def _elsewhere() -> None:
    """Have a process take itself for one of another machine."""
    import platform

    platform.node = lambda: "elsewhere"
    _small_slices()


@pytest.fixture
def people(shop: CliRunner) -> list[str]:
    """Sixty customers at the vendor, of whom every third holds a code, and a file that names them."""
    control, mobiles = shop.control["capillary"], [str(919_800_000_000 + number) for number in range(60)]
    list_id = "900004"  # of the emulator's demo, from which codes are given out
    assert 0 == shop("uploads", "send", "capillary", list_id, "codes.csv", "--wait").code
    for mobile in mobiles:
        control.add_customer(mobile=mobile)
    for mobile in mobiles[::3]:
        control.issue(list_id, {"mobile": mobile}, count=1)
    shop.write("people.csv", "mobile", *mobiles)
    return mobiles


def test_a_file_is_written_where_it_was_asked_for(
    shop: CliRunner, people: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker of another machine asks about everybody and writes nothing; who resumes it has it written there."""
    shop.control["capillary"].fail("GET *coupons*", "latency", 0.05)
    with shop.begun(*EXPORT, "out.csv", before=_small_slices) as command:
        eventually(lambda: _asked(shop) > 3, "the first questions")
        command.kill()

    def waits() -> bool:
        (export,) = shop("export", "ls", "-o", "json").json["items"]
        return export["asked"] == len(people) and "where the file is to lie" in str(export["waiting_for"])

    with shop.begun("work", before=_elsewhere) as worker:
        eventually(waits, "all answers")
        ended(worker)
    assert not (shop.folder / "out.csv").exists()
    (export,) = shop("export", "ls", "-o", "json").json["items"]
    monkeypatch.setattr("platform.node", lambda: "somewhere")
    ran = shop("export", "resume", export["id"], "-o", "json")
    assert (0, "done", 20) == (ran.code, ran.json["status"], ran.json["coupons"]), ran.err
    assert (shop.folder / "out.csv").exists()


def _asked(shop: CliRunner) -> int:
    return sum("coupons" in str(one["path"]) for one in shop.control["capillary"].requests())


@pytest.mark.usefixtures("people")
def test_workers_share_an_export(shop: CliRunner) -> None:
    """Its beginner and a worker are killed with -9; the file is the same to the byte as that of one process."""
    assert 0 == shop(*EXPORT, "one.csv").code
    shop.control["capillary"].fail("GET *coupons*", "latency", 0.05)

    def more(count: int) -> None:
        before = _asked(shop)
        eventually(lambda: _asked(shop) >= before + count, "more questions")

    with shop.begun(*EXPORT, "out.csv", before=_small_slices) as command:
        more(3)
        command.kill()
    with ExitStack() as running:
        workers = [running.enter_context(shop.begun("work")) for _ in range(3)]
        more(6)
        workers.pop().kill()
        eventually(lambda: is_done(shop), "the end of the export and of its helpers")
        said = [ended(worker) for worker in workers]
    assert (shop.folder / "one.csv").read_bytes() == (shop.folder / "out.csv").read_bytes()
    assert not any("Traceback" in one or "error" in one for one in said)


def test_without_the_extra_workers_look_for_themselves(
    shop: CliRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where Procrastinate is not installed there is no queue, and jobs are driven all the same."""
    list_id = shop.list_id("capillary")
    monkeypatch.setattr("couponhub.state.job_queue.find_spec", lambda _: None)
    with shop.begun("work", before=_without_queue) as worker:
        sent = shop("uploads", "send", "capillary", list_id, "codes.csv", "-o", "json")
        assert 0 == sent.code, sent.err
        eventually(lambda: is_done(shop), "the end of the upload")
        said = ended(worker)
    assert f"couponhub: upload {sent.json['id']} at capillary: done" in said.splitlines()


def _without_queue() -> None:
    """Have a process not find Procrastinate."""
    from couponhub.state import job_queue

    job_queue.find_spec = _nothing  # type: ignore[assignment, attr-defined]


def _nothing(_: str) -> None:
    """Find no module."""


def _told_while_opening() -> None:
    """Have a process be told to end before it has a worker."""
    import os

    from couponhub.cli.commands import work

    opening = work.open_queue  # type: ignore[attr-defined]

    def told(settings: StoreSettings) -> JobQueue | None:
        os.kill(os.getpid(), signal.SIGTERM)
        queue: JobQueue | None = opening(settings)
        return queue

    work.open_queue = told  # type: ignore[attr-defined]


def test_a_worker_that_is_told_while_it_begins_ends_in_order(cli: CliRunner) -> None:
    """As at any later time: nothing is driven, and nothing is said to have failed."""
    with cli.begun("work", before=_told_while_opening) as worker:
        ran = worker.ended()
    assert (0, "couponhub: ending after the step that runs now\n") == (ran.returncode, ran.stderr)
