"""The page of one list: its facts, its uploads, and who got codes out of it."""

import csv
import io
from datetime import date, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from couponhub.console.usage_counts import UsageCounts
from couponhub.console.usage_view import DayPicture, counts_table
from couponhub.models import UsageCount, UsageGroup
from couponhub.state import Scope
from tests.console.browser import Visitor
from tests.console.harness import ConsoleHarness
from tests.kit.clock import FakeClock, vendors_today
from tests.kit.eventually import eventually


def test_shows_a_list_with_its_uploads_and_who_got_codes(
    console: ConsoleHarness, visitor: Visitor, tmp_path: Path
) -> None:
    """By keyboard from all lists to one; parts open, counts are a picture and a table, and there is a CSV of them."""
    list_id = _with_report(console, tmp_path)
    codes = tmp_path / "<b onclick=alert(1)>.csv"
    codes.write_text("code\nSHOWN-NEVER-1\nSHOWN-NEVER-2\n", encoding="utf-8")
    console.hub["moengage"].uploads.send(list_id, str(codes), name="<b>bold</b>", wait=True)
    visitor.sign_in(console.token(Scope.LOOKUP, Scope.LISTS_READ))
    visitor.go("/lists")
    page = visitor.page
    page.get_by_role("link", name="Welcome offer").press("Enter")

    expect(page.get_by_role("heading", level=1, name="Welcome offer")).to_be_visible()
    expect(page.get_by_role("rowheader", name="<b>bold</b>")).to_be_visible()
    expect(page.get_by_role("img", name="Codes given out on each day")).to_be_visible()
    page.locator("summary").first.press("Enter")
    expect(page.locator("details[open] table")).to_be_visible()
    assert "SHOWN-NEVER" not in page.content()
    visitor.require_accessible()
    page.set_viewport_size({"width": 360, "height": 740})
    page.emulate_media(color_scheme="dark")
    visitor.require_accessible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360

    with page.expect_download() as saved:
        page.get_by_role("link", name="Codes by campaign as CSV").press("Enter")
    rows = list(csv.DictReader(saved.value.path().read_text(encoding="utf-8").splitlines()))
    expected = console.hub["moengage"].usage.stats("campaign", list_id)
    assert [(str(one.codes), one.name) for one in expected] == [(row["codes"], row["name"]) for row in rows]
    assert "codes-by-campaign.csv" == saved.value.suggested_filename


def test_tells_what_a_dead_vendor_leaves_out(
    console: ConsoleHarness, visitor: Visitor, tmp_path: Path
) -> None:
    """Facts and uploads are missing, with a sentence each; what was imported is shown all the same."""
    list_id = _with_report(console, tmp_path)
    console.controls["moengage"].fail("GET *", "status", 503)
    visitor.sign_in(console.token(Scope.LOOKUP, Scope.LISTS_READ))
    visitor.go(f"/lists/moengage/{list_id}")

    expect(visitor.page.locator(".sentence").first).to_contain_text("moengage did not tell of this list")
    expect(visitor.page.locator("#uploads .sentence")).to_contain_text("Not all uploads could be read")
    expect(visitor.page.get_by_role("img", name="Codes given out on each day")).to_be_visible()
    expect(visitor.page.locator(".facts")).to_have_count(0)
    visitor.require_accessible()

    console.controls["moengage"].set_faults()
    visitor.go("/lists")
    expect(visitor.page.get_by_role("link", name="Welcome offer")).to_be_visible()
    console.controls["moengage"].fail("GET *", "status", 503)
    visitor.go(f"/lists/moengage/{list_id}")
    expect(visitor.page.locator(".sentence").first).to_contain_text("a minute ago at most")
    expect(visitor.page.locator(".facts")).to_be_visible()


