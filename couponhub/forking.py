"""Things that a process must not share with those it forks off: sockets, threads, locks, databases.

A forked process is a copy of its parent with one thread. It finds its parent's sockets open, so that both would read
one stream of answers; its threads counted, and gone; locks held by threads that will never let go; and SQLite's
notes of locks that only the parent holds.
"""

import _imp
import importlib
import os
import threading
import time
import weakref
from collections.abc import Callable
from types import TracebackType
from typing import Generic, TypeVar

T = TypeVar("T")

_LONGEST_WAIT_SECONDS = 5.0
"""For threads to let go of what must be whole at a fork; on a busy machine each may wait long for its turn."""
_LEAST_WAIT_SECONDS = 0.5
"""For each of those things, also where others took all of that time."""


class HearsOfForks:
    """Is told when this process forks, for as long as it lives, where Python is told itself.

    Methods must not raise. A host that forks below Python (uWSGI without `py-call-uwsgi-fork-hooks`) tells nobody.
    """

    def __init__(self) -> None:
        _hearing[id(self)] = self

    def before_fork(self, until: float) -> None:
        """Called before; may wait for other threads up to a moment of the monotonic clock."""

    def after_fork_in_parent(self) -> None:
        """Called after, on the same thread, where nothing else has changed."""

    def after_fork_in_child(self) -> None:
        """Called in the new process, in which this is the only thread."""


class PerProcess(HearsOfForks, Generic[T]):
    """A value of which each process has its own: one that was forked off makes it anew. Thread-safe, without a lock.

    Args:
        make: Makes it, when it is first asked for. Of several that threads make at once one is used, so it should
            start nothing.
        leave: Is handed, in the new process, what its parent had made; what it does not keep is let go of there.
    """

    def __init__(self, make: Callable[[], T], *, leave: Callable[[T], object] | None = None) -> None:
        super().__init__()
        self._make = make
        self._leave = leave
        self._made: dict[int, T] = {}  # by process: one at most, but for the moments after a fork

    def get(self) -> T:
        """The value of this process."""
        process = os.getpid()
        try:
            return self._made[process]
        except KeyError:
            self._leave_all_but(process)  # after a fork that Python was not told of
            return self._made.setdefault(process, self._make())

    def after_fork_in_child(self) -> None:
        """Leave what the parent had."""
        self._leave_all_but(None)  # the number of a process that has ended is given out again

    def _leave_all_but(self, process: int | None) -> None:
        for other in list(self._made):
            inherited = None if other == process else self._made.pop(other, None)
            if inherited is not None and self._leave is not None:
                self._leave(inherited)


class ProcessLock:
    """A lock that no forked process finds held. What it guards must be whole at any moment."""

    def __init__(self) -> None:
        self._own = PerProcess(threading.Lock)

    def __enter__(self) -> None:
        self._own.get().acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._own.get().release()


# The one state of a module here that changes: that it forks is an event of the whole process, and hooks that Python
# was given cannot be taken back, so that there are three of them, not three for each hub that ever was.
_hearing: weakref.WeakValueDictionary[int, HearsOfForks] = weakref.WeakValueDictionary()


def _all_hearing() -> list[HearsOfForks]:
    return [one for reference in _hearing.valuerefs() if (one := reference()) is not None]


def _before_fork() -> None:
    until = time.monotonic() + _LONGEST_WAIT_SECONDS
    for one in _all_hearing():
        one.before_fork(_at_least(until))
    loading.hold(_at_least(until))
    _hold_imports(_at_least(until))  # the last: threads that are waited for may be importing


def _at_least(until: float) -> float:
    return max(until, time.monotonic() + _LEAST_WAIT_SECONDS)


def _after_fork_in_parent() -> None:
    _let_imports_go()
    loading.let_go()
    for one in _all_hearing():
        one.after_fork_in_parent()


def _after_fork_in_child() -> None:
    _let_imports_go()
    loading.begin_anew()
    for one in _all_hearing():
        one.after_fork_in_child()


class _Loading:
    """A block in which no process forks, since a library takes a lock of its own there to load what it needs.

    The block must be short, and wait for nothing but that.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._held = False  # by the thread that forks

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()

    def hold(self, until: float) -> None:
        """Let nobody enter before the fork is over; waits for those who are inside."""
        self._held = self._lock.acquire(timeout=max(0.0, until - time.monotonic()))

    def let_go(self) -> None:
        """Let others enter again."""
        if self._held:
            self._held = False
            self._lock.release()

    def begin_anew(self) -> None:
        """Let others enter in a new process, where those who were inside are not."""
        self._lock, self._held = threading.RLock(), False


loading = _Loading()
"""The one of this process, as the locks of libraries are."""


_imports_held: list[bool] = []  # changed under the lock of imports alone


def _hold_imports(until: float) -> None:
    """Have no thread half-way through an import: in the child the lock of that module would be held for ever.

    Python itself takes care of its one lock of all imports only. Much is imported when it is first used: by us, by
    phonenumbers for each country, by oauthlib.
    """
    while True:
        _imp.acquire_lock()
        if not _imports_elsewhere():
            _imports_held.append(True)
            return
        _imp.release_lock()
        if time.monotonic() >= until:
            return
        time.sleep(0.001)


def _let_imports_go() -> None:
    if _imp.lock_held() and _imports_held:
        _imports_held.pop()
        _imp.release_lock()


def _imports_elsewhere() -> bool:
    # Of no public name; where a later Python has others, a fork amid an import hangs as it does without us.
    locks = getattr(importlib._bootstrap, "_module_locks", {})  # noqa: SLF001
    return any(_is_elsewhere(reference()) for reference in list(locks.values()))


def _is_elsewhere(module_lock: object) -> bool:
    own = getattr(module_lock, "lock", None)  # that guards its fields, for moments
    is_changing = isinstance(own, type(threading.Lock())) and own.locked()
    return is_changing or getattr(module_lock, "owner", None) not in {None, threading.get_ident()}


if hasattr(os, "register_at_fork"):  # Windows forks nothing
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=_after_fork_in_parent,
        after_in_child=_after_fork_in_child,
    )
