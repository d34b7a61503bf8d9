"""Acts are written down before they are done: once, with their outcome, and by whoever the edges say."""

import getpass
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from couponhub.auditing import Actor, Auditor, acting_as, as_was_asked
from couponhub.errors import LocalError, OutcomeUnknown, UsageError
from couponhub.state import AuditAction, AuditLog, AuditOutcome, State, StoreSettings, open_state

SEND = AuditAction.SEND_UPLOAD


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    """A state that was never used."""
    with open_state(StoreSettings(url=f"sqlite:///{tmp_path.as_posix()}/couponhub.db")) as opened:
        yield opened


def outcomes(log: AuditLog) -> list[str | None]:
    """The outcomes that are written down, the oldest first."""
    return [event.outcome for event in log.page().events[::-1]]


def test_an_act_is_there_before_it_is_done_and_its_outcome_after(state: State) -> None:
    """While it runs it has none; then what came of it, and what it has made; a part of it is no act of its own."""
    auditor = Auditor(lambda: state.audit)
    with auditor.act(SEND, connection="shop", list_id="L1") as act:
        (event,) = state.audit.page().events
        assert (None, "shop", "L1", None) == (
            event.outcome,
            event.connection,
            event.list_id,
            event.reference,
        )
        with auditor.act(AuditAction.PAUSE_JOB):
            auditor.note(AuditAction.REVEAL_CODE)
        act.made = "up_1"
    (event,) = state.audit.page().events
    assert (AuditOutcome.DONE, "up_1") == (event.outcome, event.reference)
    user = getpass.getuser()
    assert (f"local:{user}", user, None) == (event.who, event.name, event.request_id)
    with as_was_asked(), auditor.act(SEND):
        auditor.note(AuditAction.REVEAL_CODE)
    assert 1 == len(state.audit.page().events)


@pytest.mark.parametrize(
    ("raised", "outcome"),
    [
        (UsageError("wrong"), AuditOutcome.FAILED),
        (ValueError("a fault of ours"), AuditOutcome.FAILED),
        (OutcomeUnknown("lost"), AuditOutcome.UNKNOWN),
        (KeyboardInterrupt(), AuditOutcome.UNKNOWN),
    ],
    ids=["refused", "fault", "lost", "interrupted"],
)
def test_what_broke_off_says_so(state: State, raised: BaseException, outcome: AuditOutcome) -> None:
    """It is raised as it was, and the next act is one again."""
    auditor = Auditor(lambda: state.audit)
    with pytest.raises(type(raised)) as caught, auditor.act(SEND):
        raise raised
    assert raised is caught.value
    with auditor.act(SEND):
        pass
    assert [outcome, AuditOutcome.DONE] == outcomes(state.audit)


def test_who_acts_is_said_by_the_edge(state: State) -> None:
    """For the block, and for an act in it; whoever is within another block is that one."""
    auditor = Auditor(lambda: state.audit)
    with acting_as(Actor(who="ab12", name="desk", request_id="r1")):
        auditor.note(AuditAction.REVEAL_CODE, reference="f00")
        with acting_as(Actor(who="oidc:anna", name="Anna")), auditor.act(SEND):
            pass
    auditor.note(AuditAction.REVEAL_CODE)
    third, second, first = state.audit.page().events
    assert ("ab12", "desk", "r1", "f00") == (first.who, first.name, first.request_id, first.reference)
    assert ("oidc:anna", None) == (second.who, second.request_id)
    assert third.who.startswith("local:")
    assert {AuditOutcome.DONE} == {event.outcome for event in (first, second, third)}


def test_what_cannot_be_written_down_is_not_done() -> None:
    """The error says that nothing was done, and why; a code is not shown either."""

    def broken() -> AuditLog:
        raise LocalError("the disk is full", hint="make room")

    auditor, done = Auditor(broken), []
    told = "audit log, so nothing was done: the disk is full"
    with pytest.raises(LocalError, match=told) as raised, auditor.act(SEND):
        done.append("sent")
    assert "make room" == raised.value.hint
    with pytest.raises(LocalError, match="the disk is full"):
        auditor.note(AuditAction.REVEAL_CODE)
    assert [] == done
    with Auditor().act(SEND):
        done.append("nobody keeps a log")
    assert 1 == len(done)


def test_an_outcome_that_cannot_be_written_changes_nothing(
    state: State, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What was done stands, or what was raised; the process's log tells of it."""
    auditor = Auditor(lambda: state.audit)

    def broken(*_: object, **__: object) -> None:
        raise LocalError("the disk is full")

    monkeypatch.setattr(state.audit, "end", broken)
    with caplog.at_level(logging.WARNING), auditor.act(SEND) as act:
        act.made = "up_1"
    assert "the disk is full" in caplog.text
    caplog.clear()
    with pytest.raises(UsageError), auditor.act(SEND):
        raise UsageError("wrong")
    assert [None, None] == outcomes(state.audit)
    assert not caplog.text, "an error is one line"
