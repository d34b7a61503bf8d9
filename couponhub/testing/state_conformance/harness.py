"""The needs of the rules: to open an implementation, to move its clock, and to start and kill who uses it."""

import os
import subprocess
import sys
from abc import ABC, abstractmethod
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from couponhub.state import QuotaStore, State, StoreSettings

_WORKER = "couponhub.testing.state_conformance.worker"


class Worker:
    """A process that works with the state, step by step, and says each step when it is done.

    Args:
        command: Starts it. It prints a line after each step.
    """

    def __init__(self, command: list[str]) -> None:
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        self._process = subprocess.Popen(  # noqa: S603 - our own script
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )

    def step(self) -> str:
        """Wait for the next step, and return what was said of it; "" when there is none any more."""
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def go_on(self) -> None:
        """Let a worker that waits for it take its next step."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def rest(self) -> list[str]:
        """Wait for its end, and return all further steps."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        said = (
            self._process.stdout.read().split()
        )  # not `communicate`, which passes over what is buffered here
        self._process.stdout.close()
        self._process.wait()
        return said

    def kill(self) -> list[str]:
        """Kill it where it stands; return the steps that it had said and nobody had read."""
        self._process.kill()
        return self.rest()

    def close(self) -> None:
        """Kill it if it lives."""
        if self._process.poll() is None:
            self.kill()


class StateHarness(ABC):
    """Puts one implementation to the rules. Each rule gets a state that was never used.

    A harness is a context manager: it closes what was opened, and ends who was started.
    """

    def __init__(self) -> None:
        self._held = ExitStack()

    @property
    @abstractmethod
    def settings(self) -> StoreSettings:
        """The settings by which `open_state` opens the state, in this process and in others; retention is 30 days."""

    @abstractmethod
    def connect(self) -> State:
        """Return the state as a further process would open it, on the clock that `jump` moves."""

    @abstractmethod
    def jump(self, seconds: float) -> None:
        """Let the clock of all states that `open` gave jump, forwards, or backwards below 0."""

    @abstractmethod
    def restored(self, backup: Path) -> State:
        """Return the state that comes of putting a backup back, in a place of its own."""

    def back_up(self, state: State, folder: Path) -> None:
        """Write a backup into a folder that is not there: with the tools of the server, where there is one."""
        assert state.maintenance.backup(folder)

    def open(self) -> State:
        """Return the state as `connect` does; it is closed at the end."""
        return self._held.enter_context(self.connect())

    def restore(self, backup: Path) -> State:
        """Return the state as `restored` does; it is closed at the end."""
        return self._held.enter_context(self.restored(backup))

    def spawn(self, work: str, *words: str) -> Worker:
        """Start a process that does some work of `couponhub.testing.state_conformance.worker` on the state.

        Args:
            work: The name of a function there.
            words: Its arguments.
        """
        worker = Worker([sys.executable, "-m", _WORKER, str(self.settings.url), work, *words])
        self._held.callback(worker.close)
        return worker

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._held.close()


class QuotaHarness(ABC):
    """Puts one `QuotaStore` to the rules of quotas, be it a state's or not. Each rule gets one that was never used."""

    @abstractmethod
    def quotas(self) -> QuotaStore:
        """Return the counters as a further process would open them, on the clock that `jump` moves."""

    @abstractmethod
    def jump(self, seconds: float) -> None:
        """Let the clock of all of them jump, forwards, or backwards below 0."""

    @abstractmethod
    def take_calls(self, account: str, calls: int) -> Worker:
        """Start a process that takes so many calls, as `take_calls_of` in `couponhub.testing.state_conformance.worker`."""


class QuotasOfState(QuotaHarness):
    """Puts the counters of a state to the rules.

    Args:
        harness: The state's.
    """

    def __init__(self, harness: StateHarness) -> None:
        self._harness = harness

    def quotas(self) -> QuotaStore:
        """See `QuotaHarness.quotas`."""
        return self._harness.open().quotas

    def jump(self, seconds: float) -> None:
        """See `QuotaHarness.jump`."""
        self._harness.jump(seconds)

    def take_calls(self, account: str, calls: int) -> Worker:
        """See `QuotaHarness.take_calls`."""
        return self._harness.spawn("take_calls", account, str(calls))
