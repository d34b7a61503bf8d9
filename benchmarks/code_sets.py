"""Large code files beside GNU's tools: checked, deduped and split into parts; and less what was sent before.

    .venv/bin/python benchmarks/code_sets.py --rows 1000000 10000000 100000000

Codes of 10 characters, 5 % of them duplicates, 0.1 % broken. `sort` loses the order and has 2 GB; ours keeps the order. Each
runs in processes of its own; memory is the most anonymous memory that these have together, looked at 50 times a second.
What both keep is counted, and must agree. Both were given the same time to warm up: none.

Two sets that hold the same codes, and two of which one has a code more, are compared by the digests of their segments: the
time that making a digest takes, which is done once and kept, that of reading and comparing two that were kept, and that of finding
the code. `--only` measures one of these in the folder of an earlier run.
"""

import argparse
import os
import shlex
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

import attrs
import numpy as np
from numpy.typing import NDArray

from couponhub.codes import (
    SegmentDigests,
    codes_of_segments,
    compare,
    differing,
    prepare,
    segments_of,
    subtract,
)
from couponhub.models import CodeFileRules
from couponhub.state import TextCodeSet

RULES = CodeFileRules(code_header="code", max_bytes=100_000_000)
SORT = "sort -u --parallel=2 -S 2G -T ."
FILES = {
    "parts": f"sed -e 1d source.csv | grep -xE '[A-Z0-9]{{10}}' | {SORT} | split -C 100000000 - gnu.part.",
    "less": f"{SORT} new.txt -o a && {SORT} old.txt -o b && comm -23 a b > less.txt && rm a b",
}
"""What the same takes with GNU's tools."""
COUNT = {"parts": "cat gnu.part.* | wc -l", "less": "wc -l < less.txt"}
SIGNS = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", np.uint8)
LENGTH = 10
BLOCK = 1_000_000
FEW = 1_000_000

Codes = NDArray[np.uint8]


def main() -> None:
    """Measure each size, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--folder", default=".", help="where there is room: 120 bytes a row")
    parser.add_argument("--only", choices=tuple(MEASURED))
    arguments = parser.parse_args()
    if arguments.only:
        MEASURED[arguments.only]()
        return
    print("| what | with | wall | CPU | peak anonymous memory | ratio of wall, of CPU |")
    print("|---|---|---|---|---|---|")
    for rows in arguments.rows:
        with tempfile.TemporaryDirectory(prefix="code-sets-", dir=arguments.folder) as folder:
            measure(rows, Path(folder))


@attrs.frozen
class Taken:
    """Seconds, seconds of CPU, MiB, and what was printed last."""

    wall: float
    cpu: float
    memory: float
    said: str

    def row(self, what: str, by: str, other: "Taken | None" = None) -> str:
        """A line of the table."""
        ratio = f"{self.wall / other.wall:.2f}, {self.cpu / other.cpu:.2f}" if other else ""
        return f"| {what} | {by} | {self.wall:.1f} s | {self.cpu:.1f} s | {self.memory:.0f} MiB | {ratio} |"


def measure(rows: int, folder: Path) -> None:
    """Measure one size in a folder of its own."""
    write_files(rows, folder)
    size = f"{rows // 1_000_000} M"
    titles = {
        "parts": f"{size}: check, dedupe, split",
        "less": f"{size} less {rows / 5_000_000:g} M, each once",
    }
    for only, title in titles.items():
        theirs = run(["bash", "-c", FILES[only]], folder)
        kept = run(["bash", "-c", COUNT[only]], folder).said
        for path in (*folder.glob("gnu.part.*"), folder / "less.txt"):
            path.unlink(missing_ok=True)
        ours = run(ourselves(only), folder)
        if int(kept) != int(ours.said):
            raise SystemExit(f"{kept} codes are kept by GNU's tools, {ours.said} by ours")
        print(theirs.row(title, "GNU"))
        print(ours.row(title, "couponhub", theirs), flush=True)
    for title in ("the first time", "with the index it leaves"):
        taken = run(ourselves("sent"), folder)
        print(taken.row(f"1 M new codes less {size} sent before, {title}", "couponhub"), flush=True)
    for only, what in {
        "digest": "digests of segments",
        "part": "the same, of codes that are known to be distinct",
        "equal": "compare two equal ones by kept digests",
        "other": "find one code that is only in one of them",
    }.items():
        print(run(ourselves(only), folder).row(f"{size}: {what}", "couponhub"), flush=True)


def ourselves(only: str) -> list[str]:
    """The command that measures one of ours."""
    return [sys.executable, __file__, "--only", only]


def run(command: list[str], folder: Path) -> Taken:
    """Run a command, and look at it and all that it starts."""
    before, started = getrusage(RUSAGE_CHILDREN), time.perf_counter()
    environment = {**os.environ, "LC_ALL": "C"}
    process = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, text=True, env=environment, start_new_session=True
    )
    peak = [0.0]
    done = threading.Event()
    watch = threading.Thread(target=watched, args=(process.pid, peak, done))
    watch.start()
    said, _ = process.communicate()
    wall, after = time.perf_counter() - started, getrusage(RUSAGE_CHILDREN)
    done.set()
    watch.join()
    if process.returncode:
        raise SystemExit(f"{shlex.join(command)} failed")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Taken(wall, cpu, peak[0], said.strip())


def watched(session: int, peak: list[float], done: threading.Event) -> None:
    """Note the most anonymous memory of a session's processes, in MiB."""
    while not done.wait(0.02):
        peak[0] = max(peak[0], sum(memory_of(session)) / 1024)


