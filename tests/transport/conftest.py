"""What the transport's tests share."""

from collections.abc import Iterator

import pytest

from tests.transport.scripted import ScriptedServer, Waits


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    """A vendor over plain HTTP."""
    with ScriptedServer() as server:
        yield server


@pytest.fixture
def waits() -> Waits:
    """Notes of how long would have been slept."""
    return Waits()
