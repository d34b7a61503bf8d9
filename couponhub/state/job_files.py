"""Files that a job needs to go on, kept from one step to the next, whoever drives it."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from couponhub.models import JobId


class JobFiles(Protocol):
    """Files of jobs, each under a name in its job. Thread-safe, and safe with other processes.

    A file is whole and for its owner alone from the moment on at which it is there, and nothing is ever added to it.
    Customers may only be kept in CSV (UTF-8, commas) whose first row calls each column of them `mobile`, `email`,
    `external_id` or `id`: that is where `State.forget` finds them. Such a file is then replaced by one without them, so
    nobody may rely on how long it is, and whoever writes what was read in it says so to `put`.

    Files stay until `drop`. Those of a job that has ended, or that was never written down, go besides when they are
    older than the days of retention, once two looks a week apart agree on their age; new files of others are what makes
    it look.

    A job and a name are any text. Every method raises LocalError, with one line, when this machine or the state fails.
    """

    def workspace(self) -> AbstractContextManager[Path]:
        """Give a private folder for files in the making, which ends with the block, as `Ledger.workspace`."""
        ...

    def mark(self) -> bytes:
        """Return a value that is another after each erasure; take it before reading what `put` is to be told of."""
        ...

    def put(self, job_id: JobId, name: str, path: Path, *, since: bytes | None = None) -> Path | None:
        """Keep a file for good: a power cut takes nothing back when this returns. Killed in it, all or nothing.

        Args:
            job_id: Whose it is; it need not be written down yet.
            name: By which it is found. One that is taken keeps what it has.
            path: In a `workspace`, which it is moved away from.
            since: The `mark` from before that was read which the file was made of; None when it was made of nothing that
                is kept here.

        Returns:
            The kept file, to be read only: the given one, or the one that had the name. None when people were
            forgotten since that mark, and nothing was kept: make the file anew, of what is kept by then.
        """
        ...

    def path(self, job_id: JobId, name: str) -> Path | None:
        """Return a kept file, to be read only; None when there is none."""
        ...

    def names(self, job_id: JobId) -> tuple[str, ...]:
        """Return the names of a job's files, in their order as texts; none of a job without any."""
        ...

    def drop(self, job_id: JobId, *names: str) -> None:
        """Remove the files of these names, or all files of the job when none is given; those that are not there are fine."""
        ...
