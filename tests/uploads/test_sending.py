"""Sending codes to a vendor that takes files: what arrives, what is written down, what is refused."""

import io
import threading
from pathlib import Path

import attrs
import pytest

from couponhub.errors import (
    Conflict,
    CouponhubError,
    LocalError,
    NotFound,
    PartialFailure,
    QuotaExhausted,
    RateLimited,
    RequestRejected,
    Unsupported,
    UsageError,
    VendorUnavailable,
    WaitTimeout,
)
from couponhub.models import FileUrl, Identifier, Tagging, UploadStatus
from couponhub.state import StoreSettings
from couponhub.state.sqlite.database import LedgerDatabase
from couponhub.uploads import EventKind, UploadEvent
from tests.state.kit import files_of
from tests.uploads.shop import LIST, Shop, counts
from tests.uploads.vendors import FakeVendor, FileVendor, UrlVendor

FIVE = ["A1", "B2", "C3", "D4", "E5"]


def unsent() -> VendorUnavailable:
    """An error that proves that nothing was sent."""
    return VendorUnavailable("connection refused", sent=False)


def test_codes_arrive_once_and_are_accounted_for(shop: Shop) -> None:
    """Split, deduped, sent, waited for; the upload says what became of every row."""
    upload = shop.uploads.send(LIST, [*FIVE, "A1"], name="spring.csv", wait=True)

    assert FIVE == shop.vendor.codes
    assert (6, 5, 0, 1, 0, 0) == counts(upload)
    assert UploadStatus.DONE == upload.status
    assert ["submitted"] * 3 == shop.stages
    assert (23, "up_") == (len(upload.id), upload.id[:3])
    assert set(upload.id[3:]) <= set("abcdefghijklmnopqrstuvwxyz234567")
    names = [str(file.part.name) for file in shop.vendor.files]
    assert 3 == len(set(names))
    assert all(name.startswith("spring-") and len("spring-.csv") + 10 == len(name) for name in names)


def test_sending_alone_does_not_wait(shop: Shop) -> None:
    """The answer of the vendor means "queued", so nothing is known of any row yet."""
    upload = shop.uploads.send(LIST, FIVE)

    assert (UploadStatus.PENDING, (5, None, None, 0, 0, 5)) == (upload.status, counts(upload))
    assert "get_part" not in shop.vendor.calls


@pytest.mark.parametrize(
    ("source", "expected"),
    [("codes.csv", "codes.csv"), (io.BytesIO(b"code\nA1\n"), "codes"), (["A1"], "codes")],
)
def test_default_name(shop: Shop, source: object, expected: str) -> None:
    """The file's name, where there is one."""
    Path("codes.csv").write_text("code\nA1\n", encoding="utf-8")

    assert expected == shop.uploads.send(LIST, source).name  # type: ignore[arg-type]  # one of the accepted kinds


def test_part_names_are_plain_whatever_the_name(shop: Shop) -> None:
    """What a vendor might escape, and give back differently, could not be found again."""
    shop.uploads.send(LIST, ["A1"], name='früh"ling/50%; rm.csv')

    (file,) = shop.vendor.files
    assert str(file.part.name).startswith("fr_h_ling_50_ rm-")


def test_events_tell_the_id_before_anything_is_sent(shop: Shop) -> None:
    """Whoever interrupts can be told which upload to ask for."""
    events: list[tuple[EventKind, int]] = []
    ids = set()

    def progress(event: UploadEvent) -> None:
        events.append((event.kind, len(shop.vendor.files)))
        ids.add(event.upload.id)

    upload = shop.uploads.send(LIST, FIVE, wait=True, progress=progress)

    assert (EventKind.RECORDED, 0) == events[0]
    assert [(EventKind.SUBMITTED, sent) for sent in (1, 2, 3)] == events[1:4]
    assert {EventKind.POLLED} == {kind for kind, _ in events[4:]}
    assert {upload.id} == ids


def test_tagged_codes(shop: Shop) -> None:
    """The vendor gets customer and code, and is told that the customer is column 0."""
    source = io.StringIO("code,mobile\nA1,9198\n")
    shop.uploads.send(LIST, source, tagging=Tagging(identifier=Identifier.MOBILE, column="mobile"))

    (file,) = shop.vendor.files
    assert "customer_identifier,Code\n9198,A1\n" == file.content
    assert Tagging(identifier=Identifier.MOBILE, column=0) == file.tagging
    assert "mobile" == shop.ledger().of_list(LIST)[0].tagging


def test_same_batch_is_refused(shop: Shop) -> None:
    """It names the earlier upload and how to insist; nothing is sent or recorded."""
    first = shop.uploads.send(LIST, FIVE)

    with pytest.raises(Conflict, match=f"as upload {first.id}; nothing was sent .*--again"):
        shop.uploads.send(LIST, FIVE)
    assert FIVE == shop.vendor.codes
    assert 1 == len(shop.ledger().of_list(LIST))


