"""Lets emulators answer browsers; the pages are loaded when somebody first asks for one."""

from collections.abc import Callable
from functools import cached_property
from importlib.util import find_spec

from werkzeug.wrappers import Request, Response

from couponhub.testing.emulation.app import EmulatorApp

EXTRA = "console"
"""The extra that pages need."""
_NEEDED = ("jinja2", "prometheus_client")
"""Of that extra, the modules without which they cannot be loaded."""


def is_installed() -> bool:
    """Tell whether pages can be made here."""
    return all(find_spec(module) is not None for module in _NEEDED)


class Dashboard:
    """Answers people at a browser: given to an `EmulatorServer` as its `pages`. Thread-safe.

    Args:
        emulated: The emulators.
    """

    def __init__(self, emulated: EmulatorApp) -> None:
        self._emulated = emulated

    def __call__(self, request: Request) -> Response:
        """Answer a request whose path is relative to `/_emulator/`."""
        return self._handle(request)

    @cached_property
    def _handle(self) -> Callable[[Request], Response]:
        # Most emulators are started by programs, which never look at a page.
        from couponhub.dashboard.app import DashboardApp  # noqa: PLC0415

        return DashboardApp(self._emulated).handle
