"""Paths of an emulated API, and what answers them."""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Generic, TypeVar

import attrs
from werkzeug.routing import Map, Rule

T = TypeVar("T")


@attrs.frozen(kw_only=True)
class Route(Generic[T]):
    """A path as werkzeug writes it, with its variable parts, and what answers a method of it."""

    method: str
    path: str
    answer: T


class Routes(Generic[T]):
    """Finds what answers a call.

    Args:
        routes: Each method of a path once.
        strict_slashes: A slash at the end of a path makes it another one.
    """

    def __init__(self, routes: Iterable[Route[T]], *, strict_slashes: bool = True) -> None:
        self._routes = tuple(routes)
        self._map = _compiled(tuple((one.method, one.path) for one in self._routes), strict_slashes)

    def match(self, path: str, method: str) -> tuple[T, Mapping[str, Any]]:
        """Return what answers, and the variable parts of the path.

        Raises:
            NotFound: Werkzeug's; nothing is at that path.
            MethodNotAllowed: Werkzeug's; other methods are answered there.
        """
        number, parts = self._map.bind("").match(path, method=method)
        return self._routes[number].answer, parts


@cache
def _compiled(places: tuple[tuple[str, str], ...], strict_slashes: bool) -> Map:
    """Compile paths once: it takes longer than all else of an emulator's start, and there are few APIs."""
    return Map(
        [Rule(path, methods=[method], endpoint=number) for number, (method, path) in enumerate(places)],
        strict_slashes=strict_slashes,
        merge_slashes=False,
    )
