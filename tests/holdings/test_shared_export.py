"""Exports that several workers share: the file is the same to the byte as that of one process, whoever of them is killed."""

import signal
from contextlib import ExitStack
from pathlib import Path

import pytest

from couponhub import CouponHub
from couponhub.holdings import export_jobs
from couponhub.holdings.slices import Learned, Slices
from couponhub.jobs import Turns
from couponhub.models import Customer, JobId
from couponhub.state import StoreSettings, open_state
from tests.holdings.test_export import PEOPLE, exported, kept, mobile, questions, shop, truth
from tests.kit.cli import CliRunner
from tests.kit.eventually import eventually
from tests.kit.processes import Command

__all__ = ["shop"]

_SLICE = 15
WORDS = ("export", "customers", "capillary", "people.csv", "--out")


def _small_slices() -> None:
    """Have the processes of these tests make sixteen slices of their few customers."""
    export_jobs._SLICE = _SLICE


@pytest.fixture
def one(shop: CliRunner) -> bytes:
    """The file as one process writes it, alone."""
    assert 0 == shop(*WORDS, "one.csv").code
    shop.control["capillary"].fail("GET *coupons*", "latency", 0.02)
    return (shop.folder / "one.csv").read_bytes()


def begun(cli: CliRunner) -> str:
    """Begin an export of many slices, and kill its process with -9 in the middle of the first ones; its id."""
    before = sum(questions(cli).values())
    with cli.begun(*WORDS, "out.csv", before=_small_slices) as command:
        eventually(lambda: sum(questions(cli).values()) > before, "the first questions")
        command.kill()
    return str(cli("export", "ls", "-o", "json").json["items"][-1]["id"])


def stands(cli: CliRunner, export: str) -> str:
    """How an export stands."""
    items = cli("export", "ls", "-o", "json").json["items"]
    return next(str(one["status"]) for one in items if one["id"] == export)


def ended(worker: Command) -> list[str]:
    """What a worker has said, once it was told to end."""
    worker.send(signal.SIGTERM)
    return worker.ended().stderr.splitlines()


def helpers(cli: CliRunner) -> set[str]:
    """How those stand who help."""
    return {str(job["status"]) for job in cli("work", "--once", "-o", "json").json["items"]}


def test_workers_share_an_export(shop: CliRunner, one: bytes) -> None:
    """Each has its part, nobody is asked about by two, and nothing is left of it in the store."""
    export = begun(shop)
    before = questions(shop)
    with ExitStack() as running:
        workers = [running.enter_context(shop.begun("work")) for _ in range(3)]
        eventually(lambda: stands(shop, export) == "done", "the end of the export")
        said = [ended(worker) for worker in workers]
    assert one == (shop.folder / "out.csv").read_bytes()
    assert [] == kept(shop)
    helped = [[line for line in lines if line.startswith("couponhub: help ")] for lines in said]
    assert 2 <= sum(map(bool, helped)), said
    assert not any("error" in line or "Traceback" in line for lines in said for line in lines)
    assert PEOPLE == (questions(shop) - before).total()
    assert set() == helpers(shop)


def test_killed_workers_cost_no_coupon(shop: CliRunner, one: bytes) -> None:
    """Each of them is killed with -9 again and again, also who drives the job itself; the file is whole at the end."""
    export = begun(shop)
    with ExitStack() as running:
        workers = [running.enter_context(shop.begun("work")) for _ in range(3)]
        for number in range(6):
            asked = sum(questions(shop).values())
            eventually(lambda: sum(questions(shop).values()) >= asked + 8 or stands(shop, export) == "done")  # noqa: B023 - asked at once
            workers[number % 3].kill()
            workers[number % 3] = running.enter_context(shop.begun("work"))
        eventually(lambda: stands(shop, export) == "done", "the end of the export")
        for worker in workers:
            ended(worker)
    assert one == (shop.folder / "out.csv").read_bytes()
    assert [] == kept(shop)
    assert helpers(shop) <= {"done"}


