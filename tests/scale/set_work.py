"""The set work that is measured, as a program: each verb over large sets by one engine; prints what came out as JSON.

It is run by two Pythons: that of couponhub, and one that has the whole of Spark.
"""

import argparse
import hashlib
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs

from couponhub.codes import compare, intersect, subtract
from couponhub.codes.joins import SetsSettings, open_engine
from couponhub.errors import CouponhubError
from couponhub.models import CodeFileRules
from couponhub.state import TextCodeSet

RULES = CodeFileRules(code_header="code", ignores_case=True)
VERBS = ("subtract", "intersect", "compare", "classes")


def main() -> int:
    """Do each verb that is named, and print a line for each; 2 where one failed, which is told in one line."""
    parser = argparse.ArgumentParser()
    parser.add_argument(
        "folder", type=Path, help="where planned.txt, sent.txt, expected.parquet and found.parquet lie"
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("--engine", default="duckdb://")
    parser.add_argument("--place")
    parser.add_argument("--verbs", nargs="+", choices=VERBS, default=VERBS)
    given = parser.parse_args()
    given.out.mkdir()
    sides = [TextCodeSet(given.folder / "planned.txt")], [TextCodeSet(given.folder / "sent.txt")]
    settings = SetsSettings(engine=given.engine, place=given.place)
    work: dict[str, Callable[[Path], Any]] = {
        "subtract": lambda out: subtract(*sides, out / "less.csv", out, rules=RULES, engine=settings),
        "intersect": lambda out: intersect(*sides, out / "both.csv", out, rules=RULES, engine=settings),
        "compare": lambda out: compare(*sides, out, target=out / "compared", rules=RULES, engine=settings),
        "classes": lambda out: _classes(given.folder, out, settings),
    }
    for verb in given.verbs:
        out = given.out / verb
        out.mkdir()
        began, cpu = time.monotonic(), time.process_time()
        try:
            counts = work[verb](out)
        except CouponhubError as error:
            sys.stderr.write(f"{error}\n")
            return error.exit_code
        line = {
            "verb": verb,
            "seconds": time.monotonic() - began,
            "cpu": time.process_time() - cpu,
            "counts": attrs.asdict(counts, filter=lambda field, _: field.name != "path"),
            "files": _digests(out),
        }
        sys.stdout.write(f"{json.dumps(line)}\n")
        sys.stdout.flush()
    return 0


def _classes(folder: Path, out: Path, settings: SetsSettings) -> Any:
    with open_engine(settings.engine, place=settings.place, folder=out) as engine:
        return engine.classes(
            folder / "expected.parquet",
            folder / "found.parquet",
            out / "look.csv",
            attributes=["expires_at"],
            rules=RULES,
        )


def _digests(out: Path) -> dict[str, str]:
    found = {}
    for path in sorted(out.rglob("*.csv")):
        with path.open("rb") as file:
            found[path.relative_to(out).as_posix()] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


if __name__ == "__main__":
    sys.exit(main())
