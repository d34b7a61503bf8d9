"""One worker drives jobs of several connections at a time, and one loop the steps of each."""

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

import attrs
import pytest

from couponhub.clock import SYSTEM_CLOCK, utc_now
from couponhub.errors import CouponhubError
from couponhub.jobs import Handler, HubJobs, JobWorker, Runner
from couponhub.models import JobId, JobStatus, Part
from couponhub.staging import StagingSettings, open_staging
from couponhub.state import JobRecord, JobWish, StepRecord
from couponhub.state.sqlite.database import LedgerDatabase
from couponhub.state.sqlite.jobs import SqliteJobs
from couponhub.state.sqlite.ledger import SqliteLedger
from couponhub.uploads import UPLOAD, Uploads, work_of
from tests.uploads.harness import LIST, UploadHarness
from tests.uploads.vendors import FileVendor, StoredFile


@attrs.define
class MeetingVendor(FileVendor):
    """Takes a file only while another vendor takes one too."""

    meeting: threading.Barrier | None = None

    def take(self, file: StoredFile) -> Part:
        """Wait for the other one, then take it."""
        if self.meeting is not None:
            self.meeting.wait(timeout=20)
        return FileVendor.take(self, file)


@pytest.mark.parametrize("at_once", [1, 2])
def test_two_connections_at_once(harness: UploadHarness, at_once: int) -> None:
    """Neither vendor waits for the other; by a worker that drives one at a time each is driven after the other."""
    vendors = {name: MeetingVendor() for name in ("one", "two")}
    uploads = {name: opened(harness, name, vendor) for name, vendor in vendors.items()}
    for name, vendor in vendors.items():
        vendor.fates = [KeyboardInterrupt()]
        with pytest.raises(KeyboardInterrupt):
            uploads[name].send(LIST, [f"{name}-1"])
    harness.clock.sleep(60)  # from here on absence counts
    if at_once == 2:
        meeting = threading.Barrier(2)
        for vendor in vendors.values():
            vendor.meeting = meeting
    jobs = HubJobs(
        harness.jobs,
        kinds={UPLOAD: lambda job, timeout: work_of(uploads[job.connection], job, timeout)},
        clock=harness.clock.clock,
    )

    driven = list(JobWorker(jobs=jobs, threads=at_once).once())

    assert [(None, JobStatus.DONE)] * 2 == [(one.error, one.job.status) for one in driven]
    assert {"one": ["one-1"], "two": ["two-1"]} == {name: vendor.codes for name, vendor in vendors.items()}


def opened(harness: UploadHarness, name: str, vendor: FileVendor) -> Uploads:
    """The uploads of one more connection with the same store."""
    return Uploads(
        name,
        vendor,
        ledger=lambda: SqliteLedger(harness.store, name, now=harness.clock.now),
        jobs=lambda: SqliteJobs(harness.store, now=harness.clock.now, monotonic=harness.clock.monotonic),
        staging=lambda: open_staging(StagingSettings()),
        clock=harness.clock.clock,
    )


@attrs.define
class CancelledMeanwhile:
    """The work of a job of two steps, which somebody cancels while the first one runs; the second one would wait."""

    jobs: SqliteJobs
    ran: list[str] = attrs.field(factory=list)

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """See `Work.handlers`."""
        return {"first": self.first, "second": self.second}

    def first(self, job: JobRecord, step: StepRecord) -> Sequence[StepRecord]:
        """Be done, have the next one wait, and be told that nothing more is wanted."""
        self.ran.append(step.kind)
        self.jobs.wish(job.id, JobWish.CANCEL)
        later = attrs.evolve(job.steps[1], not_before=utc_now() + timedelta(hours=1))
        return [attrs.evolve(step, status=JobStatus.DONE), later]

    def second(self, job: JobRecord, step: StepRecord) -> Sequence[StepRecord]:
        """Never be run."""
        raise AssertionError(f"{step.kind} of {job.id}")

    def cancelled(self, job: JobRecord, why: str, *, status: JobStatus) -> Sequence[StepRecord]:
        """See `Work.cancelled`."""
        return [attrs.evolve(one, status=status, evidence=why) for one in job.steps if not one.status.ended]

    def heed(self, stops: Callable[[], bool]) -> None:
        """Wait for nobody."""

    def wind_down(self, trouble: CouponhubError | None) -> None:
        """See `Work.wind_down`."""

    def learned(self, job: JobRecord) -> Sequence[StepRecord]:  # noqa: ARG002 - as `Work` has it
        """See `Work.learned`."""
        return []


def test_what_is_cancelled_while_a_step_runs_ends_with_that_drive(store: LedgerDatabase) -> None:
    """Also where its next step waits: nobody has to come back for it."""
    jobs = SqliteJobs(store)
    work = CancelledMeanwhile(jobs)
    steps = (StepRecord(number=1, kind="first"), StepRecord(number=2, kind="second"))
    with jobs.worker() as owner:
        job = jobs.create(
            JobRecord(id=JobId("j"), kind="two", connection="shop", steps=steps), owner=owner, seconds=60
        )
        ended = Runner(store=jobs, clock=SYSTEM_CLOCK).run(job, owner, work)

    assert (JobStatus.CANCELLED, ["first"]) == (ended.status, work.ran)
