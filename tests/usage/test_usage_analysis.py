"""What imported reports say in all: which there are, counts by list, day, campaign and locale, and every row in a file."""

import csv
import stat
import sys
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from couponhub.codes import row_files
from couponhub.codes.row_files import INSTANT, NUMBER, TEXT, check_target, write_rows
from couponhub.errors import LocalError, NotFound, UsageError
from couponhub.models import UsageCount, UsageGroup
from tests.usage.reports_harness import ReportHarness, Row, day, noon, span
from tests.usage.test_usage_end_to_end import UsageHarness, usage

__all__ = ["usage"]

ROWS = (
    Row("E1", "A-1", 2),
    Row("E1", "A-2", 3, "Winter"),
    Row("E2", "A-3", 3),
)


def by(counted: tuple[UsageCount, ...]) -> list[tuple[str | None, int, int]]:
    """Group, codes and customers."""
    return [(one.value, one.codes, one.customers) for one in counted]


@pytest.fixture
def filled(reports: ReportHarness) -> ReportHarness:
    """Two lists; one code of the first stands in two reports of it."""
    reports.vendor.create("L2", created=1)
    reports.take("L1", 1, 5, *ROWS)
    reports.take("L1", 3, 6, ROWS[1], Row("E3", "A-4", 6))
    reports.take("L2", 1, 6, Row("E1", "B-1", 4))
    return reports


def test_reports_are_told_as_they_were_imported(filled: ReportHarness) -> None:
    """Oldest import first, of one list or of all."""
    told = filled.usage.reports()
    assert [("L1", 3, span(1, 5)), ("L1", 2, span(3, 6)), ("L2", 1, span(1, 6))] == [
        (one.list_id, one.rows, one.days) for one in told
    ]
    assert ["List L2"] == [one.list_name for one in filled.usage.reports("L2")]
    with pytest.raises(NotFound, match="no report names that list"):
        filled.usage.reports("nothing")


def test_codes_are_counted_once(filled: ReportHarness) -> None:
    """However many reports hold one; customers too, in each group."""
    assert [("L1", 4, 3), ("L2", 1, 1)] == by(filled.usage.stats())
    first = filled.usage.stats()[0]
    assert ("List L1", noon(2), noon(6)) == (first.name, first.first_issued_at, first.last_issued_at)
    assert [
        (str(day(number)), codes, people) for number, codes, people in ((2, 1, 1), (3, 2, 2), (6, 1, 1))
    ] == by(filled.usage.stats("day", "L1"))
    assert [("C1", 5, 3)] == by(filled.usage.stats(UsageGroup.CAMPAIGN))
    assert [("Default", 5, 3)] == by(filled.usage.stats("LOCALE"))
    with pytest.raises(UsageError, match="by is one of list, day, campaign, locale"):
        filled.usage.stats("week")


def test_nothing_imported_is_nothing_counted(reports: ReportHarness) -> None:
    """No error, and no file is made by looking."""
    assert ((), (), []) == (reports.usage.reports(), reports.usage.stats(), list(reports.usage.rows()))
    assert not reports.stored.layout.reports.exists()


def test_what_is_imported_amid_reading_is_left_out(filled: ReportHarness) -> None:
    """The rows are those of the reports that were there when the reading began."""
    rows = filled.usage.rows("L1")
    filled.take("L1", 6, 8, Row("E9", "A-9", 7))
    assert {"A-1", "A-2", "A-3", "A-4"} == {row.code for row in rows}


def test_every_row_comes_with_its_origin(filled: ReportHarness) -> None:
    """All of a customer together, under a hash that is the same in each list and names nobody."""
    rows = list(filled.usage.rows())
    assert ["A-1", "A-2", "A-3", "A-4", "B-1"] == sorted(row.code for row in rows)
    of_first = [row for row in rows if row.code in {"A-1", "A-2", "B-1"}]
    assert 1 == len({row.customer for row in of_first})
    assert "E1" not in {row.customer for row in rows}
    (one,) = (row for row in rows if row.code == "A-2")
    assert ("C1", "Winter", "Default", 2, noon(3)) == (
        one.campaign_id,
        one.campaign_name,
        one.locale,
        one.row,
        one.issued_at,
    )


def imported(at: UsageHarness) -> None:
    """Import the report of the list's five days."""
    first, last = at.today - timedelta(days=5), at.today
    assert 0 == at.imported(at.mailed(first, last), first, last).code


