"""The adapter, which fulfils the protocols: one module for each thing that is asked of Capillary."""

from couponhub_capillary.adapter.adapter import CapillaryAdapter

__all__ = ["CapillaryAdapter"]
