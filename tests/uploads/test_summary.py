"""How an upload stands is told from its record, and the rows always balance."""

from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from couponhub.models import JobStatus, ListId, Part, UploadId, UploadStatus
from couponhub.state import JobRecord, JobWish, PartRecord, Stage, UploadRecord
from couponhub.uploads.steps import done, job_for
from couponhub.uploads.summary import upload_of
from tests.uploads.harness import assert_balanced

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
COUNTS = st.none() | st.integers(-3, 20)

PARTS = st.builds(
    PartRecord,
    number=st.just(1),
    shown=st.builds(
        Part,
        id=st.none(),
        name=st.just("a.csv"),
        rows=st.integers(1, 12),
        status=st.sampled_from(UploadStatus),
        accepted=COUNTS,
        rejected=COUNTS,
    ),
    stage=st.sampled_from(Stage),
)


def record(*parts: PartRecord, duplicates: int = 0, skipped: int = 0) -> UploadRecord:
    """An upload of these parts."""
    return UploadRecord(
        id=UploadId("up_1"),
        connection="shop",
        list_id=ListId("L1"),
        name="a.csv",
        fingerprint="f",
        rows=sum(part.shown.rows or 0 for part in parts) + duplicates + skipped,
        duplicates=duplicates,
        skipped=skipped,
        parts=parts,
    )


def job_of(
    upload: UploadRecord,
    *,
    status: JobStatus = JobStatus.PENDING,
    submit: JobStatus = JobStatus.PENDING,
    **step: Any,
) -> JobRecord:
    """The job of an upload that is prepared, whose first part stands so; two parts a minute, four a day."""
    limits = {"upload_per_minute": 2, "upload_per_day": 4}
    job = job_for(upload, callback=None, again=False, limits=limits)
    prepare, first, *rest = job.steps
    return attrs.evolve(
        job,
        status=status,
        wish=JobWish.PAUSE if status is JobStatus.PAUSED else JobWish.GO_ON,
        steps=(done(prepare), attrs.evolve(first, status=submit, **step), *rest),
    )


def submitted(
    status: UploadStatus, *, accepted: int | None = None, rejected: int | None = None
) -> PartRecord:
    """A part of ten rows that the vendor has."""
    shown = Part(id=None, name="a.csv", rows=10, status=status, accepted=accepted, rejected=rejected)
    return PartRecord(number=1, shown=shown, stage=Stage.SUBMITTED)


@given(
    parts=st.lists(PARTS, max_size=5),
    duplicates=st.integers(0, 5),
    skipped=st.integers(0, 5),
    sending=st.booleans(),
)
def test_rows_balance(parts: list[PartRecord], duplicates: int, skipped: int, sending: bool) -> None:
    """Whatever a vendor says, no row is lost or counted twice, and an ended upload hides nothing."""
    upload = upload_of(record(*parts, duplicates=duplicates, skipped=skipped), sending=sending)

    assert_balanced(upload)
    never_left = sum(part.shown.rows or 0 for part in parts if part.stage in {Stage.PREPARED, Stage.ABSENT})
    assert never_left == (upload.not_sent or 0)
    assert upload.status.ended == all(part.status.ended for part in upload.parts)
    for part in upload.parts:
        if part.accepted is not None and not part.not_sent:
            assert part.rows == part.accepted + (part.rejected or 0)
            assert (part.status is UploadStatus.FAILED) == (part.accepted == 0)
            assert (part.status is UploadStatus.DONE) == (part.accepted == part.rows)


@pytest.mark.parametrize(
    ("part", "status", "accepted", "rejected"),
    [
        (submitted(UploadStatus.DONE, accepted=10), UploadStatus.DONE, 10, 0),
        (submitted(UploadStatus.DONE, accepted=4), UploadStatus.PARTIAL, 4, 6),
        (submitted(UploadStatus.DONE, accepted=0), UploadStatus.FAILED, 0, 10),
        (submitted(UploadStatus.DONE, rejected=3), UploadStatus.PARTIAL, 7, 3),
        (submitted(UploadStatus.DONE), UploadStatus.PARTIAL, None, None),
        (submitted(UploadStatus.FAILED), UploadStatus.FAILED, 0, 10),
        (submitted(UploadStatus.FAILED, accepted=4), UploadStatus.PARTIAL, 4, 6),
        (submitted(UploadStatus.PROCESSING, accepted=4), UploadStatus.PROCESSING, None, None),
        (submitted(UploadStatus.UNKNOWN, accepted=4), UploadStatus.UNKNOWN, None, None),
    ],
)
def test_an_ended_part_is_judged_by_its_counts(
    part: PartRecord, status: UploadStatus, accepted: int | None, rejected: int | None
) -> None:
    """A vendor's "done" may only mean "worked through"; counts of a running part prove nothing."""
    upload = upload_of(record(part), sending=False)

    assert (status, accepted, rejected) == (upload.status, upload.accepted, upload.rejected)
    in_work = status is UploadStatus.PROCESSING
    assert (10 if in_work else 0) == (upload.pending or 0)
    assert (10 if accepted is None and not in_work else 0) == upload.unknown


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ([], "done"),
        (["done", "done"], "done"),
        (["failed", "failed"], "failed"),
        (["done", "failed"], "partial"),
        (["partial", "done"], "partial"),
        (["pending", "pending"], "pending"),
        (["pending", "done"], "processing"),
        (["processing", "failed"], "processing"),
        (["processing", "unknown"], "unknown"),
    ],
)
def test_status_of_several_parts(statuses: list[str], expected: str) -> None:
    """One word for all parts, ended only when each of them has."""
    accepted = {"done": 10, "partial": 5, "failed": 0}
    parts = [submitted(UploadStatus(word), accepted=accepted.get(word)) for word in statuses]

    assert UploadStatus(expected) == upload_of(record(*parts), sending=False).status


