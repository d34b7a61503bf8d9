"""One upload of many parts, three workers over PostgreSQL, and fifty of them killed with -9 at random moments."""

import argparse
import random
import secrets
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import attrs

from couponhub import CouponHub
from couponhub.testing import Control, EmulatorContext, EmulatorServer, config_text
from couponhub.testing.vendors import emulators
from tests.kit.eventually import eventually
from tests.kit.processes import Command, started
from tests.kit.servers import running_postgresql
from tests.kit.witness import codes_given
from tests.torture.outcome import HEAD, Outcome

_ROWS, _WORKERS = 3, 3
_CODE = "SCALE-{:05}"
_VENDOR = "capillary"
_TAKES = 0.2
"""Seconds that the vendor takes with a part."""
_LONGEST_LIFE = 3.0
"""Seconds; a worker takes one to begin with."""


@attrs.frozen
class World:
    """An upload, and where its processes work.

    Attributes:
        given: Every code that the vendor was given, with how often.
    """

    folder: Path
    control: Control
    list_id: str
    given: Counter[str]

    def began(self, *words: str) -> Command:
        """Begin a command."""
        return started(*words, folder=self.folder)

    def statuses(self) -> set[str]:
        """Tell how the jobs stand."""
        with CouponHub.from_config(self.folder / "couponhub.toml") as hub:
            return {str(job.status) for job in hub.jobs.iterate()}


@contextmanager
def world(parts: int, folder: Path) -> Iterator[World]:
    """Start the vendor and PostgreSQL, and lay out what is sent."""
    context = EmulatorContext()
    (emulated,) = emulators((_VENDOR,), context)
    emulated.set_processing_delay(0.02)
    with (
        running_postgresql() as server,
        EmulatorServer([emulated], context) as served,
        codes_given("SCALE-[0-9]+") as given,
    ):
        settings: dict[str, Any] = {"timeout": 20.0, "settle": 1.0, "limits": {"file_rows": _ROWS}}
        store = f'\n[store]\nurl = "{server.url(server.new_database())}"\n'
        (folder / "couponhub.toml").write_text(
            config_text(served.url, [emulated], settings) + store, encoding="utf-8"
        )
        rows = "".join(f"{_CODE.format(number)}\n" for number in range(parts * _ROWS))
        (folder / "codes.csv").write_text(f"code\n{rows}", encoding="utf-8")
        (list_id,) = emulated.seed({"lists": [{"name": "scaled", "codes": []}]})
        control = Control(served.url, _VENDOR)
        control.fail("POST */upload/*", "latency", _TAKES)
        yield World(folder, control, list_id, given)


def killed_workers(parts: int, kills: int, seed: int, folder: Path) -> Outcome:
    """Send one upload, killing workers at random moments until there were enough and all of it is there."""
    chance = random.Random(seed)  # noqa: S311 - a seed is wanted
    runs: Counter[int] = Counter()
    with world(parts, folder) as at, ExitStack() as running:
        begun = time.monotonic()
        with at.began("uploads", "send", _VENDOR, at.list_id, "codes.csv") as sender:
            eventually(lambda: at.given, "the first part")
            sender.kill()
        workers = [running.enter_context(at.began("work")) for _ in range(_WORKERS)]
        while runs.total() < kills and at.statuses() != {"done"}:
            time.sleep(chance.uniform(0.0, _LONGEST_LIFE / _WORKERS))
            place = chance.randrange(_WORKERS)
            workers[place].kill()
            runs[workers[place].ended().returncode] += 1
            workers[place] = running.enter_context(at.began("work"))
        eventually(lambda: at.statuses() == {"done"}, "the end of the upload", seconds=600.0)
        wanted = Counter(_CODE.format(number) for number in range(parts * _ROWS))
        held = Counter(str(row["code"]) for row in at.control.codes(at.list_id))
        before = Counter(at.given)
        again = at.began("uploads", "send", _VENDOR, at.list_id, "codes.csv").ended().returncode
        return Outcome(
            scenario=f"an upload of {parts} parts, {_WORKERS} workers",
            vendor=_VENDOR,
            seed=seed,
            kills=kills,
            runs=runs,
            passed=timedelta(seconds=time.monotonic() - begun),
            took=time.monotonic() - begun,
            wanted=wanted,
            held=held,
            given=at.given,
            agrees=again in {0, 9} and before == at.given,
        )


def main(argv: Sequence[str]) -> int:
    """Return 0 where nothing was lost or doubled, 1 where something was."""
    parser = argparse.ArgumentParser(prog="make scale SCALE=workers", description=__doc__)
    parser.add_argument("--parts", type=int, default=60)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000))
    given = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        outcome = killed_workers(given.parts, given.kills, given.seed, Path(folder))
    sys.stdout.write(f"{HEAD}\n{outcome.row}\n")
    return 0 if outcome.is_sound else 1
