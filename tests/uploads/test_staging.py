"""Sending codes to a vendor that fetches files: they are there as long as it takes, and no longer."""

import urllib.error
import urllib.request
from datetime import UTC, datetime

import attrs
import pytest

from couponhub.errors import (
    ConfigError,
    Conflict,
    LocalError,
    PartialFailure,
    QuotaExhausted,
    RequestRejected,
    VendorError,
    VendorUnavailable,
    WaitTimeout,
)
from couponhub.models import Fetch, FileUrl, Part, UploadStatus
from couponhub.staging import StagingSettings, open_staging
from couponhub.state import StepRecord
from couponhub.uploads import UploadEvent, Uploads
from couponhub.uploads.fetches import told_of, with_fetches
from tests.uploads.harness import LIST, UploadHarness, counts
from tests.uploads.vendors import Lost, StoredFile, UrlVendor

FIVE = ["A1", "B2", "C3", "D4", "E5"]


def fetches_of(part: Part) -> list[tuple[int, str | None]]:
    """How much of which range each fetch of a part took."""
    assert part.fetches is not None
    return [(one.bytes, one.range) for one in part.fetches]


def is_open(url: str | None) -> bool:
    """Whether something can still be fetched there."""
    assert url is not None
    try:
        with urllib.request.urlopen(url, timeout=60):  # noqa: S310 - our own staging server
            return True
    except urllib.error.URLError:
        return False


def test_send_stays_until_the_vendor_has_fetched(url_harness: UploadHarness) -> None:
    """Without being asked to wait, for the URLs end with the call."""
    upload = url_harness.uploads.send(LIST, FIVE, name="spring.csv", callback="https://example.com/back")

    assert FIVE == url_harness.vendor.codes
    assert (UploadStatus.DONE, (5, 5, 0, 0, 0, 0, 0, 0)) == (upload.status, counts(upload))
    assert [False] * 3 == [is_open(file.url) for file in url_harness.vendor.files]
    assert {"https://example.com/back"} == {file.callback for file in url_harness.vendor.files}
    assert all(str(file.url).endswith(str(file.part.name)) for file in url_harness.vendor.files)


@pytest.mark.parametrize("lost", Lost)
def test_lost_answer_never_loses_or_doubles_a_code(url_harness: UploadHarness, lost: Lost) -> None:
    """The same care as with files that are sent."""
    url_harness.vendor.fates = [None, lost]
    upload = url_harness.uploads.send(LIST, FIVE)

    assert FIVE == url_harness.vendor.codes
    assert UploadStatus.DONE == upload.status


def test_earlier_parts_are_seen_off_when_a_later_one_is_refused(url_harness: UploadHarness) -> None:
    """What the vendor took it can still fetch, though the upload as a whole fails."""
    url_harness.vendor.fates = [None, None, RequestRejected("full")]
    with pytest.raises(PartialFailure, match="2 of 3 parts were sent"):
        url_harness.uploads.send(LIST, FIVE)

    assert FIVE[:4] == url_harness.vendor.codes
    assert [False] * 2 == [is_open(file.url) for file in url_harness.vendor.files]


@pytest.mark.parametrize(
    ("refusal", "stands"),
    [
        (QuotaExhausted("spent", retry_after=9000), UploadStatus.PENDING),
        (VendorUnavailable("down", sent=False), UploadStatus.PENDING),
        (RequestRejected("full"), UploadStatus.FAILED),
    ],
)
def test_what_goes_on_later_is_not_told_as_failed(
    url_harness: UploadHarness, refusal: VendorError, stands: UploadStatus
) -> None:
    """While the parts before it are seen off, a part that was not sent stands as its job does."""
    url_harness.vendor.fates = [None, refusal]
    told: list[UploadEvent] = []

    def note(event: UploadEvent) -> None:
        told.append(event)

    with pytest.raises(PartialFailure):
        url_harness.uploads.send(LIST, FIVE, progress=note)

    assert [UploadStatus.DONE, stands, stands] == [part.status for part in told[-1].upload.parts]


def test_quota_that_is_spent_before_the_first_part_names_who_goes_on(url_harness: UploadHarness) -> None:
    """Nothing is lost by waiting, and the codes need not be sent again."""
    url_harness.vendor.fates = [QuotaExhausted("spent", retry_after=9000, hint="raise it")]
    with pytest.raises(QuotaExhausted) as caught:
        url_harness.uploads.send(LIST, FIVE)

    (upload,) = url_harness.ledger().of_list(LIST)
    goes_on = f"`couponhub uploads resume {upload.id}` goes on with it then, and so does `couponhub work`"
    assert f"raise it; {goes_on}" == caught.value.hint


