"""S-40 to S-48: calls counted in windows."""

from concurrent.futures import ThreadPoolExecutor

import attrs
import pytest

from couponhub.state import Granted, QuotaStore, Spent, Window
from couponhub.testing.state_conformance.harness import QuotaHarness, QuotasOfState, StateHarness
from couponhub.testing.state_conformance.samples import DAY, MINUTE

BOTH = (MINUTE, DAY)


def granted(quotas: QuotaStore, calls: int, want: int = 1, windows: tuple[Window, ...] = BOTH) -> int:
    """Ask so often, and return how many calls were granted in all."""
    answers = [quotas.take("account", "calls", windows, want) for _ in range(calls)]
    return sum(answer.calls for answer in answers if isinstance(answer, Granted))


def left(quotas: QuotaStore, windows: tuple[Window, ...] = BOTH) -> dict[str, int]:
    """Return what is left of the account."""
    return dict(quotas.left("account", {"calls": windows}))


def to_a_new_minute(counted: QuotaHarness, quotas: QuotaStore) -> None:
    """Let the clock jump to the beginning of a minute."""
    answer = quotas.take("clock", "calls", [MINUTE], 1)
    assert isinstance(answer, Granted)
    counted.jump(answer.ends_in)


class QuotaRules:
    """Rules of how calls are counted; a subclass may give the fixture `counted` alone, for a `QuotaStore` that is no state's."""

    @pytest.fixture
    def counted(self, harness: StateHarness) -> QuotaHarness:
        """Put the counters of the state to the rules."""
        return QuotasOfState(harness)

    def test_s40_all_windows_or_none(self, counted: QuotaHarness) -> None:
        """S-40: a call that a minute refuses is not counted against the day; which window is told, and for how long."""
        quotas = counted.quotas()
        to_a_new_minute(counted, quotas)
        assert granted(quotas, 120) == 100
        assert {MINUTE.name: 0, DAY.name: 900} == left(quotas)
        spent = quotas.take("account", "calls", BOTH, 1)
        assert isinstance(spent, Spent)
        assert (MINUTE.name, False) == (spent.limit, spent.daily)
        assert 0 < spent.seconds <= 60
        counted.jump(spent.seconds)
        assert granted(quotas, 1) == 1

    def test_s41_a_lease_is_a_small_part_of_what_is_left(self, counted: QuotaHarness) -> None:
        """S-41: granted is what is wanted, at most a 200th of what is left in the scarcest window, and at least one."""
        quotas = counted.quotas()
        many = (attrs.evolve(DAY, limit=10_000),)
        assert granted(quotas, 1, want=3, windows=many) == 3
        assert granted(quotas, 1, want=1_000, windows=many) == 49
        assert {DAY.name: 9_948} == left(quotas, many)
        few = (attrs.evolve(MINUTE, limit=150),)
        assert granted(quotas, 1, want=1_000, windows=few) == 1

    def test_s42_accounts_and_kinds_are_apart(self, counted: QuotaHarness) -> None:
        """S-42: one account's calls are nobody else's, and neither are those of another kind."""
        quotas = counted.quotas()
        one = Window("fetch_per_day", 1, 86_400)
        assert isinstance(quotas.take("a", "fetch", [one], 1), Granted)
        assert isinstance(quotas.take("a", "fetch", [one], 1), Spent)
        assert isinstance(quotas.take("b", "fetch", [one], 1), Granted)
        other = Window("send_per_day", 1, 86_400)
        assert isinstance(quotas.take("a", "send", [other], 1), Granted)
        assert {one.name: 0, other.name: 0} == quotas.left("a", {"fetch": [one], "send": [other]})

    def test_s43_the_vendors_word_wins(self, counted: QuotaHarness) -> None:
        """S-43: its figure only raises what is counted; its limit stands in the place of ours until its window ends."""
        quotas = counted.quotas()
        other = counted.quotas()
        assert quotas.learn("account", DAY, limit=None, remaining=400, ends_in=3600)
        assert {DAY.name: 400} == left(other, (DAY,))
        assert not quotas.learn("account", DAY, limit=None, remaining=800, ends_in=3600)
        assert {DAY.name: 400} == left(other, (DAY,))
        assert quotas.learn("account", DAY, limit=5000, remaining=4000, ends_in=3600)
        assert {DAY.name: 4000} == left(other, (DAY,))
        counted.jump(3601)
        assert {DAY.name: 1000} == left(other, (DAY,))

    def test_s44_a_refusal_closes_a_window(self, counted: QuotaHarness) -> None:
        """S-44: nothing is granted before the moment that the vendor named, by anybody."""
        quotas, other = counted.quotas(), counted.quotas()
        quotas.exhaust("account", DAY, 3000)
        spent = other.take("account", "calls", BOTH, 1)
        assert isinstance(spent, Spent)
        assert (DAY.name, True) == (spent.limit, spent.daily)
        assert 2000 <= spent.seconds <= 3000
        counted.jump(3000)
        assert granted(other, 1) == 1

    def test_s45_a_pause_outlasts_all_windows(self, counted: QuotaHarness) -> None:
        """S-45: a kind that is paused has nothing, whatever its windows have left; a clock set back ends it."""
        quotas, other = counted.quotas(), counted.quotas()
        quotas.pause("account", "calls", 7200)
        counted.jump(3600)
        spent = other.take("account", "calls", (MINUTE,), 1)
        assert isinstance(spent, Spent)
        assert (spent.limit, spent.daily) == (None, False)
        assert 3500 <= spent.seconds <= 3600
        assert left(other) == {}
        counted.jump(3600)
        assert granted(other, 1) == 1
        quotas.pause("account", "calls", 86_400)
        counted.jump(-7200)
        assert granted(other, 1) == 1

    @pytest.mark.parametrize("jump", [-30 * 86_400.0, 30 * 86_400.0, 400 * 86_400.0])
    def test_s46_a_clock_that_jumps_locks_nobody_out(self, counted: QuotaHarness, jump: float) -> None:
        """S-46: a window that would end in a far future counts as none, as one that is over does."""
        quotas = counted.quotas()
        one = (Window("fetch_per_day", 1, 86_400),)
        assert granted(quotas, 2, windows=one) == 1
        counted.jump(jump)
        assert granted(quotas, 2, windows=one) == 1

    def test_s47_together_never_more_than_there_is(self, counted: QuotaHarness) -> None:
        """S-47: two processes and four threads that ask for twice the limit get the limit."""
        workers = [counted.take_calls("account", 500) for _ in range(2)]
        quotas = counted.quotas()
        with ThreadPoolExecutor(4) as pool:
            own = sum(pool.map(lambda _: granted(quotas, 250, windows=(DAY,)), range(4)))
        theirs = sum(worker.rest().count("granted") for worker in workers)
        assert own + theirs == 1000
        assert {DAY.name: 0} == left(quotas, (DAY,))

    @pytest.mark.parametrize("steps", [1, 30])
    def test_s48_what_a_killed_process_took_is_counted(self, counted: QuotaHarness, steps: int) -> None:
        """S-48: whatever it was granted, and at most one call more."""
        worker = counted.take_calls("account", 1_000_000)
        for _ in range(steps):
            assert worker.step() == "granted"
        count = steps + len(worker.kill())
        quotas = counted.quotas()
        assert 1000 - left(quotas, (DAY,))[DAY.name] in {min(1000, count), min(1000, count + 1)}
        assert count >= 1000 or granted(quotas, 1, windows=(DAY,)) == 1
