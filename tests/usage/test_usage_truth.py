"""When absence from reports proves that there is nothing, and when it does not."""

from datetime import timedelta, timezone
from pathlib import Path

import pytest

from couponhub.errors import NotFound, Unsupported
from couponhub.models import CouponQuery, CouponStatus, Customer, ListId, Source
from tests.kit.scripted_server import ScriptedServer, says
from tests.usage.reports_harness import INDIA, FakeMailingVendor, ReportHarness, Row, day, noon, span, until

TODAY = 20


def test_whole_coverage_proves_absence(reports: ReportHarness) -> None:
    """Covered from its creation to today, a list proves `none` as of the end of yesterday."""
    reports.take("L1", 1, TODAY, Row("E1", "C-1", 3))
    assert "none" == reports.verdict("E2")
    assert "found" == reports.verdict("E1")
    found = reports.found("E2")
    assert (True, True, Source.REPORT) == (found.covered, found.customer_known, found.source)
    assert until(TODAY - 1) == found.as_of
    assert found.coverage == "the list, every day until 2026-10-19"


def test_a_coupon_says_what_a_report_can_know(reports: ReportHarness) -> None:
    """Its status is unknown, redemptions cannot be known, and it carries its campaign and its list's name."""
    reports.take("L1", 1, TODAY, Row("E1", "C-1", 3, "Diwali"))
    (coupon,) = reports.found("E1").coupons
    assert (CouponStatus.UNKNOWN, None, None) == (
        coupon.status,
        coupon.redemption_count,
        coupon.redemptions,
    )
    assert ("engage", "L1", "List L1", Source.REPORT) == (
        coupon.connection,
        coupon.list_id,
        coupon.list_name,
        coupon.source,
    )
    assert noon(3) == coupon.issued_at
    assert "Diwali" == coupon.properties["campaign_name"]


def test_a_coupon_past_its_lists_expiry_is_expired(reports: ReportHarness) -> None:
    """The list's expiry decides."""
    reports.vendor.create("L1", created=1, expires=10)
    reports.take("L1", 1, TODAY, Row("E1", "C-1", 3))
    (coupon,) = reports.found("E1").coupons
    assert CouponStatus.EXPIRED is coupon.status


@pytest.mark.parametrize("missing", range(2, TODAY))
def test_one_missing_day_of_one_list_leaves_not_one_none(reports: ReportHarness, missing: int) -> None:
    """Whichever day of whichever list is not reported: nobody's absence is proven, and found is not whole."""
    reports.vendor.create("L2", created=1)
    reports.take("L1", 1, TODAY, Row("E1", "C-1", 3))
    if missing > 1:
        reports.take("L2", 1, missing - 1)
    reports.take("L2", missing + 1, TODAY)
    assert "unknown" == reports.verdict("E2")
    assert reports.found("E1").covered is False
    reports.take("L2", missing - 1, missing + 1)
    assert "none" == reports.verdict("E2")


def test_a_list_without_any_report_leaves_not_one_none(reports: ReportHarness) -> None:
    """One list that was never reported is enough."""
    reports.vendor.create("L2", created=1)
    reports.take("L1", 1, TODAY)
    assert "unknown" == reports.verdict("E2")
    assert reports.found("E2").coverage == "the list List L2 lacks 2026-10-01"


def test_a_list_created_today_does_not_matter_yet(reports: ReportHarness) -> None:
    """By the end of yesterday it had given nothing out."""
    reports.vendor.create("L2", created=TODAY)
    reports.take("L1", 1, TODAY)
    assert "none" == reports.verdict("E2")
    assert until(TODAY - 1) == reports.found("E2").as_of


def test_a_list_created_after_the_last_look_does_not_matter_yet(reports: ReportHarness) -> None:
    """Nobody is asked in a lookup: what came since the lists were last read lies behind `as_of`."""
    reports.take("L1", 1, TODAY)
    calls = reports.vendor.calls
    reports.vendor.create("L2", created=TODAY)
    assert "none" == reports.verdict("E2")
    assert calls == reports.vendor.calls


