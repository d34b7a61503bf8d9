"""The hub: whom it asks, and what it refuses to ask."""

from pathlib import Path

import pytest

from couponhub import CouponHub, Customer
from couponhub.errors import UsageError
from tests.config.toy import loaded


@pytest.mark.parametrize("seconds", [0.0, -1.0, 1e12, float("inf"), float("nan")])
def test_deadline_that_no_clock_can_keep_is_refused(tmp_path: Path, seconds: float) -> None:
    """Also one of centuries, which the system's own timers would refuse in the middle of the lookup."""
    config = loaded('[connections.a]\nadapter = "toy"\nkey = "k"\n', tmp_path)
    with CouponHub(config) as hub, pytest.raises(UsageError, match="the deadline must be"):
        hub.lookup(Customer(mobile="919876543210"), deadline=seconds)
