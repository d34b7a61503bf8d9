"""A timeout is seconds for all of it, and what was sent until then is told."""

import math

import attrs
import pytest

from couponhub.clock import Deadline
from couponhub.errors import NotFound, OutcomeUnknown, RateLimited, VendorUnavailable, WaitTimeout
from couponhub.models import UploadStatus
from couponhub.uploads import UploadEvent
from tests.uploads.harness import LIST, UploadHarness, counts
from tests.uploads.vendors import FakeVendor, Lost

FIVE = ["A1", "B2", "C3", "D4", "E5"]


@attrs.define
class Slow:
    """Lets time pass in a vendor's calls of one name."""

    harness: UploadHarness
    call: str
    seconds: float

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Have the call take that long."""
        whole = getattr(type(self.harness.vendor), self.call)

        def slow(vendor: FakeVendor, *args: object, deadline: Deadline | None = None) -> object:
            assert deadline is not None
            left = deadline.remaining()
            if self.seconds > left:
                self.harness.clock.passed += left
                raise VendorUnavailable("no whole answer came in time")
            answer = whole(vendor, *args, deadline=deadline)
            self.harness.clock.passed += self.seconds
            return answer

        monkeypatch.setattr(type(self.harness.vendor), self.call, slow)


def test_every_call_is_given_what_remains(harness: UploadHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading the list, sending, and asking how it stands share one timeout."""
    Slow(harness, "submit_file", 10).install(monkeypatch)
    harness.uploads.send(LIST, FIVE, wait=True, timeout=100)

    told = [deadline for deadline in harness.vendor.deadlines if deadline is not None]
    assert [100, 100, 90, 80, 70] == told[:5]
    assert sorted(told, reverse=True) == told
    assert len(harness.vendor.deadlines) == len(told)


def test_without_a_timeout_calls_have_no_end(harness: UploadHarness) -> None:
    """And yet a rate limit is not the adapter's to wait out, for nobody would be told of it."""
    harness.uploads.send(LIST, FIVE, wait=True)
    assert {math.inf} == set(harness.vendor.deadlines)


