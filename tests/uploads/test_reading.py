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
from tests.uploads.harness import LIST, UploadHarness, counts
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


def without_store(harness: UploadHarness, tmp_path: Path) -> UploadHarness:
    """The same uploads on a machine that can keep nothing."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    return attrs.evolve(harness, store=LedgerDatabase(StoreSettings(url=f"sqlite:///{tmp_path}/file/hub.db")))


def test_show_asks_the_vendor(harness: UploadHarness) -> None:
    """What we remember is brought up to what the vendor says now, its own words included."""
    upload = harness.uploads.send(LIST, ["A1", "B2", "C3"])
    shown = harness.uploads.show(LIST, upload.id)

    assert (UploadStatus.DONE, (3, 3, 0, 0, 0, 0, 0, 0)) == (shown.status, counts(shown))
    assert [{"id": "1"}, {"id": "2"}] == [part.raw for part in shown.parts]
    assert ["OK", "OK"] == [part.vendor_status for part in shown.parts]


def test_show_of_a_vendors_file(harness: UploadHarness) -> None:
    """A file that we did not send is an upload of one part, whose rows nobody promised."""
    harness.vendor.files.append(StoredFile(part=FOREIGN, content=""))
    shown = harness.uploads.show(LIST, "900")

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
def test_unknown_ids(harness: UploadHarness, upload_id: str) -> None:
    """Neither ours nor the vendor's, and never a traceback."""
    for ask in (harness.uploads.show, lambda home, name: harness.uploads.wait(name, home)):
        with pytest.raises(NotFound):
            ask(LIST, upload_id)


def test_our_upload_belongs_to_its_list(harness: UploadHarness) -> None:
    """Under another list there is none of that id."""
    upload = harness.uploads.send(LIST, ["A1"])
    with pytest.raises(NotFound):
        harness.uploads.show("L2", upload.id)


def test_deleted_part(harness: UploadHarness) -> None:
    """One that ended keeps its counts; one that had not is unknown."""
    done = harness.uploads.send(LIST, ["A1"], wait=True)
    pending = harness.uploads.send(LIST, ["B2"])
    harness.vendor.files.clear()

    assert done == harness.uploads.show(LIST, done.id)
    assert UploadStatus.UNKNOWN == harness.uploads.show(LIST, pending.id).status


def test_iterate_shows_ours_then_the_vendors(harness: UploadHarness) -> None:
    """Each file once, matched by id or by name, and ours as the listing has it."""
    harness.vendor.files.append(StoredFile(part=FOREIGN, content=""))
    first = harness.uploads.send(LIST, ["A1", "B2", "C3"])
    second = harness.uploads.send(LIST, ["D4"])
    harness.uploads.show(LIST, first.id)
    before = len(harness.vendor.calls)

    uploads = list(harness.uploads.iterate(LIST))

    assert [first.id, second.id, "900"] == [upload.id for upload in uploads]
    assert [UploadStatus.DONE, UploadStatus.PENDING, UploadStatus.DONE] == [u.status for u in uploads]
    assert [3, 1, None] == [upload.rows for upload in uploads]
    assert ["iterate_parts"] == harness.vendor.calls[before:]


def test_iterate_adopts_a_part_in_doubt(harness: UploadHarness) -> None:
    """Its unique name is enough to know it as ours."""
    harness.vendor.fates = [KeyboardInterrupt()]
    with pytest.raises(KeyboardInterrupt):
        harness.uploads.send(LIST, ["A1"])
    name = harness.ledger().of_list(LIST)[0].parts[0].name
    part = attrs.evolve(FOREIGN, name=name, rows=None, accepted=1, rejected=None)
    harness.vendor.files.append(StoredFile(part=part, content=""))

    (upload,) = harness.uploads.iterate(LIST)
    assert (UploadStatus.DONE, 1) == (upload.status, upload.accepted)


def test_nameless_file_is_nobodys_part(harness: UploadHarness) -> None:
    """A part that was never sent is not taken for the file of a stranger that has no name."""
    harness.vendor.fates = [VendorUnavailable("down")]
    harness.vendor.look_faults = [VendorUnavailable("down")]
    with pytest.raises(OutcomeUnknown):
        harness.uploads.send(LIST, ["A1", "B2", "C3"])
    harness.vendor.files.append(StoredFile(part=attrs.evolve(FOREIGN, name=""), content=""))
    uploads = list(harness.uploads.iterate(LIST))

    assert ["submitting", "prepared"] == harness.stages
    assert ["900"] == [upload.id for upload in uploads[1:]]


