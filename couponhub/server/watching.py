"""The needs of pages that stand beside the API: to be put there, and to follow what happens, in each worker."""

from typing import Any, Protocol

from couponhub.config import Config
from couponhub.server.app import App
from couponhub.server.request_context import RequestWatch
from couponhub.transport.observing import Observer


class Watcher(Observer, RequestWatch, Protocol):
    """Follows calls to vendors and requests until the worker ends, for diagnosis."""

    def close(self) -> None:
        """Write what waits, unless that takes long."""
        ...


class Pages(Protocol):
    """Puts pages beside the API, in each worker."""

    def watcher(self, config: Config, inner: Observer) -> Watcher:
        """Return what is told of calls and requests in the place of another observer, which it tells in turn."""
        ...

    def __call__(self, app: App, /) -> Any:
        """Return the application with the pages beside it."""
        ...
