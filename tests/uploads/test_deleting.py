"""Taking uploads back: the vendor deletes them, and their codes may be sent again."""

import attrs
import pytest

from couponhub.errors import Conflict, NotFound, OutcomeUnknown, Unsupported, VendorUnavailable
from couponhub.models import UploadStatus
from tests.uploads.shop import LIST, Shop, counts
from tests.uploads.vendors import FakeVendor, Lost

FIVE = ["A1", "B2", "C3", "D4", "E5"]


@pytest.mark.parametrize("lost", [None, *Lost])
def test_upload_is_deleted_with_all_its_parts(shop: Shop, lost: Lost | None) -> None:
    """Also when an answer is lost; what others sent stays, and the same codes may be sent again."""
    kept = shop.uploads.send(LIST, ["Z9"], wait=True)
    upload = shop.uploads.send(LIST, FIVE, wait=True)
    shop.vendor.deletion_fates = [None, lost]
    shop.uploads.delete(LIST, upload.id)

    assert ["Z9"] == shop.vendor.codes
    shown = shop.uploads.show(LIST, upload.id)
    assert (UploadStatus.FAILED, (5, 0, 5, 0, 0, 0)) == (shown.status, counts(shown))
    assert UploadStatus.DONE == shop.uploads.show(LIST, kept.id).status
    shop.uploads.send(LIST, FIVE)
    assert [*FIVE, "Z9"] == shop.vendor.codes


def test_pending_upload_is_deleted(shop: Shop) -> None:
    """It need not have ended, and nobody waits for it afterwards."""
    upload = shop.uploads.send(LIST, FIVE)
    shop.uploads.delete(LIST, upload.id)

    assert UploadStatus.FAILED == shop.uploads.wait(upload).status
    assert [] == shop.vendor.codes


def test_deleting_twice_is_harmless(shop: Shop) -> None:
    """The vendor has nothing of it, which is what was asked for."""
    upload = shop.uploads.send(LIST, FIVE)
    shop.uploads.delete(LIST, upload.id)
    shop.uploads.delete(LIST, upload.id)
    assert [] == shop.vendor.codes


def test_part_in_doubt_is_found_out_first(shop: Shop) -> None:
    """The vendor has it, though nobody here was told."""
    shop.vendor.fates = [None, Lost.AFTER]
    shop.vendor.look_faults = [VendorUnavailable("down")]
    with pytest.raises(OutcomeUnknown):
        shop.uploads.send(LIST, FIVE)
    (record,) = shop.ledger().of_list(LIST)
    shop.uploads.delete(LIST, record.id)

    assert [] == shop.vendor.codes
    shop.uploads.send(LIST, FIVE)
    assert FIVE == shop.vendor.codes


def test_part_is_deleted_by_the_vendors_id(shop: Shop) -> None:
    """Only that one; if it is ours its codes may be sent again, and only they."""
    shop.uploads.send(LIST, FIVE, wait=True)
    shop.uploads.delete(LIST, "2")

    assert ["A1", "B2", "E5"] == shop.vendor.codes
    again = shop.uploads.send(LIST, FIVE)
    assert FIVE == shop.vendor.codes
    assert 3 == again.skipped


@pytest.mark.parametrize("upload_id", ["4711", "up_unknown"])
def test_unknown_id_is_not_found(shop: Shop, upload_id: str) -> None:
    """Nothing is deleted in its stead."""
    shop.uploads.send(LIST, FIVE)
    with pytest.raises(NotFound):
        shop.uploads.delete(LIST, upload_id)
    assert FIVE == shop.vendor.codes


def test_deletion_stays_unknown_when_looking_fails(shop: Shop) -> None:
    """The codes stay remembered as sent, and the hint names the command that finds out."""
    upload = shop.uploads.send(LIST, FIVE[:2])
    shop.vendor.deletion_fates = [Lost.AFTER]
    shop.vendor.listing_faults = [VendorUnavailable("down")]
    with pytest.raises(OutcomeUnknown, match="the order to delete 1 was sent") as caught:
        shop.uploads.delete(LIST, upload.id)

    assert "`couponhub uploads show shop L1 1`" in caught.value.hint
    with pytest.raises(Conflict):
        shop.uploads.send(LIST, FIVE[:2])


def test_nothing_is_deleted_while_codes_are_sent(shop: Shop) -> None:
    """A part might be sent while the others are taken back."""
    upload = shop.uploads.send(LIST, FIVE)
    with shop.ledger().list_lock(LIST, timeout=0), pytest.raises(Conflict, match="nothing was deleted"):
        shop.uploads.delete(LIST, upload.id)
    assert FIVE == shop.vendor.codes


def test_vendor_that_cannot_delete(shop: Shop) -> None:
    """Refused with what to do instead, before anything is asked, also for an id of ours."""

    class Keeper(FakeVendor):
        delete_part = None  # type: ignore[assignment]  # taken away

    keeper = attrs.evolve(shop, vendor=Keeper())
    for upload_id in ("1", "up_unknown"):
        with pytest.raises(Unsupported, match=r"instead of uploads\.delete"):
            keeper.uploads.delete(LIST, upload_id)
    assert [] == keeper.vendor.calls
