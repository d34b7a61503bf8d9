"""R-80 to R-82: reports of who was given which code."""

import time
from datetime import timedelta

import pytest

from couponhub.errors import NotFound, RequestRejected, UsageError
from couponhub.models.base import utc_now
from couponhub.testing.conformance.refusals import refuses
from couponhub.testing.rig import Rig


class UsageRules:
    """Usage reports."""

    def test_r80_a_report_is_mailed(self, rig: Rig) -> None:
        """R-80: a requested report reaches its recipients, and the vendor's sentence comes back."""
        today = utc_now().date()

        def ask(list_id: str) -> str:
            return rig.connection.usage.request(list_id, today, today, ["reports@example.com"])

        if refuses(rig, "usage.request", lambda: ask("1")):
            return
        assert ask(rig.list_with("reported", ["CODE-1"]))
        patience = time.monotonic() + 10
        while not rig.control.mails() and time.monotonic() < patience:
            time.sleep(0.02)
        (mail,) = rig.control.mails()
        assert ["reports@example.com"] == mail["to"]
        assert mail["attachments"]

    def test_r81_a_report_of_an_unknown_list_is_not_found(self, rig: Rig) -> None:
        """R-81: a list that does not exist raises NotFound."""
        today = utc_now().date()

        def ask() -> str:
            return rig.connection.usage.request("999999", today, today, ["reports@example.com"])

        if refuses(rig, "usage.request", ask):
            return
        with pytest.raises(NotFound):
            ask()

    def test_r82_impossible_days_are_refused(self, rig: Rig) -> None:
        """R-82: days that end before they begin, or in the future, are refused, and no mail is sent."""
        today = utc_now().date()

        def ask(list_id: str, start: int, end: int) -> str:
            days = (today + timedelta(days=start), today + timedelta(days=end))
            return rig.connection.usage.request(list_id, *days, ["reports@example.com"])

        if refuses(rig, "usage.request", lambda: ask("1", 0, 0)):
            return
        list_id = rig.list_with("reported", ["CODE-1"])
        with pytest.raises(UsageError):
            ask(list_id, 0, -1)
        with pytest.raises(RequestRejected):
            ask(list_id, 0, 9)
        assert [] == rig.control.mails()
