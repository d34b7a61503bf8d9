"""Lookups through the hub: Capillary emulated over HTTP, and beside it a vendor that knows customers by one kind."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs

import attrs
import pytest

from couponhub import Coupon, CouponHub, Customer
from couponhub.clock import Deadline
from couponhub.errors import Unsupported, UsageError
from couponhub.models import CouponQuery, CustomerCoupons, Identifier, Reason, Verdict
from couponhub.registry import Registry
from couponhub.testing import Control, EmulatorContext, EmulatorServer, config_text
from couponhub.testing.vendors import emulators
from couponhub_capillary import PLUGIN
from tests.config.toy import TOY, Entry
from tests.kit.quiet_adapter import QuietAdapter

MOBILE = "919876543210"
CLUB = '[connections.engage]\nadapter = "toy"\nkey = "k"\n[lookup]\ncache_ttl = {0}\nnegative_ttl = {0}\n'


class Indexed(QuietAdapter):
    """A vendor that knows customers by the retailer's number only."""

    identifiers = frozenset({Identifier.EXTERNAL_ID})

    def __init__(self) -> None:
        self.asked: list[Customer] = []

    def customer_coupons(
        self, customer: Customer, query: CouponQuery, *, deadline: Deadline | None = None
    ) -> CustomerCoupons:
        """One coupon for the one customer known here."""
        del query, deadline
        self.asked.append(customer)
        if customer.identifier not in self.identifiers:
            raise Unsupported("only by external_id", hint="ask by that")
        held = (Coupon(connection="engage", code="E-1"),) if customer.value == "EXT-007" else ()
        return CustomerCoupons(coupons=held, customer_known=bool(held))


@attrs.frozen
class House:
    """Both vendors, and how to open a hub on them."""

    folder: Path
    server: EmulatorServer
    loyalty: Control
    engage: Indexed

    def hub(self, *, remembers: int = 0, **settings: str | None) -> CouponHub:
        """Open a hub, with further settings of the emulated vendor, that remembers answers for so many seconds."""
        plugin = attrs.evolve(TOY, open=lambda *_: self.engage)
        vendors = self.server.app.vendors.values()
        store = f'[store]\nurl = "sqlite:///{self.folder.as_posix()}/couponhub.db"\n'
        path = self.folder / "couponhub.toml"
        path.write_text(
            config_text(self.server.url, tuple(vendors), settings) + CLUB.format(remembers) + store,
            encoding="utf-8",
        )
        registry = Registry([Entry("capillary", lambda: PLUGIN), Entry("toy", lambda: plugin)])
        return CouponHub.from_config(path, registry=registry)

    def mobiles_asked(self) -> list[str]:
        """The numbers that Capillary was asked about, in that order."""
        return [
            parse_qs(request["query"])["mobile"][0]
            for request in self.loyalty.requests()
            if request["path"].endswith("/v1.1/customer/coupons")
        ]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Capillary with the demo's customer."""
    world = EmulatorContext()
    vendors = emulators(("capillary",), world)
    for vendor in vendors:
        vendor.seed_demo()
    with EmulatorServer(vendors, world) as server:
        yield House(tmp_path, server, Control(server.url, "capillary"), Indexed())


def test_what_capillary_names_finds_the_customer_elsewhere(house: House) -> None:
    """Asked by mobile, the vendor that knows the retailer's numbers is asked by the one that Capillary holds."""
    with house.hub() as hub:
        answer = hub.lookup(Customer(mobile=MOBILE), deadline=10)
    assert [Customer(external_id="EXT-007")] == house.engage.asked
    assert "capillary" == answer.by_connection["engage"].identified_by
    assert ["E-1"] == [coupon.code for coupon in answer.by_connection["engage"].coupons]
    assert answer.complete


def test_a_stranger_is_named_by_nobody(house: House) -> None:
    """Unknown at Capillary, the customer may still be known elsewhere: by which kind the hint says."""
    with house.hub() as hub:
        answer = hub.lookup(Customer(mobile="910000000000"), deadline=10)
    assert [] == house.engage.asked
    assert [Verdict.NONE, Verdict.UNKNOWN] == [one.verdict for one in answer.answers]
    error = answer.by_connection["engage"].error
    assert error is not None
    assert "external_id" in error.hint


def test_a_connection_says_by_what_it_can_be_asked(house: House) -> None:
    """By every kind, unless its adapter says otherwise."""
    with house.hub() as hub:
        assert frozenset(Identifier) == hub["capillary"].customers.identifiers
        assert frozenset({Identifier.EXTERNAL_ID}) == hub["engage"].customers.identifiers


ALL_FORMS = ["919000000000", "9000000000", "09000000000", "00919000000000"]


