"""A vendor that fails as it is told."""

from collections.abc import Iterator

import pytest

from tests.kit.scripted_server import ScriptedServer


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    """One over plain HTTP."""
    with ScriptedServer() as server:
        yield server
