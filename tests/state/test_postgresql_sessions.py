"""What ends with a process, and what a process that stood still may do: locks, leases, facts on PostgreSQL."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress

import attrs
import pytest

from couponhub.errors import LocalError, WaitTimeout
from couponhub.models import JobId, JobStatus
from couponhub.state import StoreSettings
from couponhub.state.postgresql.database import PostgresqlDatabase
from couponhub.state.postgresql.facts import FactPreference, Facts, FactSignal
from couponhub.state.postgresql.locks import SessionLocks, lock_number
from couponhub.state.postgresql.owners import SessionOwners
from couponhub.state.sql.jobs import SqlJobs
from couponhub.testing.state_conformance.samples import new_job
from tests.kit.eventually import eventually
from tests.kit.servers import running_postgresql

NAME = ("shop", "L1")


@pytest.fixture
def store(postgresql_url: str) -> Iterator[PostgresqlDatabase]:
    """An empty store."""
    with closing(PostgresqlDatabase(StoreSettings(url=postgresql_url))) as made:
        yield made


class Process:
    """A forked process that works with a store of its own, and says when it is ready."""

    def __init__(self, url: str, work: Callable[[PostgresqlDatabase, Callable[[], None]], int]) -> None:
        reads, writes = os.pipe()
        self.number = os.fork()
        if not self.number:
            ended = 99
            with suppress(BaseException), closing(PostgresqlDatabase(StoreSettings(url=url))) as store:
                ended = work(store, lambda: (os.write(writes, b"x"), None)[1])
            os._exit(ended)
        os.close(writes)
        assert b"x" == os.read(reads, 1)
        os.close(reads)

    def send(self, what: signal.Signals) -> None:
        """Send it a signal."""
        os.kill(self.number, what)

    def ended(self) -> int:
        """Wait for its end, and return its code."""
        return os.waitstatus_to_exitcode(os.waitpid(self.number, 0)[1])


def test_a_lock_ends_with_its_process_though_a_child_lives(
    store: PostgresqlDatabase, postgresql_url: str
) -> None:
    """A child that was forked off under the lock, and in which nothing was closed, does not keep it."""

    def hold(own: PostgresqlDatabase, ready: Callable[[], None]) -> int:
        with SessionLocks(own).hold(NAME, timeout=0):
            reads, writes = os.pipe()
            if not os.fork():
                os.close(writes)
                ready()
                os.read(reads, 1)  # until the test, too, has let go of it
                os._exit(0)
            signal.pause()
        return 0

    process = Process(postgresql_url, hold)
    locks = SessionLocks(store)
    assert locks.is_held(NAME)
    process.send(signal.SIGKILL)
    process.ended()
    eventually(lambda: not locks.is_held(NAME))


def test_a_child_that_leaves_the_block_takes_nothing(store: PostgresqlDatabase) -> None:
    """It has no lock, and says good-bye for nobody: its parent's holds."""
    locks = SessionLocks(store)
    with suppress(SystemExit), locks.hold(NAME, timeout=0):
        child = os.fork()
        if child:
            assert 0 == os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            assert locks.is_held(NAME)
            with pytest.raises(WaitTimeout), locks.hold(NAME, timeout=0):
                pass
        else:
            raise SystemExit
    if not child:
        os._exit(0 if locks.is_held(NAME) else 1)
    assert not locks.is_held(NAME)


