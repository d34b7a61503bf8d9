"""A Capillary on 127.0.0.1 that says what a test tells it to say, and remembers what it was asked."""

from collections.abc import Callable, Iterator
from functools import partial

import pytest

from tests.kit.scripted_server import Script, ScriptedServer, Seen, says

TOKEN = says(body={"data": {"accessToken": "T1", "ttlSeconds": 300}, "errors": None})
Say = Callable[..., Script]


class ScriptedVendor(ScriptedServer):
    """Answers each path with its script's next entry; the last entry repeats. It gives the token T1 to anybody."""

    def __init__(self) -> None:
        super().__init__()
        self.scripts: dict[str, list[Script]] = {"/v3/oauth/token/generate": [TOKEN]}
        self.otherwise = self._next

    def say(self, path: str, *answers: Script) -> None:
        """Set what is answered on a path."""
        self.scripts[path] = list(answers)

    def asked_at(self, path: str) -> list[Seen]:
        """What came on a path."""
        return [seen for seen in self.seen if seen.path == path]

    def _next(self, seen: Seen) -> Script:
        script = self.scripts.get(seen.path)
        if script is None:
            return says(404, b"<html>not found</html>")
        return script.pop(0) if len(script) > 1 else script[0]


@pytest.fixture
def vendor() -> Iterator[ScriptedVendor]:
    """A scripted vendor."""
    with ScriptedVendor() as vendor:
        yield vendor


@pytest.fixture(name="says")
def _says() -> Say:
    """Make answers, without a body unless one is given."""
    return partial(says, body=b"")
