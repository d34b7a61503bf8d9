"""Looking at uploads: ours and the vendor's, with and without a store."""

from pathlib import Path

import attrs
import pytest

from couponhub.errors import (
    LocalError,
    NotFound,
    OutcomeUnknown,
    UnreadableReply,
    Unsupported,
    UsageError,
    VendorUnavailable,
    WaitTimeout,
)
from couponhub.models import Part, PartId, UploadStatus
from couponhub.state import StoreSettings
from couponhub.state.sqlite.database import LedgerDatabase
from tests.uploads.shop import LIST, Shop, counts
from tests.uploads.vendors import FakeVendor, StoredFile

FOREIGN = Part(
    id=PartId("900"),
    name="by-hand.csv",
    status=UploadStatus.DONE,
    rows=4,
    accepted=3,
    rejected=1,
    raw={"id": 900},
)


def without_store(shop: Shop, tmp_path: Path) -> Shop:
    """The same shop on a machine that can keep nothing."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    return attrs.evolve(shop, store=LedgerDatabase(StoreSettings(url=f"sqlite:///{tmp_path}/file/hub.db")))


def test_show_asks_the_vendor(shop: Shop) -> None:
    """What we remember is brought up to what the vendor says now, its own words included."""
    upload = shop.uploads.send(LIST, ["A1", "B2", "C3"])
    shown = shop.uploads.show(LIST, upload.id)

    assert (UploadStatus.DONE, (3, 3, 0, 0, 0, 0)) == (shown.status, counts(shown))
    assert [{"id": "1"}, {"id": "2"}] == [part.raw for part in shown.parts]
    assert ["OK", "OK"] == [part.vendor_status for part in shown.parts]


def test_show_of_a_vendors_file(shop: Shop) -> None:
    """A file that we did not send is an upload of one part, whose rows nobody promised."""
    shop.vendor.files.append(StoredFile(part=FOREIGN, content=""))
    shown = shop.uploads.show(LIST, "900")

    assert ("900", "by-hand.csv", None, 3, 1) == (
        shown.id,
        shown.name,
        shown.rows,
        shown.accepted,
        shown.rejected,
    )
    assert (FOREIGN,) == shown.parts
    assert {"id": 900} == shown.raw


@pytest.mark.parametrize("upload_id", ["up_unknown", "4711"])
def test_unknown_ids(shop: Shop, upload_id: str) -> None:
    """Neither ours nor the vendor's, and never a traceback."""
    for ask in (shop.uploads.show, lambda home, name: shop.uploads.wait(name, home)):
        with pytest.raises(NotFound):
            ask(LIST, upload_id)


def test_our_upload_belongs_to_its_list(shop: Shop) -> None:
    """Under another list there is none of that id."""
    upload = shop.uploads.send(LIST, ["A1"])
    with pytest.raises(NotFound):
        shop.uploads.show("L2", upload.id)


def test_deleted_part(shop: Shop) -> None:
    """One that ended keeps its counts; one that had not is unknown."""
    done = shop.uploads.send(LIST, ["A1"], wait=True)
    pending = shop.uploads.send(LIST, ["B2"])
    shop.vendor.files.clear()

    assert done == shop.uploads.show(LIST, done.id)
    assert UploadStatus.UNKNOWN == shop.uploads.show(LIST, pending.id).status


def test_iterate_shows_ours_then_the_vendors(shop: Shop) -> None:
    """Each file once, matched by id or by name, and ours as the listing has it."""
    shop.vendor.files.append(StoredFile(part=FOREIGN, content=""))
    first = shop.uploads.send(LIST, ["A1", "B2", "C3"])
    second = shop.uploads.send(LIST, ["D4"])
    shop.uploads.show(LIST, first.id)
    before = len(shop.vendor.calls)

    uploads = list(shop.uploads.iterate(LIST))

    assert [first.id, second.id, "900"] == [upload.id for upload in uploads]
    assert [UploadStatus.DONE, UploadStatus.PENDING, UploadStatus.DONE] == [u.status for u in uploads]
    assert [3, 1, None] == [upload.rows for upload in uploads]
    assert ["iterate_parts"] == shop.vendor.calls[before:]


def test_iterate_adopts_a_part_in_doubt(shop: Shop) -> None:
    """Its unique name is enough to know it as ours."""
    shop.vendor.fates = [KeyboardInterrupt()]
    with pytest.raises(KeyboardInterrupt):
        shop.uploads.send(LIST, ["A1"])
    name = shop.ledger().of_list(LIST)[0].parts[0].name
    part = attrs.evolve(FOREIGN, name=name, rows=None, accepted=1, rejected=None)
    shop.vendor.files.append(StoredFile(part=part, content=""))

    (upload,) = shop.uploads.iterate(LIST)
    assert (UploadStatus.DONE, 1) == (upload.status, upload.accepted)


def test_nameless_file_is_nobodys_part(shop: Shop) -> None:
    """A part that was never sent is not taken for the file of a stranger that has no name."""
    shop.vendor.fates = [VendorUnavailable("down")]
    shop.vendor.look_faults = [VendorUnavailable("down")]
    with pytest.raises(OutcomeUnknown):
        shop.uploads.send(LIST, ["A1", "B2", "C3"])
    shop.vendor.files.append(StoredFile(part=attrs.evolve(FOREIGN, name=""), content=""))
    uploads = list(shop.uploads.iterate(LIST))

    assert ["submitting", "prepared"] == shop.stages
    assert ["900"] == [upload.id for upload in uploads[1:]]


