"""OpenTelemetry: a request is a part of its caller's trace, and calls to vendors are parts of the request's."""

import json
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from werkzeug.test import Client

from couponhub import CouponHub
from couponhub._version import installed_version
from couponhub.cli import main
from couponhub.server.admission import Gate
from couponhub.server.app import make_app
from couponhub.server.metrics import Metrics
from couponhub.state import Scope
from couponhub.telemetry import OpenTelemetryObserver
from couponhub.telemetry.exporting import open_exporting
from couponhub.telemetry.requests import RequestSpans
from couponhub.testing import EmulatedVendors
from couponhub.transport.observing import AllObservers
from tests.config.toy import loaded
from tests.kit.scripted_server import ScriptedServer
from tests.server.harness import ServerHarness, opened

CALLER = f"00-{'a' * 32}-{'b' * 16}-01"


@attrs.frozen
class Traced:
    """An application whose requests are traced, and what was told of them."""

    harness: ServerHarness
    exported: InMemorySpanExporter

    def spans(self) -> dict[str, ReadableSpan]:
        """What has ended, by name."""
        return {span.name: span for span in self.exported.get_finished_spans()}


@pytest.fixture
def traced(vendors: EmulatedVendors) -> Iterator[Traced]:
    """The application over both vendors, and an exporter in memory."""
    exported, tracers = InMemorySpanExporter(), TracerProvider()
    tracers.add_span_processor(SimpleSpanProcessor(exported))
    metrics = Metrics()
    observer = AllObservers(metrics, OpenTelemetryObserver(tracers, MeterProvider()))
    with CouponHub.from_config(vendors.config, observer=observer) as hub:
        harness = opened(vendors, hub, metrics)
        app = make_app(
            hub,
            harness.access,
            harness.callbacks,
            metrics=metrics,
            log=harness.log,
            gate=Gate(),
            spans=RequestSpans(tracers),
        )
        yield Traced(attrs.evolve(harness, client=Client(app)), exported)


@pytest.mark.parametrize("path", ["/v1/lookup", "/v1/lookup/batch"])
def test_a_request_is_a_part_of_its_callers_trace(traced: Traced, path: str) -> None:
    """And so are the calls that it makes to vendors on other threads, and the token that it needs; its line names the trace."""
    harness = traced.harness
    customer = {"email": "a.buyer@example.com"}
    asked = {"customer": customer} if path == "/v1/lookup" else {"customers": [customer]}
    answer = harness.post(
        path,
        {**asked, "connections": ["capillary"]},
        harness.token(Scope.LOOKUP),
        {"traceparent": CALLER},
    )
    assert "found" in answer.text
    spans = traced.spans()
    request = spans.pop(f"POST {path}")
    assert request.parent is not None
    assert ("a" * 32, "b" * 16) == (f"{request.parent.trace_id:032x}", f"{request.parent.span_id:016x}")
    assert request.attributes is not None
    assert (path, 200) == (request.attributes["http.route"], request.attributes["http.response.status_code"])
    names = {"fetch_token", "customer_coupons", "customer_coupons_v2"}
    assert {f"capillary {name}" for name in names} == set(spans)
    assert {request.context and request.context.span_id} == {
        span.parent and span.parent.span_id for span in spans.values()
    }
    assert "a" * 32 == harness.logged()[-1]["trace_id"]
    told = json.dumps([json.loads(span.to_json()) for span in (request, *spans.values())])
    assert "a.buyer" not in told


def test_what_names_no_trace_begins_one(traced: Traced) -> None:
    """A header that is none is passed over, as the standard has it; supervisors' requests are not traced."""
    traced.harness.get("/healthz")
    traced.harness.get("/v1/connections", None, {"traceparent": "CANARY"})
    (span,) = traced.spans().values()
    assert ("GET /v1/connections", None) == (span.name, span.parent)
    assert "trace_id" not in traced.harness.logged()[0]


def test_spans_reach_a_collector() -> None:
    """By OTLP over HTTP, with the service's name and version."""
    with ScriptedServer() as collector:
        exporting = open_exporting(f"{collector.url}/")
        RequestSpans(exporting.tracers).begin({"HTTP_TRACEPARENT": CALLER}).end("GET", "/v1/x", 503)
        exporting.close()
    (body,) = {seen.body for seen in collector.seen if seen.path == "/v1/traces"}
    sent = ExportTraceServiceRequest.FromString(body)
    (resource,) = sent.resource_spans
    named = {one.key: one.value.string_value for one in resource.resource.attributes}
    assert ("couponhub", installed_version()) == (named["service.name"], named["service.version"])
    (span,) = resource.scope_spans[0].spans
    assert ("GET /v1/x", bytes.fromhex("a" * 32)) == (span.name, span.trace_id)


def test_without_the_extra_it_says_which(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Before anything is served; the collector may be spoken to by plain http."""
    config = loaded('[server]\notlp_url = "http://collector:4318"', tmp_path)
    monkeypatch.setattr("couponhub.cli.commands.serve._is_installed", lambda name: "otlp" not in name)
    assert 2 == main(["--config", str(config.path), "serve", "--port", "0"])
    assert "couponhub[otlp]" in capfd.readouterr().err
