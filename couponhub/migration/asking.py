"""Asking about many, a few at a time, with the answers in the order of the questions."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

Q = TypeVar("Q")
A = TypeVar("A")

_AT_ONCE = 8
_AHEAD = 4 * _AT_ONCE


def answers_to(questions: Iterable[Q], ask: Callable[[Q], A]) -> Iterator[tuple[Q, Future[A]]]:
    """Ask each question on a thread; each comes with its answer, or with what was raised instead, once it is its turn.

    When whoever takes the answers has enough of them, what was not begun is not asked.
    """
    with ThreadPoolExecutor(_AT_ONCE, "couponhub-asking") as threads:
        waiting = iter(questions)
        under_way: deque[tuple[Q, Future[A]]] = deque()
        try:
            while True:
                for question in islice(waiting, _AHEAD - len(under_way)):
                    under_way.append((question, threads.submit(ask, question)))
                if not under_way:
                    return
                yield under_way.popleft()
        finally:
            for _, answer in under_way:
                answer.cancel()
