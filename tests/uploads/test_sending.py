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
from tests.uploads.harness import LIST, UploadHarness, counts
from tests.uploads.vendors import FakeVendor, FileVendor, Lost, UrlVendor

FIVE = ["A1", "B2", "C3", "D4", "E5"]


def unsent() -> VendorUnavailable:
    """An error that proves that nothing was sent."""
    return VendorUnavailable("connection refused", sent=False)


def test_codes_arrive_once_and_are_accounted_for(harness: UploadHarness) -> None:
    """Split, deduped, sent, waited for; the upload says what became of every row."""
    upload = harness.uploads.send(LIST, [*FIVE, "A1"], name="spring.csv", wait=True)

    assert FIVE == harness.vendor.codes
    assert (6, 5, 0, 1, 0, 0, 0, 0) == counts(upload)
    assert UploadStatus.DONE == upload.status
    assert ["submitted"] * 3 == harness.stages
    assert (23, "up_") == (len(upload.id), upload.id[:3])
    assert set(upload.id[3:]) <= set("abcdefghijklmnopqrstuvwxyz234567")
    names = [str(file.part.name) for file in harness.vendor.files]
    assert 3 == len(set(names))
    assert all(name.startswith("spring-") and len("spring-.csv") + 10 == len(name) for name in names)


def test_no_part_waits_for_the_end_of_another(url_harness: UploadHarness) -> None:
    """All are handed over before the vendor is asked how any of them stands, also where it fetches them from here."""
    url_harness.uploads.send(LIST, [f"A{at}" for at in range(6)], wait=True)
    handed_over = [call for call in url_harness.vendor.calls if call in {"submit", "get_part"}]
    assert ["submit"] * 3 == handed_over[:3]


def test_sending_alone_does_not_wait(harness: UploadHarness) -> None:
    """The answer of the vendor means "queued", so nothing is known of any row yet."""
    upload = harness.uploads.send(LIST, FIVE)

    assert (UploadStatus.PENDING, (5, None, None, 0, 0, 0, 5, 0)) == (upload.status, counts(upload))
    assert "get_part" not in harness.vendor.calls


@pytest.mark.parametrize(
    ("source", "expected"),
    [("codes.csv", "codes.csv"), (io.BytesIO(b"code\nA1\n"), "codes"), (["A1"], "codes")],
)
def test_default_name(harness: UploadHarness, source: object, expected: str) -> None:
    """The file's name, where there is one."""
    Path("codes.csv").write_text("code\nA1\n", encoding="utf-8")

    assert expected == harness.uploads.send(LIST, source).name  # type: ignore[arg-type]  # one of the accepted kinds


def test_part_names_are_plain_whatever_the_name(harness: UploadHarness) -> None:
    """What a vendor might escape, and give back differently, could not be found again."""
    harness.uploads.send(LIST, ["A1"], name='früh"ling/50%; rm.csv')

    (file,) = harness.vendor.files
    assert str(file.part.name).startswith("fr_h_ling_50_ rm-")


def test_events_tell_the_id_before_anything_is_sent(harness: UploadHarness) -> None:
    """Whoever interrupts can be told which upload to ask for."""
    events: list[tuple[EventKind, int]] = []
    ids = set()

    def progress(event: UploadEvent) -> None:
        events.append((event.kind, len(harness.vendor.files)))
        ids.add(event.upload.id)

    upload = harness.uploads.send(LIST, FIVE, wait=True, progress=progress)

    assert [(EventKind.PREPARING, 0), (EventKind.RECORDED, 0)] == events[:2]
    assert [
        step for sent in range(3) for step in ((EventKind.SUBMITTING, sent), (EventKind.SUBMITTED, sent + 1))
    ] == events[2:8]
    assert {EventKind.POLLED} == {kind for kind, _ in events[8:]}
    assert {upload.id} == ids


def test_tagged_codes(harness: UploadHarness) -> None:
    """The vendor gets customer and code, and is told that the customer is column 0."""
    source = io.StringIO("code,mobile\nA1,9198\n")
    harness.uploads.send(LIST, source, tagging=Tagging(identifier=Identifier.MOBILE, column="mobile"))

    (file,) = harness.vendor.files
    assert "customer_identifier,Code\n9198,A1\n" == file.content
    assert Tagging(identifier=Identifier.MOBILE, column=0) == file.tagging
    assert "mobile" == harness.ledger().of_list(LIST)[0].tagging


