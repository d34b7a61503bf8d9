"""What a connection to Capillary needs to be told, its regions, and its documented limits."""

from couponhub_capillary.settings.connection import CapillarySettings

__all__ = ["CapillarySettings"]
