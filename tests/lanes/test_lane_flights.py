"""The same question is asked once, and nobody is cut short by somebody else's hurry."""

import attrs

from couponhub.models import CouponQuery, ListId
from tests.lanes.stage import CUSTOMER, FOUND, OTHER, down, silent, staged

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


def test_the_most_patient_who_waits_sets_the_time() -> None:
    """Who has come by when the vendor is asked."""
    stage = staged(concurrency=1)
    stage.vendor.holds = True
    busy = stage.ask(OTHER)
    stage.vendor.reached()
    heard = [stage.ask(deadline=seconds) for seconds in (1, 5, 2)]
    stage.vendor.tell(FOUND)
    assert 5 == stage.vendor.reached().seconds
    stage.vendor.tell(FOUND)

    assert [FOUND] * 4 == [one.known().found for one in (busy, *heard)]


def test_who_has_more_time_asks_again_when_the_first_runs_out() -> None:
    """The first hears the timeout; the second gets the answer that it had time for."""
    stage = staged()
    stage.vendor.holds = True
    first = stage.ask(deadline=0.5)
    stage.vendor.reached()
    second = stage.ask(deadline=3)
    stage.vendor.tell(stage.takes(0.5, error := silent()))
    assert error is first.known().error
    assert 2.5 == stage.vendor.reached().seconds
    assert not second.is_there
    stage.vendor.tell(FOUND)

    assert FOUND == second.known().found
    assert 2 == len(stage.vendor.calls)


def test_who_has_more_time_hears_of_the_failure_that_opened_the_breaker() -> None:
    """And not that it was not asked, for it was."""
    stage = staged(failures=1)
    stage.vendor.holds = True
    first = stage.ask(deadline=1)
    stage.vendor.reached()
    second = stage.ask(deadline=9)
    stage.vendor.tell(stage.takes(1, error := silent()))

    assert [error, error] == [first.known().error, second.known().error]


def test_who_has_hardly_more_time_does_not() -> None:
    """Asking for a blink of an eye helps nobody."""
    stage = staged()
    stage.vendor.holds = True
    first = stage.ask(deadline=0.5)
    stage.vendor.reached()
    second = stage.ask(deadline=0.55)
    stage.vendor.tell(stage.takes(0.5, error := silent()))

    assert [error, error] == [first.known().error, second.known().error]
    assert 1 == len(stage.vendor.calls)


def test_an_answer_cut_short_is_asked_for_again() -> None:
    """By those who have time for a whole one; the first takes what there is."""
    stage = staged()
    stage.vendor.holds = True
    first = stage.ask(deadline=0.5)
    stage.vendor.reached()
    second = stage.ask(deadline=3)
    stage.vendor.tell(stage.takes(0.5, CUT))
    assert CUT == first.known().found
    stage.vendor.reached()
    stage.vendor.tell(FOUND)

    assert FOUND == second.known().found


def test_a_fault_of_the_vendors_is_everybodys_answer() -> None:
    """It would be the same for each, and asking again would be what such a vendor needs least."""
    stage = staged()
    stage.vendor.holds = True
    first = stage.ask(deadline=0.5)
    stage.vendor.reached()
    second = stage.ask(deadline=30)
    stage.vendor.tell(error := down())

    assert [error, error] == [first.known().error, second.known().error]
    assert 1 == len(stage.vendor.calls)


def test_nobody_joins_a_question_that_is_late() -> None:
    """It is asked anew; what the late one brings is its own waiters' still."""
    stage = staged()
    stage.vendor.holds = True
    first = stage.ask(deadline=1)
    stage.vendor.reached()
    follower = stage.ask(deadline=9)
    stage.pass_time(1.0)
    second = stage.ask(deadline=1)
    stage.vendor.reached()
    assert 2 == stage.lane.status().in_flight
    stage.vendor.tell(FOUND)
    stage.vendor.tell(FOUND)

    assert first.known().error is not None  # swept, since its time was over
    assert [FOUND, FOUND] == [follower.known().found, second.known().found]


def test_a_part_is_not_lost_by_asking_for_more() -> None:
    """Who could wait longer than the first, and then hears of a failure, still gets the coupons that came."""
    stage = staged()
    stage.vendor.holds = True
    first = stage.ask(deadline=1)
    stage.vendor.reached()
    follower = stage.ask(deadline=9)
    stage.vendor.tell(CUT)
    stage.vendor.reached()
    stage.vendor.tell(down())

    assert [CUT, CUT] == [first.known().found, follower.known().found]


def test_what_never_comes_back_is_given_up_by_those_with_time() -> None:
    """Long after its deadline its followers are asked for anew."""
    stage = staged()
    stage.vendor.holds = True
    first = stage.ask(deadline=1)
    stage.vendor.reached()
    follower = stage.ask(deadline=9)
    stage.pass_time(2)
    other = stage.ask(OTHER)
    assert {CUSTOMER, OTHER} == {stage.vendor.reached().customer, stage.vendor.reached().customer}
    for _ in range(3):
        stage.vendor.tell(FOUND)

    assert first.known().error is not None
    assert [FOUND, FOUND] == [follower.known().found, other.known().found]
    assert 3 == len(stage.vendor.calls)