def test_unreadable_rows_come_last(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """One odd row hides none of the others."""

    def parts(_: object, __: str) -> object:
        yield FOREIGN
        raise UnreadableReply("odd row")

    monkeypatch.setattr(type(shop.vendor), "iterate_parts", parts)
    uploads = shop.uploads.iterate(LIST)

    assert "900" == next(uploads).id
    with pytest.raises(UnreadableReply):
        next(uploads)


def test_reading_works_without_a_store(shop: Shop, tmp_path: Path) -> None:
    """The vendor's files can be seen; only for our own id the store is missed."""
    shop.vendor.files.append(StoredFile(part=FOREIGN, content=""))
    reader = without_store(shop, tmp_path)

    assert ["900"] == [upload.id for upload in reader.uploads.iterate(LIST)]
    assert "900" == reader.uploads.show(LIST, "900").id
    assert "900" == reader.uploads.wait("900", LIST).id
    with pytest.raises(LocalError):
        reader.uploads.show(LIST, "up_ours")


def test_vendor_that_tells_nothing(shop: Shop) -> None:
    """Refused at the call, not at the first item."""
    mute = attrs.evolve(shop, vendor=FakeVendorWithoutParts())  # type: ignore[arg-type]  # lacks a capability on purpose
    with pytest.raises(Unsupported):
        mute.uploads.iterate(LIST)
    with pytest.raises(Unsupported):
        mute.uploads.show(LIST, "1")


class FakeVendorWithoutParts:
    """The least an adapter can be."""

    limits: dict[str, int] = {}  # noqa: RUF012 - never changed

    advice = FakeVendor.advice
    check = FakeVendor.check
    call = FakeVendor.call
    close = FakeVendor.close


def test_wait_for_what_ends(shop: Shop) -> None:
    """By the upload, by our id, by the vendor's; an unknown word and short outages do not end it."""
    outcome = shop.vendor.outcome
    words = iter(["MERGING", "OK", "OK", "OK"])

    def process(part: Part, codes: list[str]) -> Part:
        if next(words) == "MERGING":
            return attrs.evolve(part, status=UploadStatus.UNKNOWN, vendor_status="MERGING")
        return outcome(part, codes)

    shop.vendor.outcome = process
    shop.vendor.poll_faults = [None, VendorUnavailable("down")]
    upload = shop.uploads.send(LIST, ["A1"])

    done = shop.uploads.wait(upload)
    assert (UploadStatus.DONE, 1) == (done.status, done.accepted)
    assert done == shop.uploads.wait(upload.id, LIST)
    assert UploadStatus.DONE == shop.uploads.wait("1", LIST).status


def test_wait_gives_up_in_time(shop: Shop) -> None:
    """The upload as last seen is on the error, also for a vendor's own file."""
    shop.vendor.files.append(
        StoredFile(part=attrs.evolve(FOREIGN, status=UploadStatus.PROCESSING), content="")
    )
    shop.vendor.polls_needed = 1000
    with pytest.raises(WaitTimeout, match="upload 900 has not ended after 5 seconds") as caught:
        shop.uploads.wait("900", LIST, timeout=5)

    assert 4.5 == pytest.approx(shop.clock.passed)
    assert 0.4 < (shop.vendor.deadlines[-1] or 0), "the last look has time to be answered"
    assert "900" == caught.value.upload.id


def test_wait_without_an_end_gives_up_on_a_dead_vendor(shop: Shop) -> None:
    """Patience without a limit is for a vendor that answers."""
    upload = shop.uploads.send(LIST, ["A1"])
    shop.vendor.poll_faults = [VendorUnavailable("down")] * 1000
    with pytest.raises(VendorUnavailable):
        shop.uploads.wait(upload)
    assert 300 < shop.clock.passed < 3600


def test_counts_that_lag_are_read_once_more(shop: Shop) -> None:
    """A vendor may say "finished" a moment before it has counted."""
    counted = iter([None, 1])
    shop.vendor.outcome = lambda part, _: attrs.evolve(part, status=UploadStatus.DONE, accepted=next(counted))
    done = shop.uploads.send(LIST, ["A1"], wait=True)

    assert (1, 0) == (done.accepted, done.unknown)


def test_id_alone_needs_its_list(shop: Shop) -> None:
    """A vendor's part id means something within a list only."""
    with pytest.raises(UsageError, match="takes the list's id"):
        shop.uploads.wait("900")


def test_a_vendors_id_of_our_part_shows_our_upload(shop: Shop) -> None:
    """Whichever of its parts; not of one that was deleted, which the vendor is asked about."""
    upload = shop.uploads.send(LIST, ["A1", "B2", "C3"], wait=True)

    for part in upload.parts:
        assert upload.id == shop.uploads.show(LIST, part.id or "").id
        assert upload.id == shop.uploads.wait(part.id or "", LIST).id
    shop.uploads.delete(LIST, "1")
    with pytest.raises(NotFound):
        shop.uploads.show(LIST, "1")
    assert upload.id == shop.uploads.show(LIST, "2").id
