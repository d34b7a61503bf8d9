"""A way to a server that can be broken: TCP connections go through it, until it hangs, drops them, or is mended."""

import selectors
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import attrs

_BLOCK = 65_536


@attrs.define
class Forwarder:
    """Forwards what comes to a port of its own, both ways.

    Attributes:
        target: The port of the server on this machine.
        port: Its own.
        hangs: While True it takes connections and words, and passes nothing on.
        refuses: While True it ends each connection at once.
    """

    target: int
    port: int = 0
    hangs: bool = False
    refuses: bool = False
    _pairs: dict[socket.socket, socket.socket] = attrs.field(factory=dict, init=False)
    _over: bool = attrs.field(default=False, init=False)

    def drop(self) -> None:
        """End all connections that there are."""
        for one in list(self._pairs):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _run(self, listening: socket.socket) -> None:
        with selectors.DefaultSelector() as ready:
            ready.register(listening, selectors.EVENT_READ)
            while not self._over:
                for key, _ in ready.select(0.02):
                    if key.fileobj is listening:
                        self._accept(listening, ready)
                    elif isinstance(key.fileobj, socket.socket) and not self.hangs:
                        self._pass_on(key.fileobj, ready)
            for one in list(self._pairs):
                one.close()

    def _accept(self, listening: socket.socket, ready: selectors.BaseSelector) -> None:
        came, _ = listening.accept()
        try:
            went = socket.create_connection(("127.0.0.1", self.target))
        except OSError:
            came.close()
            return
        for one, other in ((came, went), (went, came)):
            self._pairs[one] = other
            ready.register(one, selectors.EVENT_READ)

    def _pass_on(self, one: socket.socket, ready: selectors.BaseSelector) -> None:
        other = self._pairs.get(one)
        if other is None:
            return
        try:
            words = b"" if self.refuses else one.recv(_BLOCK)
            if words:
                other.sendall(words)
                return
        except OSError:
            pass
        for ended in (one, other):
            ready.unregister(ended)
            del self._pairs[ended]
            ended.close()


@contextmanager
def forwarding(target: int) -> Iterator[Forwarder]:
    """Forward to a port of this machine for the block."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        found = Forwarder(target, port=listening.getsockname()[1])
        thread = threading.Thread(target=found._run, args=(listening,), daemon=True)
        thread.start()
        try:
            yield found
        finally:
            found._over = True
            thread.join()
