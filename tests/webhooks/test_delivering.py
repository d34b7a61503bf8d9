"""One delivery: how it is signed, when it is tried again, and when it is given up."""

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from runpy import run_path

import attrs
import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from couponhub.clock import utc_now
from couponhub.jobs import HubJobs, JobWorker
from couponhub.models import JobId, JobStatus, ListId, Upload, UploadId, UploadStatus
from couponhub.secret import Secret
from couponhub.state import JobRecord, State, StepRecord, StoreSettings
from couponhub.state.sqlite import SqliteState
from couponhub.webhooks import (
    WEBHOOK,
    WebhookSettings,
    WebhookWork,
    delivery_id,
    webhook_followers,
    webhook_work,
)
from couponhub.webhooks.delivering import PAUSES
from couponhub.webhooks.posting import Posted, post
from couponhub.webhooks.settings import WebhookEvent
from tests.kit.clock import FakeClock
from tests.kit.scripted_server import ScriptedServer, hangs_up, is_silent, says, sends

KEY, OLD_KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_" + "QUJD" * 8
JOB = JobId("up_abc")
CODE = "SECRET-CODE-1"


@pytest.fixture
def receiver() -> Iterator[ScriptedServer]:
    """Where messages are posted to."""
    with ScriptedServer() as server:
        yield server


@attrs.define
class Desk:
    """A store with deliveries, and a clock that is set by hand."""

    settings: Mapping[str, WebhookSettings]
    clock: FakeClock
    state: State

    @classmethod
    def over(cls, folder: Path, **settings: WebhookSettings) -> "Desk":
        """One whose jobs are told to these receivers."""
        clock = FakeClock(began=utc_now())  # the receiver checks how old a message is
        store = StoreSettings(url=f"sqlite:///{folder.as_posix()}/couponhub.db")
        state = SqliteState(store, clock=clock.epoch, followers=webhook_followers(settings))
        return cls(settings, clock, state)

    def ends(self, job_id: str = JOB, *, ended: JobStatus = JobStatus.DONE, **arguments: str) -> None:
        """Have a job end."""
        jobs = self.state.jobs
        step = StepRecord(number=1, kind="submit", arguments={"part": 1})
        job = JobRecord(
            id=JobId(job_id),
            kind="upload",
            connection="shop",
            arguments={"list_id": "7", **arguments},
            steps=(step,),
        )
        with jobs.worker() as owner:
            jobs.create(job, owner=owner, seconds=60.0)
            done = attrs.evolve(step, status=ended, evidence=f"the vendor says {CODE}")
            jobs.advance(job.id, owner, done, ended=ended)

    def hub_jobs(self) -> HubJobs:
        """The jobs as a hub drives them."""
        work = WebhookWork(
            receivers=self.settings,
            job=lambda job_id: jobs.get(job_id),  # noqa: PLW0108 - made below
            upload=lambda job: Upload(
                connection="shop",
                list_id=ListId("7"),
                id=UploadId(job.id),
                name="mail to jane@example.com",
                status=UploadStatus.PARTIAL,
                rows=3,
                accepted=2,
                rejected=1,
            ),
            clock=self.clock.clock,
            jitter=lambda: 0.0,
        )
        jobs = HubJobs(
            lambda: self.state.jobs,
            kinds={WEBHOOK: lambda _, __: webhook_work(work)},
            apart=(WEBHOOK,),
            clock=self.clock.clock,
        )
        return jobs

    def look(self) -> JobRecord:
        """Have what is due delivered, and return the delivery to the one receiver."""
        list(JobWorker(jobs=self.hub_jobs(), beside=True).once())
        found = self.state.jobs.get(delivery_id(JOB, "erp"))
        assert found is not None
        return found


def settings_for(receiver: ScriptedServer, **more: object) -> WebhookSettings:
    """A receiver's table."""
    return WebhookSettings(
        url=Secret(f"{receiver.url}/hook?key=1"),
        secret=Secret(KEY),
        timeout=0.3,
        **more,  # type: ignore[arg-type]
    )


