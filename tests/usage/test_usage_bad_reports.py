"""What is no report of that list and those days is refused in one line, and nothing of it is imported."""

import gzip
import io
import zipfile
from datetime import timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import attrs
import pyarrow as pa
import pytest
import zstandard
from pyarrow import ipc, parquet

from couponhub.errors import LocalError, NotFound
from couponhub.models import ListId, UploadId
from couponhub.state import PartRecord, UploadRecord
from couponhub.usage.importing import import_report
from couponhub.usage.opening import faulty, opened
from couponhub.usage.rows import ReportRows
from tests.codes.workbooks import workbook
from tests.usage.reports_harness import FORM, HEADER, ReportHarness, Row, day, noon, report, report_text

ROWS = (Row("E1", "C-1", 3), Row("E2", "C-2", 4), Row("E3", "C-3", 5))
TEXT = report_text(ROWS)
SECRETS = ("E1", "E2", "E3", "C-1", "C-2", "C-3")


def mail(*attachments: tuple[str, bytes], date: object = None) -> bytes:
    """A mail with files."""
    message = EmailMessage()
    message["Subject"] = "Usage report"
    message["From"] = "no-reply@example.com"
    if date is not None:
        message["Date"] = date
    message.set_content("The report is attached.")
    for name, content in attachments:
        message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()


