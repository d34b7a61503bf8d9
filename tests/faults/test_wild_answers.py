"""Answers as vendors never give them: whatever comes over the wire, no operation is a fault of couponhub itself."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, timedelta
from io import StringIO
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from couponhub import Coupon, CouponHub, CouponList, CouponQuery, Customer, ListChange, NewCouponList, Upload
from couponhub.cli.failures import typed_error
from couponhub.cli.stdout import json_text
from couponhub.errors import CouponhubError
from couponhub.explain import explanation_document
from couponhub.explain.bundle import write_bundle
from couponhub.serialization import error_document, to_document
from couponhub.testing import EmulatedVendors, emulated_vendors
from couponhub.testing.emulation.app import EmulatorApp
from tests.kit.examples import examples

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

HOLDER = Customer(mobile="919876543210")
SOON = date.today() + timedelta(days=30)  # noqa: DTZ011 - any day will do
SERIES = {
    "discountCode": "WINTER10",
    "discountType": "PERC",
    "discountValue": "10",
    "smsTemplate": "Your code is {{voucher}}",
}

RAW = [
    *("9" * 400, "-" + "9" * 400, "9" * 5000, "1e400", "-1e400", "1e-400", "0." + "3" * 5000, "1E+308"),
    *("NaN", "-Infinity", "Infinity", "-0", "18446744073709551616", "truer", ""),
    *(
        '"\\ud800"',
        '"\\udfff\\ud800"',
        '"\\u0000"',
        '"a\\r\\nb"',
        '"\\u2028\\u202e"',
        '"' + "x" * 70_000 + '"',
    ),
    *("[" * depth + "]" * depth for depth in (90, 200, 800, 5000)),
    *('{"a":' * depth + "1" + "}" * depth for depth in (90, 800, 5000)),
    *(
        '{"id":1,"id":2}',
        '{"":""}',
        '{"\\ud800":1}',
        '{"a":1,"A":2}',
        "[[[[]]]]",
        "[null]",
        "[{}]",
        "{}",
        "[]",
    ),
    *(
        '"+292278994-08-17T07:12:55Z"',
        '"99999-12-31"',
        '"0000-00-00 00:00:00"',
        '"0001-01-01T00:00:00+14:00"',
        '"9999-12-31T23:59:59-12:00"',
        '"2026-02-30"',
        '"2026-10-26T18:29:00+99:99"',
    ),
    *(
        '"true"',
        '"-1"',
        '"1e5"',
        '" "',
        '""',
        "true",
        "false",
        "null",
        "0",
        "-1",
        "1.5",
        "200",
        '"200"',
        '"ACTIVE"',
    ),
]
"""What may stand for a value, as it stands in JSON, or does not."""

HEADERS = [
    ("Retry-After", "9" * 400),
    ("Retry-After", "Fri, 31 Dec 99999 23:59:59 GMT"),
    ("Retry-After", "-1"),
    ("Date", "nonsense"),
    ("Content-Type", "application/json; charset=utf-99"),
    ("Content-Type", 'text/html; charset="'),
    ("Content-Encoding", "gzip"),
    ("X-RateLimit-Remaining", "9" * 400),
    ("X-RateLimit-Reset", "nan"),
    ("X-RateLimit-Limit", "\xff"),
    ("Location", "http://[::1"),
    ("Set-Cookie", "a=b; expires=Fri, 31 Dec 99999 23:59:59 GMT"),
]
STATUSES = [200, 200, 200, 200, 201, 204, 299, 302, 400, 401, 404, 409, 422, 429, 500, 503, 599]


@attrs.frozen
class Damage:
    """How one answer is spoilt.

    Attributes:
        places: Which values of those in the body, counted anew after each change.
        ways: What is done to each: a value of `RAW`, or gone, doubled, wrapped.
        headers: Of `HEADERS`, further ones.
        crowd: How many headers more.
        cut: Bytes that are missing at the end.
    """

    places: tuple[int, ...]
    ways: tuple[str, ...]
    status: int | None
    headers: tuple[tuple[str, str], ...]
    crowd: int
    cut: int

    def spoil(self, body: bytes) -> bytes:
        """The body, spoilt."""
        try:
            content = json.loads(body)
        except ValueError:
            return self.ways[0].encode() if self.ways else body
        content, standing = [content], {}
        for number, (place, way) in enumerate(zip(self.places, self.ways, strict=True)):
            spots = list(_spots(content))
            container, key = spots[place % len(spots)]
            match way:
                case "gone" if container is not content:
                    del container[key]
                case "doubled" if isinstance(container, list) and container is not content:
                    container.insert(key, container[key])
                case "wrapped":
                    container[key] = [container[key]]
                case _:
                    container[key] = f"@@{number}@@"
                    standing[f'"@@{number}@@"'] = way
        text = json.dumps(content[0])
        for mark, raw in standing.items():
            text = text.replace(mark, raw)
        whole = text.encode("utf-8", "surrogatepass")
        return whole[: len(whole) - self.cut] if self.cut else whole


def _spots(node: Any) -> Iterator[tuple[Any, Any]]:
    for key in list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ():
        yield node, key
        yield from _spots(node[key])


@st.composite
def damages(draw: st.DrawFn) -> Damage:
    """Draw a way to spoil answers: mostly a few values, now and then the status and the headers too."""
    count = draw(st.integers(0, 3))
    rare = draw(st.integers(0, 9))
    return Damage(
        places=tuple(draw(st.integers(0, 400)) for _ in range(count)),
        ways=tuple(draw(st.sampled_from(["gone", "doubled", "wrapped", *RAW])) for _ in range(count)),
        status=draw(st.sampled_from(STATUSES)) if rare < 3 else None,
        headers=tuple(draw(st.lists(st.sampled_from(HEADERS), max_size=2))) if rare in {0, 3} else (),
        crowd=draw(st.sampled_from([90, 10_000])) if rare == 4 else 0,
        cut=draw(st.integers(0, 20)) if rare == 5 else 0,
    )


def only(way: str, place: int) -> Damage:
    """One value is spoilt."""
    return Damage((place,), (way,), status=None, headers=(), crowd=0, cut=0)


@attrs.define
class Spoiler:
    """Stands before both vendors, and spoils what they answer while there is a damage."""

    damage: Damage | None = None
    spoils_tokens: bool = False

    def answer(
        self, app: Any, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer as the vendor does, spoilt."""
        path = environ["PATH_INFO"]
        # Without a token nothing else would ever be asked.
        is_left = path.startswith("/_emulator") or ("/oauth/" in path and not self.spoils_tokens)
        if self.damage is None or is_left:
            whole: Iterable[bytes] = app(environ, start_response)
            return whole
        told: list[Any] = []

        def note(status: str, headers: list[tuple[str, str]], *_: Any) -> Callable[[bytes], object]:
            told[:] = [status, headers]
            return lambda _: None

        body = self.damage.spoil(b"".join(app(environ, note)))
        status, headers = told
        if self.damage.status is not None:
            status = f"{self.damage.status} Odd"
        changed = {name.lower() for name, _ in self.damage.headers} | {"content-length"}
        headers = [(name, value) for name, value in headers if name.lower() not in changed]
        headers += [*self.damage.headers, ("Content-Length", str(len(body)))]
        headers += [(f"X-Odd-{number}", "odd") for number in range(self.damage.crowd)]
        start_response(status, headers)
        return [body]


