"""S-110 to S-117: the audit log."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest

from couponhub.state import AuditAction, AuditEvent, AuditLog, AuditOutcome, AuditQuestion
from couponhub.testing.state_conformance.harness import StateHarness

_DAY = 86_400.0


def _noted(log: AuditLog, who: str = "ab12", action: AuditAction = AuditAction.SEND_UPLOAD) -> AuditEvent:
    return log.begin(action, who=who, name=f"till of {who}")


def _all(log: AuditLog, question: AuditQuestion | None = None, *, at_most: int = 50) -> Iterator[AuditEvent]:
    """Walk through all pages."""
    page = log.page(question, at_most=at_most)
    yield from page.events
    while page.older is not None:
        page = log.page(question, before=page.older, at_most=at_most)
        assert page.events, "a further page holds something"
        yield from page.events


class AuditRules:
    """Rules of what is written down of who has done what."""

    def test_s110_what_was_written_is_what_others_read(self, harness: StateHarness) -> None:
        """S-110: every event as it was answered, the last written first whatever the clock does; at first there are none."""
        log, other = harness.open().audit, harness.open().audit
        assert ((), None) == attrs.astuple(other.page(), recurse=False)
        first = log.begin(
            AuditAction.REVEAL_CODE,
            who="ab12",
            name="désk\0",
            connection="shop",
            list_id="L 1/ä",
            reference="f00",
            request_id="r1",
            outcome=AuditOutcome.DONE,
        )
        assert (timedelta(0), "shop", "f00") == (first.at.utcoffset(), first.connection, first.reference)
        harness.jump(-3600.0)
        second = _noted(other)
        assert second.at < first.at
        assert first.id != second.id
        assert second.outcome is None
        assert (second, first) == log.page().events == other.page().events

    def test_s111_an_outcome_is_written_once(self, harness: StateHarness) -> None:
        """S-111: the first one stays, with what was made; what is not there has none, and what was named first stays named."""
        log, other = harness.open().audit, harness.open().audit
        made = _noted(log)
        known = log.begin(AuditAction.PAUSE_JOB, who="ab12", name="x", reference="up_1")
        under_way = _noted(log)
        log.end(made.id, AuditOutcome.DONE, reference="up_2")
        other.end(made.id, AuditOutcome.FAILED, reference="up_3")
        other.end(known.id, AuditOutcome.UNKNOWN, reference="up_4")
        other.end("ev_nobody", AuditOutcome.DONE)
        expected = (
            under_way,
            attrs.evolve(known, outcome=AuditOutcome.UNKNOWN),
            attrs.evolve(made, outcome=AuditOutcome.DONE, reference="up_2"),
        )
        assert expected == log.page().events

    def test_s112_pages_have_each_event_once(self, harness: StateHarness) -> None:
        """S-112: the newest first, also while others go on to write; before one that is gone there is nothing."""
        log = harness.open().audit
        written = [_noted(log, str(number)) for number in range(7)]
        for at_most in (1, 3, 7, 8):
            assert written[::-1] == list(_all(log, at_most=at_most))
        page = log.page(at_most=3)
        later = _noted(log)
        assert page.older == written[4].id
        assert tuple(written[3:0:-1]) == log.page(before=page.older, at_most=3).events
        assert (later, written[6]) == log.page(at_most=2).events
        assert () == log.page(before=written[0].id).events == log.page(before="ev_nobody").events

    def test_s113_a_question_narrows(self, harness: StateHarness) -> None:
        """S-113: by kind, by who or name to the letter, by connection, from a moment on and until before another."""
        log = harness.open().audit
        one = log.begin(AuditAction.SEND_UPLOAD, who="ab12", name="till", connection="shop")
        harness.jump(10.0)
        two = log.begin(AuditAction.ARCHIVE_LIST, who="oidc:anna", name="Anna", connection="shop")
        harness.jump(10.0)
        three = log.begin(AuditAction.SEND_UPLOAD, who="oidc:anna", name="Anna", connection="till")

        def asked(**words: Any) -> tuple[AuditEvent, ...]:
            return log.page(AuditQuestion(**words)).events

        assert (three, one) == asked(action=AuditAction.SEND_UPLOAD)
        assert (three, two) == asked(who="Anna") == asked(who="oidc:anna")
        assert (one,) == asked(who="till") == asked(connection="shop", action=AuditAction.SEND_UPLOAD)
        assert () == asked(who="anna") == asked(who="' OR 1=1 --") == asked(connection="SHOP")
        assert (three, two) == asked(since=two.at)
        assert (two, one) == asked(until=three.at)
        assert (two,) == asked(since=two.at, until=three.at)
        only = AuditQuestion(action=AuditAction.SEND_UPLOAD)
        assert [three, one] == list(_all(log, only, at_most=1))

    def test_s114_events_end_by_their_age(self, harness: StateHarness) -> None:
        """S-114: after `audit_days` they are not shown, and with the next event they are gone, their outcomes too."""
        log = harness.open().audit
        old = _noted(log)
        log.end(old.id, AuditOutcome.DONE)
        harness.jump((harness.settings.audit_days - 1) * _DAY)
        newer = _noted(log)
        assert [newer.id, old.id] == [event.id for event in log.page().events]
        harness.jump(2 * _DAY)
        assert (newer,) == log.page().events
        last = _noted(log)
        harness.jump(-3 * _DAY)
        assert (last, newer) == log.page().events

    def test_s115_no_event_is_lost_or_doubled(self, harness: StateHarness) -> None:
        """S-115: of threads and processes that write at once each event is there once, with its outcome."""
        workers = [harness.spawn("audit", name, "10") for name in ("x", "y")]
        log = harness.open().audit
        with ThreadPoolExecutor(4) as pool:
            own = list(pool.map(lambda _: _noted(log, "z"), range(10)))
        said = [step for worker in workers for step in worker.rest()]
        events = list(_all(log, at_most=7))
        assert sorted([*said, *(event.id for event in own)]) == sorted(event.id for event in events)
        assert {"x", "y", "z"} == {event.who for event in events}
        assert {AuditOutcome.DONE} == {event.outcome for event in events if event.who != "z"}

    @pytest.mark.parametrize("steps", [1, 6])
    def test_s116_a_kill_amid_events(self, harness: StateHarness, steps: int) -> None:
        """S-116: what was answered is there, and at most one more; only the last may lack its outcome."""
        worker = harness.spawn("audit", "x", "100000")
        said = [worker.step() for _ in range(steps)]
        said += worker.kill()
        log = harness.open().audit
        events = list(_all(log))[::-1]
        assert said == [event.id for event in events][: len(said)]
        assert len(said) <= len(events) <= len(said) + 1
        assert {AuditOutcome.DONE} >= {event.outcome for event in events[: len(said) - 1]}
        assert _noted(log) in log.page().events

    def test_s117_events_are_in_a_backup(self, harness: StateHarness, tmp_path: Path) -> None:
        """S-117: they come back in their order with their outcomes, and none that came later; long texts were cut."""
        state = harness.open()
        written = [_noted(state.audit, str(number)) for number in range(3)]
        long = state.audit.begin(AuditAction.CREATE_LIST, who="ab12", name="x" * 1000)
        state.audit.end(written[1].id, AuditOutcome.DONE, reference="up_1")
        harness.back_up(state, tmp_path / "backup")
        kept = state.audit.page().events
        _noted(state.audit)
        back = harness.restore(tmp_path / "backup")
        assert kept == back.audit.page().events
        assert [long.id, *(event.id for event in written[::-1])] == [event.id for event in kept]
        assert ("x" * 300, "up_1") == (long.name, kept[2].reference)
