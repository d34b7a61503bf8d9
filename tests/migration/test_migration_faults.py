"""Each thing that may go wrong while a migration runs ends in a clear state: told in one line, nothing lost, nothing doubled."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from couponhub.clock import Clock
from tests.kit.shared_clock import SharedClock
from tests.kit.witness import codes_given
from tests.migration.moves import CODES, HELD, ROWS, TARGETS, Move, configure, live_by, planned
from tests.migration.world import HOLDER, World

_SUBMISSION = "POST */file*"
DAY = timedelta(days=1)
MOBILE = HOLDER["mobile"]


@pytest.fixture
def clock(world: World, monkeypatch: pytest.MonkeyPatch) -> SharedClock:
    """A clock of both vendors and of this process, which every sleep sets ahead."""
    configure(world.cli)
    shared = SharedClock.began(world.cli.folder / "clock", world.cli.server.url)
    live_by(monkeypatch, shared.clock)
    return shared


@pytest.fixture(params=TARGETS)
def move(request: pytest.FixtureRequest, world: World, clock: SharedClock) -> Move:  # noqa: ARG001 - lives by it
    """A migration in each direction, planned."""
    return planned(world, request.param)


@pytest.fixture(autouse=True)
def given() -> Iterator[Counter[str]]:
    """Every code that a vendor was given, with how often; in no test was one given twice."""
    with codes_given("MOVE-[0-9]+") as codes:
        yield codes
    assert Counter(dict.fromkeys(codes, 1)) == codes


def begun(move: Move, parts: int = 1) -> None:
    """Apply until so many parts are sent, and the vendor goes away; it is back by the end."""
    pass_on = {"vendor": move.target, "match": _SUBMISSION, "fault": "latency", "value": 0, "times": parts}
    fail = {"vendor": move.target, "match": _SUBMISSION, "fault": "status", "value": 503}
    move.control.set_faults(pass_on, fail)
    ran = move.apply()
    assert 0 != ran.code, ran.out
    assert ran.complaint
    move.control.set_faults()


def assert_whole(move: Move) -> None:
    """Each planned code is at the target once, as planned, and the status says so."""
    found = move.status()
    assert ("applied", "done", len(CODES)) == (found["phase"], found["job_status"], found["sent"]), found
    assert move.wanted == move.held()


def driven(move: Move, clock: SharedClock, hours: int) -> None:
    """Let `work` look once an hour, as a timer would."""
    for _ in range(hours):
        move.cli("work", "--once")
        clock.sleep(3600)


def test_a_vendor_that_is_dead_for_a_day(move: Move, clock: SharedClock) -> None:
    """Nobody watches: work tries again and again, and ends it when the vendor is back; the status says what it waits for."""
    begun(move)
    move.control.fail("* /*", "status", 503)
    driven(move, clock, 24)
    waits = move.status()
    assert ("applying", "pending") == (waits["phase"], waits["job_status"])
    assert waits["waiting_for"]
    move.control.set_faults()
    driven(move, clock, 4)
    assert_whole(move)


def test_a_quota_that_others_ate(move: Move, clock: SharedClock) -> None:
    """It waits as long as the vendor says, tells until when at least, and needs nobody."""
    refused = {"status": 429, "headers": {"Retry-After": "7200"}}
    move.control.fail(_SUBMISSION, "status", refused, times=1)
    begun = clock.now()
    ran = move.apply("--timeout", "60")
    assert (3, True) == (ran.code, "has not ended in time: it waits for " in ran.complaint)
    waits = move.status()
    assert "429" in waits["waiting_for"]
    assert datetime.fromisoformat(waits["ends_at"]) - begun >= timedelta(seconds=7200)
    ran = move.apply()
    assert (0, True) == (ran.code, clock.now() - begun >= timedelta(seconds=7200))
    assert_whole(move)


def test_documented_limits(move: Move, clock: SharedClock) -> None:
    """With the vendors' own limits on, of which others have used up a part, no call is refused that was not to be."""
    for vendor in move.cli.vendors.values():
        vendor.set_rate_limits(documented=True)
    move.control.fail(_SUBMISSION, "status", {"status": 429, "headers": {"Retry-After": "60"}}, times=3)
    assert 0 == move.apply().code
    assert_whole(move)
    assert clock.ahead > 179


