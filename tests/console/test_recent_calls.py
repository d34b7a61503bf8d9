"""How a connection's calls went lately: on its card, of all servers, and never in the way of the page."""

import re

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import expect

from couponhub.console.recent_calls import CallLatency, ConnectionCalls, RecentCalls
from couponhub.errors import LocalError
from couponhub.state import CallRecord, Scope
from couponhub.testing.state_conformance.samples import new_call
from tests.console.browser import Visitor
from tests.console.harness import ConsoleHarness


def call(name: str, *, seconds: float = 0.0, outcome: str = "ok", took: int = 10) -> CallRecord:
    """A call to moengage, answered so many seconds after this hour began."""
    made = new_call(name, seconds=seconds, outcome=outcome)
    return attrs.evolve(made, connection="moengage", milliseconds=took, status=200)


def test_a_card_tells_the_last_success_the_last_error_and_how_long_calls_take(
    console: ConsoleHarness, visitor: Visitor
) -> None:
    """With the word for what went wrong; the link to all of them is for those who may follow it."""
    calls = [call(f"c{number}", seconds=number, took=100 + number) for number in range(40)]
    console.hub.state.vendor_calls.write([*calls, call("bad", seconds=50, outcome="rate_limited", took=900)])
    visitor.sign_in(console.token(Scope.LOOKUP, Scope.LISTS_READ, Scope.ADMIN))
    visitor.go("/connections")
    card = visitor.page.locator("#standing-2")
    expect(card).to_contain_text("Nothing has gone well since:")
    expect(card).to_contain_text(re.compile("rate_limited|refused for its rate"))
    expect(card).to_contain_text("half of them up to 120 ms, 95 of 100 up to 138 ms (the last 41 answered")
    visitor.require_accessible()
    link = card.get_by_role("link", name="See them").get_attribute("href")
    assert "/requests?connection=moengage&outcome=failed" == link

    console.sign_in(Scope.LOOKUP, Scope.LISTS_READ)
    assert "outcome=failed" not in console.client.get("/connections").text


def test_what_cannot_be_read_is_left_out(console: ConsoleHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    """A state that fails leaves the card without it; where no call is kept it says so."""
    assert ConnectionCalls() == RecentCalls(console.hub).of("nobody")

    def fails(*_: object, **__: object) -> None:
        raise LocalError("the store is away")

    monkeypatch.setattr(console.hub.state.vendor_calls, "newest", fails)
    assert RecentCalls(console.hub).of("moengage") is None


def test_a_failure_counts_until_something_went_well() -> None:
    """The later of both decides."""
    well, bad = call("a", seconds=5), call("b", seconds=6, outcome="unavailable")
    assert (
        bad.at
        == ConnectionCalls(succeeded=well, failed=bad).fails_since
        == ConnectionCalls(failed=bad).fails_since
    )
    later = attrs.evolve(well, at=bad.at)
    assert (
        ConnectionCalls(succeeded=later, failed=bad).fails_since
        is ConnectionCalls(succeeded=well).fails_since
        is None
    )


@given(st.lists(st.integers(0, 60_000), min_size=1, max_size=60))
def test_latency_lies_within_what_was_measured(took: list[int]) -> None:
    """The half is no more than the 95 of a hundred, of few the latter is not told; calls without an answer do not count."""
    told = CallLatency.of([call(str(place), took=ms) for place, ms in enumerate(took)])
    assert told is not None
    assert min(took) <= told.median <= (told.most_of_all or max(took)) <= max(took)
    assert (told.most_of_all is None) == (len(took) < 20)
    assert CallLatency.of([attrs.evolve(call("x"), status=None)]) is None