def test_again_sends_again(shop: Shop) -> None:
    """Who insists gets every code sent, and none skipped."""
    shop.uploads.send(LIST, FIVE)
    upload = shop.uploads.send(LIST, FIVE, again=True)

    assert sorted(FIVE * 2) == shop.vendor.codes
    assert 0 == upload.skipped


def test_codes_sent_before_are_skipped(shop: Shop) -> None:
    """A batch that grew sends only what is new; another list knows nothing of it."""
    shop.uploads.send(LIST, FIVE[:3])
    upload = shop.uploads.send(LIST, FIVE, wait=True)

    assert FIVE == shop.vendor.codes
    assert (5, 2, 0, 0, 3, 0) == counts(upload)
    assert 0 == shop.uploads.send("L2", FIVE).skipped


def test_nothing_left_to_send(shop: Shop) -> None:
    """Another batch of known codes is done with nothing sent, says so, and is there to be shown."""
    shop.uploads.send(LIST, FIVE)
    upload = shop.uploads.send(LIST, FIVE[:2], wait=True)

    assert (UploadStatus.DONE, (2, 0, 0, 0, 2, 0), ()) == (upload.status, counts(upload), upload.parts)
    assert ("every code was sent to this list before: nothing was sent",) == upload.warnings
    assert FIVE == shop.vendor.codes
    assert upload == shop.uploads.show(LIST, upload.id)


def test_same_batch_after_a_purge_is_refused(shop: Shop) -> None:
    """When the codes are forgotten, the batch is still recognised."""
    shop.uploads.send(LIST, FIVE)
    for path in files_of(shop.ledger().history(LIST).sent):
        path.unlink()

    with pytest.raises(Conflict):
        shop.uploads.send(LIST, FIVE)


@pytest.mark.parametrize(
    "error",
    [unsent(), RequestRejected("no"), RateLimited("later"), QuotaExhausted("tomorrow", retry_after=9e4)],
)
def test_definite_refusal_of_the_first_part(shop: Shop, error: CouponhubError) -> None:
    """The error comes through, nothing was sent, and the same batch may be sent later."""
    shop.vendor.fates = [error]
    with pytest.raises(type(error)) as caught:
        shop.uploads.send(LIST, FIVE)

    assert error is caught.value
    assert ["absent", "prepared", "prepared"] == shop.stages
    shop.uploads.send(LIST, FIVE)
    assert FIVE == shop.vendor.codes


def test_refusal_after_some_parts(shop: Shop) -> None:
    """It says how far it came; sending the same codes again sends exactly the rest."""
    shop.vendor.fates = [None, RequestRejected("list is full", vendor_code="L9")]

    with pytest.raises(PartialFailure, match="1 of 3 parts were sent, then: list is full") as caught:
        shop.uploads.send(LIST, FIVE)
    record = shop.ledger().of_list(LIST)[0]
    assert record.id in str(caught.value)
    assert "L9" == caught.value.vendor_code
    assert ["submitted", "absent", "prepared"] == shop.stages
    assert (UploadStatus.PARTIAL, (5, 2, 3, 0, 0, 0)) == (
        shop.uploads.show(LIST, record.id).status,
        counts(shop.uploads.show(LIST, record.id)),
    )

    upload = shop.uploads.send(LIST, FIVE)
    assert FIVE == shop.vendor.codes
    assert 2 == upload.skipped


def test_a_part_that_failed_as_a_whole_can_be_sent_again(shop: Shop) -> None:
    """The vendor took none of its codes, so sending them again doubles none."""
    outcome = shop.vendor.outcome
    shop.vendor.outcome = lambda part, codes: (
        attrs.evolve(part, status=UploadStatus.FAILED) if "C3" in codes else outcome(part, codes)
    )
    first = shop.uploads.send(LIST, FIVE, wait=True)
    assert (UploadStatus.PARTIAL, (5, 3, 2, 0, 0, 0)) == (first.status, counts(first))

    second = shop.uploads.send(LIST, FIVE)
    assert ["C3", "D4"] == shop.vendor.files[-1].codes
    assert 3 == second.skipped


def test_pause_asked_for_is_kept_within_the_timeout(shop: Shop) -> None:
    """A refusal for being too fast is waited out and repeated; one beyond the timeout fails at once."""
    kinds = []
    shop.vendor.fates = [None, RateLimited("slow down", retry_after=12)]
    shop.uploads.send(LIST, FIVE, timeout=60, progress=lambda event: kinds.append(event.kind))
    assert FIVE == shop.vendor.codes
    assert 12 in shop.clock.sleeps
    assert EventKind.PAUSED in kinds

    shop.vendor.fates = [QuotaExhausted("tomorrow", retry_after=61)]
    with pytest.raises(QuotaExhausted):
        shop.uploads.send("L2", FIVE, timeout=60)
    assert 61 not in shop.clock.sleeps