def archive(**files: str) -> bytes:
    """A ZIP archive of CSV files."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, text in files.items():
            zipped.writestr(f"{name}.csv", text)
    return content.getvalue()


def table_of(**columns: object) -> pa.Table:
    """The report as a table, with some of its columns replaced."""
    given = {
        "User ID": pa.array([row.customer for row in ROWS]),
        "Coupon Code": columns.get("code", pa.array([row.code for row in ROWS])),
        "Campaign ID": pa.array([1, 2, None]),
        "Sent At": pa.array([noon(row.day) for row in ROWS], pa.timestamp("ns", tz="Asia/Kolkata")),
    }
    return pa.table(given)


def parquet_of(**columns: object) -> bytes:
    """That table as a Parquet file."""
    content = io.BytesIO()
    parquet.write_table(table_of(**columns), content)
    return content.getvalue()


def arrow() -> bytes:
    """That table as an Arrow file."""
    content = io.BytesIO()
    with ipc.new_file(content, table_of().schema) as writer:
        writer.write_table(table_of())
    return content.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        *(("r.csv", TEXT.replace(",", sign).encode()) for sign in ";\t|"),
        ("r.csv", f"sep=;\n{TEXT.replace(',', ';')}".encode()),
        ("r.csv", f"\n\r\n{TEXT}".encode()),
        ("r.csv", TEXT.replace("\n", "\r").encode()),
        ("r.csv", TEXT.encode("utf-16-le")),
        ("r.csv.zst", zstandard.compress(TEXT.encode())),
        ("r.xlsx", workbook([line.split(",") for line in TEXT.splitlines()])),
        ("r.parquet", parquet_of()),
        ("r.arrow", arrow()),
        ("r.eml", mail(("report.xlsx", workbook([line.split(",") for line in TEXT.splitlines()])))),
        ("r.csv", TEXT.encode()),
        ("r.csv", TEXT.replace("\n", "\r\n").encode()),
        ("r.csv", TEXT.encode("utf-8-sig")),
        ("r.csv", TEXT.encode("utf-16")),
        ("r.csv", b"\xfe\xff" + TEXT.encode("utf-16-be")),
        ("r.csv", TEXT.rstrip("\n").encode()),
        ("r.csv", (TEXT + "\n\n").encode()),
        (
            "r.csv",
            "\n".join(
                ",".join(f'"{cell}"' for cell in line.split(",")) for line in TEXT.splitlines()
            ).encode(),
        ),
        ("r.csv", TEXT.replace("Autumn", '"Autumn, ""late""\nor so"').encode()),
        ("r.csv", TEXT.replace("User ID", " user_id ").replace("Coupon Code", "COUPON-CODE").encode()),
        ("r.csv.gz", gzip.compress(TEXT.encode())),
        ("misnamed.csv", gzip.compress(TEXT.encode())),
        ("r.zip", archive(report=TEXT)),
        ("r.eml", mail(("report.csv", TEXT.encode()))),
        ("r.txt", mail(("report.csv", TEXT.encode()))),
        ("r.eml", mail(("logo.png", b"PNG"), ("report.csv.gz", gzip.compress(TEXT.encode())))),
        ("r.eml", mail(("report.zip", archive(report=TEXT)))),
        ("r.eml", mail(("whatever.eml", mail(("report.csv", TEXT.encode()))))),
    ],
)
@pytest.mark.parametrize("as_file", [True, False], ids=["path", "file object"])
def test_a_report_is_read_however_it_was_saved(
    reports: ReportHarness, tmp_path: Path, name: str, content: bytes, *, as_file: bool
) -> None:
    """Plain or packed, with or without its mail, in any usual encoding: the rows are the same."""
    if "whatever" in content.decode("latin-1"):
        content = forwarded(TEXT)
    path = tmp_path / name
    path.write_bytes(content)
    source: Any = path if as_file else io.BytesIO(content)
    done = reports.usage.import_report("L1", source, day(1), day(20))
    assert (3, 3, name if as_file else "report") == (done.rows, done.added, done.file)
    assert [["C-1"], ["C-2"], ["C-3"]] == [reports.codes(customer) for customer in ("E1", "E2", "E3")]


def forwarded(text: str) -> bytes:
    """A mail that holds the mail with the report."""
    inner = EmailMessage()
    inner["Subject"] = "Usage report"
    inner.set_content("attached")
    inner.add_attachment(text.encode(), maintype="text", subtype="csv", filename="report.csv")
    outer = EmailMessage()
    outer["Subject"] = "Fwd: Usage report"
    outer.set_content("see below")
    outer.add_attachment(inner)
    return outer.as_bytes()


def test_numbers_beside_customers_and_codes_are_read_as_they_are_shown(
    reports: ReportHarness, tmp_path: Path
) -> None:
    """The number of a campaign loses nothing in a cell of numbers."""
    path = tmp_path / "r.xlsx"
    row = ("E1", "C-1", 12, 1.5, "D", "V", "2026-10-03T06:30:00Z")
    path.write_bytes(workbook([HEADER, row]))
    assert 1 == reports.usage.import_report("L1", path, day(1), day(20)).added
    (coupon,) = reports.found("E1").coupons
    assert ("12", "1.5") == (coupon.properties["campaign_id"], coupon.properties["campaign_name"])


SHIFTED = TEXT.replace("E2,", ",E2,")

BAD: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "empty"),
    "blank": (b"\n\n", "empty"),
    "no header": (TEXT.split("\n", 1)[1].encode(), "no column of the user"),
    "no column of codes": (TEXT.replace("Coupon Code", "Something").encode(), "no column of the code"),
    "two columns of codes": (b"User ID,Coupon Code,coupon code\nE1,C-1,C-2\n", "several columns"),
    "two separators": (
        TEXT.replace("\n", "\r").replace(",", ";", 6).replace("\r", "\n").encode(),
        "row 1 has 1 columns",
    ),
    "a column too many": (SHIFTED.encode(), "row 2 has 8 columns and the header 7"),
    "a column too few": (TEXT.replace("E3,", "").encode(), "row 3 has 6 columns and the header 7"),
    "columns under others' headers": (
        report_text(ROWS, (HEADER[-1], *HEADER[:-1])).encode(),
        "row 1 has no moment",
    ),
    "cut off within a moment": (TEXT.encode()[:-8], "cut off"),
    "cut off within a row": (TEXT.encode()[:-25], "row 3 has 6 columns"),
    "cut off behind a moment's minutes": (TEXT.encode()[:-5], "cut off"),
    "cut off within quotes": (TEXT.replace("C-3", '"C-3').encode(), "no CSV"),
    "a quote too many": (TEXT.replace("C-2", 'C"-2').replace("C-3", '"C"-3').encode(), "no CSV"),
    "latin-1": (TEXT.replace("Autumn", "Frühling").encode("latin-1"), "neither UTF-8 nor UTF-16"),
    "UTF-16 cut off": (TEXT.encode("utf-16")[:-1], "begins as UTF-16 and is none further down"),
    "half a character in UTF-16": (
        TEXT.replace("Autumn", "\ud800").encode("utf-16", "surrogatepass"),
        "neither UTF-8 nor UTF-16",
    ),
    "UTF-8 cut off": ((TEXT + "E4,C-4,ü").encode()[:-1], "neither UTF-8"),
    "binary": (bytes(range(256)) * 8, "neither UTF-8"),
    "blank customer": (TEXT.replace("E2,", " ,").encode(), "row 2 has no user"),
    "blank code": (TEXT.replace("C-3", "").encode(), "row 3 has no code"),
    "no moment": (TEXT.replace("2026-10-04T06:30:00Z", "").encode(), "row 2 has no moment"),
    "a tab in a code": (TEXT.replace("C-2", "C\t-2").encode(), "a tab or a line break"),
    "a line break in a code": (TEXT.replace("C-2", '"C\n-2"').encode(), "a tab or a line break"),
    "a tab in a moment": (TEXT.replace("04T06", "04\t06").encode(), "a tab or a line break"),
    "an endless row": (TEXT.encode() + b"x" * (2 << 20), "a line of more than 1,048,576 bytes"),
    "gzip cut off": (gzip.compress(TEXT.encode())[:-12], "damaged or cut off"),
    "gzip damaged": (gzip.compress(TEXT.encode())[:-8] + b"12345678", "damaged or cut off"),
    "gzip of gzip": (gzip.compress(gzip.compress(TEXT.encode())), "another packed file"),
    "zstd cut off": (zstandard.compress(TEXT.encode())[:-4], "damaged or cut off"),
    "ZIP cut off": (archive(report=TEXT)[:-30], "damaged or cut off"),
    "ZIP of two": (archive(one=TEXT, two=TEXT), "holds 2 files"),
    "ZIP of none": (archive(), "holds 0 files"),
    "a web page": (b"<!DOCTYPE html><html><body>Sign in</body></html>", "no usage report: it is a web page"),
    "an image": (b"\x89PNG\r\n\x1a\n" + bytes(100), "no usage report: it is an image"),
    "NUL": (TEXT.replace("Autumn", "Aut\0umn").encode(), "a NUL stands in it"),
    "a workbook with a code of digits": (
        workbook([HEADER, ("E1", 12345, "C1", "A", "D", "V", "2026-10-03T06:30:00Z")]),
        "row 1 has a number, a date or a truth value as its code",
    ),
    "a workbook with times as numbers": (
        workbook([HEADER, ("E1", "C-1", "C1", "A", "D", "V", 46298.5)]),
        "row 1 has no moment",
    ),
    "a workbook of two sheets": (
        workbook(*[[line.split(",") for line in TEXT.splitlines()]] * 2),
        "2 sheets",
    ),
    "a workbook cut off": (workbook([line.split(",") for line in TEXT.splitlines()])[:-30], "damaged"),
    "Parquet with codes of digits": (parquet_of(code=pa.array([1, 2, 3])), "holds int64, no text"),
    "Parquet without a code": (parquet_of(code=pa.array(["C-1", None, "C-3"])), "row 2 has no code"),
    "Parquet cut off": (parquet_of()[:-9], "damaged, cut off"),
    "mail without a report": (mail(("logo.png", b"PNG")), "holds no report"),
    "mail with two reports": (
        mail(("one.csv", TEXT.encode()), ("two.csv.gz", gzip.compress(TEXT.encode()))),
        "holds 2 reports",
    ),
    "mail cut off": (mail(("one.csv", TEXT.encode()))[:-70], "cut off"),
    "other days": (report_text([*ROWS, Row("E4", "C-4", 40)]).encode(), "not only of the days"),
    "another list by its id": (
        b"User ID,Coupon Code,List\nE1,C-1,L2\n",
        "names another list than L1",
    ),
    "another list by its name": (b"User ID,Coupon Code,List\nE1,C-1,List L2\n", "names another list"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_report_is_refused_whole(reports: ReportHarness, tmp_path: Path, case: str) -> None:
    """One line that says what is wrong, with nothing of anybody's in it; the index is as before."""
    content, expected = BAD[case]
    reports.vendor.create("L2", created=1)
    reports.take("L1", 1, 5, Row("E0", "C-0", 2))
    before = reports.usage.status().lists
    path = tmp_path / "bad.csv"
    path.write_bytes(content)
    with pytest.raises(LocalError) as refused:
        reports.usage.import_report("L1", path, day(1), day(20))
    text = str(refused.value)
    assert expected in text
    assert "bad.csv" in text
    assert 1 == len(text.splitlines())
    assert not [secret for secret in SECRETS if secret in text]
    assert before == reports.usage.status().lists
    assert [["C-0"], [], []] == [reports.codes(customer) for customer in ("E0", "E1", "E2")]
    assert [] == list(reports.stored.layout.imports.iterdir())


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [(5, 4, "lies after"), (5, 21, "in the future"), (0, 5, "before the list was created")],
)
def test_impossible_days_are_refused(reports: ReportHarness, first: int, last: int, expected: str) -> None:
    """No vendor makes a report of such days."""
    with pytest.raises(LocalError, match=expected):
        reports.take("L1", first, last)


