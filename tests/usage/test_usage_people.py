"""What the index keeps of people, and how they leave it; where each row came from."""

import stat
from pathlib import Path

import attrs
import pytest

from couponhub.models import Customer, Identifier, Source
from couponhub.usage.index import digest_of
from tests.usage.reports_harness import FORM, ReportHarness, Row, day, noon, report, span


def test_files_are_private_and_hold_no_customer(reports: ReportHarness) -> None:
    """Mode 0600, and no identifier in any of them; codes stand there, as in every code set."""
    reports.take("L1", 1, 20, Row("CUSTOMER-77", "CODE-77", 2))
    files = [path for path in reports.settings.path.parent.rglob("*") if path.is_file()]
    assert {"couponhub.key", "couponhub.usage.db"} <= {path.name for path in files}
    for path in files:
        assert 0o600 == stat.S_IMODE(path.stat().st_mode), path.name
        assert b"CUSTOMER-77" not in path.read_bytes()
    assert b"CODE-77" in reports.stored.layout.reports.read_bytes()
    assert 0o700 == stat.S_IMODE(reports.stored.layout.imports.stat().st_mode)


def test_the_same_customer_has_another_hash_elsewhere(tmp_path: Path) -> None:
    """Keys are made at random, once."""
    keys = [ReportHarness(tmp_path / name).stored.key() for name in ("one", "two", "one")]
    hashes = [digest_of(Customer(external_id="E1"), key) for key in keys]
    assert hashes[0] == hashes[2] != hashes[1]
    assert hashes[0] != digest_of(Customer(id="E1"), keys[0])


@pytest.mark.parametrize(
    ("kind", "reported", "asked"),
    [
        (Identifier.MOBILE, "+91 98765-43210", "919876543210"),
        (Identifier.MOBILE, "919876543210", "+91 (98765) 43210"),
        (Identifier.EMAIL, "A.Buyer@Example.com", "a.buyer@example.COM "),
        (Identifier.EXTERNAL_ID, "007", "007"),
        (Identifier.ID, " 1e5", " 1e5"),
        (Identifier.EXTERNAL_ID, "007", "007 "),
    ],
)
def test_a_customer_is_found_however_the_identifier_is_written(
    reports: ReportHarness, kind: Identifier, reported: str, asked: str
) -> None:
    """Decoration of numbers and capitals of addresses tell nobody apart; other identifiers are what they are."""
    reports.vendor.report_form = attrs.evolve(FORM, identifier=kind)
    reports.take("L1", 1, 20, Row(reported, "C-1", 2))
    held = reports.index.codes_of(Customer(**{kind.value: asked}))
    assert ["C-1"] == [given.code for given in held.issued]


@pytest.mark.parametrize("asked", ["7", "07", "0070", "00 7"])
def test_numbers_are_not_completed(reports: ReportHarness, asked: str) -> None:
    """The identifier 007 is not 7."""
    reports.take("L1", 1, 20, Row("007", "C-1", 2))
    assert [] == reports.codes(asked)


def test_who_is_forgotten_leaves_and_stays_away(reports: ReportHarness) -> None:
    """Their rows go, nobody else's do, later imports do not bring them back, and nothing is proven of them."""
    rows = (Row("E1", "C-1", 2), Row("E1", "C-2", 3), Row("E2", "C-3", 3))
    reports.take("L1", 1, 20, *rows)
    done = reports.index.forget([Customer(external_id="E1"), Customer(external_id="E9")])
    assert (2, 2) == (done.customers, done.rows)
    assert ([], ["C-3"]) == (reports.codes("E1"), reports.codes("E2"))
    assert ("unknown", "none") == (reports.verdict("E1"), reports.verdict("E8"))
    assert "removed" in reports.found("E1").warnings[0]
    assert "unknown" == reports.verdict("E9")
    again = reports.take("L1", 1, 20, *rows, Row("E1", "C-4", 4))
    assert (0, 3) == (again.added, again.withheld)
    assert [] == reports.codes("E1")
    for path in reports.settings.path.parent.glob("couponhub.usage.db*"):
        assert b"C-1\t" not in path.read_bytes()


def test_odd_codes_stay_what_they_are(reports: ReportHarness) -> None:
    """Whatever other programs take for a line break, nobody's rows are torn by it, nor by forgetting another."""
    codes = ["A\x0bB", "A\x85B", "A\u2028B", " 12", "1e5", "007", "ÄÖ,1", 'say "x"']
    reports.take("L1", 1, 20, *(Row("E1", code, 2) for code in codes), Row("E2", "C\u2028D", 2))
    assert sorted(codes) == reports.codes("E1")
    reports.index.forget([Customer(external_id="E2")])
    assert sorted(codes) == reports.codes("E1")
    assert [] == reports.codes("E2")


def test_who_is_forgotten_comes_back_only_when_asked(reports: ReportHarness) -> None:
    """With what that report holds; since other rows may be gone, absence still proves nothing."""
    reports.take("L1", 1, 20, Row("E1", "C-1", 2))
    reports.index.forget([Customer(external_id="E1")])
    done = reports.take("L1", 1, 20, Row("E1", "C-2", 3), include_forgotten=True)
    assert (1, 0) == (done.added, done.withheld)
    assert ["C-2"] == reports.codes("E1")
    assert ("found", False) == (reports.verdict("E1"), reports.found("E1").covered)


def test_forgetting_before_any_import_is_remembered(reports: ReportHarness) -> None:
    """The index is made for it, and stays empty."""
    assert 0 == reports.index.forget([Customer(external_id="E1")]).rows
    assert reports.reports.answer() is False
    assert 1 == reports.take("L1", 1, 20, Row("E1", "C-1", 2)).withheld


def test_a_customer_is_explained(reports: ReportHarness) -> None:
    """Each row with the report that brought it and its number there, newest import first."""
    reports.take("L1", 1, 5, Row("E2", "C-0", 2), Row("E1", "C-1", 5))
    reports.usage.import_report(
        "L1", report([Row("E1", "C-1", 5), Row("E1", "C-2", 7, "Late")]), day(5), day(9)
    )
    second, first = reports.index.explain(Customer(external_id="E1"))
    assert ("C-2", 2, span(5, 9), noon(7), "Late") == (
        second.code,
        second.row,
        second.days,
        second.issued_at,
        second.properties["campaign_name"],
    )
    assert ("C-1", 2, span(1, 5), "report", reports.now) == (
        first.code,
        first.row,
        first.days,
        first.file,
        first.imported_at,
    )
    assert ("engage", "L1", "List L1") == (first.connection, first.list_id, first.list_name)
    assert "C-1" not in repr(first)


def test_a_code_is_explained(reports: ReportHarness) -> None:
    """Whoever has it, by the code alone; no part of one is taken for it."""
    reports.take("L1", 1, 20, Row("E1", "C-1", 2), Row("E2", "C-11", 2), Row("E3", "XC-1", 2))
    (row,) = reports.index.explain("C-1")
    assert ("C-1", 1) == (row.code, row.row)
    assert () == reports.index.explain("C")
    assert () == reports.index.explain("Autumn")


def test_a_coupons_source_is_the_report(reports: ReportHarness) -> None:
    """As of the moment by which its report had been made."""
    reports.take("L1", 1, 20, Row("E1", "C-1", 2))
    (coupon,) = reports.found("E1").coupons
    assert (Source.REPORT, reports.now) == (coupon.source, coupon.as_of)
