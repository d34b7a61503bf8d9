"""Capillary, emulated: stateful, in memory, written from the vendor's documented facts alone.

Nothing here imports the adapter's other rooms, so that the two are independent readings of the same facts.
C-numbers in the comments are explained in `docs/vendors/capillary.md`.
"""

from couponhub_capillary.emulator.vendor import CapillaryEmulator

__all__ = ["CapillaryEmulator"]
