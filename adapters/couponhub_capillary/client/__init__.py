"""One method for each endpoint, and the sign-in."""

from couponhub_capillary.client.endpoints import CapillaryClient

__all__ = ["CapillaryClient"]
