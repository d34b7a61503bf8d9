"""A Capillary on 127.0.0.1 that says what a test tells it to say, and remembers what it was asked."""

from collections.abc import Callable, Iterator
from functools import partial

import pytest

from tests.kit.scripted_server import PathServer, Script, says

TOKEN = says(body={"data": {"accessToken": "T1", "ttlSeconds": 300}, "errors": None})
Say = Callable[..., Script]


class ScriptedVendor(PathServer):
    """Gives the token T1 to anybody."""

    def __init__(self) -> None:
        super().__init__()
        self.say("/v3/oauth/token/generate", TOKEN)


@pytest.fixture
def vendor() -> Iterator[ScriptedVendor]:
    """A scripted vendor."""
    with ScriptedVendor() as vendor:
        yield vendor


@pytest.fixture(name="says")
def _says() -> Say:
    """Make answers, without a body unless one is given."""
    return partial(says, body=b"")
