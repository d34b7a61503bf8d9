"""MoEngage's answers, read strictly into small classes with MoEngage's own names.

Every field but `_id` may be missing or null; new fields are ignored; a field of the wrong type makes the
object unreadable, because a guess would look like the vendor's word.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any, Generic, TypeVar

import attrs
from cattrs import Converter, transform_error
from cattrs.gen import make_dict_structure_fn, override

from couponhub.errors import UnreadableReply
from couponhub.strict import strict_converter
from couponhub.transport import Reply
from couponhub_moengage.wire.errors import read_error

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}\S*")
_LAST_SECOND = time(23, 59, 59)


@attrs.frozen(kw_only=True)
class WireObject:
    """What lists and files have in common; instants are UTC, `raw` is the object as it came."""

    id: str
    name: str | None = None
    status: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    raw: Mapping[str, Any] = attrs.field(factory=dict, repr=False, eq=False)


@attrs.frozen(kw_only=True)
class WireList(WireObject):
    """A coupon list ("Fetch Coupon List Details")."""

    label: str | None = None
    expires_at: datetime | None = None
    total_coupons: int | None = None
    available_coupons: int | None = None
    email_alert_subscribers: tuple[str, ...] = attrs.field(default=(), repr=False)


@attrs.frozen(kw_only=True)
class WireFile(WireObject):
    """A coupon file ("Fetch a Coupon File from the Coupon List")."""

    added_coupons: int | None = None
    coupon_list_id: str | None = None
    coupons_list_id: str | None = None

    @property
    def list_id(self) -> str | None:
        """The list it belongs to: the key is plural in the answer to an upload, singular elsewhere."""
        return self.coupon_list_id or self.coupons_list_id


Row = TypeVar("Row", bound=WireObject)


@attrs.frozen(kw_only=True)
class Rows(Generic[Row]):
    """The rows of an answer that could be read, and for each of the others why not: paths, no values."""

    readable: tuple[Row, ...]
    faults: tuple[str, ...] = ()


class ReplyReader:
    """Reads replies. Whatever is not the documented success raises the typed error that it stands for.

    Thread-safe.
    """

    def __init__(self) -> None:
        self._converter = moengage_converter()

    def list(self, reply: Reply) -> WireList:
        """Read one list."""
        return self._object(WireList, _success(reply), "$")

    def lists(self, reply: Reply) -> Rows[WireList]:
        """Read all lists of "Fetch all Coupon Lists"."""
        return self._rows(WireList, _success(reply))

    def file(self, reply: Reply) -> WireFile:
        """Read one file."""
        return self._object(WireFile, _success(reply), "$")

    def files(self, reply: Reply) -> Rows[WireFile]:
        """Read all files of "Fetch all Coupon Files"."""
        return self._rows(WireFile, _success(reply))

    def sentence(self, reply: Reply) -> str:
        """Read `{"message": "..."}`, all that "Generate Coupon List Usage Report" answers."""
        document = _success(reply)
        sentence = document.get("message") if isinstance(document, dict) else None
        if not isinstance(sentence, str):
            raise _unreadable("expected text @ $.message")
        return sentence

    def nothing(self, reply: Reply) -> None:
        """Read the empty answer that "Activate", "Archive" and "Delete" give; a page in its place is no success."""
        if not 200 <= reply.status < 300:
            raise read_error(reply)
        if reply.body.strip():
            raise _unreadable("expected an empty answer")

    def anything(self, reply: Reply) -> object:
        """Read whatever JSON a call of the user's own answers; None for an empty body."""
        if 200 <= reply.status < 300 and not reply.body.strip():
            return None
        return _success(reply)

    def _rows(self, cls: type[Row], document: object) -> Rows[Row]:
        rows = document.get("data") if isinstance(document, dict) else None
        if not isinstance(rows, Sequence) or isinstance(rows, str):
            raise _unreadable("expected an array @ $.data")
        readable: list[Row] = []
        faults: list[str] = []
        for index, row in enumerate(rows):
            try:
                readable.append(self._object(cls, row, f"$.data[{index}]"))
            except UnreadableReply as error:
                faults.append(error.message)
        return Rows(readable=tuple(readable), faults=tuple(faults))

    def _object(self, cls: type[Row], document: object, path: str) -> Row:
        if not isinstance(document, dict):
            raise _unreadable(f"expected an object @ {path}")
        try:
            row = self._converter.structure(document, cls)
        except Exception as error:  # noqa: BLE001 - cattrs raises groups of whatever its hooks raise
            raise _unreadable("; ".join(transform_error(error, path))) from None
        return attrs.evolve(row, raw=document)


def moengage_converter() -> Converter:
    """A strict converter that knows MoEngage's deviations: `_id`, instants in three forms, subscribers as text."""
    converter = strict_converter()
    identity, moment = override(rename="_id", struct_hook=_id), override(struct_hook=_instant)
    aside = override(omit=True)
    converter.register_structure_hook(
        WireList,
        make_dict_structure_fn(
            WireList,
            converter,
            id=identity,
            expires_at=override(struct_hook=_last_instant),
            email_alert_subscribers=override(struct_hook=_subscribers),
            created_at=moment,
            updated_at=moment,
            raw=aside,
        ),
    )
    converter.register_structure_hook(
        WireFile,
        make_dict_structure_fn(
            WireFile, converter, id=identity, created_at=moment, updated_at=moment, raw=aside
        ),
    )
    return converter


def _success(reply: Reply) -> object:
    if not 200 <= reply.status < 300:
        raise read_error(reply)
    try:
        return reply.decoded()
    except ValueError as error:
        raise _unreadable(str(error)) from None


def _unreadable(fault: str) -> UnreadableReply:
    return UnreadableReply(f"the answer is not what MoEngage documents: {fault}")


def _id(value: Any, _: type[Any]) -> str:
    if type(value) is not str or not value.strip():
        raise TypeError("expected text that is not blank")
    return value


def _instant(value: Any, _: type[Any]) -> datetime | None:
    """A moment, or a day from its start. Where no zone is given it is UTC: the pages' samples agree on that."""
    return None if value is None else _utc(value, time.min)


def _last_instant(value: Any, _: type[Any]) -> datetime | None:
    """As `_instant`, but a day counts to its end: codes are good on the day that "Create" is given."""
    return None if value is None else _utc(value, _LAST_SECOND)


def _utc(value: Any, time_of_day: time) -> datetime:
    if type(value) is not str:
        raise TypeError("expected text")
    if _DAY.fullmatch(value):
        return datetime.combine(date.fromisoformat(value), time_of_day, UTC)
    if not _INSTANT.fullmatch(value):
        raise ValueError("expected a date or a moment")
    moment = datetime.fromisoformat(value)
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("expected a moment within the calendar") from None


def _subscribers(value: Any, _: type[Any]) -> tuple[str, ...]:
    """An array in some answers, in the schemas of others one text, which may hold several by commas."""
    match value:
        case None:
            return ()
        case str():
            return tuple(address for part in value.split(",") if (address := part.strip()))
        case list() if all(type(address) is str for address in value):
            return tuple(value)
        case _:
            raise TypeError("expected addresses")
