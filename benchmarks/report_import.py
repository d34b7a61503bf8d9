"""Importing a usage report, and looking customers up in it, beside what SQLite alone takes for the same rows.

    .venv/bin/python benchmarks/report_import.py --rows 1000000 10000000
    .venv/bin/python benchmarks/report_import.py --rows 1000000 --postgresql

With --postgresql both go into a server of the same disk, which writes its log through to it, and the rows alone go into a
table that has its index, as a table in use has; they are sent in one pipeline and are one transaction. Each import runs in a process of its own. SQLite's is `executemany` of the rows of a `csv.reader` into a table, and an
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
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import attrs
import psycopg

sys.path.insert(0, str(Path(__file__).parents[1]))

from couponhub.models import Customer
from couponhub.registry import Registry
from couponhub.testing import harness_for
from tests.kit.servers import running_postgresql

HEADER = ("User ID", "Coupon Code", "Campaign ID", "Campaign Name", "Locale", "Variation", "Sent At")
DAYS = 30
LOOKUPS = 20_000


def main() -> None:
    """Measure, and print a table for each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000])
    parser.add_argument("--postgresql", action="store_true")
    parser.add_argument("--only", choices=("sqlite", "postgresql", "ours"))
    parser.add_argument("--store")
    parser.add_argument("--report", type=Path)
    arguments = parser.parse_args()
    if arguments.only == "sqlite":
        print(*sqlite_alone(arguments.report))
    elif arguments.only == "ours":
        print(*ours(arguments.report, arguments.rows[0], arguments.store))
    elif arguments.only == "postgresql":
        print(*postgresql_alone(arguments.report, arguments.store))
    else:
        for rows in arguments.rows:
            show(compare(rows, is_postgresql=arguments.postgresql))


@attrs.frozen
class Compared:
    """The figures of one report: seconds, seconds of the CPU and MiB of both, and what is ours alone."""

    rows: int
    size: int
    alone: str
    rows_alone: list[float]
    ours: list[float]


def compare(rows: int, *, is_postgresql: bool) -> Compared:
    """Run both on the same report."""
    with ExitStack() as held:
        folder = held.enter_context(tempfile.TemporaryDirectory(prefix="report-import-", dir="."))
        report = Path(folder) / "report.csv"
        write_report(report, rows)
        server = held.enter_context(running_postgresql(is_durable=True)) if is_postgresql else None
        figures = []
        for name in ("sqlite" if server is None else "postgresql", "ours"):
            command = [sys.executable, __file__, "--only", name, "--report", str(report), "--rows", str(rows)]
            if server is not None:
                command += ["--store", server.url(server.new_database())]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            figures.append([float(figure) for figure in done.stdout.split()])
        alone = "SQLite alone" if server is None else "executemany"
        return Compared(rows, report.stat().st_size, alone, *figures)


def show(compared: Compared) -> None:
    """Print the figures of a size."""
    alone, ours = compared.rows_alone, compared.ours
    print(
        f"| {compared.rows:,} rows, {compared.size >> 20} MiB | {compared.alone} | couponhub | ratio |\n|---|---|---|---|"
    )
    for at, what in enumerate(("import", "the same, CPU")):
        ratio = alone[at] / ours[at]
        print(f"| {what} | {alone[at]:.1f} s | {ours[at]:.1f} s | {ratio:.2f} times as fast |")
    print(f"| peak memory | {alone[2]:.0f} MiB | {ours[2]:.0f} MiB | |")
    print(f"| on disk | {alone[3]:.0f} MiB | {ours[3]:.0f} MiB | |")
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


def postgresql_alone(report: Path, url: str) -> tuple[float, float, float, float]:
    """As `sqlite_alone`; the CPU is that of this process."""
    started, busy = time.perf_counter(), time.process_time()
    with psycopg.connect(url) as connection, report.open(encoding="utf-8", newline="") as file:
        connection.execute(
            "CREATE TABLE given (customer TEXT, code TEXT, campaign TEXT, name TEXT, locale TEXT, variation TEXT, at TEXT)"
        )
        connection.execute("CREATE INDEX by_customer ON given (customer)")
        rows = csv.reader(file)
        next(rows)
        connection.cursor().executemany("INSERT INTO given VALUES (%s, %s, %s, %s, %s, %s, %s)", rows)
    taken = time.perf_counter() - started, time.process_time() - busy
    return *taken, peak(), size_of(url)


def size_of(url: str) -> float:
    """MiB of all tables of ours, or of the benchmark's."""
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::float8 FROM pg_class WHERE relkind = 'r'"
            " AND relnamespace IN (to_regnamespace('couponhub'), to_regnamespace('public'))"
        ).fetchone()
    return 0.0 if found is None else float(found[0]) / 2**20


def ours(report: Path, rows: int, store: str | None) -> tuple[float, float, float, float, float, float]:
    """Seconds, those of them that the CPU was busy, MiB, MiB on disk, and microseconds of a lookup: median and 99th of 100."""
    tempfile.tempdir = str(report.parent)  # the same disk as SQLite's
    with harness_for(Registry().load("moengage"), settings={"timezone": "UTC"}, store=store) as harness:
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
        disk = (
            (harness.folder / "couponhub.usage.db").stat().st_size / 2**20
            if store is None
            else size_of(store)
        )
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
