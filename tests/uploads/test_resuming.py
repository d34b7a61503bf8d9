"""Whoever goes on with an upload needs no source, sends what was not sent, and nothing twice."""

import contextlib
import io
from collections.abc import Iterator
from typing import Any

import attrs
import pytest

from couponhub.errors import (
    Conflict,
    CouponhubError,
    LocalError,
    NotFound,
    PartialFailure,
    QuotaExhausted,
    RequestRejected,
    UnreadableReply,
    UsageError,
)
from couponhub.models import Identifier, JobId, JobStatus, Tagging, UploadStatus
from couponhub.state import JobRecord, StepRecord
from couponhub.state.sqlite import SqliteState
from couponhub.state.sqlite.jobs import SqliteJobs
from tests.state.kit import codes_of
from tests.uploads.harness import LIST, UploadHarness
from tests.uploads.vendors import Killed, Lost, UrlVendor

FIVE = ["A1", "B2", "C3", "D4", "E5"]
PEOPLE = "mobile,code\n919876543210,A1\n919876543211,B2\n919876543210,C3\n919876543212,D4\n919876543213,E5\n"


@pytest.fixture(params=["harness", "url_harness"])
def anyone(request: pytest.FixtureRequest) -> UploadHarness:
    """A harness of either kind."""
    harness: UploadHarness = request.getfixturevalue(request.param)
    return harness


def kill_at(harness: UploadHarness, part: int, source: Any = None, **more: Any) -> str:
    """Let a sender of five codes in three parts die when it sends that part; answer the upload's id."""
    harness.vendor.fates = [*[None] * (part - 1), Killed()]
    with pytest.raises(Killed):
        harness.uploads.send(LIST, FIVE if source is None else source, **more)
    harness.vendor.fates = []
    return harness.ledger().of_list(LIST)[-1].id


def steps_of(harness: UploadHarness, upload_id: str) -> list[str]:
    """How the steps stand, by kind."""
    return [f"{step.kind} {step.part or ''} {step.status}" for step in harness.driver.get(upload_id).steps]


def finish(harness: UploadHarness, upload_id: str) -> JobStatus:
    """Drive a job to its end, as whoever comes by now and then does."""
    for _ in range(10):
        job = harness.driver.drive(upload_id, early=True)
        if job.status.ended:
            return job.status
    return job.status


@pytest.mark.parametrize("part", [1, 2, 3])
@pytest.mark.parametrize("late", [False, True])
def test_a_job_goes_on_without_its_source(anyone: UploadHarness, part: int, late: bool) -> None:
    """Killed at any part, what is left is sent from what was kept; no other process has the iterable."""
    upload_id = kill_at(anyone, part, iter(FIVE))
    anyone.clock.sleep(3600 if late else 0)

    assert JobStatus.DONE is finish(anyone, upload_id)

    assert FIVE == anyone.vendor.codes
    assert UploadStatus.DONE is anyone.uploads.show(LIST, upload_id).status
    assert [] == anyone.part_files
    with pytest.raises(Conflict):
        anyone.uploads.send(LIST, FIVE)


def test_a_part_whose_answer_the_kill_took_is_not_sent_again(anyone: UploadHarness) -> None:
    """The vendor has it: it is found by its name, and only the rest is sent."""
    anyone.vendor.fates = [Lost.AFTER]
    anyone.vendor.look_faults = [Killed()]  # type: ignore[list-item]  # raised like any other
    with pytest.raises(Killed):
        anyone.uploads.send(LIST, FIVE)
    (upload,) = anyone.ledger().of_list(LIST)

    assert JobStatus.DONE is finish(anyone, upload.id)

    assert FIVE == anyone.vendor.codes
    assert 3 == len(anyone.vendor.files)


def test_customers_of_tagged_rows_are_kept_with_the_part(anyone: UploadHarness) -> None:
    """A tagged upload goes on too, each code still beside its customer; the files are private, and go at the end."""
    if isinstance(anyone.vendor, UrlVendor):
        anyone.vendor.file_rules = attrs.evolve(anyone.vendor.file_rules)
    tagging = Tagging(identifier=Identifier.MOBILE)
    upload_id = kill_at(anyone, 2, io.StringIO(PEOPLE), tagging=tagging)
    assert [0o600] * 3 == [path.stat().st_mode & 0o777 for path in anyone.part_files]

    assert JobStatus.DONE is finish(anyone, upload_id)

    sent = [row for file in anyone.vendor.files for row in (file.content or "").splitlines()[1:]]
    assert sorted(PEOPLE.splitlines()[1:]) == sorted(sent)
    assert [] == anyone.part_files


