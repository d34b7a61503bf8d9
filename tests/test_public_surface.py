"""What the library is given: taken where it is plain what is meant, else refused in couponhub's own errors."""

import math
import tempfile
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import couponhub
from couponhub import (
    Alerts,
    AlertsChange,
    Answer,
    Client,
    Coupon,
    CouponHub,
    CouponhubError,
    CouponList,
    CouponQuery,
    CouponStatus,
    Customer,
    FileUrl,
    Identifier,
    Job,
    ListChange,
    ListStatus,
    LookupAnswer,
    NewCouponList,
    Reason,
    Step,
    Tagging,
    Upload,
    UploadStatus,
    UsageError,
    Verdict,
)
from couponhub.connection import Connection
from couponhub.models import ListId
from couponhub.testing import EmulatedVendors, emulated_vendors
from tests.kit.examples import examples

HOLDER = Customer(mobile="919876543210")
"""Of the demo; holds four active coupons at Capillary."""
SOON = date.today() + timedelta(days=30)  # noqa: DTZ011 - any day will do
OUT = str(Path(tempfile.gettempdir()) / "couponhub-surface.csv")
EAST = timezone(timedelta(hours=5, minutes=30))

ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([10**400, -(10**400), 2**63, -1, 0]),
    st.integers(),
    st.floats(),
    st.decimals(),
    st.binary(max_size=8),
    st.text(st.characters(), max_size=8),
    st.sampled_from(["", " ", "\0", "\ud800", "a\nb", "..", "/", "active", "ACTIVE", "-1", "\N{ZERO WIDTH SPACE}"]),
    st.datetimes(),
    st.datetimes(timezones=st.timezones()),
    st.sampled_from([datetime.min.replace(tzinfo=EAST), datetime.max.replace(tzinfo=timezone(-timedelta(hours=9)))]),
    st.dates(),
    st.timedeltas(),
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(st.characters(), max_size=4),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
        max_leaves=4,
    ),
    st.builds(object),
    st.sampled_from(
        [object, len, {1: 2}, {"a": None}, {HOLDER}, frozenset(), range(3), Fraction(1, 3), Decimal("NaN"), 1j,
         ListStatus.ACTIVE, Identifier.ID, Verdict.NONE, Path("nowhere"), HOLDER, CouponQuery(), [HOLDER], [[]]]
    ),
    st.builds(iter, st.lists(st.none() | st.text(max_size=2), max_size=2)),
)  # fmt: skip

Ask = Callable[[CouponHub, Any], object]


def _some(answers: Iterator[object]) -> list[object]:
    return list(islice(answers, 3))


def _made(kind: type[Any], /, **good: Any) -> dict[str, Ask]:
    """A model with each of its fields odd in turn."""

    def make(name: str) -> Ask:
        return lambda _, odd: repr(kind(**{**good, name: odd}))

    return {f"{kind.__name__}.{field.name}": make(field.name) for field in attrs.fields(kind)}


def _planned(hub: CouponHub, **odd: Any) -> object:
    good = {
        "source": "capillary",
        "list_id": "900004",
        "target": "moengage",
        "codes": "nowhere.csv",
        "create": True,
    }
    return hub.migrations.plan(**{**good, **odd})


MODELS = {
    **_made(Alerts),
    **_made(AlertsChange),
    **_made(Answer, connection="a", verdict=Verdict.NONE),
    **_made(Coupon, connection="a", code="X"),
    **_made(CouponList, connection="a", id="1", name="a"),
    **_made(CouponQuery),
    **_made(Customer),
    **_made(FileUrl, url="https://example.com/a.csv"),
    **_made(ListChange),
    **_made(Job, id="up_1", kind="upload", connection="a", status="pending"),
    **_made(LookupAnswer, customer=HOLDER, answers=()),
    **_made(NewCouponList, name="a", expires=SOON),
    **_made(Step, kind="submit", status="pending"),
    **_made(Tagging, identifier="email"),
    **_made(Upload, connection="a", list_id="1", id="1", name="a", status=UploadStatus.DONE),
}

