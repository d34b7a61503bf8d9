"""What is kept of calls and failures names nobody and no code, and holds no secret, in whatever spelling."""

import base64
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import timedelta
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import attrs
import pytest

from couponhub import CouponHub, Customer
from couponhub.clock import utc_now
from couponhub.console.call_recorder import CallRecorder
from couponhub.console.call_shapes import kept_shape
from couponhub.console.call_writer import CallWriter
from couponhub.errors import CouponhubError
from couponhub.models import Identifier, Tagging
from couponhub.secret import Secret
from couponhub.server.metrics import Metrics
from couponhub.state import Scope, open_state
from couponhub.testing import EmulatedVendors, emulated_vendors
from couponhub.transport import EndedExchange, Reply, Request, VendorCall
from tests.console.harness import ConsoleHarness, opened

CODES = ("CANARY-COUPON/1+Ö", "canarycode", "CanaryKey12")
MOBILE, EMAIL, EXTERNAL = "918123450099", "canary.person+x@example.com", "ext-canary'\"7"
TABLES = ("vendor_calls", "server_faults", "calls_left_out")


@pytest.fixture(scope="module")
def vendors() -> Iterator[EmulatedVendors]:
    """Both vendors, which nobody waits long for."""
    with emulated_vendors(settings={"timeout": 2.0, "patience": 0.4}) as running:
        yield running


@pytest.fixture
def kept(vendors: EmulatedVendors) -> Iterator[tuple[ConsoleHarness, CallWriter]]:
    """A console that keeps what happens."""
    writer = CallWriter(open_state(vendors.hub.config.store), seconds=3600)
    recorder = CallRecorder(Metrics(), writer)
    with CouponHub.from_config(vendors.config, observer=recorder) as hub:
        yield opened(hub, vendors.controls, recorder), writer
    recorder.close()


