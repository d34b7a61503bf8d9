"""`couponhub uploads report`, and what is said of uploads that take days, on the command line."""

import csv
from datetime import UTC, datetime
from pathlib import Path

from tests.kit.cli import CliRunner

PARTNERS = "900004"
"""A series of the demo that takes codes of nobody; it holds PARTNER0001, which its customer has."""


def sent(cli: CliRunner, *codes: str) -> str:
    """Send codes to the series; return the upload's id."""
    (cli.folder / "codes.csv").write_text("code\n" + "".join(f"{code}\n" for code in codes), encoding="utf-8")
    ran = cli("-o", "json", "uploads", "send", "capillary", PARTNERS, "codes.csv", "--wait", "-q")
    return str(ran.json["id"])


def rows_of(path: Path) -> list[list[str]]:
    """The rows of a report, its reasons left out."""
    with path.open(encoding="utf-8", newline="") as file:
        return [[*row[:4], row[5]] for row in csv.reader(file)]


def test_a_report_tells_of_each_row_and_balances(cli: CliRunner) -> None:
    """The file has the rows, stdout their counts, and the exit code says whether anything is left open."""
    upload_id = sent(cli, "A1", "B1", "A1")
    ran = cli("-o", "json", "uploads", "report", upload_id, "--out", "report.csv")
    assert (0, []) == (ran.code, ran.remarks)
    assert [
        ["line", "code", "part", "outcome", "evidence"],
        ["2", "A1", "1", "accepted", "counted"],
        ["3", "B1", "1", "accepted", "counted"],
        ["4", "A1", "", "duplicate", ""],
    ] == rows_of(cli.folder / "report.csv")
    told = ran.json
    terms = ("accepted", "rejected", "duplicates", "skipped", "not_sent", "pending", "unknown")
    assert (3, [2, 0, 1, 0, 0, 0, 0]) == (told["rows"], [told[term] for term in terms])
    assert {"asked": 0, "counted": 2, "assumed": 0} == told["evidence"]
    assert [(1, 2, 2)] == [(part["number"], part["rows"], part["accepted"]) for part in told["parts"]]
    assert "error" not in told


def test_people_see_the_equation(cli: CliRunner) -> None:
    """In all, and for each part beside what the vendor counts."""
    upload_id = sent(cli, "A1", "PARTNER0001", "A1")
    ran = cli("-o", "table", "uploads", "report", upload_id, "--out", "report.csv")
    assert 3 == ran.code
    assert "BALANCE      3 = 0 + 0 + 1 + 0 + 0 + 0 + 2" in ran.out
    assert "VENDOR: TAKEN" in ran.out
    assert ran.complaint.startswith(
        f"capillary report {upload_id}: of 2 of 3 rows it is not known whether the vendor has them"
    )


def test_the_vendor_is_asked_about_so_many_codes_and_no_more(cli: CliRunner) -> None:
    """What it shows was taken; of what it does not show nobody can tell."""
    upload_id = sent(cli, "PARTNER0001", "A1", "B1")
    ran = cli("-o", "json", "uploads", "report", upload_id, "--out", "report.csv", "--probe", "2")
    assert (3, "partial", 2) == (ran.code, ran.json["error"]["kind"], ran.json["asked"])
    assert ["accepted", "unknown", "unknown"] == [row[3] for row in rows_of(cli.folder / "report.csv")[1:]]


def test_a_report_is_never_written_over_something(cli: CliRunner) -> None:
    """Nor without a form, nor of an upload that nobody knows, nor by asking whom nobody can ask."""
    upload_id = sent(cli, "A1")
    (cli.folder / "mine.csv").write_text("mine", encoding="utf-8")
    for words, code, complaint in (
        ((upload_id, "--out", "mine.csv"), 2, "mine.csv cannot be written: File exists"),
        ((upload_id, "--out", "report.xlsx"), 2, "does not say which form is meant"),
        (("222696", "--out", "report.csv"), 2, "a report is made of what was sent from here"),
        (("up_none", "--out", "report.csv"), 4, "no upload up_none is known here"),
        ((upload_id,), 2, "Missing option '--out'"),
    ):
        ran = cli("uploads", "report", *words)
        assert code == ran.code
        assert complaint in ran.complaint
    assert "mine" == (cli.folder / "mine.csv").read_text(encoding="utf-8")


def slow(cli: CliRunner, **limits: int) -> None:
    """Add a connection to MoEngage with these limits."""
    told = ", ".join(f"{name} = {most}" for name, most in limits.items())
    cli.configure(
        more=f"""
[connections.slow]
adapter = "moengage"
base_url = "{cli.server.url}/moengage/v1"
workspace_id = "DEMO"
api_key = "demo-key"
limits = {{ {told} }}
"""
    )


def test_the_day_of_the_end_is_told_before_the_first_part_goes(cli: CliRunner) -> None:
    """Six parts at two a day take three days; `uploads show` goes on saying so."""
    slow(cli, upload_per_day=2, upload_per_minute=0, file_bytes=20)
    list_id = cli.list_id("moengage")
    (cli.folder / "codes.csv").write_text(
        "code\n" + "".join(f"A{at:03}\n" for at in range(6)), encoding="utf-8"
    )
    began = datetime.now(UTC)
    ran = cli("uploads", "send", "slow", list_id, "codes.csv", "--timeout", "5")
    lines = ran.err.splitlines()
    told = [at for at, line in enumerate(lines) if "the limits do not let its 6 parts go out today" in line]
    assert 3 == ran.code
    (line,) = told
    assert line < next(at for at, one in enumerate(lines) if "sending" in one)
    (upload,) = cli("-o", "json", "uploads", "ls", "slow").json["items"]
    ends_at = datetime.fromisoformat(upload["ends_at"])
    assert (ends_at.date() - began.date()).days in {2, 3}
    assert ends_at.strftime("%Y-%m-%d %H:%M UTC") in lines[line]
    report = cli("-o", "json", "uploads", "report", upload["id"], "--out", "report.csv").json
    assert (upload["accepted"], upload["not_sent"]) == (report["accepted"], report["not_sent"])
    assert upload["not_sent"]
