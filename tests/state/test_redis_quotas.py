"""Quotas of many machines in Redis: the rules of all quotas, exactness, lost data, and the share while it is away."""

import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import attrs
import pytest

from couponhub.secret import Secret
from couponhub.state import Granted, Quotas, QuotaStore, SharedSettings, Spent, Window
from couponhub.state.machine_quotas import WriteQuotas
from couponhub.state.redis.link import Link
from couponhub.state.redis.quotas import RedisQuotas
from couponhub.state.redis.scripts import TimeOfDay
from couponhub.testing.state_conformance.harness import QuotaHarness, Worker
from couponhub.testing.state_conformance.quotas import QuotaRules, granted, left
from couponhub.testing.state_conformance.samples import DAY, MINUTE
from tests.kit.processes import forked
from tests.kit.servers import RedisServer, running_redis

LAST = attrs.evolve(DAY, limit=300)
_WORKER = """
import sys
from couponhub.secret import Secret
from couponhub.state import SharedSettings
from couponhub.state.redis.link import Link
from couponhub.state.redis.quotas import RedisQuotas
from couponhub.testing.state_conformance.worker import take_calls_of
take_calls_of(RedisQuotas(Link(SharedSettings(url=Secret(sys.argv[1])))), *sys.argv[2:])
"""


def at(server: RedisServer, share: float = 0.25) -> SharedSettings:
    """The settings that name a server."""
    return SharedSettings(url=Secret(server.url), share=share)


class RedisHarness(QuotaHarness):
    """Redis, with a clock that can be moved."""

    def __init__(self, server: RedisServer) -> None:
        self._server = server
        self._ahead = 0.0
        self.workers: list[Worker] = []

    def quotas(self) -> QuotaStore:
        """See `QuotaHarness.quotas`."""
        return RedisQuotas(
            Link(at(self._server), time_of_day=TimeOfDay.MOVED), now=lambda: time.time() + self._ahead
        )

    def jump(self, seconds: float) -> None:
        """See `QuotaHarness.jump`."""
        self._ahead += seconds
        self._server.client().set("couponhub:clock-moved-by", round(self._ahead * 1000))

    def take_calls(self, account: str, calls: int) -> Worker:
        """See `QuotaHarness.take_calls`."""
        self.workers.append(Worker([sys.executable, "-c", _WORKER, self._server.url, account, str(calls)]))
        return self.workers[-1]


class TestRedisQuotas(QuotaRules):
    """Every rule of quotas."""

    @pytest.fixture
    def counted(self, redis_server: RedisServer) -> Iterator[QuotaHarness]:
        """Put Redis to the rules."""
        harness = RedisHarness(redis_server)
        yield harness
        for worker in harness.workers:
            worker.close()


class Machine:
    """One of several machines that share a Redis, with clocks that are set by hand."""

    def __init__(self, server: RedisServer, *, share: float = 0.25) -> None:
        self.passed = 0.0
        self.link = Link(at(server, share), clock=lambda: self.passed)
        self.quotas = RedisQuotas(self.link, now=lambda: time.time() + self.passed)
        self.writes = WriteQuotas(self.quotas)

    def take(self, calls: int, windows: tuple[Window, ...] = (DAY,)) -> int:
        """How many of so many calls are granted."""
        return granted(self.quotas, calls, windows=windows)


@pytest.fixture
def server() -> Iterator[RedisServer]:
    """A Redis of the test's own."""
    with running_redis() as one:
        yield one


def _take_with_four_threads() -> None:
    url = sys.argv[1]
    quotas = RedisQuotas(Link(SharedSettings(url=Secret(url))))
    with ThreadPoolExecutor(4) as pool:
        print(sum(pool.map(lambda _: granted(quotas, 200, windows=(LAST,)), range(4))))  # noqa: T201 - what is asked for


def test_the_window_never_gives_more_than_its_limit(redis_server: RedisServer, tmp_path: Path) -> None:
    """Eight threads in two processes that ask 1,600 times are granted 300 of 300."""
    with (
        forked(_take_with_four_threads, redis_server.url, folder=tmp_path) as one,
        forked(_take_with_four_threads, redis_server.url, folder=tmp_path) as other,
    ):
        assert 300 == int(one.ended().stdout) + int(other.ended().stdout)


def test_a_redis_that_lost_its_data_counts_on(server: RedisServer) -> None:
    """A server that was started anew, empty, takes over what each machine saw last."""
    one, other = Machine(server), Machine(server)
    assert (600, 100) == (one.take(600), other.take(100))
    server.kill()
    server.start()
    assert 100 == other.take(100)
    assert 1000 - left(other.quotas, (DAY,))[DAY.name] == 800
    assert 200 == one.take(400)