@pytest.mark.parametrize(
    ("sending", "job", "status", "of_part"),
    [
        (True, None, "processing", "pending"),
        (False, None, "partial", "failed"),
        (False, {}, "processing", "pending"),
        (False, {"status": JobStatus.PAUSED}, "paused", "paused"),
        (False, {"status": JobStatus.CANCELLED, "submit": JobStatus.CANCELLED}, "cancelled", "cancelled"),
        (False, {"status": JobStatus.FAILED, "submit": JobStatus.FAILED}, "partial", "failed"),
    ],
)
def test_what_was_never_sent_stands_as_its_job_does(
    *, sending: bool, job: dict[str, JobStatus] | None, status: str, of_part: str
) -> None:
    """It was not refused, whatever becomes of it, and has failed only when nobody will send it."""
    taken = attrs.evolve(submitted(UploadStatus.DONE, accepted=10), number=2)
    unsent = record(PartRecord.prepared(1, name="a.csv", rows=10), taken)
    found = None if job is None else job_of(unsent, **job)
    upload = upload_of(unsent, sending=sending, job=found, now=NOW)

    assert (status, of_part) == (upload.status, upload.parts[0].status)
    assert (10, 0, 10, 0, 0) == (
        upload.accepted,
        upload.rejected,
        upload.not_sent,
        upload.pending,
        upload.unknown,
    )
    assert bool(upload.warnings) == upload.status.ended
    if sending or upload.status.ended:
        assert "to resume it" not in (upload.waiting_for or "")
    elif upload.status is UploadStatus.PAUSED:
        assert "somebody to resume it" == upload.waiting_for
    else:
        assert "a worker or a server to go on with it" == upload.waiting_for


def test_the_limits_tell_when_an_upload_can_have_been_sent() -> None:
    """Six parts, two a minute and four a day: the fifth and sixth go out on the next day, which begins in UTC."""
    parts = [attrs.evolve(PartRecord.prepared(n, name=f"{n}.csv", rows=1)) for n in range(1, 7)]
    later, next_day = NOW + timedelta(hours=1), datetime(2030, 1, 2, tzinfo=UTC)
    waiting = job_of(record(*parts), not_before=later, evidence="quota: spent")

    told = upload_of(record(*parts), job=waiting, now=NOW)
    assert (next_day, "quota: spent") == (told.ends_at, told.waiting_for)
    assert next_day == upload_of(record(*parts), job=job_of(record(*parts)), now=NOW).ends_at
    unprepared = job_for(record(*parts), callback=None, again=False, limits={"upload_per_day": 4})
    assert next_day == upload_of(record(*parts), job=unprepared, now=NOW).ends_at
    prepare, *steps = job_of(record(*parts)).steps
    sent = [attrs.evolve(done(step), updated_at=NOW) for step in steps[:3]]
    most_sent = attrs.evolve(job_of(record(*parts)), steps=(prepare, *sent, *steps[3:]))
    assert next_day == upload_of(record(*parts), job=most_sent, now=NOW).ends_at
    some = job_of(record(*parts[:4]))
    moment = NOW + timedelta(seconds=50)
    assert NOW + timedelta(minutes=1) == upload_of(record(*parts[:4]), job=some, now=moment).ends_at
    few = job_of(record(*parts[:2]))
    assert upload_of(record(*parts[:2]), job=few, now=NOW).ends_at is None


def test_a_part_in_doubt_is_unknown() -> None:
    """Nobody can tell, so no count is made up."""
    part = attrs.evolve(PartRecord.prepared(1, name="a.csv", rows=10), stage=Stage.SUBMITTING)
    upload = upload_of(record(part), sending=False)

    assert (UploadStatus.UNKNOWN, None, None, 10) == (
        upload.status,
        upload.accepted,
        upload.rejected,
        upload.unknown,
    )
