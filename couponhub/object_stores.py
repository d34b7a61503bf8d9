"""Object stores by obstore, as far as it is the same wherever they are used: its threads, waiting for it, and its faults.

obstore itself is imported where it is used; it is an extra.
"""

import os
import re
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_WORD = re.compile(r"<Code>([A-Za-z.]{1,60})</Code>")
_STATUS = re.compile(r"status code: ([1-5][0-9]{2})\b")
_OTHER_REGION = {"PermanentRedirect", "AuthorizationHeaderMalformed", "HTTP 301"}


class _OneProcess:
    """The process whose threads obstore's are: those that it forks off have none of them, and would wait for ever."""

    def __init__(self) -> None:
        self._used_in: int | None = None

    def claim(self) -> bool:
        """Use it; False where a process that this one was forked off has used it."""
        process = os.getpid()
        if self._used_in is None:
            self._used_in = process
        return self._used_in == process


threads = _OneProcess()
"""Those of obstore are of the whole process, and so is this."""


def waited_for(call: Callable[[], T]) -> T:
    """Call obstore, and wait for it in a way that Ctrl-C ends; what was called goes on then, and nobody hears of it.

    Raises:
        BaseException: What the call raises.
    """
    returned: list[T] = []
    raised: list[BaseException] = []

    def run() -> None:
        try:
            returned.append(call())
        except BaseException as error:  # noqa: BLE001 - it is raised again where it is waited for
            raised.append(error)

    thread = threading.Thread(target=run, name="object store", daemon=True)
    thread.start()
    thread.join()
    if raised:
        raise raised.pop()
    return returned.pop()


def word_for(error: Exception) -> str:
    """Return a service's own word for a fault, or its HTTP status; "" where it said none. The rest of its text quotes addresses."""
    text = str(error)
    word, status = _WORD.search(text), _STATUS.search(text)
    return word[1] if word else f"HTTP {status[1]}" if status else ""


def is_other_region(error: Exception) -> bool:
    """Tell whether a bucket was looked for in a region where it is not."""
    return word_for(error) in _OTHER_REGION or "configured region" in str(error)
