"""A new file that is there when it is whole, and not at all before."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO

from couponhub.errors import LocalError

_OPEN_FILES = "/proc/self/fd"
Place = Callable[[], None]
"""Gives a file its name; raises FileExistsError where that is taken."""


def require_new(target: Path) -> None:
    """Refuse a place where something lies already.

    Raises:
        LocalError: Something does, or no file can have that name.
    """
    try:
        os.lstat(target)
    except ValueError:
        raise LocalError(f"{target} cannot be written: no file can be named so") from None
    except OSError:
        return  # where it is more than absent, opening says why
    raise LocalError(f"{target} cannot be written: File exists", hint="name another file, or remove it")


@contextmanager
def new_file(target: Path) -> Iterator[IO[bytes]]:
    """Give a file to write, for its owner alone, that lies at its place once the block has ended.

    Whatever ends the block otherwise, a kill included, leaves nothing there. (Where the file system has no files without a
    name, a kill leaves a hidden one beside it.)

    Raises:
        LocalError: Something lies there, or it cannot be written.
    """
    require_new(target)
    try:
        with _unnamed(target) as unnamed:
            if unnamed is not None:
                yield from _written(*unnamed)
                return
        with _hidden(target) as hidden:
            yield from _written(*hidden)
    except OSError as error:
        raise LocalError(f"{target} cannot be written: {error.strerror or type(error).__name__}") from error


def _written(file: IO[bytes], place: Place) -> Iterator[IO[bytes]]:
    yield file
    _finish(file, place)


def _finish(file: IO[bytes], place: Place) -> None:
    file.flush()
    os.fsync(file.fileno())
    place()


@contextmanager
def _unnamed(target: Path) -> Iterator[tuple[IO[bytes], Place] | None]:
    """Give a file that has no name, which ends with the process; None where there are none."""
    kind = getattr(os, "O_TMPFILE", 0)
    if not kind:
        yield None
        return
    with ExitStack() as opened:
        try:
            number = os.open(target.parent, kind | os.O_RDWR, 0o600)
            file = opened.enter_context(os.fdopen(number, "w+b"))
            names = os.open(_OPEN_FILES, os.O_RDONLY)
            opened.callback(os.close, names)
        except OSError:
            yield None
            return

        def place() -> None:
            try:
                # Relative to a folder, for else Python links the entry there and not the file that it leads to.
                os.link(str(number), target, src_dir_fd=names, follow_symlinks=True)
            except FileExistsError:
                raise
            except OSError:  # a file system that can do the one and not the other
                file.seek(0)
                with _hidden(target) as (copy, place_copy):
                    shutil.copyfileobj(file, copy)
                    _finish(copy, place_copy)

        yield file, place


@contextmanager
def _hidden(target: Path) -> Iterator[tuple[IO[bytes], Place]]:
    number, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(number, "w+b") as file:
            yield file, lambda: _renamed(Path(name), target)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(name)  # noqa: PTH108 - the name that mkstemp gave


def _renamed(hidden: Path, target: Path) -> None:
    try:
        os.link(hidden, target)
    except FileExistsError:
        raise
    except (OSError, AttributeError):  # a file system without links
        require_new(target)
        hidden.rename(target)
