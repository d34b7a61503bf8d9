"""Private folders of this machine for files in the making, whatever the state is kept in; each ends with its block."""

import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from couponhub.errors import LocalError
from couponhub.state.lockfile import held_lockfile, reap_all, remove_folder
from couponhub.state.reaped import Reaped
from couponhub.state.sqlite.files import private_folder

_LOCK = ".lock"


@contextmanager
def workspace(home: Path) -> Iterator[Path]:
    """Give a private folder in another one, which ends with the block.

    What killed processes left of theirs is removed first.

    Raises:
        LocalError: Nothing can be written there.
    """
    reap_workspaces(home)
    with ExitStack() as job:
        try:
            private_folder(home)
            lock = job.enter_context(
                held_lockfile(lambda: home / f"{secrets.token_hex(8)}{_LOCK}", remove_folder)
            )
            folder = lock.with_suffix("")
            folder.mkdir(mode=0o700)
        except OSError as error:
            raise LocalError(f"no files can be written in {home}: {error.strerror}") from error
        yield folder


def reap_workspaces(home: Path) -> Reaped:
    """Remove the folders of killed processes; those of living ones stay."""
    return reap_all(home.glob(f"*{_LOCK}"), remove_folder)