def test_who_comes_new_to_a_redis_that_lost_its_data_spends_nothing_twice(server: RedisServer) -> None:
    """Calls of a machine that knows of none before are counted beside those that the others remember, once, in either order."""
    one, other = Machine(server), Machine(server)
    assert (500, 100) == (one.take(500), other.take(100))
    server.kill()
    server.start()
    new = Machine(server)
    assert 150 == new.take(150), "nobody has said yet what was spent"
    assert 100 == other.take(100)
    assert 100 == one.take(100)
    assert 50 == new.take(1000)
    assert (0, 0) == (one.take(100), other.take(100))


def test_who_is_refused_tells_what_is_spent(server: RedisServer) -> None:
    """A machine that knows of all calls being made tells the next one that asks, though it is granted none itself."""
    one = Machine(server)
    assert 1000 == one.take(1000)
    server.kill()
    server.start()
    assert 0 == one.take(1)
    assert 0 == Machine(server).take(1)


def test_lookups_go_on_with_a_share_and_writes_wait(
    server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Without Redis a machine uses its part of what was left, and no call that changes something; each turn is told once."""
    one, other = Machine(server), Machine(server)
    assert (200, 200) == (other.take(200), one.take(200))
    assert 0 == 1000 - 400 - left(one.quotas, (DAY,))[DAY.name]
    server.kill()
    spent = one.writes.take("account", "calls", (DAY,), 1)
    assert isinstance(spent, Spent)
    assert (None, False, True) == (spent.limit, spent.daily, spent.is_away)
    assert 0 < spent.seconds <= 3
    mine = one.take(1000)
    assert mine <= 200
    theirs = other.take(1000)
    assert mine + theirs <= 600, "never more than there is"
    assert 0 < theirs
    assert 2 == len(caplog.records), "one line for each process"
    server.start()
    one.passed = other.passed = 5.0
    assert isinstance(one.writes.take("account", "calls", (DAY,), 1), Granted)
    other.take(1)
    assert 1000 - 400 - mine - theirs - 2 == left(one.quotas, (DAY,))[DAY.name]
    assert 4 == len(caplog.records)
    assert "is used again" in caplog.text


def test_what_the_vendor_said_meanwhile_is_told_to_all(server: RedisServer) -> None:
    """A refusal, a limit and a pause that one machine heard while Redis was away hold for all once it is back."""
    one, other = Machine(server, share=0.5), Machine(server)
    one.take(1)
    server.kill()
    assert one.quotas.learn("account", DAY, limit=400, remaining=100, ends_in=3600)
    assert 50 == left(one.quotas, (DAY,))[DAY.name]
    one.quotas.exhaust("account", MINUTE, 50)
    one.quotas.pause("account", "other", 500)
    server.start()
    one.passed = 5.0
    one.quotas.left("account", {"calls": (DAY,)})
    assert {DAY.name: 100, MINUTE.name: 0} == left(other.quotas, (MINUTE, DAY))
    paused = other.quotas.take("account", "other", (DAY,), 1)
    assert isinstance(paused, Spent)
    assert 490 <= paused.seconds <= 500


def test_leases_are_as_quick_as_ever_and_never_of_the_share(server: RedisServer) -> None:
    """While Redis is away nothing is leased ahead: a write after that finds none to use."""
    machine = Machine(server)
    quotas = Quotas(machine.quotas, writes=machine.writes)
    account = quotas.of("account", {"calls_per_day": 100_000})
    assert [None] * 300 == [account.take("calls", changes=True) for _ in range(300)]
    held = sum(lease.left for lease in account._leases.get().values())
    server.kill()
    assert [None] * held == [account.take("calls", changes=True) for _ in range(held)], "these are counted"
    assert account.take("calls") is None
    spent = account.take("calls", changes=True)
    assert spent is not None
    assert spent.is_away


def test_nobody_waits_for_the_one_who_tries_whether_it_is_back(server: RedisServer) -> None:
    """While one thread asks a Redis that hangs, the others count their share at once."""
    machine = Machine(server)
    machine.take(1)
    server.suspend()
    machine.take(1)
    own = machine.quotas._own.get()
    with own.settling:
        machine.passed = 5.0
        assert 3 == machine.take(3)
    server.go_on()
    machine.passed = 10.0
    machine.take(1)
    counted = 1000 - left(machine.quotas, (DAY,))[DAY.name]
    assert counted in {6, 7}, (
        "the one that it took and did not answer may count twice, and none counts nothing"
    )
