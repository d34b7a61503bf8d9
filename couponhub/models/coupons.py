"""Coupons as they stand for one customer, and the question that selects them."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum

import attrs

from couponhub.errors import UsageError
from couponhub.models.base import NOTHING, Documented, ListId, Raw, about, instant_field, raw_field
from couponhub.models.checked import Checked
from couponhub.models.customers import Customer
from couponhub.models.given import (
    given_flag,
    given_id,
    given_instant,
    given_many,
    given_one,
    given_whole,
    given_word,
    given_words,
)

NO_PROPERTIES: Mapping[str, str] = NOTHING


class CouponStatus(StrEnum):
    """The standing of a coupon for its customer.

    ACTIVE is neither expired nor used up, however often it was used; REDEEMED is used up, or was used before its
    end came; UNKNOWN when that cannot be known. The same coupon stands so whichever way it was asked for.
    """

    ACTIVE = "active"
    REDEEMED = "redeemed"
    EXPIRED = "expired"
    REVOKED = "revoked"
    UNKNOWN = "unknown"


class CouponSort(StrEnum):
    """By what a customer's coupons are ordered; those of which it is not known stand last.

    CREATED and EXPIRES are the moments of issue and of the end, CREATED_BY is the store of issue, by its code.
    """

    CREATED = "created"
    CREATED_BY = "created_by"
    EXPIRES = "expires"


class Source(StrEnum):
    """The source of an answer: asked just now, remembered, or read from a usage report."""

    LIVE = "live"
    CACHE = "cache"
    REPORT = "report"


@attrs.frozen(kw_only=True)
class Store(Documented):
    """A shop, by the vendor's code and name; either may be missing."""

    code: str | None = None
    name: str | None = None


@attrs.frozen(kw_only=True)
class Discount(Documented):
    """The worth of a coupon: `type` is "absolute" or "percent", or the vendor's word where it is new."""

    type: str
    value: Decimal


@attrs.frozen(kw_only=True)
class Redemption(Documented):
    """One use of a coupon; `transaction` is the till's number for the sale, None when it is blank."""

    id: str | None = None
    at: datetime | None = instant_field()
    transaction: str | None = None
    store: Store | None = None


@attrs.define(kw_only=True, eq=False, on_setattr=attrs.setters.NO_OP)
class CouponDraft(Documented):
    """A `Coupon` that is still being made: its attributes are set one after the other, then it is `finished`.

    For adapters that make many: so it costs a third of what an object of a frozen class does.
    """

    connection: str
    id: str | None = attrs.field(
        default=None,
        metadata=about("The vendor's own number of this coupon, which tells two equal codes apart."),
    )
    code: str = attrs.field(
        repr=False, metadata=about("As the vendor spells it; leading zeros and case matter.")
    )
    list_id: ListId | None = None
    list_name: str | None = None
    description: str | None = None
    status: CouponStatus = attrs.field(
        default=CouponStatus.UNKNOWN,
        metadata=about("Computed by us from dates and redemptions, whatever filter the vendor offers."),
    )
    issued_at: datetime | None = None
    expires_at: datetime | None = attrs.field(
        default=None,
        metadata=about("The last second at which it is valid; None when the vendor states no end."),
    )
    redemption_count: int | None = attrs.field(
        default=None, metadata=about("None where the vendor cannot know.")
    )
    redemptions_left: int | None = attrs.field(
        default=None, metadata=about("None when the vendor does not say or sets no limit.")
    )
    redemptions: tuple[Redemption, ...] | None = attrs.field(
        default=None, metadata=about("None where the vendor cannot know, () when there are none.")
    )
    issued_at_store: Store | None = None
    issued_transaction: str | None = attrs.field(
        default=None,
        metadata=about("The till's number of the sale that it was issued for; None when there was none."),
    )
    purpose: str | None = attrs.field(
        default=None, metadata=about("What it was issued for, in the vendor's words.")
    )
    discount: Discount | None = None
    properties: Mapping[str, str] = attrs.field(
        default=NO_PROPERTIES, eq=False, metadata=about("The vendor's free properties, name to value.")
    )
    approximate: tuple[str, ...] = attrs.field(
        default=(),
        metadata=about('Names of the times here whose zone is a guess ("issued_at", "redemptions").'),
    )
    source: Source = Source.LIVE
    as_of: datetime | None = attrs.field(default=None, metadata=about("When the vendor said so."))
    raw: Raw = raw_field()