def test_who_stood_still_past_the_lease_writes_nothing(
    store: PostgresqlDatabase, postgresql_url: str
) -> None:
    """A worker that was stopped, and whose job another one has driven to its end, is told so by what it wants to write."""
    jobs = SqlJobs(store, SessionOwners(store))
    job = jobs.create(new_job())

    def drive(own: PostgresqlDatabase, ready: Callable[[], None]) -> int:
        slow = SqlJobs(own, SessionOwners(own))
        with slow.worker() as owner:
            claimed = slow.claim(job.id, owner, seconds=0.05)
            assert claimed is not None
            ready()
            signal.sigwait({signal.SIGUSR1})
            step = attrs.evolve(claimed.steps[0], status=JobStatus.FAILED)
            refused = slow.advance(job.id, owner, step, ended=JobStatus.FAILED) is None
            return 0 if refused and slow.renew(job.id, owner, seconds=60) is None else 1

    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    try:
        process = Process(postgresql_url, drive)
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGUSR1})
    process.send(signal.SIGSTOP)
    with jobs.worker() as owner:
        eventually(lambda: jobs.claim(job.id, owner, seconds=60) is not None)
        done = [attrs.evolve(step, status=JobStatus.DONE) for step in job.steps]
        ended = jobs.advance(job.id, owner, *done, ended=JobStatus.DONE)
    process.send(signal.SIGCONT)
    process.send(signal.SIGUSR1)
    assert 0 == process.ended()
    assert ended == jobs.get(job.id)


@pytest.mark.parametrize(("seconds", "is_held"), [(100, True), (-100, True), (2000, False), (-2000, False)])
def test_a_servers_clock_may_be_set_a_little(
    store: PostgresqlDatabase, monkeypatch: pytest.MonkeyPatch, seconds: float, is_held: bool
) -> None:
    """A lease of ten minutes outlives a clock that is set by less; one that is years off keeps no job from being driven."""
    owners = SessionOwners(store)
    jobs = SqlJobs(store, owners)
    job = jobs.create(new_job())
    with jobs.worker() as owner, jobs.worker() as other:
        assert jobs.claim(job.id, owner, seconds=600) is not None
        right = SessionOwners.now
        monkeypatch.setattr(SessionOwners, "now", lambda self, database: right(self, database) + seconds)
        assert is_held == (jobs.claim(job.id, other, seconds=60) is None)


def test_names_are_told_apart_by_their_words() -> None:
    """However the words are cut, and whatever they are used for."""
    numbers = [
        lock_number(*words)
        for words in (("a", "bc"), ("ab", "c"), ("abc",), ("a", "bc", ""), ("", "a", "bc"))
    ]
    assert len(numbers) == len(set(numbers))
    assert all(-(2**63) <= number < 2**63 for number in numbers)


def test_facts_are_read_while_the_server_is_away_without_waiting() -> None:
    """Both are one line, and neither asks again for a while; after it both are there again."""
    now = 0.0
    with ExitStack() as held:
        server = held.enter_context(running_postgresql())
        settings = StoreSettings(url=server.url(server.new_database()))
        store = held.enter_context(closing(PostgresqlDatabase(settings)))
        facts = Facts(store, monotonic=lambda: now)
        one, preference = FactSignal(facts), FactPreference(facts)
        one.announce()
        preference.set(["new"])
        latest = one.latest()
        server.stop("immediate")
        for read in (one.latest, preference.get):
            with pytest.raises(LocalError, match="refused"):
                read()
        server.start()
        with pytest.raises(LocalError, match="refused"):
            one.latest()  # the last look was a moment ago
        now = 11.0
        assert (latest, ("new",)) == (one.latest(), preference.get())


def test_a_preference_of_another_hand_is_refused(store: PostgresqlDatabase) -> None:
    """It is told, not followed."""
    facts = Facts(store)
    for wrong in ("{}", "[1]", '["a", "a"]', "no json"):
        facts.write("preference", wrong)
        with pytest.raises(LocalError, match="order of lookups"):
            FactPreference(facts).get()


def test_an_id_with_a_nul_is_nobodys(store: PostgresqlDatabase) -> None:
    """PostgreSQL holds no such text: nothing is found by it, as with any other unknown id."""
    jobs = SqlJobs(store, SessionOwners(store))
    assert jobs.get(JobId("up\0")) is None
    job = jobs.create(new_job())
    with jobs.worker() as owner:
        jobs.claim(job.id, owner, seconds=60)
        told = jobs.advance(job.id, owner, attrs.evolve(job.steps[0], evidence="a\0b"))
    assert told is not None
    assert "a\ufffdb" == told.steps[0].evidence, "as near as can be"