def test_same_batch_is_refused(harness: UploadHarness) -> None:
    """It names the earlier upload and how to insist; nothing is sent or recorded."""
    first = harness.uploads.send(LIST, FIVE)

    with pytest.raises(Conflict, match=f"as upload {first.id}; nothing was sent .*--again"):
        harness.uploads.send(LIST, FIVE)
    assert FIVE == harness.vendor.codes
    assert 1 == len(harness.ledger().of_list(LIST))


def test_again_sends_again(harness: UploadHarness) -> None:
    """Who insists gets every code sent, and none skipped."""
    harness.uploads.send(LIST, FIVE)
    upload = harness.uploads.send(LIST, FIVE, again=True)

    assert sorted(FIVE * 2) == harness.vendor.codes
    assert 0 == upload.skipped


def test_codes_sent_before_are_skipped(harness: UploadHarness) -> None:
    """A batch that grew sends only what is new; another list knows nothing of it."""
    harness.uploads.send(LIST, FIVE[:3])
    upload = harness.uploads.send(LIST, FIVE, wait=True)

    assert FIVE == harness.vendor.codes
    assert (5, 2, 0, 0, 3, 0, 0, 0) == counts(upload)
    assert 0 == harness.uploads.send("L2", FIVE).skipped


def test_nothing_left_to_send(harness: UploadHarness) -> None:
    """Another batch of known codes is done with nothing sent, says so, and is there to be shown."""
    harness.uploads.send(LIST, FIVE)
    upload = harness.uploads.send(LIST, FIVE[:2], wait=True)

    assert (UploadStatus.DONE, (2, 0, 0, 0, 2, 0, 0, 0), ()) == (upload.status, counts(upload), upload.parts)
    assert ("every code was sent to this list before: nothing was sent",) == upload.warnings
    assert FIVE == harness.vendor.codes
    assert upload == harness.uploads.show(LIST, upload.id)


def test_same_batch_after_a_purge_is_refused(harness: UploadHarness) -> None:
    """When the codes are forgotten, the batch is still recognised."""
    harness.uploads.send(LIST, FIVE)
    for path in files_of(harness.ledger().history(LIST).sent):
        path.unlink()

    with pytest.raises(Conflict):
        harness.uploads.send(LIST, FIVE)


@pytest.mark.parametrize(
    "error",
    [
        unsent(),
        RequestRejected("no"),
        RateLimited("later", retry_after=601),
        QuotaExhausted("tomorrow", retry_after=9e4),
    ],
)
def test_definite_refusal_of_the_first_part(harness: UploadHarness, error: CouponhubError) -> None:
    """The error comes through, nothing was sent, and the same batch may be sent later."""
    harness.vendor.fates = [error]
    with pytest.raises(type(error)) as caught:
        harness.uploads.send(LIST, FIVE)

    assert error.message == caught.value.message
    assert ["absent", "prepared", "prepared"] == harness.stages
    harness.uploads.send(LIST, FIVE)
    assert FIVE == harness.vendor.codes


def test_refusal_after_some_parts(harness: UploadHarness) -> None:
    """It says how far it came; sending the same codes again sends exactly the rest."""
    harness.vendor.fates = [None, RequestRejected("list is full", vendor_code="L9")]

    with pytest.raises(PartialFailure, match="1 of 3 parts were sent, then: list is full") as caught:
        harness.uploads.send(LIST, FIVE)
    record = harness.ledger().of_list(LIST)[0]
    assert record.id in str(caught.value)
    assert "uploads resume" not in caught.value.hint  # its job has ended
    assert "L9" == caught.value.vendor_code
    assert ["submitted", "absent", "prepared"] == harness.stages
    assert (UploadStatus.PARTIAL, (5, 2, 0, 0, 0, 3, 0, 0)) == (
        harness.uploads.wait(record.id, LIST).status,
        counts(harness.uploads.show(LIST, record.id)),
    )

    upload = harness.uploads.send(LIST, FIVE)
    assert FIVE == harness.vendor.codes
    assert 2 == upload.skipped


