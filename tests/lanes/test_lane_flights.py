"""The same question is asked once, in the vendor's own time: nobody is cut short by somebody else's hurry."""

import attrs

from couponhub.errors import VendorUnavailable
from couponhub.models import CouponQuery, ListId, Source
from tests.lanes.stage import CUSTOMER, FOUND, OTHER, down, silent, staged, until

CUT = attrs.evolve(FOUND, complete=False)


def test_a_hundred_ask_once() -> None:
    """Everybody hears the same answer."""
    stage = staged()
    stage.vendor.holds = True
    heard = [stage.ask() for _ in range(100)]
    stage.vendor.reached()
    stage.vendor.tell(FOUND)

    assert [FOUND] * 100 == [one.known().found for one in heard]
    assert 1 == len(stage.vendor.calls)


def test_other_questions_are_asked_beside_it() -> None:
    """Another customer, or another list."""
    stage = staged()
    stage.vendor.holds = True
    heard = [stage.ask(), stage.ask(OTHER), stage.ask(query=CouponQuery(list_id=ListId("1")))]
    for _ in heard:
        stage.vendor.reached()
    for _ in heard:
        stage.vendor.tell(FOUND)

    assert [FOUND] * 3 == [one.known().found for one in heard]


def test_a_call_that_waits_in_line_gets_what_the_most_patient_gives() -> None:
    """Rather than being made twice."""
    stage = staged(concurrency=1)
    stage.vendor.holds = True
    busy = stage.ask(OTHER)
    stage.vendor.reached()
    heard = [stage.ask(deadline=seconds) for seconds in (1, 5, 2)]
    stage.vendor.tell(FOUND)
    assert 5 == stage.vendor.reached().seconds
    stage.vendor.tell(FOUND)

    assert [FOUND] * 4 == [one.known().found for one in (busy, *heard)]


def test_who_must_leave_leaves_the_call_to_the_others() -> None:
    """It is not cut short, the others hear the answer, and whoever asks next has it from memory."""
    stage = staged()
    stage.vendor.holds = True
    first, second = stage.ask(deadline=0.5), stage.ask(deadline=1)
    assert 2.0 == stage.vendor.reached().seconds
    stage.pass_time(0.5)
    error = first.leave().error
    assert isinstance(error, VendorUnavailable)
    assert ("no answer within the deadline of 0.5 s", True, True) == (
        error.message,
        error.sent,
        error.too_slow,
    )
    stage.vendor.tell(FOUND)

    assert FOUND == second.known().found
    assert not first.is_there
    assert Source.CACHE is (stage.known().found or CUT).source
    assert 1 == len(stage.vendor.calls)


def test_an_answer_that_nobody_waits_for_any_more_is_remembered() -> None:
    """All have left when it comes; whoever asks next is told it at once."""
    stage = staged()
    stage.vendor.holds = True
    hurried = stage.ask(deadline=0.1)
    stage.vendor.reached()
    stage.pass_time(0.1)
    assert hurried.leave().found is None
    stage.vendor.tell(FOUND)
    until(lambda: stage.lane.status().in_flight == 0)

    assert Source.CACHE is (stage.ask().known().found or CUT).source
    assert 1 == len(stage.vendor.calls)


def test_a_question_that_all_have_left_is_not_asked() -> None:
    """It goes out of the line with the last of them."""
    stage = staged(concurrency=1)
    stage.vendor.holds = True
    busy = stage.ask(OTHER)
    stage.vendor.reached()
    waiting = [stage.ask(), stage.ask()]
    assert [False, False] == [heard.leave().found is not None for heard in waiting]
    assert 0 == stage.lane.status().waiting
    stage.vendor.tell(FOUND)

    assert FOUND == busy.known().found
    assert [OTHER] == [call.customer for call in stage.vendor.calls]


def test_who_gives_the_vendor_more_time_has_a_call_with_that() -> None:
    """What the shorter one comes to is not told to him; whoever comes then shares the longer."""
    stage = staged()
    stage.vendor.holds = True
    first = stage.ask(deadline=0.5)
    stage.vendor.reached()
    patient = stage.ask(deadline=30)
    assert 30 == stage.vendor.reached().seconds
    third = stage.ask(deadline=1)
    assert 2 == len(stage.vendor.calls)
    stage.vendor.tell(FOUND)
    stage.vendor.tell(FOUND)

    assert [FOUND] * 3 == [heard.known().found for heard in (first, patient, third)]


def test_a_failure_is_everybodys_answer() -> None:
    """Of a fault, of time that ran out, and of what opened the breaker: it would be the same for each."""
    for error, failures in ((down(), 5), (silent(), 5), (silent(), 1)):
        stage = staged(failures=failures)
        stage.vendor.holds = True
        heard = [stage.ask(deadline=0.5), stage.ask(deadline=2)]
        stage.vendor.reached()
        stage.vendor.tell(error)

        assert [error, error] == [one.known().error for one in heard]
        assert 1 == len(stage.vendor.calls)


def test_a_part_is_everybodys_answer() -> None:
    """The vendor had its time; coupons that came are not lost."""
    stage = staged()
    stage.vendor.holds = True
    heard = [stage.ask(deadline=0.5), stage.ask(deadline=2)]
    stage.vendor.reached()
    stage.vendor.tell(CUT)

    assert [CUT, CUT] == [one.known().found for one in heard]
    assert 1 == len(stage.vendor.calls)


def test_nobody_joins_a_question_that_is_late() -> None:
    """It is asked anew; what the late one brings is its own waiters' still."""
    stage = staged()
    stage.vendor.holds = True
    first = stage.ask(deadline=2)
    stage.vendor.reached()
    stage.pass_time(2.0)
    second = stage.ask(deadline=1)
    stage.vendor.reached()
    assert 2 == stage.lane.status().in_flight
    stage.vendor.tell(FOUND)
    stage.vendor.tell(FOUND)

    assert [FOUND, FOUND] == [first.known().found, second.known().found]


def test_what_never_comes_back_is_given_up() -> None:
    """Long after its time it is a failure, and whoever asks begins anew; its own waiters leave in their time."""
    stage = staged()
    stage.vendor.holds = True
    first = stage.ask(deadline=2)
    stage.vendor.reached()
    stage.pass_time(3)
    again = stage.ask()
    assert CUSTOMER == stage.vendor.reached().customer
    assert 1 == stage.lane.status().failures
    assert isinstance(first.leave().error, VendorUnavailable)
    for _ in range(2):
        stage.vendor.tell(FOUND)

    assert FOUND == again.known().found
    assert not first.is_there
    assert 2 == len(stage.vendor.calls)
