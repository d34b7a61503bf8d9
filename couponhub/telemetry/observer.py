"""Calls to vendors, told to OpenTelemetry."""

from collections.abc import Callable

from opentelemetry import metrics, trace

from couponhub.transport.observing import VendorCall


class OpenTelemetryObserver:
    """A client span per attempt, a histogram of durations in seconds and a counter of calls.

    A span is the child of the one that is current where its call was asked for, though another thread may make the call;
    of several that ask the same at once, of the first. Both metrics carry the connection, the operation and the outcome, and nothing that could name a customer.

    Args:
        tracer_provider: OpenTelemetry's global one by default.
        meter_provider: The same.
    """

    def __init__(
        self,
        tracer_provider: trace.TracerProvider | None = None,
        meter_provider: metrics.MeterProvider | None = None,
    ) -> None:
        self._tracer = trace.get_tracer("couponhub", tracer_provider=tracer_provider)
        meter = metrics.get_meter("couponhub", meter_provider=meter_provider)
        self._durations = meter.create_histogram("couponhub.vendor.call.duration", unit="s")
        self._calls = meter.create_counter("couponhub.vendor.calls")

    def began(self, connection: str, operation: str) -> Callable[[VendorCall], None]:
        """Begin a span."""
        span = self._tracer.start_span(f"{connection} {operation}", kind=trace.SpanKind.CLIENT)

        def ended(call: VendorCall) -> None:
            labels = {
                "couponhub.connection": call.connection,
                "couponhub.operation": call.operation,
                "couponhub.outcome": call.outcome,
            }
            span.set_attributes(labels | {"couponhub.attempt": call.attempt})
            if call.status is not None:
                span.set_attribute("http.response.status_code", call.status)
            if call.request_id is not None:
                span.set_attribute("couponhub.vendor.request_id", call.request_id)
            if call.outcome != "ok":
                span.set_status(trace.StatusCode.ERROR, call.outcome)
            span.end()
            self._durations.record(call.seconds, labels)
            self._calls.add(1, labels)

        return ended
