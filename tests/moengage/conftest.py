"""A MoEngage that answers what a test scripted, and adapters on it."""

from collections.abc import Iterator
from typing import Any

import pytest

from couponhub.secret import Secret
from couponhub_moengage.adapter import MoEngageAdapter
from couponhub_moengage.settings import MoEngageSettings
from tests.moengage.scripted import Opens, Vendor


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    """A running vendor that knows nothing yet."""
    with Vendor() as vendor:
        yield vendor


@pytest.fixture
def connect(vendor: Vendor) -> Iterator[Opens]:
    """Open adapters on the vendor; they are closed in the end."""
    opened: list[MoEngageAdapter] = []

    def connected(**settings: Any) -> MoEngageAdapter:
        given = {"base_url": vendor.url, "workspace_id": "WS1", "api_key": Secret("k:ey"), **settings}
        opened.append(MoEngageAdapter("engage", MoEngageSettings(**given)))
        return opened[-1]

    yield connected
    for adapter in opened:
        adapter.close()