def test_says_what_there_is_not(console: ConsoleHarness) -> None:
    """No reports of a vendor, none imported, no list, no connection, no such counts: each has its words and its status."""
    engage = next(one.id for one in console.hub["moengage"].lists.iterate("expired"))
    series = next(one.id for one in console.hub["capillary"].lists.iterate())
    console.sign_in(Scope.LOOKUP, Scope.LISTS_READ)

    assert "has no usage reports" in console.client.get(f"/lists/capillary/{series}/usage").text
    assert "No usage report of this list" in console.client.get(f"/lists/moengage/{engage}/usage").text
    assert 404 == console.client.get("/lists/moengage/594c711ecfe4d2a0b45be0ff").status_code
    assert 404 == console.client.get("/lists/nobody/1").status_code
    assert 404 == console.client.get(f"/lists/moengage/{engage}/usage-code.csv").status_code


def test_a_picture_of_years_shows_the_last() -> None:
    """A year of columns at most, each in its place and seen; codes without a day are in the table alone."""
    last = date(2026, 6, 30)
    counts = [
        *(
            _count((last - timedelta(days=ago)).isoformat(), codes)
            for ago, codes in ((800, 5), (365, 1), (0, 1000))
        ),
        _count(None, 7),
    ]
    picture = DayPicture.of(counts)
    assert picture is not None
    assert (True, 366, 1000) == (picture.is_cut, picture.width, picture.most)
    assert [(0, 1.0, 99.0), (365, 100.0, 0.0)] == [
        (one.place, one.height, one.top) for one in picture.columns
    ]
    assert DayPicture.of([_count(None, 7)]) is None


def test_counts_once_until_there_is_another_report(
    console: ConsoleHarness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever looks again within a minute has no row read; a report more is counted at once."""
    list_id = _with_report(console, tmp_path)
    connection = console.hub["moengage"]
    stats, calls = connection.usage.stats, []

    def counted(by: UsageGroup, of: str) -> object:
        calls.append(by)
        return stats(by, of)

    monkeypatch.setattr(connection.usage, "stats", counted)
    clock = FakeClock()
    counts = UsageCounts(clock.clock)
    first = counts.of(connection, list_id)
    assert first.by_day == stats("day", list_id)
    assert first is counts.of(connection, list_id)
    assert 2 == len(calls)
    clock.passed = 61
    assert first == counts.of(connection, list_id)
    assert 4 == len(calls)
    reports = connection.usage.reports(list_id)
    monkeypatch.setattr(connection.usage, "reports", lambda _: (*reports, reports[0]))
    assert 2 * len(reports) == len(counts.of(connection, list_id).reports)
    assert 6 == len(calls)


def test_a_campaigns_name_is_no_formula_in_the_csv() -> None:
    """A spreadsheet shows it, and works nothing out; a comma and a line's end stay in their cell."""
    table = counts_table([_count("=1+1", 1, name='=HYPERLINK("x"),\n')], UsageGroup.CAMPAIGN)
    rows = list(csv.reader(io.StringIO(table.decode(), newline="")))
    assert ["'=1+1", '\'=HYPERLINK("x"),\n', "1", "1", "", ""] == rows[1]


def _with_report(console: ConsoleHarness, folder: Path) -> str:
    """The id of a list of which a report was imported."""
    moengage = console.hub["moengage"]
    list_id = next(one.id for one in moengage.lists.iterate() if one.name == "Welcome offer")
    if any(one.list_id == list_id for one in moengage.usage.reports()):
        return list_id
    first, last = vendors_today(-42), vendors_today()
    moengage.usage.request(list_id, first, last, "a@example.com")
    eventually(console.controls["moengage"].mails, "the report's mail")
    mail = folder / "report.eml"
    mail.write_bytes(console.controls["moengage"].eml(1))
    moengage.usage.import_report(list_id, mail, first, last)
    return list_id


def _count(value: str | None, codes: int, name: str | None = None) -> UsageCount:
    return UsageCount(
        connection="a",
        by=UsageGroup.DAY,
        value=value,
        name=name,
        codes=codes,
        customers=1,
        first_issued_at=None,
        last_issued_at=None,
    )
