"""Repetitions do not multiply what a failing vendor has to bear."""

import pytest

from couponhub.errors import VendorUnavailable
from couponhub.transport import Request
from couponhub.transport.retry import RetryPolicy, RetryReserve
from tests.kit.clock import FakeClock
from tests.kit.scripted_server import ScriptedServer, says
from tests.transport.transports import transport_to, understood

READ = Request(operation="read lists", method="GET", path="/lists")


def test_a_reserve_is_spent_and_earned() -> None:
    """One for each repetition; a fifth of one for each success, and never more than there was."""
    reserve = RetryReserve(2)
    assert [True, True, False] == [reserve.take() for _ in range(3)]
    for _ in range(5):
        reserve.give_back()
    assert [True, False] == [reserve.take() for _ in range(2)]
    for _ in range(1000):
        reserve.give_back()
    assert [True, True, False] == [reserve.take() for _ in range(3)]


def test_a_dead_vendor_is_soon_asked_once_each_time(server: ScriptedServer, waits: FakeClock) -> None:
    """The reserve is the transport's, whoever calls."""
    server.otherwise = lambda _: says(503)
    transport = transport_to(server.url, waits=waits, retry=RetryPolicy(reserve=5))
    for _ in range(10):
        with pytest.raises(VendorUnavailable):
            transport.call(READ, understood)

    assert 10 + 5 == len(server.seen)


def test_a_vendor_that_recovers_is_repeated_to_again(server: ScriptedServer, waits: FakeClock) -> None:
    """Its answers fill the reserve."""
    transport = transport_to(server.url, waits=waits, retry=RetryPolicy(reserve=1))
    server.plays(says(503))
    transport.call(READ, understood)
    server.plays(says(503))
    with pytest.raises(VendorUnavailable):
        transport.call(READ, understood)
    for _ in range(4):
        transport.call(READ, understood)
    server.plays(says(503))

    assert 200 == transport.call(READ, understood).status


def test_a_rate_limit_spends_nothing(server: ScriptedServer, waits: FakeClock) -> None:
    """The vendor said when to come again."""
    transport = transport_to(server.url, waits=waits, retry=RetryPolicy(reserve=0))
    server.plays(says(429, headers={"Retry-After": "1"}))

    assert 200 == transport.call(READ, understood).status
