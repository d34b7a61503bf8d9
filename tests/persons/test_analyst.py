"""An analyst: who was given what, by list, day and campaign, from reports that come by mail, in files for other tools."""

import csv
import shlex
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import duckdb
import pytest
import requests

from tests.kit.cli import CliRunner
from tests.kit.eventually import eventually

TODAY = datetime.now(UTC).date()


@pytest.fixture
def imported(cli: CliRunner) -> CliRunner:
    """Every list's report, requested by the command that `usage status` prints, mailed, saved and imported."""
    before = cli("usage", "status", "-o", "json").json["items"]
    assert all(item["request"]["command"].startswith("couponhub usage request moengage ") for item in before)
    for item in before:
        asked = shlex.split(item["request"]["command"].replace("$REPORTS_TO", "me@example.com"))
        ran = cli(*asked[1:])
        assert 0 == ran.code, ran.err
        found = partial(_mails_about, cli, item["list_name"])
        url = eventually(found, f"the mail about {item['list_name']}")[0]
        (cli.folder / "mail.eml").write_bytes(requests.get(cli.server.url + url, timeout=10).content)
        days = asked[asked.index("--from") : asked.index("--email")]
        ran = cli("usage", "import", "moengage", item["list_id"], "mail.eml", *days)
        assert 0 == ran.code, ran.err
    return cli


def _mails_about(cli: CliRunner, name: str) -> list[str]:
    return [mail["eml"] for mail in cli.control["moengage"].mails() if name in mail["subject"]]


def test_what_reports_say_in_all(imported: CliRunner) -> None:
    """Counts by each of four, the rows in both forms of file, no vendor asked for any of it."""
    cli = imported
    asked = len(cli.control["moengage"].requests())
    assert 2 == len(cli("usage", "ls").rows)
    for by in ("list", "day", "campaign", "locale"):
        counted = list(csv.DictReader(cli("usage", "stats", "--by", by, "-o", "csv").out.splitlines()))
        assert 3 == sum(int(row["codes"]) for row in counted)
        assert {by} == {row["by"] for row in counted}
    assert ["rows.csv\t3\n", "rows.parquet\t3\n"] == [
        cli("usage", "export", "--out", name).out for name in ("rows.csv", "rows.parquet")
    ]
    with duckdb.connect() as database:
        read = "SELECT code FROM '{}' ORDER BY code"
        tables = [
            database.execute(read.format(Path(cli.folder, name))).fetchall()
            for name in ("rows.csv", "rows.parquet")
        ]
    assert tables[0] == tables[1]
    assert ("AUTUMN-0003",) in tables[0]
    assert "EXT-007" not in (cli.folder / "rows.csv").read_text(encoding="utf-8")
    assert asked == len(cli.control["moengage"].requests())


def test_how_old_it_is(imported: CliRunner) -> None:
    """For an alert: 0 or 3 with one line, and every connection where none is named."""
    assert 0 == imported("usage", "status", "--fail-if-older", "60").code
    late = imported("usage", "status", "--fail-if-older", "0.001")
    assert (3, 2) == (late.code, len(late.rows))
    assert "hours ago" in late.complaint
    assert "reports cover every day until" in late.complaint


def test_a_report_that_cannot_be_read(cli: CliRunner) -> None:
    """All that is wrong at once, with the setting that mends it; blank lines at the end are nothing."""
    list_id = next(item["id"] for item in cli("lists", "ls", "moengage", "-o", "json").json["items"])
    take = ("usage", "import", "moengage", list_id)
    days = ("--from", str(TODAY - timedelta(days=9)), "--to", str(TODAY))
    moment = f"{TODAY - timedelta(days=3)}T10:00:00Z"
    cli.write("names.csv", "Foo,Bar,When", f"EXT-1,A-1,{moment}")
    names = cli(*take, "names.csv", *days)
    assert 2 == names.code
    for said in (
        "names.csv: ",
        "no column of the user",
        "no column of the code",
        "usage_columns.user and usage_columns.code",
    ):
        assert said in names.complaint
    cli.write(
        "dates.csv", "User ID,Coupon Code,Sent At", *(f"EXT-{n},A-{n},0{n}/11/2026 10:00" for n in (1, 2, 3))
    )
    dates = cli(*take, "dates.csv", *days)
    assert 2 == dates.code
    for said in ('"01/11/2026 10:00"', '"02/11/2026 10:00"', '"03/11/2026 10:00"', "usage_time_format"):
        assert said in dates.complaint
    assert [] == cli("usage", "ls").rows
    cli.write("blank.csv", "User ID,Coupon Code,Sent At", f"EXT-1,A-1,{moment}", "", ",,")
    assert 0 == cli(*take, "blank.csv", *days).code


def test_what_is_not_there_is_named(cli: CliRunner) -> None:
    """A vendor without reports says where to look instead; a name that says no form is repeated."""
    other = cli("usage", "stats", "capillary")
    assert 8 == other.code
    assert "couponhub lookup" in other.complaint
    assert (
        '"rows.xlsx" does not say which form is meant (let it end in .csv or .parquet)'
        == cli("usage", "export", "--out", "rows.xlsx").complaint
    )
