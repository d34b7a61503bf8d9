"""The way from a lookup to one connection."""

from couponhub.lanes.lane import Known, Lane

__all__ = ["Known", "Lane"]
