"""Mobiles in reports, which may be spelled otherwise there than by who asks."""

from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from couponhub.lookup import judge
from couponhub.models import CouponQuery, Customer, Identifier, Verdict
from tests.usage.reports_harness import FORM, FakeMailingVendor, ReportHarness, Row

TODAY = 20
SPELLINGS = ("919876543210", "+91 98765 43210", "9876543210", "09876543210", "00919876543210")


def desk_of(folder: Path, country_code: str | None) -> ReportHarness:
    """A harness whose reports hold mobiles."""
    mailer = FakeMailingVendor()
    mailer.report_form = attrs.evolve(FORM, identifier=Identifier.MOBILE, country_code=country_code)
    harness = ReportHarness(folder / "state", mailer)
    harness.vendor.create("L1", created=1)
    return harness


@pytest.fixture
def mobiles(tmp_path: Path) -> Iterator[ReportHarness]:
    """With a country code in the config."""
    harness = desk_of(tmp_path, "91")
    yield harness
    harness.close()


def verdict(harness: ReportHarness, mobile: str) -> Verdict:
    """What a lookup would conclude."""
    found = harness.reports.coupons(Customer(mobile=mobile), CouponQuery())
    assert found is not None
    return judge(found)[0]


@pytest.mark.parametrize("held", SPELLINGS)
@pytest.mark.parametrize("asked", SPELLINGS)
def test_a_mobile_is_found_however_it_is_spelled(mobiles: ReportHarness, held: str, asked: str) -> None:
    """With a country code, a customer is found by every spelling, whichever the report holds."""
    mobiles.take("L1", 1, TODAY, Row(held, "C-1", 3))
    assert Verdict.FOUND is verdict(mobiles, asked)


def test_absence_under_every_spelling_is_absence(mobiles: ReportHarness) -> None:
    """With a country code, a mobile that stands nowhere in any spelling is proven to have none."""
    mobiles.take("L1", 1, TODAY, Row("919876543210", "C-1", 3))
    assert Verdict.NONE is verdict(mobiles, "919876500000")
    found = mobiles.reports.coupons(Customer(mobile="919876500000"), CouponQuery())
    assert found is not None
    assert found.asked_as[:2] == ("***00 (12 digits)", "***00 (10 digits)")


def test_a_forgotten_spelling_proves_nothing_for_the_others(mobiles: ReportHarness) -> None:
    """Who was forgotten under one spelling is not said to have none under another."""
    mobiles.take("L1", 1, TODAY, Row("919876543210", "C-1", 3))
    mobiles.index.forget([Customer(mobile="919876543210")])
    assert Verdict.UNKNOWN is verdict(mobiles, "9876543210")


def test_without_a_country_code_absence_proves_nothing(tmp_path: Path) -> None:
    """As given a mobile is found; that it is not there may be a matter of spelling, and the mend is named."""
    harness = desk_of(tmp_path, None)
    harness.take("L1", 1, TODAY, Row("919876543210", "C-1", 3))
    assert Verdict.FOUND is verdict(harness, "919876543210")
    assert Verdict.UNKNOWN is verdict(harness, "9876543210")
    found = harness.reports.coupons(Customer(mobile="9876543210"), CouponQuery())
    assert found is not None
    assert any("default_country_code" in warning for warning in found.warnings)
    harness.close()
