"""An upload of many parts, its processes killed again and again, within the vendor's documented limits and days of them."""

import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import attrs
import pytest

from couponhub import CouponHub
from couponhub.models import Job, JobStatus
from couponhub.state import Quotas
from couponhub.state.sqlite.state import SqliteState
from couponhub.testing import Control, EmulatorContext, EmulatorServer, config_text
from couponhub.testing.vendors import emulators
from tests.kit.processes import Command, started
from tests.kit.shared_clock import SharedClock
from tests.kit.sudden_ends import Moment, SuddenEnd
from tests.kit.witness import codes_given
from tests.torture.outcome import Outcome

ROWS = 3
"""Codes in a part."""
VENDORS = ("capillary", "moengage")
_CODE = "TORTURE-{:05}"
_FILE_BYTES = len("Coupon Code\n") + ROWS * len(_CODE.format(0) + "\n")
# Of MoEngage five files a minute and fifty a day, as documented. Capillary documents no number for uploads.
LIMITS: dict[str, dict[str, int]] = {
    "capillary": {"file_rows": ROWS, "calls_per_minute": 40},
    "moengage": {"file_bytes": _FILE_BYTES},
}
_SUBMISSION = "POST .*/file"
_SECONDS_EACH = 120.0
_STARTING = 4_000
"""Function calls that a command makes before it has done anything, about."""
_CALLS_A_PART = {"capillary": 9_000, "moengage": 16_000}
"""Function calls that sending one part takes, about."""


@attrs.frozen(kw_only=True)
class Plan:
    """One torture.

    Attributes:
        vendor: Which one is emulated.
        parts: How many the upload has.
        kills: How many processes are to be killed on the way.
        seed: Of the random choices: who runs, and when each is killed.
        seconds: Real ones, after which it is given up.
    """

    vendor: str
    parts: int
    kills: int
    seed: int
    seconds: float


