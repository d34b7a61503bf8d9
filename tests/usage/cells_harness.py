"""A MoEngage workspace's usage on a vendor in memory, with reports that are written by hand."""

from io import BytesIO
from pathlib import Path
from typing import Any

import attrs

from couponhub.lookup import judge
from couponhub.models import CouponQuery, Customer, Identifier, ReportForm, ReportImport
from couponhub.secret import Secret
from couponhub_moengage.settings import MoEngageSettings
from tests.usage.reports_harness import FakeMailingVendor, ReportHarness, day

TODAY = 20
SENT_AT = "2026-10-03T06:56:25Z"
HEADER = "User ID,Coupon Code,Sent At"


def form_of(kind: Identifier, **settings: Any) -> ReportForm:
    """How reports are read where customers are known by that identifier."""
    code = "91" if kind is Identifier.MOBILE else None
    given = MoEngageSettings(
        data_center="01",
        workspace_id="WORKSPACE",
        api_key=Secret("key"),
        user_id_is=kind,
        default_country_code=code,
        **settings,
    )
    return given.report_form


@attrs.define
class CellHarness:
    """A connection whose one list is covered by whatever is imported."""

    harness: ReportHarness
    kind: Identifier

    @classmethod
    def opened(cls, folder: Path, kind: Identifier, **settings: Any) -> "CellHarness":
        """One in that folder."""
        vendor = FakeMailingVendor()
        vendor.report_form = form_of(kind, **settings)
        harness = ReportHarness(folder, vendor)
        harness.vendor.create("L1", created=1)
        return cls(harness, kind)

    def take(self, text: str | bytes) -> ReportImport:
        """Import a report of all days of the list."""
        content = text if isinstance(text, bytes) else text.encode()
        return self.harness.usage.import_report("L1", BytesIO(content), day(1), day(TODAY))

    def take_users(self, *users: str) -> ReportImport:
        """Import a report in which each of them is given a code, MAIL-1 and so on."""
        rows = [f"{quoted(user)},MAIL-{number},{SENT_AT}" for number, user in enumerate(users, 1)]
        return self.take("\n".join([HEADER, *rows, ""]))

    def answer(self, asked: str) -> tuple[str, list[str]]:
        """What a lookup concludes of a customer, and the codes."""
        found = self.harness.reports.coupons(Customer(**{self.kind.value: asked}), CouponQuery())
        assert found is not None
        return judge(found)[0].value, sorted(coupon.code for coupon in found.coupons)


def quoted(cell: str) -> str:
    """A cell as CSV has it."""
    return '"' + cell.replace('"', '""') + '"' if any(char in cell for char in ',"\r\n') else cell
