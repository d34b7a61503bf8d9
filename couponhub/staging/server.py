"""Staging by a small HTTP server of our own, which runs while there is something to fetch."""

import secrets
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

import attrs
from werkzeug.exceptions import NotFound
from werkzeug.serving import BaseWSGIServer, ThreadedWSGIServer, WSGIRequestHandler
from werkzeug.wrappers import Request

from couponhub.errors import ConfigError, LocalError
from couponhub.forking import PerProcess
from couponhub.sockets import family_of
from couponhub.staging.base import StagedFile, check_reachable
from couponhub.staging.served_file import ServedFile
from couponhub.staging.settings import StagingSettings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_SILENT_CLIENT_SECONDS = 60
_POLL_SECONDS = 0.05
_MOST_CLIENTS = 64
"""Connections at a time; a vendor needs one for each file that it fetches."""


class ServerStaging:
    """Serves staged files on a thread of its own, which starts with the first and ends with the last of them.

    There are several while files are served again at ports of earlier processes.
    """

    def __init__(self, settings: StagingSettings) -> None:
        if (settings.tls_cert is None) != (settings.tls_key is None):
            raise ConfigError("staging.tls_cert and staging.tls_key go together; one is missing")
        address = urlsplit(f"//{settings.listen}")
        self._host = address.hostname or ""
        self._port = address.port or 0
        self._scheme = "http" if settings.tls_cert is None else "https"
        self._settings = settings
        self._own = PerProcess(_Serving, leave=_Serving.close_copy)

    @contextmanager
    def stage(self, path: Path, name: str) -> Iterator[StagedFile]:
        """See `Staging.stage`."""
        token, own = secrets.token_urlsafe(32), self._own.get()
        with own.lock:
            port = self._started(own, self._port)
            url = f"{self._public_url(port)}/{token}/{quote(name, safe='')}"
            file = own.files[f"{token}/{name}"] = ServedFile(path, url, port)
        try:
            yield file
        finally:
            self._release(file)

    @contextmanager
    def stage_again(self, path: Path, url: str, *, drives: bool = False) -> Iterator[StagedFile | None]:  # noqa: ARG002 - nothing outlives a killed one
        """See `Staging.stage_again`: where the address names a port, that port must be free."""
        file = self._served_again(path, url)
        try:
            yield file
        finally:
            if file is not None:
                self._release(file)

    def require_reachable(self, *, vendor_is_loopback: bool) -> None:
        """See `Staging.require_reachable`."""
        check_reachable(
            self._public_url(self._port),
            vendor_is_loopback=vendor_is_loopback,
            allow_http=self._settings.allow_http,
        )

    def _public_url(self, port: int) -> str:
        if self._settings.public_url is not None:
            return self._settings.public_url.rstrip("/")
        if self._host in {"0.0.0.0", "::"}:  # noqa: S104 - recognised, not listened on
            raise ConfigError(
                "the staging server listens on all addresses, which is no address that a vendor could be told",
                hint="set staging.public_url",
            )
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{self._scheme}://{host}:{port}"

    def _served_again(self, path: Path, url: str) -> ServedFile | None:
        base, _, place = url.rpartition("/")
        base, _, token = base.rpartition("/")
        place = f"{token}/{unquote(place)}"
        try:
            port = self._port if self._settings.public_url is not None else urlsplit(base).port or 0
            own = self._own.get()
            with own.lock:
                if base != self._public_url(port) or place in own.files:
                    return None
                file = own.files[place] = ServedFile(path, url, self._started(own, port))
                return file
        except (ConfigError, LocalError, ValueError):  # somebody else has the port, or the address names none
            return None

    def _started(self, own: "_Serving", port: int) -> int:
        """The port of a server that listens there; port 0 is any."""
        running = next((known for known in own.servers if port in {0, known}), None)
        if running is not None:
            return running
        server = self._start(port)
        own.servers[server.port] = server
        return server.port

    def _start(self, port: int) -> BaseWSGIServer:
        try:
            # Bound here, for werkzeug ends the whole process when a port is taken.
            with socket.create_server((self._host, port), family=family_of(self._host)) as listening:
                server = _BoundedServer(
                    self._host,
                    port,
                    self._answer,
                    _SilentHandler,
                    ssl_context=self._tls(),
                    fd=listening.fileno(),
                )
        except OSError as error:
            raise LocalError(
                f"the staging server cannot listen on {self._settings.listen}: {error.strerror}",
                hint="an upload that runs now may hold it; or choose another port in staging.listen, 0 takes a free one",
            ) from error
        if isinstance(server.socket, ssl.SSLSocket):
            # By the request's own thread: one client that stays silent must not keep the others out.
            server.socket.do_handshake_on_connect = False  # type: ignore[attr-defined] # the stubs lack it
        # How often it looks whether it is to end: every upload waits for that at its own end.
        threading.Thread(
            target=server.serve_forever, args=(_POLL_SECONDS,), name="staging-server", daemon=True
        ).start()
        return server

    def _tls(self) -> ssl.SSLContext | None:
        if self._settings.tls_cert is None:
            return None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        try:
            context.load_cert_chain(self._settings.tls_cert, self._settings.tls_key)
        except OSError as error:  # ssl.SSLError is one
            raise ConfigError(f"staging.tls_cert or tls_key cannot be used: {error.strerror}") from error
        return context

    def _release(self, file: ServedFile) -> None:
        own = self._own.get()
        with own.lock:
            own.files = {place: other for place, other in own.files.items() if other is not file}
            is_over = all(other.port != file.port for other in own.files.values())
            server = own.servers.pop(file.port, None) if is_over else None
            if server is not None:
                server.shutdown()
                server.server_close()

    def _answer(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Any:
        request = Request(environ)
        # The last two segments: a proxy in front may keep the path of public_url or take it off.
        file = self._own.get().files.get("/".join(request.path.rsplit("/", 2)[1:]))
        is_there = file is not None and request.method in {"GET", "HEAD"}
        response = file.answer(environ) if file and is_there else NotFound().get_response(environ)
        response.headers["Cache-Control"] = "no-store"
        return response(environ, start_response)


@attrs.define(eq=False)
class _Serving:
    """The server of one process: a forked one has no thread that serves, and its own files elsewhere."""

    lock: threading.Lock = attrs.field(factory=threading.Lock)
    files: dict[str, ServedFile] = attrs.field(factory=dict)
    servers: dict[int, BaseWSGIServer] = attrs.field(factory=dict)

    def close_copy(self) -> None:
        """In a forked process: keep no port taken, and no vendor waiting, on which nobody answers."""
        for server in self.servers.values():
            server.socket.close()


class _BoundedServer(ThreadedWSGIServer):
    """Hangs up on whoever comes while as many are there as it serves: each has a thread, and may stay silent in it."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self._places = threading.BoundedSemaphore(_MOST_CLIENTS)
        super().__init__(*arguments, **options)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection on a thread of its own."""
        if not self._places.acquire(blocking=False):
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, client_address)
        except BaseException:
            self._places.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """On that thread."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()


class _SilentHandler(WSGIRequestHandler):
    """Keeps no log: every path is a right, and even what is said of a broken request may quote one."""

    timeout = _SILENT_CLIENT_SECONDS

    def send_header(self, keyword: str, value: str) -> None:
        """Send one, but for that which names the software and its versions."""
        if keyword.lower() != "server":
            super().send_header(keyword, value)

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - werkzeug's name
        """Say nothing."""