@attrs.frozen(kw_only=True)
class Coupon(CouponDraft):
    """One code as one vendor described it for one customer at one moment."""

    def __attrs_post_init__(self) -> None:
        # Spelled out, since there are many coupons: `Checked` would look at nineteen fields, one after the other.
        if not (
            type(self.connection) is str
            and type(self.code) is str
            and type(self.status) is CouponStatus
            and type(self.source) is Source
            and (self.redemptions is None or type(self.redemptions) is tuple)
            and _is_in_utc(self)
        ):
            _convert(self)


def finished(draft: CouponDraft) -> Coupon:
    """The draft itself, checked, and from now on a frozen `Coupon`.

    Raises:
        ValueError: One of its instants is not in UTC: a fault of the adapter's, which nothing else may be taken for.
    """
    if not _is_in_utc(draft):
        raise ValueError(f"not all of {', '.join(_INSTANTS)} are aware UTC instants")
    draft.__class__ = Coupon  # of the same layout, since it adds no attribute
    return draft  # type: ignore[return-value] # it is one now


_INSTANTS = ("issued_at", "expires_at", "as_of")


def _is_in_utc(coupon: CouponDraft) -> bool:
    issued, ends, as_of = coupon.issued_at, coupon.expires_at, coupon.as_of
    return (
        (issued is None or getattr(issued, "tzinfo", None) is UTC)
        and (ends is None or getattr(ends, "tzinfo", None) is UTC)
        and (as_of is None or getattr(as_of, "tzinfo", None) is UTC)
    )


def _convert(coupon: Coupon) -> None:
    """Make of what was given what the fields say."""
    given_one(str, coupon.connection, "connection")
    given_one(str, coupon.code, "code")
    held: dict[str, object] = {
        "status": given_word(CouponStatus, coupon.status, "status"),
        "source": given_word(Source, coupon.source, "source"),
    }
    if coupon.redemptions is not None:
        held["redemptions"] = tuple(given_many(coupon.redemptions, "redemptions", of=_redemption))
    for name in _INSTANTS:
        value = getattr(coupon, name)
        held[name] = None if value is None else given_instant(value, name)
    for name, value in held.items():
        object.__setattr__(coupon, name, value)


def _redemption(value: object, what: str) -> Redemption:
    return given_one(Redemption, value, what)


def _statuses(
    given: "CouponStatus | str | Iterable[CouponStatus | str] | None",
) -> frozenset[CouponStatus]:
    return _ANY if given is None or given is _ANY else given_words(CouponStatus, given, "status")


def _list_id(given: str | None) -> ListId | None:
    return None if given is None else ListId(given_id(given, "list_id"))


def _store_id(given: str | None) -> str | None:
    return None if given is None else given_id(given, "store_id")


def _since(given: date | None) -> datetime | None:
    return None if given is None else given_instant(given, "since")


def _until(given: date | None) -> datetime | None:
    return None if given is None else given_instant(given, "until")


_ANY: frozenset[CouponStatus] = frozenset()


def _sort(given: CouponSort | str | None) -> CouponSort | None:
    return None if given is None else given_word(CouponSort, given, "sort")


def _descending(given: bool) -> bool:
    return given_flag(given, "descending")


def _limit(given: int | None) -> int | None:
    return None if given is None else given_whole(given, "limit", least=1)


