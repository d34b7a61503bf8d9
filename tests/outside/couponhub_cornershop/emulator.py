"""Corner shop, emulated from its facts alone: nothing here knows how the adapter reads it."""

import json
import threading
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

import attrs
from werkzeug.wrappers import Request, Response

from couponhub.testing.emulation.context import EmulatorContext
from couponhub.testing.emulation.vendor import (
    Cell,
    ControlError,
    EmulatedCustomer,
    ShowsTables,
    StateTable,
    VendorEmulator,
)

_KEY = "demo-key"
_CALLS_PER_MINUTE = 600


@attrs.define(kw_only=True)
class _Code:
    """A code; `email` is its holder's, in lower case, and `used` what the shop answers under that name."""

    text: str
    email: str | None = None
    given: str | None = None
    used: dict[str, Any] | None = None


@attrs.define(kw_only=True)
class _List:
    id: int
    title: str
    last_day: date | None = None
    codes: dict[str, _Code] = attrs.field(factory=dict)

    @property
    def free(self) -> list[_Code]:
        return [code for code in self.codes.values() if code.email is None]

    def to_json(self) -> dict[str, Any]:
        day = self.last_day and self.last_day.isoformat()
        counts = {"codes": len(self.codes), "left": len(self.free)}
        return {"id": self.id, "title": self.title, "last_day": day, **counts}

    def coupon(self, code: _Code) -> dict[str, Any]:
        of_list = {"list": self.id, "list_title": self.title, "last_day": self.to_json()["last_day"]}
        return {"code": code.text, "given": code.given, "used": code.used, **of_list}


