"""When a vendor is not asked for a while: faults and silence count, answers of any kind do not."""

import pytest

from couponhub import errors
from couponhub.errors import (
    AuthRejected,
    Conflict,
    CouponhubError,
    NotFound,
    PermissionDenied,
    RateLimited,
    RequestRejected,
    UnreadableReply,
    VendorUnavailable,
)
from couponhub.resilience import ResilienceSettings
from couponhub.resilience.circuit_breaker import CircuitBreaker, shows_life
from couponhub.resilience.health_probe import HealthProbe
from tests.resilience.harness import down, silent

LIFE = {AuthRejected, PermissionDenied, NotFound, RequestRejected, Conflict}


class Wants(HealthProbe):
    """Makes no probe, and notes whether any are wanted."""

    def __init__(self) -> None:
        super().__init__("shop", lambda _: None, lambda _: None, every=4.0, timeout=4.0)
        self.wanted = False

    def want(self, wanted: bool) -> None:
        """Take note."""
        self.wanted = wanted


def breaker_of(limit: int = 3, probe: HealthProbe | None = None) -> CircuitBreaker:
    """Make one that is closed."""
    return CircuitBreaker("shop", ResilienceSettings(failures=limit, probe_every=4.0), probe or Wants())


def opened(limit: int = 3) -> CircuitBreaker:
    """Make one that has just opened, at 0."""
    breaker = breaker_of(limit)
    for _ in range(limit):
        breaker.failed(down(), asked=0.0)
    assert breaker.is_open
    return breaker


def test_every_error_says_life_or_nothing() -> None:
    """Each class of the tree is decided; a spent budget of ours and a fault here say nothing of the vendor."""
    classes: list[type[CouponhubError]] = [getattr(errors, row[0]) for row in errors.table()]

    assert LIFE == {kind for kind in classes if shows_life(kind("no"))}
    assert shows_life(None)
    assert shows_life(RateLimited("slow down", status=429))
    assert not shows_life(RateLimited("the budget is spent, so nothing was sent"))
    assert not shows_life(KeyError("ours"))


def test_it_opens_after_so_many_in_a_row() -> None:
    """An answer in between begins the count anew."""
    breaker = breaker_of(3, probes := Wants())
    for _ in range(2):
        breaker.failed(down(), asked=0.0)
    breaker.answered(0.0)
    assert [False, False] == [breaker.failed(down(), asked=0.0) for _ in range(2)]
    assert (False, 0, False) == (breaker.is_open, breaker.opened_total, probes.wanted)
    assert breaker.failed(down(), asked=0.0)

    assert (True, 1, True) == (breaker.is_open, breaker.opened_total, probes.wanted)
    breaker.answered(1.0)
    assert (False, False) == (breaker.is_open, probes.wanted)


def test_it_says_why_it_does_not_ask() -> None:
    """How often it failed, how the last time, and when to come again; no caller's error is kept for that."""
    breaker = opened()
    breaker.failed(silent(), asked=0.0)
    error = breaker.refusal()

    assert (
        "shop customer coupons: not asked: it has failed 4 times in a row, last: no whole answer came in time (try again in 4 s)"
        == str(error)
    )
    assert (4.0, False, True, True) == (error.retry_after, error.sent, error.too_slow, error.retryable)
    breaker = opened(1)
    assert "not asked: it has failed once, last: it broke" == breaker.refusal().message
    assert not breaker.refusal().too_slow


def test_an_answer_closes_it_at_once() -> None:
    """One that was under way when it opened, say."""
    breaker = opened()
    breaker.answered(1.0)
    for _ in range(2):
        breaker.failed(down(), asked=1.0)

    assert not breaker.is_open


@pytest.mark.parametrize("error", [None, AuthRejected("no"), PermissionDenied("no"), KeyError("ours")])
def test_a_probe_closes_it_on_probation(error: Exception | None) -> None:
    """Whatever the vendor said to it; the next failure of a question opens it again."""
    breaker = opened()
    breaker.probed(error, 1.0)
    assert not breaker.is_open
    breaker.failed(down(), asked=1.0)

    assert (True, 2) == (breaker.is_open, breaker.opened_total)
    assert "failed 4 times in a row" in breaker.refusal().message


def test_a_probe_that_fails_keeps_it_open() -> None:
    """That is no second opening."""
    breaker = opened()
    breaker.probed(down(), 1.0)

    assert (True, 1) == (breaker.is_open, breaker.opened_total)


def test_what_began_before_it_closed_says_nothing_of_the_time_since() -> None:
    """Questions of the outage time out one after the other when it is over."""
    breaker = opened()
    breaker.probed(None, 1.0)
    breaker.failed(silent(), asked=0.9)
    assert not breaker.is_open
    breaker.failed(silent(), asked=1.0)

    assert breaker.is_open


def test_a_probe_that_nobody_wants_any_more_changes_nothing() -> None:
    """It was under way when an answer closed the breaker."""
    breaker = opened()
    breaker.answered(1.0)
    breaker.probed(VendorUnavailable("no"), 2.0)

    assert not breaker.is_open


def unread(breaker: CircuitBreaker, times: int) -> None:
    """Have so many replies come that nobody can read."""
    for _ in range(times):
        breaker.failed(UnreadableReply("no JSON came"), asked=0.0)


def test_nonsense_is_half_a_failure() -> None:
    """Twice as many in a row open it; mixed with failures they add up, and an answer begins the count anew."""
    breaker = breaker_of(3)
    unread(breaker, 5)
    breaker.answered(0.0)
    unread(breaker, 5)
    assert not breaker.is_open
    unread(breaker, 1)
    assert breaker.is_open
    mixed = breaker_of(3)
    mixed.failed(down(), asked=0.0)
    unread(mixed, 3)
    assert not mixed.is_open
    mixed.failed(down(), asked=0.0)
    assert mixed.is_open


def test_nonsense_again_does_not_close_it() -> None:
    """What opened by nonsense stays open while probes get nonsense too; a readable one closes it, on probation."""
    breaker = breaker_of(3)
    unread(breaker, 6)
    for _ in range(5):
        breaker.probed(UnreadableReply("no JSON came"), 1.0)
    assert breaker.is_open
    breaker.probed(None, 1.0)
    assert not breaker.is_open
    breaker.failed(UnreadableReply("no JSON came"), asked=2.0)
    assert (True, 2) == (breaker.is_open, breaker.opened_total)


def test_a_check_that_cannot_be_read_does_not_close_a_vendor_for_ever() -> None:
    """After fifteen a question is tried all the same; where it is answered, all is well."""
    breaker = breaker_of(3)
    unread(breaker, 6)
    for _ in range(15):
        assert breaker.is_open
        breaker.probed(UnreadableReply("the check is odd"), 1.0)
    assert not breaker.is_open
    breaker.answered(2.0)
    unread(breaker, 5)
    assert not breaker.is_open


def test_after_silence_any_word_is_life() -> None:
    """Also one that cannot be read: the vendor is there."""
    breaker = opened()
    breaker.probed(UnreadableReply("no JSON came"), 1.0)
    assert not breaker.is_open


def test_what_this_process_lacks_says_nothing_to_a_probe() -> None:
    """Neither that the vendor is dead nor that it lives."""
    crowded = VendorUnavailable("too many large replies", local=True)
    breaker = opened()
    before = str(breaker.refusal())
    breaker.probed(crowded, 1.0)
    assert (True, before) == (breaker.is_open, str(breaker.refusal()))
