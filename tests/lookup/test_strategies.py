"""Whom a lookup asks: all at once, or one after the other until one has found coupons."""

import threading

import pytest

from couponhub.errors import VendorUnavailable
from couponhub.lookup import FanOut
from couponhub.models import CustomerCoupons, Reason, Strategy, Verdict
from tests.lookup.fake_clients import (
    BUYER,
    BY_NUMBER,
    NOBODY_KNOWS,
    NOTHING,
    NUMBER,
    FakeClient,
    ask,
    holding,
    naming,
    question,
)

FIRST = Strategy.FIRST_FOUND


def test_merging_asks_all_at_once() -> None:
    """Each is asked before any has answered."""
    one, other = FakeClient("one", holding("A")), FakeClient("other", holding("B"))
    one.after, other.after = other.is_asked, one.is_asked
    answer = ask(one, other)
    assert answer.complete
    assert ["A", "B"] == [coupon.code for coupon in answer.coupons]


def test_the_first_that_found_ends_it() -> None:
    """Whoever comes behind is not asked and not among the answers."""
    one, other = FakeClient("one", holding("A")), FakeClient("other", holding("B"))
    answer = ask(one, other, strategy=FIRST)
    assert [] == other.asked
    assert ["one"] == [given.connection for given in answer.answers]
    assert answer.complete


@pytest.mark.parametrize("first", [NOTHING, NOBODY_KNOWS])
def test_a_proven_none_leads_on(first: CustomerCoupons) -> None:
    """The next is asked after the first has said none, and the answer is whole."""
    one, other = FakeClient("one", first), FakeClient("other", holding("B"))
    answer = ask(one, other, FakeClient("third", holding("C")), strategy=FIRST)
    assert [Verdict.NONE, Verdict.FOUND] == [given.verdict for given in answer.answers]
    assert answer.complete


def test_an_unknown_before_the_found_is_not_complete() -> None:
    """What the first could not say stays missing, whatever the second found."""
    answer = ask(
        FakeClient("one", VendorUnavailable("no")), FakeClient("other", holding("B")), strategy=FIRST
    )
    assert ["B"] == [coupon.code for coupon in answer.coupons]
    assert not answer.complete


def test_a_found_that_is_not_whole_is_not_complete() -> None:
    """It ends the search all the same: coupons were found."""
    other = FakeClient("other", holding("B"))
    answer = ask(FakeClient("one", holding("A", complete=False)), other, strategy=FIRST)
    assert [] == other.asked
    assert not answer.complete


def test_when_none_has_any_all_were_asked() -> None:
    """A "none" of the whole rests on every connection."""
    answer = ask(FakeClient("one", NOTHING), FakeClient("other", NOTHING), strategy=FIRST)
    assert 2 == len(answer.answers)
    assert answer.complete
    assert () == answer.coupons


def test_one_that_hangs_keeps_no_other_from_being_asked() -> None:
    """After its share of the time the next is asked; the silent one stays unknown."""
    hung, other = FakeClient("hung", None), FakeClient("other", holding("B"))
    answer = ask(hung, other, deadline=0.4, strategy=FIRST)
    assert ["B"] == [coupon.code for coupon in answer.coupons]
    assert [Reason.TIMEOUT, None] == [given.reason for given in answer.answers]
    assert 0 < other.deadlines[0] <= 0.25


def test_one_that_is_slow_is_listened_to_all_the_same() -> None:
    """It stands before the one that found: its answer is waited for, and makes the whole complete."""
    other = FakeClient("other", holding("B"))
    slow = FakeClient("slow", NOTHING, after=other.is_asked)
    answer = ask(slow, other, deadline=1.0, strategy=FIRST)
    assert [Verdict.NONE, Verdict.FOUND] == [given.verdict for given in answer.answers]
    assert answer.complete


def test_who_was_asked_meanwhile_is_not_waited_for() -> None:
    """A slow one that found after all ends it: the next, asked meanwhile, is behind it."""
    other = FakeClient("other", None)
    slow = FakeClient("slow", holding("A"), after=other.is_asked)
    answer = ask(slow, other, deadline=1.0, strategy=FIRST)
    assert ["slow"] == [given.connection for given in answer.answers]
    assert answer.complete


def test_one_that_fails_at_once_gives_up_its_turn() -> None:
    """The next does not wait for a share that nobody uses: it gets nearly all of the time."""
    other = FakeClient("other", NOTHING)
    ask(FakeClient("one", VendorUnavailable("no")), other, deadline=10.0, strategy=FIRST)
    assert other.deadlines[0] > 9.0


def test_who_needs_a_name_is_asked_before_who_gave_it_ends_it() -> None:
    """A connection that stands first and can be asked only later keeps its precedence."""
    engage, last = FakeClient("engage", holding("B")), FakeClient("last", holding("C"))
    answer = ask(
        engage,
        FakeClient("loyalty", naming(NUMBER, codes=("A",))),
        last,
        strategy=FIRST,
        engage=BY_NUMBER,
    )
    assert [NUMBER] == engage.asked
    assert [] == last.asked
    assert ["engage", "loyalty"] == [given.connection for given in answer.answers]
    assert answer.complete


def test_who_stands_first_and_cannot_be_asked_leaves_it_incomplete() -> None:
    """Nobody named the customer to it: what it holds is not known."""
    answer = ask(
        FakeClient("engage", holding("B")),
        FakeClient("loyalty", holding("A")),
        strategy=FIRST,
        engage=BY_NUMBER,
    )
    assert [Reason.UNSUPPORTED, None] == [given.reason for given in answer.answers]
    assert not answer.complete


def test_who_stands_behind_and_needs_a_name_is_left_in_peace() -> None:
    """It is behind the one that found, so its name does not matter."""
    engage = FakeClient("engage", holding("B"))
    answer = ask(
        FakeClient("loyalty", naming(NUMBER, codes=("A",))), engage, strategy=FIRST, engage=BY_NUMBER
    )
    assert [] == engage.asked
    assert ["loyalty"] == [given.connection for given in answer.answers]


def test_stopping_comes_back_with_what_is_known() -> None:
    """From another thread, at once; nobody else is asked."""
    hung, other = FakeClient("hung", None), FakeClient("other", NOTHING)
    asking = FanOut(question(hung, other, deadline=60, strategy=FIRST), BUYER)

    def stop() -> None:
        assert hung.is_asked.wait(20)
        asking.stop()

    stopper = threading.Thread(target=stop)
    stopper.start()
    answer = asking.run()
    stopper.join()
    assert [] == other.asked
    assert not answer.complete
