"""S-30 to S-35: locks by name."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from couponhub.errors import WaitTimeout
from couponhub.testing.state_conformance.harness import StateHarness
from couponhub.testing.state_conformance.samples import LIST, begin

NAME = ("shop", "L 1/ä")
NAMES = (NAME, ("shop", "L 1"), ("shop",), ("shop", "L 1/ä", "x"), ("..", ".."), ("other", "L 1/ä"))


class LockRules:
    """Rules of what a lock keeps apart."""

    def test_s30_one_has_it(self, harness: StateHarness) -> None:
        """S-30: while one holds a lock another waits as long as it may, also on the same opening; then it is free."""
        one, other = harness.open().locks, harness.open().locks
        assert not one.is_held(NAME)
        with one.hold(NAME, timeout=None):
            assert (one.is_held(NAME), other.is_held(NAME)) == (True, True)
            for locks in (one, other):
                with pytest.raises(WaitTimeout), locks.hold(NAME, timeout=0):
                    pass
        assert not other.is_held(NAME)
        with other.hold(NAME, timeout=0):
            pass

    def test_s31_names_are_apart(self, harness: StateHarness) -> None:
        """S-31: all of these can be held at once, whatever stands in them."""
        locks = harness.open().locks
        with ExitStack() as held:
            for number, name in enumerate(NAMES):
                assert [True] * number == [locks.is_held(other) for other in NAMES[:number]]
                assert not locks.is_held(name)
                held.enter_context(locks.hold(name, timeout=0))

    def test_s32_a_kill_lets_it_go(self, harness: StateHarness) -> None:
        """S-32: a lock ends with its process, and nobody waits for a dead one."""
        worker = harness.spawn("hold_lock", *NAME)
        assert worker.step() == "held"
        locks = harness.open().locks
        assert locks.is_held(NAME)
        with pytest.raises(WaitTimeout), locks.hold(NAME, timeout=0):
            pass
        worker.kill()
        with locks.hold(NAME, timeout=20):
            assert locks.is_held(NAME)

    def test_s33_who_waits_gets_it(self, harness: StateHarness) -> None:
        """S-33: whoever waits has the lock once its holder is done."""
        worker = harness.spawn("hold_lock", *NAME)
        assert worker.step() == "held"
        locks = harness.open().locks
        with ThreadPoolExecutor(1) as pool:

            def wait() -> bool:
                with locks.hold(NAME, timeout=60):
                    return True

            waiting = pool.submit(wait)
            worker.go_on()
            assert waiting.result()
        assert worker.rest() == ["free"]

    def test_s34_threads_take_turns(self, harness: StateHarness) -> None:
        """S-34: of eight threads never two are inside at once."""
        states, inside, most = [harness.open(), harness.open()], 0, 0

        def work(number: int) -> None:
            nonlocal inside, most
            with states[number % 2].locks.hold(NAME, timeout=60):
                inside += 1
                most = max(most, inside)
                begin(states[number % 2].ledger("shop"), ["A"])
                inside -= 1

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(work, range(8)))
        assert most == 1
        assert len(states[0].ledger("shop").of_list(LIST)) == 8

    def test_s35_a_lists_lock_tells_who_is_sending(self, harness: StateHarness) -> None:
        """S-35: only the newest upload of a list whose lock is held may be under way, as any process sees it."""
        ledger, other = harness.open().ledger("shop"), harness.open().ledger("shop")
        older, newest = begin(ledger, ["A"]), begin(ledger, ["B"])
        with ledger.list_lock(LIST, timeout=None):
            assert [other.is_locked(older), other.is_locked(newest)] == [False, True]
            with (
                pytest.raises(WaitTimeout, match="still being sent"),
                other.list_lock(LIST, timeout=0),
            ):
                pass
        assert not other.is_locked(newest)