def test_a_file_that_is_rejected_as_a_whole(world: World, clock: SharedClock, given: Counter[str]) -> None:  # noqa: ARG001 - lives by it
    """Its codes are counted as not taken, and a new plan moves those and no others."""
    move = planned(world, "moengage")
    move.control.set_options(fail_next_files=1)
    ran = move.apply()
    assert (3, True) == (ran.code, f"{ROWS} of {len(CODES)} codes were not taken" in ran.complaint)
    found = move.status()
    assert ("applied", len(CODES) - ROWS) == (found["phase"], found["sent"])
    proof = move.cli("migrate", "verify", "plan.json", "-o", "json").json
    assert (len(CODES) - ROWS, ROWS) == (proof["classes"]["="], proof["classes"]["-"])
    again = world.plan(
        *("--from", "capillary", "--list", move.source_id, "--to", "moengage"),
        *("--to-list", found["target_list_id"], "--codes", "Winter.csv", "--force", "the rest"),
        out="rest.json",
    )
    assert 0 == again.code, again.err
    assert [ROWS] == [batch["rows"] for batch in again.json["batches"]]
    applied = world.cli("migrate", "apply", "rest.json", "--confirm", again.json["digest"], "-q")
    assert 0 == applied.code, applied.err
    assert move.wanted == move.held()
    given.subtract(list(given - Counter(dict.fromkeys(given, 1))))  # the file that failed was fetched, too


def test_rows_that_the_vendor_rejects(world: World, clock: SharedClock) -> None:  # noqa: ARG001 - lives by it
    """Two of a hundred: the run ends, says how many were not taken, and proves that only those are missing."""
    codes = [*(f"MOVE-{number:04}" for number in range(98)), "MOVE-00098", "MOVE-00099"]
    move = planned(world, "capillary", codes, held=())
    move.control.set_options(max_code_length=len("MOVE-0000"))
    ran = move.apply()
    assert (3, True) == (ran.code, "2 of 100 codes were not taken" in ran.complaint)
    assert ("applied", 98, 100) == tuple(
        ran_status[key] for ran_status in [move.status()] for key in ("phase", "sent", "rows")
    )
    assert Counter((code, None) for code in codes[:98]) == move.held()
    proof = move.cli("migrate", "verify", "plan.json", "-o", "json").json
    assert 2 == proof["equation"]["rejected"]


def test_counters_of_the_source_that_move(move: Move) -> None:
    """What was handed out meanwhile is told by the second pass, which finds it or says that nobody knows."""
    begun(move)
    source = move.cli.control["moengage" if move.target == "capillary" else "capillary"]
    source.issue(move.source_id, HOLDER, codes=[CODES[-1]])
    assert 0 == move.resume().code
    assert_whole(move)
    (event,) = [one for one in move.status()["events"] if one["kind"] == "finished"]
    assert "handed out" in event["message"]
    assert 3 == move.cli("migrate", "verify", "plan.json").code


@pytest.mark.parametrize("days", [1, -1])
def test_a_clock_that_jumps(
    move: Move, clock: SharedClock, monkeypatch: pytest.MonkeyPatch, days: int
) -> None:
    """Set a day ahead or back in the middle, and righted later: it ends, and waits no day for nothing."""
    shift = timedelta()
    shown = Clock(now=lambda: clock.now() + shift, monotonic=clock.monotonic, sleep=clock.sleep)
    live_by(monkeypatch, shown)
    begun(move)
    shift = days * DAY
    move.control.fail(_SUBMISSION, "status", 503)
    assert 0 != move.resume().code
    move.control.set_faults()
    shift = timedelta()
    driven(move, clock, 3)
    assert_whole(move)


