"""Spans and metrics on their way to a collector, by OTLP over HTTP; needs the extra `couponhub[otlp]`."""

import attrs
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from couponhub._version import installed_version


@attrs.frozen(kw_only=True)
class Exporting:
    """The providers that spans and metrics are made with."""

    tracers: TracerProvider
    meters: MeterProvider

    def close(self) -> None:
        """Send what waits, as long as the exporters allow."""
        self.tracers.shutdown()
        self.meters.shutdown()


def open_exporting(url: str) -> Exporting:
    """Begin to send to a collector, in this process; all else is as OpenTelemetry's own variables (`OTEL_...`) say.

    Args:
        url: The collector's address, without `/v1/traces`.
    """
    base = url.rstrip("/")
    own = Resource({"service.name": "couponhub", "service.version": installed_version()})
    resource = own.merge(OTELResourceDetector().detect())
    tracers = TracerProvider(resource=resource)
    tracers.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{base}/v1/traces")))
    reader = PeriodicExportingMetricReader(OTLPMetricExporter(endpoint=f"{base}/v1/metrics"))
    return Exporting(tracers=tracers, meters=MeterProvider([reader], resource=resource))
