"""The emulated organisation at its beginning: the demo, or a seed file's content."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from couponhub.testing.emulation.vendor import ControlError
from couponhub_capillary.emulator.organisation import TILL, Organisation
from couponhub_capillary.emulator.records import Series, Store
from couponhub_capillary.emulator.series.terms import defaults

MAIN_STORE = Store(code="store_001", name="Main Store")
DOWNTOWN_STORE = Store(code="store_002", name="Downtown Store")


def add_list(
    organisation: Organisation,
    name: str,
    *,
    kind: str,
    created: datetime,
    days: int,
    terms: Mapping[str, Any] | None = None,
) -> Series:
    """Make a series that lasts that many days from its creation."""
    zone = organisation.options.server_zone
    first_day = created.astimezone(zone).date()
    given = {
        "description": name,
        "discountCode": "DEMO10",
        "discountType": "PERC",
        "discountValue": 10,
        "anyUser": False,
        "smsTemplate": "Hi {{first_name}}, your voucher code is {{voucher}}",
        "clientHandlingType": kind,
        "expiryStrategyType": "SERIES_EXPIRY",
        "seriesCode": f"{len(organisation.series) + 0xDE30:08X}",
        "alphaNumeric": True,
        "isMultipleUseAllowed": True,
        **(terms or {}),
    }
    complete = {**defaults(given, created=first_day, zone=zone), **given}
    return organisation.add_series(complete, first_day + timedelta(days=days), created)


def seed_demo(organisation: Organisation) -> None:
    """One customer with coupons of every kind, one without any, and a series that is ready for uploads."""
    now = organisation.clock.now()
    buyer = organisation.customers.add(
        id=98662653,
        mobile="919876543210",
        email="a.buyer@example.com",
        external_id="EXT-007",
        first_name="Asha",
        last_name="Buyer",
    )
    organisation.customers.add(
        mobile="919876543211",
        email="b.browser@example.com",
        external_id="EXT-008",
        first_name="Bela",
        last_name="Browser",
    )
    welcome = add_list(
        organisation,
        "Welcome 10%",
        kind="DISC_CODE",
        created=now - timedelta(days=90),
        days=455,
        # For one use, the vendor's default, so that a redeemed coupon of it is used up.
        terms={
            "isMultipleUseAllowed": False,
            "customPropertyMap": {"standard_description": "10% off on your next purchase"},
        },
    )
    summer = add_list(
        organisation,
        "Summer 200 off",
        kind="DISC_CODE",
        created=now - timedelta(days=120),
        days=90,
        terms={"discountType": "ABS", "discountValue": 200, "discountCode": "SUMMER200"},
    )
    festival = add_list(
        organisation,
        "Festival for everybody",
        kind="GENERIC",
        created=now - timedelta(days=20),
        days=60,
        terms={"genericCode": "FESTIVAL25", "discountValue": 25},
    )
    partner = add_list(
        organisation, "Partner codes", kind="DISC_CODE_PIN", created=now - timedelta(days=10), days=365
    )
    organisation.issue(welcome, buyer, now - timedelta(days=80), store=MAIN_STORE, till=TILL)
    redeemed = organisation.issue(welcome, buyer, now - timedelta(days=40), store=DOWNTOWN_STORE, till=TILL)
    organisation.redeem(
        redeemed, at=now - timedelta(days=30), transaction_number="TXN12345", store=DOWNTOWN_STORE
    )
    organisation.issue(summer, buyer, now - timedelta(days=100))  # expired a month ago
    organisation.issue(festival, buyer, now - timedelta(days=5))
    for number in range(1, 13):
        organisation.pool(partner, f"PARTNER{number:04}")
    organisation.issue(partner, buyer, now - timedelta(days=2), store=MAIN_STORE, till=TILL)


def seed_lists(organisation: Organisation, lists: object) -> list[str]:
    """Make a series per entry {"name", "codes": [...]}, its codes in the pool; answer their ids."""
    made: list[str] = []
    if not isinstance(lists, list):
        raise ControlError("lists takes an array of objects with name and codes")
    for entry in lists:
        name = entry.get("name") if isinstance(entry, Mapping) else None
        codes = entry.get("codes", []) if isinstance(entry, Mapping) else None
        if not isinstance(name, str) or not isinstance(codes, list):
            raise ControlError("lists takes an array of objects with name and codes")
        if any(not isinstance(code, str) or not code for code in codes):
            raise ControlError("codes are text, and not empty")
        taken = [code.upper() for code in codes]
        if len(set(taken)) < len(taken) or any(code in organisation.codes for code in taken):
            raise ControlError("a code is taken already: codes are unique in the organisation")
        created = organisation.clock.now()
        series = add_list(organisation, name, kind="DISC_CODE_PIN", created=created, days=365)
        for code in taken:
            organisation.pool(series, code)
        made.append(str(series.id))
    return made
