"""Bodies of requests as classes; strictly read, with every fault named by its field."""

import re
from collections.abc import Callable
from datetime import date, datetime
from enum import StrEnum
from itertools import islice
from typing import Any, ClassVar, NewType, TypeVar

import attrs
from cattrs import BaseValidationError, Converter

from couponhub.config.faults import faults_in
from couponhub.config.structure import whole_class
from couponhub.errors import UsageError
from couponhub.models import CouponQuery, CouponSort, CouponStatus, Customer, ListId, Strategy
from couponhub.models.given import word
from couponhub.serialization import read_instant
from couponhub.server.bounds import LONGEST_TEXT, MOST_CUSTOMERS, MOST_ITEMS, check_bounds
from couponhub.settings import setting
from couponhub.strict import strict_converter

T = TypeVar("T")
W = TypeVar("W", bound=StrEnum)

Statuses = NewType("Statuses", tuple[CouponStatus, ...])

LONGEST_DEADLINE = 60.0
LONGEST_ID = LONGEST_TEXT
ID_PATTERN = r"^[^\x00-\x1f\x7f-\x9f]+$"
ID_SCHEMA = {"minLength": 1, "maxLength": LONGEST_ID, "pattern": ID_PATTERN}
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_ALL = CouponQuery()
_MOST_FAULTS = 5
_LONGEST_FAULT = 200


def _check_deadline(instance: object, attribute: object, value: float | None) -> None:  # noqa: ARG001 - attrs' signature
    if value is not None and not 0 < value <= LONGEST_DEADLINE:
        raise ValueError(f"expected a number of seconds above 0, at most {LONGEST_DEADLINE:g}")


def _check_limit(instance: object, attribute: object, value: int | None) -> None:  # noqa: ARG001 - attrs' signature
    if value is not None and value < 1:
        raise ValueError("expected a whole number of coupons, at least 1")


def check_id(instance: object, attribute: object, value: str | None) -> None:  # noqa: ARG001 - attrs' signature
    """Validate what could be an id of a vendor's."""
    if value is not None and not (len(value) <= LONGEST_ID and re.fullmatch(ID_PATTERN, value)):
        raise ValueError(f"expected 1 to {LONGEST_ID} characters, and no control character")


@attrs.frozen(kw_only=True)
class Asked:
    """The coupons that are meant, and who is to be asked how."""

    connections: tuple[str, ...] | None = setting(
        None,
        about="Whom to ask, in this order, at least one; by default the server's `[lookup] connections`, or all, the"
        " preferred ones first.",
        schema={"maxItems": MOST_ITEMS, "items": {"type": "string", "maxLength": LONGEST_TEXT}},
    )
    strategy: Strategy = setting(
        Strategy.MERGE,
        about="Whether to ask all connections at once, or one after the other until one has found coupons, or all of"
        " two or more to compare what they know of all coupons: then `differences` counts how they differ.",
    )
    status: Statuses = setting(
        Statuses(()),
        about="Only coupons that stand so; one word in any case, or a list. One whose status cannot be known is always"
        " kept.",
    )
    list_id: str | None = setting(
        None,
        about="Only coupons of this list, by the vendor's id; takes exactly one connection.",
        schema=ID_SCHEMA,
        validator=check_id,
    )
    store_id: str | None = setting(
        None,
        about="Only coupons redeemable at this store, by the vendor's id; takes exactly one connection.",
        schema=ID_SCHEMA,
        validator=check_id,
    )
    since: datetime | None = setting(
        None, about="Issued or redeemed from then on; RFC 3339, or a day in UTC."
    )
    until: datetime | None = setting(None, about="Issued or redeemed before then.")
    sort: CouponSort | None = setting(
        None,
        about="How the coupons of each connection are ordered, newest first by default: by the moment of issue,"
        " by the store of issue, or by the end. Those of which it is not known stand last.",
    )
    descending: bool = setting(default=False, about="Whether that order is turned round; goes with `sort`.")
    limit: int | None = setting(
        None,
        about="Only the first so many coupons of each connection, in that order.",
        schema={"minimum": 1},
        validator=_check_limit,
    )
    raw: bool = setting(
        default=False,
        about="Whether each coupon and each answer shall have `raw`, the vendor's own object. A token without"
        " `codes:reveal` is refused (403). An answer that was remembered has none of its own.",
    )
    deadline: float | None = setting(
        None,
        about="Seconds for the whole answer about one customer; the server's `[lookup] deadline` by default.",
        schema={"exclusiveMinimum": 0, "maximum": LONGEST_DEADLINE},
        validator=_check_deadline,
    )

    def query(self) -> CouponQuery:
        """The coupons that are meant.

        Raises:
            UsageError: There can be none.
        """
        narrows = self.status or self.list_id or self.store_id or self.since or self.until
        if not (narrows or self.sort or self.descending or self.limit):
            return _ALL
        return CouponQuery(
            status=frozenset(self.status),
            list_id=None if self.list_id is None else ListId(self.list_id),
            store_id=self.store_id,
            since=self.since,
            until=self.until,
            sort=self.sort,
            descending=self.descending,
            limit=self.limit,
        )


