"""The unified lookup: asks connections in parallel and says what is known, absent or unknowable."""

from couponhub.lookup.asking import lookup
from couponhub.lookup.verdicts import judge

__all__ = ["judge", "lookup"]
