"""The way from a lookup to one connection: bounded, remembering, and quick to say that a vendor is dead."""

from couponhub.resilience.client import ResilientClient
from couponhub.resilience.direct import DirectClient
from couponhub.resilience.outcome import Ask, Outcome, ResilienceStatus
from couponhub.resilience.protocol import LookupClient
from couponhub.resilience.settings import ResilienceSettings
from couponhub.resilience.single_flight import Waiter
from couponhub.resilience.weight import bytes_held

__all__ = [
    "Ask",
    "DirectClient",
    "LookupClient",
    "Outcome",
    "ResilienceSettings",
    "ResilienceStatus",
    "ResilientClient",
    "Waiter",
    "bytes_held",
]
