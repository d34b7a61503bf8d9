"""What stands between a retailer and its vendors: a proxy that keeps connections open, and a process that forks."""

import faulthandler
import json
import logging
import os
import select
import signal
import socket
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable
from contextlib import closing
from http.client import HTTPConnection
from typing import Any

from tests.kit.scripted_server import Script, ScriptedServer, Seen, says

CHILD_SECONDS = 60.0
_HOP_BY_HOP = frozenset({"connection", "content-length", "date", "host", "server", "transfer-encoding"})


class KeepAliveProxy(ScriptedServer):
    """Answers many requests on one connection, as vendors' servers do and the emulators do not."""

    def __init__(self, behind: int, *, delay: float = 0.002) -> None:
        super().__init__()
        self.behind = behind
        self.delay = delay
        self.otherwise = self._forward

    @property
    def connections(self) -> int:
        """How many have carried a request."""
        return len({seen.connection for seen in [*self.seen]})

    def _forward(self, seen: Seen) -> Script:
        def script(connected: socket.socket, stopped: threading.Event) -> bool:
            headers = {name: text for name, text in seen.headers.items() if name not in _HOP_BY_HOP}
            with closing(HTTPConnection("127.0.0.1", self.behind, timeout=30)) as behind:
                behind.request(seen.method, seen.target, seen.body or None, headers)
                answer = behind.getresponse()
                content = answer.read()
            kept = {name: text for name, text in answer.getheaders() if name.lower() not in _HOP_BY_HOP}
            stopped.wait(self.delay)  # long enough for others to ask meanwhile
            return says(answer.status, content, kept)(connected, stopped)

        return script


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
