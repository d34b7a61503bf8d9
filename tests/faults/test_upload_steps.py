"""Every fault at every call of an upload of three parts, sent or gone on with: in the end each code is there, given once."""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack

import attrs
import pytest

from couponhub.errors import CouponhubError, OutcomeUnknown
from tests.faults.cells import assert_good, told_of
from tests.faults.fault_harness import CODE, FaultHarness, PacedClock, Target, fault_harness_of
from tests.faults.mishaps import DROPPED_AFTER, MISHAPS, Mishap
from tests.faults.operations import PATIENCE
from tests.faults.small_parts import SMALL, SUBMISSION, assert_each_once, finish, new_target, send
from tests.kit.examples import THOROUGH
from tests.kit.witness import codes_given

LOOK = {"moengage": "GET */files*", "capillary": "GET *upload*"}
TELLABLE = [mishap for mishap in MISHAPS if not mishap.changes.lengths]
"""A file that the vendor answers under another name than it was given is nobody's to recognise."""


@attrs.frozen
class Way:
    """One way in which the parts of an upload go out.

    Attributes:
        name: For people.
        begin: Sees to what it needs, while all goes well.
        go: Does it.
    """

    name: str
    begin: Callable[[FaultHarness], Target]
    go: Callable[[FaultHarness, Target], object]


def _half_sent(faulty: FaultHarness) -> Target:
    """An upload whose first part arrived, whose second one is in doubt, and whose third was never sent."""
    target = new_target(faulty)
    rules = [
        {
            "vendor": faulty.vendor,
            "match": SUBMISSION[faulty.vendor],
            "fault": "latency",
            "value": 0,
            "times": 1,
        },
        {"vendor": faulty.vendor, "match": SUBMISSION[faulty.vendor], "fault": "drop_after", "times": 1},
        {"vendor": faulty.vendor, "match": LOOK[faulty.vendor], "fault": "status", "value": 503, "times": 30},
    ]
    faulty.harness.control.set_faults(*rules)
    with pytest.raises(OutcomeUnknown):
        send(faulty, target)
    faulty.mend()
    (upload,) = [one for one in faulty.connection.uploads.recorded() if one.name == target.name]
    target.upload_id = upload.id
    return target


def _drive(faulty: FaultHarness, target: Target) -> object:
    return faulty.hub.jobs.drive(target.upload_id, early=True, timeout=PATIENCE)


WAYS = (Way("send", new_target, send), Way("drive", _half_sent, _drive))


@pytest.fixture(scope="module")
def small_parts() -> Iterator[Mapping[str, FaultHarness]]:
    """A harness for each vendor whose files hold two codes."""
    paced = PacedClock()
    with pytest.MonkeyPatch.context() as patch, ExitStack() as opened:
        paced.rule(patch)
        yield {
            vendor: opened.enter_context(fault_harness_of(vendor, paced, file_limits=limits))
            for vendor, limits in SMALL.items()
        }


@pytest.fixture(scope="module")
def given() -> Iterator[Counter[str]]:
    """The codes that the vendors were given, with how often."""
    with codes_given(f"{CODE}-[0-9]+") as given:
        yield given


@pytest.fixture(scope="module")
def calls() -> dict[str, dict[str, int]]:
    """How many calls each way takes at each vendor, by the names of both; filled on the way."""
    return {}


def drawn(calls: Mapping[str, int]) -> Sequence[tuple[Way, int | None]]:
    """Draw a way and what a mishap hits on it, others in each run: one of its calls, or every one (None).

    In `make thorough` there are all ways, and on each all of these.
    """
    cells = [(way, nth) for way in WAYS for nth in (None, *range(1, calls[way.name] + 1))]
    return cells if THOROUGH else [random.choice(cells)]  # noqa: S311 - no secret


@pytest.mark.parametrize("mishap", TELLABLE, ids=lambda mishap: mishap.name)
@pytest.mark.parametrize("vendor", SMALL)
def test_nothing_is_lost_or_given_twice(
    small_parts: Mapping[str, FaultHarness],
    given: Counter[str],
    calls: dict[str, dict[str, int]],
    vendor: str,
    mishap: Mishap,
) -> None:
    """At the token, the list, each part, each look and each wait: whatever is answered, in the end it is as if all went well."""
    faulty = small_parts[vendor]
    if vendor not in calls:
        calls[vendor] = {way.name: calls_of(faulty, way) for way in WAYS}
    for way, nth in drawn(calls[vendor]):
        with told_of(f"{way.name}: {mishap.name} hits {'every call' if nth is None else f'call {nth}'}"):
            given.clear()  # each vendor's codes have the same numbers
            target = way.begin(faulty)
            _through(faulty, way, mishap, nth, target)
            finish(faulty, target)
            assert_each_once(faulty, given, target)


@pytest.mark.parametrize("vendor", SMALL)
def test_each_answer_to_a_part_is_lost(
    small_parts: Mapping[str, FaultHarness], given: Counter[str], vendor: str
) -> None:
    """The vendor takes every part and hangs up, three times in a row: each is found, and none is sent again."""
    faulty = small_parts[vendor]
    given.clear()
    target = new_target(faulty)
    faulty.spoil(DROPPED_AFTER, None, SUBMISSION[vendor])
    send(faulty, target)

    assert 3 == faulty.mend()
    assert_each_once(faulty, given, target)
    assert 3 == len(faulty.files(target.list_id, target.name))


def calls_of(faulty: FaultHarness, way: Way) -> int:
    """Count the calls that it takes while all goes well."""
    target = way.begin(faulty)
    recorder = faulty.harness.server.app.recorder
    recorder.clear()
    way.go(faulty, target)
    return len(recorder.requests())


def _through(faulty: FaultHarness, way: Way, mishap: Mishap, nth: int | None, target: Target) -> None:
    faulty.spoil(mishap, nth)
    try:
        way.go(faulty, target)
    except CouponhubError as error:
        assert_good(error)
    finally:
        hits = faulty.mend()
    # How often it is looked whether the vendor has ended a part depends on the vendor.
    assert hits or nth is not None, "the mishap hit nothing"
