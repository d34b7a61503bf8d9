"""Tables and exports of many customers are streamed: what is held does not grow with them."""

import io
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from couponhub.connection.customers import Customers
from couponhub.holdings import read_holdings
from couponhub.models import Coupon, CouponQuery, Customer, CustomerCoupons
from couponhub.testing import emulated_vendors
from couponhub_capillary.settings.exports import export_form

LONG = "x" * 400
MOST = 12 << 20


@contextmanager
def held() -> Iterator[list[int]]:
    """Measure the most bytes that were held in the block beyond what was held before."""
    peak: list[int] = []
    tracemalloc.start()
    try:
        yield peak
        peak.append(tracemalloc.get_traced_memory()[1])
    finally:
        tracemalloc.stop()


def peak_of(rows: int, events: int) -> int:
    """The most bytes that reading a log takes, of so many codes and events of each, in any order."""
    lines = (
        f"{LONG * 6},{LONG[:100]}{number},77,{number},{event},20260101\n"
        for event in ("issued", "redeemed", "expired")[:events]
        for number in range(rows // events)
    )
    header = "note,coupon_code,dim_coupon_series_id,dim_issued_to_user_id,event_type,dim_expiry_date_id\n"
    source = io.BytesIO((header + "".join(lines)).encode())
    with held() as peak:
        count = sum(1 for _ in read_holdings(source, forms=[export_form(None)]))
    assert rows // events == count
    return peak[0]


@pytest.mark.parametrize("events", [1, 3])
def test_a_table_is_streamed(events: int) -> None:
    """Of three times as many rows no more is held, whether they are of one event of each code or of several."""
    assert peak_of(18_000, events) < 1.2 * peak_of(6_000, events)


def test_an_export_is_streamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Thirty thousand coupons of long names are written without being held: they would take three times as much."""

    def coupons(
        _: Customers, customer: Customer, query: CouponQuery | None = None, *, deadline: object = None
    ) -> CustomerCoupons:
        assert query is not None
        assert deadline is None
        held_by = tuple(
            Coupon(
                connection="capillary", code=f"{customer.value}-{number}", list_name=f"{LONG}{LONG}{number}"
            )
            for number in range(5)
        )
        return CustomerCoupons(coupons=held_by)

    monkeypatch.setattr(Customers, "coupons", coupons)
    people, out = tmp_path / "people.csv", tmp_path / "out.csv"
    people.write_text(
        "mobile\n" + "".join(f"{919_800_000_000 + number}\n" for number in range(6000)), encoding="utf-8"
    )
    with emulated_vendors("capillary", demo=False) as vendors, held() as peak:
        done = vendors.hub.exports.run("capillary", people, out)
    assert (6000, 30_000) == (done.found, done.coupons)
    assert out.stat().st_size > 2 * MOST
    assert peak[0] < MOST
