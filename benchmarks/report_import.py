"""Importing a usage report, and looking customers up in it, beside what SQLite alone takes for the same rows.

    .venv/bin/python benchmarks/report_import.py --rows 1000000 10000000

Each import runs in a process of its own. SQLite's is `executemany` of the rows of a `csv.reader` into a table, and an
index on the customer when they are there, which is quicker than one that grows with them. Ours is
`connection.usage.import_report`, keyed hashes, checks and all; a lookup is `connection.customers.coupons`.
"""

import argparse
import csv
import random
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import attrs

from couponhub.models import Customer
from couponhub.registry import Registry
from couponhub.testing import harness_for

HEADER = ("User ID", "Coupon Code", "Campaign ID", "Campaign Name", "Locale", "Variation", "Sent At")
DAYS = 30
LOOKUPS = 20_000


def main() -> None:
    """Measure, and print a table for each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000])
    parser.add_argument("--only", choices=("sqlite", "ours"))
    parser.add_argument("--report", type=Path)
    arguments = parser.parse_args()
    if arguments.only == "sqlite":
        print(*sqlite_alone(arguments.report))
    elif arguments.only == "ours":
        print(*ours(arguments.report, arguments.rows[0]))
    else:
        for rows in arguments.rows:
            show(compare(rows))


@attrs.frozen
class Compared:
    """The figures of one report: seconds, seconds of the CPU and MiB of both, and what is ours alone."""

    rows: int
    size: int
    sqlite: list[float]
    ours: list[float]


def compare(rows: int) -> Compared:
    """Run both on the same report."""
    with tempfile.TemporaryDirectory(prefix="report-import-", dir=".") as folder:
        report = Path(folder) / "report.csv"
        write_report(report, rows)
        figures = []
        for name in ("sqlite", "ours"):
            command = (sys.executable, __file__, "--only", name, "--report", str(report), "--rows", str(rows))
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            figures.append([float(figure) for figure in done.stdout.split()])
        return Compared(rows, report.stat().st_size, *figures)


def show(compared: Compared) -> None:
    """Print the figures of a size."""
    sqlite, ours = compared.sqlite, compared.ours
    print(
        f"| {compared.rows:,} rows, {compared.size >> 20} MiB | SQLite alone | couponhub | ratio |\n|---|---|---|---|"
    )
    for at, what in enumerate(("import", "the same, CPU")):
        ratio = sqlite[at] / ours[at]
        print(f"| {what} | {sqlite[at]:.1f} s | {ours[at]:.1f} s | {ratio:.2f} times as fast |")
    print(f"| peak memory | {sqlite[2]:.0f} MiB | {ours[2]:.0f} MiB | |")
    print(f"| on disk | {sqlite[3]:.0f} MiB | {ours[3]:.0f} MiB | |")
    print(f"| lookup, median and 99th of 100 | | {ours[4]:.0f} us, {ours[5]:.0f} us | |\n")


def write_report(path: Path, rows: int) -> None:
    """A report of that many rows for half as many customers, in the order of sending."""
    chance = random.Random(7)  # noqa: S311 - the same report each time
    campaigns = [(f"6720{at:020x}", f"Campaign {at}", "en", "Variation 1") for at in range(60)]
    begin = datetime.combine(first_day(), datetime.min.time(), UTC) + timedelta(hours=12)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        for at in range(rows):
            moment = begin + timedelta(seconds=at * (DAYS - 1) * 86_400 // rows)
            customer, code = chance.randrange(max(1, rows // 2)), chance.getrandbits(40)
            writer.writerow(
                (
                    f"EXT-{customer:09d}",
                    f"SAVE-{code:010X}",
                    *chance.choice(campaigns),
                    f"{moment:%Y-%m-%dT%H:%M:%SZ}",
                )
            )


def first_day() -> date:
    """The first day of the report, so that yesterday is its last but one."""
    return datetime.now(UTC).date() - timedelta(days=DAYS)


def sqlite_alone(report: Path) -> tuple[float, float, float, float]:
    """Seconds, those of them that the CPU was busy, MiB, and MiB on disk."""
    with tempfile.TemporaryDirectory(prefix="alone-", dir=report.parent) as folder:
        started, busy = time.perf_counter(), time.process_time()
        path = Path(folder) / "alone.db"
        database = sqlite3.connect(path)
        database.execute(
            "CREATE TABLE given (customer TEXT, code TEXT, campaign TEXT, name TEXT, locale TEXT, variation TEXT, at TEXT)"
        )
        with report.open(encoding="utf-8", newline="") as file:
            rows = csv.reader(file)
            next(rows)
            database.executemany("INSERT INTO given VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        database.execute("CREATE INDEX by_customer ON given (customer)")
        database.commit()
        database.close()
        taken = time.perf_counter() - started, time.process_time() - busy
        return *taken, peak(), path.stat().st_size / 2**20


def ours(report: Path, rows: int) -> tuple[float, float, float, float, float, float]:
    """Seconds, those of them that the CPU was busy, MiB, MiB on disk, and microseconds of a lookup: median and 99th of 100."""
    tempfile.tempdir = str(report.parent)  # the same disk as SQLite's
    with harness_for(Registry().load("moengage"), settings={"timezone": "UTC"}) as harness:
        harness.control.set_clock(datetime.now(UTC) - timedelta(days=DAYS))
        list_id = harness.list_with("reported", ["CODE-1"])
        harness.control.set_clock(None)
        connection = harness.connection
        started, busy = time.perf_counter(), time.process_time()
        done = connection.usage.import_report(
            list_id, report, first_day(), first_day() + timedelta(days=DAYS)
        )
        seconds, busy, memory = time.perf_counter() - started, time.process_time() - busy, peak()
        if done.added != rows:
            raise SystemExit(f"{done.added} rows were added")
        disk = (harness.folder / "couponhub.usage.db").stat().st_size / 2**20
        chance = random.Random(11)  # noqa: S311 - the same customers each time
        taken = []
        for _ in range(LOOKUPS):
            customer = Customer(external_id=f"EXT-{chance.randrange(max(1, rows // 2)):09d}")
            began = time.perf_counter()
            connection.customers.coupons(customer)
            taken.append((time.perf_counter() - began) * 1e6)
        taken.sort()
        return seconds, busy, memory, disk, taken[LOOKUPS // 2], taken[LOOKUPS * 99 // 100]


def peak() -> float:
    """The most memory that this process has had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
