"""Requests that a server answers, as spans in the traces of their callers."""

import contextvars
from collections.abc import Callable, Mapping
from typing import TypeVar

import attrs
from opentelemetry import context, trace
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

T = TypeVar("T")

_HEADERS = {"traceparent": "HTTP_TRACEPARENT", "tracestate": "HTTP_TRACESTATE"}


@attrs.frozen(eq=False)
class RequestSpan:
    """The span of one request.

    Attributes:
        trace_id: Of its trace, as it is written in headers.
    """

    trace_id: str
    _span: trace.Span
    _around: contextvars.Context

    def run(self, call: Callable[..., T], *arguments: object) -> T:
        """Call something with the span as the current one, also in whatever is begun there on other threads."""
        return self._around.run(call, *arguments)

    def end(self, method: str, route: str, status: int) -> None:
        """End it: under the path of its operation, never the address itself."""
        self._span.update_name(f"{method} {route}")
        self._span.set_attributes(
            {"http.request.method": method, "http.route": route, "http.response.status_code": status}
        )
        if status >= 500:
            self._span.set_status(trace.StatusCode.ERROR)
        self._span.end()


class RequestSpans:
    """Begins the spans of requests. Thread-safe.

    Args:
        tracer_provider: OpenTelemetry's global one by default.
    """

    def __init__(self, tracer_provider: trace.TracerProvider | None = None) -> None:
        self._tracer = trace.get_tracer("couponhub.server", tracer_provider=tracer_provider)
        self._propagator = TraceContextTextMapPropagator()

    def begin(self, environ: Mapping[str, object]) -> RequestSpan:
        """Begin one, as the child of what the headers `traceparent` and `tracestate` name, if they do.

        Args:
            environ: The request, as WSGI has it.
        """
        carrier = {name: str(environ[key]) for name, key in _HEADERS.items() if key in environ}
        parent = self._propagator.extract(carrier, context.Context())
        span = self._tracer.start_span("request", context=parent, kind=trace.SpanKind.SERVER)
        around = contextvars.copy_context()
        around.run(context.attach, trace.set_span_in_context(span, parent))
        return RequestSpan(trace.format_trace_id(span.get_span_context().trace_id), span, around)
