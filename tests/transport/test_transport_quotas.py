"""Budgets are spent before a call leaves, waited for where there is time, and corrected by the vendor's word."""

from pathlib import Path

import pytest

from couponhub.clock import Deadline
from couponhub.errors import QuotaExhausted, RateLimited
from couponhub.state import AccountQuota, StoreSettings
from couponhub.state.budgets import Spent
from couponhub.transport import Request
from couponhub.transport.transport import _refused
from tests.kit.clock import FakeClock
from tests.kit.scripted_server import ScriptedServer, says
from tests.state.kit import quotas_at
from tests.transport.transports import transport_to, understood

READ = Request(operation="fetch lists", method="GET", path="/lists", budget="fetch")
NOW = 1_700_000_000.0  # 40 seconds before the next minute


@pytest.fixture
def budgets(tmp_path: Path, waits: FakeClock) -> AccountQuota:
    """Two calls a minute, on a clock that moves when somebody would sleep."""
    settings = StoreSettings(url=f"sqlite:///{tmp_path.as_posix()}/store.db")
    return quotas_at(settings, now=lambda: NOW + sum(waits.sleeps)).of(
        "account", {"fetch_per_minute": 2, "fetch_per_day": 4}
    )


def test_a_spent_budget_is_waited_for(
    server: ScriptedServer, waits: FakeClock, budgets: AccountQuota
) -> None:
    """The third call of a minute waits for the next one; nothing goes out meanwhile."""
    transport = transport_to(server.url, waits=waits, budget=budgets)
    for _ in range(3):
        transport.call(READ, understood)
    assert [40.0] == waits.sleeps
    assert 3 == len(server.seen)


def test_whoever_is_in_a_hurry_is_told_at_once(
    server: ScriptedServer, waits: FakeClock, budgets: AccountQuota
) -> None:
    """With a caller's deadline a spent budget raises RateLimited, and nothing was sent."""
    transport = transport_to(server.url, waits=waits, budget=budgets)
    for _ in range(2):
        transport.call(READ, understood)
    with pytest.raises(RateLimited) as caught:
        transport.call(READ, understood, deadline=Deadline.after(600))
    assert (40.0, [], 2) == (caught.value.retry_after, waits.sleeps, len(server.seen))


def test_a_spent_day_is_a_quota(server: ScriptedServer, waits: FakeClock, budgets: AccountQuota) -> None:
    """When the reset lies beyond all patience, QuotaExhausted names the limit and the seconds."""
    transport = transport_to(server.url, waits=waits, budget=budgets)
    for _ in range(4):
        transport.call(READ, understood)
    with pytest.raises(QuotaExhausted, match="fetch_per_day") as caught:
        transport.call(READ, understood)
    assert caught.value.retry_after is not None
    assert caught.value.retry_after > 3_600
    assert not caught.value.retryable


def test_the_vendors_headers_win(server: ScriptedServer, waits: FakeClock, budgets: AccountQuota) -> None:
    """A vendor that says that more is left is believed, and so is one that says that nothing is."""
    more = {"x-ratelimit-limit": "100", "x-ratelimit-remaining": "90", "Retry-After": "30"}
    server.plays(says(headers=more), says(headers=more), says(headers=more))
    transport = transport_to(server.url, waits=waits, budget=budgets)
    for _ in range(3):
        transport.call(READ, understood)
    assert [] == waits.sleeps
    assert 88 <= budgets.left()["fetch_per_minute"] <= 90


def test_a_refusal_holds_back_all_who_share_the_account(
    server: ScriptedServer, waits: FakeClock, budgets: AccountQuota
) -> None:
    """After a 429 another transport of the same account does not call before the vendor's moment."""
    server.plays(says(429, headers={"Retry-After": "25"}))
    transport_to(server.url, waits=waits, budget=budgets).call(READ, understood)
    assert [25.0] == waits.sleeps
    other = transport_to(server.url, waits=waits, budget=budgets)
    budgets.exhaust("fetch", 10)
    with pytest.raises(RateLimited):
        other.call(READ, understood, deadline=Deadline.after(5))


def test_a_refusal_is_learned_where_no_limit_is_known(
    server: ScriptedServer, waits: FakeClock, tmp_path: Path
) -> None:
    """Who is in a hurry is told how long the vendor asked to wait, and nothing is sent; who is not waits."""
    settings = StoreSettings(url=f"sqlite:///{tmp_path.as_posix()}/store.db")
    budgets = quotas_at(settings, now=lambda: NOW + sum(waits.sleeps)).of("account", {})
    server.plays(says(429, headers={"Retry-After": "25"}))
    transport = transport_to(server.url, waits=waits, budget=budgets)
    with pytest.raises(RateLimited):
        transport.call(READ, understood, deadline=Deadline.after(5))
    with pytest.raises(RateLimited, match="asked to wait") as caught:
        transport.call(READ, understood, deadline=Deadline.after(5))
    assert (25.0, 1) == (caught.value.retry_after, len(server.seen))
    transport.call(READ, understood)
    assert ([25.0], 2) == (waits.sleeps, len(server.seen))


@pytest.mark.parametrize("limits", [{}, {"fetch_per_minute": 2}, {"fetch_per_minute": 2, "fetch_per_day": 4}])
def test_a_refusal_for_an_hour_is_heeded_for_an_hour(
    server: ScriptedServer, waits: FakeClock, tmp_path: Path, limits: dict[str, int]
) -> None:
    """Whatever our own limits are: the vendor is not called again before, and once after."""
    settings = StoreSettings(url=f"sqlite:///{tmp_path.as_posix()}/store.db")
    passed = [0.0]
    budgets = quotas_at(settings, now=lambda: NOW + passed[0]).of("account", limits)
    server.plays(says(429, headers={"Retry-After": "3600"}))
    transport = transport_to(server.url, waits=waits, budget=budgets)
    for seconds in (0.0, 1.0, 61.0, 1_800.0, 3_599.0):
        passed[0] = seconds
        with pytest.raises(RateLimited) as caught:
            transport.call(READ, understood, deadline=Deadline.after(2))
        assert 3_600 - seconds == caught.value.retry_after
    assert 1 == len(server.seen)
    passed[0] = 3_600.0
    transport.call(READ, understood, deadline=Deadline.after(2))
    assert 2 == len(server.seen)


def test_calls_without_a_budget_are_free(
    server: ScriptedServer, waits: FakeClock, budgets: AccountQuota
) -> None:
    """A call that names no budget is never held back."""
    transport = transport_to(server.url, waits=waits, budget=budgets)
    free = Request(operation="call", method="GET", path="/x")
    for _ in range(9):
        transport.call(free, understood)
    assert ([], 9) == (waits.sleeps, len(server.seen))


def test_a_count_that_is_away_is_what_is_waited_for() -> None:
    """The vendor has refused nothing: whoever waits is not told of its rate limit."""
    away = _refused(Spent(None, 3.0, daily=False, is_away=True))
    assert "all machines" in away.waits_for
    assert "the vendor's rate limit" == _refused(Spent(None, 3.0, daily=False)).waits_for
    assert "calls_per_minute" == _refused(Spent("calls_per_minute", 3.0, daily=False)).waits_for