HUB: dict[str, Ask] = {
    "CouponHub": lambda _, odd: CouponHub(odd),
    "CouponHub observer": lambda hub, odd: CouponHub(hub.config, observer=odd),
    "from_config": lambda _, odd: CouponHub.from_config(odd),
    "from_config environment": lambda hub, odd: CouponHub.from_config(hub.config.path, environment=odd),
    "from_config registry": lambda hub, odd: CouponHub.from_config(hub.config.path, registry=odd),
    "[]": lambda hub, odd: hub[odd],
    "lookup customer": lambda hub, odd: hub.lookup(odd),
    "lookup mobile": lambda hub, odd: hub.lookup(Customer(mobile=odd)),
    "lookup email": lambda hub, odd: hub.lookup(Customer(email=odd)),
    "lookup id": lambda hub, odd: hub.lookup(Customer(id=odd), connections="capillary"),
    "lookup external_id": lambda hub, odd: hub.lookup(Customer(external_id=odd)),
    "lookup query": lambda hub, odd: hub.lookup(HOLDER, odd),
    "lookup status": lambda hub, odd: hub.lookup(HOLDER, CouponQuery(status=odd)),
    "lookup since": lambda hub, odd: hub.lookup(HOLDER, CouponQuery(since=odd)),
    "lookup until": lambda hub, odd: hub.lookup(HOLDER, CouponQuery(until=odd)),
    "lookup list": lambda hub, odd: hub.lookup(HOLDER, CouponQuery(list_id=odd), connections="capillary"),
    "lookup store": lambda hub, odd: hub.lookup(HOLDER, CouponQuery(store_id=odd), connections="capillary"),
    "lookup connections": lambda hub, odd: hub.lookup(HOLDER, connections=odd),
    "lookup deadline": lambda hub, odd: hub.lookup(HOLDER, deadline=odd),
    "lookup strategy": lambda hub, odd: hub.lookup(HOLDER, strategy=odd),
    "lookup_many customers": lambda hub, odd: _some(hub.lookup_many(odd)),
    "lookup_many customer": lambda hub, odd: _some(hub.lookup_many([HOLDER, odd])),
    "lookup_many query": lambda hub, odd: _some(hub.lookup_many([HOLDER], odd)),
    "lookup_many connections": lambda hub, odd: _some(hub.lookup_many([HOLDER], connections=odd)),
    "lookup_many deadline": lambda hub, odd: _some(hub.lookup_many([HOLDER], deadline=odd)),
    "lookup_many strategy": lambda hub, odd: _some(hub.lookup_many([HOLDER], strategy=odd)),
    "lookup_many at_once": lambda hub, odd: _some(hub.lookup_many([HOLDER], at_once=odd)),
    "explain": lambda hub, odd: hub.explain(odd),
    "explain connections": lambda hub, odd: hub.explain(HOLDER, connections=odd),
    "explain deadline": lambda hub, odd: hub.explain(HOLDER, deadline=odd),
    "forget": lambda hub, odd: hub.forget(odd),
    "exports run": lambda hub, odd: hub.exports.run(odd, "nowhere.csv", "nowhere/out.csv"),
    "exports run source": lambda hub, odd: hub.exports.run("capillary", odd, OUT),
    "exports run out": lambda hub, odd: hub.exports.run("capillary", "nowhere.csv", odd),
    "exports run list": lambda hub, odd: hub.exports.run("capillary", "nowhere.csv", OUT, list_id=odd),
    "exports run timeout": lambda hub, odd: hub.exports.run("capillary", "nowhere.csv", OUT, timeout=odd),
    "exports resume": lambda hub, odd: hub.exports.resume(odd),
    "exports resume timeout": lambda hub, odd: hub.exports.resume("ex_none", timeout=odd),
    "exports cancel": lambda hub, odd: hub.exports.cancel(odd),
    "exports get": lambda hub, odd: hub.exports.get(odd),
    "codes.check": lambda hub, odd: hub.codes.check(odd),
    "codes.check connections": lambda hub, odd: hub.codes.check("nowhere.csv", connections=odd),
    "codes.check column": lambda hub, odd: hub.codes.check("nowhere.csv", column=odd),
    "codes.prepare": lambda hub, odd: hub.codes.prepare(odd, "moengage", "nowhere.csv/out"),
    "codes.prepare connection": lambda hub, odd: hub.codes.prepare("nowhere.csv", odd, "nowhere.csv/out"),
    "codes.prepare out": lambda hub, odd: hub.codes.prepare("nowhere.csv", "moengage", odd),
    "codes.prepare column": lambda hub, odd: hub.codes.prepare("nowhere.csv", "moengage", OUT, column=odd),
    "codes.rehearse": lambda hub, odd: hub.codes.rehearse(odd, "capillary", "900004"),
    "codes.rehearse connection": lambda hub, odd: hub.codes.rehearse("nowhere.csv", odd, "900004"),
    "codes.rehearse list": lambda hub, odd: hub.codes.rehearse("nowhere.csv", "capillary", odd),
    "codes.rehearse column": lambda hub, odd: hub.codes.rehearse(
        "nowhere.csv", "capillary", "900004", column=odd
    ),
    "codes.rehearse tagging": lambda hub, odd: hub.codes.rehearse(
        "nowhere.csv", "capillary", "900004", tagging=odd
    ),
    "codes.subtract": lambda hub, odd: hub.codes.subtract(odd, ["nowhere.csv"], OUT),
    "codes.subtract others": lambda hub, odd: hub.codes.subtract("nowhere.csv", odd, OUT),
    "codes.subtract out": lambda hub, odd: hub.codes.subtract("nowhere.csv", "nowhere.csv", odd),
    "codes.intersect": lambda hub, odd: hub.codes.intersect(odd, ["nowhere.csv"], OUT),
    "codes.intersect out": lambda hub, odd: hub.codes.intersect("nowhere.csv", "nowhere.csv", odd),
    "codes.compare": lambda hub, odd: hub.codes.compare(odd, "nowhere.csv"),
    "codes.compare out": lambda hub, odd: hub.codes.compare("nowhere.csv", "nowhere.csv", odd),
    "codes.fingerprint": lambda hub, odd: hub.codes.fingerprint(odd),
    "codes.fingerprint key": lambda hub, odd: hub.codes.fingerprint("nowhere.csv", odd),
    "jobs.get": lambda hub, odd: hub.jobs.get(odd),
    "jobs.pause": lambda hub, odd: hub.jobs.pause(odd),
    "jobs.proceed": lambda hub, odd: hub.jobs.proceed(odd),
    "jobs.cancel": lambda hub, odd: hub.jobs.cancel(odd),
    "jobs.is_due": lambda hub, odd: hub.jobs.is_due(odd),
    "jobs.drive": lambda hub, odd: hub.jobs.drive(odd),
    "jobs.drive timeout": lambda hub, odd: hub.jobs.drive("up_none", timeout=odd),
    "migrations.apply": lambda hub, odd: hub.migrations.apply(odd, "0"),
    "migrations.apply confirm": lambda hub, odd: hub.migrations.apply("nowhere.json", odd),
    "migrations.apply timeout": lambda hub, odd: hub.migrations.apply("nowhere.json", "0", timeout=odd),
    "migrations.resume": lambda hub, odd: hub.migrations.resume(odd),
    "migrations.resume timeout": lambda hub, odd: hub.migrations.resume("mig_none", timeout=odd),
    "migrations.pause": lambda hub, odd: hub.migrations.pause(odd),
    "migrations.cancel": lambda hub, odd: hub.migrations.cancel(odd),
    "migrations.status": lambda hub, odd: hub.migrations.status(odd),
    "migrations.report": lambda hub, odd: hub.migrations.report(odd),
    "migrations.verify": lambda hub, odd: hub.migrations.verify(odd),
    "migrations.verify sample": lambda hub, odd: hub.migrations.verify("mig_none", sample=odd),
    "migrations.verify seed": lambda hub, odd: hub.migrations.verify("mig_none", seed=odd),
    "migrations.verify out": lambda hub, odd: hub.migrations.verify("mig_none", out=odd),
    "migrations.watch": lambda hub, odd: hub.migrations.watch(odd),
    "migrations.watch sample": lambda hub, odd: hub.migrations.watch("mig_none", sample=odd),
    "migrations.watch seed": lambda hub, odd: hub.migrations.watch("mig_none", seed=odd),
    "migrations.watch every": lambda hub, odd: hub.migrations.watch("mig_none", every=odd),
    "migrations.cut_over": lambda hub, odd: hub.migrations.cut_over(odd),
    "migrations.cut_over window": lambda hub, odd: hub.migrations.cut_over("mig_none", window=odd),
    "migrations.roll_back": lambda hub, odd: hub.migrations.roll_back(odd),
    "migrations.roll_back out": lambda hub, odd: hub.migrations.roll_back("mig_none", out=odd),
    "migrations.retire": lambda hub, odd: hub.migrations.retire(odd, "Winter"),
    "migrations.retire confirm": lambda hub, odd: hub.migrations.retire("mig_none", odd),
    "migrations.shadow": lambda hub, odd: hub.migrations.shadow(odd, "nowhere.csv"),
    "migrations.shadow customers": lambda hub, odd: hub.migrations.shadow("mig_none", odd),
    "migrations.shadow sample": lambda hub, odd: hub.migrations.shadow("mig_none", "nowhere.csv", sample=odd),
    "migrations.shadow seed": lambda hub, odd: hub.migrations.shadow("mig_none", "nowhere.csv", seed=odd),
    "migrations.throttle": lambda hub, odd: hub.migrations.throttle(odd, 1),
    "migrations.throttle per_minute": lambda hub, odd: hub.migrations.throttle("mig_none", odd),
    "migrations.plan source": lambda hub, odd: _planned(hub, source=odd),
    "migrations.plan list": lambda hub, odd: _planned(hub, list_id=odd),
    "migrations.plan target": lambda hub, odd: _planned(hub, target=odd),
    "migrations.plan codes": lambda hub, odd: _planned(hub, codes=odd),
    "migrations.plan to_list": lambda hub, odd: _planned(hub, to_list=odd),
    "migrations.plan create": lambda hub, odd: _planned(hub, create=odd),
    "migrations.plan customers": lambda hub, odd: _planned(hub, customers=odd),
    "migrations.plan merges": lambda hub, odd: _planned(hub, merges=odd),
    "migrations.plan issued_as": lambda hub, odd: _planned(hub, issued_as=odd),
    "migrations.plan changes": lambda hub, odd: _planned(hub, changes=odd),
    "migrations.plan change": lambda hub, odd: _planned(hub, changes={"expires": odd}),
    "migrations.plan reason": lambda hub, odd: _planned(hub, reason=odd),
}

