"""A migration of a million codes, a fifth of them in the hands of customers, from one emulated vendor to the other.

    .venv/bin/python benchmarks/migration.py
    .venv/bin/python benchmarks/migration.py --schedule 100000000

The emulators run in a process of their own, their documented limits off. Each step runs in a process of its own; printed are
its seconds, those that its CPU was busy, and the most memory that it had. With `--schedule` the schedule of so many codes
under the documented limits is computed, once their files are known.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from couponhub import CouponHub
from couponhub.migration.batches import BatchFile
from couponhub.migration.schedule import schedule_of
from couponhub.models import Identifier
from couponhub.testing import EmulatorContext, config_text
from couponhub.testing.vendors import emulators

DIRECTIONS = (("capillary", "moengage"), ("moengage", "capillary"))
HOLDERS = 50_000
_SERIES = (
    *("discountCode=WINTER10", "discountType=PERC", "discountValue=10"),
    "smsTemplate=Hi {{first_name}}, your code is {{voucher}}",
)
_MADE = {
    "moengage": ("--set", "created_by=bench"),
    "capillary": tuple(word for one in _SERIES for word in ("--set", one)),
}
_UNPACED = {
    "capillary": "limits = { calls_per_minute = 0 }",
    "moengage": "limits = { upload_per_minute = 0, upload_per_day = 0 }",
}
_COUPONHUB = (sys.executable, "-m", "couponhub")


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--codes", type=int, default=1_000_000)
    parser.add_argument("--schedule", type=int, metavar="CODES", help="compute this schedule alone")
    arguments = parser.parse_args()
    if arguments.schedule is not None:
        schedule(arguments.schedule)
        return
    print("| from, to | step | seconds | CPU | peak memory |\n|---|---|---:|---:|---:|")
    for source, target in DIRECTIONS:
        with tempfile.TemporaryDirectory(prefix="migration-", dir=".") as folder:
            measure(source, target, Path(folder), arguments.codes)


def measure(source: str, target: str, folder: Path, codes: int) -> None:
    """Plan, apply and prove one direction."""
    all_codes = [f"WIN-{number:08d}" for number in range(codes)]
    people = [f"9190{number:08d}" for number in range(HOLDERS)]
    write(folder / "codes.csv", "code", all_codes)
    held = enumerate(all_codes[: codes // 5])
    write(folder / "holders.csv", "mobile,code", (f"{people[at % HOLDERS]},{code}" for at, code in held))
    seed: dict[str, dict[str, Any]] = {
        source: {"lists": [{"name": "Winter", "codes": all_codes}]},
        "capillary": {"customers": [{"mobile": one} for one in people]},
    }
    if source == "capillary":
        seed["capillary"] |= {"lists": [{"name": "Winter", "codes": all_codes}]}
    (folder / "seed.json").write_text(json.dumps(seed), encoding="utf-8")
    with emulated(folder):
        found = subprocess.run(
            [*_COUPONHUB, "lists", "ls", source, "-o", "json"], cwd=folder, capture_output=True, check=True
        )
        list_id = json.loads(found.stdout)["items"][0]["id"]
        plan = (
            *("migrate", "plan", "--from", source, "--list", list_id, "--to", target, "--create"),
            *_MADE[target],
            *("--codes", "codes.csv", "--customers", "holders.csv", "--out", "plan.json"),
        )
        total = run(f"{source}, {target}", "plan", plan, folder)
        digest = json.loads((folder / "plan.json").read_text(encoding="utf-8"))["digest"]
        total += run("", "apply", ("migrate", "apply", "plan.json", "--confirm", digest, "--quiet"), folder)
        total += run("", "verify", ("migrate", "verify", "plan.json"), folder)
    print(f"| | together | {total:.1f} s | | |", flush=True)


@contextmanager
def emulated(folder: Path) -> Iterator[None]:
    """Serve both vendors in a process of their own, and write the config."""
    words = ("emulate", "--port", "0", "-o", "json", "--processing-delay", "0.02", "--seed", "seed.json")
    with subprocess.Popen([*_COUPONHUB, *words], cwd=folder, stdout=subprocess.PIPE, text=True) as process:
        said, lines = None, ""
        while said is None and process.poll() is None:
            lines += process.stdout.readline() if process.stdout else ""
            said = decoded(lines)
        if said is None:
            raise SystemExit("the emulators did not start")
        text = f'[store]\nurl = "sqlite:///{folder.resolve()}/couponhub.db"\n'
        for vendor in said["vendors"]:
            name, config = (
                vendor["name"],
                vendor["credentials"] | {"base_url": vendor["base_url"], "adapter": vendor["name"]},
            )
            settings = "".join(f'{key} = "{value}"\n' for key, value in config.items())
            text += f"[connections.{name}]\n{settings}{_UNPACED[name]}\n"
        (folder / "couponhub.toml").write_text(text, encoding="utf-8")
        try:
            yield
        finally:
            process.terminate()


def decoded(text: str) -> Any:
    """What JSON says, None as long as it is not whole."""
    try:
        return json.loads(text)
    except ValueError:
        return None


def write(path: Path, header: str, rows: Iterable[str]) -> None:
    """Write a file of these lines."""
    with path.open("w", encoding="utf-8") as file:
        file.write(f"{header}\n")
        file.writelines(f"{row}\n" for row in rows)


def run(direction: str, step: str, words: Sequence[str], folder: Path) -> float:
    """Run a command in a process of its own, print its line, and return its seconds."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "couponhub", *words, "-o", "json"],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    said = process.stderr.read() if process.stderr else ""
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    code = os.waitstatus_to_exitcode(status)
    cpu, peak = used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
    told = "" if code == 0 else f" (exit {code})"
    process.returncode = code
    if code and step != "verify":
        raise SystemExit(said)
    print(f"| {direction} | {step}{told} | {seconds:.1f} s | {cpu:.1f} s | {peak:.0f} MiB |", flush=True)
    return seconds


