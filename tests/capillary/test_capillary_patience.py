"""What a vendor sends is read only as long as there is time for it."""

from datetime import UTC, datetime

import pytest

from couponhub.clock import Deadline
from couponhub.errors import VendorUnavailable
from couponhub.models import Coupon
from couponhub_capillary.adapter.collected import CollectedCoupons
from couponhub_capillary.mapping.context import MappingContext
from couponhub_capillary.mapping.coupons import coupon_from
from couponhub_capillary.wire.times import Zones

ROWS = [{"code": f"A{number}", "id": str(number)} for number in range(20_000)]


class Mapper:
    """Reads rows, and lets the time run out at one of them."""

    def __init__(self, patience: Deadline, *, ends_at: int) -> None:
        self._patience = patience
        self._ends_at = ends_at
        self.read = 0

    def __call__(self, row: object, reading: MappingContext) -> Coupon | None:
        """Read one."""
        self.read += 1
        if self.read == self._ends_at:
            object.__setattr__(self._patience, "at", 0.0)
        return coupon_from(row, reading)


def held() -> CollectedCoupons:
    """Make holdings of nothing."""
    zones = Zones(server=UTC, server_is_guess=False, store=None)
    return CollectedCoupons(
        MappingContext(connection="loyalty", zones=zones, now=datetime(2026, 6, 1, tzinfo=UTC))
    )


@pytest.mark.parametrize("way", ["first", "further"])
def test_reading_rows_stops_when_the_time_is_over(way: str) -> None:
    """A few hundred rows later, of however many there are; with time, or without a deadline, all are read."""
    patience = Deadline.after(60)
    mapper = Mapper(patience, ends_at=100)
    holdings = held()
    with pytest.raises(VendorUnavailable) as caught:
        getattr(holdings, way)(ROWS, mapper, patience)
    assert (True, 500) == (caught.value.too_slow, mapper.read)
    for unhurried in (None, Deadline.after(600)):
        holdings = held()
        getattr(holdings, way)(ROWS, coupon_from, unhurried)
        assert 20_000 == len(holdings)
