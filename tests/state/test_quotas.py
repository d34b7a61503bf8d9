"""Rate limits that are shared: windows, the vendor's word, several processes, and no place to write."""

import multiprocessing
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from couponhub.state import AccountQuota, StoreSettings
from tests.kit.clock import FakeClock
from tests.kit.processes import forked
from tests.state.kit import quotas_at, store_of

NOW = 1_700_000_000.0  # 22:13:20 UTC, 20 seconds into a minute
BEGAN = datetime.fromtimestamp(NOW, UTC)
LIMITS = {"upload_per_minute": 2, "upload_per_day": 3, "file_bytes": 64, "create_list_per_day": 0}


@pytest.fixture
def settings(tmp_path: Path) -> StoreSettings:
    """Keep the counters in a folder of the test."""
    return StoreSettings(url=f"sqlite:///{tmp_path.as_posix()}/store.db")


def test_a_window_gives_what_it_holds_and_says_when_the_next_begins(settings: StoreSettings) -> None:
    """After two calls in a minute the third is told how long to wait; after three in a day, until midnight."""
    clock = FakeClock(began=BEGAN)
    budgets = quotas_at(settings, now=clock.epoch).of("account", LIMITS)
    assert [None, None] == [budgets.take("upload"), budgets.take("upload")]
    spent = budgets.take("upload")
    assert spent is not None
    assert ("upload_per_minute", 40.0, False) == (spent.limit, spent.seconds, spent.daily)
    clock.passed += 40
    assert budgets.take("upload") is None
    clock.passed += 60
    spent = budgets.take("upload")
    assert spent is not None
    assert ("upload_per_day", True) == (spent.limit, spent.daily)
    assert 86_400 - (clock.epoch() % 86_400) == spent.seconds
    clock.passed += spent.seconds
    assert budgets.take("upload") is None


def test_a_refused_call_spends_nothing(settings: StoreSettings) -> None:
    """A call that a minute refuses is not counted against the day."""
    budgets = quotas_at(settings, now=FakeClock(began=BEGAN).epoch).of("account", LIMITS)
    for _ in range(5):
        budgets.take("upload")
    assert {"upload_per_minute": 0, "upload_per_day": 1} == budgets.left()


def test_what_has_no_limit_is_never_refused(settings: StoreSettings) -> None:
    """A limit of 0, a name without a window and an unknown budget bound nothing."""
    budgets = quotas_at(settings, now=FakeClock(began=BEGAN).epoch).of("account", LIMITS)
    assert {None} == {
        budgets.take(name) for name in ("create_list", "file", "", "elsewhere") for _ in range(9)
    }


def test_accounts_are_apart_and_connections_of_one_account_are_not(settings: StoreSettings) -> None:
    """The same account named twice spends from one budget, another from its own."""
    quotas = quotas_at(settings, now=FakeClock(began=BEGAN).epoch)
    one, same, other = (quotas.of(name, LIMITS) for name in ("a", "a", "b"))
    assert [None, None] == [one.take("upload"), same.take("upload")]
    assert one.take("upload") is not None
    assert other.take("upload") is None


def test_the_vendors_word_wins(settings: StoreSettings) -> None:
    """Headers raise a limit, and count calls that somebody else has made."""
    clock = FakeClock(began=BEGAN)
    budgets = quotas_at(settings, now=clock.epoch).of("account", LIMITS)
    budgets.learn("upload", limit=10, remaining=4, ends_in=30)
    assert 4 == budgets.left()["upload_per_minute"]
    budgets.learn("upload", limit=10, remaining=9, ends_in=30)
    assert 4 == budgets.left()["upload_per_minute"], (
        "calls that are on their way are not in the vendor's figure"
    )
    budgets.learn("upload", limit=3, remaining=0, ends_in=3_000)
    spent = budgets.take("upload")
    assert spent is not None
    assert ("upload_per_day", 3_000.0) == (spent.limit, spent.seconds)
    clock.passed += 3_001
    assert budgets.take("upload") is None


def test_a_refusal_by_the_vendor_exhausts_the_window(settings: StoreSettings) -> None:
    """After a 429 nobody calls again before the moment that the vendor named."""
    clock = FakeClock(began=BEGAN)
    budgets = quotas_at(settings, now=clock.epoch).of("account", LIMITS)
    budgets.exhaust("upload", 12)
    spent = budgets.take("upload")
    assert spent is not None
    assert 12.0 == spent.seconds
    clock.passed += 13
    assert budgets.take("upload") is None


