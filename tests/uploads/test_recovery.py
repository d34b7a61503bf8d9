"""What a call left at the vendor when it was killed: its codes are neither lost nor sent by two parts."""

import io
from collections.abc import Callable
from pathlib import Path

import attrs
import pytest

from couponhub.errors import Conflict, WaitTimeout
from couponhub.models import UploadStatus
from couponhub.uploads import EventKind
from tests.uploads.harness import LIST, UploadHarness, counts
from tests.uploads.vendors import Killed, UrlVendor

FIVE = ["A1", "B2", "C3", "D4", "E5"]


def kill_at(harness: UploadHarness, part: int) -> str:
    """Let a sender of five codes in three parts die when it sends that part; answer the upload's id."""
    harness.vendor.fates = [*[None] * (part - 1), Killed()]
    with pytest.raises(Killed):
        harness.uploads.send(LIST, FIVE)
    harness.vendor.fates = []
    return harness.ledger().of_list(LIST)[-1].id


def test_files_are_served_again_before_the_rest_is_sent(url_harness: UploadHarness) -> None:
    """The vendor has two addresses and no code; it fetches from the same addresses, and the third part follows."""
    kill_at(url_harness, 3)
    assert [] == url_harness.vendor.codes
    kinds = []

    upload = url_harness.uploads.send(LIST, FIVE, progress=lambda event: kinds.append(event.kind))

    assert FIVE == url_harness.vendor.codes
    assert (UploadStatus.DONE, (5, 1, 0, 0, 4, 0, 0, 0)) == (upload.status, counts(upload))
    assert [EventKind.PREPARING, EventKind.PAUSED, EventKind.SETTLING] == kinds[:3]
    remembered = [part.url for record in url_harness.ledger().of_list(LIST) for part in record.parts]
    assert remembered[2] is not None, "the part that never left has its address still"
    assert [None] * 3 == [*remembered[:2], *remembered[3:]]


def test_codes_of_a_part_that_failed_meanwhile_are_sent_by_another(url_harness: UploadHarness) -> None:
    """Nobody served its file in time; the vendor ends it as failed, and only then its codes travel again."""
    kill_at(url_harness, 3)
    vendor = url_harness.vendor
    assert isinstance(vendor, UrlVendor)
    (first, _) = vendor.files
    first.part, first.content = attrs.evolve(first.part, status=UploadStatus.FAILED, accepted=0), ""

    upload = url_harness.uploads.send(LIST, FIVE)

    assert FIVE == vendor.codes
    assert (5, 3, 0, 0, 2, 0, 0, 0) == counts(upload)


def test_a_part_that_may_still_be_fetched_is_never_sent_by_another(url_harness: UploadHarness) -> None:
    """Whoever has no time to find out what becomes of it sends nothing, and is told what to do."""
    upload_id = kill_at(url_harness, 3)
    vendor = url_harness.vendor
    assert isinstance(vendor, UrlVendor)
    vendor.fetches = False
    sent = len(vendor.files)

    with pytest.raises(
        WaitTimeout, match=f"nothing was sent: upload {upload_id}.*uploads wait shop L1 {upload_id}"
    ):
        url_harness.uploads.send(LIST, FIVE, timeout=100)

    assert sent == len(vendor.files)
    assert 1 == len(url_harness.ledger().of_list(LIST))


def test_other_codes_wait_for_nothing(url_harness: UploadHarness) -> None:
    """What was left at the vendor is no concern of codes that are not in it."""
    kill_at(url_harness, 3)
    polls = url_harness.vendor.calls.count("get_part")

    url_harness.uploads.send(LIST, ["X1"])

    assert ["X1"] == url_harness.vendor.codes
    assert 1 == url_harness.vendor.calls.count("get_part") - polls


@pytest.mark.parametrize(
    "source",
    [
        lambda: (code for code in FIVE),
        lambda: io.BytesIO(("code\n" + "\n".join(FIVE)).encode()),
        lambda: io.StringIO("code\n" + "\n".join(FIVE)),
        lambda: Path("codes.csv"),
    ],
)
def test_every_kind_of_source_is_read_once(url_harness: UploadHarness, source: Callable[[], object]) -> None:
    """Also what cannot be read again, such as a pipe."""
    Path("codes.csv").write_text("\n".join(["code", *FIVE]), encoding="utf-8")
    kill_at(url_harness, 2)

    upload = url_harness.uploads.send(LIST, source())  # type: ignore[arg-type]  # one of the accepted kinds

    assert FIVE == url_harness.vendor.codes
    assert (UploadStatus.DONE, (5, 3, 0, 0, 2, 0, 0, 0)) == (upload.status, counts(upload))


def test_waiting_serves_the_files_too(url_harness: UploadHarness) -> None:
    """Whoever waits for what a killed call left gets an end, and is told of the parts that were never sent."""
    upload_id = kill_at(url_harness, 3)
    url_harness.clock.sleep(60)

    upload = url_harness.uploads.wait(upload_id, LIST)

    assert FIVE[:4] == url_harness.vendor.codes
    assert (UploadStatus.PROCESSING, (5, 4, 0, 0, 0, 1, 0, 0)) == (upload.status, counts(upload))
    assert "a worker or a server to go on with it" == upload.waiting_for
    assert () == upload.warnings


def test_codes_that_may_not_be_there_are_not_called_done(harness: UploadHarness) -> None:
    """Of a part that the vendor did not take whole nobody knows which codes it has: they count as unknown."""
    harness.vendor.outcome = lambda part, _: attrs.evolve(part, status=UploadStatus.DONE, accepted=1)
    harness.uploads.send(LIST, ["A1", "B2"], wait=True)
    harness.vendor.outcome = type(harness.vendor)().outcome

    upload = harness.uploads.send(LIST, FIVE, wait=True)

    assert FIVE == harness.vendor.codes
    assert (UploadStatus.PARTIAL, (5, 3, 0, 0, 0, 0, 0, 2)) == (upload.status, counts(upload))
    assert ["2 codes were sent to this list before"] == [
        warning.partition(",")[0] for warning in upload.warnings
    ]


def test_the_newest_upload_of_a_batch_tells_its_end(url_harness: UploadHarness) -> None:
    """After crashes one batch is several uploads; that of the rest is the one to wait for."""
    kill_at(url_harness, 3)
    last = url_harness.uploads.send(LIST, FIVE)

    with pytest.raises(Conflict, match=f"`couponhub uploads wait shop L1 {last.id}` .*; --again"):
        url_harness.uploads.send(LIST, FIVE)
    assert UploadStatus.DONE == url_harness.uploads.wait(last.id, LIST).status
