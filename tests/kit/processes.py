"""couponhub's commands, and programs of tests, in processes of their own, at a tenth of what starting Python takes.

They are forked off a process that has loaded the command line and done nothing else. What starting Python itself does
(a closed stdin, where zone data are looked for) is not seen in them.
"""

import io
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from multiprocessing.connection import wait
from multiprocessing.reduction import DupFd
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import attrs

HAS_FORK = sys.platform != "win32"
_PRELOADED = [
    "couponhub.cli",
    "couponhub.cli.app",
    *(
        f"couponhub.cli.commands.{name}"
        for name in ("connections", "lists", "lookup", "uploads", "emulate", "serve")
    ),
    "couponhub_capillary.adapter",
    "couponhub_moengage.adapter",
    "couponhub.uploads.work",
    "couponhub.usage",
    "couponhub.server.workers",
    "couponhub.transport.oauth",
    "encodings.utf_8_sig",
    "phonenumbers",
    __name__,
]


@attrs.define
class Command:
    """A command or another program that runs; whoever leaves the block of it early kills it.

    Attributes:
        words: What it was told.
    """

    words: Sequence[str]
    _process: Any
    _told: tempfile.TemporaryDirectory[str]
    _ended: "subprocess.CompletedProcess[str] | None" = None

    @property
    def pid(self) -> int:
        """Its number."""
        return int(self._process.pid)

    @property
    def out(self) -> str:
        """What it has printed so far."""
        return self._read("out") if self._ended is None else self._ended.stdout

    @property
    def err(self) -> str:
        """What it has said on stderr so far."""
        return self._read("err") if self._ended is None else self._ended.stderr

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return not wait([self._process.sentinel], 0)

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    def kill(self) -> None:
        """End it as nothing can be caught that would let it tidy up."""
        self._process.kill()
        wait([self._process.sentinel])

    def ended(self, *, within: float = 60.0) -> "subprocess.CompletedProcess[str]":
        """Wait until it has ended; what it printed, and its exit code, which is below zero where a signal ended it.

        Raises:
            TimeoutError: It has not, after so many seconds.
        """
        if not wait([self._process.sentinel], within):
            self.kill()
            raise TimeoutError(f"still running after {within:g} s: {' '.join(self.words)}")
        with self._told:
            self._process.join()
            code = self._process.exitcode
            self._ended = subprocess.CompletedProcess(self.words, code, self.out, self.err)
        return self._ended

    def _read(self, name: str) -> str:
        return Path(self._told.name, name).read_text(encoding="utf-8", errors="surrogateescape")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        self._told.cleanup()


def started(
    *words: str,
    folder: Path,
    environment: Mapping[str, str] | None = None,
    stdin: str | int = "",
    output: int | None = None,
    errors: int | None = None,
    before: Callable[[], None] | None = None,
    has_children: bool = False,
) -> Command:
    """Start `couponhub` with these words in a folder, as `forked`; `before`, a function of a module, is called first."""
    return forked(
        partial(_couponhub, before),
        *words,
        folder=folder,
        environment=environment,
        stdin=stdin,
        output=output,
        errors=errors,
        has_children=has_children,
    )


def forked(
    program: Callable[[], object],
    *words: str,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    stdin: str | int = "",
    output: int | None = None,
    errors: int | None = None,
    has_children: bool = False,
) -> Command:
    """Run a program in a process of its own.

    Args:
        program: A function of a module.
        words: What it finds in `sys.argv` after the first.
        folder: The working folder; that of this process by default.
        environment: All of it; that of this process by default.
        stdin: A text, or a descriptor to read from.
        output: A descriptor to print to; by default what is printed is kept.
        errors: The same for stderr.
        has_children: It begins processes itself, and is to be killed by whoever began it.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOADED)
    told = tempfile.TemporaryDirectory()
    with ExitStack() as opened:
        descriptors = []
        for name, given in (("in", stdin), ("out", output), ("err", errors)):
            path = Path(told.name, name)
            path.write_text(given if isinstance(given, str) else "", encoding="utf-8")
            file = opened.enter_context(path.open("rb" if name == "in" else "ab"))
            descriptors.append(_Descriptor(given if isinstance(given, int) else file.fileno()))
        around = (folder or Path.cwd(), dict(os.environ if environment is None else environment))
        process = context.Process(
            target=_run, args=(program, words, *around, descriptors), daemon=not has_children
        )
        process.start()
    return Command(words, process, told)


class _Descriptor:
    """A descriptor that is sent along to the process."""

    def __init__(self, number: int) -> None:
        self._number = number

    def __reduce__(self) -> tuple[Callable[[Any], int], tuple[Any]]:
        return _received, (DupFd(self._number),)


def _received(sent: Any) -> int:
    number: int = sent.detach()
    return number


def _run(
    program: Callable[[], object],
    words: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    descriptors: Sequence[int],
) -> None:
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    os.chdir(folder)
    for number, given in enumerate(descriptors):
        os.dup2(given, number)
        os.close(given)
    sys.stdin, sys.stdout, sys.stderr = _stream(0, "rb"), _stream(1, "wb"), _stream(2, "wb")
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # What it begins itself it begins as anywhere, not as it was begun.
    multiprocessing.set_start_method(multiprocessing.get_all_start_methods()[0], force=True)
    sys.argv[1:] = words
    program()


def _couponhub(before: Callable[[], None] | None) -> None:
    if before is not None:
        before()
    from couponhub.cli import main

    raise SystemExit(main())


def _stream(number: int, mode: str) -> io.TextIOWrapper:
    # As Python makes them when it starts.
    encoding, _, errors = os.environ.get("PYTHONIOENCODING", "utf-8").partition(":")
    binary: Any = open(number, mode, closefd=False)  # noqa: SIM115 - for as long as the process lives
    return io.TextIOWrapper(
        binary,
        encoding=encoding,
        errors="backslashreplace" if number == 2 else errors or "strict",
        line_buffering=number == 2 or os.isatty(number),
    )
