"""The same question is asked once, in the vendor's own time: nobody is cut short by somebody else's hurry."""

import attrs

from couponhub.errors import VendorUnavailable
from couponhub.models import CouponQuery, ListId, Source
from tests.kit.eventually import eventually
from tests.resilience.harness import CUSTOMER, FOUND, OTHER, down, harness_of, silent

CUT = attrs.evolve(FOUND, complete=False)


def test_a_hundred_ask_once() -> None:
    """Everybody hears the same answer."""
    harness = harness_of()
    harness.vendor.holds = True
    heard = [harness.ask() for _ in range(100)]
    harness.vendor.reached()
    harness.vendor.tell(FOUND)

    assert [FOUND] * 100 == [one.known().found for one in heard]
    assert 1 == len(harness.vendor.calls)


def test_other_questions_are_asked_beside_it() -> None:
    """Another customer, or another list."""
    harness = harness_of()
    harness.vendor.holds = True
    heard = [harness.ask(), harness.ask(OTHER), harness.ask(query=CouponQuery(list_id=ListId("1")))]
    for _ in heard:
        harness.vendor.reached()
    for _ in heard:
        harness.vendor.tell(FOUND)

    assert [FOUND] * 3 == [one.known().found for one in heard]


def test_a_call_that_waits_in_line_gets_what_the_most_patient_gives() -> None:
    """Rather than being made twice."""
    harness = harness_of(concurrency=1)
    harness.vendor.holds = True
    busy = harness.ask(OTHER)
    harness.vendor.reached()
    heard = [harness.ask(deadline=seconds) for seconds in (1, 5, 2)]
    harness.vendor.tell(FOUND)
    assert 5 == harness.vendor.reached().seconds
    harness.vendor.tell(FOUND)

    assert [FOUND] * 4 == [one.known().found for one in (busy, *heard)]


def test_who_must_leave_leaves_the_call_to_the_others() -> None:
    """It is not cut short, the others hear the answer, and whoever asks next has it from memory."""
    harness = harness_of()
    harness.vendor.holds = True
    first, second = harness.ask(deadline=0.5), harness.ask(deadline=1)
    assert 2.0 == harness.vendor.reached().seconds
    harness.pass_time(0.5)
    error = first.leave().error
    assert isinstance(error, VendorUnavailable)
    assert ("no answer within the deadline of 0.5 s", True, True) == (
        error.message,
        error.sent,
        error.too_slow,
    )
    harness.vendor.tell(FOUND)

    assert FOUND == second.known().found
    assert not first.is_there
    assert Source.CACHE is (harness.known().found or CUT).source
    assert 1 == len(harness.vendor.calls)


def test_an_answer_that_nobody_waits_for_any_more_is_remembered() -> None:
    """All have left when it comes; whoever asks next is told it at once."""
    harness = harness_of()
    harness.vendor.holds = True
    hurried = harness.ask(deadline=0.1)
    harness.vendor.reached()
    harness.pass_time(0.1)
    assert hurried.leave().found is None
    harness.vendor.tell(FOUND)
    eventually(lambda: harness.client.status().in_flight == 0)

    assert Source.CACHE is (harness.ask().known().found or CUT).source
    assert 1 == len(harness.vendor.calls)


def test_a_question_that_all_have_left_is_not_asked() -> None:
    """It goes out of the line with the last of them."""
    harness = harness_of(concurrency=1)
    harness.vendor.holds = True
    busy = harness.ask(OTHER)
    harness.vendor.reached()
    waiting = [harness.ask(), harness.ask()]
    assert [False, False] == [heard.leave().found is not None for heard in waiting]
    assert 0 == harness.client.status().waiting
    harness.vendor.tell(FOUND)

    assert FOUND == busy.known().found
    assert [OTHER] == [call.customer for call in harness.vendor.calls]


def test_who_gives_the_vendor_more_time_has_a_call_with_that() -> None:
    """What the shorter one comes to is not told to him; whoever comes then shares the longer."""
    harness = harness_of()
    harness.vendor.holds = True
    first = harness.ask(deadline=0.5)
    harness.vendor.reached()
    patient = harness.ask(deadline=30)
    assert 30 == harness.vendor.reached().seconds
    third = harness.ask(deadline=1)
    assert 2 == len(harness.vendor.calls)
    harness.vendor.tell(FOUND)
    harness.vendor.tell(FOUND)

    assert [FOUND] * 3 == [heard.known().found for heard in (first, patient, third)]


def test_a_failure_is_everybodys_answer() -> None:
    """Of a fault, of time that ran out, and of what opened the breaker: it would be the same for each."""
    for error, failures in ((down(), 5), (silent(), 5), (silent(), 1)):
        harness = harness_of(failures=failures)
        harness.vendor.holds = True
        heard = [harness.ask(deadline=0.5), harness.ask(deadline=2)]
        harness.vendor.reached()
        harness.vendor.tell(error)

        assert [error, error] == [one.known().error for one in heard]
        assert 1 == len(harness.vendor.calls)


def test_a_part_is_everybodys_answer() -> None:
    """The vendor had its time; coupons that came are not lost."""
    harness = harness_of()
    harness.vendor.holds = True
    heard = [harness.ask(deadline=0.5), harness.ask(deadline=2)]
    harness.vendor.reached()
    harness.vendor.tell(CUT)

    assert [CUT, CUT] == [one.known().found for one in heard]
    assert 1 == len(harness.vendor.calls)


def test_nobody_joins_a_question_that_is_late() -> None:
    """It is asked anew; what the late one brings is its own waiters' still."""
    harness = harness_of()
    harness.vendor.holds = True
    first = harness.ask(deadline=2)
    harness.vendor.reached()
    harness.pass_time(2.0)
    second = harness.ask(deadline=1)
    harness.vendor.reached()
    assert 2 == harness.client.status().in_flight
    harness.vendor.tell(FOUND)
    harness.vendor.tell(FOUND)

    assert [FOUND, FOUND] == [first.known().found, second.known().found]


def test_what_never_comes_back_is_given_up() -> None:
    """Long after its time it is a failure, and whoever asks begins anew; its own waiters leave in their time."""
    harness = harness_of()
    harness.vendor.holds = True
    first = harness.ask(deadline=2)
    harness.vendor.reached()
    harness.pass_time(3)
    again = harness.ask()
    assert CUSTOMER == harness.vendor.reached().customer
    assert 1 == harness.client.status().failures
    assert isinstance(first.leave().error, VendorUnavailable)
    for _ in range(2):
        harness.vendor.tell(FOUND)

    assert FOUND == again.known().found
    assert not first.is_there
    assert 2 == len(harness.vendor.calls)
