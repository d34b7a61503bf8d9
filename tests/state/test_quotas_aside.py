"""Counters whose file is locked for a moment: each process counts on for itself, and they are shared again after it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from couponhub.state import AccountQuota, StoreSettings
from couponhub.state.sqlite import counters
from couponhub.state.sqlite.counters import _Aside
from couponhub.state.windows import WindowRow
from tests.kit.examples import examples
from tests.state.kit import quotas_at, store_of

NOW = 1_700_000_000.0  # 22:13:20 UTC, 20 seconds into a minute
LIMITS = {"calls_per_minute": 10, "calls_per_day": 100}


class Process:
    """One of several that share the counters, with clocks that are set by hand."""

    def __init__(self, store: StoreSettings) -> None:
        self.now, self.clock = NOW, 0.0
        self.quotas = quotas_at(store, now=lambda: self.now)
        store_of(self.quotas)._counters._clock = lambda: self.clock
        self.budgets: AccountQuota = self.quotas.of("account", LIMITS)

    def take(self, calls: int) -> int:
        """How many of so many calls are granted."""
        return sum(self.budgets.take("calls") is None for _ in range(calls))


@pytest.fixture
def store(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> StoreSettings:
    """Keep the counters in a folder of the test, and wait for nobody who locks them."""
    monkeypatch.setattr(counters, "_BUSY_SECONDS", 0.0)
    return StoreSettings(url=f"sqlite:///{tmp_path}/store.db")


@contextmanager
def locked(store: StoreSettings) -> Iterator[None]:
    """Keep everybody else out of the file."""
    with closing(sqlite3.connect(store.path.with_suffix(".quotas.db"), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def test_a_locked_file_is_gone_back_to(store: StoreSettings, caplog: pytest.LogCaptureFixture) -> None:
    """What was counted meanwhile is added, once, and others see it; each turn is told once."""
    one, other = Process(store), Process(store)
    assert (2, 1) == (one.take(2), other.take(1))
    with locked(store):
        assert 3 == one.take(3)
        one.clock = 10.0
        assert 1 == one.take(1), "it is tried again, and is still locked"
    assert 1 == other.take(1)
    one.clock = 20.0
    assert 1 == one.take(1)
    assert {"calls_per_minute": 1, "calls_per_day": 91} == other.budgets.left() == one.budgets.left()
    assert (1, 0) == (one.take(3), other.take(3))
    assert ["memory", "shared"] == [
        word for record in caplog.records for word in ("memory", "shared") if word in record.message
    ]


def test_it_is_not_tried_at_every_call(store: StoreSettings) -> None:
    """For some seconds nobody is kept waiting by a file that has just failed."""
    one = Process(store)
    one.take(1)
    with locked(store):
        one.take(1)
    one.take(1)
    assert {"calls_per_minute": 9, "calls_per_day": 99} == Process(store).budgets.left()
    one.clock = 3.0
    one.take(1)
    assert {"calls_per_minute": 6, "calls_per_day": 96} == Process(store).budgets.left()


def test_alone_it_keeps_to_what_it_saw_last(store: StoreSettings) -> None:
    """A locked file gives nobody a whole budget anew."""
    one = Process(store)
    one.take(7)
    with locked(store):
        assert 3 == one.take(20)
        spent = one.budgets.take("calls")
        assert spent is not None
        assert ("calls_per_minute", 40.0) == (spent.limit, spent.seconds)


def test_the_vendors_word_is_brought_along(store: StoreSettings) -> None:
    """A refusal that came while the file was locked holds for all."""
    one, other = Process(store), Process(store)
    assert (1, 1) == (one.take(1), other.take(1))
    with locked(store):
        one.budgets.exhaust("calls", 12)
    one.clock = 10.0
    assert (0, 0) == (one.take(1), other.take(1))


def test_windows_that_are_over_are_left(store: StoreSettings) -> None:
    """What was counted in a minute that has ended says nothing of the next."""
    one = Process(store)
    one.take(1)
    with locked(store):
        one.take(5)
    one.clock, one.now = 10.0, NOW + 45
    assert 1 == one.take(1)
    assert {"calls_per_minute": 9, "calls_per_day": 93} == one.budgets.left()


ROWS = st.builds(
    WindowRow,
    ends=st.sampled_from([NOW - 1, NOW + 10, NOW + 40]),
    used=st.integers(0, 20),
    cap=st.none() | st.integers(1, 20),
)


@settings(max_examples=examples(200), deadline=None)
@given(seen=ROWS | st.none(), counted=st.integers(0, 20), there=ROWS | st.none())
def test_nothing_that_was_counted_is_lost(
    seen: WindowRow | None, counted: int, there: WindowRow | None
) -> None:
    """Whatever both have done, what stands in the file afterwards is at least what each has counted in it."""
    key = ("account", "calls_per_minute")
    begun = {} if seen is None else {key: seen}
    file: dict[tuple[str, str], WindowRow] = {} if there is None else {key: there}

    class File:
        """The rows of the file."""

        def get(self, key: tuple[str, str]) -> WindowRow | None:
            """Read one."""
            return file.get(key)

        def put(self, key: tuple[str, str], row: WindowRow) -> None:
            """Write one."""
            file[key] = row

    aside = _Aside(begun)
    base = seen if seen is not None and seen.ends > NOW else WindowRow(ends=NOW + 40, used=0, cap=None)
    aside.put(key, WindowRow(ends=base.ends, used=base.used + counted, cap=base.cap))
    aside.add_to(File(), NOW)

    current = there if there is not None and there.ends > NOW else WindowRow(ends=NOW, used=0, cap=None)
    after = file.get(key)
    assert not counted or (after is not None and after.used >= current.used + counted)
    assert after is None or there is None or after.ends >= there.ends