@attrs.frozen(kw_only=True, cache_hash=True)  # a lookup asks for it a dozen times
class CouponQuery(Documented):
    """A choice among a customer's coupons; the meanings are ours, whatever the vendor's filters do.

    Attributes:
        status: Keep only these: one or several members or their words in any case; empty keeps all. A coupon of
            UNKNOWN status is always kept.
        list_id: Only coupons of this list, by the vendor's id.
        store_id: Only coupons redeemable at this store, by the vendor's id.
        since: Issued or redeemed at or after this instant, which is kept in UTC; a date stands for its start in UTC.
        until: Issued or redeemed before this instant, given like `since`: a date is itself not among the days meant.
        sort: How each connection's coupons are ordered, by a member or its word; None for newest first.
        descending: Whether that order is turned round; goes with `sort`.
        limit: Only the first so many of each connection, in that order; None for all.

    Raises:
        UsageError: Something is none of these, such as another word or a datetime without its zone; `since` is
            not before `until`, so that nothing could ever be meant; or there is no order to turn round.
    """

    status: frozenset[CouponStatus] = attrs.field(default=_ANY, converter=_statuses)
    list_id: ListId | None = attrs.field(default=None, converter=_list_id)
    store_id: str | None = attrs.field(default=None, converter=_store_id)
    since: datetime | None = attrs.field(default=None, converter=_since)
    until: datetime | None = attrs.field(default=None, converter=_until)
    sort: CouponSort | None = attrs.field(default=None, converter=_sort)
    descending: bool = attrs.field(default=False, converter=_descending)
    limit: int | None = attrs.field(default=None, converter=_limit)

    def __attrs_post_init__(self) -> None:
        if self.since is not None and self.until is not None and self.since >= self.until:
            raise UsageError("since must lie before until; nothing lies between them")
        if self.descending and self.sort is None:
            raise UsageError("descending turns an order round, and none is named; newest come first already")

    @property
    def unordered(self) -> "CouponQuery":
        """The query without order and limit; itself when it asks for neither."""
        if self.sort is None and self.limit is None:
            return self
        return attrs.evolve(self, sort=None, descending=False, limit=None)


@attrs.frozen(kw_only=True)
class CustomerCoupons(Checked, Documented):
    """One vendor's answer about one customer.

    Attributes:
        coupons: What the query selects, in its order; () when there is none.
        customer_known: False when the vendor, understood, said that it knows no such customer.
        complete: False when a row could not be read or the answer may have been cut.
        warnings: What was odd, for people; never a code or an identifier.
        vendor_code: The vendor's own code for the answer.
        source: How it is known.
        as_of: The moment it speaks of; None for the moment it was asked.
        covered: False when a usage report that it rests on lacks days or lists that the question needs, or is
            too old.
        coverage: Which days it rests on, for people; None for a live answer.
        every_form: False when the customer is unknown as asked for, and may be known under a form of the identifier
            that could not be asked for, so that absence proves nothing.
        asked_as: The forms of the identifier that were asked for, by `masked_form`, in asking order; () when it
            was asked for as it was given.
        also_known_as: Further identifiers of this one customer that the vendor's answer names, none of them blank,
            masked or made up. Other connections are asked by them.
        first_name: The customer's, as the vendor gives it, masked where the vendor masks it. Personal data.
        last_name: The same.
    """

    coupons: tuple[Coupon, ...] = ()
    customer_known: bool = True
    complete: bool = True
    warnings: tuple[str, ...] = ()
    vendor_code: str | None = None
    source: Source = Source.LIVE
    as_of: datetime | None = None
    covered: bool = True
    coverage: str | None = None
    every_form: bool = True
    asked_as: tuple[str, ...] = ()
    also_known_as: tuple[Customer, ...] = attrs.field(default=(), repr=False)
    first_name: str | None = attrs.field(default=None, repr=False)
    last_name: str | None = attrs.field(default=None, repr=False)
    raw: Raw = raw_field()