def test_time_that_ends_while_the_list_is_read(
    harness: UploadHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing was sent, and that is said."""
    Slow(harness, "prepare_list", 60).install(monkeypatch)
    with pytest.raises(WaitTimeout, match="nothing was sent within 5 seconds") as caught:
        harness.uploads.send(LIST, FIVE, timeout=5)

    assert 5 == harness.clock.passed
    assert caught.value.upload is None
    assert () == harness.ledger().of_list(LIST)


def test_time_that_ends_between_parts(harness: UploadHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    """The parts that arrived are on the error, and the same codes sent again are only the rest."""
    Slow(harness, "submit_file", 4).install(monkeypatch)
    with pytest.raises(WaitTimeout, match="1 of 3 parts arrived") as caught:
        harness.uploads.send(LIST, FIVE, timeout=6)

    record = harness.ledger().of_list(LIST)[0]
    assert record.id == caught.value.upload.id
    assert f"`couponhub uploads show shop L1 {record.id}`" in caught.value.hint
    assert ("shop", "send codes") == (caught.value.connection, caught.value.operation)
    assert 6 == harness.clock.passed
    monkeypatch.undo()
    harness.clock.sleep(60)
    harness.uploads.send(LIST, FIVE)
    assert FIVE == harness.vendor.codes


def test_lost_answer_that_cannot_settle_in_time(harness: UploadHarness) -> None:
    """Absence would only count after the timeout, so nobody waits for it; the part stays in doubt."""
    harness.vendor.fates = [None, Lost.BEFORE]
    with pytest.raises(WaitTimeout, match="1 of 3 parts arrived, of 1 it is not known") as caught:
        harness.uploads.send(LIST, FIVE, timeout=20)

    assert [] == harness.clock.sleeps
    assert ["submitted", "submitting", "prepared"] == harness.stages
    assert UploadStatus.UNKNOWN == caught.value.upload.status
    assert (1, 2, 2) == counts(caught.value.upload)[-3:]


def test_earlier_upload_that_cannot_settle_in_time(harness: UploadHarness) -> None:
    """Its codes may be there or not, so nothing is concluded and nothing sent."""
    harness.vendor.fates = [KeyboardInterrupt()]
    with pytest.raises(KeyboardInterrupt):
        harness.uploads.send(LIST, FIVE)
    harness.clock.sleep(10)
    with pytest.raises(WaitTimeout, match="cannot be found out in the time left"):
        harness.uploads.send(LIST, FIVE, timeout=19)
    assert 1 == len(harness.ledger().of_list(LIST))

    harness.uploads.send(LIST, FIVE, timeout=21)
    assert FIVE == harness.vendor.codes


def test_rate_limits_are_waited_out_everywhere(harness: UploadHarness) -> None:
    """With a timeout no adapter does it, so that reading the list and looking for a part wait here too."""
    harness.vendor.list_faults = [RateLimited("slow down", retry_after=3)]
    harness.vendor.fates = [Lost.AFTER]
    harness.vendor.look_faults = [RateLimited("slow down"), RateLimited("slow down", retry_after=7)]
    harness.uploads.send(LIST, FIVE, timeout=60)

    assert FIVE == harness.vendor.codes
    assert [3, 1, 7] == harness.clock.sleeps


def test_rate_limit_beyond_the_timeout_fails_at_once(harness: UploadHarness) -> None:
    """Waiting would be in vain."""
    harness.vendor.list_fault = RateLimited("slow down", retry_after=61)
    with pytest.raises(RateLimited):
        harness.uploads.send(LIST, FIVE, timeout=60)
    assert [] == harness.clock.sleeps


def test_vanished_part_is_not_waited_for_without_end(harness: UploadHarness) -> None:
    """Three looks over the settling time; one that is only late to show is waited for."""
    upload = harness.uploads.send(LIST, ["A1"])
    harness.vendor.poll_faults = [NotFound("not yet"), NotFound("not yet")]
    assert UploadStatus.DONE == harness.uploads.wait(upload).status

    upload = harness.uploads.send(LIST, ["B2"])
    harness.vendor.files.clear()
    before = harness.clock.passed
    with pytest.raises(OutcomeUnknown, match="does not show them any more") as caught:
        harness.uploads.wait(upload)
    assert f"`couponhub uploads show shop L1 {upload.id}`" in caught.value.hint
    assert 30 <= harness.clock.passed - before < 90


def test_vanished_part_ends_a_staged_send_after_the_others(url_harness: UploadHarness) -> None:
    """What the vendor still fetches stays staged until it has ended."""
    url_harness.vendor.polls_needed = 20

    def delete_first(event: UploadEvent) -> None:
        del event
        url_harness.vendor.files[:] = [file for file in url_harness.vendor.files if file.part.id != "1"]

    with pytest.raises(OutcomeUnknown, match="took 1 of 3 parts"):
        url_harness.uploads.send(LIST, FIVE, progress=delete_first)

    assert ["C3", "D4", "E5"] == url_harness.vendor.codes
    assert {UploadStatus.DONE} == {file.part.status for file in url_harness.vendor.files}


def test_wait_for_a_vendors_file_retries_the_first_look(harness: UploadHarness) -> None:
    """One refusal for being too fast is no reason to give up, and nobody is asked twice at once."""
    harness.uploads.send(LIST, ["A1"])
    harness.vendor.poll_faults = [RateLimited("slow down", retry_after=5)]
    before = len(harness.vendor.calls)
    assert UploadStatus.DONE == harness.uploads.wait("1", LIST, timeout=60).status
    assert ["get_part"] * 2 == harness.vendor.calls[before:]
    assert [5] == harness.clock.sleeps