def test_unreadable_rows_come_last(harness: UploadHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    """One odd row hides none of the others."""

    def parts(_: object, __: str) -> object:
        yield FOREIGN
        raise UnreadableReply("odd row")

    monkeypatch.setattr(type(harness.vendor), "iterate_parts", parts)
    uploads = harness.uploads.iterate(LIST)

    assert "900" == next(uploads).id
    with pytest.raises(UnreadableReply):
        next(uploads)


def test_reading_works_without_a_store(harness: UploadHarness, tmp_path: Path) -> None:
    """The vendor's files can be seen; only for our own id the store is missed."""
    harness.vendor.files.append(StoredFile(part=FOREIGN, content=""))
    reader = without_store(harness, tmp_path)

    assert ["900"] == [upload.id for upload in reader.uploads.iterate(LIST)]
    assert "900" == reader.uploads.show(LIST, "900").id
    assert "900" == reader.uploads.wait("900", LIST).id
    with pytest.raises(LocalError):
        reader.uploads.show(LIST, "up_ours")


def test_vendor_that_tells_nothing(harness: UploadHarness) -> None:
    """Refused at the call, not at the first item."""
    mute = attrs.evolve(harness, vendor=FakeVendorWithoutParts())  # type: ignore[arg-type]  # lacks a capability on purpose
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


def test_wait_for_what_ends(harness: UploadHarness) -> None:
    """By the upload, by our id, by the vendor's; an unknown word and short outages do not end it."""
    outcome = harness.vendor.outcome
    words = iter(["MERGING", "OK", "OK", "OK"])

    def process(part: Part, codes: list[str]) -> Part:
        if next(words) == "MERGING":
            return attrs.evolve(part, status=UploadStatus.UNKNOWN, vendor_status="MERGING")
        return outcome(part, codes)

    harness.vendor.outcome = process
    harness.vendor.poll_faults = [None, VendorUnavailable("down")]
    upload = harness.uploads.send(LIST, ["A1"])

    done = harness.uploads.wait(upload)
    assert (UploadStatus.DONE, 1) == (done.status, done.accepted)
    assert done == harness.uploads.wait(upload.id, LIST)
    assert UploadStatus.DONE == harness.uploads.wait("1", LIST).status


def test_wait_gives_up_in_time(harness: UploadHarness) -> None:
    """The upload as last seen is on the error, also for a vendor's own file."""
    harness.vendor.files.append(
        StoredFile(part=attrs.evolve(FOREIGN, status=UploadStatus.PROCESSING), content="")
    )
    harness.vendor.polls_needed = 1000
    with pytest.raises(WaitTimeout, match="upload 900 has not ended after 5 seconds") as caught:
        harness.uploads.wait("900", LIST, timeout=5)

    assert 4.5 == pytest.approx(harness.clock.passed)
    assert 0.4 < (harness.vendor.deadlines[-1] or 0), "the last look has time to be answered"
    assert "900" == caught.value.upload.id


def test_wait_without_an_end_gives_up_on_a_dead_vendor(harness: UploadHarness) -> None:
    """Patience without a limit is for a vendor that answers."""
    upload = harness.uploads.send(LIST, ["A1"])
    harness.vendor.poll_faults = [VendorUnavailable("down")] * 1000
    with pytest.raises(VendorUnavailable):
        harness.uploads.wait(upload)
    assert 300 < harness.clock.passed < 3600


def test_counts_that_lag_are_read_once_more(harness: UploadHarness) -> None:
    """A vendor may say "finished" a moment before it has counted."""
    counted = iter([None, 1])
    harness.vendor.outcome = lambda part, _: attrs.evolve(
        part, status=UploadStatus.DONE, accepted=next(counted)
    )
    done = harness.uploads.send(LIST, ["A1"], wait=True)

    assert (1, 0) == (done.accepted, done.unknown)


def test_id_alone_needs_its_list(harness: UploadHarness) -> None:
    """A vendor's part id means something within a list only."""
    with pytest.raises(UsageError, match="takes the list's id"):
        harness.uploads.wait("900")


def test_a_vendors_id_of_our_part_shows_our_upload(harness: UploadHarness) -> None:
    """Whichever of its parts; not of one that was deleted, which the vendor is asked about."""
    upload = harness.uploads.send(LIST, ["A1", "B2", "C3"], wait=True)

    for part in upload.parts:
        assert upload.id == harness.uploads.show(LIST, part.id or "").id
        assert upload.id == harness.uploads.wait(part.id or "", LIST).id
    harness.uploads.delete(LIST, "1")
    with pytest.raises(NotFound):
        harness.uploads.show(LIST, "1")
    assert upload.id == harness.uploads.show(LIST, "2").id
