"""The common part of the rows of one answer: how they are read, and what recurs among them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import compress, product
from types import MappingProxyType

from couponhub.models import Coupon, CouponStatus, Redemption, Store
from couponhub.models.coupons import NO_PROPERTIES
from couponhub_capillary.mapping.anomalies import Anomalies
from couponhub_capillary.wire.times import Moment, Zones, last_moment
from couponhub_capillary.wire.values import code_text, many, whole, word

NO_CODE = "a coupon without a readable code was left out"
_NO_TIME = "a time could not be read and is left empty: {field}"
_NO_COUNT = "the redemption count of a coupon could not be read"
_NUMBER_AS_CODE = "a code came as a number, and is shown as its digits: zeros before them may be missing"
_NUMBER_AS_TEXT = "what should be text came as a number: {field}"
_NO_TEXT = "what should be text could not be read and is left empty: {field}"
_NO_STORE = "a store could not be read and is left empty: {field}"
_NO_PROPERTY = "a property of a coupon could not be read"
GUESSED_TIMES: Mapping[tuple[bool, ...], tuple[str, ...]] = MappingProxyType(
    {
        guesses: tuple(compress(("issued_at", "expires_at", "redemptions"), guesses))
        for guesses in product((False, True), repeat=3)
    }
)
"""The names of those times whose zone is a guess, by whether each of the three is."""

_NOTHING: tuple[object, ...] = (None, "", {}, [])

# Looking a member up in its class costs more than the rest of judging a status.
_ACTIVE, _REDEEMED = CouponStatus.ACTIVE, CouponStatus.REDEEMED
_EXPIRED, _UNKNOWN = CouponStatus.EXPIRED, CouponStatus.UNKNOWN


class MappingContext:
    """The way in which the rows about one customer are read. For one question, by one thread.

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
        self.odd = Anomalies()
        self._stores: dict[tuple[str, str], Store | None] = {}
        self._ends: dict[str, Moment] = {}

    def code(self, value: object) -> str | None:
        """The code of a row; None, and counted, when it has none that can be read (C-24)."""
        if type(value) is str and value.strip():
            return value
        text = code_text(value)
        self.odd.note(NO_CODE if text is None else _NUMBER_AS_CODE)
        return text

    def text(self, value: object, field: str) -> str | None:
        """As `text_of`, of this module."""
        if type(value) is str:
            return value if value.strip() else None
        return None if value is None else text_of(value, field, self.odd)

    def number(self, value: object, field: str) -> str | None:
        """An id or a till's number, which come as text and as number both."""
        text = word(value)
        if text is None and value is not None and type(value) is not str:
            self.odd.note(_NO_TEXT.format(field=field))
        return text

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

    def store(self, value: object, field: str) -> Store | None:
        """A store, None when neither its code nor its name is told; the same few recur in all rows."""
        if type(value) is not dict:
            if value not in _NOTHING:
                self.odd.note(_NO_STORE.format(field=field))
            return None
        code, name = value.get("code"), value.get("name")
        if type(code) is not str or type(name) is not str:
            return self._store(code, name, field)
        try:
            return self._stores[code, name]
        except KeyError:
            return self._stores.setdefault((code, name), self._store(code, name, field))

    def _store(self, code: object, name: object, field: str) -> Store | None:
        code, name = self.number(code, field), self.text(name, field)
        return Store(code=code, name=name) if code is not None or name is not None else None

    def properties(self, container: object) -> Mapping[str, str]:
        """The properties that have a value: those of a series are listed with their coupons even when blank."""
        rows = container.get("custom_property") if type(container) is dict else container
        if not rows:
            return NO_PROPERTIES
        pairs: dict[str, str] = {}
        for row in rows if type(rows) is list else self._odd_properties(rows):
            name, value = (row.get("name"), row.get("value")) if type(row) is dict else (None, row)
            if value is None or value == "":
                continue
            name, value = word(name), word(value)
            if name is not None and value is not None:
                pairs[name] = value
            else:
                self.odd.note(_NO_PROPERTY)
        return pairs or NO_PROPERTIES

    def _odd_properties(self, rows: object) -> Sequence[object]:
        try:
            return many(rows)
        except ValueError:
            self.odd.note(_NO_PROPERTY)
            return ()

    def note_time(self, value: object, field: str) -> None:
        """As `note_time`, of this module."""
        note_time(value, field, self.odd)

    def redemption_count(
        self, value: object, listed: tuple[Redemption, ...] | None, *, has_list: bool
    ) -> int | None:
        """Return how often a coupon was redeemed, None when that cannot be told.

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


def status_of(
    redemption_count: int | None, expires_at: datetime | None, now: datetime, left: int | None = None
) -> CouponStatus:
    """Return the status of a coupon: the one rule, whichever of Capillary's calls told of it, since none has a status word.

    Whether one that was used can be used again only the number of redemptions left tells: without it such a coupon
    is unknown until its end has come, and redeemed afterwards.

    Args:
        redemption_count: How often it was used; None when that cannot be told.
        expires_at: Its end; None when that cannot be told.
        now: By which it is judged.
        left: How often it can still be used, -1 for any number; None when that is not told.
    """
    if redemption_count is None:
        return _UNKNOWN
    is_over = expires_at is not None and now > expires_at
    if redemption_count == 0:
        # Whatever is left: v1.1, which is asked first, does not tell it, and one coupon has one status.
        if expires_at is None:
            return _UNKNOWN
        return _EXPIRED if is_over else _ACTIVE
    if is_over or left == 0:
        return _REDEEMED
    return _UNKNOWN if left is None or expires_at is None else _ACTIVE


def is_undecided(coupon: Coupon, now: datetime) -> bool:
    """Tell whether a coupon was used and may be used again, for all that is known: the number left would decide."""
    return (
        coupon.status is _UNKNOWN
        and bool(coupon.redemption_count)
        and coupon.redemptions_left is None
        and (coupon.expires_at is None or now <= coupon.expires_at)
    )


def transaction_from(value: object, reading: MappingContext) -> str | None:
    """The number of the sale that a coupon was issued for: v2 prints 0 where there is none, v1.1 nothing."""
    if value is None:
        return None
    number = reading.number(value, "issued_transaction")
    return None if number == "0" else number


def text_of(value: object, field: str, odd: Anomalies) -> str | None:
    """A text that is not blank; a number in its place is shown as its digits, and all else left empty, and counted."""
    text = word(value)
    if type(value) is not str and value is not None:
        odd.note((_NO_TEXT if text is None else _NUMBER_AS_TEXT).format(field=field))
    return text


def note_time(value: object, field: str, odd: Anomalies) -> None:
    """Count a time that came and cannot be read."""
    if value is not None:
        odd.note(_NO_TIME.format(field=field))
