"""What a scripted MoEngage was told to answer, and what it saw."""

from collections.abc import Callable
from typing import Any

import attrs

from couponhub_moengage.adapter import MoEngageAdapter

Opens = Callable[..., MoEngageAdapter]
"""Opens an adapter on the scripted vendor, given settings that differ from the usual."""

Answer = tuple[int, object]
"""An HTTP status, and JSON or the very bytes."""


@attrs.frozen
class Seen:
    """One request as the server saw it."""

    line: str
    headers: dict[str, str]
    body: Any


@attrs.define
class Vendor:
    """What a test scripted for each request line, one answer or several in order, and what happened.

    The last of several answers stays; `waits` are the seconds that were let pass.
    """

    url: str = ""
    answers: dict[str, Answer | list[Answer]] = attrs.field(factory=dict)
    seen: list[Seen] = attrs.field(factory=list)
    waits: list[float] = attrs.field(factory=list)

    def answer(self, line: str) -> Answer:
        """The next answer for a request line; a 404 without a body where nothing is scripted."""
        scripted = self.answers.get(line, (404, b""))
        if isinstance(scripted, list):
            return scripted.pop(0) if len(scripted) > 1 else scripted[0]
        return scripted

    def lines(self) -> list[str]:
        """The request lines in order."""
        return [request.line for request in self.seen]
