"""The care for a state: look at it, upgrade it, back it up, check it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import attrs

from couponhub.errors import CouponhubError


@attrs.frozen(kw_only=True)
class StatePart:
    """One part of the state.

    Attributes:
        name: For people, e.g. "ledger".
        place: Where it lies, for people: a path, or an address without what is secret in it.
        holds: What it holds, for people.
        bytes: Its size; None while it is not there.
        schema: Its schema's version; None of a part without one, or that is not there.
        newest: The version that this couponhub reads and writes; None of a part without one.
        pending: What each migration is for that it lacks, in their order.
        backed_up: False when a backup leaves it out, for it is made anew.
    """

    name: str
    place: str
    holds: str
    bytes: int | None
    schema: int | None = None
    newest: int | None = None
    pending: tuple[str, ...] = ()
    backed_up: bool = True


@attrs.frozen(kw_only=True)
class PartBackup:
    """One part of a backup.

    Attributes:
        name: As of `StatePart`.
        path: The file or folder that was written.
        bytes: Its size.
        files: How many files.
    """

    name: str
    path: Path
    bytes: int
    files: int


@attrs.frozen(kw_only=True)
class StateCheck:
    """The health of a state.

    Attributes:
        place: Of the ledger, for people.
        fault: What is broken, or was lost of what was sent; None when nothing is.
        faults: All of that; the first one is `fault`.
        warnings: What else is wrong, each with its mend.
    """

    place: str
    faults: tuple[CouponhubError, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def fault(self) -> CouponhubError | None:
        """The first of the faults, for the exit code; None where nothing is broken."""
        return next(iter(self.faults), None)


class Maintenance(Protocol):
    """Looks after the state while others use it. Methods raise LocalError when this machine or the state fails."""

    def status(self) -> tuple[StatePart, ...]:
        """Return all parts, those too that are not there yet. Nothing is made or changed."""
        ...

    def upgrade(self, *, dry_run: bool = False) -> Mapping[str, tuple[str, ...]]:
        """Bring every part that is there to the newest schema: each part wholly, or not at all.

        Any use of the state does so too, with the parts that it uses, where it may. An older couponhub cannot use it any
        more, but for the one before where several machines share it. On a server that has no schema of ours yet it is
        made, so that one user may make it for others who may only write rows.

        Args:
            dry_run: Only tell; nothing is changed.

        Returns:
            By the part's name what each migration is for; empty where there was nothing to do.

        Raises:
            LocalError: Also when a newer couponhub wrote a part.
        """
        ...

    def backup(self, folder: Path) -> tuple[PartBackup, ...]:
        """Write a copy that can be put back, while others read and write.

        The ledger and the code sets in it are of one moment: that at which it began. The usage index and its key fit
        together. Files and folders are for their owner alone.

        Args:
            folder: Is made if it is not there; must be empty.

        Raises:
            UsageError: The folder is not empty, or is none; or the state lies on a server, whose own tools do this better.
            LocalError: Also when there is nothing to back up; what was written is removed again.
        """
        ...

    def check(self, *, thorough: bool = False) -> StateCheck:
        """Look for what is broken, lost, or open to others. Nothing is made or mended.

        A state of an older schema is upgraded, as by any other use.

        Args:
            thorough: Read everything through: databases page by page, and whether each code set has as many codes
                as the ledger knows of it.
        """
        ...