def test_absence_is_not_proven_behind_the_last_look_at_the_lists(reports: ReportHarness) -> None:
    """When the vendor could not be asked, a list may have come since: `as_of` stays where the lists were seen."""
    reports.now -= timedelta(days=1)
    reports.take("L1", 1, TODAY - 1)
    reports.now += timedelta(days=1)
    reports.vendor.is_down = True
    done = reports.take("L1", TODAY - 1, TODAY)
    assert any("lists could not be read" in warning for warning in done.warnings)
    assert until(TODAY - 2) == reports.found("E2").as_of
    assert "none" == reports.verdict("E2")
    reports.now += timedelta(hours=8)
    assert "unknown" == reports.verdict("E2")
    reports.vendor.is_down = False
    reports.usage.status()
    assert until(TODAY - 1) == reports.found("E2").as_of
    assert "none" == reports.verdict("E2")


def test_nothing_is_proven_before_the_lists_were_ever_seen(reports: ReportHarness) -> None:
    """A first import without the vendor finds coupons and proves nothing."""
    reports.vendor.is_down = True
    reports.take("L1", 1, TODAY, Row("E1", "C-1", 3))
    assert ["C-1"] == reports.codes("E1")
    assert reports.found("E1").covered is False
    assert "unknown" == reports.verdict("E2")


def test_a_list_that_the_vendor_no_longer_shows_still_matters(reports: ReportHarness) -> None:
    """Its codes were given out all the same."""
    reports.vendor.create("L2", created=1)
    reports.take("L1", 1, TODAY)
    del reports.vendor.lists["L2"]
    reports.take("L1", TODAY - 1, TODAY)
    assert "unknown" == reports.verdict("E2")


def test_an_old_report_proves_nothing_more(reports: ReportHarness) -> None:
    """`none` as long as the last covered day is no older than usage_max_age, then `unknown` again."""
    reports.take("L1", 1, TODAY, Row("E1", "C-1", 3))
    reports.now = until(TODAY - 1) + timedelta(hours=36)
    assert "none" == reports.verdict("E2")
    reports.now += timedelta(seconds=1)
    assert "unknown" == reports.verdict("E2")
    assert until(TODAY - 1) == reports.found("E2").as_of
    assert ["C-1"] == reports.codes("E1")
    assert reports.found("E1").covered is False


def test_today_is_never_wholly_covered(reports: ReportHarness) -> None:
    """A report that was made today knows a part of today; the next one fills it only from its own days on."""
    reports.take("L1", 1, TODAY)
    reports.now += timedelta(days=1)
    reports.take("L1", TODAY + 1, TODAY + 1)
    assert until(TODAY - 1) == reports.found("E2").as_of
    reports.take("L1", TODAY, TODAY + 1)
    assert until(TODAY) == reports.found("E2").as_of


def test_the_day_of_the_mail_bounds_what_a_report_knows(reports: ReportHarness) -> None:
    """A report mailed before its last day was over knows a part of that day, whenever it is imported."""
    mail = (
        "Date: Sun, 18 Oct 2026 09:00:00 +0000\nMIME-Version: 1.0\nContent-Type: text/csv\n\n"
        "User ID,Coupon Code,Sent At\n"
    )
    path = Path("late.eml")
    path.write_text(mail, encoding="utf-8")
    reports.usage.import_report("L1", path, day(1), day(18))
    reports.take("L1", 19, TODAY)
    assert until(17) == reports.found("E2").as_of


def test_the_age_of_a_file_elsewhere_bounds_what_its_report_knows(reports: ReportHarness) -> None:
    """It is as old as whoever has it says, not as new as its copy; and it is called as it is there."""
    with ScriptedServer() as server:
        content = b"User ID,Coupon Code,Sent At\n"
        server.otherwise = lambda _: says(
            body=content, headers={"Last-Modified": "Sun, 18 Oct 2026 09:00:00 GMT"}
        )
        url = f"{server.url}/reports/october.csv?signature=s1gnature"
        done = reports.usage.import_report("L1", url, day(1), day(18))
        server.otherwise = lambda _: says(404, b"")
        with pytest.raises(NotFound, match=r"http://.*/october\.csv: the server answers 404") as caught:
            reports.usage.import_report("L1", url, day(1), day(18))
    assert "october.csv" == done.file
    assert "s1gnature" not in f"{done!r} {caught.value!r}"
    reports.take("L1", 19, TODAY)
    assert until(17) == reports.found("E2").as_of


def test_neighbouring_reports_close_a_seam(reports: ReportHarness) -> None:
    """Reports of days that follow each other cover the seam; the outer days stay partly covered."""
    reports.take("L1", 1, 9)
    assert until(8) == reports.found("E2").as_of
    reports.take("L1", 10, TODAY)
    (coverage,) = reports.usage.status().lists
    assert (span(1, TODAY - 1),) == coverage.covered


