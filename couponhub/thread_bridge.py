"""Lets coroutines await what blocks: it is done on a bounded number of daemon threads, beside the event loop."""

import asyncio
import contextvars
import functools
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import suppress
from typing import Any, Concatenate, Generic, ParamSpec, Protocol, Self, TypeVar, cast, overload

from couponhub.errors import LocalError
from couponhub.forking import PerProcess
from couponhub.resilience.daemon_pool import DaemonThreadPool

P = ParamSpec("P")
T = TypeVar("T")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)

_THREADS = 64
_END = object()


class ThreadBridge:
    """Threads on which blocking calls are made for coroutines; each process has its own. Thread-safe.

    At most 64 calls are made at once; what comes on top waits for its turn. Whoever is cancelled waits no longer: a call
    that has begun goes on to its end, one that has not is not made.

    Args:
        name: Of the threads.
    """

    def __init__(self, name: str) -> None:
        self._pool: PerProcess[DaemonThreadPool[_Errand[Any]]] = PerProcess(
            lambda: DaemonThreadPool(name, _THREADS, _Errand.do)
        )

    async def run(self, call: Callable[[], T]) -> T:
        """Make a call on another thread, with the context variables of the caller; return what it returns.

        Raises:
            LocalError: The system starts no thread.
        """
        errand = _Errand(call, asyncio.get_running_loop())
        pool = self._pool.get()
        _add(pool, errand)
        try:
            return await errand.future
        except asyncio.CancelledError:
            pool.remove(errand)
            raise

    def start(self, call: Callable[[], object]) -> None:
        """Make a call on another thread, and tell nobody what came of it; it must not raise.

        Raises:
            LocalError: The system starts no thread.
        """
        _add(self._pool.get(), _Errand(call, None))

    async def each(self, begin: Callable[[], Iterator[T]]) -> AsyncIterator[T]:
        """Iterate over something whose every step may block.

        Args:
            begin: Returns the iterator; called on another thread, too.
        """
        source = _Source(await self.run(begin))
        try:
            while (item := await self.run(source.step)) is not _END:
                yield cast("T", item)
        finally:
            with suppress(LocalError):
                self.start(source.close)

    def close(self) -> None:
        """Let the threads end when they have done what they are at."""
        self._pool.get().close()


def _add(pool: "DaemonThreadPool[_Errand[Any]]", errand: "_Errand[Any]") -> None:
    try:
        pool.add(errand)
    except RuntimeError:
        raise LocalError("this machine starts no further thread") from None


class _Errand(Generic[T]):
    """A call, and the coroutine that waits for it; no loop where nobody does."""

    __slots__ = ("_call", "_context", "_loop", "future")

    def __init__(self, call: Callable[[], T], loop: asyncio.AbstractEventLoop | None) -> None:
        self._call = call
        self._loop = loop
        if loop is not None:
            self.future: asyncio.Future[T] = loop.create_future()
            self._context = contextvars.copy_context()

    def do(self) -> None:
        if self._loop is None:
            self._call()
            return
        if self.future.cancelled():
            return
        error: BaseException | None = None
        result: Any = None
        try:
            result = self._context.run(self._call)
        except BaseException as raised:  # noqa: BLE001 - whoever waits is told, whatever it is
            error = raised
        with suppress(RuntimeError):  # the loop was closed, and nobody waits there any more
            self._loop.call_soon_threadsafe(self._settle, result, error)

    def _settle(self, result: T, error: BaseException | None) -> None:
        if self.future.done():
            return
        if error is None:
            self.future.set_result(result)
        else:
            self.future.set_exception(error)


class _Source(Generic[T]):
    """An iterator, one step at a time; closed by whoever comes last, should its reader have left amid a step."""

    def __init__(self, items: Iterator[T]) -> None:
        self._items = items
        self._lock = threading.Lock()

    def step(self) -> T | object:
        with self._lock:
            return next(self._items, _END)

    def close(self) -> None:
        with self._lock:
            getattr(self._items, "close", bool)()


class Bridged(Protocol[R_co]):
    """An object that stands before another one whose methods block."""

    bridge: ThreadBridge

    def behind(self) -> R_co:
        """Return the object; called on another thread, so that it may be opened there."""
        ...


class Awaited(Generic[R, P, T]):
    """A method of a `Bridged` class: that of the object behind it, awaited, with the same arguments.

    Args:
        method: The method of the class behind it.
    """

    def __init__(self, method: Callable[Concatenate[R, P], T]) -> None:
        self._method = method
        self._name = method.__name__
        self.__doc__ = method.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, at: None, owner: type) -> Self: ...
    @overload
    def __get__(self, at: Bridged[R], owner: type) -> Callable[P, Coroutine[Any, Any, T]]: ...
    def __get__(self, at: Bridged[R] | None, owner: type) -> Self | Callable[P, Coroutine[Any, Any, T]]:
        if at is None:
            return self
        method = self._method

        @functools.wraps(method)
        def awaited(*given: P.args, **named: P.kwargs) -> Coroutine[Any, Any, T]:
            return at.bridge.run(lambda: method(at.behind(), *given, **named))

        vars(at)[self._name] = awaited  # it stands before this descriptor from now on
        return awaited


class Iterated(Generic[R, P, T]):
    """A method that returns an iterator there, and an asynchronous one here; see `Awaited`.

    Args:
        method: The method of the class behind it.
    """

    def __init__(self, method: Callable[Concatenate[R, P], Iterator[T]]) -> None:
        self._method = method
        self._name = method.__name__
        self.__doc__ = method.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, at: None, owner: type) -> Self: ...
    @overload
    def __get__(self, at: Bridged[R], owner: type) -> Callable[P, AsyncIterator[T]]: ...
    def __get__(self, at: Bridged[R] | None, owner: type) -> Self | Callable[P, AsyncIterator[T]]:
        if at is None:
            return self
        method = self._method

        @functools.wraps(method)
        def iterated(*given: P.args, **named: P.kwargs) -> AsyncIterator[T]:
            return at.bridge.each(lambda: method(at.behind(), *given, **named))

        vars(at)[self._name] = iterated
        return iterated