def test_a_file_that_is_not_there_is_refused(reports: ReportHarness, tmp_path: Path) -> None:
    """So is a folder."""
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(LocalError, match="cannot read"):
            reports.usage.import_report("L1", path, day(1), day(20))


def test_a_list_that_is_not_there_is_not_found(reports: ReportHarness) -> None:
    """The vendor shows all its lists, and that is none of them."""
    with pytest.raises(NotFound):
        reports.take("L9", 1, 20)


def test_a_header_alone_is_a_report(reports: ReportHarness) -> None:
    """Nobody was given anything on these days, and that is proven."""
    done = reports.take("L1", 1, 20)
    assert (0, 0, False) == (done.rows, done.added, done.repeated)
    assert "none" == reports.verdict("E1")
    assert reports.take("L1", 1, 20).repeated is False


def test_the_same_file_twice_doubles_nothing_and_says_so(reports: ReportHarness, tmp_path: Path) -> None:
    """Also when it comes in another wrapping."""
    reports.take("L1", 1, 20, *ROWS)
    path = tmp_path / "r.csv.gz"
    path.write_bytes(gzip.compress(TEXT.encode()))
    done = reports.usage.import_report("L1", path, day(1), day(20))
    assert (3, 0, True) == (done.rows, done.added, done.repeated)
    assert any("imported before" in warning for warning in done.warnings)
    assert ["C-1"] == reports.codes("E1")