def test_a_report_that_begins_late_has_a_first_day_in_part(reports: ReportHarness) -> None:
    """Only the day of a list's creation needs no day before it."""
    reports.take("L1", 5, TODAY)
    (coverage,) = reports.usage.status().lists
    assert (span(6, TODAY - 1),) == coverage.covered
    assert (span(1, 5),) == coverage.missing


def test_what_is_known_is_told_without_the_vendor(reports: ReportHarness) -> None:
    """Metrics ask every few seconds, and a scrape spends nobody's quota."""
    reports.take("L1", 5, TODAY)
    asked, reports.vendor.is_down = reports.vendor.calls, True
    told = reports.usage.status(ask_vendor=False)
    assert ((span(1, 5),), ()) == (told.lists[0].missing, told.warnings)
    assert asked == reports.vendor.calls


def test_a_question_about_one_list_needs_that_list_only(reports: ReportHarness) -> None:
    """Another list that lacks days does not matter; an unknown one is not known to be empty."""
    reports.vendor.create("L2", created=1)
    reports.take("L1", 1, TODAY)
    assert "none" == reports.verdict("E2", CouponQuery(list_id=ListId("L1")))
    assert "unknown" == reports.verdict("E2", CouponQuery(list_id=ListId("L2")))
    assert "unknown" == reports.verdict("E2", CouponQuery(list_id=ListId("L9")))


def test_a_question_about_days_needs_those_days_only(reports: ReportHarness) -> None:
    """Days of the past that are covered prove absence for ever; days that are not, or in part, never."""
    reports.take("L1", 4, 12, Row("E1", "C-5", 5), Row("E1", "C-9", 9))
    reports.now += timedelta(days=400)
    inside = CouponQuery(since=until(4), until=until(8))
    assert "none" == reports.verdict("E2", inside)
    assert ["C-5"] == [coupon.code for coupon in reports.found("E1", inside).coupons]
    assert reports.found("E1", inside).covered
    for query in (
        CouponQuery(since=until(3), until=until(8)),  # the first day is covered in part
        CouponQuery(since=until(2), until=until(8)),
        CouponQuery(since=until(4), until=until(12)),
        CouponQuery(since=until(4)),
        CouponQuery(until=until(8)),
        CouponQuery(since=until(15), until=until(16)),
    ):
        assert "unknown" == reports.verdict("E2", query)


def test_days_before_any_list_hold_nothing(reports: ReportHarness) -> None:
    """A list that was created after the days asked for needs no report."""
    reports.take("L1", 1, TODAY)
    reports.vendor.create("L2", created=15)
    reports.usage.status()
    assert "none" == reports.verdict("E2", CouponQuery(until=until(10)))
    assert "unknown" == reports.verdict("E2")


def test_a_moment_after_the_last_covered_day_proves_nothing(reports: ReportHarness) -> None:
    """What was given out since this morning lies behind every whole day."""
    reports.take("L1", 1, TODAY)
    assert "unknown" == reports.verdict("E2", CouponQuery(since=reports.now - timedelta(hours=1)))


def test_a_list_gives_nothing_out_after_its_expiry(reports: ReportHarness) -> None:
    """Days after the expiry that the vendor still shows need no report; brought back, the list needs them again."""
    reports.vendor.create("L2", created=1, expires=10)
    reports.take("L1", 1, TODAY)
    reports.take("L2", 1, 10)
    assert "unknown" == reports.verdict("E2")
    reports.take("L2", 10, 11)
    assert "none" == reports.verdict("E2")
    reports.vendor.create("L2", created=1, expires=60)
    reports.usage.status()
    assert "unknown" == reports.verdict("E2")


def test_a_list_whose_creation_is_not_told_proves_nothing(reports: ReportHarness) -> None:
    """There may have been days before the first report."""
    reports.vendor.is_down = True
    reports.take("L9", 1, TODAY)
    reports.vendor.is_down = False
    reports.take("L1", 1, TODAY)
    assert "unknown" == reports.verdict("E2")
    assert "none" == reports.verdict("E2", CouponQuery(list_id=ListId("L1")))


