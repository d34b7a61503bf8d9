"""What stands between a retailer and its vendors: a proxy that keeps connections open, and a process that forks."""

import faulthandler
import json
import logging
import os
import select
import signal
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable
from contextlib import closing
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

CHILD_SECONDS = 60.0
_HOP_BY_HOP = frozenset({"connection", "content-length", "date", "host", "server", "transfer-encoding"})


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "KeepAliveProxy"

    def setup(self) -> None:
        self.server.connections += 1
        super().setup()

    def do_GET(self) -> None:
        self._forward()

    def do_POST(self) -> None:
        self._forward()

    def _forward(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name: text for name, text in self.headers.items() if name.lower() not in _HOP_BY_HOP}
        with closing(HTTPConnection("127.0.0.1", self.server.behind, timeout=30)) as behind:
            behind.request(self.command, self.path, body or None, headers)
            answer = behind.getresponse()
            content = answer.read()
        time.sleep(self.server.delay)  # long enough for others to ask meanwhile
        self.send_response(answer.status)
        for name, text in answer.getheaders():
            if name.lower() not in _HOP_BY_HOP:
                self.send_header(name, text)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - theirs
        """Say nothing."""


class KeepAliveProxy(ThreadingHTTPServer):
    """Answers many requests on one connection, as vendors' servers do and the emulators do not."""

    daemon_threads = True

    def __init__(self, behind: int, *, delay: float = 0.002) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.behind = behind
        self.delay = delay
        self.connections = 0
        self.url = f"http://127.0.0.1:{self.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Pass over a client that went away."""


class Child:
    """A forked process that works, tells what came of it, and ends as those of `multiprocessing` do."""

    def __init__(self, work: Callable[[], object]) -> None:
        reads, writes = os.pipe()
        self._stacks = tempfile.TemporaryFile()  # noqa: SIM115 - until it is told
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # newer Pythons warn of forks beside threads, which this is about
            self.pid = os.fork()
        if self.pid == 0:
            told = 1
            logging.getLogger().handlers.clear()  # pytest's are no part of what is tested, and threads may hold them
            faulthandler.dump_traceback_later(CHILD_SECONDS - 5, file=self._stacks)  # where it hangs
            try:
                os.write(writes, json.dumps(work()).encode())
                told = 0
            except BaseException as error:  # noqa: BLE001 - told to the parent, in which the test runs
                os.write(writes, json.dumps(f"{type(error).__name__}: {error}").encode())
            finally:
                os._exit(told)
        os.close(writes)
        self._reads = reads

    def told(self) -> Any:
        """What its work gave, or the text of its error.

        Raises:
            TimeoutError: It hangs; it is killed.
        """
        text = b""
        ends = time.monotonic() + CHILD_SECONDS
        try:
            while select.select([self._reads], [], [], max(0.0, ends - time.monotonic()))[0]:
                part = os.read(self._reads, 65_536)
                if not part:
                    return json.loads(text)
                text += part
            self._stacks.seek(0)
            raise TimeoutError(f"the forked process hangs:\n{self._stacks.read().decode()}")
        finally:
            self._stacks.close()
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            os.close(self._reads)


HAS_FORK = sys.platform != "win32"
