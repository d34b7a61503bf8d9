"""Speaks to a running `couponhub serve`."""

from couponhub.client.client import Client
from couponhub.client.documents import ServedConnection

__all__ = ["Client", "ServedConnection"]