def test_a_throttle_outlives_a_clock_that_was_set_back(
    move: Move, clock: SharedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that seems to go out tomorrow does not hold the next one back until then."""
    shift = DAY
    shown = Clock(now=lambda: clock.now() + shift, monotonic=clock.monotonic, sleep=clock.sleep)
    live_by(monkeypatch, shown)
    begun(move)
    shift = timedelta()
    assert 0 == move.cli("migrate", "throttle", "plan.json", "--per-minute", "60").code
    assert 0 == move.resume().code
    assert clock.ahead < 3600
    assert_whole(move)


def test_a_list_that_is_archived_meanwhile(world: World, clock: SharedClock) -> None:  # noqa: ARG001 - lives by it
    """It stops with what to do; once the list is active again, what is left is sent, and nothing that was sent."""
    move = planned(world, "moengage")
    begun(move, parts=2)
    list_id = move.status()["target_list_id"]
    assert 0 == world.cli("lists", "archive", "moengage", list_id, "--yes").code
    for _ in range(2):
        ran = move.resume()
        assert 3 == ran.code
        assert "archived" in ran.complaint or "not active" in ran.complaint
        assert "couponhub migrate resume" in ran.complaint
    assert "partial: " in move.status()["waiting_for"]
    activated = world.cli("lists", "activate", "moengage", list_id, "--expires", "2099-12-31", "--yes")
    assert 0 == activated.code, activated.err
    assert 0 == move.resume().code
    # The vendor has dropped what was there when the list was archived: that is not for us to send again unasked.
    assert Counter((code, None) for code in CODES[2 * ROWS :]) == move.held()
    assert 3 == world.cli("migrate", "verify", "plan.json").code


@pytest.mark.parametrize("parts", [1, 5, 6])
def test_somebody_who_is_forgotten_meanwhile(
    world: World,
    clock: SharedClock,  # noqa: ARG001 - lives by it
    parts: int,
) -> None:
    """Their codes that were not sent stay at the source, and are counted as that; what was sent is there."""
    move = planned(world, "capillary")
    if parts < len(CODES) // ROWS:
        begun(move, parts=parts)
    else:
        assert 0 == move.apply().code
    assert 0 == world.cli("forget", "--mobile", MOBILE, "--yes").code
    ran = move.resume()
    assert 0 == ran.code, ran.err
    stay = min(len(HELD), len(CODES) - parts * ROWS)
    found = move.status()
    moved = len(CODES) - stay
    assert ("applied", moved, moved) == (found["phase"], found["sent"], found["rows"])
    assert moved == move.held().total()
    assert len(HELD) - stay == sum(1 for _, mobile in move.held() if mobile == MOBILE)
    for words in (("report",), ("verify",)):
        equation = move.cli("migrate", *words, "plan.json", "-o", "json").json["equation"]
        assert (moved, stay, 0) == tuple(equation[key] for key in ("moved", "issued_elsewhere", "unknown"))


def test_one_of_several_in_a_file_who_is_forgotten(
    world: World,
    clock: SharedClock,  # noqa: ARG001 - lives by it
) -> None:
    """Their row is taken out of a file that is prepared already; the others' rows go, it is told, and all of it adds up."""
    other = {"mobile": "919812345678"}
    world.cli.control["capillary"].add_customer(**other)
    move = planned(world, "capillary", others=dict.fromkeys(HELD[1::2], other["mobile"]))
    begun(move, parts=4)
    assert 0 == world.cli("forget", "--mobile", MOBILE, "--yes").code
    ran = move.resume()
    moved = len(CODES) - len(HELD[::2])
    assert (3, True) == (
        ran.code,
        f"{len(CODES) - moved} of {len(CODES)} codes were not taken" in ran.complaint,
    )
    assert Counter({key: count for key, count in move.wanted.items() if key[1] != MOBILE}) == move.held()
    assert moved == move.status()["sent"]
    equation = move.cli("migrate", "report", "plan.json", "-o", "json").json["equation"]
    assert equation.pop("all") == sum(equation.values())


def test_a_customer_who_is_merged_meanwhile(world: World, clock: SharedClock) -> None:  # noqa: ARG001 - lives by it
    """The vendor knows them by another mobile now: their rows are refused, counted, and nobody else gets the codes."""
    move = planned(world, "capillary")
    begun(move)
    world.cli.control["capillary"].add_customer(id="98662653", mobile="919800000001")
    ran = move.resume()
    assert move.held().total() == move.status()["sent"]
    assert all(mobile in {None, MOBILE, "919800000001"} for _, mobile in move.held())
    assert (0 if move.status()["sent"] == len(CODES) else 3) == ran.code


def test_a_throttle_spaces_the_files(move: Move, clock: SharedClock) -> None:  # noqa: ARG001 - lives by it
    """Set from elsewhere while it stands: one file a minute, over the batches too, and after `resume` as well."""
    begun(move)
    assert (
        1
        == move.cli("migrate", "throttle", "plan.json", "--per-minute", "1", "-o", "json").json["per_minute"]
    )
    assert 0 == move.resume().code
    sent = [
        datetime.fromisoformat(one["at"])
        for one in move.control.requests()
        if one["method"] == "POST" and "/file" in one["path"] and one["status"] < 300
    ]
    assert len(CODES) // ROWS == len(sent), [
        (one["at"], one["method"], one["path"], one["status"])
        for one in move.control.requests()
        if "POST" == one["method"]
    ]
    assert all(later - earlier >= timedelta(seconds=59) for earlier, later in pairwise(sent))
    assert_whole(move)


def test_a_cancelled_migration_stays_so(move: Move, clock: SharedClock) -> None:
    """What the target has it keeps and is counted; nothing more goes, whoever drives, and applying it says what it is."""
    begun(move, parts=2)
    cancelled = move.cli("migrate", "cancel", "plan.json", "-o", "json")
    assert (0, "cancelled") == (cancelled.code, cancelled.json["phase"])
    driven(move, clock, 2)
    for ran in (move.apply(), move.resume()):
        assert (3, True) == (ran.code, "was cancelled; 10 of 30 codes" in ran.complaint)
    assert ("cancelled", 2 * ROWS) == (move.status()["phase"], move.held().total())


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("issued_as", "free", "edited by hand"),
        ("version", 0, "version"),
        ("version", 99, "version"),
        ("reason", "because", "edited by hand"),
    ],
)
def test_a_plan_that_is_not_the_reviewed_one(
    world: World,
    clock: SharedClock,  # noqa: ARG001 - lives by it
    field: str,
    value: object,
    told: str,
) -> None:
    """Edited, or of another couponhub: refused in a line, and nothing was done anywhere."""
    move = planned(world, "capillary")
    path = world.cli.folder / "plan.json"
    path.write_text(json.dumps({**world.read(), field: value}), encoding="utf-8")
    ran = move.apply()
    assert (2, True) == (ran.code, told in ran.complaint)
    assert "" == world.cli("migrate", "ls").out
