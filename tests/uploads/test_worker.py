"""One worker drives jobs of several connections at a time."""

import threading

import attrs
import pytest

from couponhub.jobs import HubJobs, JobWorker
from couponhub.models import JobStatus, Part
from couponhub.staging import StagingSettings, open_staging
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