def test_a_part_that_failed_as_a_whole_can_be_sent_again(harness: UploadHarness) -> None:
    """The vendor took none of its codes, so sending them again doubles none."""
    outcome = harness.vendor.outcome
    harness.vendor.outcome = lambda part, codes: (
        attrs.evolve(part, status=UploadStatus.FAILED) if "C3" in codes else outcome(part, codes)
    )
    first = harness.uploads.send(LIST, FIVE, wait=True)
    assert (UploadStatus.PARTIAL, (5, 3, 2, 0, 0, 0, 0, 0)) == (first.status, counts(first))

    second = harness.uploads.send(LIST, FIVE)
    assert ["C3", "D4"] == harness.vendor.files[-1].codes
    assert 3 == second.skipped


def test_pause_asked_for_is_kept_within_the_timeout(harness: UploadHarness) -> None:
    """A refusal for being too fast is waited out and repeated; one beyond the timeout fails at once."""
    kinds = []
    harness.vendor.fates = [None, RateLimited("slow down", retry_after=12)]
    harness.uploads.send(LIST, FIVE, timeout=60, progress=lambda event: kinds.append(event.kind))
    assert FIVE == harness.vendor.codes
    assert 12 in harness.clock.sleeps
    assert EventKind.PAUSED in kinds

    harness.vendor.fates = [QuotaExhausted("tomorrow", retry_after=61)]
    with pytest.raises(QuotaExhausted):
        harness.uploads.send("L2", FIVE, timeout=60)
    assert 61 not in harness.clock.sleeps


def test_every_pause_is_told_with_its_reason(harness: UploadHarness) -> None:
    """A rate limit by its name or as the vendor's, a count that is away, a second look after a lost answer, a vendor that is away."""
    told: list[tuple[str | None, float | None]] = []

    def progress(event: UploadEvent) -> None:
        if event.kind is EventKind.PAUSED:
            told.append((event.upload.waiting_for, event.seconds))

    harness.vendor.list_faults = [RateLimited("slow down")]
    harness.vendor.fates = [
        RateLimited("uncounted", retry_after=3, waits_for="what counts"),
        RateLimited("spent", retry_after=38, limit="upload_per_minute"),
        Lost.BEFORE,
    ]
    harness.vendor.poll_faults = [
        VendorUnavailable("away"),
        RateLimited("spent", retry_after=5),
        RateLimited("uncounted", retry_after=7, waits_for="what counts"),
    ]
    harness.uploads.send(LIST, FIVE, wait=True, progress=progress)

    assert [
        ("the vendor's rate limit", 1),
        ("what counts", 3),
        ("upload_per_minute", 38),
        ("a second look at the vendor", 30),
        ("the vendor, which could not be asked (unavailable)", None),
        ("the vendor's rate limit", 5),
        ("what counts", 7),
    ] == told


def test_a_pause_that_nobody_told_is_not_guessed_for_ever(harness: UploadHarness) -> None:
    """Without a timeout it is tried again for half a minute."""
    harness.vendor.fates = [RateLimited("slow down")] * 9
    with pytest.raises(RateLimited):
        harness.uploads.send(LIST, FIVE)
    assert [1, 2, 4, 8, 16] == harness.clock.sleeps


def test_who_waits_for_the_list_is_told_so(harness: UploadHarness) -> None:
    """Another upload to it may take long."""
    told: list[str | None] = []
    with (
        harness.ledger().list_lock(LIST, timeout=0),
        pytest.raises(WaitTimeout, match="another upload to this list is still being sent"),
    ):
        harness.uploads.send(
            LIST, FIVE, timeout=0.1, progress=lambda event: told.append(event.upload.waiting_for)
        )
    assert [None, "another upload to this list"] == told


def test_list_is_checked_before_anything_is_sent(harness: UploadHarness) -> None:
    """A list that is not there, or cannot take codes, leaves no trace."""
    harness.vendor.list_fault = NotFound("no such list")
    with pytest.raises(NotFound):
        harness.uploads.send(LIST, FIVE)

    assert ["prepare_list"] == harness.vendor.calls
    assert () == harness.ledger().of_list(LIST)