@pytest.mark.usefixtures("one")
def test_people_are_forgotten_while_workers_share_it(shop: CliRunner) -> None:
    """Asked about already, or not, or just now: they are in no file of the store, and not in what is written."""
    gone = [mobile(0), mobile(PEOPLE // 2), mobile(PEOPLE - 3)]
    export = begun(shop)
    with ExitStack() as running:
        workers = [running.enter_context(shop.begun("work")) for _ in range(3)]
        asked = sum(questions(shop).values())
        for number in gone:
            eventually(lambda: sum(questions(shop).values()) >= asked + 20)  # noqa: B023 - asked at once
            asked += 20
            assert 0 == shop("forget", "--mobile", number, "--yes").code
        content = "".join(path.read_text(encoding="utf-8") for path in kept(shop))
        assert not any(number in content for number in gone)
        eventually(lambda: stands(shop, export) == "done", "the end of the export")
        for worker in workers:
            ended(worker)
    assert [pair for pair in truth(shop) if pair[0] not in gone] == exported(shop)


def test_a_suspended_helper_holds_nobody_up(
    shop: CliRunner, one: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who is at a slice for longer than a lease lasts is gone past, when all others are done."""
    export = begun(shop)
    monkeypatch.setattr("couponhub.jobs.sharing.LEASE_SECONDS", 0.5)
    shop.control["capillary"].set_faults()
    with CouponHub.from_config(shop.folder / "couponhub.toml") as hub:
        job = hub.state.jobs.get(JobId(export))
        assert job is not None
        first = next(step for step in job.steps if not step.status.ended)
        with Turns(hub.state.locks, job.id).take(first) as is_taken:
            assert (True, 0) == (is_taken, shop("export", "resume", export).code)
    assert one == (shop.folder / "out.csv").read_bytes()
    assert [] == kept(shop)


def test_nobody_helps_with_a_paused_export(shop: CliRunner, one: bytes) -> None:
    """Its helpers rest with it, and it goes on when it is resumed."""
    export = begun(shop)
    asked = sum(questions(shop).values())
    with CouponHub.from_config(shop.folder / "couponhub.toml") as hub:
        hub.jobs.pause(export)
        assert () == hub.jobs.due()
        assert not hub.jobs.is_due(f"{export}-1")
        assert [] == shop("work", "--once", "-o", "json").json["items"]
        assert asked == sum(questions(shop).values())
        assert {"help"} == {job.kind for job in hub.jobs.iterate() if job.id.startswith(f"{export}-")}
    assert 0 == shop("export", "resume", export).code
    assert one == (shop.folder / "out.csv").read_bytes()
    assert set() == helpers(shop)


def test_two_at_one_slice_keep_each_customer_once(tmp_path: Path) -> None:
    """Neither keeps the other's from being kept, though both begin with the same customer."""
    people = [(number, Customer(mobile=mobile(number))) for number in range(1, 5)]
    learned = [Learned(number=at, customer=one, verdict="none") for at, one in people]
    with open_state(StoreSettings(url=f"sqlite:///{tmp_path.as_posix()}/apart.db")) as state:
        slices = Slices(state.job_files, JobId("ex_1"))
        with state.job_files.workspace() as folder:
            slices.write(folder / "made", people)
            slices.keep_customers(1, folder / "made")
        since = state.job_files.mark()
        assert not slices.is_whole(1)
        slices.keep(1, learned[:2], since=since)
        slices.keep(1, learned, since=since)
        slices.keep(1, learned[1:3], since=since)
        assert slices.is_whole(1)
        assert [mobile(number) for number, _ in people] == [row["mobile"] for row in slices.rows(1)]


@pytest.mark.usefixtures("one")
def test_a_shared_export_is_given_up(shop: CliRunner) -> None:
    """Nothing is written, and no file is left in the store, whatever the helpers were about to keep."""
    export = begun(shop)
    with ExitStack() as running:
        workers = [running.enter_context(shop.begun("work")) for _ in range(3)]
        asked = sum(questions(shop).values())
        eventually(lambda: sum(questions(shop).values()) >= asked + 20)
        shop("export", "cancel", export)
        eventually(lambda: stands(shop, export) == "cancelled", "the end of the export")
        said = [ended(worker) for worker in workers]
    assert not Path(shop.folder, "out.csv").exists()
    assert [] == kept(shop)
    assert not any("Traceback" in line for lines in said for line in lines)
    assert helpers(shop) <= {"done"}
