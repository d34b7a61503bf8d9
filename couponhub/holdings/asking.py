"""Asks about many customers, some at a time, and tells of them in their order."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

import attrs

from couponhub.clock import LOOKS_FOR_SIGNALS_EVERY
from couponhub.resilience.daemon_pool import DaemonThreadPool

T = TypeVar("T")
R = TypeVar("R")

_AT_ONCE = 4
"""Calls of an export at a time: a vendor should hardly notice it beside the lookups of tills and sites."""


@attrs.define(eq=False)
class _Question(Generic[T, R]):
    about: T
    ask: Callable[[T], R]
    ended: threading.Event = attrs.field(factory=threading.Event)
    answer: list[R] = attrs.field(factory=list)
    error: BaseException | None = None

    def work(self) -> None:
        try:
            self.answer.append(self.ask(self.about))
        except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
            self.error = error
        self.ended.set()

    def ended_with(self) -> BaseException | None:
        """Wait for its end, and return what it failed of."""
        while not self.ended.wait(LOOKS_FOR_SIGNALS_EVERY):
            pass
        return self.error


def answers_in_order(ask: Callable[[T], R], things: Iterable[T]) -> Iterator[tuple[T, R]]:
    """Ask about each of many things; after the first error nothing further is asked.

    That error is raised when the answers are told that were under way. Its threads are daemons: whoever interrupts waits
    for none of them.
    """
    pool: DaemonThreadPool[_Question[T, R]] = DaemonThreadPool("export", _AT_ONCE, _Question.work)
    waiting: deque[_Question[T, R]] = deque()
    trouble: BaseException | None = None
    try:
        for thing in things:
            if len(waiting) == _AT_ONCE:
                first = waiting.popleft()
                trouble = first.ended_with()
                if trouble is not None:
                    break
                yield first.about, first.answer[0]
            question = _Question(thing, ask)
            pool.add(question)
            waiting.append(question)
        for question in waiting:
            error = question.ended_with()
            trouble = trouble or error
            if error is None:
                yield question.about, question.answer[0]
    finally:
        pool.clear()
        pool.close()
    if trouble is not None:
        raise trouble
