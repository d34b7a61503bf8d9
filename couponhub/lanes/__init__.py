"""The way from a lookup to one connection: bounded, remembering, and quick to say that a vendor is dead."""

from couponhub.lanes.flight import Waiter
from couponhub.lanes.known import Ask, Known, LaneStatus
from couponhub.lanes.lane import Lane
from couponhub.lanes.plain import AnyLane, PlainLane
from couponhub.lanes.settings import LaneSettings
from couponhub.lanes.weight import bytes_held

__all__ = [
    "AnyLane",
    "Ask",
    "Known",
    "Lane",
    "LaneSettings",
    "LaneStatus",
    "PlainLane",
    "Waiter",
    "bytes_held",
]
