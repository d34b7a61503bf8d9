"""One client's connection: HTTP/1.1 with keep-alive, which werkzeug's own handler never offers, and no log."""

import io
from collections.abc import Iterable
from typing import Any

from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException
from werkzeug.serving import WSGIRequestHandler
from werkzeug.test import run_wsgi_app
from werkzeug.wsgi import LimitedStream


class ConnectionHandler(WSGIRequestHandler):
    """Runs the application for one request after the other; a ConnectionError of the application hangs up."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are sent apart, and must not wait for each other

    def run_wsgi(self) -> None:
        """Answer the request whose head has just been read."""
        environ = self.environ = self.make_environ()
        body = environ["wsgi.input"]
        if not environ.get("wsgi.input_terminated"):
            length = environ.get("CONTENT_LENGTH", "0")
            if not (length.isascii() and length.isdigit()):
                self.send_error(400)
                return
            body = environ["wsgi.input"] = LimitedStream(body, int(length))
            environ["wsgi.input_terminated"] = True
        parts, status, headers = run_wsgi_app(self.server.app, environ)
        # What the application left unread would be taken for the next request.
        self._skip(body)
        try:
            self._send(parts, status, headers)
        finally:
            if hasattr(parts, "close"):
                parts.close()

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - werkzeug's name for it
        """Log nothing: the recorder knows what was asked, and stderr belongs to the command."""

    def _skip(self, body: io.RawIOBase) -> None:
        try:
            while body.read(65536):
                pass
        except (OSError, HTTPException):  # the client stopped half-way
            self.close_connection = True

    def _send(self, parts: Iterable[bytes], status: str, headers: Headers) -> None:
        code, _, phrase = status.partition(" ")
        bodiless = self.command == "HEAD" or code in {"204", "304"}
        if not bodiless and "Content-Length" not in headers:
            self.close_connection = True  # the end of the connection is the end of the body
        self.send_response_only(int(code), phrase)
        for name, value in headers.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        for part in parts:
            self.wfile.write(part)
