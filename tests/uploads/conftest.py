"""Shops to send codes from."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from couponhub.state import StoreSettings
from couponhub.state.sqlite.database import LedgerDatabase
from tests.kit.clock import FakeClock
from tests.uploads.harness import UploadHarness
from tests.uploads.vendors import FileVendor, UrlVendor


@pytest.fixture
def store(tmp_path: Path) -> Iterator[LedgerDatabase]:
    """A store in a folder of its own."""
    store = LedgerDatabase(StoreSettings(url=f"sqlite:///{tmp_path}/state/hub.db"))
    yield store
    store.close()


@pytest.fixture
def harness(store: LedgerDatabase) -> UploadHarness:
    """A harness whose vendor takes files."""
    return UploadHarness(vendor=FileVendor(), store=store, clock=FakeClock())


@pytest.fixture
def url_harness(store: LedgerDatabase) -> UploadHarness:
    """A harness whose vendor fetches files."""
    return UploadHarness(vendor=UrlVendor(), store=store, clock=FakeClock())
