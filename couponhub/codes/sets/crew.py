"""A few threads that work on blocks side by side, their results taken in order. NumPy lets them run at once."""

import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self, TypeVar, TypeVarTuple

_Args = TypeVarTuple("_Args")
_T = TypeVar("_T")
_MOST_THREADS = 4
_AHEAD = 2
"""The number of blocks, beyond that of threads, that are under way, which bounds the memory."""


class Crew:
    """The threads of one job. What fails in one is raised to whoever submits or drains; an error ends them all."""

    def __init__(self) -> None:
        threads = min(_MOST_THREADS, os.cpu_count() or 1)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="couponhub-codes")
        self._most = threads + _AHEAD
        self._under_way: deque[tuple[Future[Any], Callable[[Any], object]]] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._under_way.clear()

    def submit(
        self,
        work: Callable[[*_Args], _T],
        *args: *_Args,
        then: Callable[[_T], object],
    ) -> None:
        """Have a thread do some work; `then` gets what comes of it, in the caller's thread and in the order of calls."""
        self._under_way.append((self._pool.submit(work, *args), then))
        while len(self._under_way) > self._most:
            self._take()

    def drain(self) -> None:
        """Wait for all that is under way."""
        while self._under_way:
            self._take()

    def _take(self) -> None:
        future, then = self._under_way.popleft()
        then(future.result())
