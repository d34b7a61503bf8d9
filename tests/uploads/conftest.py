"""Shops to send codes from."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from couponhub.state import StoreSettings
from couponhub.state.sqlite.database import LedgerDatabase
from tests.kit.clock import FakeClock
from tests.uploads.shop import Shop
from tests.uploads.vendors import FileVendor, UrlVendor


@pytest.fixture
def store(tmp_path: Path) -> Iterator[LedgerDatabase]:
    """A store in a folder of its own."""
    store = LedgerDatabase(StoreSettings(url=f"sqlite:///{tmp_path}/state/hub.db"))
    yield store
    store.close()


@pytest.fixture
def shop(store: LedgerDatabase) -> Shop:
    """A shop whose vendor takes files."""
    return Shop(vendor=FileVendor(), store=store, clock=FakeClock())


@pytest.fixture
def url_shop(store: LedgerDatabase) -> Shop:
    """A shop whose vendor fetches files."""
    return Shop(vendor=UrlVendor(), store=store, clock=FakeClock())