def test_a_refusal_is_heeded_where_no_limit_is_known(settings: StoreSettings) -> None:
    """All who share the account wait for the vendor's moment, a day at most."""
    clock = FakeClock(began=BEGAN)
    quotas = quotas_at(settings, now=clock.epoch)
    one, same, other = (quotas.of(name, {"file_rows": 5}) for name in ("a", "a", "b"))
    for asked, waited in ((12, 12), (3_600, 3_600), (200_000, 86_400)):
        one.exhaust("calls", asked)
        spent = same.take("calls")
        assert spent is not None
        assert (None, waited, False) == (spent.limit, spent.seconds, spent.daily)
        assert [None, None] == [other.take("calls"), one.take("elsewhere")]
        clock.passed += waited
        assert one.take("calls") is None
    one.exhaust("calls", 30)
    clock.passed -= 86_400
    assert one.take("calls") is None


@pytest.mark.parametrize(
    "limits", [{"calls_per_minute": 100}, {"calls_per_minute": 100, "calls_per_day": 900}]
)
@pytest.mark.parametrize(
    ("asked", "waits"), [(59.0, 59.0), (61.0, 61.0), (3_600.0, 3_600.0), (200_000.0, 86_400.0)]
)
@pytest.mark.parametrize("told", ["by a refusal", "by headers"])
def test_the_vendors_word_is_kept_beyond_our_windows(
    settings: StoreSettings, limits: dict[str, int], asked: float, waits: float, told: str
) -> None:
    """However short they are, for a day at most, in every process that shares the store, and the first call after that goes out."""
    clock = FakeClock(began=BEGAN)
    one, same, other = (quotas_at(settings, now=clock.epoch).of(name, limits) for name in ("a", "a", "b"))
    one.take("calls")
    if told == "by a refusal":
        one.exhaust("calls", asked)
    else:
        one.learn("calls", limit=None, remaining=0, ends_in=asked)
    for passed in (0.0, waits / 2, waits - 1):
        clock.passed = passed
        for budgets in (one, same):
            spent = budgets.take("calls")
            assert spent is not None
            assert waits - passed == spent.seconds
    assert 0 == min(same.left().values())
    assert other.take("calls") is None
    clock.passed = waits
    assert [None, None] == [one.take("calls"), same.take("calls")]


def test_a_clock_that_is_set_back_ends_a_long_pause(settings: StoreSettings) -> None:
    """A moment that lies further off than a day cannot have been named by the vendor."""
    clock = FakeClock(began=BEGAN)
    budgets = quotas_at(settings, now=clock.epoch).of("account", {"calls_per_minute": 100})
    budgets.exhaust("calls", 86_400)
    clock.passed -= 3_600
    assert budgets.take("calls") is None


def test_a_long_window_that_is_not_spent_holds_nobody_back(settings: StoreSettings) -> None:
    """Of a window of the vendor's that is longer than ours, calls that are left may be made."""
    budgets = quotas_at(settings, now=FakeClock(began=BEGAN).epoch).of("account", {"calls_per_minute": 100})
    budgets.learn("calls", limit=1000, remaining=5, ends_in=3_600)
    assert budgets.take("calls") is None


def test_what_is_turned_off_is_never_refused(settings: StoreSettings) -> None:
    """Who sets a limit to 0 wants every call to go out, whatever became of the one before."""
    off = quotas_at(settings, now=FakeClock(began=BEGAN).epoch).of("a", {"calls_per_minute": 0})
    off.exhaust("calls", 30)
    assert off.take("calls") is None


def test_a_clock_that_is_set_back_does_not_lock_the_account(settings: StoreSettings) -> None:
    """A window that would end in a far future counts as none."""
    clock = FakeClock(began=BEGAN)
    budgets = quotas_at(settings, now=clock.epoch).of("account", {"upload_per_minute": 1})
    assert budgets.take("upload") is None
    clock.passed -= 30 * 86_400
    assert budgets.take("upload") is None


def _take(url: str, wanted: int, granted: "multiprocessing.Queue[int]") -> None:
    quotas = quotas_at(StoreSettings(url=url), now=lambda: NOW)
    budgets = quotas.of("account", {"fetch_per_day": 100})
    granted.put(sum(budgets.take("fetch") is None for _ in range(wanted)))


def test_processes_never_exceed_a_quota_together(settings: StoreSettings) -> None:
    """Three processes that each ask for 80 calls get 100 in all."""
    context = multiprocessing.get_context("spawn")
    granted: multiprocessing.Queue[int] = context.Queue()
    processes = [context.Process(target=_take, args=(settings.url, 80, granted)) for _ in range(3)]
    for process in processes:
        process.start()
    assert 100 == sum(granted.get(timeout=60) for _ in processes)
    for process in processes:
        process.join()


