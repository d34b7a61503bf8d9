"""Webhooks of real jobs, while receivers are away and processes are killed: a job never waits, and each end is told."""

import re
import signal
import threading
from collections.abc import Iterator
from contextlib import suppress
from functools import partial

import attrs
import pytest
from standardwebhooks import Webhook

from couponhub import CouponHub
from couponhub.config import load_config
from couponhub.errors import UsageError
from couponhub.jobs import JobWorker
from couponhub.models import Job, JobStatus
from couponhub.webhooks import delivery_id
from tests.cli.conftest import cli
from tests.kit.cli import SETTINGS, CliRunner
from tests.kit.eventually import eventually
from tests.kit.processes import started
from tests.kit.scripted_server import Script, ScriptedServer, Seen, is_silent, says
from tests.kit.sudden_ends import SuddenEnd

__all__ = ["cli"]

KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
CODES = ["HOOK-0001", "HOOK-0002", "HOOK-0003"]


@pytest.fixture
def receiver() -> Iterator[ScriptedServer]:
    """Where messages are posted to."""
    with ScriptedServer() as server:
        yield server


def configure(cli: CliRunner, **urls: str) -> None:
    """Have the ends of jobs told at these addresses, by the names of their receivers."""
    tables = [
        f'\n[webhooks.{name}]\nurl = "{url}"\nsecret = "{KEY}"\ntimeout = 1.0\n' for name, url in urls.items()
    ]
    cli.configure(SETTINGS, "".join(tables))


@pytest.fixture
def shop(cli: CliRunner, receiver: ScriptedServer) -> CliRunner:
    """A command line whose jobs are told to one receiver, and a file of codes."""
    configure(cli, erp=f"{receiver.url}/hook")
    cli.write("codes.csv", "code", *CODES)
    return cli


def sent(shop: CliRunner, list_id: str | None = None, *, wait: bool = True) -> str:
    """Send the file, to a new list by default, and wait for the vendor; the upload's id."""
    home, more = list_id or shop.list_id("capillary"), ["--wait"] if wait else []
    ran = shop("uploads", "send", "capillary", home, "codes.csv", "-o", "json", *more)
    assert 0 == ran.code, ran.err
    return str(ran.json["id"])


def delivery(shop: CliRunner, upload_id: str, receiver: str = "erp") -> Job:
    """The delivery of an upload's end, as it stands."""
    with CouponHub.from_config(shop.folder / "couponhub.toml") as hub:
        return hub.jobs.get(delivery_id(upload_id, receiver))


def ended(shop: CliRunner, upload_id: str) -> bool:
    """Tell whether an upload's job has ended well."""
    with CouponHub.from_config(shop.folder / "couponhub.toml") as hub:
        return hub.jobs.get(upload_id).status is JobStatus.DONE


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_kill_between_end_and_delivery_loses_nothing(
    shop: CliRunner, receiver: ScriptedServer, moment: str
) -> None:
    """Killed before the message leaves, it is sent by the next worker; killed after that, again, under the same id."""
    upload_id = sent(shop)
    assert [] == receiver.seen, "who sends waits for no receiver"
    end = SuddenEnd(moment, 1, "POST /hook")  # type: ignore[arg-type]
    killed = shop.apart("work", "--once", before=end.install)
    assert -9 == killed.code
    assert JobStatus.PENDING is delivery(shop, upload_id).status

    ran = shop("work", "--once", "-o", "json")
    assert 0 == ran.code, ran.err
    assert [("webhook", "done")] == [(item["kind"], item["status"]) for item in ran.json["items"]]
    assert {"before": 1, "after": 2}[moment] == len(receiver.seen)
    assert {delivery_id(upload_id, "erp")} == {seen.headers["webhook-id"] for seen in receiver.seen}
    told = Webhook(KEY).verify(receiver.seen[-1].body, dict(receiver.seen[-1].headers))
    assert ("upload.done", upload_id, 3) == (
        told["type"],
        told["data"]["id"],
        told["data"]["upload"]["accepted"],
    )
    for hidden in (*CODES, "codes.csv"):
        assert hidden not in receiver.seen[-1].body.decode()
    assert [] == shop("work", "--once", "-o", "json").json["items"]


