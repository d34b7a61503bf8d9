"""R-70 and R-72 to R-74: an identifier leads to its customer however it is written, or to nobody, and never to another one."""

from collections.abc import Mapping

import pytest

from couponhub.errors import UsageError
from couponhub.hub import CouponHub
from couponhub.models import Answer, Customer, Identifier, Reason, Verdict
from couponhub.testing.conformance.customers import BUYER, NOBODY
from couponhub.testing.conformance.refusals import refuses_customers, understood
from couponhub.testing.harness import Harness

FORMS = (
    "919876500001",
    "9876500001",
    "09876500001",
    "00919876500001",
    "+919876500001",
    "+91 98765-00001",
    "+91 (0)98765 00001",
    "(91)\u00a098765\u201000001",
    "98765.00001,",
    "tel:+91-98765-00001",
    "\u202a+91 98765 00001\u202c",
    "\u0669\u0661\u0669\u0668\u0667\u0666\u0665\u0660\u0660\u0660\u0660\u0661",
)
PASTED: Mapping[Identifier, tuple[str, ...]] = {
    Identifier.MOBILE: FORMS,
    Identifier.EMAIL: (
        "buyer.one@example.com",
        " buyer.one@example.com\u00a0",
        "\ufeffbuyer.one@example.com\u200b",
        "Buyer One <buyer.one@example.com>",
        '"One, Buyer" <mailto:buyer.one@example.com>;',
        "buyer.one@example.com,",
        "Buyer.One@Example.com",
        "BUYER.ONE@EXAMPLE.COM",
    ),
    Identifier.EXTERNAL_ID: ("E-0001", " E-0001 ", "\ufeffE-0001\u00a0", "E-\u200b0001"),
    Identifier.ID: (
        "98000001",
        " 98000001",
        "\u200e98000001",
        "\uff19\uff18\uff10\uff10\uff10\uff10\uff10\uff11",
    ),
}
RUINED: Mapping[Identifier, tuple[str, ...]] = {
    Identifier.MOBILE: (
        "919876500001.0",
        "919876500001,0",
        "+91 98765 00001.0",
        "9.19877E+11",
        "'919876500001",
        "919876500001,9198765000010",
    ),
    Identifier.EMAIL: ("buyer.one@example.com, other@example.com", "buyer.one", "#N/A"),
    Identifier.EXTERNAL_ID: ("1.0", "1.2E+11", '="E-0001"', '"E-0001"', "E-0001,", "NULL"),
    Identifier.ID: ("98000001.0", "9.8E+7", "'98000001", "nan"),
}
# What a slip of reading would make of the buyer's identifiers: other people's.
NEIGHBOURS = (
    {
        "mobile": "9198765000010",
        "email": "neighbour.1@example.com",
        "external_id": "e-0001",
        "id": "980000010",
    },
    {"mobile": "19876500001", "email": "neighbour.2@example.com", "external_id": "E-1", "id": "9800001"},
    {"mobile": "449876500001", "email": "uyer.one@example.com", "external_id": "0001", "id": "8000001"},
)


class IdentifierRules:
    """Rules of the person whom an identifier leads to."""

    def test_r70_every_spelling_leads_to_its_customer(self, harness: Harness) -> None:
        """R-70: however an identifier is written or was pasted, it finds its customer's coupons, and nobody else's."""
        if refuses_customers(harness):
            return
        codes = self._given(harness)
        with harness.unpaced_hub(**({"default_country_code": "91"} if harness.spells_mobiles else {})) as hub:
            for kind in {customer.identifier for customer in understood(harness, BUYER)}:
                for text in PASTED[kind]:
                    one = _asked(hub, kind, text)
                    assert (Verdict.FOUND, codes) == (
                        one.verdict,
                        sorted(coupon.code for coupon in one.coupons),
                    )

    def test_r74_a_mobile_of_no_told_country_is_never_none(self, harness: Harness) -> None:
        """R-74: where nobody said whose mobiles stand without a country code, an unknown one is `unknown`, with the mend."""
        if refuses_customers(harness):
            return
        codes = self._given(harness)
        if Identifier.MOBILE not in {customer.identifier for customer in understood(harness, BUYER)}:
            return
        with harness.unpaced_hub(**({"default_country_code": None} if harness.spells_mobiles else {})) as hub:
            for text in FORMS:
                one = _asked(hub, Identifier.MOBILE, text)
                found = sorted(coupon.code for coupon in one.coupons)
                assert (one.verdict, found) in ((Verdict.FOUND, codes), (Verdict.UNKNOWN, []))
            if harness.spells_mobiles:
                one = _asked(hub, Identifier.MOBILE, NOBODY["mobile"])
                assert (Verdict.UNKNOWN, Reason.IDENTIFIER_AMBIGUOUS) == (one.verdict, one.reason)
                assert any("default_country_code" in warning for warning in one.warnings)

    def test_r72_a_ruined_identifier_is_asked_about_nowhere(self, harness: Harness) -> None:
        """R-72: what spreadsheets, data frames and pasting ruined is refused with the mend, before anything is sent."""
        if refuses_customers(harness):
            return
        self._given(harness)
        kinds = [customer.identifier for customer in understood(harness, BUYER)]
        before = len(harness.control.requests())
        for kind in kinds:
            for text in RUINED[kind]:
                with pytest.raises(UsageError) as caught:
                    harness.hub.lookup(Customer(**{kind.value: text}))
                assert caught.value.hint
                assert text not in str(caught.value)
        assert before == len(harness.control.requests())

    def test_r73_spellings_are_one_question(self, harness: Harness) -> None:
        """R-73: with a country code the forms of a mobile are asked about as one, in the same calls."""
        if refuses_customers(harness) or not harness.spells_mobiles:
            return
        with harness.unpaced_hub(default_country_code="91") as hub:
            asked = [_calls(harness, hub, text) for text in FORMS]
        assert asked == [asked[0]] * len(FORMS)

    def _given(self, harness: Harness) -> list[str]:
        list_id = harness.list_with("given out", [f"CODE-{number}" for number in range(2 + len(NEIGHBOURS))])
        for customer in (BUYER, *NEIGHBOURS):
            harness.control.add_customer(**customer)
        codes = harness.control.issue(list_id, BUYER, count=2)
        for customer in NEIGHBOURS:
            harness.control.issue(list_id, customer, count=1)
        return sorted(codes)


def _asked(hub: CouponHub, kind: Identifier, text: str) -> Answer:
    (one,) = hub.lookup(Customer(**{kind.value: text})).answers
    return one


def _calls(harness: Harness, hub: CouponHub, text: str) -> list[str]:
    before = len(harness.control.requests())
    _asked(hub, Identifier.MOBILE, text)
    return [
        request["query"] for request in harness.control.requests()[before:] if "mobile" in request["query"]
    ]
