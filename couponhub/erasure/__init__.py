"""Forgetting people: out of all that couponhub keeps, and told to every process that remembers."""

from couponhub.erasure.report import Forgotten, Removal
from couponhub.erasure.watching import Watch

__all__ = ["Forgotten", "Removal", "Watch"]
