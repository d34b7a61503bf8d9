"""couponhub's commands in processes of their own, which may be killed, at a tenth of what starting Python takes.

They are forked off a process that has loaded the command line and done nothing else.
"""

import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

import attrs

HAS_FORK = sys.platform != "win32"
_PRELOADED = [
    "couponhub.cli.main",
    "couponhub_capillary",
    "couponhub_moengage",
    "couponhub.uploads.work",
    __name__,
]


@attrs.define
class Command:
    """A command that runs.

    Attributes:
        words: What was typed after `couponhub`.
    """

    words: Sequence[str]
    _process: Any
    _told: tempfile.TemporaryDirectory[str]

    def kill(self) -> None:
        """End it as nothing can be caught that would let it tidy up."""
        self._process.kill()
        wait([self._process.sentinel])

    def ended(self, *, within: float) -> "subprocess.CompletedProcess[str]":
        """Wait until it has ended; what it printed, and its exit code, which is below zero where a signal ended it.

        Raises:
            TimeoutError: It has not, after so many seconds.
        """
        if not wait([self._process.sentinel], within):
            self.kill()
            raise TimeoutError(f"still running after {within:g} s: {' '.join(self.words)}")
        with self._told:
            self._process.join()
            out, err = (Path(self._told.name, name).read_text(encoding="utf-8") for name in ("out", "err"))
            return subprocess.CompletedProcess(self.words, self._process.exitcode, out, err)


def started(*words: str, folder: Path) -> Command:
    """Start `couponhub` with these words in a folder."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOADED)
    told = tempfile.TemporaryDirectory()
    process = context.Process(
        target=_run, args=(words, folder, dict(os.environ), Path(told.name)), daemon=True
    )
    process.start()
    return Command(words, process, told)


def _run(words: Sequence[str], folder: Path, environment: Mapping[str, str], told: Path) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(told / name, os.O_WRONLY | os.O_CREAT, 0o600), number)
    main: Callable[[Sequence[str]], int]
    from couponhub.cli import main

    raise SystemExit(main(list(words)))
