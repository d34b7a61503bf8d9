"""The server's JSON, read back into the models: strictly, and never surer than what was sent."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar

import attrs
from cattrs import Converter, transform_error

from couponhub.client.problems import WrittenError
from couponhub.documents import moment
from couponhub.errors import CouponhubError, UnreadableReply
from couponhub.models import (
    Answer,
    Coupon,
    CouponStatus,
    Customer,
    LookupAnswer,
    Raw,
    Reason,
    Source,
    Verdict,
)
from couponhub.models.base import NOTHING_RAW
from couponhub.strict import strict_converter

T = TypeVar("T")


@attrs.frozen(kw_only=True)
class ServedConnection:
    """A connection of the server's.

    Attributes:
        connection: Its name there.
        adapter: The adapter's name.
        vendor: The vendor's name for people.
        capabilities: What it can do; None when it could not be opened.
        limits: Documented limits by flat name; None when it could not be opened.
        error: Why it could not be opened.
    """

    connection: str
    adapter: str
    vendor: str | None = None
    capabilities: tuple[str, ...] | None = None
    limits: Mapping[str, int] | None = None
    error: CouponhubError | None = attrs.field(default=None, eq=False)


@attrs.frozen(kw_only=True)
class Expected:
    """What makes an answer whole.

    Attributes:
        connections: Those that were named in the question; each has to answer.
        may_stop: Whether those behind one that has found coupons need not.
    """

    connections: frozenset[str] = frozenset()
    may_stop: bool = False


@attrs.frozen(kw_only=True)
class _Answer:
    connection: str
    verdict: Verdict
    reason: str | None
    source: Source = Source.LIVE
    as_of: datetime | None = None
    elapsed_ms: int = 0
    coverage: str | None = None
    vendor_code: str | None = None
    warnings: tuple[str, ...] = ()
    asked_as: tuple[str, ...] = ()
    identified_by: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    raw: Raw = NOTHING_RAW
    error: WrittenError | None = None


@attrs.frozen(kw_only=True)
class _Lookup:
    customer: Mapping[str, str]
    complete: bool
    coupons: tuple[Coupon, ...]
    answers: tuple[_Answer, ...]


@attrs.frozen(kw_only=True)
class _Connections:
    items: tuple[ServedConnection, ...]


class Documents:
    """Reads documents; what is not the documented one is an `UnreadableReply`. Thread-safe."""

    def __init__(self) -> None:
        self._converter = _converter()

    def problem(self, document: object) -> WrittenError | None:
        """The problem of RFC 9457, or the error object of JSON lines; None when it is neither."""
        try:
            return self._read(document, WrittenError)
        except UnreadableReply:
            return None

    def connections(self, document: object) -> tuple[ServedConnection, ...]:
        """What `GET /v1/connections` answers."""
        return self._read(document, _Connections).items

    def lookup(self, document: object, customer: Customer, expected: Expected) -> LookupAnswer:
        """The unified answer about that customer: one about anybody else, or with parts missing, is none."""
        lookup = self._read(document, _Lookup)
        if lookup.customer != {customer.identifier.value: customer.value}:
            raise _unreadable("it speaks of another customer than was asked about")
        names = [answer.connection for answer in lookup.answers]
        found = any(answer.verdict is Verdict.FOUND for answer in lookup.answers)
        is_cut = not (expected.connections <= set(names) or (found and expected.may_stop))
        if not names or len(set(names)) < len(names) or is_cut:
            raise _unreadable("answers of connections are missing, or stand twice")
        if not {coupon.connection for coupon in lookup.coupons} <= set(names):
            raise _unreadable("coupons came of a connection that did not answer")
        answer = LookupAnswer(
            customer=customer, answers=tuple(_answer(one, lookup.coupons) for one in lookup.answers)
        )
        if answer.complete and not lookup.complete:
            raise _unreadable("it is said to be incomplete, and nothing says where")
        return answer

    def _read(self, document: object, cls: type[T]) -> T:
        if not isinstance(document, dict):
            raise _unreadable("expected an object @ $")
        try:
            return self._converter.structure(document, cls)
        except Exception as error:  # noqa: BLE001 - cattrs raises groups of whatever its hooks raise
            faults = "; ".join(transform_error(error, "$"))
        # Outside of the handler: what is chained quotes the values.
        raise _unreadable(faults)


def _answer(wire: _Answer, coupons: tuple[Coupon, ...]) -> Answer:
    own = tuple(coupon for coupon in coupons if coupon.connection == wire.connection)
    if own and wire.verdict is Verdict.NONE:
        raise _unreadable("a connection found none, and coupons of it came")
    if not own and wire.verdict is Verdict.FOUND:
        raise _unreadable("a connection found coupons, and none of it came")
    reason, warnings = _reason(wire.reason)
    if wire.verdict is Verdict.UNKNOWN:
        reason = reason or Reason.UNREADABLE
    error = None if wire.error is None else wire.error.error(too_slow=reason is Reason.TIMEOUT)
    return Answer(
        connection=wire.connection,
        verdict=Verdict.FOUND if own else wire.verdict,
        reason=reason,
        coupons=own,
        source=wire.source,
        as_of=wire.as_of,
        elapsed_ms=wire.elapsed_ms,
        coverage=wire.coverage,
        vendor_code=wire.vendor_code,
        warnings=(*wire.warnings, *warnings),
        asked_as=wire.asked_as,
        identified_by=wire.identified_by,
        first_name=wire.first_name,
        last_name=wire.last_name,
        raw=wire.raw,
        error=error,
    )


def _reason(word: str | None) -> tuple[Reason | None, tuple[str, ...]]:
    if word is None or word in set(Reason):
        return (None if word is None else Reason(word)), ()
    # None would say "found whole", so a newer server's word must become another.
    return Reason.UNREADABLE, ("the server gives a reason that this version of couponhub does not know",)


def _converter() -> Converter:
    """A strict converter for couponhub's own JSON; a word that is new to us becomes the weakest that we know."""
    converter = strict_converter()
    converter.register_structure_hook(datetime, _instant)
    converter.register_structure_hook(Decimal, _decimal)
    weakest: tuple[StrEnum, ...] = (CouponStatus.UNKNOWN, Verdict.UNKNOWN, Source.CACHE)
    for word in weakest:
        _be_tolerant(converter, word)
    written = converter.get_structure_hook(WrittenError)
    converter.register_structure_hook(CouponhubError, lambda value, _: written(value, WrittenError).error())
    return converter


def _be_tolerant(converter: Converter, weakest: StrEnum) -> None:
    known = {member.value: member for member in type(weakest)}

    def read(value: Any, _: type[StrEnum]) -> StrEnum:
        if type(value) is not str:
            raise TypeError("expected text")
        return known.get(value, weakest)

    converter.register_structure_hook(type(weakest), read)


def _instant(value: Any, _: type[datetime]) -> datetime:
    if type(value) is not str:
        raise TypeError("expected an instant")
    return moment(value)


def _decimal(value: Any, _: type[Decimal]) -> Decimal:
    if type(value) not in {int, float}:
        raise TypeError("expected a number")
    return Decimal(str(value))


def _unreadable(what: str) -> UnreadableReply:
    return UnreadableReply(f"the server's answer is not what couponhub documents: {what}")
