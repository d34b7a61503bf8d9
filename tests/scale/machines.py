"""Many machines are one couponhub: lookups and uploads go on while each kind of part is killed, stopped or cut off in turn.

Starts the processes of compose.yaml without containers, with three workers and an S3 service. At the end it asks the emulated vendors
what they hold, and looks for codes, identifiers and secrets where none may stand.
"""

import argparse
import random
import secrets
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import attrs
import redis
import requests

from tests.kit.eventually import eventually
from tests.scale.campaign import DECK, Campaign, Report
from tests.scale.canaries import found_in, in_dump, in_redis, tables_of_people
from tests.scale.fleet import SHARE, Fleet, dumped, fleet, is_ready
from tests.scale.load import HELD, MOBILE, Person, asked, load, people, sheet
from tests.scale.vendors import LIMITS, ROWS, SENT

VENDORS = ("capillary", "moengage")
_FORGETS_A_LOSS = 10
"""Calls that a Redis which lost everything may forget, at most. Beside them a process that begins while Redis is away, and knows of
no call in the window, may use its share of the whole."""
_TAGGED = MOBILE.format(900)
_OBEYS_WITHIN = 10.0
"""Seconds in which everybody must have forgotten whom one machine was told to forget."""


@attrs.frozen(kw_only=True)
class Plan:
    """One campaign.

    Attributes:
        parts: Of each upload.
        deck: How often each thing happens.
        seed: Of the random choices.
        customers: How many there are to be asked for.
        takes: Seconds that a vendor takes with a part.
        pause: The longest between two things that happen, in seconds.
        seconds: The longest for each upload.
    """

    parts: int = 60
    deck: Mapping[str, int] = attrs.field(factory=lambda: DECK)
    seed: int = 0
    customers: int = 120
    takes: float = 0.5
    pause: float = 3.0
    seconds: float = 900.0


def run(plan: Plan, folder: Path) -> Report:
    """Start all, do what is planned, and look at what came of it.

    Args:
        plan: What.
        folder: An empty one.
    """
    chance = random.Random(plan.seed)  # noqa: S311 - a seed is wanted
    deck = [kind for kind, times in plan.deck.items() for _ in range(times)]
    chance.shuffle(deck)
    report, began = Report(seed=plan.seed), time.monotonic()
    with fleet(folder) as at:
        campaign = Campaign(at, chance, report)
        persons = people(at, plan.customers)
        token = str(
            at.cli("token", "new", "--scope", "lookup", "--scope", "codes:reveal", "--name", "till")["token"]
        )
        eventually(
            lambda: all(asked(at, token, MOBILE.format(0), first=n, alone=True) for n in (0, 1)), "a right"
        )
        lists = _tagged(at)
        at.vendors.let_uploads_take(plan.takes)
        with load(at, token, persons) as report.tally:
            left: list[str] = []
            for turn in range(3 * len(VENDORS)):
                if turn >= len(VENDORS) and not left:
                    break
                left += deck[turn :: len(VENDORS)] if turn < len(VENDORS) else []
                vendor, codes = VENDORS[turn % len(VENDORS)], _codes(turn, plan.parts)
                (list_id,) = at.vendors.emulated[vendor].seed(
                    {"lists": [{"name": f"sent-{turn}", "codes": []}]}
                )
                lists[vendor, str(list_id)] = codes
                at.send(vendor, str(list_id), sheet(folder / f"codes-{turn}.csv", codes))
                campaign.until_done(left, pause=plan.pause, seconds=plan.seconds)
                report.parts += plan.parts
            _awake(at)
        if left:
            report.faults.append(f"the uploads ended before all had happened: {Counter(left)} was left")
        _held(at, report, lists)
        _budgets(at, report)
        _forgotten(at, report, token, persons)
        _scanned(at, report, token)
        report.ended = at.ended
    report.seconds = time.monotonic() - began
    report.faults += [f"{count} lookups: {text}" for text, count in report.tally.wrong.items()]
    return report


def _codes(turn: int, parts: int) -> list[str]:
    first = turn * parts * ROWS
    return [SENT.format(number) for number in range(first, first + parts * ROWS)]


