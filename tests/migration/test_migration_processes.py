"""Several processes at one migration, and what their machine does to them: interrupted, paused, side by side, a full disk."""

import signal
from collections import Counter
from collections.abc import Iterator
from functools import partial

import pytest

from tests.kit.eventually import eventually
from tests.kit.witness import codes_given
from tests.migration.moves import CODES, ROWS, TARGETS, Move, configure, planned
from tests.migration.world import HOLDER, World
from tests.uploads.test_full_disk import room

_SUBMISSION = "POST */file*"
_LATENCY = 0.3
"""Seconds that the target takes with a file; it shows each within a few times that."""
_SIZES = (9_000, 90_000, 130_000, 170_000)
"""Bytes that no file may grow beyond: from one that holds no store to one that holds nearly all of it."""


@pytest.fixture(params=TARGETS)
def move(request: pytest.FixtureRequest, world: World) -> Move:
    """A migration in each direction, planned."""
    configure(world.cli, settle=4 * _LATENCY, is_paced=False)
    return planned(world, request.param)


@pytest.fixture(autouse=True)
def given() -> Iterator[Counter[str]]:
    """Every code that a vendor was given, with how often; in no test was one given twice."""
    with codes_given("MOVE-[0-9]+") as codes:
        yield codes
    assert Counter(dict.fromkeys(codes, 1)) == codes


def slow(move: Move) -> None:
    """Have the target take its time with each file."""
    rule = {"vendor": move.target, "match": _SUBMISSION, "fault": "latency", "value": _LATENCY}
    move.control.set_faults(rule)


def assert_whole(move: Move) -> None:
    """Each planned code is at the target once, as planned, and the status says so."""
    found = move.status()
    assert ("applied", "done", len(CODES)) == (found["phase"], found["job_status"], found["sent"]), found
    assert move.wanted == move.held()


def test_two_apply_at_once(move: Move) -> None:
    """One does it, the other goes along or says that somebody does; each code goes once."""
    slow(move)
    running = [move.cli.begun(*move.words, output=None) for _ in range(2)]
    ended = [one.ended() for one in running]
    for ran in ended:
        assert ran.returncode == 0 or "just now" in ran.stderr, ran.stderr
        assert "Traceback" not in ran.stderr
    assert 0 in {ran.returncode for ran in ended}
    assert_whole(move)


def test_ctrl_c_leaves_what_can_be_resumed(move: Move, given: Counter[str]) -> None:
    """It says so, and with which command; the exit code is the one of an interrupt."""
    slow(move)
    with move.cli.begun(*move.words, output=None) as running:
        eventually(lambda: len(given) >= ROWS)
        running.send(signal.SIGINT)
        ran = running.ended()
    assert (130, 1) == (ran.returncode, len(ran.stderr.splitlines())), ran.stderr
    assert "`couponhub migrate resume plan.json` goes on" in ran.stderr
    assert 0 == move.resume().code
    assert_whole(move)


def test_a_pause_from_another_process(move: Move, given: Counter[str]) -> None:
    """The file that goes is the last one, whoever sends it, and that one is told how to go on; then it goes on."""
    slow(move)
    for words in (move.words, ("migrate", "resume", "plan.json", "--quiet")):
        before = len(given)
        with move.cli.begun(*words, output=None) as running:
            eventually(lambda: len(given) > before)  # noqa: B023 - called at once
            assert 0 == move.cli("migrate", "pause", "plan.json").code
            ran = running.ended()
        assert (0, True) == (ran.returncode, "`couponhub migrate resume plan.json` goes on" in ran.stderr)
        assert ("paused", True) == (move.status()["job_status"], len(given) < len(CODES))
    paused = len(given)
    assert 0 == move.cli("work", "--once").code
    assert paused == len(given)
    assert 0 == move.resume().code
    assert_whole(move)


def test_a_throttle_from_another_process(move: Move, given: Counter[str]) -> None:
    """Whoever applies heeds it at the next file: no further one goes in that minute, and the status says why."""
    slow(move)
    with move.cli.begun(*move.words, output=None) as running:
        eventually(lambda: len(given) >= ROWS)
        assert 0 == move.cli("migrate", "throttle", "plan.json", "--per-minute", "1").code
        eventually(lambda: "throttled" in str(move.status()["waiting_for"]))
        assert len(given) < len(CODES)
        assert running.is_running
    assert 0 == move.cli("migrate", "throttle", "plan.json").code
    assert 0 == move.resume().code
    assert_whole(move)


def test_a_disk_that_is_full_at_any_step(
    move: Move, given: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 2 in one line, whatever could not be written; with room again it goes on to the end."""
    # Whoever counts what is reached would have its own file on that disk.
    monkeypatch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)
    reached = set()
    for size in _SIZES:
        sent = len(given)
        # Once it is begun, `apply` waits before it tries again what has failed, and `resume` does not.
        is_begun = move.cli("migrate", "status", "plan.json").code == 0
        words = ("migrate", "resume", "plan.json", "--quiet") if is_begun else move.words
        ran = move.cli.apart(*words, before=partial(room, size))
        if ran.code:
            assert (2, 1) == (ran.code, len(ran.err.splitlines())), (size, ran.err)
            assert "MOVE-" not in ran.err
            assert HOLDER["mobile"] not in ran.err
        reached.add((ran.code, len(given) > sent))
    assert (2, False) in reached
    is_begun = move.cli("migrate", "status", "plan.json").code == 0
    assert 0 == (move.resume() if is_begun else move.apply()).code
    assert_whole(move)