@pytest.mark.parametrize(
    ("fetches", "told"), [(False, "never fetched the file"), (True, "fetched 1 of 1 files")]
)
def test_timeout_tells_whether_the_file_was_fetched(
    url_harness: UploadHarness, fetches: bool, told: str
) -> None:
    """The commonest fault is a URL that the vendor cannot reach, and one sees it from the message."""
    vendor = url_harness.vendor
    assert isinstance(vendor, UrlVendor)
    vendor.fetches = fetches
    vendor.outcome = lambda part, _: part

    with pytest.raises(WaitTimeout, match=f"{told}, and its URL has ended") as caught:
        url_harness.uploads.send(LIST, ["A1"], timeout=60)
    assert 59 == pytest.approx(url_harness.clock.passed)
    assert caught.value.upload.id in str(caught.value)
    assert not is_open(vendor.files[0].url)


@pytest.mark.parametrize("fetches", [False, True])
def test_files_that_fail_unfetched_are_warned_of(
    url_harness: UploadHarness, monkeypatch: pytest.MonkeyPatch, fetches: bool
) -> None:
    """Perhaps the vendor cannot reach them, which a command tells; of a file that it has read that is no question."""
    process = UrlVendor._process

    def failing(vendor: UrlVendor, file: StoredFile) -> None:
        if fetches:
            process(vendor, file)
        file.part = attrs.evolve(file.part, status=UploadStatus.FAILED, accepted=0)

    monkeypatch.setattr(UrlVendor, "_process", failing)
    upload = url_harness.uploads.send(LIST, FIVE)

    warned = (
        "the vendor failed 3 of 3 parts, whose files it never fetched from here: `couponhub doctor shop` tries their"
        " address"
    )
    assert UploadStatus.FAILED is upload.status
    assert (() if fetches else (warned,)) == upload.warnings


def test_files_that_were_refused_unfetched_are_not_warned_of(url_harness: UploadHarness) -> None:
    """The vendor never had them to fetch: its refusal says why, and the address is not in question."""
    url_harness.vendor.fates = [RequestRejected("the list is archived")]
    with pytest.raises(RequestRejected):
        url_harness.uploads.send(LIST, FIVE)
    (record,) = url_harness.ledger().of_list(LIST)
    upload = url_harness.uploads.show(LIST, record.id)
    assert UploadStatus.FAILED is upload.status
    assert [] == [warning for warning in upload.warnings if "fetched" in warning]


def test_interruption_releases_the_file(url_harness: UploadHarness) -> None:
    """Ctrl-C while waiting ends the URL, and the ledger knows what the vendor was given."""
    faults: list[Exception | None] = [None, KeyboardInterrupt()]  # type: ignore[list-item]  # let through like one
    url_harness.vendor.poll_faults = faults
    url_harness.vendor.outcome = lambda part, _: part
    with pytest.raises(KeyboardInterrupt):
        url_harness.uploads.send(LIST, ["A1"])

    assert not is_open(url_harness.vendor.files[0].url)
    assert ["submitted"] == url_harness.stages


def test_each_fetch_is_kept_as_evidence(url_harness: UploadHarness) -> None:
    """With the step that watches the part: when, how much, and no address; `show` tells it later."""
    upload = url_harness.uploads.send(LIST, FIVE)

    shown = url_harness.uploads.show(LIST, upload.id)
    sizes = [len("Code\nA1\nB2\n"), len("Code\nC3\nD4\n"), len("Code\nE5\n")]
    assert [[(size, None)] for size in sizes] == [fetches_of(part) for part in shown.parts]
    watched = [step for step in url_harness.driver.get(upload.id).steps if step.kind == "watch"]
    ended = [f"the vendor ended it: done; its file was fetched once, {size} bytes" for size in sizes]
    assert ended == [step.evidence for step in watched]


