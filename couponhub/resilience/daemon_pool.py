"""A bounded number of daemon threads that work a queue off."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

_IDLE_SECONDS = 10.0


class DaemonThreadPool(Generic[T]):
    """Thread-safe. A thread is started when one is needed, and ends when it has been idle for a while.

    The threads of `concurrent.futures` are waited for when the process ends, and a vendor that hangs in name
    resolution must not keep it from ending.

    Args:
        name: Of the threads.
        limit: How many there may be.
        work: What is done with an item; must not raise.
        idle: Seconds after which an idle thread ends.
    """

    def __init__(
        self, name: str, limit: int, work: Callable[[T], None], *, idle: float = _IDLE_SECONDS
    ) -> None:
        self._name = name
        self._limit = limit
        self._work = work
        self._idle_seconds = idle
        self._queue: OrderedDict[T, None] = OrderedDict()
        self._ready = threading.Condition()
        self._threads = 0
        self._idle = 0
        self._closed = False

    @property
    def waiting(self) -> int:
        """The number of items that no thread has taken yet."""
        return len(self._queue)

    def add(self, item: T) -> None:
        """Have `item` worked on when its turn comes.

        Raises:
            RuntimeError: The system starts no thread, and there is none.
        """
        with self._ready:
            self._queue[item] = None
            if self._idle >= len(self._queue) or self._threads == self._limit:
                self._ready.notify()
                return
            try:
                threading.Thread(target=self._run, name=self._name, daemon=True).start()
                self._threads += 1
            except RuntimeError:
                if self._threads == 0:
                    del self._queue[item]
                    raise

    def remove(self, item: T) -> None:
        """Take an item back; nothing happens when a thread has it."""
        with self._ready:
            self._queue.pop(item, None)

    def clear(self) -> list[T]:
        """Take all items back that no thread has."""
        with self._ready:
            items = list(self._queue)
            self._queue.clear()
            return items

    def close(self) -> None:
        """Let the threads end when they have done what they are at."""
        with self._ready:
            self._closed = True
            self._ready.notify_all()

    def _run(self) -> None:
        while (item := self._next()) is not None:
            self._work(item)
            del item  # or it would be held for as long as this thread is idle

    def _next(self) -> T | None:
        with self._ready:
            self._idle += 1
            self._ready.wait_for(lambda: self._queue or self._closed, self._idle_seconds)
            self._idle -= 1
            if self._queue:
                return self._queue.popitem(last=False)[0]
            self._threads -= 1
            return None