At = Callable[[Connection, str, Any], object]

CONNECTION: dict[str, At] = {
    "call method": lambda at, _, odd: at.call(odd, "/nothing/there"),
    "call path": lambda at, _, odd: at.call("GET", odd),
    "call query": lambda at, _, odd: at.call("GET", "/nothing/there", query=odd),
    "call query value": lambda at, _, odd: at.call("GET", "/nothing/there", query={"a": odd}),
    "call body": lambda at, _, odd: at.call("POST", "/nothing/there", body=odd),
    "check": lambda at, _, odd: at.check(deadline=odd),
    "lists.get": lambda at, _, odd: at.lists.get(odd),
    "lists.iterate": lambda at, _, odd: _some(at.lists.iterate(odd)),
    "lists.create": lambda at, _, odd: at.lists.create(odd),
    "lists.find_created": lambda at, _, odd: at.lists.find_created(odd),
    "lists.check_new": lambda at, _, odd: at.lists.check_new(odd),
    "lists.check_takes_codes": lambda at, _, odd: at.lists.check_takes_codes(odd),
    "lists.check_takes_codes tagging": lambda at, one, odd: at.lists.check_takes_codes(one, odd),
    "lists.create name": lambda at, _, odd: at.lists.create(NewCouponList(name=odd, expires=SOON)),
    "lists.create expires": lambda at, _, odd: at.lists.create(NewCouponList(name="a", expires=odd)),
    "lists.create extra": lambda at, _, odd: at.lists.create(NewCouponList(name="a", expires=SOON, extra=odd)),
    "lists.create label": lambda at, _, odd: at.lists.create(NewCouponList(name="a", expires=SOON, label=odd)),
    "lists.create alerts": lambda at, _, odd: at.lists.create(
        NewCouponList(name="a", expires=SOON, alerts=Alerts(subscribers=odd))
    ),
    "lists.update": lambda at, _, odd: at.lists.update(odd, ListChange(name="b")),
    "lists.update change": lambda at, one, odd: at.lists.update(one, odd),
    "lists.update name": lambda at, one, odd: at.lists.update(one, ListChange(name=odd)),
    "lists.update expires": lambda at, one, odd: at.lists.update(one, ListChange(expires=odd)),
    "lists.activate": lambda at, _, odd: at.lists.activate(odd, SOON),
    "lists.activate expires": lambda at, one, odd: at.lists.activate(one, odd),
    "lists.archive": lambda at, _, odd: at.lists.archive(odd),
    "uploads.send": lambda at, _, odd: at.uploads.send(odd, ["A"], timeout=1),
    "uploads.send source": lambda at, one, odd: at.uploads.send(one, odd, timeout=5),
    "uploads.send code": lambda at, one, odd: at.uploads.send(one, [odd], timeout=5),
    "uploads.send name": lambda at, one, odd: at.uploads.send(one, "nowhere.csv", name=odd),
    "uploads.send tagging": lambda at, one, odd: at.uploads.send(one, "nowhere.csv", tagging=odd),
    "uploads.send column": lambda at, one, odd: at.uploads.send(
        one, "nowhere.csv", tagging=Tagging(identifier="email", column=odd)
    ),
    "uploads.send callback": lambda at, one, odd: at.uploads.send(one, "nowhere.csv", callback=odd),
    "uploads.send again": lambda at, one, odd: at.uploads.send(one, "nowhere.csv", again=odd),
    "uploads.send wait": lambda at, one, odd: at.uploads.send(one, "nowhere.csv", wait=odd),
    "uploads.send timeout": lambda at, one, odd: at.uploads.send(one, "nowhere.csv", timeout=odd),
    "uploads.send progress": lambda at, one, odd: at.uploads.send(
        one, "nowhere.csv", progress=odd if odd is not len else "len"  # type: ignore[arg-type] # it takes an argument, and fails at what it is given
    ),
    "uploads.show": lambda at, one, odd: at.uploads.show(one, odd),
    "uploads.find": lambda at, _, odd: at.uploads.find(odd),
    "uploads.report": lambda at, _, odd: at.uploads.report(odd, "nowhere/report.csv"),
    "uploads.report out": lambda at, _, odd: at.uploads.report("up_none", odd),
    "uploads.report probe": lambda at, _, odd: at.uploads.report("up_none", "nowhere/report.csv", probe=odd),
    "uploads.show list": lambda at, _, odd: at.uploads.show(odd, "1"),
    "uploads.wait": lambda at, one, odd: at.uploads.wait(odd, one, timeout=0),
    "uploads.wait list": lambda at, _, odd: at.uploads.wait("1", odd, timeout=0),
    "uploads.wait timeout": lambda at, one, odd: at.uploads.wait("up_none", one, timeout=odd),
    "uploads.delete": lambda at, one, odd: at.uploads.delete(one, odd),
    "uploads.delete list": lambda at, _, odd: at.uploads.delete(odd, "1"),
    "uploads.iterate": lambda at, _, odd: _some(at.uploads.iterate(odd)),
    "customers.coupons": lambda at, _, odd: at.customers.coupons(odd),
    "customers.coupons query": lambda at, _, odd: at.customers.coupons(HOLDER, odd),
    "customers.coupons deadline": lambda at, _, odd: at.customers.coupons(HOLDER, deadline=odd),
    "customers.unified": lambda at, _, odd: at.customers.unified(odd),
    "coupons.find": lambda at, _, odd: at.coupons.find(odd),
    "coupons.find code": lambda at, _, odd: at.coupons.find(["A", odd]),
    "coupons.explain": lambda at, _, odd: at.coupons.explain(odd),
    "usage.request": lambda at, _, odd: at.usage.request(odd, SOON, SOON, "a@example.com"),
    "usage.request start": lambda at, one, odd: at.usage.request(one, odd, SOON, "a@example.com"),
    "usage.request end": lambda at, one, odd: at.usage.request(one, SOON, odd, "a@example.com"),
    "usage.request recipients": lambda at, one, odd: at.usage.request(one, SOON, SOON, odd),
    "usage.reports": lambda at, _, odd: at.usage.reports(odd),
    "usage.stats": lambda at, _, odd: at.usage.stats(odd),
    "usage.stats list": lambda at, _, odd: at.usage.stats("day", odd),
    "usage.rows": lambda at, _, odd: _some(at.usage.rows(odd)),
    "usage.import_report": lambda at, _, odd: at.usage.import_report(odd, "nowhere", SOON, SOON),
    "usage.import_report source": lambda at, one, odd: at.usage.import_report(one, odd, date(2026, 1, 1), date(2026, 1, 2)),
    "usage.import_report start": lambda at, one, odd: at.usage.import_report(one, "nowhere", odd, SOON),
    "usage.import_report end": lambda at, one, odd: at.usage.import_report(one, "nowhere", SOON, odd),
    "usage.import_report forgotten": lambda at, one, odd: at.usage.import_report(
        one, "nowhere", SOON, SOON, include_forgotten=odd
    ),
    "usage.import_report shared": lambda at, one, odd: at.usage.import_report(
        one, "nowhere", SOON, SOON, shared_codes=odd
    ),
    "usage.status": lambda at, _, odd: at.usage.status(odd),
}  # fmt: skip