def spellings(text: str) -> Iterator[str]:
    """The text as it may stand in a request, a reply, a page or a dump, in lower case."""
    raw = text.encode()
    forms = [
        text,
        quote(text, safe=""),
        quote_plus(text),
        escape(text),
        json.dumps(text)[1:-1],
        repr(text)[1:-1],
    ]
    forms += [raw.hex(), text.encode("utf-16-le").hex(), text[::-1]]
    for shift in range(3):
        # Whatever stands around it, these characters are the same.
        whole = base64.b64encode(b"\0" * shift + raw)[(0, 2, 3)[shift] :].decode()
        forms += [
            whole[: len(raw) * 4 // 3 - 3],
            whole[: len(raw) * 4 // 3 - 3].translate({43: "-", 47: "_"}),
        ]
    for form in forms:
        yield form.lower()


def secrets_of(hub: CouponHub) -> Iterator[str]:
    """Everything in the config that nobody may see."""
    for connection in hub.config.connections.values():
        for field in attrs.fields(type(connection.settings)):
            value = getattr(connection.settings, field.name)
            if isinstance(value, Secret):
                yield value.reveal()


def send_everything(console: ConsoleHarness, folder: Path) -> None:
    """Send canaries to lists, bound to nobody and to a canary, and have a report mailed to one."""
    capillary, moengage = console.hub["capillary"], console.hub["moengage"]
    tagged = folder / "tagged.csv"
    tagged.write_text("code,mobile\n" + "".join(f'"{code}",{MOBILE}\n' for code in CODES), encoding="utf-8")
    for one in (capillary, moengage):
        target = next(iter(one.lists.iterate()))
        with suppress(CouponhubError):
            one.uploads.send(target.id, [*CODES], wait=True, timeout=20)
    with suppress(CouponhubError):
        capillary.uploads.send(
            next(iter(capillary.lists.iterate())).id,
            tagged,
            tagging=Tagging(identifier=Identifier.MOBILE, column="mobile"),
            wait=True,
            timeout=20,
        )
    with suppress(CouponhubError):
        today = utc_now().date()
        target = next(iter(moengage.lists.iterate()))
        moengage.usage.request(target.id, today - timedelta(days=2), today, [EMAIL])


def ask_everything(console: ConsoleHarness) -> None:
    """Look canaries up, and call with them, at vendors that work, fail, and say them back."""
    hub = console.hub
    people = (Customer(mobile=MOBILE), Customer(email=EMAIL), Customer(external_id=EXTERNAL))
    capillary = hub["capillary"]
    echo = {
        "response": {"status": {"code": CODES[0], "message": MOBILE}, CODES[2]: {MOBILE: [*CODES, EMAIL]}}
    }
    control = console.controls["capillary"]
    rules: tuple[tuple[str, object], ...] = (
        ("latency", 0.0),
        ("status", 503),
        ("status", {"status": 200, "headers": {"X-Ratelimit-Reset": CODES[2]}, "body": echo}),
        ("status", {"status": 401, "body": echo}),
        ("garbage", "html"),
        (
            "status",
            {"status": 429, "headers": {"Retry-After": "1", "X-Ratelimit-Limit": CODES[2]}, "body": echo},
        ),
    )
    for fault, value in rules:
        control.set_faults({"match": "* /*", "fault": fault, "value": value})
        for person in people:
            hub.lookup(person, deadline=0.5)
            with suppress(CouponhubError):
                hub.explain(person, deadline=0.5)
        asked: tuple[Callable[[], object], ...] = (
            lambda: capillary.coupons.find(CODES),
            lambda: capillary.call(
                "GET", f"/v1.1/coupon/get/{CODES[1]}/x", query={"code": CODES[1], "canarycode": "1"}
            ),
            lambda: capillary.call("POST", "/v1.1/coupon/redeem", body={CODES[1]: MOBILE, CODES[2]: [EMAIL]}),
            lambda: next(iter(capillary.lists.iterate())),
        )
        for call in asked:
            with suppress(CouponhubError):
                call()


def test_nothing_of_anybody_is_kept_or_shown(
    kept: tuple[ConsoleHarness, CallWriter], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Uploads, lookups, explanations, reports, free calls, echoes and faults of our own leave no canary in rows or on pages."""
    console, writer = kept
    send_everything(console, tmp_path)
    ask_everything(console)

    def broken(*_: object, **__: object) -> None:
        raise KeyError(MOBILE, CODES[0])

    monkeypatch.setattr(console.hub, "lookup", broken)
    console.sign_in(Scope.LOOKUP, Scope.ADMIN)
    assert 500 == console.post("/", customer=EMAIL).status_code
    writer.flush()
    with closing(sqlite3.connect(console.hub.config.store.path)) as database:
        rows = [(table, row) for table in TABLES for row in database.execute(f"SELECT * FROM {table}")]  # noqa: S608 - our own names
    calls = [row for table, row in rows if table == "vendor_calls"]
    operations = {row[3] for row in calls}
    assert {
        "customer_coupons",
        "fetch_token",
        "find_coupons",
        "upload_codes",
        "upload_file",
        "call",
    } <= operations
    assert {"request_usage_report", "read_lists", "fetch_lists"} <= operations
    assert {"ok", "unavailable", "rate_limited", "unreadable"} <= {row[9] for row in calls}
    pages = [console.client.get("/requests").text]
    pages += [console.client.get(f"/requests/{row[0]}").text for row in calls]
    assert all("<h1>" in page and "That did not work" not in page for page in pages)
    everything = "\n".join(
        [*(repr(row) for row in rows), *(json.dumps(row) for _, row in rows), *pages]
    ).lower()
    hidden = [*CODES, MOBILE, MOBILE[2:], EMAIL, EXTERNAL, *secrets_of(console.hub)]
    assert len(hidden) > 8
    found = {text: [form for form in spellings(text) if form in everything] for text in hidden}
    assert {} == {text: forms for text, forms in found.items() if forms}
    assert "$capillary_token" in everything


@pytest.mark.parametrize(
    ("request_of", "reply", "kept"),
    [
        ({}, {"springsale": {"n": 1}, "summersale": {"n": 2}}, {"***": {"n": "whole number of 1 digits"}}),
        (
            {},
            {"response": {"coupons": {"n": 1}}},
            {"response": {"coupons": {"n": "whole number of 1 digits"}}},
        ),
        ({"query": (("code", "springsale"),)}, {"springsale": 1}, {"***": "whole number of 1 digits"}),
        (
            {"query": (("code", "springsale"), ("code", "b"))},
            {"springsale": 1},
            {"***": "whole number of 1 digits"},
        ),
        ({}, {"at": "2026-01-31T10:00:SECRET"}, {"at": "time as ####-##-##T##:##:***"}),
        ({"operation": "call"}, {"springsale": 1}, "17 bytes"),
    ],
)
def test_a_key_that_may_be_a_code_is_masked(request_of: dict[str, Any], reply: object, kept: object) -> None:
    """Where several of one form stand side by side, where it was said, and where nobody knows the form."""
    shape = kept_shape(exchange_of(request_of, reply))
    assert shape.received is not None
    assert {"headers": {"retry-after": "7"}, "body": kept} == json.loads(shape.received)
    assert "https://vendor.example.com/base" == shape.base
    assert ("springsale" in shape.path) == (request_of == {})


def exchange_of(request_of: dict[str, Any], reply: object) -> EndedExchange:
    """A request and its reply."""
    return EndedExchange(
        call=VendorCall(connection="shop", operation="read", outcome="ok", seconds=0.1),
        base_url="https://user:pass@vendor.example.com/base",
        request=Request(**{"operation": "read", "method": "GET", "path": "/v1/a/springsale/b", **request_of}),
        reply=Reply(status=200, headers={"date": "a", "retry-after": "7"}, body=json.dumps(reply).encode()),
    )


def test_what_is_long_is_told_in_short() -> None:
    """Of a body some of its look is kept, and of a reply beyond 64 KiB its size alone: nobody waits for its being looked at."""
    fields = {f"field_{first}{second}": 1 for first in "abcdefghij" for second in "abcdefghij"}
    shape = kept_shape(exchange_of({"body": fields}, fields))
    assert 2_001 == len(shape.sent or "")
    assert 2_001 == len(shape.received or "")
    large = kept_shape(exchange_of({}, {"text": "x" * (64 * 1024)}))
    assert "65548 bytes" == json.loads(large.received or "")["body"]