def test_bad_codes_are_refused_before_anything_is_sent(harness: UploadHarness) -> None:
    """One faulty row stops the whole batch."""
    with pytest.raises(UsageError, match="line 3: a control character"):
        harness.uploads.send(LIST, io.BytesIO(b"code\nA1\nB\x07\n"))

    assert ["prepare_list"] == harness.vendor.calls
    assert () == harness.ledger().of_list(LIST)


def test_unwritable_store_is_told_before_the_vendor_is_asked(harness: UploadHarness, tmp_path: Path) -> None:
    """What could not be remembered is not sent."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    harness.store = LedgerDatabase(StoreSettings(url=f"sqlite:///{tmp_path}/file/hub.db"))
    with pytest.raises(LocalError):
        harness.uploads.send(LIST, FIVE)
    assert [] == harness.vendor.calls


def test_store_that_fails_after_sending_leaves_the_truth(
    harness: UploadHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The part stays in doubt, the error names the command that tells, and that command adopts it."""

    def fail(*_: object) -> None:
        raise LocalError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(harness.ledger_kind, "mark_submitted", fail)
        with pytest.raises(LocalError, match=r"disk full .*couponhub uploads show shop L1 up_"):
            harness.uploads.send(LIST, FIVE[:2])
    assert ["submitting"] == harness.stages

    (record,) = harness.ledger().of_list(LIST)
    assert (2, 2, 0, 0, 0, 0, 0, 0) == counts(harness.uploads.wait(record.id, LIST))


def test_two_senders_of_the_same_batch(harness: UploadHarness) -> None:
    """Whoever comes second finds the batch sent; the vendor gets it once."""
    problems: list[CouponhubError] = []
    uploads = [harness.uploads, attrs.evolve(harness, clock=type(harness.clock)()).uploads]

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

    assert FIVE == harness.vendor.codes
    assert [Conflict] == [type(problem) for problem in problems]


def test_interrupted_sending_leaves_a_ledger_that_tells(harness: UploadHarness) -> None:
    """Ctrl-C is let through; what was sent is known, and the rest can follow."""
    harness.vendor.fates = [None, KeyboardInterrupt()]
    with pytest.raises(KeyboardInterrupt):
        harness.uploads.send(LIST, FIVE)

    assert ["submitted", "submitting", "prepared"] == harness.stages
    harness.uploads.send(LIST, FIVE)
    assert FIVE == harness.vendor.codes
    assert [] == list((harness.store.layout.folder / "codes" / ".work").iterdir())


def test_unsupported_ways_are_refused_with_advice(harness: UploadHarness, url_harness: UploadHarness) -> None:
    """What the vendor cannot do is said before anything is touched, with what to do instead."""
    with pytest.raises(Unsupported, match="download the file and send it"):
        harness.uploads.send(LIST, FileUrl(url="https://example.com/a.csv"))
    with pytest.raises(Unsupported, match="no callback URL"):
        harness.uploads.send(LIST, FIVE, callback="https://example.com/back")
    neither = attrs.evolve(harness, vendor=FakeVendor())
    for source in (FIVE, FileUrl(url="https://example.com/a.csv")):
        with pytest.raises(Unsupported, match="instead of uploads"):
            neither.uploads.send(LIST, source)

    assert [] == harness.vendor.calls
    assert isinstance(url_harness.vendor, UrlVendor)
    assert isinstance(harness.vendor, FileVendor)


def test_waiting_is_polite_and_ends_in_time(harness: UploadHarness) -> None:
    """Quick at first, then ever more slowly; the upload as last seen comes with the error."""
    harness.vendor.polls_needed = 10_000
    with pytest.raises(WaitTimeout, match="has not ended after 300 seconds") as caught:
        harness.uploads.send(LIST, ["A1"], wait=True, timeout=300)

    assert 299 == pytest.approx(harness.clock.passed)
    assert harness.clock.sleeps[0] < 1
    assert 30 == max(harness.clock.sleeps)
    assert sorted(harness.clock.sleeps[:-1]) == harness.clock.sleeps[:-1]
    assert UploadStatus.PENDING == caught.value.upload.status