def memory_of(session: int) -> Iterator[int]:
    """The anonymous memory of each process of a session, in KiB."""
    for home in Path("/proc").glob("[0-9]*"):
        try:
            if int((home / "stat").read_text().rpartition(")")[2].split()[3]) != session:
                continue
            for line in (home / "status").read_text().splitlines():
                if line.startswith("RssAnon"):
                    yield int(line.split()[1])
        except OSError:  # it has ended
            continue


def write_files(rows: int, folder: Path) -> None:
    """Write a source with duplicates and broken rows, the sound ones as a set, and sets that were sent before."""
    chance = np.random.default_rng(7)
    repeated = fresh(chance, BLOCK)
    with (
        (folder / "source.csv").open("wb") as source,
        (folder / "new.txt").open("wb") as new,
        (folder / "old.txt").open("wb") as old,
        (folder / "few.csv").open("wb") as few,
    ):
        source.write(b"code\n")
        few.write(b"code\n")
        for _ in range(0, rows, BLOCK):
            codes = fresh(chance, min(rows, BLOCK))
            at = chance.choice(len(codes), len(codes) // 20, replace=False)
            codes[at] = repeated[chance.integers(0, len(repeated), len(at))]
            new.write(codes.tobytes())
            known = codes[chance.choice(len(codes), len(codes) // 10, replace=False)]
            old.write(known.tobytes() + fresh(chance, len(codes) // 10).tobytes())
            few.write(codes[: FEW * len(codes) // rows].tobytes())
            codes[chance.choice(len(codes), len(codes) // 1000, replace=False), 5] = 7
            source.write(codes.tobytes())
    for number, start in enumerate(range(0, rows, 8 * BLOCK)):
        with (folder / f"sent.{number:02}.txt").open("wb") as file:
            for _ in range(start, min(rows, start + 8 * BLOCK), BLOCK):
                file.write(fresh(chance, min(rows, BLOCK)).tobytes())


def fresh(chance: np.random.Generator, count: int) -> Codes:
    """That many codes, each with a LF."""
    codes = np.empty((count, LENGTH + 1), np.uint8)
    codes[:, :LENGTH] = SIGNS[chance.integers(0, len(SIGNS), (count, LENGTH), np.uint8)]
    codes[:, LENGTH] = ord("\n")
    return codes


def parts() -> None:
    """Prepare the source; say how many codes are in the parts."""
    with tempfile.TemporaryDirectory(dir=".") as workspace:
        done = prepare("source.csv", RULES, Path(workspace), rejects=Path(workspace, "rejects"))
        print(sum(part.rows for part in done.parts))


def less() -> None:
    """Write what is new; say how many codes that are."""
    with tempfile.TemporaryDirectory(dir=".") as workspace:
        new, old = TextCodeSet(Path("new.txt")), TextCodeSet(Path("old.txt"))
        print(subtract([new], [old], Path(workspace, "less.csv"), Path(workspace)).apart)


def sent() -> None:
    """Prepare a million codes, less all that was sent before."""
    sets = [TextCodeSet(path, path.with_suffix(".index")) for path in sorted(Path().glob("sent.*.txt"))]
    with tempfile.TemporaryDirectory(dir=".") as workspace:
        done = prepare("few.csv", RULES, Path(workspace), sent=sets)
        print(sum(part.rows for part in done.parts))


def digest() -> None:
    """Digest a set and keep that; the same set, and with one code more."""
    with tempfile.TemporaryDirectory(dir=".") as workspace:
        found = segments_of([TextCodeSet(Path("new.txt"))], KEY, Path(workspace))
    for name in ("here", "there"):
        Path(name).with_suffix(".json").write_text(found.to_json(), encoding="ascii")
    print(found.count)


def part() -> None:
    """Digest what is known to be distinct, as a prepared part is."""
    with tempfile.TemporaryDirectory(dir=".") as workspace:
        print(segments_of([TextCodeSet(Path("new.txt"))], KEY, Path(workspace), are_distinct=True).count)


def equal() -> None:
    """Compare two sets by the digests that were kept."""
    here, there = (
        SegmentDigests.from_json(Path(name).read_text(encoding="ascii"))
        for name in ("here.json", "there.json")
    )
    print(differing(here, there) or here.fingerprint)


def other() -> None:
    """Find the code that one set has more."""
    here = SegmentDigests.from_json(Path("here.json").read_text(encoding="ascii"))
    Path("more.txt").write_bytes(b"ONE-MORE\n")
    less, more = (
        (TextCodeSet(Path("new.txt")),),
        (TextCodeSet(Path("new.txt")), TextCodeSet(Path("more.txt"))),
    )
    with tempfile.TemporaryDirectory(dir=".") as workspace:
        # Where the code stands, as the digest of the other set would say; that takes as long as `digest` does.
        (added,) = (
            number
            for number, one in enumerate(segments_of(more[1:], KEY, Path(workspace)).segments)
            if one.count
        )
        odd = [codes_of_segments(each, [added], KEY, count=len(here.segments)) for each in (less, more)]
        print(compare(odd[0], odd[1], Path(workspace)).second.apart)


KEY = bytes(range(32))
MEASURED = {
    "parts": parts,
    "less": less,
    "sent": sent,
    "digest": digest,
    "part": part,
    "equal": equal,
    "other": other,
}


if __name__ == "__main__":
    main()
