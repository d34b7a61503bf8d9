"""An upload that somebody throttled: no more of its files go in a minute, each goes once, and a change holds at once."""

from datetime import datetime, timedelta

import attrs
import pytest

from couponhub.errors import UsageError
from couponhub.models import JobId, JobStatus, Part
from couponhub.state import JobRecord, StepRecord
from couponhub.uploads import EventKind, UploadEvent
from tests.kit.clock import FakeClock
from tests.uploads.harness import LIST, UploadHarness
from tests.uploads.vendors import FileVendor, Killed, StoredFile

MINUTE = timedelta(minutes=1)
CODES = [f"SLOW-{number:02}" for number in range(14)]
"""Seven parts."""


@attrs.define
class TimingVendor(FileVendor):
    """Notes when it was given each file."""

    clock: FakeClock = attrs.field(factory=FakeClock)
    times: list[datetime] = attrs.field(factory=list)

    def take(self, file: StoredFile) -> Part:
        """Take a file."""
        part = FileVendor.take(self, file)
        self.times.append(self.clock.now())
        return part


@pytest.fixture
def slow(harness: UploadHarness) -> UploadHarness:
    """A harness whose vendor notes times."""
    harness.vendor = TimingVendor(clock=harness.clock)
    return harness


def times_of(harness: UploadHarness) -> list[datetime]:
    """When the vendor was given each file."""
    assert isinstance(harness.vendor, TimingVendor)
    return harness.vendor.times


def killed(harness: UploadHarness) -> str:
    """Begin an upload whose process is killed at its first part; return its id."""
    harness.vendor.fates = [Killed()]
    with pytest.raises(Killed):
        harness.uploads.send(LIST, CODES)
    harness.vendor.fates = []
    harness.clock.sleep(60)  # from here on absence counts
    return str(harness.ledger().of_list(LIST)[-1].id)


def require_spaced(times: list[datetime], per_minute: int) -> None:
    """No more than so many files went in any 60 seconds."""
    for before, after in zip(times, times[per_minute:], strict=False):
        assert MINUTE <= after - before


@pytest.mark.parametrize("per_minute", [1, 3])
@pytest.mark.parametrize("kills_at", [0, 4])
def test_no_more_go_in_a_minute(slow: UploadHarness, per_minute: int, kills_at: int) -> None:
    """Whoever drives it, however often and early, and when one of them is killed; each code goes once."""
    upload_id = killed(slow)
    assert slow.driver.throttle(upload_id, per_minute).arguments["files_a_minute"] == str(per_minute)
    if kills_at:
        slow.vendor.fates = [*[None] * (kills_at - 1), Killed()]
    looks = []
    for _ in range(90):
        try:
            job = slow.driver.drive(upload_id, early=True)
        except Killed:
            continue
        if len(times_of(slow)) == 7:
            break
        looks.append(job.waiting_for)
        slow.clock.sleep(7)
    while not (job := slow.driver.drive(upload_id, early=True)).status.ended:
        slow.clock.sleep(60)

    assert (JobStatus.DONE, CODES) == (job.status, slow.vendor.codes)
    require_spaced(times_of(slow), per_minute)
    assert {f"throttled to {per_minute} {'file' if per_minute == 1 else 'files'} a minute"} == set(looks)


def test_a_change_holds_at_once(slow: UploadHarness) -> None:
    """Nothing is due while it holds a file back, its page says until when, and without it all goes."""
    upload_id = killed(slow)
    slow.driver.throttle(upload_id, 2)
    job = slow.driver.drive(upload_id)
    free = times_of(slow)[0] + MINUTE
    assert job.next_step is not None
    assert (free, 2) == (job.next_step.not_before, len(times_of(slow)))
    assert free + 2 * MINUTE == job.ends_at, "five files are left"
    assert "throttled to 2 files a minute" == slow.uploads.find(upload_id).waiting_for  # type: ignore[union-attr]
    assert ((), False) == (slow.driver.due(), slow.driver.is_due(upload_id))
    assert slow.driver.throttle(upload_id, 3).waiting_for is None
    assert 3 == len([slow.driver.drive(upload_id), *times_of(slow)]) - 1
    slow.driver.throttle(upload_id, None)
    assert [upload_id] == [one.id for one in slow.driver.due()]
    slow.driver.drive(upload_id)
    assert CODES == slow.vendor.codes


def test_who_sends_waits_as_for_a_quota(slow: UploadHarness) -> None:
    """Told of what it waits for, and of a change within seconds; nobody else need be there to send the rest."""
    told: list[str | None] = []

    def progress(event: UploadEvent) -> None:
        if event.kind is EventKind.SUBMITTED and len(times_of(slow)) == 1:
            slow.driver.throttle(event.upload.id, 1)
        told.append(event.upload.waiting_for)
        if told.count("throttled to 1 file a minute") == 50:
            slow.driver.throttle(event.upload.id, None)

    slow.uploads.send(LIST, CODES, progress=progress)
    assert CODES == slow.vendor.codes
    times = times_of(slow)
    require_spaced(times[:2], 1)
    assert timedelta(seconds=98) <= times[-1] - times[0] < timedelta(seconds=104)


def test_what_sends_no_files_is_refused(slow: UploadHarness) -> None:
    """In one line; and no number but a whole one above zero is taken."""
    slow.jobs().create(
        JobRecord(id=JobId("e"), kind="export", connection="shop", steps=(StepRecord(number=1, kind="ask"),))
    )
    with pytest.raises(UsageError, match="job e sends no files itself"):
        slow.driver.throttle("e", 1)
    with pytest.raises(UsageError, match="the files a minute"):
        slow.driver.throttle(killed(slow), 0)