@attrs.define
class Wild:
    """A hub whose vendors answer wildly."""

    config: Path
    spoiler: Spoiler
    folder: Path
    lists: Mapping[str, str]
    codes: list[str]
    made: int = 0

    def fresh(self) -> str:
        """A name that was not used."""
        self.made += 1
        return f"wild{self.made}"


Ask = Callable[[CouponHub, str, Wild], object]


def _some(answers: Iterator[object]) -> list[object]:
    return list(islice(answers, 50))


def _new(wild: Wild, vendor: str) -> NewCouponList:
    return NewCouponList(name=wild.fresh(), expires=SOON, extra=SERIES if vendor == "capillary" else {})


def _explained(hub: CouponHub, about: Customer | str, vendor: str, wild: Wild) -> object:
    explanation = hub.explain(about, connections=[vendor], deadline=5)
    write_bundle(wild.folder / "bundle.zip", explanation, hub.config)
    return explanation_document(explanation)


OPERATIONS: dict[str, Ask] = {
    "sign in": lambda hub, vendor, _: hub[vendor].check(),
    "check": lambda hub, vendor, _: hub[vendor].check(),
    "call": lambda hub, vendor, _: hub[vendor].call("GET", "/v1/coupon-list"),
    "lists.iterate": lambda hub, vendor, _: _some(hub[vendor].lists.iterate()),
    "lists.get": lambda hub, vendor, wild: hub[vendor].lists.get(wild.lists[vendor]),
    "lists.create": lambda hub, vendor, wild: hub[vendor].lists.create(_new(wild, vendor)),
    "lists.update": lambda hub, vendor, wild: hub[vendor].lists.update(wild.lists[vendor], ListChange(name=wild.fresh())),
    "lists.activate": lambda hub, vendor, wild: hub[vendor].lists.activate(wild.lists[vendor], SOON),
    "lists.archive": lambda hub, vendor, wild: hub[vendor].lists.archive(wild.lists[vendor]),
    "uploads.send": lambda hub, vendor, wild: hub[vendor].uploads.send(wild.lists[vendor], [wild.fresh()], wait=True, timeout=0.5),
    "uploads.iterate": lambda hub, vendor, wild: _some(hub[vendor].uploads.iterate(wild.lists[vendor])),
    "uploads.show": lambda hub, vendor, wild: hub[vendor].uploads.show(wild.lists[vendor], "1"),
    "uploads.delete": lambda hub, vendor, wild: hub[vendor].uploads.delete(wild.lists[vendor], "1"),
    "customers.coupons": lambda hub, vendor, _: hub[vendor].customers.coupons(HOLDER),
    "coupons.find": lambda hub, vendor, wild: hub[vendor].coupons.find(wild.codes),
    "usage.request": lambda hub, vendor, wild: hub[vendor].usage.request(
        wild.lists[vendor], date.today(), date.today(), "a@example.com"  # noqa: DTZ011 - any day will do
    ),
    "lookup": lambda hub, vendor, _: hub.lookup(HOLDER, CouponQuery(status="active"), connections=vendor, deadline=5),
    "explain": lambda hub, vendor, wild: _explained(hub, HOLDER, vendor, wild),
    "explain code": lambda hub, vendor, wild: _explained(hub, wild.codes[0], vendor, wild),
}  # fmt: skip


