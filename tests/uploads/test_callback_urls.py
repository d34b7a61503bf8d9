"""A vendor that calls when a file is worked through: it is asked at once, and believed in nothing."""

from collections.abc import Callable
from itertools import pairwise

import attrs
import pytest

from couponhub.clock import Deadline
from couponhub.errors import RateLimited
from couponhub.models import ListId, Upload, UploadId, UploadStatus
from couponhub.state.sql.callbacks import SqlCallbacks
from couponhub.state.sqlite.database import LedgerDatabase
from couponhub.uploads import CallbackUrls
from couponhub.uploads.events import no_progress
from couponhub.uploads.polling import Poller
from tests.kit.clock import FakeClock

UNENDED = Upload(
    connection="shop", list_id=ListId("7"), id=UploadId("up_1"), name="x", status=UploadStatus.PROCESSING
)
ENDED = attrs.evolve(UNENDED, status=UploadStatus.DONE)


def watched(
    refresh: Callable[[float], Upload], call_count: Callable[[float], int] | None, *, first: float = 20.0
) -> float:
    """How long a poller waits that would pause for `first` seconds; both are told how much time has passed."""
    time = FakeClock()
    Poller(clock=time.clock, first=first).wait(
        UNENDED,
        lambda: refresh(time.passed),
        Deadline.after(None, time.clock),
        no_progress,
        call_count=None if call_count is None else lambda: call_count(time.passed),
    )
    return time.passed


def ends_after(seconds: float) -> Callable[[float], Upload]:
    """An upload that has ended by then."""
    return lambda passed: UNENDED if passed < seconds else ENDED


def test_a_call_ends_the_pause() -> None:
    """Within half a second; without it the whole pause is kept."""
    assert 20 == watched(ends_after(3), None)
    assert 20 == watched(ends_after(3), lambda _: 5)
    assert 3 <= watched(ends_after(3), lambda passed: int(passed >= 3)) <= 3.5


def test_a_call_proves_nothing() -> None:
    """The vendor is asked, says that it has not ended, and the next pause begins."""
    looks: list[float] = []

    def refresh(passed: float) -> Upload:
        looks.append(passed)
        return ends_after(30)(passed)

    watched(refresh, lambda passed: int(passed >= 3))
    assert [0, 3] == [round(look) for look in looks[:2]]
    assert 30 <= looks[-1]
    assert 3 == len(looks)


def test_a_call_while_the_vendor_is_being_asked_is_heard() -> None:
    """What it answered may be older than the call."""
    calls = [0]

    def refresh(passed: float) -> Upload:
        calls[0] = 1  # comes in just now
        return ends_after(0.1)(passed)

    assert watched(refresh, lambda _: calls[0]) <= 0.5


def test_who_calls_again_and_again_has_the_vendor_asked_no_more_often() -> None:
    """The first call is heard at once, further ones at a distance: an hour and a half of them spends no day's quota."""
    looks: list[float] = []

    def refresh(passed: float) -> Upload:
        looks.append(passed)
        return ends_after(5400)(passed)

    watched(refresh, lambda passed: int(passed * 10), first=30.0)
    between = [later - earlier for earlier, later in pairwise(looks)]
    assert between[0] <= 0.5
    assert min(between[1:]) >= 9.5
    assert len(looks) <= 5400 / 9.5 + 2


def test_a_pause_that_the_vendor_wants_is_kept() -> None:
    """Whoever calls: it would be refused again."""

    def refresh(passed: float) -> Upload:
        if passed < 60:
            raise RateLimited("slow down", retry_after=60.0)
        return ENDED

    assert 60 == watched(refresh, int, first=0.2)


@pytest.fixture
def callback_urls(store: LedgerDatabase) -> CallbackUrls:
    """Callback addresses below a public one."""
    return CallbackUrls(callbacks=lambda: SqlCallbacks(store), public_url="https://coupons.example.com/api/")


def test_an_address_is_heard_until_it_is_taken_down(
    callback_urls: CallbackUrls, store: LedgerDatabase
) -> None:
    """It is below the public one, and nobody could guess it."""
    address = callback_urls.issue(UNENDED.id)
    call_count = callback_urls.calls(UNENDED.id)
    assert address is not None
    assert call_count is not None
    base, _, token = address.rpartition("/")
    assert "https://coupons.example.com/api/v1/callbacks" == base
    assert len(token) >= 43
    assert 0 == call_count()
    assert SqlCallbacks(store).ring(token)
    assert 1 == call_count()
    callback_urls.revoke(UNENDED.id)
    assert not SqlCallbacks(store).ring(token)


def test_without_a_public_address_there_is_none() -> None:
    """And no store is touched."""
    callback_urls = CallbackUrls()
    assert (None, None) == (callback_urls.issue(UNENDED.id), callback_urls.calls(UNENDED.id))
    callback_urls.revoke(UNENDED.id)
