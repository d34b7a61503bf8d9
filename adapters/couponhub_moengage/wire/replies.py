"""MoEngage's answers, read strictly into small classes with MoEngage's own names.

Every field but `_id` may be missing or null, and new fields are ignored. Identity rests on `_id` alone: a field of
another type or form than is documented is None, because a guess would look like the vendor's word, and a whole
object that nobody can read would hide more. It is told of in the log, without its value.
"""

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any, Generic, TypeVar

import attrs
from cattrs import Converter, transform_error
from cattrs.gen import make_dict_structure_fn, override

from couponhub.errors import UnreadableReply
from couponhub.strict import strict_converter
from couponhub.transport import Reply
from couponhub_moengage.wire.alerts import WireAlerts, read_alerts
from couponhub_moengage.wire.errors import read_error

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}\S*")
_LAST_SECOND = time(23, 59, 59)

_log = logging.getLogger(__name__)


@attrs.frozen(kw_only=True)
class WireObject:
    """The common part of lists and files; instants are UTC.

    Attributes:
        odd: The vendor's names of fields that came in a form that is not documented, and are None.
        raw: The object as it came.
    """

    id: str
    name: str | None = None
    status: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    created_by: str | None = None
    odd: tuple[str, ...] = attrs.field(default=(), eq=False)
    raw: Mapping[str, Any] = attrs.field(factory=dict, repr=False, eq=False)


@attrs.frozen(kw_only=True)
class WireList(WireObject):
    """A coupon list ("Fetch Coupon List Details"). Its subscribers are () where none are told."""

    label: str | None = None
    expires_at: datetime | None = None
    total_coupons: int | None = None
    available_coupons: int | None = None
    email_alert_subscribers: tuple[str, ...] | None = attrs.field(default=(), repr=False)
    alert_conditions: WireAlerts | None = None
    personalization_snippet: str | None = None


@attrs.frozen(kw_only=True)
class WireFile(WireObject):
    """A coupon file ("Fetch a Coupon File from the Coupon List")."""

    added_coupons: int | None = None
    coupon_list_id: str | None = None
    coupons_list_id: str | None = None
    file_url: str | None = attrs.field(default=None, repr=False)
    callback_url: str | None = attrs.field(default=None, repr=False)

    @property
    def list_id(self) -> str | None:
        """The list it belongs to: the key is plural in the answer to an upload, singular elsewhere (D-4)."""
        return self.coupon_list_id or self.coupons_list_id


WireRow = TypeVar("WireRow", bound=WireObject)


@attrs.frozen(kw_only=True)
class WireRows(Generic[WireRow]):
    """The rows of an answer that could be read, and for each of the others why not: paths, no values."""

    readable: tuple[WireRow, ...]
    faults: tuple[str, ...] = ()


class ReplyReader:
    """Reads replies. Whatever is not the documented success raises the typed error that it stands for.

    Thread-safe.

    Args:
        connection: The connection's name, for the log.
    """

    def __init__(self, connection: str = "moengage") -> None:
        self._connection = connection
        self._converter = moengage_converter()
        self._told: set[tuple[type, str]] = set()

    def list(self, reply: Reply) -> WireList:
        """Read one list."""
        return self._object(WireList, _success(reply), "$")

    def lists(self, reply: Reply) -> WireRows[WireList]:
        """Read all lists of "Fetch all Coupon Lists"."""
        return self._rows(WireList, _success(reply))

    def file(self, reply: Reply) -> WireFile:
        """Read one file."""
        return self._object(WireFile, _success(reply), "$")

    def files(self, reply: Reply) -> WireRows[WireFile]:
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

    def _rows(self, cls: type[WireRow], document: object) -> WireRows[WireRow]:
        rows = document.get("data") if isinstance(document, dict) else None
        if not isinstance(rows, Sequence) or isinstance(rows, str):
            raise _unreadable("expected an array @ $.data")
        readable: list[WireRow] = []
        faults: list[str] = []
        for index, row in enumerate(rows):
            try:
                readable.append(self._object(cls, row, f"$.data[{index}]"))
            except UnreadableReply as error:
                faults.append(error.message)
        return WireRows(readable=tuple(readable), faults=tuple(faults))

    def _object(self, cls: type[WireRow], document: object, path: str) -> WireRow:
        if not isinstance(document, dict):
            raise _unreadable(f"expected an object @ {path}")
        try:
            row = self._converter.structure(document, cls)
        except Exception as error:  # noqa: BLE001 - cattrs raises groups of whatever its hooks raise
            raise _unreadable("; ".join(transform_error(error, path))) from None
        odd = tuple(
            field.name
            for field in attrs.fields(cls)
            if getattr(row, field.name) is None and document.get(field.name) is not None
        )
        self._tell(cls, odd)
        return attrs.evolve(row, raw=document, odd=odd)

    def _tell(self, cls: type[WireObject], odd: Sequence[str]) -> None:
        # Once each: a vendor that does it does it with every row, and lists are asked for again and again.
        for name in odd:
            if (cls, name) not in self._told:
                self._told.add((cls, name))
                kind = "files" if issubclass(cls, WireFile) else "lists"
                _log.warning(
                    "%s: %s of %s comes in a form that MoEngage does not document, and counts as unknown",
                    self._connection,
                    name,
                    kind,
                )


Hook = Callable[[Any, type[Any]], Any]


def moengage_converter() -> Converter:
    """A converter that knows MoEngage's deviations: `_id`, instants in three forms, subscribers as text.

    It is strict about the id; any other field that is not of its documented form is None.
    """
    converter = strict_converter()
    hooks: Mapping[str, Hook] = {
        "expires_at": _last_instant,
        "email_alert_subscribers": _subscribers,
        "alert_conditions": lambda value, _: read_alerts(value),
        "created_at": _instant,
        "updated_at": _instant,
        **dict.fromkeys(("total_coupons", "available_coupons", "added_coupons"), _whole),
    }
    identity, aside = override(rename="_id", struct_hook=_id), override(omit=True)
    for cls in (WireList, WireFile):
        overrides: dict[str, Any] = {
            **{
                field.name: override(struct_hook=_or_none(hooks.get(field.name, _text)))
                for field in attrs.fields(cls)
            },
            "id": identity,
            "raw": aside,
            "odd": aside,
        }
        converter.register_structure_hook(cls, make_dict_structure_fn(cls, converter, **overrides))
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


def _or_none(hook: Hook) -> Hook:
    """Return that hook for a field that nothing rests on: what it cannot read is None."""

    def lenient(value: Any, kind: type[Any]) -> Any:
        try:
            return hook(value, kind)
        except (TypeError, ValueError):
            return None

    return lenient


def _text(value: Any, _: type[Any]) -> str:
    if type(value) is not str:
        raise TypeError("expected text")
    return value


def _whole(value: Any, _: type[Any]) -> int:
    if type(value) is not int:
        raise TypeError("expected a whole number")
    return value


def _instant(value: Any, _: type[Any]) -> datetime:
    """A moment, or a day from its start. Where no zone is given it is UTC: the pages' samples agree on that."""
    return _utc(value, time.min)


def _last_instant(value: Any, _: type[Any]) -> datetime:
    """As `_instant`, but a day counts to its end: codes are good on the day that "Create" is given."""
    return _utc(value, _LAST_SECOND)


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
    """An array in some answers, in the schemas of others one text, which may hold several by commas (D-3)."""
    match value:
        case None:
            return ()
        case str():
            return tuple(address for part in value.split(",") if (address := part.strip()))
        case list() if all(type(address) is str for address in value):
            return tuple(value)
        case _:
            raise TypeError("expected addresses")