@pytest.fixture(scope="module")
def vendors() -> Iterator[EmulatedVendors]:
    """Both vendors, with the demo's holdings."""
    with emulated_vendors(settings={"timeout": 2.0}) as served:
        yield served


@pytest.fixture(scope="module")
def wild(vendors: EmulatedVendors, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wild]:
    """Asks the vendors without limits and pauses, and spoils what they answer."""
    folder = tmp_path_factory.mktemp("wild")
    text = vendors.config.read_text(encoding="utf-8")
    for name in vendors.hub:
        rates = [limit for limit in vendors.hub[name].capabilities.limits if "_per_" in limit]
        text += "\n".join([f"[connections.{name}.limits]", *(f"{rate} = 0" for rate in rates), ""])
    config = folder / "couponhub.toml"
    config.write_text(text, encoding="utf-8")
    spoiler, answer = Spoiler(), EmulatorApp.__call__
    lists = {name: next(vendors.hub[name].lists.iterate()).id for name in vendors.hub}
    held = vendors.hub["capillary"].customers.coupons(HOLDER).coupons
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(
            EmulatorApp, "__call__", lambda app, *given: spoiler.answer(lambda *a: answer(app, *a), *given)
        )
        patched.setattr("couponhub.transport.retry.RetryPolicy.wait_before", lambda *_: 0.0)
        yield Wild(config, spoiler, folder, lists, [held[0].code])


def shown(answer: object) -> object:  # noqa: PLR0911 - one table
    """What the command line and the server make of an answer: documents, with the vendor's own payload too."""
    match answer:
        case CouponList():
            return to_document(answer, raw=True)
        case Upload():
            return to_document(answer, raw=True)
        case Coupon():
            return to_document(answer, raw=True)
        case list() | tuple():
            return [shown(one) for one in answer]
        case _ if hasattr(answer, "answers"):
            return to_document(answer, raw=True)
        case _ if hasattr(answer, "coupons"):
            return [to_document(one, raw=True) for one in answer.coupons]
        case _:
            return answer


def tried(ask: Callable[[], object]) -> list[str]:
    """Ask and show the answer; what in it is a fault of couponhub itself."""
    try:
        answer = ask()
        if hasattr(answer, "as_dict"):
            StringIO(answer.to_json())  # type: ignore[attr-defined] # it has both or none
        text = json_text(shown(answer))
        errors = [one.error for one in getattr(answer, "answers", ()) if one.error is not None]
    except CouponhubError as error:
        errors, text = [error], ""
    text += "".join(json_text(error_document(typed_error(error))) for error in errors)
    text.encode("utf-8")
    return [str(error) for error in errors if error.kind == "internal"] + ['"internal"'] * (
        '"kind": "internal"' in text
    )


@pytest.mark.parametrize("vendor", ["capillary", "moengage"])
@pytest.mark.parametrize("name", OPERATIONS)
@settings(
    max_examples=examples(40),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(damage=damages())
@example(damage=only("[" * 800 + "]" * 800, 1))
@example(damage=only("[" * 800 + "]" * 800, 20))
@example(damage=only("[" * 800 + "]" * 800, 60))
@example(damage=only("9" * 400, 2))
@example(damage=only("9" * 400, 4))
@example(damage=only('"\\ud800"', 5))
@example(damage=only('"\\ud800"', 23))
@example(damage=only('"\\ud800"', 301))
def test_no_answer_is_a_fault_of_couponhub(name: str, vendor: str, damage: Damage, wild: Wild) -> None:
    """Each operation at each vendor gives an answer that can be shown, or one of couponhub's errors that is not `internal`."""
    with CouponHub.from_config(wild.config) as hub:
        wild.spoiler.damage, wild.spoiler.spoils_tokens = damage, name == "sign in"
        try:
            assert [] == tried(lambda: OPERATIONS[name](hub, vendor, wild))
        finally:
            wild.spoiler.damage = None
