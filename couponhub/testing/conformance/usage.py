"""R-80 to R-87: reports of who was given which code, and what they answer when imported."""

import time
from base64 import b64decode
from collections.abc import Mapping
from datetime import date, timedelta
from io import BytesIO

import attrs
import pytest

from couponhub.clock import utc_now
from couponhub.errors import LocalError, NotFound, RequestRejected, Unsupported, UsageError
from couponhub.models import Customer, Identifier, ListId, Reason, Source, Verdict
from couponhub.testing.conformance.refusals import refuses
from couponhub.testing.harness import Harness

AGE = timedelta(days=4)
BUYER = {
    "mobile": "919876500001",
    "email": "buyer.one@example.com",
    "external_id": "E-0001",
    "id": "98000001",
}
NOBODY = {
    "mobile": "910000000000",
    "email": "nobody@example.com",
    "external_id": "E-9999",
    "id": "98999999",
}
_RUINED = ("9.19876E+11", "9e+11", "100100.0", '"=""100100"""', "'100100", "NULL", "nan", "#N/A")


@attrs.frozen
class Reported:
    """A list that gave codes to one customer, and the report of all its days so far."""

    list_id: ListId
    codes: list[str]
    content: bytes
    first: date
    last: date


class UsageRules:
    """Usage reports."""

    def test_r80_a_report_is_mailed(self, harness: Harness) -> None:
        """R-80: a requested report reaches its recipients, and the vendor's sentence comes back."""

        def ask(list_id: str, day: date) -> str:
            return harness.connection.usage.request(list_id, day, day, ["reports@example.com"])

        if refuses(harness, "usage.request", lambda: ask("1", utc_now().date())):
            return
        list_id = harness.list_with("reported", ["CODE-1"])
        # The vendor's today, which may be another day than that of UTC: no report begins before its list.
        (status,) = harness.connection.usage.status().lists
        assert status.created_on is not None
        assert ask(list_id, status.created_on)
        patience = time.monotonic() + 10
        while not harness.control.mails() and time.monotonic() < patience:
            time.sleep(0.02)
        (mail,) = harness.control.mails()
        assert ["reports@example.com"] == mail["to"]
        assert mail["attachments"]

    def test_r81_a_report_of_an_unknown_list_is_not_found(self, harness: Harness) -> None:
        """R-81: a list that does not exist raises NotFound."""
        today = utc_now().date()

        def ask() -> str:
            return harness.connection.usage.request("999999", today, today, ["reports@example.com"])

        if refuses(harness, "usage.request", ask):
            return
        with pytest.raises(NotFound):
            ask()

    def test_r82_impossible_days_are_refused(self, harness: Harness) -> None:
        """R-82: days that end before they begin, or in the future, are refused, and no mail is sent."""
        today = utc_now().date()

        def ask(list_id: str, start: int, end: int) -> str:
            days = (today + timedelta(days=start), today + timedelta(days=end))
            return harness.connection.usage.request(list_id, *days, ["reports@example.com"])

        if refuses(harness, "usage.request", lambda: ask("1", 0, 0)):
            return
        list_id = harness.list_with("reported", ["CODE-1"])
        with pytest.raises(UsageError):
            ask(list_id, 0, -1)
        with pytest.raises(RequestRejected):
            ask(list_id, 0, 9)
        assert [] == harness.control.mails()

    def test_r83_an_imported_report_answers(self, harness: Harness) -> None:
        """R-83: of a vendor that cannot be asked, an imported report finds a customer's codes, and nobody is called."""
        if self._has_nothing_to_import(harness):
            return
        reported = self._reported(harness)
        self._import(harness, reported)
        kind = harness.connection.customers.identifiers
        assert 1 == len(kind)
        asked = len(harness.control.requests())
        (answer,) = harness.hub.lookup(self._customer(harness, BUYER)).answers
        assert (Verdict.FOUND, None, Source.REPORT) == (answer.verdict, answer.reason, answer.source)
        assert sorted(reported.codes) == sorted(coupon.code for coupon in answer.coupons)
        assert {(reported.list_id, None, None)} == {
            (coupon.list_id, coupon.redemption_count, coupon.redemptions) for coupon in answer.coupons
        }
        for word, value in BUYER.items():
            if word not in kind:
                with pytest.raises(Unsupported):
                    harness.connection.customers.coupons(Customer(**{word: value}))
        assert asked == len(harness.control.requests())

    def test_r84_absence_is_proven_by_whole_coverage_alone(self, harness: Harness) -> None:
        """R-84: `none` is said when every list is covered since its creation, and of nobody when a day lacks."""
        if self._has_nothing_to_import(harness):
            return
        reported = self._reported(harness)
        day = timedelta(days=1)
        for first, last in ((reported.first, reported.first + day), (reported.last - day, reported.last)):
            self._import(harness, self._requested(harness, reported, first, last))
        nobody = self._customer(harness, NOBODY)
        (answer,) = harness.hub.lookup(nobody).answers
        assert (Verdict.UNKNOWN, Reason.NOT_COVERED) == (answer.verdict, answer.reason)
        self._import(harness, reported)
        (answer,) = harness.hub.lookup(nobody).answers
        assert (Verdict.NONE, Reason.NO_COUPONS) == (answer.verdict, answer.reason)
        assert answer.as_of is not None
        assert answer.as_of <= utc_now()
        assert answer.coverage

    def test_r85_half_a_report_is_none(self, harness: Harness) -> None:
        """R-85: a report that is cut off is refused, and nothing of it is imported."""
        if self._has_nothing_to_import(harness):
            return
        reported = self._reported(harness)
        with pytest.raises(LocalError):
            self._import(harness, attrs.evolve(reported, content=reported.content[:-7]))
        with pytest.raises(Unsupported):
            harness.connection.customers.coupons(Customer(external_id=BUYER["external_id"]))

    def test_r86_a_report_that_names_nobody_is_refused(self, harness: Harness) -> None:
        """R-86: a report with a cell that can name nobody is refused, with its row and its column but not the cell."""
        if self._has_nothing_to_import(harness):
            return
        reported = self._reported(harness)
        kind = self._held(reported)
        for ruined in _RUINED:
            content = reported.content.replace(BUYER[kind.value].encode(), ruined.encode())
            assert content != reported.content
            with pytest.raises(LocalError, match=r"row 1 .*user") as refused:
                self._import(harness, attrs.evolve(reported, content=content))
            assert len(ruined) < 4 or ruined not in str(refused.value)
        with pytest.raises(Unsupported):
            harness.connection.customers.coupons(Customer(**{kind.value: BUYER[kind.value]}))

    def test_r87_spellings_of_one_customer_are_one(self, harness: Harness) -> None:
        """R-87: blanks around an identifier in a report, and capitals of an address, hide nobody from a lookup."""
        if self._has_nothing_to_import(harness):
            return
        reported = self._reported(harness)
        kind = self._held(reported)
        plain = BUYER[kind.value]
        written = plain.upper() if kind is Identifier.EMAIL else plain
        content = reported.content.replace(plain.encode(), f" {written}\N{NO-BREAK SPACE}".encode())
        self._import(harness, attrs.evolve(reported, content=content))
        for asked in (plain, f"{written} "):
            (answer,) = harness.hub.lookup(Customer(**{kind.value: asked})).answers
            assert (Verdict.FOUND, sorted(reported.codes)) == (
                answer.verdict,
                sorted(coupon.code for coupon in answer.coupons),
            )

    def _has_nothing_to_import(self, harness: Harness) -> bool:
        today = utc_now().date()
        return refuses(
            harness,
            "usage.request",
            lambda: harness.connection.usage.import_report("1", BytesIO(b""), today, today),
        ) or harness.can("customers.coupons")

    def _reported(self, harness: Harness) -> Reported:
        harness.control.set_clock(utc_now() - AGE)
        list_id = harness.list_with("reported", [f"CODE-{number}" for number in range(5)])
        codes = harness.control.issue(list_id, BUYER, count=3)
        harness.control.set_clock(None)
        (status,) = harness.connection.usage.status().lists
        assert status.request is not None
        days = status.request.days
        blank = Reported(list_id=list_id, codes=codes, content=b"", first=days.first, last=days.last)
        return self._requested(harness, blank, days.first, days.last)

    def _requested(self, harness: Harness, reported: Reported, first: date, last: date) -> Reported:
        before = len(harness.control.mails())
        harness.connection.usage.request(reported.list_id, first, last, ["reports@example.com"])
        patience = time.monotonic() + 10
        while len(mails := harness.control.mails()) == before and time.monotonic() < patience:
            time.sleep(0.02)
        (attachment,) = mails[-1]["attachments"]
        content = b64decode(attachment["base64"])
        return attrs.evolve(reported, content=content, first=first, last=last)

    def _import(self, harness: Harness, reported: Reported) -> None:
        harness.connection.usage.import_report(
            reported.list_id, BytesIO(reported.content), reported.first, reported.last
        )

    def _held(self, reported: Reported) -> Identifier:
        """Return the identifier that the report names the customer by."""
        return next(kind for kind in Identifier if BUYER[kind.value].encode() in reported.content)

    def _customer(self, harness: Harness, identifiers: Mapping[str, str]) -> Customer:
        (kind,) = harness.connection.customers.identifiers
        return Customer(**{kind.value: identifiers[kind.value]})
