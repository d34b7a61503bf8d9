"""What the transport's tests share."""

from collections.abc import Iterator

import pytest

from tests.kit.clock import FakeClock
from tests.kit.scripted_server import ScriptedServer


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    """A vendor over plain HTTP."""
    with ScriptedServer() as server:
        yield server


@pytest.fixture
def waits() -> FakeClock:
    """Notes of how long would have been slept."""
    return FakeClock()