def test_forgotten_customers_are_not_sent(anyone: UploadHarness) -> None:
    """Their rows go from the kept files, whole files at a time; who is left in them is sent."""
    upload_id = kill_at(anyone, 1, io.StringIO(PEOPLE), tagging=Tagging(identifier=Identifier.MOBILE))
    with SqliteState(anyone.store.settings) as state:
        assert 2 == state.forget(lambda kind, text: (kind, text) == (Identifier.MOBILE, "919876543210"))
        assert 0 == state.forget(lambda kind, text: (kind, text) == (Identifier.EMAIL, "919876543211"))
    kept = "".join(path.read_text() for path in anyone.part_files)
    assert ("919876543210" in kept, "919876543211" in kept) == (False, True)
    assert [0o600] * 3 == [path.stat().st_mode & 0o777 for path in anyone.part_files]

    finish(anyone, upload_id)

    assert ["B2", "D4", "E5"] == anyone.vendor.codes


def test_codes_that_another_upload_sent_meanwhile_are_not_sent(anyone: UploadHarness) -> None:
    """Part three was never sent; its code went out with another batch, so the part stays behind, and says so."""
    upload_id = kill_at(anyone, 3)
    anyone.uploads.send(LIST, ["E5", "X9"], wait=True)

    assert JobStatus.CANCELLED is finish(anyone, upload_id)

    assert [*FIVE, "X9"] == anyone.vendor.codes
    job = anyone.driver.get(upload_id)
    assert "1 of its codes were sent by another upload" in job.steps[3].evidence
    assert [] == anyone.part_files


def test_who_sends_the_same_again_takes_the_job_over(anyone: UploadHarness) -> None:
    """The old job ends: nobody who drives it later sends what the new upload has sent."""
    upload_id = kill_at(anyone, 2)
    anyone.uploads.send(LIST, FIVE, wait=True)

    assert JobStatus.CANCELLED is anyone.driver.drive(upload_id, early=True).status
    assert FIVE == anyone.vendor.codes
    assert [] == anyone.part_files


def test_a_spent_quota_is_a_time_and_no_failure(anyone: UploadHarness) -> None:
    """The call fails as ever; the job waits until the reset, is left alone until then, and then goes on."""
    anyone.vendor.fates = [None, QuotaExhausted("fifty a day", retry_after=7200)]
    with pytest.raises(PartialFailure, match="uploads resume up_"):
        anyone.uploads.send(LIST, FIVE)
    (upload,) = anyone.ledger().of_list(LIST)
    job = anyone.driver.get(upload.id)
    assert JobStatus.PENDING is job.status
    assert job.waiting_for == "quota: fifty a day"
    assert job.next_step is not None
    assert job.next_step.not_before is not None
    asked = len(anyone.vendor.calls)
    assert () == anyone.driver.due()
    assert JobStatus.PENDING is anyone.driver.drive(upload.id).status
    assert asked == len(anyone.vendor.calls)
    anyone.clock.sleep(7200)
    assert [JobId(upload.id)] == [one.id for one in anyone.driver.due()]
    anyone.driver.drive(upload.id)

    assert JobStatus.DONE is finish(anyone, upload.id)
    assert FIVE == anyone.vendor.codes


def test_what_the_vendor_refuses_ends_the_job(anyone: UploadHarness) -> None:
    """It would refuse it the next time too; the parts before it are seen to their end, and nothing is kept."""
    anyone.vendor.fates = [None, RequestRejected("no such campaign")]
    with pytest.raises(PartialFailure):
        anyone.uploads.send(LIST, FIVE)
    (upload,) = anyone.ledger().of_list(LIST)

    assert JobStatus.FAILED is finish(anyone, upload.id)
    assert FIVE[:2] == anyone.vendor.codes
    assert [] == anyone.part_files


def test_pause_and_cancel(anyone: UploadHarness) -> None:
    """A paused job is driven by nobody until it may proceed; a cancelled one sends nothing more, for good."""
    upload_id = kill_at(anyone, 2)
    assert JobStatus.PAUSED is anyone.driver.pause(upload_id).status
    assert () == anyone.driver.due()
    assert JobStatus.PAUSED is anyone.driver.drive(upload_id, early=True).status
    assert 1 == len(anyone.vendor.files)
    anyone.driver.cancel(upload_id)

    assert JobStatus.CANCELLED is finish(anyone, upload_id)
    assert FIVE[:2] == anyone.vendor.codes
    assert [] == anyone.part_files
    assert JobStatus.CANCELLED is anyone.driver.proceed(upload_id).status


