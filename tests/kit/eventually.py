"""Waiting for what another thread, process or vendor is about to do."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_FIRST_PAUSE, _LONGEST_PAUSE, _GROWTH = 0.001, 0.02, 1.5


def eventually(condition: Callable[[], T | None], what: str = "it", *, seconds: float = 60.0) -> T:
    """Return what the condition gives as soon as that is true.

    Args:
        condition: Asked again and again.
        what: What is waited for, for the one who reads of the failure.
        seconds: How long to wait at most; far longer than it takes, so that a busy machine fails no test.

    Raises:
        AssertionError: It did not come about.
    """
    end, pause = time.monotonic() + seconds, _FIRST_PAUSE
    while not (found := condition()):
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(pause)
        pause = min(pause * _GROWTH, _LONGEST_PAUSE)
    return found
