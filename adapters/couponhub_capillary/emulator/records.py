"""The records of an organisation: customers, coupon series, coupons and their redemptions."""

from datetime import date, datetime
from typing import Any

import attrs


@attrs.frozen(kw_only=True)
class Store:
    """A store of the organisation, as answers name it."""

    code: str
    name: str


@attrs.frozen(kw_only=True)
class Redemption:
    """One use of a coupon.

    Attributes:
        customer_id: Who used it; None when that was nobody known.
        reversed_on: Set once it was taken back.
    """

    id: int
    at: datetime
    transaction_number: str
    store: Store
    customer_id: int | None = None
    reversed_on: datetime | None = None


@attrs.define(kw_only=True, eq=False)
class Customer:
    """A customer of the organisation, with every coupon ever issued to it, oldest first."""

    id: int
    mobile: str | None = None
    email: str | None = None
    external_id: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    coupons: "list[Coupon]" = attrs.field(factory=list)


@attrs.define(kw_only=True, eq=False)
class Coupon:
    """One issued code. `customer` is None for codes of an externally managed series, which belong to nobody.

    Attributes:
        valid_till: The last second in which it can be used, UTC.
        store: Where it was issued, None when not at a store.
        till: Which till issued it, "" when none did.
    """

    id: int
    code: str
    series: "Series"
    customer: Customer | None
    issued_at: datetime
    valid_till: datetime
    store: Store | None = None
    till: str = ""
    transaction_number: str | None = None
    redemptions: tuple[Redemption, ...] = ()
    reversals: tuple[Redemption, ...] = ()
    revoked: bool = False


@attrs.define(kw_only=True, eq=False)
class Series:
    """A coupon series: its terms by the vendor's field names, its counters and its codes.

    Attributes:
        last_day: The last calendar day of the series in the server's zone.
        pool: Uploaded codes that nobody holds yet, oldest first; the values mean nothing.
        coupons: Every coupon ever issued, revoked ones included.
    """

    id: int
    terms: dict[str, Any]
    last_day: date
    created_on: datetime
    last_used: datetime
    uploaded: int = 0
    issued: int = 0
    redeemed: int = 0
    latest_issue: datetime | None = None
    latest_redemption: datetime | None = None
    pool: dict[str, None] = attrs.field(factory=dict)
    coupons: list[Coupon] = attrs.field(factory=list)

    @property
    def kind(self) -> str:
        """The vendor's `clientHandlingType`."""
        return str(self.terms["clientHandlingType"])

    @property
    def external(self) -> bool:
        """True when a third party issues the codes, so that they belong to nobody."""
        return bool(self.terms["externalIssual"])