def test_deleting_an_upload_ends_its_job(anyone: UploadHarness) -> None:
    """Nobody sends the rest of what somebody has taken back."""
    upload_id = kill_at(anyone, 3)
    anyone.clock.sleep(60)
    anyone.uploads.delete(LIST, upload_id)

    assert JobStatus.CANCELLED is finish(anyone, upload_id)
    assert [] == anyone.vendor.codes


def test_driving_is_idempotent(anyone: UploadHarness) -> None:
    """A job that has ended is only told of; one that somebody else drives is left alone; an unknown one is an error."""
    upload_id = kill_at(anyone, 2)
    with anyone.jobs().worker() as other:
        anyone.jobs().claim(JobId(upload_id), other, seconds=60)
        assert JobStatus.PROCESSING is anyone.driver.drive(upload_id, early=True).status
        assert 1 == len(anyone.vendor.files)
    finish(anyone, upload_id)
    calls = len(anyone.vendor.calls)

    assert JobStatus.DONE is anyone.driver.drive(upload_id, early=True).status
    assert calls == len(anyone.vendor.calls)
    with pytest.raises(NotFound):
        anyone.driver.drive("up_nobody")


def test_jobs_are_asked_for_by_words_in_any_case(anyone: UploadHarness) -> None:
    """A word of another case is understood, and what is no status is refused before anything is read."""
    upload_id = kill_at(anyone, 2)
    assert [upload_id] == [job.id for job in anyone.driver.iterate(status="PENDING")]
    with pytest.raises(UsageError, match="status is one of"):
        anyone.driver.iterate(status="sleeping")
    with pytest.raises(UsageError, match="connection"):
        anyone.driver.iterate(connection=7)  # type: ignore[arg-type] # as from an untyped caller


def test_a_lost_answer_is_looked_for_by_whoever_goes_on(anyone: UploadHarness) -> None:
    """The file arrived, and shows late: it is waited for, found, and not sent again."""
    anyone.vendor.fates = [None, Lost.LATE]
    anyone.vendor.look_faults = [Killed()]  # type: ignore[list-item]  # raised like any other
    with pytest.raises(Killed):
        anyone.uploads.send(LIST, FIVE)
    (upload,) = anyone.ledger().of_list(LIST)

    assert JobStatus.DONE is finish(anyone, upload.id)
    assert FIVE == anyone.vendor.codes


class DyingJobs(SqliteJobs):
    """Jobs whose process dies at a write: before it is done, or right after."""

    countdown = 0
    written = False

    def create(self, job: JobRecord, *, owner: str | None = None, seconds: float = 0.0) -> JobRecord:
        """See `SqliteJobs.create`."""
        with self._dying():
            return SqliteJobs.create(self, job, owner=owner, seconds=seconds)

    def advance(
        self, job_id: JobId, owner: str, *steps: StepRecord, ended: JobStatus | None = None
    ) -> JobRecord | None:
        """See `SqliteJobs.advance`."""
        with self._dying():
            return SqliteJobs.advance(self, job_id, owner, *steps, ended=ended)

    @contextlib.contextmanager
    def _dying(self) -> Iterator[None]:
        dies = self.countdown == 0
        type(self).countdown -= 1
        if dies and not self.written:
            raise Killed
        yield
        if dies:
            raise Killed


@pytest.mark.parametrize("written", [False, True])
@pytest.mark.parametrize("write", range(7))
def test_death_around_any_write_of_the_job(
    anyone: UploadHarness, monkeypatch: pytest.MonkeyPatch, write: int, written: bool
) -> None:
    """Whoever drives what is due, and sends the batch again if that is not enough, finds every code there once."""
    monkeypatch.setattr(DyingJobs, "countdown", write)
    monkeypatch.setattr(DyingJobs, "written", written)
    with contextlib.suppress(Killed):
        attrs.evolve(anyone, jobs_kind=DyingJobs).uploads.send(LIST, FIVE)
    for job in anyone.driver.due():
        with contextlib.suppress(CouponhubError):
            finish(anyone, job.id)
    assert len(anyone.vendor.codes) == len(set(anyone.vendor.codes))
    with contextlib.suppress(Conflict):
        anyone.uploads.send(LIST, FIVE)

    assert FIVE == anyone.vendor.codes
    assert FIVE == sorted(codes_of(anyone.ledger().history(LIST).sent))


