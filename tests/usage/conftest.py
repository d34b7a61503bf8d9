"""A connection to a vendor that mails reports."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.usage.reports_harness import ReportHarness


@pytest.fixture
def reports(tmp_path: Path) -> Iterator[ReportHarness]:
    """A harness whose vendor has one list, created on the 1st."""
    harness = ReportHarness(tmp_path / "state")
    harness.vendor.create("L1", created=1)
    yield harness
    harness.close()