def test_a_receiver_that_hangs_hinders_no_job(shop: CliRunner, receiver: ScriptedServer) -> None:
    """One worker that drives one job at a time ends an upload while two receivers hang, and a third is told meanwhile."""
    with ScriptedServer() as other:
        other.otherwise = lambda _: is_silent()
        configure(shop, erp=f"{other.url}/hook", crm=f"{other.url}/other", good=f"{receiver.url}/good")
        path = shop.folder / "couponhub.toml"
        path.write_text(
            path.read_text(encoding="utf-8").replace("timeout = 1.0", "timeout = 20.0"), encoding="utf-8"
        )
        list_id = shop.list_id("capillary")
        first = sent(shop, list_id)
        with shop.begun("work") as worker:
            eventually(lambda: len(other.seen) == 2, "both to hang")
            shop.write("codes.csv", "code", "HOOK-0004")
            held = sent(shop, list_id, wait=False)
            eventually(lambda: ended(shop, held), "the end of an upload beside them")
            eventually(lambda: receiver.seen, "the third receiver")
            assert 2 == len(other.seen), "of each receiver one at a time"
            worker.kill()
    assert JobStatus.PENDING is delivery(shop, first).status
    assert JobStatus.DONE is delivery(shop, first, "good").status


def test_two_workers_deliver_once(shop: CliRunner, receiver: ScriptedServer) -> None:
    """Whoever comes second while a message is on its way lets it be."""
    meeting = threading.Event()

    def slow(_: Seen) -> object:
        meeting.wait(0.5)
        return says(202)

    receiver.otherwise = slow  # type: ignore[assignment]
    list_id = shop.list_id("capillary")
    ids = [sent(shop, list_id)]
    shop.write("codes.csv", "code", "HOOK-0004")
    ids.append(sent(shop, list_id))
    path = shop.folder / "couponhub.toml"
    with CouponHub.from_config(path) as one, CouponHub.from_config(path) as other:
        workers = [JobWorker(jobs=hub.jobs, beside=True) for hub in (one, other)]
        threads = [threading.Thread(target=partial(list, worker.once())) for worker in workers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    # What one found held by the other it leaves to the next look.
    shop("work", "--once")
    assert sorted(delivery_id(one, "erp") for one in ids) == sorted(
        seen.headers["webhook-id"] for seen in receiver.seen
    )


def test_it_is_told_without_the_connection_too(shop: CliRunner, receiver: ScriptedServer) -> None:
    """A connection that is configured no more, or a hub that is closed meanwhile, ends no delivery; its counts are not told then."""
    upload_id = sent(shop)
    config = attrs.evolve(load_config(shop.folder / "couponhub.toml"), connections={})
    with CouponHub(config) as hub:

        def closes(_: Seen) -> Script:
            hub.close()
            return says(500)

        receiver.otherwise = closes
        with suppress(UsageError):  # the hub was closed
            list(JobWorker(jobs=hub.jobs, beside=True).once())
    assert JobStatus.PENDING is delivery(shop, upload_id).status
    assert "upload" not in receiver.seen[0].json["data"]


def test_a_server_tells_what_others_have_ended(shop: CliRunner, receiver: ScriptedServer) -> None:
    """No job needs to be begun at it; a receiver that was down is told at the second attempt, seconds later."""
    receiver.plays(says(500))
    upload_id = sent(shop)
    with started("serve", "--port", "0", folder=shop.folder, has_children=True) as server:
        eventually(lambda: len(receiver.seen) == 2, "the second attempt")
        eventually(lambda: delivery(shop, upload_id).status is JobStatus.DONE, "its end")
        server.send(signal.SIGTERM)
        said = server.ended().stderr
    assert re.search("at attempt 2 of 10", delivery(shop, upload_id).steps[0].evidence)
    assert KEY not in said
    assert "/hook" not in said