def test_without_a_place_to_write_the_process_counts_for_itself(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A store that cannot be written takes no lookup away; that it is so is logged once."""
    (tmp_path / "file").write_text("in the way of a folder")
    quotas = quotas_at(
        StoreSettings(url=f"sqlite:///{tmp_path.as_posix()}/file/store.db"), now=FakeClock(began=BEGAN).epoch
    )
    budgets = quotas.of("account", {"upload_per_minute": 1})
    assert budgets.take("upload") is None
    assert budgets.take("upload") is not None
    assert 1 == len(caplog.records)


def test_no_account_is_kept_in_plain_text(settings: StoreSettings) -> None:
    """What tells accounts apart may hold a key, and is kept as a hash; the file is private."""
    quotas = quotas_at(settings)
    quotas.of("canary-key", LIMITS).take("upload")
    store_of(quotas).close()
    files = list(settings.path.parent.glob("*.quotas.db*"))
    assert files
    for file in files:
        assert b"canary-key" not in file.read_bytes()
        assert 0o600 == file.stat().st_mode & 0o777


MANY = {"calls_per_minute": 10_000}


def taken(budgets: AccountQuota, calls: int) -> int:
    """How many of so many calls were granted."""
    return sum(budgets.take("calls") is None for _ in range(calls))


def test_what_is_counted_ahead_is_neither_lost_nor_doubled(settings: StoreSettings) -> None:
    """One process gets every call of a large limit and not one more, and what is left is right all the way."""
    budgets = quotas_at(settings, now=FakeClock(began=BEGAN).epoch).of("account", MANY)
    lefts = [budgets.left()["calls_per_minute"]]
    for _ in range(10):
        assert 999 == taken(budgets, 999)
        lefts.append(budgets.left()["calls_per_minute"])
    assert [10_000 - 999 * times for times in range(11)] == lefts
    assert 10 == taken(budgets, 20)


def test_several_at_once_get_no_more_than_there_is(settings: StoreSettings) -> None:
    """Two that take in turns get together at most the limit, and all of it but a hundredth."""
    one, other = (quotas_at(settings, now=FakeClock(began=BEGAN).epoch).of("account", MANY) for _ in range(2))
    granted = sum(taken(budgets, 7) for _ in range(1_000) for budgets in (one, other))
    assert 9_900 <= granted <= 10_000


def spend_and_fork() -> None:
    """Spend, fork, and spend on both sides, in a process of its own; say how much each got."""
    budgets = quotas_at(StoreSettings(url=sys.argv[1]), now=lambda: NOW).of("account", MANY)
    before = taken(budgets, 1_000)
    child = os.fork()
    granted = taken(budgets, 10_000)
    if child:
        os.waitpid(child, 0)
        granted += before
    os.write(1, f"{granted}\n".encode())
    if not child:
        os._exit(0)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork")
def test_a_forked_process_does_not_spend_its_parents_calls_again(settings: StoreSettings) -> None:
    """A server that opens everything and then forks its workers keeps to the limit."""
    run = forked(spend_and_fork, str(settings.url), has_children=True).ended()
    assert 9_900 <= sum(map(int, run.stdout.split())) <= 10_000


def test_who_calls_once_takes_once(settings: StoreSettings) -> None:
    """Processes that make one call each count nothing ahead."""
    for _ in range(300):
        assert 1 == taken(quotas_at(settings, now=FakeClock(began=BEGAN).epoch).of("account", MANY), 1)
    assert {"calls_per_minute": 9_700} == quotas_at(settings, now=FakeClock(began=BEGAN).epoch).of(
        "account", MANY
    ).left()


@pytest.mark.parametrize("shift", [60.0, -90.0])
def test_what_was_counted_ahead_ends_with_its_window(settings: StoreSettings, shift: float) -> None:
    """In the next minute, and in one that the clock is set back to, a call is counted anew."""
    clock = FakeClock(began=BEGAN)
    budgets = quotas_at(settings, now=clock.epoch).of("account", MANY)
    taken(budgets, 1_000)
    clock.passed += shift
    assert 1 == taken(budgets, 1)
    assert {"calls_per_minute": 9_999} == budgets.left()


def test_a_refusal_for_the_rate_ends_what_was_counted_ahead(settings: StoreSettings) -> None:
    """Once the vendor has said that nothing is left, nothing is granted until its window ends."""
    clock = FakeClock(began=BEGAN)
    budgets = quotas_at(settings, now=clock.epoch).of("account", MANY)
    taken(budgets, 1_000)
    budgets.exhaust("calls", 30)
    assert 0 == taken(budgets, 100)
    clock.passed += 30
    assert 1 == taken(budgets, 1)


def test_the_vendors_word_ends_what_was_counted_ahead(settings: StoreSettings) -> None:
    """When its headers leave fewer calls than we thought, no more than those are granted."""
    budgets = quotas_at(settings, now=FakeClock(began=BEGAN).epoch).of("account", MANY)
    taken(budgets, 5_000)
    budgets.learn("calls", limit=None, remaining=100, ends_in=30)
    assert 100 == taken(budgets, 1_000)
