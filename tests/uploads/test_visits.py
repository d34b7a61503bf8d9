"""How often an upload asks the ledger and the jobs: each visit is a transaction, on PostgreSQL a round trip.

And how often it goes from one room of the code into another.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest

import couponhub
from couponhub.staging import open_staging
from couponhub.state import JobStore, Ledger
from couponhub.uploads import Uploads
from tests.uploads.harness import LIST, UploadHarness

MOST = 10
MOST_ENTRIES = 300
"""A third more than there are, and a third of what there were when each field of a part was a call of its own."""
CORE = Path(couponhub.__file__).parent


class Counted:
    """Notes each use of a ledger, or of jobs, by its name."""

    def __init__(self, kept: Ledger | JobStore, visits: list[str]) -> None:
        self._kept = kept
        self._visits = visits

    def __getattr__(self, name: str) -> Any:
        """Pass it on."""
        self._visits.append(name)
        return getattr(self._kept, name)


@pytest.fixture(params=["harness", "url_harness"])
def anyone(request: pytest.FixtureRequest) -> UploadHarness:
    """A harness of either kind."""
    harness: UploadHarness = request.getfixturevalue(request.param)
    return harness


def counted(harness: UploadHarness, visits: list[str], jobs: list[str]) -> Uploads:
    """The uploads of a harness, whose visits are noted."""
    return Uploads(
        "shop",
        harness.vendor,
        ledger=lambda: Counted(harness.ledger(), visits),
        jobs=lambda: Counted(harness.jobs(), jobs),
        staging=lambda: open_staging(harness.staging),
        settle=30.0,
        vendor_is_loopback=True,
        clock=harness.clock.clock,
    )


def test_an_upload_of_one_part_visits_the_state_seldom(anyone: UploadHarness) -> None:
    """From the check that it can be written to the vendor's word that all was taken; of a list with a past, too."""
    for number in range(3):
        anyone.uploads.send(LIST, [f"BEFORE-{number}"], wait=True)
    visits: list[str] = []
    jobs: list[str] = []

    upload = counted(anyone, visits, jobs).send(LIST, ["NOW-1"], wait=True)

    assert upload.status.ended
    assert len(visits) <= MOST, ",".join(visits)
    assert len(jobs) <= MOST, ",".join(jobs)


def work_of_a_look(harness: UploadHarness) -> int:
    """How many steps SQLite takes to tell whether the newest upload is being sent."""
    ledger, steps = harness.ledger(), [0]

    def count() -> int:
        steps[0] += 1
        return 0

    newest = ledger.of_list(LIST)[-1]
    with ledger.list_lock(LIST, timeout=0):
        with harness.store.reading() as database:
            database.set_progress_handler(count, 1)
        assert ledger.is_locked(newest)
        with harness.store.reading() as database:
            database.set_progress_handler(None, 1)
    return steps[0]


def test_who_is_sending_costs_the_same_however_much_was_sent(harness: UploadHarness) -> None:
    """A look is made at each poll, and reads one row, whatever the list's past."""
    for number in range(5):
        harness.uploads.send(LIST, [f"A-{number}"])
    few = work_of_a_look(harness)
    for number in range(5, 40):
        harness.uploads.send(LIST, [f"A-{number}"])

    assert 0 < few == work_of_a_look(harness)


def room_of(code: CodeType) -> str | None:
    """The package or module below couponhub that a function stands in; None for what is not ours."""
    path = Path(code.co_filename)
    return path.relative_to(CORE).parts[0] if path.is_relative_to(CORE) else None


def entries(action: Callable[[], object]) -> int:
    """How often a function is called, on this thread, from another room than its own; our own callers count alone."""
    entered = 0

    def note(frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal entered
        room = room_of(frame.f_code)
        if event != "call" or room is None:
            return
        caller = frame.f_back
        while caller is not None and room_of(caller.f_code) is None:
            caller = caller.f_back
        entered += caller is None or room_of(caller.f_code) != room

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        action()
    finally:
        sys.setprofile(before)
    return entered


def test_an_upload_of_one_part_goes_from_room_to_room_seldom(anyone: UploadHarness) -> None:
    """Nothing is put together for somebody who does not listen, and nothing made anew that was checked."""
    anyone.uploads.send(LIST, ["BEFORE-1"], wait=True)
    uploads = anyone.uploads

    assert entries(lambda: uploads.send(LIST, ["NOW-1"], wait=True)) <= MOST_ENTRIES