Call = Callable[[str, Any], object]


def _client(ask: Callable[[Client, Any], object]) -> Call:
    def call(url: str, odd: Any) -> object:
        with Client(url) as client:
            return ask(client, odd)

    return call


CLIENT: dict[str, Call] = {
    "Client": lambda _, odd: Client(odd),
    "Client token": lambda url, odd: Client(url, token=odd).connections(),
    "Client timeout": lambda url, odd: Client(url, timeout=odd).connections(),
    "Client ca_bundle": lambda url, odd: Client(url, ca_bundle=odd).connections(),
    "lookup": _client(lambda client, odd: client.lookup(odd)),
    "lookup query": _client(lambda client, odd: client.lookup(HOLDER, odd)),
    "lookup connections": _client(lambda client, odd: client.lookup(HOLDER, connections=odd)),
    "lookup strategy": _client(lambda client, odd: client.lookup(HOLDER, strategy=odd)),
    "lookup deadline": _client(lambda client, odd: client.lookup(HOLDER, deadline=odd)),
    "lookup_many": _client(lambda client, odd: _some(client.lookup_many(odd))),
    "lookup_many customer": _client(lambda client, odd: _some(client.lookup_many([HOLDER, odd]))),
    "lookup_many query": _client(lambda client, odd: _some(client.lookup_many([HOLDER], odd))),
    "lookup_many connections": _client(
        lambda client, odd: _some(client.lookup_many([HOLDER], connections=odd))
    ),
    "lookup_many strategy": _client(lambda client, odd: _some(client.lookup_many([HOLDER], strategy=odd))),
    "lookup_many deadline": _client(lambda client, odd: _some(client.lookup_many([HOLDER], deadline=odd))),
}

