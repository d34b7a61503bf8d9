"""What is too long for every run of the tests, at its size: `make scale`.

Each part prints a table, and ends with an error where an outcome is not what it must be. `make scale SCALE='spark --codes 1000000'`
runs one part with its own words.
"""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence

from tests.scale.beside_newer import main as upgrade
from tests.scale.machines import main as machines
from tests.scale.spark import main as spark
from tests.scale.stopped import main as stopped
from tests.scale.workers import main as workers

PARTS: Mapping[str, Callable[[Sequence[str]], int]] = {
    "spark": spark,
    "stopped": stopped,
    "workers": workers,
    "machines": machines,
    "upgrade": upgrade,
}
"""By name; each is given its own words, and returns 0 where all is as it must be. All of them must run when none is named."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one part, or each of them; return the first code that is not 0."""
    words = list(sys.argv[1:] if argv is None else argv)
    parser = argparse.ArgumentParser(prog="make scale", description=__doc__)
    parser.add_argument("part", nargs="?", choices=[*PARTS], help="all when none is named")
    given = parser.parse_args(words[:1])
    chosen = [given.part] if given.part else [*PARTS]
    codes = []
    for name in chosen:
        sys.stdout.write(f"== {name}\n")
        sys.stdout.flush()
        codes.append(PARTS[name](words[1:]))
    return next((code for code in codes if code), 0)


if __name__ == "__main__":
    sys.exit(main())
