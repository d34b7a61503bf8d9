"""What looks like a proof and is none: dates that claim too much, questions that were answered for others."""

import io
import os
import zipfile
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import attrs
import pytest

from couponhub.errors import LocalError
from couponhub.models import CouponQuery, CouponStatus, Customer, Identifier, ReportImport
from tests.usage.reports_harness import FORM, ReportHarness, Row, day, noon, until

TODAY = 20
HEADER = "User ID,Coupon Code,Sent At\n"


def mail(*dates: str) -> bytes:
    """A report of nothing in a mail, which lies in a mail for each further date."""
    inner: EmailMessage | None = None
    for date in dates:
        outer = EmailMessage()
        outer["Date"] = date
        outer.set_content("The report is attached.")
        if inner is None:
            outer.add_attachment(HEADER.encode(), maintype="text", subtype="csv", filename="report.csv")
        else:
            outer.add_attachment(inner)
        inner = outer
    assert inner is not None
    return inner.as_bytes()


def bring(reports: ReportHarness, path: Path, content: bytes | str, first: int, last: int) -> ReportImport:
    """Import a file."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return reports.usage.import_report("L1", path, day(first), day(last))


@pytest.mark.parametrize(
    "dates",
    [
        ("Sun, 18 Oct 2026 09:00:00 -0000",),
        ("Sun, 18 Oct 2026 09:00:00",),
        ("Sun, 18 Oct 2026 09:00:00 +0000", "Mon, 19 Oct 2026 21:00:00 +0000"),
        ("Sun, 18 Oct 2026 09:00:00 +0000", "Mon, 19 Oct 2026 21:00:00 +0000", "no date"),
        ("no date", "Sun, 18 Oct 2026 09:00:00 +0000"),
    ],
)
def test_the_oldest_date_of_the_mails_bounds_a_report(
    reports: ReportHarness, tmp_path: Path, dates: tuple[str, ...]
) -> None:
    """Forwarding a mail makes its report no younger, and a date without a zone is one in UTC."""
    bring(reports, tmp_path / "r.eml", mail(*dates), 1, 18)
    reports.take("L1", 19, TODAY)
    assert until(17) == reports.found("E2").as_of


@pytest.mark.parametrize(("saved", "covered"), [(18, 17), (19, 19), (3, 19)])
def test_the_date_of_a_file_bounds_a_report(
    reports: ReportHarness, tmp_path: Path, saved: int, covered: int
) -> None:
    """Saved on its last day, it knows a part of that day; one from before its last day is no date of the report."""
    path = tmp_path / "r.csv"
    path.write_text(HEADER, encoding="utf-8")
    moment = noon(saved).timestamp()
    os.utime(path, (moment, moment))
    reports.usage.import_report("L1", path, day(1), day(18))
    reports.take("L1", 19, TODAY)
    assert until(covered) == reports.found("E2").as_of


def test_a_report_made_before_its_days_closes_no_seam(reports: ReportHarness, tmp_path: Path) -> None:
    """Whatever days it is said to be of: it reaches no further than into the day on which it was made."""
    reports.take("L1", 1, 8)
    bring(reports, tmp_path / "r.eml", mail("Thu, 08 Oct 2026 09:00:00 +0000"), 9, 12)
    assert until(7) == reports.found("E2").as_of


def test_reports_prove_nothing_of_another_identifier(reports: ReportHarness) -> None:
    """Once `user_id_is` is mended, what was read as something else covers nothing until it is imported again."""
    row = Row("919876543210", "C-1", 3)
    reports.take("L1", 1, TODAY, row)
    reports.vendor.report_form = attrs.evolve(FORM, identifier=Identifier.EMAIL)
    customer = Customer(email="a.buyer@example.com")
    assert reports.reports.coupons(customer, CouponQuery()) is None
    assert () == reports.usage.status().lists[0].covered
    reports.take("L1", 1, 5)
    found = reports.reports.coupons(customer, CouponQuery())
    assert found is not None
    assert (False, until(4)) == (found.covered, found.as_of)
    reports.vendor.report_form = FORM
    reports.usage.status()
    assert ["C-1"] == reports.codes("919876543210")
    assert "none" == reports.verdict("E2")


def test_the_same_file_read_as_another_identifier_is_no_repetition(reports: ReportHarness) -> None:
    """It brings rows that were not known."""
    reports.take("L1", 1, TODAY, Row("E1@example.com", "C-1", 3))
    reports.vendor.report_form = attrs.evolve(FORM, identifier=Identifier.EMAIL)
    done = reports.take("L1", 1, TODAY, Row("E1@example.com", "C-1", 3))
    assert (1, False) == (done.added, done.repeated)


def test_a_list_is_over_when_it_was_seen_to_be(reports: ReportHarness) -> None:
    """It may have been extended since it was last seen: its coupons are then unknown, and a filter keeps them."""
    reports.vendor.create("L1", created=1, expires=TODAY)
    reports.take("L1", 1, TODAY, Row("E1", "C-1", 3))
    reports.now = noon(TODAY).astimezone(UTC) + timedelta(hours=6)
    reports.vendor.create("L1", created=1, expires=60)
    active = CouponQuery(status=frozenset({CouponStatus.ACTIVE}))
    assert ("found", CouponStatus.UNKNOWN) == (
        reports.verdict("E1", active),
        reports.found("E1").coupons[0].status,
    )
    reports.vendor.create("L1", created=1, expires=TODAY)
    reports.usage.status()
    assert CouponStatus.EXPIRED is reports.found("E1").coupons[0].status


@pytest.mark.parametrize(("edge", "expected"), [(20, "unknown"), (37, "found"), (38, "found"), (8, "none")])
def test_a_guessed_zone_proves_nothing_near_the_edge(
    reports: ReportHarness, tmp_path: Path, edge: int, expected: str
) -> None:
    """A moment without a zone may be on the other side of the days asked for."""
    bring(reports, tmp_path / "r.csv", f"{HEADER}E1,C-1,2026-10-05 23:00:00\n", 1, TODAY)
    query = CouponQuery(until=datetime(2026, 10, 5, tzinfo=UTC) + timedelta(hours=edge))
    found = reports.found("E1", query)
    assert expected == reports.verdict("E1", query)
    assert (edge in {8, 38}) == found.complete
    assert (edge not in {8, 38}) == any("guess" in warning for warning in found.warnings)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("User ID,Coupon Code", "header seems to be cut off"),
        (f"{HEADER}E1,C-1,2026-10-03T06", "last row seems to be cut off"),
        (f"{HEADER}E1,C-1\rE2,C-2,2026-10-03T06:30:00Z\n", "no CSV"),
        (f"{'x' * 200_000},{HEADER}", "no CSV"),
        (f"{HEADER}9.19877E+11,C-1,2026-10-03T06:30:00Z\n", "row 1 has a rounded number as its user"),
        (
            f'{HEADER}E1,C-1,2026-10-03T06:30:00Z\nE1,"1,00E+05",2026-10-03T06:30:00Z\n',
            "row 2 has a rounded number as its code",
        ),
    ],
)
def test_a_report_that_is_not_whole_is_refused(
    reports: ReportHarness, tmp_path: Path, content: str, expected: str
) -> None:
    """Cut off before there is a row to compare with, of no known form, or saved by a spreadsheet."""
    with pytest.raises(LocalError, match=expected):
        bring(reports, tmp_path / "r.csv", content, 1, TODAY)
    assert reports.reports.answer() is False


def test_numbers_that_are_not_rounded_stay_what_they_are(reports: ReportHarness) -> None:
    """Codes and customers with an E, a dot or a plus in them are nobody's mistake."""
    codes = ["1E5", "12e5", "E+12", "9E11", "1.2", "A1E+12"]
    reports.take("L1", 1, TODAY, *(Row("A+E+1", code, 2) for code in codes))
    assert sorted(codes) == reports.codes("A+E+1")


