"""A submission whose answer is lost: looked for, and repeated only when it is proven absent."""

import pytest

from couponhub.clock import Deadline
from couponhub.errors import (
    Conflict,
    CouponhubError,
    OutcomeUnknown,
    UnreadableReply,
    VendorUnavailable,
)
from couponhub.models import ListId, Part, UploadStatus
from tests.uploads.harness import LIST, UploadHarness, counts
from tests.uploads.vendors import FileVendor, Lost

FIVE = ["A1", "B2", "C3", "D4", "E5"]


@pytest.mark.parametrize("lost", Lost)
@pytest.mark.parametrize("position", [0, 1, 2])
def test_lost_answer_never_loses_or_doubles_a_code(harness: UploadHarness, lost: Lost, position: int) -> None:
    """Found at the first or second look it is adopted; absent both times it is sent once more."""
    harness.vendor.fates = [*[None] * position, lost]
    upload = harness.uploads.send(LIST, FIVE, wait=True)

    assert FIVE == harness.vendor.codes
    assert (UploadStatus.DONE, (5, 5, 0, 0, 0, 0, 0, 0)) == (upload.status, counts(upload))
    assert (lost is not Lost.AFTER) == (30.0 in harness.clock.sleeps)
    assert (4 if lost is Lost.BEFORE else 3) == harness.vendor.calls.count("submit")


def test_part_that_somebody_else_finds_is_not_repeated(
    harness: UploadHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The vendor shows it after our second look, to a `show` that runs beside us."""
    harness.vendor.fates = [Lost.AFTER]
    looks = 0

    def find_submitted(list_id: ListId, name: str, *, deadline: Deadline | None = None) -> Part | None:
        nonlocal looks
        del name, deadline
        looks += 1
        if looks == 2:
            (upload,) = harness.ledger().of_list(list_id)
            harness.ledger().mark_submitted(upload, 1, harness.vendor.files[0].part)
        return None

    monkeypatch.setattr(FileVendor, "find_submitted", staticmethod(find_submitted))
    harness.uploads.send(LIST, FIVE[:2])

    assert ["submitted"] == harness.stages
    assert FIVE[:2] == harness.vendor.codes


@pytest.mark.parametrize("error", [UnreadableReply("half a JSON"), VendorUnavailable("a 502")])
def test_no_understandable_answer_is_a_lost_one(harness: UploadHarness, error: CouponhubError) -> None:
    """Whatever an adapter calls it, it may have been done, so we look before we repeat."""
    harness.vendor.fates = [error]
    harness.uploads.send(LIST, FIVE)

    assert FIVE == harness.vendor.codes
    assert ["submit", "find_submitted", "find_submitted", "submit"] == harness.vendor.calls[1:5]


def test_twice_lost_and_twice_absent_is_given_up(harness: UploadHarness) -> None:
    """One repetition, proven absent again: an error that says so, and the batch is free."""
    harness.vendor.fates = [Lost.BEFORE, Lost.BEFORE]
    with pytest.raises(VendorUnavailable, match="took part 1 of upload up_"):
        harness.uploads.send(LIST, FIVE)

    assert ["absent", "prepared", "prepared"] == harness.stages
    harness.uploads.send(LIST, FIVE)
    assert FIVE == harness.vendor.codes


@pytest.mark.parametrize(
    ("lost", "faults"),
    [
        (Lost.BEFORE, [VendorUnavailable("down")]),
        (Lost.BEFORE, [None, VendorUnavailable("down")]),
        (Lost.AFTER, [VendorUnavailable("down")]),
        (Lost.LATE, [None, VendorUnavailable("down")]),
    ],
)
def test_outcome_unknown_when_looking_fails(
    harness: UploadHarness, lost: Lost, faults: list[Exception | None]
) -> None:
    """Nothing is claimed and nothing repeated; the hint names the command, which later tells."""
    harness.vendor.fates = [None, lost]
    harness.vendor.look_faults = list(faults)

    with pytest.raises(OutcomeUnknown, match="1 of 3 parts arrived") as caught:
        harness.uploads.send(LIST, FIVE)
    record = harness.ledger().of_list(LIST)[0]
    assert f"`couponhub uploads show shop L1 {record.id}`" in caught.value.hint
    assert ["submitted", "submitting", "prepared"] == harness.stages
    assert 2 == harness.vendor.calls.count("submit")

    harness.clock.sleep(60)
    harness.uploads.show(LIST, record.id)
    expected = "absent" if lost is Lost.BEFORE else "submitted"
    assert ["submitted", expected, "prepared"] == harness.stages
    harness.uploads.send(LIST, FIVE)
    assert FIVE == harness.vendor.codes


def test_batch_in_doubt_is_not_sent_again(harness: UploadHarness) -> None:
    """As long as the vendor cannot be asked for it, it may be there."""
    harness.vendor.fates = [Lost.AFTER]
    harness.vendor.look_faults = [VendorUnavailable("down")] * 2
    with pytest.raises(OutcomeUnknown):
        harness.uploads.send(LIST, FIVE[:2])

    with pytest.raises(Conflict, match="couponhub uploads wait shop L1 up_"):
        harness.uploads.send(LIST, FIVE[:2])
    assert FIVE[:2] == harness.vendor.codes
