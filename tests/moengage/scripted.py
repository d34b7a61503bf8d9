"""What a scripted MoEngage was told to answer, and what it saw."""

from collections.abc import Callable

from couponhub_moengage.adapter import MoEngageAdapter
from tests.kit.scripted_server import Script, ScriptedServer, Seen, says

Opens = Callable[..., MoEngageAdapter]
"""Opens an adapter on the scripted vendor, given settings that differ from the usual."""

Answer = tuple[int, object]
"""An HTTP status, and JSON or the very bytes."""

_VERSION = "/v1"


class Vendor(ScriptedServer):
    """Answers each request line, without the version, with one answer or several in order, of which the last stays.

    What is not scripted is a 404 without a body.

    Attributes:
        answers: What a test scripted.
        waits: The seconds that were let pass.
    """

    def __init__(self) -> None:
        super().__init__()
        self.url += _VERSION
        self.answers: dict[str, Answer | list[Answer]] = {}
        self.waits: list[float] = []
        self.otherwise = self._next

    def lines(self) -> list[str]:
        """The request lines in order."""
        return list(map(_line, self.seen))

    def _next(self, seen: Seen) -> Script:
        scripted = self.answers.get(_line(seen), (404, b""))
        if isinstance(scripted, list):
            scripted = scripted.pop(0) if len(scripted) > 1 else scripted[0]
        status, body = scripted
        return says(status, body, {"Retry-After": "3600"} if status == 429 else None)


def _line(seen: Seen) -> str:
    return f"{seen.method} {seen.target.removeprefix(_VERSION)}"
