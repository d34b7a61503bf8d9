"""urllib3's connections, taught two things: to bound a whole answer in time, and to say that nothing was sent."""

import io
import queue
import socket
from http.client import HTTPException, HTTPResponse
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import NewConnectionError

from couponhub.clock import Deadline

_MOST_LINE = 64 * 1024
_MOST_HEAD = 128 * 1024
"""Bytes of all header lines; servers themselves take some 8 to 64 KiB of their clients."""
_SENT_AT_ONCE = 64 * 1024
"""Bytes of a body for one call of the system. With urllib3's 16 KiB a file takes twice as long on a fast way; and on a
slow one each call must end within a timeout."""


class NotConnected(NewConnectionError):  # noqa: N818 - never leaves this package
    """No connection came about, so that nothing of the request was sent; `__cause__` says why."""


class _TimedReader(io.RawIOBase):
    """Reads a socket up to one moment: the socket's own timeout begins anew at each byte that drips in."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, seconds: float) -> None:
        self._raw = raw
        self._sock = sock
        self._deadline = Deadline.after(seconds)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        remaining = self._deadline.remaining()
        if remaining == 0.0:
            raise TimeoutError("timed out")
        # urllib3 sets it anew before the next request on this connection.
        self._sock.settimeout(remaining)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _BoundedLines(io.BufferedReader):
    """Reads no line without a bound, as urllib3 would those between chunks, and heads of a few KiB in all."""

    head_left: int | None = None

    def readline(self, size: int | None = -1, /) -> bytes:
        line = super().readline(_MOST_LINE if size is None or size < 0 else size)
        if self.head_left is not None:
            self.head_left -= len(line)
            if self.head_left < 0:
                raise HTTPException("the head is too large")
        return line


class _TimedResponse(HTTPResponse):
    """An answer that must be there, headers and body, before the socket's timeout has passed once."""

    def __init__(self, sock: socket.socket, *arguments: Any, **options: Any) -> None:
        super().__init__(sock, *arguments, **options)
        seconds = sock.gettimeout()
        if seconds is not None:
            self.fp = _BoundedLines(_TimedReader(self.fp.detach(), sock, seconds))

    def begin(self) -> None:
        """Read the head, and those of interim answers before it."""
        lines = self.fp
        if isinstance(lines, _BoundedLines):
            lines.head_left = _MOST_HEAD
        super().begin()
        if isinstance(lines, _BoundedLines):
            lines.head_left = None


class _Connection(HTTPConnection):
    response_class = _TimedResponse

    def connect(self) -> None:
        try:
            super().connect()
        except Exception as error:
            raise NotConnected(self, "no connection") from error


class _TlsConnection(_Connection, HTTPSConnection):
    """A connection with TLS: the `connect` above calls that of `HTTPSConnection`, which comes before `HTTPConnection`."""


class _Spares:
    """The connections of a pool that nobody uses, the latest first.

    It has no lock: where a process forks, another thread could hold that, and the child, which closes its copies of
    the pool's connections at its end, would wait for it for ever.
    """

    def __init__(self, maxsize: int) -> None:
        self._most = maxsize
        self._spare: list[Any] = []

    def get(self, block: bool = False, timeout: float | None = None) -> Any:  # noqa: ARG002 - of queue.LifoQueue
        """Take the latest; pools of ours never block."""
        try:
            return self._spare.pop()
        except IndexError:
            raise queue.Empty from None

    def put(self, item: Any, block: bool = False, timeout: float | None = None) -> None:  # noqa: ARG002 - the same
        """Give one back."""
        if len(self._spare) >= self._most:
            raise queue.Full
        self._spare.append(item)

    def qsize(self) -> int:
        """Count them."""
        return len(self._spare)


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection
    QueueCls = _Spares  # type: ignore[assignment] # all of a queue that pools use


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection
    QueueCls = _Spares  # type: ignore[assignment] # the same


class TimedAdapter(HTTPAdapter):
    """requests' adapter over such connections, with a proxy or without."""

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """Make the pools, with our connections in them."""
        super().init_poolmanager(*arguments, blocksize=_SENT_AT_ONCE, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        """Make the pools of a proxy, with our connections in them."""
        manager = super().proxy_manager_for(proxy, blocksize=_SENT_AT_ONCE, **options)
        manager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
        return manager