@attrs.frozen(kw_only=True)
class LookupRequest(Asked):
    """The question: which coupons does this customer hold?"""

    about: ClassVar[str] = "Which coupons does this customer hold?"

    customer: Customer = setting(about="Who it is about, by exactly one identifier.")


@attrs.frozen(kw_only=True)
class BatchRequest(Asked):
    """The question: which coupons do these customers hold?"""

    about: ClassVar[str] = "Which coupons do these customers hold?"

    customers: tuple[Customer, ...] = setting(
        about="Who they are, each by exactly one identifier; each counts as a request.",
        schema={"maxItems": MOST_CUSTOMERS},
    )


class RequestReader:
    """Makes requests of decoded JSON. Thread-safe."""

    def __init__(self) -> None:
        self._converter = _request_converter()

    def read(self, document: object, cls: type[T]) -> T:
        """The request in a document.

        Raises:
            UsageError: It is none; the message names the fields at fault, and quotes no value.
        """
        if type(document) is not dict:
            raise UsageError("the body must be a JSON object")
        check_bounds(document)
        try:
            return self._converter.structure(document, cls)
        except BaseValidationError as error:
            found = islice(faults_in(error, ""), _MOST_FAULTS + 1)
            faults = [f"{key.removeprefix('.')}: {text}" for key, text in found]
            more = ["and more"] if len(faults) > _MOST_FAULTS else []
            raise UsageError("; ".join([*map(_shortened, faults[:_MOST_FAULTS]), *more])) from None


def _request_converter() -> Converter:
    converter = strict_converter(forbid_extra_keys=True)
    converter.register_structure_hook(datetime, _moment)
    converter.register_structure_hook(date, _day)
    for kind in (CouponStatus, Strategy):
        converter.register_structure_hook(kind, _word)

    def statuses(value: Any, _: object) -> Any:
        return converter.structure([value] if isinstance(value, str) else value, tuple[CouponStatus, ...])

    def objects(cls: type[Any]) -> Callable[[Any, Any], Any]:
        make = whole_class(converter, cls)

        def structure(value: Any, kind: Any) -> Any:
            if type(value) is not dict:
                raise TypeError("expected an object")
            return make(value, kind)

        return structure

    converter.register_structure_hook(Statuses, statuses)
    converter.register_structure_hook_factory(attrs.has, objects)
    return converter


def _moment(value: Any, _: type[datetime]) -> datetime:
    if type(value) is not str:
        raise TypeError("expected text")
    return read_instant(value)


def _day(value: Any, _: type[date]) -> date:
    if type(value) is not str:
        raise TypeError("expected text")
    if not _DAY.fullmatch(value):
        raise ValueError("expected a day such as 2030-06-30")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError("expected a day that there is, such as 2030-06-30") from None


def _word(value: Any, kind: type[W]) -> W:
    if type(value) is not str:
        raise TypeError("expected text")
    found = word(kind, value)
    if found is None:
        raise ValueError(f"expected one of {', '.join(kind)}")
    return found


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_FAULT else f"{text[:_LONGEST_FAULT]}..."
