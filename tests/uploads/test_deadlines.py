"""A timeout is seconds for all of it, and what was sent until then is told."""

import attrs
import pytest

from couponhub.clock import Deadline
from couponhub.errors import NotFound, OutcomeUnknown, RateLimited, VendorUnavailable, WaitTimeout
from couponhub.models import UploadStatus
from couponhub.uploads import UploadEvent
from tests.uploads.shop import LIST, Shop, counts
from tests.uploads.vendors import FakeVendor, Lost

FIVE = ["A1", "B2", "C3", "D4", "E5"]


@attrs.define
class Slow:
    """Lets time pass in a vendor's calls of one name."""

    shop: Shop
    call: str
    seconds: float

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Have the call take that long."""
        whole = getattr(type(self.shop.vendor), self.call)

        def slow(vendor: FakeVendor, *args: object, deadline: Deadline | None = None) -> object:
            assert deadline is not None
            left = deadline.remaining()
            if self.seconds > left:
                self.shop.clock.passed += left
                raise VendorUnavailable("no whole answer came in time")
            answer = whole(vendor, *args, deadline=deadline)
            self.shop.clock.passed += self.seconds
            return answer

        monkeypatch.setattr(type(self.shop.vendor), self.call, slow)


def test_every_call_is_given_what_remains(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading the list, sending, and asking how it stands share one timeout."""
    Slow(shop, "submit_file", 10).install(monkeypatch)
    shop.uploads.send(LIST, FIVE, wait=True, timeout=100)

    told = [deadline for deadline in shop.vendor.deadlines if deadline is not None]
    assert [100, 100, 90, 80, 70] == told[:5]
    assert sorted(told, reverse=True) == told
    assert len(shop.vendor.deadlines) == len(told)


def test_without_a_timeout_calls_have_none(shop: Shop) -> None:
    """Then a rate limit is the adapter's to wait out."""
    shop.uploads.send(LIST, FIVE, wait=True)
    assert {None} == set(shop.vendor.deadlines)


def test_time_that_ends_while_the_list_is_read(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing was sent, and that is said."""
    Slow(shop, "prepare_list", 60).install(monkeypatch)
    with pytest.raises(WaitTimeout, match="nothing was sent within 5 seconds") as caught:
        shop.uploads.send(LIST, FIVE, timeout=5)

    assert 5 == shop.clock.passed
    assert caught.value.upload is None
    assert () == shop.ledger().of_list(LIST)


def test_time_that_ends_between_parts(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The parts that arrived are on the error, and the same codes sent again are only the rest."""
    Slow(shop, "submit_file", 4).install(monkeypatch)
    with pytest.raises(WaitTimeout, match="1 of 3 parts arrived") as caught:
        shop.uploads.send(LIST, FIVE, timeout=6)

    record = shop.ledger().of_list(LIST)[0]
    assert record.id == caught.value.upload.id
    assert f"`couponhub uploads show shop L1 {record.id}`" in caught.value.hint
    assert ("shop", "send codes") == (caught.value.connection, caught.value.operation)
    assert 6 == shop.clock.passed
    monkeypatch.undo()
    shop.clock.sleep(60)
    shop.uploads.send(LIST, FIVE)
    assert FIVE == shop.vendor.codes


def test_lost_answer_that_cannot_settle_in_time(shop: Shop) -> None:
    """Absence would only count after the timeout, so nobody waits for it; the part stays in doubt."""
    shop.vendor.fates = [None, Lost.BEFORE]
    with pytest.raises(WaitTimeout, match="1 of 3 parts arrived, of 1 it is not known") as caught:
        shop.uploads.send(LIST, FIVE, timeout=20)

    assert [] == shop.clock.sleeps
    assert ["submitted", "submitting", "prepared"] == shop.stages
    assert UploadStatus.UNKNOWN == caught.value.upload.status
    assert 4 == counts(caught.value.upload)[5]


def test_earlier_upload_that_cannot_settle_in_time(shop: Shop) -> None:
    """Its codes may be there or not, so nothing is concluded and nothing sent."""
    shop.vendor.fates = [KeyboardInterrupt()]
    with pytest.raises(KeyboardInterrupt):
        shop.uploads.send(LIST, FIVE)
    shop.clock.sleep(10)
    with pytest.raises(WaitTimeout, match="cannot be found out in the time left"):
        shop.uploads.send(LIST, FIVE, timeout=19)
    assert 1 == len(shop.ledger().of_list(LIST))

    shop.uploads.send(LIST, FIVE, timeout=21)
    assert FIVE == shop.vendor.codes


def test_rate_limits_are_waited_out_everywhere(shop: Shop) -> None:
    """With a timeout no adapter does it, so that reading the list and looking for a part wait here too."""
    shop.vendor.list_faults = [RateLimited("slow down", retry_after=3)]
    shop.vendor.fates = [Lost.AFTER]
    shop.vendor.look_faults = [RateLimited("slow down"), RateLimited("slow down", retry_after=7)]
    shop.uploads.send(LIST, FIVE, timeout=60)

    assert FIVE == shop.vendor.codes
    assert [3, 1, 7] == shop.clock.sleeps


def test_rate_limit_beyond_the_timeout_fails_at_once(shop: Shop) -> None:
    """Waiting would be in vain."""
    shop.vendor.list_fault = RateLimited("slow down", retry_after=61)
    with pytest.raises(RateLimited):
        shop.uploads.send(LIST, FIVE, timeout=60)
    assert [] == shop.clock.sleeps


def test_vanished_part_is_not_waited_for_without_end(shop: Shop) -> None:
    """Three looks over the settling time; one that is only late to show is waited for."""
    upload = shop.uploads.send(LIST, ["A1"])
    shop.vendor.poll_faults = [NotFound("not yet"), NotFound("not yet")]
    assert UploadStatus.DONE == shop.uploads.wait(upload).status

    upload = shop.uploads.send(LIST, ["B2"])
    shop.vendor.files.clear()
    before = shop.clock.passed
    with pytest.raises(OutcomeUnknown, match="does not show them any more") as caught:
        shop.uploads.wait(upload)
    assert f"`couponhub uploads show shop L1 {upload.id}`" in caught.value.hint
    assert 30 <= shop.clock.passed - before < 90


def test_vanished_part_ends_a_staged_send_after_the_others(url_shop: Shop) -> None:
    """What the vendor still fetches stays staged until it has ended."""
    url_shop.vendor.polls_needed = 20

    def delete_first(event: UploadEvent) -> None:
        del event
        url_shop.vendor.files[:] = [file for file in url_shop.vendor.files if file.part.id != "1"]

    with pytest.raises(OutcomeUnknown, match="took 1 of 3 parts"):
        url_shop.uploads.send(LIST, FIVE, progress=delete_first)

    assert ["C3", "D4", "E5"] == url_shop.vendor.codes
    assert {UploadStatus.DONE} == {file.part.status for file in url_shop.vendor.files}


def test_wait_for_a_vendors_file_retries_the_first_look(shop: Shop) -> None:
    """One refusal for being too fast is no reason to give up, and nobody is asked twice at once."""
    shop.uploads.send(LIST, ["A1"])
    shop.vendor.poll_faults = [RateLimited("slow down", retry_after=5)]
    before = len(shop.vendor.calls)
    assert UploadStatus.DONE == shop.uploads.wait("1", LIST, timeout=60).status
    assert ["get_part"] * 2 == shop.vendor.calls[before:]
    assert [5] == shop.clock.sleeps
