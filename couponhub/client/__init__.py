"""Speaks to a running `couponhub serve`."""

from couponhub.client.client import Client
from couponhub.models.connections import ServedConnection

__all__ = ["Client", "ServedConnection"]