def test_a_zip_of_another_method_is_refused(reports: ReportHarness, tmp_path: Path) -> None:
    """Damage to it would not be told apart from a fault of ours."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_LZMA) as zipped:
        zipped.writestr("report.csv", HEADER)
    with pytest.raises(LocalError, match="packed in a way of its own"):
        bring(reports, tmp_path / "r.zip", content.getvalue(), 1, TODAY)


def test_a_damaged_mail_is_refused(reports: ReportHarness, tmp_path: Path) -> None:
    """Characters that base64 does not have would be left out in silence, and others read instead."""
    content = mail("Sun, 18 Oct 2026 09:00:00 +0000").replace(b"VXNl", b"VX*l")
    with pytest.raises(LocalError, match="damaged"):
        bring(reports, tmp_path / "r.eml", content, 1, 18)


def test_an_accent_is_the_same_however_it_is_typed(reports: ReportHarness) -> None:
    """One keyboard writes it behind its letter, another as one letter."""
    reports.vendor.report_form = attrs.evolve(FORM, identifier=Identifier.EMAIL)
    reports.take("L1", 1, TODAY, Row("jose\N{COMBINING ACUTE ACCENT}@example.com", "C-1", 2))
    held = reports.index.codes_of(Customer(email="JOS\N{LATIN CAPITAL LETTER E WITH ACUTE}@example.com"))
    assert ["C-1"] == [given.code for given in held.issued]


def test_a_customer_whom_reports_spell_in_several_ways_is_one(reports: ReportHarness) -> None:
    """What was given to them under each spelling is theirs, and each code is there once."""
    reports.vendor.report_form = attrs.evolve(FORM, identifier=Identifier.MOBILE, country_code="91")
    rows = [Row("919876543210", "C-1", 2), Row("9876543210", "C-2", 3), Row("9876543210", "C-1", 2)]
    reports.take("L1", 1, TODAY, *rows)
    for asked in ("9876543210", "+91 98765 43210"):
        found = reports.reports.coupons(Customer(mobile=asked), CouponQuery())
        assert found is not None
        assert ["C-1", "C-2"] == sorted(coupon.code for coupon in found.coupons)
