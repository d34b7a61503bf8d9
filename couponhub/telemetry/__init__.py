"""Calls to vendors as OpenTelemetry spans and metrics; needs the extra `couponhub[otel]`.

from couponhub import CouponHub
from couponhub.telemetry import OpenTelemetryObserver

hub = CouponHub.from_config(observer=OpenTelemetryObserver())
"""

from couponhub.telemetry.observer import OpenTelemetryObserver

__all__ = ["OpenTelemetryObserver"]
