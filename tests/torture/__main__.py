"""Kill processes on their way, again and again, and look at what the vendors hold at the end: `make torture`.

Prints a table, and ends with 1 where a code was lost or doubled. With the seed that it prints the same choices are made again;
where exactly a process is by then the machine decides, too.
"""

import argparse
import secrets
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from tests.torture.migrations import SOURCE, migration_torture
from tests.torture.outcome import HEAD, Outcome
from tests.torture.uploads import VENDORS, Plan, torture

_LAST_WORDS = 40


def uploads(given: argparse.Namespace) -> Iterator[tuple[Outcome, Sequence[str]]]:
    """Send one upload of many parts to each vendor; each outcome with what its processes said."""
    for vendor in VENDORS:
        plan = Plan(
            vendor=vendor, parts=given.parts, kills=given.kills, seed=given.seed, seconds=given.seconds
        )
        with tempfile.TemporaryDirectory() as folder, torture(plan, Path(folder)) as tortured:
            yield tortured.run(), tortured.said


def migrations(given: argparse.Namespace) -> Iterator[tuple[Outcome, Sequence[str]]]:
    """Move a list in each direction, a quarter of the parts and twice the kills of an upload."""
    for vendor in SOURCE:
        plan = Plan(
            vendor=vendor,
            parts=max(1, given.parts // 4),
            kills=2 * given.kills,
            seed=given.seed,
            seconds=given.seconds,
        )
        with tempfile.TemporaryDirectory() as folder, migration_torture(plan, Path(folder)) as tortured:
            yield tortured.run(), tortured.said


SCENARIOS: Mapping[str, Callable[[argparse.Namespace], Iterator[tuple[Outcome, Sequence[str]]]]] = {
    "uploads": uploads,
    "migrations": migrations,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Return 0 where nothing was lost or doubled, 1 where something was."""
    parser = argparse.ArgumentParser(prog="make torture", description=__doc__)
    parser.add_argument("scenarios", nargs="*", choices=[*SCENARIOS, []], help="all when none is named")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000))
    parser.add_argument("--parts", type=int, default=120)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=300.0, help="real ones for each line, at most")
    given = parser.parse_args(argv)
    sys.stdout.write(f"{HEAD}\n")
    is_sound = True
    for name in given.scenarios or SCENARIOS:
        for outcome, said in SCENARIOS[name](given):
            sys.stdout.write(f"{outcome.row}\n")
            sys.stdout.flush()
            if not outcome.is_sound:
                is_sound = False
                sys.stderr.write("\n".join([*said[-_LAST_WORDS:], ""]))
    return 0 if is_sound else 1


if __name__ == "__main__":
    sys.exit(main())
