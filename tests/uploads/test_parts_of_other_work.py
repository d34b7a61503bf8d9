"""An upload may be a part of other work: it is written down whole, and driven by that one alone."""

from pathlib import Path

import pytest

from couponhub.errors import UsageError
from couponhub.models import Identifier, JobId, JobStatus, Tagging, UploadId
from couponhub.state import JobRecord, StepRecord
from couponhub.uploads import begin_upload
from tests.uploads.harness import LIST, UploadHarness

PARENT = JobId("mig_parent")
CHILD = UploadId("up_child")


@pytest.fixture(params=["harness", "url_harness"])
def anyone(request: pytest.FixtureRequest) -> UploadHarness:
    """A harness of either kind."""
    harness: UploadHarness = request.getfixturevalue(request.param)
    return harness


def begin(harness: UploadHarness, source: Path, tagging: Tagging | None = None) -> None:
    """Write an upload down as a part of the parent's work, which is written down too."""
    if harness.jobs().get(PARENT) is None:
        steps = (StepRecord(number=1, kind="upload"),)
        harness.jobs().create(JobRecord(id=PARENT, kind="migration", connection="shop", steps=steps))
    begin_upload(harness.uploads, CHILD, LIST, source, name="part", tagging=tagging, parent=PARENT)


def test_nothing_is_sent_before_it_is_driven(anyone: UploadHarness, tmp_path: Path) -> None:
    """It stands there with all of its parts, and goes on without its source."""
    source = tmp_path / "codes.csv"
    source.write_text("code\nA1\nB2\nC3\n")
    begin(anyone, source)
    source.unlink()
    assert ([], ["prepared", "prepared"]) == (anyone.vendor.codes, anyone.stages)

    job = anyone.driver.drive(CHILD, early=True)

    assert JobStatus.DONE is job.status
    assert ["A1", "B2", "C3"] == anyone.vendor.codes


def test_only_the_other_work_drives_it(anyone: UploadHarness, tmp_path: Path) -> None:
    """A worker finds it due only once the other work has ended."""
    source = tmp_path / "codes.csv"
    source.write_text("code\nA1\n")
    begin(anyone, source)
    due = {job.id for job in anyone.driver.due()}
    assert PARENT in due
    assert JobId(CHILD) not in due

    jobs = anyone.jobs()
    with jobs.worker() as owner:
        jobs.claim(PARENT, owner, seconds=60)
        jobs.advance(PARENT, owner, ended=JobStatus.CANCELLED)

    assert [JobId(CHILD)] == [job.id for job in anyone.driver.due()]


def test_what_cannot_be_sent_leaves_nothing(harness: UploadHarness, tmp_path: Path) -> None:
    """A faulty file is refused as in any upload, and no job is left."""
    source = tmp_path / "codes.csv"
    source.write_text("mobile,code\n12,A1\n")
    tagging = Tagging(identifier=Identifier.MOBILE)
    source.write_text("mobile,code\n919876543210,\n")

    with pytest.raises(UsageError):
        begin(harness, source, tagging)

    assert harness.jobs().get(JobId(CHILD)) is None
