"""The settings of a connection to MoEngage, and its documented limits."""

from couponhub_moengage.settings.connection import MoEngageSettings

__all__ = ["MoEngageSettings"]