def test_a_bomb_is_not_unpacked(reports: ReportHarness, tmp_path: Path) -> None:
    """What unpacks to more than a report can be is refused when the limit is reached, counted unpacked."""
    path = tmp_path / "bomb.csv.gz"
    path.write_bytes(gzip.compress(TEXT.encode() + b"E1,C-1,C1,A,D,V,2026-10-03T06:30:00Z\n" * 100_000))
    with opened(path) as bomb, pytest.raises(LocalError, match="1,000,000 bytes when unpacked"):
        list(
            ReportRows(bomb.content, FORM, lambda *told: faulty("bomb", *told), most_bytes=1_000_000).batches
        )
    path.write_bytes(gzip.compress(b"\n" * (60 << 20)))
    with pytest.raises(LocalError, match="empty"):
        reports.usage.import_report("L1", path, day(1), day(20))
    path.write_bytes(gzip.compress(b"\n" * (70 << 20)))
    with pytest.raises(LocalError, match="no rows pack so tightly"):
        reports.usage.import_report("L1", path, day(1), day(20))


def test_a_report_as_long_as_the_vendors_longest_is_refused(reports: ReportHarness) -> None:
    """The vendor stops at so many rows, and does not say that there were more."""
    reports.vendor.report_form = attrs.evolve(FORM, max_rows=3)
    with pytest.raises(LocalError, match="cuts reports off at 3"):
        reports.take("L1", 1, 20, *ROWS)
    assert 2 == reports.take("L1", 1, 20, *ROWS[:2]).added


@pytest.mark.parametrize("told", ["L1", "List L1", "label_L1", "list l1", ""])
def test_a_column_that_names_the_list_is_believed(reports: ReportHarness, tmp_path: Path, told: str) -> None:
    """By its id, name or label; blank cells say nothing."""
    path = tmp_path / "r.csv"
    path.write_text(f"User ID,Code,List\nE1,C-1,{told}\n", encoding="utf-8")
    assert 1 == reports.usage.import_report("L1", path, day(1), day(20)).added


