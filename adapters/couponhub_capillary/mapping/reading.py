"""What the rows of one answer have in common: how they are read, and what recurs among them."""

from collections.abc import Mapping
from datetime import datetime
from itertools import compress, product
from types import MappingProxyType

from couponhub.models import CouponStatus, Redemption, Store
from couponhub.models.coupons import NO_PROPERTIES
from couponhub_capillary.mapping.oddities import Oddities
from couponhub_capillary.wire.times import Moment, Zones, last_moment
from couponhub_capillary.wire.values import entries_of, whole, word

NO_CODE = "a coupon without a readable code was left out"
_NO_TIME = "a time could not be read and is left empty: {field}"
_NO_COUNT = "the redemption count of a coupon could not be read"
GUESSED_TIMES: Mapping[tuple[bool, ...], tuple[str, ...]] = MappingProxyType(
    {
        guesses: tuple(compress(("issued_at", "expires_at", "redemptions"), guesses))
        for guesses in product((False, True), repeat=3)
    }
)
"""The names of those times whose zone is a guess, by whether each of the three is."""

# Looking a member up in its class costs more than the rest of judging a status.
_ACTIVE, _REDEEMED = CouponStatus.ACTIVE, CouponStatus.REDEEMED
_EXPIRED, _UNKNOWN = CouponStatus.EXPIRED, CouponStatus.UNKNOWN


class Reading:
    """How the rows about one customer are read. For one question, by one thread.

    Args:
        connection: Where they came from.
        zones: In which their times are meant.
        now: When they came, by which expiry is judged.

    Attributes:
        odd: What was odd about them.
    """

    def __init__(self, *, connection: str, zones: Zones, now: datetime) -> None:
        self.connection = connection
        self.zones = zones
        self.now = now
        self.odd = Oddities()
        self._stores: dict[tuple[str, str], Store | None] = {}
        self._ends: dict[str, Moment] = {}

    def end_of(self, value: object) -> Moment | None:
        """As `last_moment`; the same few ends recur in all rows."""
        if type(value) is not str:
            return None
        end = self._ends.get(value)
        if end is None:
            end = last_moment(value, self.zones)
            if end is not None:
                self._ends[value] = end
        return end

    def store(self, value: object) -> Store | None:
        """As `store_from`; the same few stores recur too."""
        if type(value) is not dict:
            return None
        code, name = value.get("code"), value.get("name")
        if type(code) is not str or type(name) is not str:
            return store_from(value)
        try:
            return self._stores[code, name]
        except KeyError:
            return self._stores.setdefault((code, name), store_from(value))

    def note_time(self, value: object, field: str) -> None:
        """As `note_time`, of this module."""
        note_time(value, field, self.odd)

    def redemption_count(
        self, value: object, listed: tuple[Redemption, ...] | None, *, has_list: bool
    ) -> int | None:
        """How often a coupon was redeemed, None when that cannot be told.

        The newest sample counts 0 beside one redemption: the larger of count and list is right (C-22), and a 0
        beside a list that cannot be read is none.
        """
        told = whole(value)
        if told is not None and told >= 0:
            list_is_unreadable = listed is None and has_list
            return None if told == 0 and list_is_unreadable else max(told, len(listed or ()))
        if value is None:
            return None if listed is None else len(listed)
        self.odd.note(_NO_COUNT)
        return len(listed) if listed else None


def status_of(redemption_count: int | None, expires_at: datetime | None, now: datetime) -> CouponStatus:
    """Where a coupon stands, as far as dates and redemptions tell: v1.1 has no status word.

    A redeemed one may still be usable, which only the number of redemptions left can tell.
    """
    if redemption_count is None:
        return _UNKNOWN
    if redemption_count > 0:
        return _REDEEMED
    if expires_at is None:
        return _UNKNOWN
    return _EXPIRED if now > expires_at else _ACTIVE


def note_time(value: object, field: str, odd: Oddities) -> None:
    """Count a time that came and cannot be read."""
    if value is not None:
        odd.note(_NO_TIME.format(field=field))


def store_from(value: object) -> Store | None:
    """A store, None when neither its code nor its name is told."""
    if not isinstance(value, dict):
        return None
    code, name = word(value.get("code")), word(value.get("name"))
    return Store(code=code, name=name) if code is not None or name is not None else None


def properties_from(container: object) -> Mapping[str, str]:
    """The properties that have a value: those of a series are listed with their coupons even when blank."""
    rows = container.get("custom_property") if isinstance(container, dict) else container
    if not rows:
        return NO_PROPERTIES
    pairs: dict[str, str] = {}
    for row in rows if type(rows) is list else entries_of(rows):
        if type(row) is dict and row.get("value"):
            name, value = word(row.get("name")), word(row["value"])
            if name is not None and value is not None:
                pairs[name] = value
    return MappingProxyType(pairs) if pairs else NO_PROPERTIES
