"""How many examples a property is tried with: a quarter in each run of the suite, all of them in `make thorough`."""

import os

THOROUGH = bool(os.environ.get("COUPONHUB_THOROUGH"))
_LEAST = 12


def examples(most: int) -> int:
    """Return how many of so many examples to try; others are drawn in each run."""
    return most if THOROUGH else max(_LEAST, most // 4)
