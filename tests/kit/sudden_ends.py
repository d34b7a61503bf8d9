"""Processes that end as by `kill -9`, at a moment that was chosen before: at any call of a function, or around a call to a vendor."""

import itertools
import os
import re
import signal
import sys
import threading
from typing import Any, Literal

import attrs

Moment = Literal["call", "before", "after"]


@attrs.frozen
class SuddenEnd:
    """The moment at which a process kills itself.

    Attributes:
        moment: `call` is a function's, ours or built in, on whatever thread; `before` and `after` are a call to a vendor:
            it has not left yet, or its answer has just come.
        number: Which one, from 1.
        match: What method and path of a call to a vendor look like that counts; any counts by default.
    """

    moment: Moment
    number: int
    match: str = ""

    def install(self) -> None:
        """Have this process end then."""
        if self.moment == "call":
            self._count_functions()
        else:
            self._count_requests()

    def _count_functions(self) -> None:
        # Of all threads together: to take the next number is one step of the interpreter.
        counted = itertools.count(1)

        def count(_frame: Any, event: str, _what: Any) -> None:
            if event in {"call", "c_call"} and next(counted) == self.number:
                _end()

        threading.setprofile(count)
        sys.setprofile(count)

    def _count_requests(self) -> None:
        from urllib3 import HTTPConnectionPool

        counted, ask = itertools.count(1), HTTPConnectionPool.urlopen

        def urlopen(pool: HTTPConnectionPool, method: str, url: str, *arguments: Any, **options: Any) -> Any:
            is_meant = re.search(self.match, f"{method} {url}") is not None
            is_last = is_meant and next(counted) == self.number
            if is_last and self.moment == "before":
                _end()
            answer = ask(pool, method, url, *arguments, **options)
            if is_last:
                _end()
            return answer

        HTTPConnectionPool.urlopen = urlopen  # type: ignore[assignment]


def _end() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
