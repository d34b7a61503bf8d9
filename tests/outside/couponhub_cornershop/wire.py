"""Corner shop's HTTP, as plain values: requests to be sent, replies as they are read. Nothing here does I/O."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Generic, TypeVar

import attrs
from cattrs import Converter, transform_error

from couponhub.errors import NotFound, UnreadableReply, VendorError
from couponhub.strict import strict_converter
from couponhub.transport import Reply, Request, error_for_status, query_pairs, retry_after_seconds
from couponhub.transport.paths import checked_relative_path, path_segment

# "Errors". Only these words get into our texts: whatever else stands there might quote a customer.
_CODES = frozenset({"bad_key", "no_right", "no_such_page", "no_such_list", "no_such_customer", "slow_down"})
_HINTS: dict[type[VendorError], str] = {
    UnreadableReply: "check base_url: it ends with /api/1",
}


@attrs.frozen(kw_only=True)
class WireList:
    """A list ("GET /lists")."""

    id: int
    title: str
    last_day: date | None
    codes: int
    left: int
    raw: Mapping[str, Any] = attrs.field(repr=False, eq=False)


@attrs.frozen(kw_only=True)
class WireUse:
    """What `used` of a coupon holds."""

    at: datetime
    receipt: str | None
    till: str | None
    shop: str | None


@attrs.frozen(kw_only=True)
class WireCoupon:
    """A coupon ("GET /customers/coupons")."""

    code: str = attrs.field(repr=False)
    list: int
    list_title: str
    given: datetime
    last_day: date | None
    used: WireUse | None
    raw: Mapping[str, Any] = attrs.field(repr=False, eq=False)


Row = TypeVar("Row", WireList, WireCoupon)


@attrs.frozen(kw_only=True)
class Rows(Generic[Row]):
    """The rows of an answer that could be read, and for each of the others why not: paths, no values."""

    readable: tuple[Row, ...] = ()
    faults: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class WireHoldings:
    """What a customer holds; `unknown_code` is Corner shop's word for a customer whom it does not know."""

    coupons: Rows[WireCoupon]
    unknown_code: str | None = None


def lists_request() -> Request:
    """Build `GET /lists`."""
    return Request(operation="fetch lists", method="GET", path="/lists")


def list_request(list_id: str) -> Request:
    """Build `GET /lists/{id}`."""
    return Request(operation="fetch list", method="GET", path=f"/lists/{path_segment(list_id)}")


def holdings_request(email: str) -> Request:
    """Build `GET /customers/coupons`."""
    return Request(
        operation="customer coupons", method="GET", path="/customers/coupons", query=(("email", email),)
    )


def any_request(method: str, path: str, query: Mapping[str, str | Sequence[str]], body: object) -> Request:
    """Build a call of the user's own. Raises `UsageError` for a path that leaves the base URL."""
    return Request(
        operation="call",
        method=method.upper(),
        path=checked_relative_path(path),
        query=query_pairs(query),
        body=body,
        changes=method.upper() != "GET",
    )


class ReplyReader:
    """Reads replies; whatever is not the documented success raises the typed error it stands for. Thread-safe."""

    def __init__(self) -> None:
        self._converter = corner_shop_converter()

    def list(self, reply: Reply, list_id: str) -> WireList:
        """Read the list that was asked for; another one is unreadable."""
        found = self._row(WireList, _success(reply), "$")
        if str(found.id) != list_id:
            raise _unreadable("it is about another list")
        return found

    def lists(self, reply: Reply) -> Rows[WireList]:
        """Read all lists."""
        return self._rows(WireList, _success(reply), "lists")

    def holdings(self, reply: Reply) -> WireHoldings:
        """Read a customer's coupons. A customer whom the shop does not know is an answer, not an error."""
        if reply.status == 404 and (code := _code(reply)) == "no_such_customer":
            return WireHoldings(coupons=Rows(), unknown_code=code)
        return WireHoldings(coupons=self._rows(WireCoupon, _success(reply), "coupons"))

    def anything(self, reply: Reply) -> object:
        """Read whatever JSON a call of the user's own answers; None for an empty body."""
        if 200 <= reply.status < 300 and not reply.body.strip():
            return None
        return _success(reply)

    def _rows(self, kind: type[Row], document: object, key: str) -> Rows[Row]:
        rows = document.get(key) if isinstance(document, dict) else None
        if not isinstance(rows, list):
            raise _unreadable(f"expected an array @ $.{key}")
        readable: list[Row] = []
        faults: list[str] = []
        for index, row in enumerate(rows):
            try:
                readable.append(self._row(kind, row, f"$.{key}[{index}]"))
            except UnreadableReply as error:
                faults.append(error.message)
        return Rows(readable=tuple(readable), faults=tuple(faults))

    def _row(self, kind: type[Row], document: object, path: str) -> Row:
        if not isinstance(document, dict):
            raise _unreadable(f"expected an object @ {path}")
        try:
            return self._converter.structure({**document, "raw": document}, kind)
        except Exception as error:  # noqa: BLE001 - cattrs raises groups of whatever its hooks raise
            raise _unreadable("; ".join(transform_error(error, path))) from None


def corner_shop_converter() -> Converter:
    """A strict converter that also knows Corner shop's days and its moments in UTC."""
    converter = strict_converter()
    converter.register_structure_hook(date, _day)
    converter.register_structure_hook(datetime, _moment)
    return converter


def read_error(reply: Reply) -> VendorError:
    """The typed error that a reply without success stands for."""
    code = _code(reply)
    kind = error_for_status(reply.status)
    if kind is NotFound and code is None:
        kind = UnreadableReply  # some other server's 404 says nothing about a list
    return kind(
        " ".join(part for part in ("Corner shop answered HTTP", str(reply.status), code) if part),
        hint=_HINTS.get(kind, ""),
        vendor_code=code,
        status=reply.status,
        request_id=reply.request_id,
        retry_after=retry_after_seconds(reply.headers),
    )


def _code(reply: Reply) -> str | None:
    """Corner shop's own word for what went wrong; None when there is none that it documents."""
    try:
        document = reply.decoded()
    except ValueError:
        return None
    error = document.get("error") if isinstance(document, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    return code if isinstance(code, str) and code in _CODES else None


def _success(reply: Reply) -> object:
    if not 200 <= reply.status < 300:
        raise read_error(reply)
    try:
        return reply.decoded()
    except ValueError as error:
        raise _unreadable(str(error)) from None


def _unreadable(fault: str) -> UnreadableReply:
    return UnreadableReply(f"the answer is not what Corner shop documents: {fault}")


def _day(value: Any, _: type[Any]) -> date:
    if type(value) is not str:
        raise TypeError("expected a day")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError("expected a day") from None  # Python's own text quotes the value


def _moment(value: Any, _: type[Any]) -> datetime:
    if type(value) is not str or not value.endswith("Z"):
        raise TypeError("expected a moment in UTC")
    try:
        return datetime.fromisoformat(value).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("expected a moment in UTC") from None
