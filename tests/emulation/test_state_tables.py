"""Tables of what emulated vendors hold, for people who look: whatever vendor it is, they add up and can be cut anywhere."""

import re
from collections.abc import Iterator

import pytest

from couponhub.testing import EmulatorContext
from couponhub.testing.emulation.vendor import EmulatedCustomer, ShowsTables, StateTable, VendorEmulator
from couponhub.testing.vendors import emulators


@pytest.fixture(params=["capillary", "moengage"])
def vendor(request: pytest.FixtureRequest) -> Iterator[VendorEmulator]:
    """An emulator that holds the demo, and a list more."""
    world = EmulatorContext()
    (vendor,) = emulators([request.param], world)
    vendor.seed_demo()
    vendor.seed({"lists": [{"name": "Spring", "codes": ["S-1", "S-2", "S-3"]}]})
    yield vendor
    world.background.close()
    vendor.reset()


def tables(vendor: VendorEmulator) -> dict[str, StateTable]:
    """The tables of a vendor, by name."""
    assert isinstance(vendor, ShowsTables)
    return {table.name: table for table in vendor.tables()}


def test_tables_can_be_cut_anywhere(vendor: VendorEmulator) -> None:
    """Each has as many rows as it counts, with a cell for each column, and its parts make up the whole."""
    found = tables(vendor)
    assert len(found) == len(vendor.tables())  # type: ignore[attr-defined]
    for table in found.values():
        assert re.fullmatch("[a-z0-9-]+", table.name)
        whole = list(table.rows(0, table.count + 10))
        assert table.count == len(whole)
        assert {len(table.columns)} >= {len(row) for row in whole}
        assert whole == [row for start in range(0, table.count, 3) for row in table.rows(start, start + 3)]
        assert [] == list(table.rows(table.count, table.count + 1))


def test_tables_tell_the_truth(vendor: VendorEmulator) -> None:
    """The codes of all lists are those of the control API, each with its status; customers are counted as they are told apart."""
    found = tables(vendor)
    lists = found["series" if "series" in found else "lists"]
    codes = [(one["code"], one["status"]) for row in lists.rows(0, 99) for one in vendor.codes(str(row[1]))]
    assert sorted(codes) == sorted((row[0], row[1]) for row in found["coupons"].rows(0, 999))
    assert 10 < len(codes)

    before = found["customers"].count
    vendor.add_customers([EmulatedCustomer(mobile="911"), EmulatedCustomer(email="b@example.com")])
    assert before + 2 == tables(vendor)["customers"].count
    vendor.add_customers([EmulatedCustomer(mobile="911", email="b@example.com")])
    merged = tables(vendor)["customers"]
    assert before + 1 == merged.count == len(merged.rows(0, 99))
    assert 1 == sum("911" in row and "b@example.com" in row for row in merged.rows(0, 99))

    vendor.reset()
    assert {0} == {table.count for table in tables(vendor).values()}
