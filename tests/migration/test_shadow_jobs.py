"""Shadow runs of many customers: jobs that workers share, which come to what one process comes to."""

import signal
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from couponhub.migration import shadow_work
from couponhub.testing import EmulatorContext, EmulatorServer
from couponhub.testing.vendors import emulators
from tests.kit.eventually import eventually
from tests.migration.test_applying import CODES
from tests.migration.test_directions import TO_CAPILLARY, with_second
from tests.migration.world import HOLDER, World

PEOPLE = 60
WORDS = ("migrate", "shadow", "plan.json", "--customers", "people.csv", "--sample", "1000", "-o", "json")


def _small_slices() -> None:
    """Have the processes of these tests make six slices of their few customers."""
    shadow_work.SLICE = 10


@pytest.fixture
def moved(world: World) -> Iterator[World]:
    """A list that moved between two accounts of a vendor that can be asked, and customers of whom some hold its codes."""
    context = EmulatorContext()
    vendors = emulators(("capillary",), context)
    for vendor in vendors:
        vendor.seed_demo()
        vendor.set_processing_delay(0.0)
    series = world.series(CODES)
    world.issue("capillary", series, CODES[:3])
    people = [HOLDER["mobile"], *(str(919_800_000_000 + number) for number in range(PEOPLE - 1))]
    world.cli.write("people.csv", "mobile", *people)
    with EmulatorServer(vendors, context) as server:
        with_second(world, server.url)
        words = ("--from", "capillary", "--list", series, "--to", "second", *TO_CAPILLARY[2:])
        ran = world.plan(*words, "--codes", "Winter.csv")
        assert 0 == ran.code, ran.err
        assert 0 == world.cli("migrate", "apply", "plan.json", "--confirm", ran.json["digest"]).code
        yield world


def events(world: World) -> list[str]:
    """What the log tells of shadow runs."""
    told = world.cli("migrate", "status", "plan.json", "-o", "json").json["events"]
    return [str(one["message"]) for one in told if one["kind"] == "shadowed"]


def without_time(document: dict[str, object]) -> dict[str, object]:
    """All but the moment of it."""
    return {key: value for key, value in document.items() if key != "at"}


def test_a_job_comes_to_what_one_call_comes_to(moved: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same counts in the same order, once in the log; of the people nothing is left in the store."""
    alone = moved.cli(*WORDS)
    monkeypatch.setattr(shadow_work, "SLICE", 10)
    shared = moved.cli(*WORDS)
    assert (0, 0, PEOPLE) == (alone.code, shared.code, alone.json["customers"]), shared.err
    assert without_time(alone.json) == without_time(shared.json)
    one, other = events(moved)
    assert one == other
    assert [] == list((moved.cli.folder / "state" / "codes" / ".jobs").glob("sh_*/*"))
    assert [] == moved.cli("work", "--once", "-o", "json").json["items"]


def test_workers_go_on_with_a_killed_one(moved: World) -> None:
    """Its process, and then a worker, are killed with -9; the others come to the same."""
    alone = moved.cli(*WORDS)
    assert 0 == alone.code, alone.err
    moved.cli.control["capillary"].fail("GET *coupons*", "latency", 0.05)
    asked = moved.cli.control["capillary"].requests

    def more(count: int) -> None:
        before = len(asked())
        eventually(lambda: len(asked()) >= before + count, "more questions")

    with moved.cli.begun(*WORDS, before=_small_slices) as command:
        more(3)
        command.kill()
    with ExitStack() as running:
        workers = [running.enter_context(moved.cli.begun("work")) for _ in range(3)]
        more(3)
        workers.pop().kill()
        eventually(lambda: len(events(moved)) == 2, "the end of the shadow run")
        for worker in workers:
            worker.send(signal.SIGTERM)
            assert 0 == worker.ended().returncode
    one, other = events(moved)
    assert one == other
