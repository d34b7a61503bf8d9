"""What is done to machines while they work, in turn and at random moments, and what came of it."""

import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from functools import partial

import attrs

from tests.kit.forwarder import Forwarder
from tests.scale.fleet import Fleet, Process
from tests.scale.load import Tally
from tests.scale.vendors import ROWS

DECK = {
    "a worker: kill -9": 22,
    "a server: kill -9": 10,
    "PostgreSQL: immediate stop": 8,
    "Redis: kill -9, its data kept": 5,
    "Redis: kill -9, its data lost": 5,
    "Redis: hangs": 4,
    "a worker: stopped past its lease": 3,
    "files: cut off": 3,
    "vendors: cut off": 3,
}
"""How often each happens in a campaign of 60 parts a vendor."""
PAST_THE_LEASE = 68.0
"""Seconds; a lease is one of sixty."""


@attrs.define
class Report:
    """What came of a campaign.

    Attributes:
        happened: How often each thing was done to the machines.
        faults: What is not as it must be, in words.
        parts: How many parts the uploads had.
        most: The most calls of each limit in a minute, by its name.
        forgotten: Seconds until every server had forgotten who was forgotten on another machine.
        scanned: What was looked at for codes and secrets, with how much of it.
    """

    happened: Counter[str] = attrs.field(factory=Counter)
    tally: Tally = attrs.field(factory=Tally)
    faults: list[str] = attrs.field(factory=list)
    parts: int = 0
    most: dict[str, tuple[int, int]] = attrs.field(factory=dict)
    forgotten: float = 0.0
    scanned: dict[str, str] = attrs.field(factory=dict)
    ended: Counter[str] = attrs.field(factory=Counter)
    seconds: float = 0.0
    seed: int = 0

    def rows(self) -> list[str]:
        """The table, as it stands in docs/reliability.md."""
        answers = self.tally.answers
        killed = sum(self.happened[kind] for kind in ("a worker: kill -9", "a server: kill -9"))
        lines = ["| | |", "|---|---:|"]
        lines += [f"| {kind} | {self.happened[kind]} |" for kind in DECK if self.happened[kind]]
        lines += [
            f"| **together** | **{self.happened.total()}** |",
            f"| parts of uploads, {ROWS} codes each | {self.parts} |",
            f"| codes lost, doubled, or given twice | {sum('code' in each for each in self.faults)} |",
            f"| lookups answered wholly | {answers['answered']:,} |",
            f"| `unknown` in a part | {answers['unknown']:,} |",
            f"| answered by no server | {answers['failed']:,} |",
            f"| wrong | {self.tally.wrong.total()} |",
            f"| the longest lookup | {self.tally.longest:.1f} s |",
        ]
        lines += [
            f"| most calls in a minute, {name} | {most} of {of} |" for name, (most, of) in self.most.items()
        ]
        lines += [f"| `forget`, until both servers had obeyed | {self.forgotten:.1f} s |"]
        lines += [
            f"| looked through for codes and secrets: {name} | {much} |"
            for name, much in self.scanned.items()
        ]
        lines += [
            f"| processes that ended by themselves, and were begun again | {self.ended.total() - killed} |",
            f"| seconds | {self.seconds:.0f} |",
            f"| seed | {self.seed} |",
        ]
        return lines


@attrs.define
class Campaign:
    """What is done to a fleet.

    Attributes:
        at: The fleet.
        chance: The random choices.
        outage: The longest that a part is away, in seconds.
    """

    at: Fleet
    chance: random.Random
    report: Report
    outage: float = 2.0

    def do(self, kind: str) -> None:
        """Do one thing to the machines."""
        self._verbs()[kind]()
        self.report.happened[kind] += 1

    def _verbs(self) -> dict[str, Callable[[], None]]:
        at = self.at
        return {
            "a worker: kill -9": lambda: self._awake().kill(),
            "a server: kill -9": lambda: self.chance.choice(at.servers).kill(),
            "PostgreSQL: immediate stop": partial(
                self._away, partial(at.postgresql.stop, "immediate"), at.postgresql.start
            ),
            "Redis: kill -9, its data kept": partial(self._away, at.redis.kill, at.start_redis),
            "Redis: kill -9, its data lost": partial(self._away, self._lose, at.start_redis),
            "Redis: hangs": partial(self._away, at.redis.suspend, at.redis.go_on),
            "a worker: stopped past its lease": self._put_to_sleep,
            "files: cut off": partial(self._away, partial(_cut, at.files), partial(_mend, at.files)),
            "vendors: cut off": partial(
                self._away, partial(_cut, at.to_vendors), partial(_mend, at.to_vendors)
            ),
        }

    def _awake(self) -> Process:
        return self.chance.choice([worker for worker in self.at.workers if worker.asleep_until is None])

    def _away(self, goes: Callable[[], None], comes: Callable[[], None]) -> None:
        goes()
        time.sleep(self.chance.uniform(0.2, self.outage))
        comes()

    def _lose(self) -> None:
        self.at.redis.kill()
        self.at.lose_redis()

    def _put_to_sleep(self) -> None:
        worker = self.at.holder()
        worker.command.send(signal.SIGSTOP)
        worker.asleep_until = time.monotonic() + PAST_THE_LEASE

    def until_done(self, deck: list[str], *, pause: float, seconds: float) -> None:
        """Go on until every job is done, and do what is on the deck meanwhile; jobs that fail are a fault."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(self.chance.uniform(0.2, pause))
            self.at.tend()
            statuses = set(self.at.statuses())
            if statuses <= {"done", "failed", "cancelled"}:
                break
            if deck:
                kind = deck[-1]
                if "lease" in kind and sum(one.asleep_until is None for one in self.at.workers) < 2:
                    deck.insert(0, deck.pop())
                    continue
                self.do(deck.pop())
        if any(status != "done" for status in self.at.statuses()):
            self.report.faults.append(f"jobs stand as {self.at.statuses()}")


def _cut(way: Forwarder) -> None:
    way.refuses = True
    way.drop()


def _mend(way: Forwarder) -> None:
    way.refuses = False
