"""The settings of a connection to Capillary, its regions, and its documented limits."""

from couponhub_capillary.settings.connection import CapillarySettings

__all__ = ["CapillarySettings"]