def test_files_that_are_gone_are_not_made_up(anyone: UploadHarness) -> None:
    """A store that was put back from a backup has none: the parts are not sent, and it is said what to do."""
    upload_id = kill_at(anyone, 2)
    for path in anyone.part_files[1:]:
        path.unlink()

    assert JobStatus.CANCELLED is finish(anyone, upload_id)

    assert FIVE[:2] == anyone.vendor.codes
    assert "send the same codes again" in anyone.driver.get(upload_id).steps[2].evidence
    anyone.uploads.send(LIST, FIVE)
    assert FIVE == anyone.vendor.codes


def test_a_full_disk_while_it_is_written_down_leaves_a_job_that_ends(
    anyone: UploadHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing was sent of it; whoever drives the job says so, and nothing of its files is left."""

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("couponhub.state.sqlite.part_files.PartFiles.keep", full)
        with pytest.raises(LocalError):
            anyone.uploads.send(LIST, FIVE)
    (upload,) = anyone.ledger().of_list(LIST)

    assert JobStatus.FAILED is finish(anyone, upload.id)
    assert ([], []) == (anyone.vendor.codes, anyone.part_files)
    anyone.uploads.send(LIST, FIVE)
    assert FIVE == anyone.vendor.codes


def fail(harness: UploadHarness, number: int) -> None:
    """Let the vendor have failed a file that it could not fetch."""
    file = harness.vendor.files[number]
    file.part, file.content = attrs.evolve(file.part, status=UploadStatus.FAILED, accepted=0), ""


def test_a_part_that_failed_while_nobody_served_it_is_sent_once_more(url_harness: UploadHarness) -> None:
    """Its file went with the killed process; whoever goes on has it, and sends it under another name."""
    upload_id = kill_at(url_harness, 3)
    fail(url_harness, 0)

    assert JobStatus.DONE is finish(url_harness, upload_id)

    assert FIVE == url_harness.vendor.codes
    names = [file.part.name for file in url_harness.vendor.files]
    assert 4 == len(names) == len(set(names))
    with pytest.raises(Conflict):
        url_harness.uploads.send(LIST, FIVE)


def test_a_part_that_fails_while_it_is_served_has_failed(url_harness: UploadHarness) -> None:
    """That is the vendor's verdict on the file: it is not sent for ever."""
    upload_id = kill_at(url_harness, 3)
    fail(url_harness, 0)
    url_harness.vendor.outcome = lambda part, _: attrs.evolve(part, status=UploadStatus.FAILED, accepted=0)

    finish(url_harness, upload_id)

    assert len(url_harness.vendor.files) <= 5
    assert url_harness.driver.get(upload_id).status.ended


def test_an_error_of_whoever_goes_on_says_where(anyone: UploadHarness) -> None:
    """As one of whoever sends: a worker drives jobs of many connections."""
    upload_id = kill_at(anyone, 2)
    anyone.clock.sleep(60)
    anyone.vendor.look_faults = [UnreadableReply("half a JSON")]
    with pytest.raises(UnreadableReply) as caught:
        anyone.driver.drive(upload_id)

    assert ("shop", "go on with upload") == (caught.value.connection, caught.value.operation)


@pytest.mark.parametrize("is_stopped", [False, True])
def test_a_vendor_that_never_ends_a_part_holds_nobody_for_ever(
    url_harness: UploadHarness, is_stopped: bool
) -> None:
    """Files are served for an hour, or until the worker is to end; the next one serves them again, to their end."""
    upload_id = kill_at(url_harness, 3)
    url_harness.clock.sleep(60)
    url_harness.vendor.polls_needed = 10**6
    stops = iter([False] * 4)  # before the steps, and once while the vendor is waited for
    before = url_harness.clock.passed

    job = url_harness.driver.drive(
        upload_id, stops=(lambda: next(stops, True)) if is_stopped else lambda: False
    )

    assert JobStatus.PENDING is job.status
    stayed = url_harness.clock.passed - before
    assert stayed < 60 if is_stopped else 3600 <= stayed < 3700
    assert [url_harness.clock.now() < step.not_before for step in job.steps if step.not_before] == [True] * 3
    url_harness.vendor.polls_needed = 1
    assert JobStatus.DONE is finish(url_harness, upload_id)
    assert FIVE == url_harness.vendor.codes