def _tagged(at: Fleet) -> dict[tuple[str, str], list[str]]:
    """Send an upload that names a customer, so that files hold one."""
    (list_id,) = at.vendors.emulated["capillary"].seed({"lists": [{"name": "tagged", "codes": []}]})
    at.vendors.control("capillary").add_customer(mobile=_TAGGED)
    codes = [SENT.format(number) for number in range(90_000, 90_000 + ROWS)]
    path = at.folder / "tagged.csv"
    path.write_text("".join(["code,mobile\n", *(f"{code},{_TAGGED}\n" for code in codes)]), encoding="utf-8")
    at.cli("uploads", "send", "capillary", str(list_id), str(path), "--tag", "mobile", "--wait", "--yes")
    return {("capillary", str(list_id)): codes}


def _awake(at: Fleet) -> None:
    """Wait until everybody who was stopped goes on, and all servers are ready."""

    def all_well() -> bool:
        at.tend()
        return all(one.asleep_until is None for one in at.workers) and all(map(is_ready, at.servers))

    eventually(all_well, "all to be well again", seconds=200)
    time.sleep(3.0)  # who woke up says his last words


def _held(at: Fleet, report: Report, lists: Mapping[tuple[str, str], Sequence[str]]) -> None:
    """Hold what the vendors have, and what they were given, against what was sent; send one of it again."""
    wanted = Counter(code for codes in lists.values() for code in codes)
    for (vendor, list_id), codes in lists.items():
        held = Counter(str(row["code"]) for row in at.vendors.control(vendor).codes(list_id))
        if lost := (Counter(codes) - held).total():
            report.faults.append(f"{vendor}: {lost} codes are lost")
        if doubled := (held - Counter(codes)).total():
            report.faults.append(f"{vendor}: {doubled} codes too many")
    if twice := (at.vendors.given - wanted).total():
        report.faults.append(f"{twice} codes were given twice")
    if jobs := [one for one in at.statuses() if one != "done"]:
        report.faults.append(f"jobs are not done: {jobs}")
    if len(at.statuses()) != len(lists):
        report.faults.append(f"{len(lists)} uploads, and {len(at.statuses())} jobs")
    if report.tally.answers["answered"] < report.tally.answers.total() / 2:
        report.faults.append("fewer than half of the lookups were answered")


def _budgets(at: Fleet, report: Report) -> None:
    """Hold the calls that vendors saw against the limits that the config names."""
    losses = report.happened["Redis: kill -9, its data lost"]
    for vendor, limits in LIMITS.items():
        for name, limit in limits.items():
            if name.endswith("_per_minute"):
                most = at.vendors.most(vendor, name)
                report.most[f"{vendor} `{name}`"] = (most, limit)
                if most > limit * (1 + SHARE) + _FORGETS_A_LOSS * losses:
                    report.faults.append(f"{vendor}: {most} calls of {limit} in a minute")


def _forgotten(at: Fleet, report: Report, token: str, persons: Sequence[Person]) -> None:
    """Forget one customer on a third machine: both servers, who remember an answer, must ask anew and know no report."""
    person = next(one for one in persons if all(one.codes.values()))
    (list_id,) = at.vendors.emulated["capillary"].seed(
        {"lists": [{"name": "late", "codes": ["KNOWN-HELD-LATE"]}]}
    )

    def shown(server: int) -> tuple[set[str], set[str]]:
        answer = asked(at, token, person.mobile, first=server, alone=True) or {"coupons": (), "answers": ()}
        codes = {each["code"] for each in answer["coupons"]}
        return codes, {each["connection"] for each in answer["answers"] if each["verdict"] == "found"}

    before = person.codes["capillary"] | person.codes["moengage"]
    for server in range(len(at.servers)):
        eventually(partial(lambda server: shown(server)[0] == before, server), "the answer", seconds=30)
    at.vendors.control("capillary").issue(str(list_id), {"mobile": person.mobile}, codes=["KNOWN-HELD-LATE"])
    said = at.cli("forget", "--mobile", person.mobile, "--yes")
    at.cli("forget", "--mobile", _TAGGED, "--yes")
    began = time.monotonic()
    wanted = ({*person.codes["capillary"], "KNOWN-HELD-LATE"}, {"capillary"})
    try:
        for server in range(len(at.servers)):
            eventually(
                partial(lambda server: shown(server) == wanted, server),
                "all to forget",
                seconds=_OBEYS_WITHIN,
            )
    except AssertionError:
        report.faults.append(
            f"who was forgotten is still remembered: {[len(shown(n)[0]) for n in (0, 1)]}, {said}"
        )
    report.forgotten = time.monotonic() - began