def schedule(codes: int) -> None:
    """Time the schedule of so many codes, a fifth of them tagged, under the limits that are documented."""
    print("| from, to | files | last day | seconds |\n|---|---:|---|---:|")
    context = EmulatorContext()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "couponhub.toml"
        store = f'\n[store]\nurl = "sqlite:///{folder}/couponhub.db"\n'
        # Nobody is called: the address is one where nobody listens.
        path.write_text(config_text("http://127.0.0.1:9", emulators((), context)) + store, encoding="utf-8")
        with CouponHub.from_config(path) as hub:
            for source, target in DIRECTIONS:
                files = tuple(files_of(codes, hub[target].capabilities.limits))
                began = time.perf_counter()
                found = schedule_of(files, hub[source], hub[target], customers=HOLDERS, now=datetime.now(UTC))
                seconds = time.perf_counter() - began
                parts = sum(one.parts for one in files)
                print(f"| {source}, {target} | {parts:,} | {found.ends_at:%Y-%m-%d} | {seconds:.3f} s |")


def files_of(codes: int, limits: Mapping[str, int]) -> Iterator[BatchFile]:
    """Give the batches of so many codes, four fifths free and one fifth tagged, as they are cut for a vendor."""
    for kind, rows in (("free", codes * 4 // 5), ("issued", codes // 5)):
        size = rows * len("WIN-00000000\n")
        parts = max(size // limits.get("file_bytes", size), rows // limits.get("file_rows", rows)) + 1
        yield BatchFile(
            kind=kind,
            identifier=Identifier.MOBILE if kind == "issued" else None,
            path=Path(kind),
            rows=rows,
            parts=parts,
            bytes=size,
            fingerprint=f"1:{rows}:0",
            codes=(),
        )


if __name__ == "__main__":
    main()