def test_a_message_is_signed_and_says_no_secret(tmp_path: Path, receiver: ScriptedServer) -> None:
    """Whoever has the key, or the one before, can prove it is ours; it holds no step, no code and no name that people gave."""
    desk = Desk.over(tmp_path, erp=settings_for(receiver, previous_secret=Secret(OLD_KEY)))
    desk.ends()
    delivery = desk.look()

    assert (JobStatus.DONE, "HTTP 200, at attempt 1 of 10") == (delivery.status, delivery.steps[0].evidence)
    (seen,) = receiver.seen
    assert ("POST", "/hook?key=1") == (seen.method, seen.target)
    assert seen.headers["content-type"] == "application/json"
    assert delivery.id == seen.headers["webhook-id"]
    for key in (KEY, OLD_KEY):
        told = Webhook(key).verify(seen.body, dict(seen.headers))
    with pytest.raises(WebhookVerificationError):
        Webhook(KEY).verify(seen.body.replace(b"upload.done", b"upload.fail"), dict(seen.headers))
    assert "upload.done" == told["type"]
    assert told["timestamp"].endswith("Z")
    data = told["data"]
    assert (JOB, "done", "shop", {"list_id": "7"}) == tuple(
        data[key] for key in ("id", "status", "connection", "arguments")
    )
    assert ("partial", 3, 2, 1) == tuple(
        data["upload"][key] for key in ("status", "rows", "accepted", "rejected")
    )
    assert "steps" not in data
    for hidden in (CODE, "jane", KEY):
        assert hidden not in seen.body.decode()


def test_it_is_tried_for_three_days_and_then_given_up(tmp_path: Path, receiver: ScriptedServer) -> None:
    """Each attempt has the same id, and none comes before its time; at last it is told as given up, and nothing more is sent."""
    receiver.otherwise = lambda _: says(500)
    desk = Desk.over(tmp_path, erp=settings_for(receiver))
    desk.ends()
    for number, pause in enumerate(PAUSES, start=1):
        delivery = desk.look()
        assert number == len(receiver.seen)
        assert JobStatus.PENDING is delivery.status
        desk.clock.passed += pause - 1
        desk.look()
        assert number == len(receiver.seen)
        desk.clock.passed += 2
    delivery = desk.look()
    assert JobStatus.FAILED is delivery.status
    assert "HTTP 500, at attempt 10 of 10: given up" == delivery.steps[0].evidence
    desk.clock.passed += 10 * PAUSES[-1]
    desk.look()
    assert 10 == len(receiver.seen)
    assert {delivery.id} == {seen.headers["webhook-id"] for seen in receiver.seen}
    assert 10 == len({seen.headers["webhook-timestamp"] for seen in receiver.seen})
    assert 1 == len({seen.body for seen in receiver.seen})
    assert timedelta(days=3) < timedelta(seconds=sum(PAUSES)) < timedelta(days=4)


def test_the_receivers_word_counts(tmp_path: Path, receiver: ScriptedServer) -> None:
    """It may ask for a longer pause, for a day at most, and for no message at all any more."""
    desk = Desk.over(tmp_path, erp=settings_for(receiver))
    desk.ends()
    for asked, kept in (("3600", 3600), ("1", PAUSES[1]), ("9999999", 86_400)):
        receiver.plays(says(503, headers={"Retry-After": asked}))
        step = desk.look().steps[0]
        assert step.not_before == desk.clock.now() + timedelta(seconds=kept)
        desk.clock.passed += kept
    receiver.plays(says(410))
    delivery = desk.look()
    assert (JobStatus.FAILED, 4) == (delivery.status, len(receiver.seen))
    assert "HTTP 410: the receiver wants no more" in delivery.steps[0].evidence


