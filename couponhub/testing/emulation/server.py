"""Emulated vendors on a real port of this machine."""

import selectors
import socket
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

from werkzeug.serving import ThreadedWSGIServer

from couponhub.sockets import listen
from couponhub.testing.emulation.app import EmulatorApp, Pages
from couponhub.testing.emulation.connection import ConnectionHandler
from couponhub.testing.emulation.vendor import Closes

if TYPE_CHECKING:
    from couponhub.testing.emulation.context import EmulatorContext
    from couponhub.testing.emulation.vendor import VendorEmulator

_BACKLOG = 1024
_WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared with, not bound to


class EmulatorServer:
    """Serves vendors and their control API from one process, one thread a connection, until it is closed.

    It listens from the start and answers once started; `close` (or the end of `with`) also ends the world's
    background work, since nobody is left to see it, and what the vendors hold open. Port 0 takes a free port. Calls to
    another name than its own are refused, but for those in `allowed_hosts`. With `pages` it also answers browsers.

    Raises:
        LocalError: The address cannot be listened on.
    """

    def __init__(
        self,
        vendors: Sequence["VendorEmulator"],
        world: "EmulatorContext",
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        allowed_hosts: Sequence[str] = (),
        pages: Pages | None = None,
    ) -> None:
        self.world = world
        self.app = EmulatorApp(vendors, world, host=host, allowed_hosts=allowed_hosts, pages=pages)
        # werkzeug would print and exit when the port is taken, so it gets a socket that listens already.
        with listen(host, port, backlog=_BACKLOG) as listening:
            self.port: int = listening.getsockname()[1]
            self._listener = _Listener(host, self.port, self.app, ConnectionHandler, fd=listening.fileno())
        name = _WILDCARDS.get(host, host)
        self.url = f"http://[{name}]:{self.port}" if ":" in name else f"http://{name}:{self.port}"
        self._thread = threading.Thread(target=self._listener.serve_forever, name="emulator", daemon=True)

    def start(self) -> None:
        """Begin to answer, on threads of its own."""
        self._thread.start()

    def close(self) -> None:
        """Stop answering: hang up on every client, give the port back. Closing twice is harmless."""
        if self._thread.is_alive():
            self._listener.shutdown()
            self._thread.join()
        self._listener.server_close()
        self.app.hang_up_on_waiting()
        self._listener.hang_up()
        self.world.background.close()
        for vendor in self.app.vendors.values():
            if isinstance(vendor, Closes):
                vendor.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


class _Listener(ThreadedWSGIServer):
    """Knows its open connections, as a keep-alive one would outlive the server otherwise; ends when it is told to."""

    timeout = 0.0  # a client that is gone when its turn comes is not waited for

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(*args, **kwargs)
        self._end, self._ends = socket.socketpair()

    def serve_forever(self, poll_interval: float = 0.0) -> None:  # noqa: ARG002 - nothing is polled
        # socketserver's own would have to look now and then whether it is to end, and its end would wait for that.
        with selectors.DefaultSelector() as selector:
            selector.register(self, selectors.EVENT_READ)
            selector.register(self._ends, selectors.EVENT_READ)
            while self._ends not in {key.fileobj for key, _ in selector.select()}:
                self.handle_request()

    def shutdown(self) -> None:
        self._end.send(b"\0")  # to close it would tell nobody while a forked process has it too

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def close_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().close_request(request)

    def hang_up(self) -> None:
        self._end.close()
        self._ends.close()
        with self._lock:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), OSError):  # a client that went away is no fault
            super().handle_error(request, client_address)