class CornerShopEmulator:
    """One shop, in memory. Fulfils `VendorEmulator`; thread-safe, by one lock around it all."""

    name = "cornershop"
    base_path = "/api/1"
    credentials: Mapping[str, str] = {"key": _KEY}

    def __init__(self, world: EmulatorContext) -> None:
        self._clock = world.clock
        self._lock = threading.RLock()
        self._rate_limited = False
        self.reset()

    def handle(self, request: Request) -> Response:
        """Answer one call; `request.path` begins with `/api/1/`."""
        with self._lock:
            if request.headers.get("X-Shop-Key") != _KEY:
                return _refusal(401, "bad_key")
            if (wait := self._wait()) > 0:
                return _refusal(429, "slow_down", {"Retry-After": str(wait)})
            page = request.path.removeprefix(self.base_path).strip("/").split("/")
            match request.method, page:
                case "GET", ["lists"]:
                    return _answer({"lists": [each.to_json() for each in self._lists.values()]})
                case "GET", ["lists", list_id]:
                    found = self._lists.get(list_id)
                    return _answer(found.to_json()) if found else _refusal(404, "no_such_list")
                case "GET", ["customers", "coupons"]:
                    return self._coupons(request.args.get("email", "").lower())
                case _:
                    return _refusal(404, "no_such_page")

    def options(self) -> Mapping[str, Any]:
        """None: the facts leave nothing open."""
        return {}

    def set_options(self, values: Mapping[str, Any]) -> None:
        """Refuse every name."""
        if values:
            raise ControlError(f"Corner shop has no option {', '.join(sorted(values))}")

    def reset(self) -> None:
        """Forget lists, customers and counted calls."""
        with self._lock:
            self._lists: dict[str, _List] = {}
            self._customers: dict[str, EmulatedCustomer] = {}
            self._calls: list[datetime] = []

    def seed_demo(self) -> None:
        """One list, and a customer who holds one of its codes: the same person as in other vendors' demos."""
        buyer = EmulatedCustomer(email="a.buyer@example.com")
        self.add_customers([buyer])
        self.seed({"lists": [{"name": "Penny sweets", "codes": [f"SWEET-{n}" for n in range(1, 11)]}]})
        self.issue("1", buyer, count=None, codes=["SWEET-3"])

    def seed(self, content: Mapping[str, Any]) -> Sequence[str]:
        """Fill it from {"customers": [...], "lists": [{"name", "codes": [...]}]}; the lists last a year."""
        made: list[str] = []
        with self._lock:
            self.add_customers([EmulatedCustomer(**each) for each in content.get("customers", ())])
            for each in content.get("lists", ()):
                number = len(self._lists) + 1
                self._lists[str(number)] = _List(
                    id=number,
                    title=each["name"],
                    last_day=(self._clock.now() + timedelta(days=365)).date(),
                    codes={text: _Code(text=text) for text in each.get("codes", ())},
                )
                made.append(str(number))
        return made

    def add_customers(self, customers: Sequence[EmulatedCustomer]) -> None:
        """Make customers known; who has the e-mail of a known one takes its place and coupons."""
        with self._lock:
            for customer in customers:
                self._customers[_email(customer)] = customer

    def codes(self, list_id: str) -> Sequence[Mapping[str, Any]]:
        """Every code of a list, with its status and customer."""
        with self._lock:
            found = self._list(list_id)
            return [
                {
                    "code": code.text,
                    "status": "available" if code.email is None else "redeemed" if code.used else "issued",
                    "customer": None if code.email is None else attrs.asdict(self._customers[code.email]),
                }
                for code in found.codes.values()
            ]

    def issue(
        self, list_id: str, customer: EmulatedCustomer, *, count: int | None, codes: Sequence[str] | None
    ) -> Sequence[str]:
        """Hand codes of a list, given ones or the next, to a known customer."""
        with self._lock:
            email, found = _email(customer), self._list(list_id)
            if email not in self._customers:
                raise ControlError("Corner shop knows no such customer", missing=True)
            free = [code.text for code in found.free]
            chosen = free[: count or 0] if codes is None else list(codes)
            if len(chosen) < (count or 0) or not set(chosen) <= set(free):
                raise ControlError("the list has not so many codes left, or not these")
            for text in chosen:
                found.codes[text].email, found.codes[text].given = email, _moment(self._clock.now())
            return chosen

    def redeem(self, list_id: str, code: str, details: Mapping[str, Any]) -> None:
        """Record the one use of a code that somebody holds."""
        with self._lock:
            held = self._list(list_id).codes.get(code)
            if held is None or held.email is None or held.used:
                raise ControlError("nobody holds that code, or it is used up")
            held.used = {
                "at": _moment(details.get("at") or self._clock.now()),
                "receipt": details.get("transaction"),
                "till": details.get("store_code"),
                "shop": details.get("store_name"),
            }

    def tables(self) -> Sequence[StateTable]:
        """Return lists and codes as tables."""
        with self._lock:
            return (
                StateTable(
                    name="lists",
                    title="Lists",
                    columns=("Title", "Id", "Last day", "Codes", "Left"),
                    count=len(self._lists),
                    rows=self._list_rows,
                ),
                StateTable(
                    name="codes",
                    title="Codes",
                    columns=("Code", "List", "Customer", "Given", "Used"),
                    count=sum(len(each.codes) for each in self._lists.values()),
                    rows=self._code_rows,
                ),
            )

    def set_rate_limits(self, *, documented: bool) -> None:
        """Switch the 600 calls a minute on or off."""
        self._rate_limited = documented

    def set_processing_delay(self, seconds: float) -> None:
        """Do nothing: Corner shop processes no files."""

    def _list_rows(self, start: int, stop: int) -> Sequence[Sequence[Cell]]:
        with self._lock:
            return [
                (each.title, str(each.id), each.to_json()["last_day"], len(each.codes), len(each.free))
                for each in islice(self._lists.values(), start, stop)
            ]

    def _code_rows(self, start: int, stop: int) -> Sequence[Sequence[Cell]]:
        with self._lock:
            every = ((each, code) for each in self._lists.values() for code in each.codes.values())
            return [
                (code.text, each.title, code.email, code.given, code.used is not None)
                for each, code in islice(every, start, stop)
            ]

    def _coupons(self, email: str) -> Response:
        if email not in self._customers:
            return _refusal(404, "no_such_customer")
        held = [
            each.coupon(code)
            for each in self._lists.values()
            for code in each.codes.values()
            if code.email == email
        ]
        return _answer({"coupons": held})

    def _list(self, list_id: str) -> _List:
        if list_id not in self._lists:
            raise ControlError("Corner shop has no such list", missing=True)
        return self._lists[list_id]

    def _wait(self) -> int:
        """Seconds until the next call is let in; counts this one when it is."""
        now = self._clock.now()
        self._calls = [at for at in self._calls if now - at < timedelta(minutes=1)]
        if self._rate_limited and len(self._calls) >= _CALLS_PER_MINUTE:
            return 61 - (now - self._calls[0]).seconds
        self._calls.append(now)
        return 0


def _email(customer: EmulatedCustomer) -> str:
    if customer.email is None:
        raise ControlError("Corner shop knows customers by e-mail")
    return customer.email.lower()


def _moment(instant: datetime) -> str:
    return f"{instant:%Y-%m-%dT%H:%M:%SZ}"


def _refusal(status: int, code: str, headers: Mapping[str, str] | None = None) -> Response:
    return _answer({"error": {"code": code}}, status, headers)


def _answer(content: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(json.dumps(content), status, headers, mimetype="application/json")


if TYPE_CHECKING:
    _: type[VendorEmulator] = CornerShopEmulator
    _shows_tables: type[ShowsTables] = CornerShopEmulator