@pytest.mark.parametrize(
    ("given", "country_code", "asked", "told"),
    [
        ("9876543210", "91", ["919876543210"], ["***10 (12 digits)"]),
        ("+91 98765 43210", "91", ["919876543210"], ["***10 (12 digits)"]),
        ("919000000000", "91", ALL_FORMS, ["***00 (12 digits)", "***00 (10 digits)"]),
        ("09000000000", "91", ALL_FORMS, ["***00 (12 digits)"]),
        ("9000000000", "", ["9000000000"], ["***00 (10 digits)"]),
    ],
)
def test_forms_of_a_mobile_are_asked_and_told(
    house: House, given: str, country_code: str, asked: list[str], told: list[str]
) -> None:
    """The number in full first; its other forms only while no coupon was found, and only with a country code."""
    with house.hub(default_country_code=country_code or None) as hub:
        answer = hub.lookup(Customer(mobile=given), connections=["capillary"], deadline=10)
    assert asked == house.mobiles_asked()
    (one,) = answer.answers
    assert len(asked) == len(one.asked_as)
    assert tuple(told) == one.asked_as[: len(told)]
    none = Verdict.NONE if country_code else Verdict.UNKNOWN
    assert (none if "00000" in given else Verdict.FOUND) == one.verdict


def test_all_forms_of_a_mobile_are_one_answer_in_memory(house: House) -> None:
    """Asked for by the next spelling, what is remembered is told, with the customer as it was given."""
    spellings = ("9876543210", "+91 98765-43210", "09876543210", "\u202a00919876543210\u202c")
    with house.hub(remembers=600, default_country_code="91") as hub:
        answers = [
            hub.lookup(Customer(mobile=text), connections=["capillary"], deadline=10) for text in spellings
        ]
    assert ["919876543210"] == house.mobiles_asked()
    assert ["live", "cache", "cache", "cache"] == [answer.answers[0].source for answer in answers]
    assert list(spellings) == [answer.customer.value for answer in answers]


def test_what_cannot_be_told_is_not_remembered(house: House) -> None:
    """Unknown for want of a country code: the vendor is asked anew."""
    with house.hub(remembers=600, default_country_code=None) as hub:
        for _ in range(2):
            (one,) = hub.lookup(Customer(mobile="9000000000"), connections=["capillary"], deadline=10).answers
            assert (Verdict.UNKNOWN, Reason.IDENTIFIER_AMBIGUOUS) == (one.verdict, one.reason)
    assert ["9000000000"] * 2 == house.mobiles_asked()


def test_an_unknown_form_that_cannot_be_asked_is_not_none(house: House) -> None:
    """One form unknown and the other unanswered proves nothing."""
    house.loyalty.fail("GET */v1.1/customer/coupons*", "status", 503)
    with house.hub(default_country_code="91") as hub:
        (one,) = hub.lookup(Customer(mobile="9000000000"), connections=["capillary"], deadline=3).answers
    assert (Verdict.UNKNOWN, Reason.UNREACHABLE) == (one.verdict, one.reason)


@pytest.mark.parametrize("strategy", ["merge", "first-found"])
def test_many_are_answered_as_one_is(house: House, strategy: str) -> None:
    """Each in its place, also who cannot be a customer at all."""
    asked = [Customer(mobile=MOBILE), Customer(mobile="1"), Customer(email="a.buyer@example.com")]
    with house.hub() as hub:
        first, second, third = hub.lookup_many(asked, deadline=10, strategy=strategy, at_once=2)
        alone = hub.lookup(asked[0], deadline=10, strategy=strategy)
    assert [coupon.code for coupon in alone.coupons] == [coupon.code for coupon in first.coupons]
    assert (True, False, True) == (first.complete, second.complete, third.complete)
    assert ("E-1" in {coupon.code for coupon in first.coupons}) == (strategy == "merge")


def test_what_can_never_be_asked_is_refused_at_once(house: House) -> None:
    """Before any customer is taken, and not at the first answer."""
    with house.hub() as hub:
        for wrong in (
            {"strategy": "random"},
            {"at_once": 0},
            {"deadline": 0},
            {"query": CouponQuery(store_id="1")},
        ):
            with pytest.raises(UsageError):
                hub.lookup_many(iter(()), **wrong)
        with pytest.raises(UsageError, match="merge, first-found"):
            hub.lookup(Customer(mobile=MOBILE), strategy="random")


def test_a_number_that_is_none_is_the_askers_mistake(house: House) -> None:
    """Capillary's numbers are whole: anything else is refused before anything is sent."""
    with house.hub() as hub, pytest.raises(UsageError, match="whole number"):
        hub.lookup(Customer(id="12a"), connections=["capillary"])
    assert [] == house.loyalty.requests()