def test_on_the_command_line(usage: UsageHarness, tmp_path: Path) -> None:
    """ls, stats and export, of one list, of a connection, and of all; nobody is asked."""
    imported(usage)
    asked = len(usage.harness.control.requests())
    (report,) = usage.run("-o", "json", "usage", "ls").json["items"]
    assert (usage.list_id, "Autumn", 3) == (report["list_id"], report["list_name"], report["rows"])
    (count,) = usage.run("-o", "json", "usage", "stats", "moengage", usage.list_id).json["items"]
    assert ("list", usage.list_id, "Autumn", 3, 1) == tuple(
        count[key] for key in ("by", "value", "name", "codes", "customers")
    )
    table = usage.run("-o", "table", "usage", "stats", "--by", "day").out
    assert ("DAY" in table, "NAME" in table) == (True, False)
    target = tmp_path / "rows.csv"
    ran = usage.run("-o", "json", "usage", "export", "--out", str(target))
    assert {"file": str(target), "rows": 3} == ran.json
    with target.open(encoding="utf-8", newline="") as file:
        assert sorted(usage.codes) == sorted(row["code"] for row in csv.DictReader(file))
    assert 0o600 == stat.S_IMODE(target.stat().st_mode)
    assert asked == len(usage.harness.control.requests())
    assert 2 == usage.run("usage", "export", "--out", str(tmp_path / "rows.xlsx")).code
    assert 4 == usage.run("usage", "stats", "moengage", "nothing").code


def test_status_fails_when_reports_are_too_old(usage: UsageHarness) -> None:
    """Exit code 3 with one line that says until when they reach; what is covered is printed all the same."""
    unproven = usage.run("-o", "json", "usage", "status", "moengage", "--fail-if-older", "36")
    assert (3, "partial") == (unproven.code, unproven.json["error"]["kind"])
    imported(usage)
    assert 0 == usage.run("usage", "status", "moengage", "--fail-if-older", "36").code
    late = usage.run("-o", "json", "usage", "status", "moengage", "--fail-if-older", "0.000001")
    assert (3, 1) == (late.code, len(late.json["items"]))
    assert "hours ago" in late.err


def test_status_of_every_connection(usage: UsageHarness) -> None:
    """Without a connection each that has reports is told of, and says whose it is, as `usage ls` and `stats` do."""
    one = usage.run("usage", "status", "moengage").out.splitlines()
    assert one
    every = usage.run("usage", "status")
    assert (0, [f"moengage\t{line}" for line in one]) == (every.code, every.out.splitlines())
    late = usage.run("usage", "status", "--fail-if-older", "36")
    assert (3, every.out) == (late.code, late.out)


def test_parquet_keeps_every_text_as_it_is(tmp_path: Path) -> None:
    """Numbers and instants have their types, an empty text is no null, and codes stay texts."""
    target = tmp_path / "it's.parquet"
    rows = [("007", 1, "2026-01-31T10:00:00.25Z"), ("", None, None), ('\\N,"é\n', 3, None)]
    assert 3 == write_rows(check_target(str(target)), {"code": TEXT, "n": NUMBER, "at": INSTANT}, rows)
    with duckdb.connect() as database:
        database.execute("SET timezone = 'UTC'")
        read = database.execute(
            'SELECT code, n, "at"::VARCHAR FROM read_parquet(?)', [str(target)]
        ).fetchall()
    assert [("007", 1, "2026-01-31 10:00:00.25+00"), ("", None, None), ('\\N,"é\n', 3, None)] == read
    assert 0o600 == stat.S_IMODE(target.stat().st_mode)


def test_a_file_is_whole_or_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was there stays, nothing is left beside it, and a form that is not installed says what to install."""
    target = tmp_path / "rows.csv"
    target.write_text("before", encoding="utf-8")

    def fail(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(row_files, "_write_csv", fail)
    with pytest.raises(LocalError, match="cannot be written: No space left"):
        write_rows(target, {"code": TEXT}, [])
    assert (["rows.csv"], "before") == (
        [one.name for one in tmp_path.iterdir()],
        target.read_text(encoding="utf-8"),
    )
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(UsageError, match=r"couponhub\[parquet\]"):
        check_target("rows.parquet")