@attrs.define
class Torture:
    """One upload, and the processes that send it.

    Attributes:
        clock: Of the vendor and of every process.
        given: Every code that the vendor took from whoever called or served it, with how often.
        chance: The random choices.
        runs: How many processes ended with each exit code.
        said: What each was told to do, how it ended, and what it said of that.
    """

    plan: Plan
    folder: Path
    clock: SharedClock
    control: Control
    list_id: str
    given: Counter[str]
    chance: random.Random
    runs: Counter[int] = attrs.field(factory=Counter)
    said: list[str] = attrs.field(factory=list)

    @property
    def codes(self) -> list[str]:
        """The input."""
        return [_CODE.format(number) for number in range(self.plan.parts * ROWS)]

    @property
    def wanted(self) -> Counter[str]:
        """What the vendor is to hold at the end."""
        return Counter(self.codes)

    @property
    def scenario(self) -> str:
        """What is done, for people."""
        return f"an upload of {self.plan.parts} parts"

    @property
    def held(self) -> Counter[str]:
        """The codes that the vendor holds, with how often."""
        return Counter(row["code"] for row in self.control.codes(self.list_id))

    def run(self) -> Outcome:
        """Send, kill and go on, two processes at a time, until it is whole or the time is over."""
        self.prepare()
        begun, wanted = time.monotonic(), self.wanted
        first, *_ = self.verbs
        self._together(self.verbs[first], self.verbs["work"])
        while time.monotonic() - begun < self.plan.seconds:
            left = self._left()
            if not left and self.held == wanted and self._killed >= self.plan.kills:
                break
            self._wait_for_the_next(left)
            self._together(*(self.verbs[self.chance.choice([*self.verbs])] for _ in range(2)))
        agrees = not self._left() and self._is_known_as_sent()
        return Outcome(
            scenario=self.scenario,
            vendor=self.plan.vendor,
            seed=self.plan.seed,
            kills=self.plan.kills,
            runs=self.runs,
            passed=timedelta(seconds=self.clock.ahead + time.monotonic() - begun),
            took=time.monotonic() - begun,
            wanted=wanted,
            held=self.held,
            given=self.given,
            agrees=agrees,
        )

    def prepare(self) -> None:
        """Lay out what is sent."""
        (self.folder / "codes.csv").write_text("\n".join(["code", *self.codes, ""]), encoding="utf-8")

    @property
    def verbs(self) -> dict[str, tuple[str, ...]]:
        """The commands that are run in turns; the first of them begins it."""
        return {
            "send": ("uploads", "send", self.plan.vendor, self.list_id, "codes.csv"),
            "work": ("work", "--once"),
            "resume": ("uploads", "resume"),
        }

    @property
    def _killed(self) -> int:
        return self.runs[-signal.SIGKILL]

    def _together(self, *commands: tuple[str, ...]) -> None:
        """Run commands at once, and wait for both; each is killed on its way as long as some are to be."""
        running = [self._begun(words, ends=self._killed < self.plan.kills) for words in commands]
        for command in running:
            ran = command.ended(within=_SECONDS_EACH)
            self.runs[ran.returncode] += 1
            self.said.append(f"{' '.join(command.words)}: {ran.returncode} {ran.stderr.strip()}")

    def _begun(self, words: tuple[str, ...], *, ends: bool) -> Command:
        end = self._chosen_end() if ends else None
        return started(*words, folder=self.folder, before=partial(live_by, self.clock, end))

    def _chosen_end(self) -> SuddenEnd:
        """Choose a moment, so that the kills are spread over what is left to send."""
        kills = max(1, self.plan.kills - self._killed)
        parts = max(1, round(1.5 * (self.plan.parts - len(self.given) / ROWS) / kills))
        kind = self.chance.choice(("anywhere", "anywhere", "call", "submission", "submission"))
        if kind == "anywhere":
            most = _STARTING + parts * _CALLS_A_PART[self.plan.vendor]
            return SuddenEnd("call", self.chance.randint(1, most))
        moment: Moment = self.chance.choice(("before", "after"))
        if kind == "call":
            return SuddenEnd(moment, self.chance.randint(1, 2 + 3 * parts))
        return SuddenEnd(moment, self.chance.randint(1, parts), match=_SUBMISSION)

    def _left(self) -> list[Job]:
        with CouponHub.from_config(self.folder / "couponhub.toml") as hub:
            return [
                job
                for job in hub.jobs.iterate()
                if job.status in {JobStatus.PENDING, JobStatus.PROCESSING, JobStatus.PAUSED}
            ]

    def _wait_for_the_next(self, left: list[Job]) -> None:
        """Let time pass until the first of the jobs is due, as somebody does who is told when that is."""
        now = self.clock.now()
        due = min((_due(job) or now for job in left), default=now)
        if due > now:
            self.clock.sleep((due - now).total_seconds())

    def _is_known_as_sent(self) -> bool:
        """Send it all once more: every code is known to have been sent, and none goes out."""
        before = Counter(self.given)
        first, *_ = self.verbs
        return self.undisturbed(*self.verbs[first]).returncode in {0, 9} and before == self.given

    def undisturbed(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command that nobody kills."""
        command = started(*words, folder=self.folder, before=partial(live_by, self.clock, None))
        ran = command.ended(within=_SECONDS_EACH)
        self.said.append(f"{' '.join(words)}: {ran.returncode} {ran.stderr.strip()}")
        return ran


def _due(job: Job) -> datetime | None:
    """Tell when the next step of a job is to be tried; None for at once."""
    return next((step.not_before for step in job.steps if not step.status.ended), None)


def live_by(clock: SharedClock, end: SuddenEnd | None) -> None:
    """Have this process live by a clock that others drive too, and end suddenly where that was chosen."""
    patch = pytest.MonkeyPatch()
    patch.setattr("couponhub.runtime.SYSTEM_CLOCK", clock.clock)
    patch.setattr("couponhub.runtime.Quotas", partial(Quotas, now=clock.seconds))
    patch.setattr("couponhub.state.sqlite.SqliteState", partial(SqliteState, clock=clock.seconds))
    if end is not None:
        end.install()


@contextmanager
def torture(plan: Plan, folder: Path) -> Iterator[Torture]:
    """Serve the vendor, its documented limits on, and lay out what is sent."""
    world = EmulatorContext()
    (emulated,) = emulators((plan.vendor,), world)
    emulated.set_processing_delay(0.02)
    emulated.set_rate_limits(documented=True)
    if plan.vendor == "moengage":
        emulated.set_options({"fetch_retry_seconds": 0.02})
    with EmulatorServer([emulated], world) as server, codes_given("TORTURE-[0-9]+") as given:
        settings: dict[str, Any] = {"timeout": 20.0, "limits": LIMITS[plan.vendor]}
        store = f'\n[store]\nurl = "sqlite:///{folder.as_posix()}/hub.db"\n'
        text = config_text(server.url, [emulated], settings) + store
        (folder / "couponhub.toml").write_text(text, encoding="utf-8")
        (list_id,) = emulated.seed({"lists": [{"name": "tortured", "codes": []}]})
        yield Torture(
            plan,
            folder,
            SharedClock.began(folder / "clock", server.url),
            Control(server.url, plan.vendor),
            list_id,
            given,
            random.Random(plan.seed),  # noqa: S311 - a seed is wanted
        )
