"""Processes that end as by `kill -9`, at a chosen moment: a call of any function, of a named one of ours, or to a vendor."""

import itertools
import os
import re
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any, Literal

import attrs

Moment = Literal["call", "entered", "left", "before", "after"]


_Profile = Callable[[Any, str, Any], None]
_EVENTS = {"entered": "call", "left": "return"}


@attrs.frozen
class SuddenEnd:
    """The moment at which a process kills itself.

    Attributes:
        moment: `call` is a function's, ours or built in, on whatever thread; `entered` and `left` are a named function's: it
            has done nothing yet, or all of it; `before` and `after` are a call to a vendor: it has not left yet, or its
            answer has just come.
        number: Which one, from 1.
        match: The qualified name of a function (`Class.method`); of a call to a vendor, what method and path look like, any
            by default.
    """

    moment: Moment
    number: int
    match: str = ""

    def install(self) -> None:
        """Have this process end then."""
        install(self)

    def _functions(self) -> _Profile:
        # Of all threads together: to take the next number is one step of the interpreter.
        counted, number = itertools.count(1), self.number

        def count(_frame: Any, event: str, _what: Any) -> None:
            if event in {"call", "c_call"} and next(counted) == number:
                _end()

        return count

    def _named(self) -> _Profile:
        counted, meant, name, number = itertools.count(1), _EVENTS[self.moment], self.match, self.number

        def count(frame: Any, event: str, _what: Any) -> None:
            if event == meant and frame.f_code.co_qualname == name and next(counted) == number:
                _end()

        return count

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


def install(*ends: SuddenEnd) -> None:
    """Have this process end at the first of these moments that comes."""
    counting: list[_Profile] = []
    for end in ends:
        if end.moment == "call":
            counting.append(end._functions())
        elif end.moment in _EVENTS:
            counting.append(end._named())
        else:
            end._count_requests()
    if counting:

        def count(frame: Any, event: str, what: Any) -> None:
            for one in counting:
                one(frame, event, what)

        profile = counting[0] if len(counting) == 1 else count
        threading.setprofile(profile)
        sys.setprofile(profile)


def _end() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