def test_a_report_of_another_list_is_known_by_its_rows(reports: ReportHarness) -> None:
    """What was imported of one list is not imported of another, unless codes really stand in both."""
    reports.vendor.create("L2", created=1)
    reports.take("L1", 1, 20, *ROWS)
    with pytest.raises(LocalError, match="known to be of another list"):
        reports.take("L2", 1, 20, Row("E9", "C-9", 3), *ROWS)
    assert 1 == reports.take("L2", 1, 20, Row("E1", "C-9", 3)).added
    assert 3 == reports.take("L2", 1, 20, *ROWS, shared_codes=True).added
    assert 0 == reports.take("L2", 1, 20, *ROWS).added


def uploaded(reports: ReportHarness, folder: Path, list_id: str, *codes: str) -> None:
    """Have the ledger know codes of a list."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{list_id}.txt"
    path.write_text("".join(f"{code}\n" for code in codes), encoding="utf-8")
    upload = UploadRecord(
        id=UploadId(f"up_{list_id}"),
        connection="engage",
        list_id=ListId(list_id),
        name="codes",
        fingerprint=list_id,
        rows=len(codes),
        duplicates=0,
        skipped=0,
        parts=(PartRecord.prepared(1, name="codes", rows=len(codes)),),
    )
    reports.ledger().begin(upload, [path])
    reports.ledger().mark_submitting(upload, 1)


def test_a_report_of_another_list_is_known_by_what_was_uploaded(
    reports: ReportHarness, tmp_path: Path
) -> None:
    """Codes that were sent to another list, and not to this one."""
    reports.vendor.create("L2", created=1)
    uploaded(reports, tmp_path / "codes", "L2", "C-0", "C-2", "C-7")
    with pytest.raises(LocalError, match="known to be of another list"):
        reports.take("L1", 1, 20, *ROWS)
    uploaded(reports, tmp_path / "codes", "L1", "C-2")
    assert 3 == reports.take("L1", 1, 20, *ROWS).added


@pytest.mark.parametrize(
    ("moment", "form", "expected"),
    [
        ("2026-10-03 06:30:00", None, "2026-10-03T06:30:00+00:00"),
        ("2026-10-03T12:00:00+05:30", None, "2026-10-03T06:30:00+00:00"),
        ("03/10/2026 06:30", "%d/%m/%Y %H:%M", "2026-10-03T06:30:00+00:00"),
        ("03/10/2026 12:00 +0530", "%d/%m/%Y %H:%M %z", "2026-10-03T06:30:00+00:00"),
    ],
)
def test_moments_are_read_in_their_form(
    reports: ReportHarness, tmp_path: Path, moment: str, form: str | None, expected: str
) -> None:
    """ISO 8601, or as the connection says; one that names no zone is UTC, and said to be a guess."""
    reports.vendor.report_form = attrs.evolve(FORM, time_format=form)
    path = tmp_path / "r.csv"
    path.write_text(f"User ID,Code,Sent At\nE1,C-1,{moment}\n", encoding="utf-8")
    reports.usage.import_report("L1", path, day(1), day(20))
    (coupon,) = reports.found("E1").coupons
    assert coupon.issued_at is not None
    assert expected == coupon.issued_at.isoformat()
    names_zone = moment.endswith("30") and "+" in moment
    assert (() if names_zone else ("issued_at",)) == coupon.approximate


def test_an_old_mail_with_a_date_is_still_read(reports: ReportHarness, tmp_path: Path) -> None:
    """Only the days are judged by it."""
    path = tmp_path / "r.eml"
    stamp = format_datetime(reports.now - timedelta(days=3))
    path.write_bytes(mail(("r.csv", TEXT.encode()), date=stamp))
    assert 3 == reports.usage.import_report("L1", path, day(1), day(17)).added


def test_import_report_is_what_the_connection_calls(reports: ReportHarness) -> None:
    """A report object that is read once stays open for its owner."""
    file = report(ROWS)
    reports.usage.import_report("L1", file, day(1), day(20))
    assert not file.closed
    assert callable(import_report)
