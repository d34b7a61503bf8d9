"""Reading and writing files of this machine that are put elsewhere, or come from there; faults are told in one line."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from couponhub.errors import LocalError

_PIECE = 1 << 20


@contextmanager
def told_of_disk(doing: str) -> Iterator[None]:
    """Turn what the system raises of files of this machine into a LocalError.

    Args:
        doing: What was done, for people.
    """
    try:
        yield
    except OSError as error:
        raise LocalError(
            f"{doing} failed on this machine: {error.strerror}", hint="free disk space, or set XDG_STATE_HOME"
        ) from error


def pieces_of(path: Path) -> Iterator[bytes]:
    """Read a file in pieces of about 1 MiB; one that is empty has one, which is empty.

    Raises:
        LocalError: It cannot be read.
    """
    with told_of_disk("reading what is to be kept"), path.open("rb") as file:
        yield file.read(_PIECE)
        while piece := file.read(_PIECE):
            yield piece


@contextmanager
def new_file(path: Path) -> Iterator[Callable[[bytes], object]]:
    """Write a new file for its owner alone; give what writes to it.

    Raises:
        LocalError: It cannot be written.
    """

    def write(piece: bytes) -> None:
        with told_of_disk("writing what was fetched"):
            file.write(piece)

    with told_of_disk("writing what was fetched"):
        file: IO[bytes] = open(path, "xb", opener=_private)  # noqa: SIM115 - closed below
    try:
        yield write
    finally:
        with told_of_disk("writing what was fetched"):
            file.close()


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
