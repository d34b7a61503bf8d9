"""S-100 to S-107: the log of migrations between vendors, and which connections lookups ask first."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from couponhub.errors import UsageError
from couponhub.state import LoggedEvent
from couponhub.testing.state_conformance.harness import StateHarness

_DETAILS = {"digest": "ü-1", "counts": {"all": 3, "share": 0.5}, "forced": None, "steps": [1, True]}


class MigrationRules:
    """Rules of what is kept of migrations."""

    def test_s100_what_is_answered_is_what_others_find(self, harness: StateHarness) -> None:
        """S-100: every event as it was answered, in its order, whatever the clock does; migrations as they began."""
        log, other = harness.open().migration_log, harness.open().migration_log
        assert ((), ()) == (other.events("mig_b"), other.all())
        first = log.append("mig_b", "planned", _DETAILS, after=0)
        harness.jump(-3600.0)
        foreign = other.append("mig_a", "planned", after=0)
        second = other.append("mig_b", "cut over", {"window": 7}, after=1)
        assert first is not None
        assert second is not None
        assert foreign is not None
        assert (1, "planned", _DETAILS) == (first.number, first.kind, first.details)
        assert (2, timedelta(0)) == (second.number, second.at.utcoffset())
        assert second.at < first.at
        assert (first, second) == log.events("mig_b") == other.events("mig_b")
        assert [("mig_b", first, second), ("mig_a", foreign, foreign)] == [
            (one.id, one.first, one.last) for one in log.all()
        ]
        assert () == log.events("MIG_B")

    def test_s101_who_knows_less_writes_nothing(self, harness: StateHarness) -> None:
        """S-101: an event that does not follow the last one is refused, whether that is older or not there yet."""
        log = harness.open().migration_log
        kept = tuple(log.append("mig_a", kind, after=number) for number, kind in enumerate(("one", "two")))
        assert None not in kept
        assert [None] * 4 == [log.append("mig_a", "late", after=after) for after in (0, 1, 3, -1)]
        assert None is log.append("mig_b", "early", after=1)
        assert (kept, ()) == (log.events("mig_a"), log.events("mig_b"))

    def test_s102_one_of_many_is_first(self, harness: StateHarness) -> None:
        """S-102: of threads and processes that write at once one is first for each number; no event is lost or doubled."""
        workers = [harness.spawn("log_events", "mig_a", name, "15") for name in ("x", "y")]
        log = harness.open().migration_log

        def decide(number: int) -> LoggedEvent | None:
            return log.append("mig_b", "decided", {"by": number}, after=0)

        with ThreadPoolExecutor(4) as pool:
            decided = [event for event in pool.map(decide, range(8)) if event is not None]
        said = sorted(step for worker in workers for step in worker.rest())
        events = log.events("mig_a")
        assert (tuple(decided), 1) == (log.events("mig_b"), len(decided))
        assert [*range(1, 31)] == [event.number for event in events]
        assert said == sorted(f"{event.details['by']}:{event.number}" for event in events)

    @pytest.mark.parametrize("steps", [1, 6])
    def test_s103_a_kill_amid_events(self, harness: StateHarness, steps: int) -> None:
        """S-103: what was answered is there, and at most one more; whoever comes next goes on behind it."""
        worker = harness.spawn("log_events", "mig_a", "x", "100000")
        said = [worker.step() for _ in range(steps)]
        said += worker.kill()
        log = harness.open().migration_log
        events = log.events("mig_a")
        assert said == [f"x:{event.number}" for event in events][: len(said)]
        assert len(said) <= len(events) <= len(said) + 1
        assert log.append("mig_a", "next", after=len(events)) is not None

    @pytest.mark.parametrize("details", [{"set": {1}}, {"number": float("nan")}, {"bytes": b"C-1"}])
    def test_s104_what_is_no_json_is_refused(
        self, harness: StateHarness, details: Mapping[str, object]
    ) -> None:
        """S-104: nothing is written of it, and it is not quoted."""
        log = harness.open().migration_log
        with pytest.raises(UsageError) as raised:
            log.append("mig_a", "planned", details, after=0)
        assert "C-1" not in str(raised.value)
        for migration_id, kind in (("", "planned"), ("mig_a", "")):
            with pytest.raises(UsageError):
                log.append(migration_id, kind, after=0)
        assert () == log.all()

    def test_s105_lookups_prefer_what_was_set_last(self, harness: StateHarness) -> None:
        """S-105: none at first; every process sees the last that was set; what cannot be meant changes nothing."""
        one, other = harness.open().preference, harness.open().preference
        assert () == one.get()
        one.set(["new", "ält"])
        assert ("new", "ält") == other.get()
        other.set(("old",))
        for wrong in (["old", "old"], [""], [1], ["new", None]):
            with pytest.raises(UsageError):
                one.set(wrong)  # type: ignore[arg-type]
        assert ("old",) == one.get()
        one.set(())
        assert () == other.get()

    def test_s106_both_are_in_a_backup(self, harness: StateHarness, tmp_path: Path) -> None:
        """S-106: events and preference come back as they were when it was made, and no later."""
        state = harness.open()
        kept = state.migration_log.append("mig_a", "planned", _DETAILS, after=0)
        state.preference.set(["new", "old"])
        harness.back_up(state, tmp_path / "backup")
        state.migration_log.append("mig_a", "applied", after=1)
        state.preference.set(["old"])
        back = harness.restore(tmp_path / "backup")
        assert ((kept,), ("new", "old")) == (back.migration_log.events("mig_a"), back.preference.get())
        assert () == back.maintenance.check(thorough=True).faults

    @pytest.mark.parametrize("steps", [1, 6])
    def test_s107_a_kill_amid_a_switch(self, harness: StateHarness, steps: int) -> None:
        """S-107: the last that was answered holds, or the next, whole; and it can be switched again."""
        worker = harness.spawn("switch")
        said = [worker.step() for _ in range(steps)]
        said += worker.kill()
        preference = harness.open().preference
        assert ",".join(preference.get()) in {said[-1], ",".join(reversed(said[-1].split(",")))}
        preference.set(["last"])
        assert ("last",) == harness.open().preference.get()
