"""What a connection to MoEngage needs to be told, and its documented limits."""

from couponhub_moengage.settings.connection import MoEngageSettings

__all__ = ["MoEngageSettings"]
