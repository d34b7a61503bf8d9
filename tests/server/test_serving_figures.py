"""Metrics and the access log: everything that happened, and nothing of whom it was about."""

import json
import logging
import math
import os
import platform
import re
import sys
from datetime import datetime, timedelta
from pathlib import Path

import attrs
import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from couponhub import CouponHub
from couponhub._version import installed_version
from couponhub.clock import utc_now
from couponhub.errors import UsageError
from couponhub.models import DaySpan, ListCoverage, ListId, UsageStatus
from couponhub.resilience import ResilienceStatus, ResilientClient
from couponhub.server.gauges import Gauges, WorkerProcesses
from couponhub.state import Scope
from couponhub.testing import EmulatedVendors
from couponhub.usage import Usage
from tests.kit.eventually import eventually
from tests.server.harness import NEIGHBOUR, ServerHarness


def figures(harness: ServerHarness) -> dict[tuple[str, ...], float]:
    """Every sample by name and labels, as Prometheus would read it."""
    text = harness.get("/metrics", environ_base=NEIGHBOUR).text
    return {
        (sample.name, *(f"{name}={value}" for name, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_lookups_are_counted(harness: ServerHarness) -> None:
    """Calls with their outcome and time, verdicts with their reason, errors by kind, requests by route."""
    token = harness.token(Scope.LOOKUP)
    harness.lookup(token, connections=["capillary", "moengage"])
    harness.post("/v1/lookup", {}, token)
    found = figures(harness)
    calls = "couponhub_vendor_calls_total", "connection=capillary", "operation=customer_coupons", "outcome=ok"
    verdicts = "couponhub_lookup_verdicts_total"
    assert 1 == found[calls]
    assert 1 == found[calls[0], calls[1], "operation=customer_coupons_v2", calls[3]]
    assert 1 == found[calls[0], calls[1], "operation=fetch_token", calls[3]]
    assert 3 == found["couponhub_vendor_call_seconds_count", "connection=capillary"]
    assert 1 == found[verdicts, "connection=capillary", "reason=", "source=live", "verdict=found"]
    assert 1 == found[verdicts, "connection=moengage", "reason=unsupported", "source=live", "verdict=unknown"]
    assert 1 == found["couponhub_lookup_errors_total", "connection=moengage", "kind=unsupported"]
    assert 1 == found["couponhub_http_requests_total", "method=POST", "route=/v1/lookup", "status=200"]
    assert 1 == found["couponhub_http_requests_total", "method=POST", "route=/v1/lookup", "status=400"]
    assert 2 == found["couponhub_http_request_seconds_count", "route=/v1/lookup"]
    assert 1 == found["couponhub_http_problems_total", "kind=usage"]
    limit = "connection=moengage", "limit=fetch_lists_per_day"
    assert 0 < found["couponhub_quota_left", *limit] <= found["couponhub_quota_limit", *limit]
    assert 1 == found["couponhub_http_requests_in_flight",]  # the one for the figures
    assert [] == [label for _, *labels in found for label in labels if re.search(r"\s", label)]


def test_differences_are_told_and_counted(harness: ServerHarness) -> None:
    """Of two connections, also without the right to see codes; one alone is refused."""
    token = harness.token(Scope.LOOKUP)
    answer = harness.lookup(token, strategy="compare", connections=["capillary", "moengage"]).json
    assert answer is not None
    held = {coupon["id"] for coupon in answer["coupons"]}
    unknown = {"reference": "capillary", "connection": "moengage", "kind": "unknown", "count": len(held)}
    assert [unknown] == answer["differences"]
    merged = harness.lookup(token, connections=["capillary", "moengage"]).json
    assert merged is not None
    assert None is merged["differences"]
    refused = harness.lookup(token, strategy="compare", connections=["capillary"])
    assert "cannot be compared with itself" in refused.text
    labels = "connection=moengage", "kind=unknown", "reference=capillary"
    assert len(held) == figures(harness)["couponhub_lookup_differences_total", *labels]


def test_the_process_and_the_build_are_told(harness: ServerHarness) -> None:
    """As of every program that Prometheus watches; the process only where the system has /proc."""
    found = figures(harness)
    (build,) = (labels for name, *labels in found if name == "couponhub_build_info")
    assert [f"python={platform.python_version()}", f"version={installed_version()}"] == build
    if sys.platform == "linux":
        assert found["process_resident_memory_bytes",] > 1_000_000
        assert found["process_open_fds",] > 3


def test_every_figure_stands_on_the_page(harness: ServerHarness) -> None:
    """And the page promises none that there is not."""
    page = (Path(__file__).parents[2] / "docs" / "observability.md").read_text(encoding="utf-8")
    rows = "".join(re.findall(r"^\| `.*$", page, re.MULTILINE))
    there = {family.name for family in harness.metrics._registry.collect()}
    named = {name.removesuffix("_total") for name in re.findall(r"`(couponhub_\w+)`", rows)}
    assert {name for name in there if name.startswith("couponhub")} == named


def test_workers_are_told_apart() -> None:
    """Each has its figures, under its process id; one that is gone has none."""
    found = {
        (sample.name, sample.labels["pid"]): sample.value
        for family in WorkerProcesses([os.getpid(), os.getppid(), 2**30]).collect()
        for sample in family.samples
    }
    assert sys.platform != "linux" or {str(os.getpid()), str(os.getppid())} == {pid for _, pid in found}
    assert all(value >= 0 for value in found.values())


def test_what_reports_lack_is_told(vendors: EmulatedVendors) -> None:
    """How old the proof is and how many days are missing, of who imports reports; the vendor is not asked for it."""
    now = utc_now().replace(microsecond=0)
    missing = DaySpan((now - timedelta(days=9)).date(), (now - timedelta(days=7)).date())
    list_ = ListCoverage(
        connection="moengage",
        list_id=ListId("1"),
        list_name=None,
        created_on=None,
        reports=1,
        covered=(),
        missing=(missing, missing),
    )

    def told(*lists: ListCoverage, as_of: datetime | None) -> list[float | None]:
        registry = CollectorRegistry()
        status = UsageStatus(connection="moengage", lists=lists, as_of=as_of)
        with CouponHub.from_config(vendors.config) as hub, pytest.MonkeyPatch.context() as patched:
            patched.setattr(Usage, "status", lambda *_, ask_vendor: status if not ask_vendor else None)
            Gauges(registry, lambda: 0).sample(hub)
        labels = {"connection": "moengage"}
        return [
            registry.get_sample_value(f"couponhub_usage_{name}", labels)
            for name in ("age_seconds", "missing_days")
        ]

    age, days = told(list_, as_of=now - timedelta(hours=30))
    assert age is not None
    assert 30 * 3600 <= age < 31 * 3600
    assert 6 == days
    assert [math.inf, 6] == told(list_, as_of=None)
    assert [None, None] == told(attrs.evolve(list_, reports=0), as_of=None)


def test_a_sign_in_that_fails_is_counted(harness: ServerHarness) -> None:
    """Where no token is to be had, no other call is made: without this all would look well."""
    harness.controls["capillary"].fail("POST */token/generate", "status", 401)
    harness.lookup(harness.token(Scope.LOOKUP))
    calls = "couponhub_vendor_calls_total", "connection=capillary"
    assert 1 == figures(harness)[(*calls, "operation=fetch_token", "outcome=credentials")]


def test_clients_show_how_they_stand(harness: ServerHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    """A breaker that is open or probing is 1; what the cache was asked only grows."""
    harness.lookup(harness.token(Scope.LOOKUP))
    closed = figures(harness)
    assert 0 == closed["couponhub_breaker_open", "connection=capillary"]
    status = ResilienceStatus(breaker="probing", in_flight=3, cache_hits=7, cache_misses=2)
    monkeypatch.setattr(ResilientClient, "status", lambda _: status)
    for _ in range(2):
        found = figures(harness)
        assert 1 == found["couponhub_breaker_open", "connection=capillary"]
        assert 3 == found["couponhub_lookup_in_flight", "connection=capillary"]
        assert 7 == found["couponhub_lookup_cache_total", "connection=capillary", "result=hit"]
        assert 2 == found["couponhub_lookup_cache_total", "connection=capillary", "result=miss"]


def test_a_connection_that_cannot_be_opened_spoils_no_figures(
    harness: ServerHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others are told."""
    harness.lookup(harness.token(Scope.LOOKUP))
    opened = type(harness.hub).__getitem__

    def fails(hub: object, name: str) -> object:
        if name == "moengage":
            raise UsageError("it cannot be opened")
        return opened(hub, name)  # type: ignore[arg-type] # it is one

    monkeypatch.setattr(type(harness.hub), "__getitem__", fails)
    assert any("connection=capillary" in labels for labels in figures(harness))


def test_strangers_make_no_labels(harness: ServerHarness) -> None:
    """Whatever address or method they make up, there is one label for it."""
    for number in range(5):
        harness.get(f"/made/up/{number}")
        harness.client.open(f"/made/up/{number}", method=f"M{number}")
    routes = {label for name, *labels in figures(harness) for label in labels if label.startswith("route=")}
    methods = {label for name, *labels in figures(harness) for label in labels if label.startswith("method=")}
    assert routes <= {"route=-", "route=/metrics"}
    assert methods <= {"method=-", "method=GET"}


CANARIES = ("915550001111", "canary.bird", "CANARY")
PATHS = (
    "/v1/lookup?mobile=915550001111",
    "/v1/lookup/915550001111",
    "/CANARY/915550001111",
    "/v1/connections/CANARY/lists/CANARY-LIST/uploads/CANARY-UPLOAD?code=CANARY",
    '/x"} \n{"CANARY": "',
)


def test_no_log_names_anybody(harness: ServerHarness, caplog: pytest.LogCaptureFixture) -> None:
    """Not a customer, a code, a token, an address or what else a caller may send; one line each."""
    caplog.set_level(logging.DEBUG)
    harness.controls["capillary"].add_customer(mobile="915550001111", email="canary.bird@example.com")
    token = harness.token(Scope.LOOKUP, Scope.LISTS_READ, Scope.CODES_REVEAL)
    headers = {"X-Request-Id": "CANARY 915550001111", "User-Agent": "CANARY", "Referer": "CANARY"}
    for customer in ({"mobile": "915550001111"}, {"email": "canary.bird@example.com"}, {"mobile": "CANARY"}):
        harness.post("/v1/lookup", {"customer": customer}, token, headers)
        harness.post("/v1/lookup/batch", {"customers": [customer]}, token, headers)
    harness.post("/v1/lookup", {"CANARY": 1}, token, headers)
    harness.post("/v1/lookup", None, "chub_CANARY_915550001111", headers)
    for path in PATHS:
        harness.get(path, token, headers)
        harness.post(path, {"customer": {"mobile": "915550001111"}}, token, headers)
    entries = harness.logged()
    told = b"".join(harness.lines).decode() + caplog.text
    assert 18 == len(entries)
    assert [] == [canary for canary in (*CANARIES, token, token.split("_", 2)[2]) if canary in told]


def test_a_line_says_what_happened(harness: ServerHarness) -> None:
    """When, what, how it ended, how long it took, how large it was, with which token, and which request."""
    token = harness.token(Scope.LOOKUP)
    answer = harness.lookup(token)
    (entry,) = harness.logged()
    assert ["time", "level", "method", "route", "status", "ms", "bytes", "token", "request_id"] == list(entry)
    assert ("POST", "/v1/lookup", 200) == (entry["method"], entry["route"], entry["status"])
    assert len(answer.get_data()) == entry["bytes"]
    assert harness.tokens.all()[0].id == entry["token"]
    assert entry["ms"] > 0
    assert entry["time"].endswith("Z")
    assert json.dumps(entry)


def test_a_log_that_nobody_reads_stops_nothing(harness: ServerHarness) -> None:
    """Whoever read it went away."""

    def fails(_: bytes) -> None:
        raise BrokenPipeError

    harness.log._lines._write = fails
    assert 200 == harness.get("/healthz").status_code
    harness.log.flush()
    assert 200 == harness.get("/healthz").status_code


def test_what_was_noted_is_written_soon(harness: ServerHarness) -> None:
    """Without anybody asking for it."""
    harness.get("/healthz")
    eventually(lambda: harness.lines, "the access log")
    assert 1 == len(b"".join(harness.lines).splitlines())
