"""Set work on a real Spark of two worker processes: outcomes to the byte of those of this process, and one that is killed.

Needs Java, and the network for the first run. Codes must stand in no log of the cluster.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.scale.set_work import VERBS
from tests.scale.standalone import ROOT, Standalone, python, standalone

_OF_THE_MASTER = ("subtract", "classes")
"""Each starts a driver of its own; the others are the same expressions."""
_CANARY = "CANARY-CODE-"
_TABLE = """
    CREATE TABLE e AS SELECT i, if(i % 1000 = 0, $canary || i, upper(substr(md5((i * 7919)::VARCHAR), 1, 12))) AS code,
    (20270101 + i % 28)::VARCHAR AS expires_at FROM range($codes) r(i)
"""
_LINES = {
    "planned": "SELECT code FROM (SELECT code, i FROM e UNION ALL SELECT code, i FROM e WHERE i % 20 = 0)",
    "sent": "SELECT lower(code) FROM e WHERE i % 5 = 0",
}
_SIDES = {
    "expected": "SELECT code, expires_at FROM e",
    "found": "SELECT code, if(i % 200 = 1, '20280101', expires_at) AS expires_at FROM e WHERE i % 100 <> 0"
    " UNION ALL SELECT 'X' || code, '20270101' FROM e WHERE i % 500 = 3",
}


def main(words: Sequence[str]) -> int:
    """Return 0 where all engines agree, a killed cluster is one line, and no log holds a code."""
    parser = argparse.ArgumentParser(prog="make scale SCALE='spark ...'", description=__doc__)
    parser.add_argument("--codes", type=int, default=5_000_000)
    parser.add_argument("--keep", type=Path, help="a new folder for the logs of the cluster")
    given = parser.parse_args(words)
    with tempfile.TemporaryDirectory(prefix="couponhub-scale-") as name:
        folder = Path(name)
        (folder / "in").mkdir()
        (folder / "spark").mkdir()
        (folder / "place").mkdir(mode=0o700)
        _say(f"{given.codes:,} codes; load {os.getloadavg()[0]:.1f}")
        _make(folder / "in", given.codes)
        here = _run(sys.executable, folder, "here", "duckdb://", None)
        with standalone(folder / "spark") as cluster:
            _say(
                f"Spark: both workers after {cluster.started[0]:.1f} s, Spark Connect after {cluster.started[1]:.1f} s"
            )
            by_connect = _run(sys.executable, folder, "connect", cluster.connect, None)
            by_master = _run(
                str(python()), folder, "master", cluster.master, cluster.environment, verbs=_OF_THE_MASTER
            )
            is_line = _killed(folder, cluster)
        logs = [path for path in (folder / "spark").rglob("*") if path.is_file() and path.suffix != ".jar"]
        leaks = [path.name for path in logs if _CANARY.encode() in path.read_bytes()]
        if given.keep:
            given.keep.mkdir()
            for path in (folder / "spark").glob("*.log"):
                (given.keep / path.name).write_bytes(path.read_bytes())
    return _told(here, {"sc://": by_connect, "spark://": by_master}, is_line, leaks)


def _make(folder: Path, codes: int) -> None:
    """Write the sets: planned codes of which a twentieth stand twice, a fifth of them sent in small letters; and both sides of a join."""
    import duckdb

    with duckdb.connect() as database:
        database.execute(_TABLE, {"codes": codes, "canary": _CANARY})
        for name, query in _LINES.items():
            database.sql(query).write_csv(str(folder / f"{name}.txt"), header=False)
        for name, query in _SIDES.items():
            database.sql(query).write_parquet(str(folder / f"{name}.parquet"))


def _command(interpreter: str, folder: Path, name: str, engine: str) -> list[str]:
    return [interpreter, "-m", "tests.scale.set_work", str(folder / "in"), str(folder / name),
            "--engine", engine, "--place", f"file://{folder / 'place'}"]  # fmt: skip


def _run(
    interpreter: str,
    folder: Path,
    name: str,
    engine: str,
    environment: dict[str, str] | None,
    *,
    verbs: Sequence[str] = VERBS,
) -> dict[str, Any]:
    began = time.monotonic()
    done = subprocess.run(  # noqa: S603 - our own program
        [*_command(interpreter, folder, name, engine), "--verbs", *verbs],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=ROOT,
        check=False,
    )
    found = {line["verb"]: line for line in map(json.loads, done.stdout.splitlines())}
    found["all"] = {"seconds": time.monotonic() - began, "code": done.returncode}
    left = [path.name for path in (folder / "place").iterdir()]
    if left:
        _say(f"{engine.partition(':')[0]}: left at the place: {left}")
        found["all"]["code"] = 1
    return found


def _killed(folder: Path, cluster: Standalone) -> bool:
    """Kill the server and both workers while they work; tell whether that was one line, and nothing was left."""
    command = _command(sys.executable, folder, "killed", cluster.connect)
    process = subprocess.Popen([*command, "--verbs", "subtract"], stderr=subprocess.PIPE, text=True, cwd=ROOT)  # noqa: S603 - our own program
    until = time.monotonic() + 300
    while not list((folder / "place").rglob("first_set_marks")) and time.monotonic() < until:
        time.sleep(0.05)
    for each in (*cluster.workers, cluster.server):
        each.send_signal(signal.SIGKILL)
    began = time.monotonic()
    _, said = process.communicate(timeout=300)
    _say(f"killed half way: told after {time.monotonic() - began:.1f} s: {said.strip()}")
    left = [*(folder / "place").iterdir(), *(folder / "killed").rglob("*.csv")]
    return process.returncode == 2 and said.count("\n") == 1 and "Traceback" not in said and not left


def _told(
    here: Mapping[str, Any], there: Mapping[str, Mapping[str, Any]], is_line: bool, leaks: Sequence[str]
) -> int:
    _say(f"\n{'':12}{'this process':>14}" + "".join(f"{name:>12}" for name in there) + "  same")
    faults = [f"{name} failed" for name, each in {"here": here, **there}.items() if each["all"]["code"]]
    for verb in VERBS:
        found = [each.get(verb, {}) for each in (here, *there.values())]
        same = all(
            (each["counts"], each["files"]) == (found[0]["counts"], found[0]["files"])
            for each in found
            if each  # what failed is told by its end, and of the master two are enough
        )
        seconds = "".join(f"{each['seconds']:>10.1f} s" if each else f"{'-':>12}" for each in found[1:])
        _say(f"{verb:12}{found[0]['seconds']:>12.1f} s{seconds}  {'yes' if same else 'NO'}")
        if not same:
            faults.append(f"{verb} differs")
    if not is_line:
        faults.append("a cluster that was killed was not told in one line, or left something")
    if leaks:
        faults.append(f"codes stand in {', '.join(leaks)}")
    for fault in faults:
        _say(f"FAULT: {fault}")
    return 1 if faults else 0


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
