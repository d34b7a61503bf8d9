"""`work`, and `uploads resume|pause|cancel`: going on with what was begun, by whoever comes by."""

import signal
from collections import Counter
from typing import Any

import attrs
import pytest

from couponhub import CouponHub
from couponhub.state import StoreSettings, open_state
from tests.kit.cli import CliRunner, Ran
from tests.kit.eventually import eventually

CODES = [f"WORK-{number}" for number in range(6)]
PARTS = """
[connections.{name}.limits]
{limit}
upload_per_day = {day}
"""


def interrupted(cli: CliRunner, connection: str, *, day: int = 1) -> tuple[str, str]:
    """Send three parts to MoEngage, whose quota ends after the first ones; answer the list and the upload."""
    list_id = cli.list_id(connection)
    limit = f"file_bytes = {len('Coupon Code') + 1 + 2 * 7}"
    cli.configure(more=PARTS.format(name=connection, limit=limit, day=day))
    cli.write("codes.csv", "code", *CODES)
    ran = cli("uploads", "send", connection, list_id, "codes.csv", "-o", "json")
    assert 3 == ran.code, ran.err
    assert "`couponhub uploads resume up_" in ran.err
    (cli.folder / "codes.csv").unlink()
    (upload,) = cli("uploads", "ls", connection, list_id, "-o", "json").json["items"]
    return list_id, str(upload["id"])


def held(cli: CliRunner, list_id: str) -> Counter[str]:
    """The codes that the vendor holds."""
    return Counter(row["code"] for row in cli.control["moengage"].codes(list_id))


def unlimited(cli: CliRunner) -> None:
    """Let there be as many uploads a day as one likes."""
    limit = f"file_bytes = {len('Coupon Code') + 1 + 2 * 7}"
    cli.configure(more=PARTS.format(name="moengage", limit=limit, day=0))


def items(ran: Any) -> Any:
    """The jobs that a command printed."""
    assert 0 == ran.code, ran.err
    return ran.json["items"]


def test_nothing_is_due(cli: CliRunner) -> None:
    """It says so, and that is no failure."""
    ran = cli("work", "--once")
    assert (0, "", "nothing is due") == (ran.code, ran.out, ran.complaint)
    assert [] == items(cli("work", "--once", "-o", "json"))


def test_a_spent_quota_waits_and_then_goes_on(cli: CliRunner) -> None:
    """Until the reset nothing is due; `uploads resume` tries all the same, and needs no file."""
    list_id, upload_id = interrupted(cli, "moengage")
    assert Counter(CODES[:2]) == held(cli, list_id)
    assert [] == items(cli("work", "--once", "-o", "json"))
    (job,) = items(cli("uploads", "resume", "-o", "json"))
    assert (upload_id, "pending") == (job["id"], job["status"])
    assert job["waiting_for"].startswith("quota: ")
    unlimited(cli)

    ran = cli("uploads", "resume", upload_id, "-o", "json")

    assert (0, "done") == (ran.code, ran.json["status"])
    assert Counter(CODES) == held(cli, list_id)


def test_all_that_can_go_on_is_resumed(cli: CliRunner) -> None:
    """Without a name every job is driven, and told of; once all have ended there is nothing."""
    list_id, upload_id = interrupted(cli, "moengage")
    unlimited(cli)

    (job,) = items(cli("uploads", "resume", "-o", "json"))

    assert (upload_id, "done", "upload", "moengage") == (
        job["id"],
        job["status"],
        job["kind"],
        job["connection"],
    )
    assert ["prepare", "submit", "submit", "submit", "watch", "watch", "watch", "reconcile"] == [
        step["kind"] for step in job["steps"]
    ]
    assert Counter(CODES) == held(cli, list_id)
    assert [] == items(cli("uploads", "resume", "-o", "json"))
    assert "There is nothing to go on with." in cli.on_terminal("uploads", "resume").out


def test_pause_and_cancel(cli: CliRunner) -> None:
    """A paused upload is passed over until it is named; a cancelled one sends nothing more."""
    list_id, upload_id = interrupted(cli, "moengage")
    unlimited(cli)
    assert "paused" == cli("uploads", "pause", upload_id, "-o", "json").json["status"]
    assert [] == items(cli("uploads", "resume", "-o", "json"))
    assert [] == items(cli("work", "--once", "-o", "json"))
    assert Counter(CODES[:2]) == held(cli, list_id)

    assert "cancelled" == cli("uploads", "cancel", upload_id, "-o", "json").json["status"]

    ran = cli("uploads", "resume", upload_id, "-o", "json")
    assert (3, "cancelled") == (ran.code, ran.json["status"])
    assert Counter(CODES[:2]) == held(cli, list_id)


@pytest.mark.parametrize("number", [signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])])
def test_a_signal_ends_it(cli: CliRunner, number: signal.Signals) -> None:
    """SIGTERM, or SIGHUP after a changed config, while nothing is due: it ends with success, and says so."""
    with cli.begun("work") as process:
        eventually((cli.folder / "state" / "couponhub.db").exists, "the store")
        process.send(number)
        ran = Ran.of(process)
    assert (0, "couponhub: ending after the step that runs now\n") == (ran.code, ran.err)


def test_a_worker_drives_what_becomes_due(cli: CliRunner) -> None:
    """It is there before there is anything to do, and says in a line what it has done."""
    list_id, upload_id = interrupted(cli, "moengage")
    cli("uploads", "pause", upload_id)
    unlimited(cli)
    with cli.begun("work", "--jobs", "2") as process:
        with CouponHub.from_config(cli.folder / "couponhub.toml") as hub:
            store = hub.state.jobs
            job = store.get(hub.jobs.get(upload_id).id)
            assert job is not None
            hub.jobs.proceed(upload_id)
            with store.worker() as owner:
                claimed = store.claim(job.id, owner, seconds=60)
                if claimed is not None:  # it is not due before its time: that is over now
                    step = claimed.next_step
                    assert step is not None
                    store.advance(job.id, owner, attrs.evolve(step, not_before=None))
            eventually(lambda: hub.jobs.get(upload_id).status.ended, "the end of the job")
            assert hub.jobs.get(upload_id).status == "done"
        process.send(signal.SIGTERM)
        ran = Ran.of(process)
    assert 0 == ran.code
    assert f"couponhub: upload {upload_id} at moengage: done" in ran.err.splitlines()
    assert Counter(CODES) == held(cli, list_id)


def test_calls_are_kept_where_there_is_a_console(cli: CliRunner) -> None:
    """Those of jobs as those of servers; without `console = true` nothing is."""
    settings = StoreSettings(url=f"sqlite:///{cli.folder.as_posix()}/state/couponhub.db")
    target = cli.list_id("capillary")
    for more, kept in (("", set()), ("[server]\nconsole = true\n", {"capillary"})):
        cli.configure(more=more)
        file = cli.write("codes.csv", "code", f"KEPT-{len(kept)}")
        assert 0 == cli("uploads", "send", "capillary", target, file).code
        assert 0 == cli("work", "--once").code
        with open_state(settings) as state:
            assert kept == {one.connection for one in state.vendor_calls.newest()}