def canaries(at: Fleet, token: str) -> dict[str, str]:
    """What must not be found, with its kind; codes and identifiers by what all of them begin with."""
    vendors = {
        value: f"secret of {name}"
        for name, one in at.vendors.emulated.items()
        for key, value in one.credentials.items()
        if key in {"key", "secret", "api_key"}
    }
    return vendors | {
        SENT.partition("{")[0]: "code",
        HELD.partition("{")[0]: "code",
        MOBILE.format(0)[2:10]: "identifier",
        MOBILE.format(100)[2:10]: "identifier",
        MOBILE.format(1)[2:]: "identifier",
        _TAGGED[2:]: "identifier",
        token: "token",
        "pg-pass-of-tests": "password of PostgreSQL",
        at.password: "password of Redis",
        at.key: "key of the store",
        "bucket-secret-of-tests": "secret of the bucket",
    }


def _scanned(at: Fleet, report: Report, token: str) -> None:
    """Look everywhere for what must not be there."""
    words = canaries(at, token)
    dump = at.folder / "dump.sql"
    dumped(at, dump)
    report.scanned["a dump of PostgreSQL"] = f"{dump.stat().st_size:,} bytes"
    told = tables_of_people()
    for table, kinds in in_dump(dump, words).items():
        if table not in told or kinds - {"code", "identifier"}:
            report.faults.append(f"the dump holds {sorted(kinds)} in {table or 'no table'}")
    keys, kinds = in_redis(redis.Redis(port=at.redis.port, password=at.password), words)
    report.scanned["Redis"] = f"{keys:,} keys"
    if kinds:
        report.faults.append(f"Redis holds {sorted(kinds)}")
    pages = "".join(requests.get(f"http://127.0.0.1:{one.port}/{page}", timeout=10).text
                    for one in at.servers for page in ("metrics", "readyz"))  # fmt: skip
    if kinds := found_in(pages.encode(), words):
        report.faults.append(f"metrics and readiness hold {sorted(kinds)}")
    at.tend()
    for process in (*at.servers, *at.workers):
        process.end()
    logs = [*(at.folder / "logs").iterdir(), at.postgresql.folder / "log"]
    for log in logs:
        content = log.read_bytes()
        if kinds := found_in(content, words):
            report.faults.append(f"{log.name} holds {sorted(kinds)}")
        if b"Traceback" in content:
            report.faults.append(f"{log.name} has a traceback")
    report.scanned["logs"] = f"{sum(log.stat().st_size for log in logs):,} bytes"
    report.scanned["metrics and readiness"] = f"{len(pages):,} bytes"


def main(argv: Sequence[str]) -> int:
    """Return 0 where nothing was lost, doubled, told wrongly or let out; 1 where something was."""
    parser = argparse.ArgumentParser(prog="make scale SCALE=machines", description=__doc__)
    parser.add_argument("--parts", type=int, default=60, help="of each upload")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000))
    parser.add_argument(
        "--keep", type=Path, help="a new folder for all that is written: configs, logs, the dump"
    )
    given = parser.parse_args(argv)
    plan = Plan(parts=given.parts, seed=given.seed)
    with tempfile.TemporaryDirectory() as folder:
        if given.keep:
            given.keep.mkdir(parents=True)
        report = run(plan, given.keep or Path(folder))
    for line in [*report.rows(), *(f"FAULT: {fault}" for fault in report.faults)]:
        sys.stdout.write(f"{line}\n")
    return 1 if report.faults else 0