def test_an_unknown_zone_is_taken_at_its_worst(tmp_path: Path) -> None:
    """A day counts when it is over in every zone that it may have, and as of where it ends first."""
    harness = ReportHarness(tmp_path / "state", FakeMailingVendor((timezone(timedelta(hours=-8)), INDIA)))
    harness.vendor.create("L1", created=1)  # still the day before in the west
    done = harness.take("L1", 1, TODAY)
    assert any("set timezone" in warning for warning in done.warnings)
    assert "unknown" == harness.verdict("E2")
    harness.take("L1", 0, 1)
    assert "none" == harness.verdict("E2")
    assert until(TODAY - 2) == harness.found("E2").as_of  # it is 22:00 of the 19th in the west
    harness.close()


@pytest.mark.parametrize("kind", ["mobile", "email", "id"])
def test_other_identifiers_are_refused(reports: ReportHarness, kind: str) -> None:
    """Reports know one kind of identifier; the refusal names it, and nothing of the customer."""
    reports.take("L1", 1, TODAY)
    value = "a.buyer@example.com" if kind == "email" else "919876543210"
    with pytest.raises(Unsupported) as refused:
        reports.reports.coupons(Customer(**{kind: value}), CouponQuery())
    assert "external_id" in str(refused.value)
    assert value not in str(refused.value)


def test_stores_are_refused(reports: ReportHarness) -> None:
    """A report tells nothing of stores."""
    reports.take("L1", 1, TODAY)
    with pytest.raises(Unsupported):
        reports.found("E1", CouponQuery(store_id="7"))


def test_without_any_report_nothing_is_answered(reports: ReportHarness) -> None:
    """An empty index answers nothing and asks nobody; that lists are known does not fill it."""
    customer = Customer(external_id="E1")
    assert reports.reports.coupons(customer, CouponQuery()) is None
    assert reports.reports.answer() is False
    assert 0 == reports.vendor.calls
    assert not Path(reports.stored.layout.reports).exists()
    reports.usage.status()
    assert reports.reports.coupons(customer, CouponQuery()) is None


def test_reports_without_times_cannot_tell_days(reports: ReportHarness) -> None:
    """Coupons without a time of issue stay in a question about days, which is not complete then."""
    path = Path("timeless.csv")
    path.write_text("User ID,Coupon Code\nE1,C-1\n", encoding="utf-8")
    reports.usage.import_report("L1", path, day(1), day(TODAY))
    assert reports.found("E1").complete
    found = reports.found("E1", CouponQuery(since=until(4), until=until(8)))
    assert (["C-1"], False) == ([coupon.code for coupon in found.coupons], found.complete)


def test_requests_are_spread_over_days_by_the_vendors_limit(reports: ReportHarness) -> None:
    """One request a list fills all its gaps, today included so that yesterday becomes whole; the rest waits."""
    for name in ("L2", "L3", "L4"):
        reports.vendor.create(name, created=3)
    reports.vendor.create("L5; rm -rf", created=3)
    reports.vendor.create("L6", created=TODAY)
    reports.vendor.limits = {"usage_report_per_day": 2}
    reports.vendor.left = 1
    reports.take("L1", 1, 5)
    reports.take("L1", 9, 12)
    requests = [one.request for one in reports.usage.status().lists]
    assert requests[5] is None
    asked = [request for request in requests if request is not None]
    assert [0, 1, 1, 2, 2] == [request.wait_days for request in asked]
    assert [span(5, TODAY), *[span(3, TODAY)] * 4] == [request.days for request in asked]
    assert "engage L2 --from 2026-10-03 --to 2026-10-20 --email" in asked[1].command
    assert "engage 'L5; rm -rf' --from" in asked[4].command


def test_status_without_the_vendor_tells_what_is_known(reports: ReportHarness) -> None:
    """With a warning; of a list that nobody knows it is an error."""
    reports.take("L1", 1, TODAY)
    reports.vendor.is_down = True
    status = reports.usage.status("L1")
    assert 1 == len(status.warnings)
    assert (until(TODAY - 1), reports.now) == (status.as_of, status.lists_seen_at)
    with pytest.raises(NotFound):
        reports.usage.status("L9")


def test_status_makes_no_index(reports: ReportHarness) -> None:
    """Lists alone prove nothing, and need not be remembered."""
    assert (span(1, TODAY - 1),) == reports.usage.status().lists[0].missing
    assert not reports.stored.layout.reports.exists()
