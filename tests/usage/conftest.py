"""A connection to a vendor that mails reports."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.usage.desk_of_reports import ReportDesk


@pytest.fixture
def reports(tmp_path: Path) -> Iterator[ReportDesk]:
    """A desk whose vendor has one list, created on the 1st."""
    desk = ReportDesk(tmp_path / "state")
    desk.vendor.create("L1", created=1)
    yield desk
    desk.close()
