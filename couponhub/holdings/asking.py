"""Asks about many customers, some at a time, and tells of them in their order."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

import attrs

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


def answers_in_order(ask: Callable[[T], R], things: Iterable[T]) -> Iterator[tuple[T, R]]:
    """Ask about each of many things; the first error ends it, in its turn. Left early, nothing further is asked.

    Its threads are daemons: whoever interrupts waits for none of them.
    """
    pool: DaemonThreadPool[_Question[T, R]] = DaemonThreadPool("export", _AT_ONCE, _Question.work)
    waiting: deque[_Question[T, R]] = deque()
    try:
        for thing in things:
            if len(waiting) == _AT_ONCE:
                yield _taken(waiting.popleft())
            question = _Question(thing, ask)
            pool.add(question)
            waiting.append(question)
        while waiting:
            yield _taken(waiting.popleft())
    finally:
        pool.clear()
        pool.close()


def _taken(question: _Question[T, R]) -> tuple[T, R]:
    question.ended.wait()
    if question.error is not None:
        raise question.error
    return question.about, question.answer[0]
