"""The folder in which workers share their figures: as large as it will be from the start, and gone with its server.

prometheus_client maps its files into memory and grows them with holes. Where the disk is full, writing into a hole is a
bus error, which ends the process; so the files are filled before they are mapped.
"""

import fcntl
import logging
import os
import shutil
import stat
import struct
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_log = logging.getLogger(__name__)

SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The environment variable by which prometheus_client shares figures between processes."""
KINDS = ("counter", "histogram", "gauge_livemax", "gauge_livesum", "gauge_livemostrecent")
"""A file of each worker for each of these."""
_PREFIX = "couponhub-metrics-"
_LOCK = "lock"
_SMALLEST = 256 * 1024
_EACH_CONNECTION = 64 * 1024
"""More than all labels of one take: a line of each, of 300 bytes."""
_USED = struct.Struct("i")


@contextmanager
def shared_folder() -> Iterator[Path | None]:
    """A folder for the length of the block; None, with a warning, when there can be none.

    Those of servers that were killed are removed.
    """
    try:
        root = Path(tempfile.gettempdir())
        _sweep(root)
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=root))
        lock = _locked(folder)
    except OSError as error:
        _warn(error)
        yield None
        return
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if lock is not None:
            os.close(lock)


def reserve(folder: Path, connections: int) -> bool:
    """Fill the files of this process; False, with a warning, when the disk is full. To be done before they are used."""
    paths = [folder / f"{kind}_{os.getpid()}.db" for kind in KINDS]
    try:
        for path in paths:
            path.write_bytes(bytes(_SMALLEST + _EACH_CONNECTION * connections))
    except OSError as error:
        _warn(error)
        for path in paths:
            with suppress(OSError):
                path.unlink(missing_ok=True)
        return False
    return True


def shrink_the_dead(folder: Path) -> None:
    """Let go of what files of workers that died do not use; what was counted in them still counts."""
    for path in folder.glob("*_*.db"):
        if not is_alive(int(path.stem.rpartition("_")[2])):
            with suppress(OSError, struct.error):
                with path.open("rb") as file:
                    (used,) = _USED.unpack(file.read(_USED.size))
                os.truncate(path, max(used, _USED.size))


def is_alive(process: int) -> bool:
    """Tell whether there is a process of that id."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _sweep(root: Path) -> None:
    for folder in root.glob(f"{_PREFIX}*"):
        with suppress(OSError):
            status = folder.lstat()  # others may have made it, and it may be a link to anywhere
            own = stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid()
            lock = _locked(folder) if own else None
            if lock is not None:
                shutil.rmtree(folder, ignore_errors=True)
                os.close(lock)


def _locked(folder: Path) -> int | None:
    """A lock on a folder, which ends with the last process that has it; None when another server has it.

    Not the id of a process: folders are shared by containers, and ids are not.
    """
    lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    return lock


def _warn(error: OSError) -> None:
    _log.warning(
        "workers cannot share their figures, and /metrics shows those of the worker that answers: %s",
        error.strerror,
    )
