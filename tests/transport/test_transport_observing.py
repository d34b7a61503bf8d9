"""What can be seen of calls from outside: one log line each, an observer, OpenTelemetry; never a secret."""

import logging
from collections.abc import Callable

import attrs
import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from couponhub.errors import NotFound, OutcomeUnknown, VendorUnavailable
from couponhub.telemetry import OpenTelemetryObserver
from couponhub.transport import EndedExchange, Reply, Request, RetryPolicy, VendorCall
from couponhub.transport.decision import Because, Decision, Raise, RaiseUnknown, Wait
from tests.kit.clock import FakeClock
from tests.kit.scripted_server import ScriptedServer, hangs_up, says
from tests.transport.transports import transport_to, understood

READ = Request(
    operation="customer coupons", method="GET", path="/canary-path", query=(("mobile", "919876543210"),)
)


class Watcher:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.began_with: list[tuple[str, str]] = []
        self.calls: list[VendorCall] = []

    def began(self, connection: str, operation: str) -> Callable[[VendorCall], None]:
        """Note a beginning."""
        self.began_with.append((connection, operation))
        return self.calls.append


def test_an_observer_sees_every_attempt(server: ScriptedServer, waits: FakeClock) -> None:
    """A call that is repeated once is two attempts, each with its outcome."""
    server.plays(hangs_up(), says(headers={"X-Cap-RequestID": "abc123"}))
    watcher = Watcher()
    own = ("x-cap-requestid", "x-request-id")
    transport_to(server.url, waits=waits, observer=watcher, request_id_headers=own).call(READ, understood)
    assert [("shop", "customer_coupons")] * 2 == watcher.began_with
    first, second = watcher.calls
    assert ("unavailable", None, 1) == (first.outcome, first.status, first.attempt)
    assert ("ok", 200, 2, "abc123") == (second.outcome, second.status, second.attempt, second.request_id)
    assert second.seconds > 0


def test_a_call_is_one_log_line(
    server: ScriptedServer, waits: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    """The line has its fields for structured handlers, and holds neither path nor query."""
    caplog.set_level(logging.INFO, "couponhub.calls")
    transport_to(server.url, waits=waits).call(READ, understood)
    (record,) = [record for record in caplog.records if record.name == "couponhub.calls"]
    fields = vars(record)["vendor_call"]
    assert ("shop", "customer_coupons", "ok", 200) == tuple(
        fields[name] for name in ("connection", "operation", "outcome", "status")
    )
    assert "connection=shop operation=customer_coupons outcome=ok" in record.getMessage()
    assert "canary-path" not in record.getMessage()
    assert "919876543210" not in record.getMessage()


def test_opentelemetry_gets_spans_and_metrics(server: ScriptedServer, waits: FakeClock) -> None:
    """An attempt is a client span and a point of the histogram, without anything of the customer."""
    spans, points = InMemorySpanExporter(), InMemoryMetricReader()
    tracers = TracerProvider()
    tracers.add_span_processor(SimpleSpanProcessor(spans))
    observer = OpenTelemetryObserver(tracers, MeterProvider([points]))

    def not_there(reply: Reply) -> None:
        raise NotFound("no such list", status=reply.status)

    with pytest.raises(NotFound):
        transport_to(server.url, waits=waits, observer=observer).call(READ, not_there)
    (span,) = spans.get_finished_spans()
    assert "shop customer_coupons" == span.name
    assert span.attributes is not None
    assert ("not_found", 200) == (
        span.attributes["couponhub.outcome"],
        span.attributes["http.response.status_code"],
    )
    assert not span.status.is_ok
    shown = f"{span.to_json()}{points.get_metrics_data()}"
    assert "couponhub.vendor.calls" in shown
    assert "couponhub.vendor.call.duration" in shown
    assert "919876543210" not in shown
    assert "canary-path" not in shown


class Judge(Watcher):
    """Looks at each exchange, and notes what followed it."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[EndedExchange, Decision | None]] = []

    def looked(self, exchange: EndedExchange) -> Callable[[Decision | None], None]:
        """As `DecisionObserver.looked`."""
        return lambda decision: self.seen.append((exchange, decision))


def test_an_observer_is_told_what_followed_and_why(server: ScriptedServer, waits: FakeClock) -> None:
    """A pause that the vendor named, one that we chose, and nothing more; and of a change, that it may have arrived."""
    server.plays(says(status=429, headers={"Retry-After": "7"}), hangs_up(), says())
    judge = Judge()
    transport = transport_to(server.url, waits=waits, observer=judge)
    transport.call(READ, understood)
    first, second = (decision for _, decision in judge.seen[:2])
    assert isinstance(first, Wait)
    assert isinstance(second, Wait)
    assert (7.0, Because.VENDOR_SAID_WHEN, Because.PASSING) == (first.seconds, first.because, second.because)
    assert [429, None, 200] == [one.reply and one.reply.status for one, _ in judge.seen]
    assert (None, server.url) == (judge.seen[2][1], judge.seen[2][0].base_url)
    assert {"Accept", "Authorization"} <= {*judge.seen[0][0].headers}
    server.plays(hangs_up())
    with pytest.raises(OutcomeUnknown):
        transport.call(attrs.evolve(READ, method="POST", changes=True), understood)
    assert isinstance(judge.seen[3][1], RaiseUnknown)


@pytest.mark.parametrize(("attempts", "because"), [(2, Because.ATTEMPTS_SPENT), (9, Because.RESERVE_SPENT)])
def test_giving_up_has_its_reason(
    server: ScriptedServer, waits: FakeClock, attempts: int, because: Because
) -> None:
    """The last attempt, or a vendor that fails too often; what a reader stumbles over is told as final."""
    server.otherwise = lambda _: hangs_up()
    judge = Judge()
    policy = RetryPolicy(jitter=lambda: 1.0, attempts=attempts, reserve=3)
    transport = transport_to(server.url, waits=waits, observer=judge, retry=policy)
    with pytest.raises(VendorUnavailable):
        transport.call(READ, understood)
    last = judge.seen[-1][1]
    assert isinstance(last, Raise)
    assert because is last.because

    def stumbles(_: Reply) -> None:
        raise KeyError("919876543210")

    server.otherwise = lambda _: says()
    with pytest.raises(KeyError):
        transport.call(READ, stumbles)
    assert Raise() == judge.seen[-1][1]