@pytest.mark.parametrize(
    ("scripts", "told"),
    [
        ((is_silent(),), "no answer in time"),
        ((sends(*[b"H"] * 50, pause=0.05),), "no answer in time"),
        ((hangs_up(),), "cannot be reached, or broke off"),
        ((says(302, headers={"Location": "/elsewhere"}),), "HTTP 302"),
        ((says(404),), "HTTP 404"),
        ((sends(b"nonsense\r\n\r\n"),), "broke off"),
    ],
    ids=["silent", "drips", "hangs up", "redirects", "not there", "no HTTP"],
)
def test_whatever_a_receiver_does_is_an_outcome(
    receiver: ScriptedServer, scripts: tuple[object, ...], told: str
) -> None:
    """No error, no redirect that is followed, and no wait beyond the timeout."""
    receiver.plays(*scripts)  # type: ignore[arg-type]
    posted = post(settings_for(receiver), {"webhook-id": "1"}, b"{}")
    assert not posted.is_taken
    assert told in posted.told
    assert 1 == len(receiver.seen)


def test_an_endless_answer_is_not_read(receiver: ScriptedServer) -> None:
    """Its status is all that counts, however much is sent behind it."""
    receiver.plays(sends(b"HTTP/1.1 204 ok\r\nContent-Length: 999999999\r\n\r\n" + b"x" * 100_000, keep=True))
    assert post(settings_for(receiver), {}, b"{}").is_taken
    gone = WebhookSettings(url=Secret("http://127.0.0.1:9/"), secret=Secret(KEY), timeout=1.0)
    assert Posted(told="the receiver cannot be reached, or broke off") == post(gone, {}, b"{}")


def test_only_what_was_asked_for_is_told(tmp_path: Path, receiver: ScriptedServer) -> None:
    """One event of one receiver alone; nothing of jobs that another job drives; nothing to who is configured no more."""
    failed = settings_for(receiver, events=(WebhookEvent.UPLOAD_FAILED,))
    desk = Desk.over(tmp_path, erp=failed, crm=settings_for(receiver))
    desk.ends("up_1")
    desk.ends("up_2", ended=JobStatus.FAILED)
    desk.ends("up_3", parent="mig_1")
    deliveries = [job.id for job in desk.state.jobs.all() if job.kind == WEBHOOK]
    assert [
        delivery_id("up_1", "crm"),
        delivery_id("up_2", "erp"),
        delivery_id("up_2", "crm"),
    ] == deliveries
    assert ["up_1", "up_2", "up_3"] == [job.id for job in desk.hub_jobs().iterate()]

    desk.settings = {"erp": failed}
    list(JobWorker(jobs=desk.hub_jobs()).once())
    found = {job.id: job for job in desk.state.jobs.all() if job.kind == WEBHOOK}
    assert JobStatus.DONE is found[delivery_id("up_2", "erp")].status
    assert JobStatus.CANCELLED is found[delivery_id("up_2", "crm")].status
    assert ["upload.failed"] == [json.loads(seen.body)["type"] for seen in receiver.seen]


def test_the_guides_receiver_takes_a_message_once(
    tmp_path: Path, receiver: ScriptedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    """The program of the guide, given what was really posted: taken, taken again and not handled, and refused where it is forged."""
    desk = Desk.over(tmp_path, erp=settings_for(receiver))
    desk.ends()
    desk.look()
    (seen,) = receiver.seen
    program = run_path(str(Path(__file__).parents[2] / "docs/recipes/webhook_receiver.py"))
    headers = dict(seen.headers)

    assert [204, 204] == [program["receive"](seen.body, headers, KEY) for _ in range(2)]
    assert 1 == capsys.readouterr().out.count("upload.done")
    assert 401 == program["receive"](seen.body.replace(b"up_abc", b"up_abd"), headers, KEY)
    assert 401 == program["receive"](seen.body, headers, OLD_KEY)
    late = {**headers, "webhook-timestamp": str(int(headers["webhook-timestamp"]) - 600)}
    assert 401 == program["receive"](seen.body, late, KEY)