odd_values = given(odd=ODD)
thorough = settings(
    max_examples=examples(20),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def vendors() -> Iterator[EmulatedVendors]:
    """Both vendors, with the demo's holdings."""
    with emulated_vendors(settings={"timeout": 2.0}) as served:
        yield served


@pytest.fixture(scope="module")
def hub(vendors: EmulatedVendors, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CouponHub]:
    """Asks the vendors, and sets no limit to how often."""
    path = tmp_path_factory.mktemp("surface") / "couponhub.toml"
    text = vendors.config.read_text(encoding="utf-8")
    for name in vendors.hub:
        rates = [limit for limit in vendors.hub[name].capabilities.limits if "_per_" in limit]
        text += "\n".join([f"[connections.{name}.limits]", *(f"{rate} = 0" for rate in rates), ""])
    path.write_text(text, encoding="utf-8")
    with CouponHub.from_config(path) as opened:
        yield opened


@pytest.fixture(scope="module")
def lists(hub: CouponHub) -> Mapping[str, ListId]:
    """A list of each connection."""
    return {name: next(hub[name].lists.iterate()).id for name in hub}


def refused_properly(ask: Callable[[], object]) -> None:
    """Whatever was asked works or is refused, and no answer blames couponhub itself."""
    try:
        answer = ask()
    except CouponhubError as error:
        answer, errors = None, [error]
    else:
        errors = [one.error for one in getattr(answer, "answers", ()) if one.error is not None]
    assert [] == [error for error in errors if error.kind == "internal"]
    if isinstance(answer, CouponHub | Client):
        answer.close()


@pytest.mark.parametrize("name", MODELS)
@thorough
@odd_values
def test_models_take_or_refuse(name: str, odd: object) -> None:
    """Whatever a field of a model is given, it holds what it says, or there is no model."""
    refused_properly(lambda: MODELS[name](None, odd))  # type: ignore[arg-type] # it asks no hub


@pytest.mark.parametrize("name", HUB)
@thorough
@odd_values
def test_hub_takes_or_refuses(name: str, odd: object, hub: CouponHub) -> None:
    """Whatever an argument of the hub's is, nothing but a `CouponhubError` comes of it, and never `internal`."""
    refused_properly(lambda: HUB[name](hub, odd))


@pytest.mark.parametrize("vendor", ["capillary", "moengage"])
@pytest.mark.parametrize("name", CONNECTION)
@thorough
@odd_values
def test_connection_takes_or_refuses(
    name: str, vendor: str, odd: object, hub: CouponHub, lists: Mapping[str, ListId]
) -> None:
    """The same of every method of a connection, at both vendors."""
    refused_properly(lambda: CONNECTION[name](hub[vendor], lists[vendor], odd))


@pytest.mark.parametrize("name", CLIENT)
@thorough
@odd_values
def test_client_takes_or_refuses(name: str, odd: object, vendors: EmulatedVendors) -> None:
    """The same of the client, whose server is none."""
    refused_properly(lambda: CLIENT[name](vendors.url, odd))


WITHOUT_ARGUMENTS = {
    "close",
    "connections",
    "quota_left",
    "capabilities",
    "resilience",
    "parts",
    "identifiers",
    "tag_identifiers",
    "ignores_case",
    "ignores_blanks",
    "file_rules",
    "recorded",
    "check_route",
    "table_forms",
    "merge_form",
    "require_live",
    "take_back_advice",
}
ROOMS = ("lists", "uploads", "customers", "coupons", "usage")


def test_nothing_public_is_left_out(hub: CouponHub) -> None:
    """Every public method that takes something is asked odd things above, and every model is made of them."""
    at = hub["capillary"]
    held = {f"{room}.{name}" for room in ROOMS for name in _methods(getattr(at, room))} | _methods(at) - {
        *ROOMS
    }
    exported = {name for name in couponhub.__all__ if attrs.has(getattr(couponhub, name))}
    assert set() == held - _covered(CONNECTION) - {"name", "vendor", "adapter"}
    assert set() == _methods(hub) - _covered(HUB) - {
        "auditor",
        "codes",
        "config",
        "jobs",
        "migrations",
        "shared",
        "state",
    }
    assert set() == {f"migrations.{name}" for name in _methods(hub.migrations)} - _covered(HUB) - {
        "migrations.iterate"
    }
    assert set() == {f"codes.{name}" for name in _methods(hub.codes)} - _covered(HUB)
    assert set() == _methods(Client) - _covered(CLIENT)
    assert set() == exported - {name.partition(".")[0] for name in MODELS}


def _methods(of: object) -> set[str]:
    return {name for name in dir(of) if not name.startswith("_")} - WITHOUT_ARGUMENTS


def _covered(table: dict[str, Any]) -> set[str]:
    return {name.partition(" ")[0] for name in table} | {
        f"{room}.{name}" for room in ROOMS for name in WITHOUT_ARGUMENTS
    }


ACTIVE = 3
"""Coupons that the holder can redeem, at Capillary."""


@pytest.mark.parametrize(
    "status",
    [
        "active",
        "ACTIVE",
        CouponStatus.ACTIVE,
        ["active"],
        ("Active",),
        {"ACTIVE"},
        frozenset({"ACTIVE"}),
        frozenset({CouponStatus.ACTIVE}),
        {"active": 1}.keys(),
        iter([CouponStatus.ACTIVE]),
    ],
)
def test_status_in_any_form_finds_the_same(status: Any, hub: CouponHub) -> None:
    """A word in any case, a member and several of them in any collection select the same coupons."""
    answer = hub.lookup(HOLDER, CouponQuery(status=status), connections="capillary")
    assert (True, ["found"], ACTIVE) == (
        answer.complete,
        [one.verdict for one in answer.answers],
        sum(coupon.status is CouponStatus.ACTIVE for coupon in answer.coupons),
    )


@pytest.mark.parametrize(
    "status", ["actve", {"actve"}, ["active", "actve"], b"active", 5, {"active": True}, [None]]
)
def test_a_status_that_is_none_is_refused(status: Any) -> None:
    """At construction, with the words that there are where a word was given, and without the one that was."""
    with pytest.raises(
        UsageError, match=r"^status (is one of active, redeemed, expired, revoked, unknown|must be in)"
    ) as caught:
        CouponQuery(status=status)
    assert "actve" not in str(caught.value)


@pytest.mark.parametrize("word", ["ACTIVE", "active", ListStatus.ACTIVE])
def test_lists_by_a_word(word: str, hub: CouponHub) -> None:
    """A list's status is a word in any case too, and another is refused before the iteration."""
    lists = hub["moengage"].lists
    assert {ListStatus.ACTIVE} == {found.status for found in lists.iterate(word)}
    with pytest.raises(UsageError, match="status is one of active, expired, archived, unknown"):
        lists.iterate("actve")


def test_instants_of_a_query() -> None:
    """A date is its start in UTC, an instant of any zone is kept in UTC, and one without a zone says its mend."""
    east = datetime(2026, 1, 31, 5, 30, tzinfo=EAST)
    query = CouponQuery(since=date(2026, 1, 30), until=east)
    start = datetime(2026, 1, 30, tzinfo=UTC)
    assert (start, datetime(2026, 1, 31, tzinfo=UTC)) == (query.since, query.until)
    assert (UTC, UTC) == tuple(moment and moment.tzinfo for moment in (query.since, query.until))
    assert CouponQuery(since=start) == CouponQuery(since=date(2026, 1, 30))
    with pytest.raises(UsageError, match=r"without its zone.*tzinfo=UTC"):
        CouponQuery(since=datetime(2026, 1, 30))  # noqa: DTZ001 - the point of it
    with pytest.raises(UsageError, match="since must be a datetime with its zone, or a date, not str"):
        CouponQuery(since="2026-01-30")  # type: ignore[arg-type] # the point of it


def test_one_connection_is_one_name(hub: CouponHub) -> None:
    """A text is one name, never its letters, and an empty list is not "all"."""
    asked = hub.lookup(HOLDER, connections="capillary")
    assert ["capillary"] == [one.connection for one in asked.answers]
    with pytest.raises(UsageError, match="connections must not be empty"):
        hub.lookup(HOLDER, connections=[])
    with pytest.raises(UsageError, match='there is no connection "loyal"'):
        hub.lookup(HOLDER, connections="loyal")


@pytest.mark.parametrize("seconds", [0, -1.0, True, "2", math.nan, math.inf, 10**400, timedelta(seconds=2)])
def test_deadlines_that_are_none(seconds: Any, hub: CouponHub) -> None:
    """A deadline is a finite number of seconds above 0, wherever one is taken."""
    asks: list[Callable[[], object]] = [
        lambda: hub.lookup(HOLDER, deadline=seconds),
        lambda: hub.lookup_many([HOLDER], deadline=seconds),
        lambda: hub.explain(HOLDER, deadline=seconds),
        lambda: hub["capillary"].customers.coupons(HOLDER, deadline=seconds),
        lambda: hub["capillary"].check(deadline=seconds),
    ]
    for ask in asks:
        with pytest.raises(UsageError, match="the deadline must be a number of seconds"):
            ask()


def test_one_customer_stands_for_itself(hub: CouponHub) -> None:
    """Where many customers may be named, one may be too; a text is no customer, nor many."""
    assert [HOLDER] == [answer.customer for answer in hub.lookup_many(HOLDER, connections="capillary")]
    with pytest.raises(UsageError, match="customers must be in a list or the like, not str"):
        hub.lookup_many(HOLDER.value)  # type: ignore[arg-type] # the point of it
    with pytest.raises(UsageError, match="customer must be a Customer, not str") as caught:
        hub.lookup(HOLDER.value)  # type: ignore[arg-type] # the point of it
    assert HOLDER.value not in str(caught.value)


def test_what_is_no_customer_comes_in_its_turn(hub: CouponHub) -> None:
    """The answers to the customers before it are told, then what is wrong."""
    answers = hub.lookup_many([HOLDER, "98"], connections="capillary")  # type: ignore[list-item] # the point of it
    assert HOLDER == next(answers).customer
    with pytest.raises(UsageError, match="each of the customers must be a Customer"):
        next(answers)


def test_words_of_other_models() -> None:
    """Identifiers, verdicts, reasons and statuses are words too, and what is compared by identity is a member."""
    assert Identifier.EMAIL is Tagging(identifier="E-Mail".replace("-", "")).identifier
    assert Identifier.EXTERNAL_ID is Tagging(identifier="external-id").identifier
    answer = Answer(connection="a", verdict="none", reason="no_coupons")  # type: ignore[arg-type] # at run time alone
    assert (True, Verdict.NONE, Reason.NO_COUPONS) == (answer.whole, answer.verdict, answer.reason)
    assert ("a@example.com",) == Alerts(subscribers="a@example.com").subscribers  # type: ignore[arg-type] # at run time alone
    with pytest.raises(UsageError, match="identifier is one of mobile, email, external_id, id"):
        Tagging(identifier="phone")


@pytest.mark.parametrize("day", [datetime(2026, 1, 31, tzinfo=UTC), "2026-01-31", 20260131])
def test_a_day_is_a_date(day: Any) -> None:
    """An instant falls on different days in different zones, so that none is guessed."""
    with pytest.raises(UsageError, match="expires must be a date"):
        NewCouponList(name="a", expires=day)
    with pytest.raises(UsageError, match="expires must be a date"):
        ListChange(expires=day)
