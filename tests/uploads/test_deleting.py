"""Taking uploads back: the vendor deletes them, and their codes may be sent again."""

import attrs
import pytest

from couponhub.errors import Conflict, NotFound, OutcomeUnknown, Unsupported, VendorUnavailable
from couponhub.models import UploadStatus
from tests.uploads.harness import LIST, UploadHarness, counts
from tests.uploads.vendors import FakeVendor, Lost

FIVE = ["A1", "B2", "C3", "D4", "E5"]


@pytest.mark.parametrize("lost", [None, *Lost])
def test_upload_is_deleted_with_all_its_parts(harness: UploadHarness, lost: Lost | None) -> None:
    """Also when an answer is lost; what others sent stays, and the same codes may be sent again."""
    kept = harness.uploads.send(LIST, ["Z9"], wait=True)
    upload = harness.uploads.send(LIST, FIVE, wait=True)
    harness.vendor.deletion_fates = [None, lost]
    harness.uploads.delete(LIST, upload.id)

    assert ["Z9"] == harness.vendor.codes
    shown = harness.uploads.show(LIST, upload.id)
    assert (UploadStatus.FAILED, (5, 0, 5, 0, 0, 0, 0, 0)) == (shown.status, counts(shown))
    assert UploadStatus.DONE == harness.uploads.show(LIST, kept.id).status
    harness.uploads.send(LIST, FIVE)
    assert [*FIVE, "Z9"] == harness.vendor.codes


def test_pending_upload_is_deleted(harness: UploadHarness) -> None:
    """It need not have ended, and nobody waits for it afterwards."""
    upload = harness.uploads.send(LIST, FIVE)
    harness.uploads.delete(LIST, upload.id)

    assert UploadStatus.FAILED == harness.uploads.wait(upload).status
    assert [] == harness.vendor.codes


def test_deleting_twice_is_harmless(harness: UploadHarness) -> None:
    """The vendor has nothing of it, which is what was asked for."""
    upload = harness.uploads.send(LIST, FIVE)
    harness.uploads.delete(LIST, upload.id)
    harness.uploads.delete(LIST, upload.id)
    assert [] == harness.vendor.codes


def test_part_in_doubt_is_found_out_first(harness: UploadHarness) -> None:
    """The vendor has it, though nobody here was told."""
    harness.vendor.fates = [None, Lost.AFTER]
    harness.vendor.look_faults = [VendorUnavailable("down")]
    with pytest.raises(OutcomeUnknown):
        harness.uploads.send(LIST, FIVE)
    (record,) = harness.ledger().of_list(LIST)
    harness.uploads.delete(LIST, record.id)

    assert [] == harness.vendor.codes
    harness.uploads.send(LIST, FIVE)
    assert FIVE == harness.vendor.codes


def test_part_is_deleted_by_the_vendors_id(harness: UploadHarness) -> None:
    """Only that one; if it is ours its codes may be sent again, and only they."""
    harness.uploads.send(LIST, FIVE, wait=True)
    harness.uploads.delete(LIST, "2")

    assert ["A1", "B2", "E5"] == harness.vendor.codes
    again = harness.uploads.send(LIST, FIVE)
    assert FIVE == harness.vendor.codes
    assert 3 == again.skipped


@pytest.mark.parametrize("upload_id", ["4711", "up_unknown"])
def test_unknown_id_is_not_found(harness: UploadHarness, upload_id: str) -> None:
    """Nothing is deleted in its stead."""
    harness.uploads.send(LIST, FIVE)
    with pytest.raises(NotFound):
        harness.uploads.delete(LIST, upload_id)
    assert FIVE == harness.vendor.codes


def test_deletion_stays_unknown_when_looking_fails(harness: UploadHarness) -> None:
    """The codes stay remembered as sent, and the hint names the command that finds out."""
    upload = harness.uploads.send(LIST, FIVE[:2])
    harness.vendor.deletion_fates = [Lost.AFTER]
    harness.vendor.listing_faults = [VendorUnavailable("down")]
    with pytest.raises(OutcomeUnknown, match="the order to delete 1 was sent") as caught:
        harness.uploads.delete(LIST, upload.id)

    assert "`couponhub uploads show shop L1 1`" in caught.value.hint
    with pytest.raises(Conflict):
        harness.uploads.send(LIST, FIVE[:2])


def test_nothing_is_deleted_while_codes_are_sent(harness: UploadHarness) -> None:
    """A part might be sent while the others are taken back."""
    upload = harness.uploads.send(LIST, FIVE)
    with harness.ledger().list_lock(LIST, timeout=0), pytest.raises(Conflict, match="nothing was deleted"):
        harness.uploads.delete(LIST, upload.id)
    assert FIVE == harness.vendor.codes


def test_vendor_that_cannot_delete(harness: UploadHarness) -> None:
    """Refused with what to do instead, before anything is asked, also for an id of ours."""

    class Keeper(FakeVendor):
        delete_part = None  # type: ignore[assignment]  # taken away

    keeper = attrs.evolve(harness, vendor=Keeper())
    for upload_id in ("1", "up_unknown"):
        with pytest.raises(Unsupported, match=r"instead of uploads\.delete"):
            keeper.uploads.delete(LIST, upload_id)
    assert [] == keeper.vendor.calls