@pytest.mark.parametrize("interrupted", [False, True])
def test_a_vendor_that_fetches_and_never_ends_leaves_evidence(
    url_harness: UploadHarness, interrupted: bool
) -> None:
    """Also where the caller's time ends, or somebody interrupts."""
    vendor = url_harness.vendor
    vendor.outcome = lambda part, _: part
    if interrupted:
        vendor.poll_faults = [None, KeyboardInterrupt()]  # type: ignore[list-item] # let through like one
    with pytest.raises(KeyboardInterrupt if interrupted else WaitTimeout):
        url_harness.uploads.send(LIST, ["A1"], timeout=60)

    (record,) = url_harness.ledger().of_list(LIST)
    (part,) = url_harness.uploads.show(LIST, record.id).parts
    assert [(len("Code\nA1\n"), None)] == fetches_of(part)


def test_later_fetches_stand_beside_earlier_ones() -> None:
    """Told again by the same drive, each stands once; by a drive that cannot know, nothing changes."""
    morning, noon = (Fetch(at=datetime(2026, 1, 31, hour, tzinfo=UTC), bytes=9) for hour in (9, 12))
    step = with_fetches(StepRecord(number=2, kind="watch"), [noon])
    both = with_fetches(with_fetches(step, [morning, noon]), None)

    assert both == with_fetches(both, [morning])
    assert "; its file was fetched 2 times, 18 bytes" == told_of(both)
    assert "" == told_of(StepRecord(number=2, kind="watch"))
    assert "; nobody has fetched its file" == told_of(with_fetches(StepRecord(number=2, kind="watch"), []))


def test_vendor_that_is_down_for_a_while_is_awaited(url_harness: UploadHarness) -> None:
    """The files stay where they are while the vendor cannot be asked."""
    url_harness.vendor.poll_faults = [VendorUnavailable("down")] * 20
    url_harness.uploads.send(LIST, FIVE)

    assert FIVE == url_harness.vendor.codes


def test_loopback_staging_for_a_distant_vendor_is_refused(url_harness: UploadHarness) -> None:
    """Before anything is asked or sent, with the setting to change."""
    uploads = Uploads(
        "shop",
        url_harness.vendor,
        ledger=url_harness.ledger,
        jobs=url_harness.jobs,
        staging=lambda: open_staging(StagingSettings()),
        vendor_is_loopback=False,
    )
    with pytest.raises(ConfigError, match=r"staging\.public_url"):
        uploads.send(LIST, FIVE)
    assert [] == url_harness.vendor.calls


def test_staging_that_fails_sends_nothing(url_harness: UploadHarness) -> None:
    """The upload is not even recorded."""
    broken = attrs.evolve(
        url_harness, staging=StagingSettings(listen="192.0.2.1:1", tls_cert="c", tls_key="k")
    )
    with pytest.raises((LocalError, ConfigError)):
        broken.uploads.send(LIST, FIVE)

    assert ["prepare_list"] == url_harness.vendor.calls
    assert () == url_harness.ledger().of_list(LIST)


def test_file_that_lies_elsewhere(url_harness: UploadHarness) -> None:
    """The vendor is given the URL and its credentials; what is in it nobody here knows."""
    vendor = url_harness.vendor
    assert isinstance(vendor, UrlVendor)
    vendor.fetches = False
    source = FileUrl(url="https://example.com/token/codes.csv", username="u", password="p")
    upload = url_harness.uploads.send(LIST, source)

    assert source.url == vendor.files[0].url
    assert (*[None] * 5, 0, None, None) == counts(upload)
    assert (UploadStatus.PENDING, "codes") == (upload.status, upload.name)
    assert "token" not in str(vendor.files[0].part.name)

    done = attrs.evolve(vendor.files[0].part, status=UploadStatus.DONE, accepted=7)
    vendor.files[0].part = done
    assert (None, 7, None, None, None, 0, 0, None) == counts(url_harness.uploads.wait(upload))


def test_same_url_is_the_same_batch_unless_it_failed(url_harness: UploadHarness) -> None:
    """Nobody can subtract codes that were never seen, so the address itself is remembered."""
    vendor = url_harness.vendor
    assert isinstance(vendor, UrlVendor)
    vendor.fetches = False
    source = FileUrl(url="https://example.com/codes.csv")
    first = url_harness.uploads.send(LIST, source)
    with pytest.raises(Conflict):
        url_harness.uploads.send(LIST, source)
    assert 1 == len(vendor.files)

    vendor.files[0].part = attrs.evolve(vendor.files[0].part, status=UploadStatus.FAILED)
    url_harness.uploads.show(LIST, first.id)
    url_harness.uploads.send(LIST, source)
    assert 2 == len(vendor.files)
