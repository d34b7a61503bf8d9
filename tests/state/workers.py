"""The processes of the rules of state, forked off one that has loaded all of it."""

import os
import sys
from collections.abc import Callable

from couponhub.state import StoreSettings, open_state
from couponhub.testing.state_conformance.harness import Worker
from couponhub.testing.state_conformance.worker import WORK
from tests.kit.processes import forked


class ForkedWorker(Worker):
    """See `Worker`.

    Args:
        words: The URL of the state, the name of the work, and its arguments.
        work_on: Does it, on a state like that of `open_state`.
    """

    def __init__(self, *words: str, work_on: Callable[[], None] | None = None) -> None:
        reads, told = os.pipe()
        said, writes = os.pipe()
        self._command = forked(work_on or _work, *words, stdin=reads, output=writes)
        os.close(reads)
        os.close(writes)
        self._told, self._said = os.fdopen(told, "w"), os.fdopen(said)

    def step(self) -> str:
        """See `Worker.step`."""
        return self._said.readline().strip()

    def go_on(self) -> None:
        """See `Worker.go_on`."""
        self._told.write("\n")
        self._told.flush()

    def rest(self) -> list[str]:
        """See `Worker.rest`."""
        self._told.close()
        said = self._said.read().split()
        self._said.close()
        self._command.ended()
        return said

    def kill(self) -> list[str]:
        """See `Worker.kill`."""
        self._command.kill()
        return self.rest()

    def close(self) -> None:
        """See `Worker.close`."""
        if not self._said.closed:
            self.kill()


def _work() -> None:
    url, work, *words = sys.argv[1:]
    with open_state(StoreSettings(url=url, retention_days=30)) as state:
        WORK[work](state, *words)