def test_list_is_checked_before_anything_is_sent(shop: Shop) -> None:
    """A list that is not there, or cannot take codes, leaves no trace."""
    shop.vendor.list_fault = NotFound("no such list")
    with pytest.raises(NotFound):
        shop.uploads.send(LIST, FIVE)

    assert ["prepare_list"] == shop.vendor.calls
    assert () == shop.ledger().of_list(LIST)


def test_bad_codes_are_refused_before_anything_is_sent(shop: Shop) -> None:
    """One faulty row stops the whole batch."""
    with pytest.raises(UsageError, match="line 3: a control character"):
        shop.uploads.send(LIST, io.BytesIO(b"code\nA1\nB\x07\n"))

    assert ["prepare_list"] == shop.vendor.calls
    assert () == shop.ledger().of_list(LIST)


def test_unwritable_store_is_told_before_the_vendor_is_asked(shop: Shop, tmp_path: Path) -> None:
    """What could not be remembered is not sent."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    shop.store = LedgerDatabase(StoreSettings(url=f"sqlite:///{tmp_path}/file/hub.db"))
    with pytest.raises(LocalError):
        shop.uploads.send(LIST, FIVE)
    assert [] == shop.vendor.calls


def test_store_that_fails_after_sending_leaves_the_truth(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The part stays in doubt, the error names the command that tells, and that command adopts it."""

    def fail(*_: object) -> None:
        raise LocalError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(shop.ledger_kind, "mark_submitted", fail)
        with pytest.raises(LocalError, match=r"disk full .*couponhub uploads show shop L1 up_"):
            shop.uploads.send(LIST, FIVE[:2])
    assert ["submitting"] == shop.stages

    (record,) = shop.ledger().of_list(LIST)
    assert (2, 2, 0, 0, 0, 0) == counts(shop.uploads.wait(record.id, LIST))


def test_two_senders_of_the_same_batch(shop: Shop) -> None:
    """Whoever comes second finds the batch sent; the vendor gets it once."""
    problems: list[CouponhubError] = []
    uploads = [shop.uploads, attrs.evolve(shop, clock=type(shop.clock)()).uploads]

    def send(number: int) -> None:
        try:
            uploads[number].send(LIST, FIVE)
        except CouponhubError as error:
            problems.append(error)

    threads = [threading.Thread(target=send, args=(number,)) for number in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert FIVE == shop.vendor.codes
    assert [Conflict] == [type(problem) for problem in problems]


def test_interrupted_sending_leaves_a_ledger_that_tells(shop: Shop) -> None:
    """Ctrl-C is let through; what was sent is known, and the rest can follow."""
    shop.vendor.fates = [None, KeyboardInterrupt()]
    with pytest.raises(KeyboardInterrupt):
        shop.uploads.send(LIST, FIVE)

    assert ["submitted", "submitting", "prepared"] == shop.stages
    shop.uploads.send(LIST, FIVE)
    assert FIVE == shop.vendor.codes
    assert [] == list((shop.store.layout.folder / "codes" / ".work").iterdir())


def test_unsupported_ways_are_refused_with_advice(shop: Shop, url_shop: Shop) -> None:
    """What the vendor cannot do is said before anything is touched, with what to do instead."""
    with pytest.raises(Unsupported, match="download the file and send it"):
        shop.uploads.send(LIST, FileUrl(url="https://example.com/a.csv"))
    with pytest.raises(Unsupported, match="no callback URL"):
        shop.uploads.send(LIST, FIVE, callback="https://example.com/back")
    neither = attrs.evolve(shop, vendor=FakeVendor())
    for source in (FIVE, FileUrl(url="https://example.com/a.csv")):
        with pytest.raises(Unsupported, match="instead of uploads"):
            neither.uploads.send(LIST, source)

    assert [] == shop.vendor.calls
    assert isinstance(url_shop.vendor, UrlVendor)
    assert isinstance(shop.vendor, FileVendor)


def test_waiting_is_polite_and_ends_in_time(shop: Shop) -> None:
    """Quick at first, then ever more slowly; the upload as last seen comes with the error."""
    shop.vendor.polls_needed = 10_000
    with pytest.raises(WaitTimeout, match="has not ended after 300 seconds") as caught:
        shop.uploads.send(LIST, ["A1"], wait=True, timeout=300)

    assert 299 == pytest.approx(shop.clock.passed)
    assert shop.clock.sleeps[0] < 1
    assert 30 == max(shop.clock.sleeps)
    assert sorted(shop.clock.sleeps[:-1]) == shop.clock.sleeps[:-1]
    assert UploadStatus.PENDING == caught.value.upload.status
