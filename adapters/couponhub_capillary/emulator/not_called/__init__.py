"""Endpoints of Capillary's that the adapter never calls: issuing, redeeming, taking back, and the look-ups beside the main ones.

Coupons come into states by them that an adapter must be able to read, and tests of other software can rely on them.
"""
