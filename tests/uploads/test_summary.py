"""How an upload stands is told from its record, and the rows always balance."""

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from couponhub.models import ListId, Part, UploadId, UploadStatus
from couponhub.state import PartRecord, Stage, UploadRecord
from couponhub.uploads.summary import upload_of

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
    told = (upload.accepted, upload.rejected, upload.duplicates, upload.skipped, upload.unknown)

    assert upload.rows == sum(count or 0 for count in told)
    assert all(count is None or count >= 0 for count in told)
    assert upload.status.ended == all(part.status.ended for part in upload.parts)
    for part in upload.parts:
        if part.accepted is not None:
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
    assert (10 if accepted is None else 0) == upload.unknown


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


def test_what_was_never_sent_counts_as_refused_unless_somebody_is_at_it() -> None:
    """A crash before a part was sent leaves codes that the vendor does not have, and a word about it."""
    prepared = record(
        PartRecord.prepared(1, name="a.csv", rows=10), submitted(UploadStatus.DONE, accepted=10)
    )
    under_way, abandoned = upload_of(prepared, sending=True), upload_of(prepared, sending=False)

    assert (UploadStatus.PROCESSING, 10) == (under_way.status, under_way.unknown)
    assert () == under_way.warnings
    assert (UploadStatus.PARTIAL, 10, 0) == (abandoned.status, abandoned.rejected, abandoned.unknown)
    assert (
        "1 of 2 parts never reached the vendor; send the same codes again for them",
    ) == abandoned.warnings


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
