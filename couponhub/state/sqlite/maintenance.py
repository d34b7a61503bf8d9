"""Looks after the state in SQLite: what lies where, upgrades, backups, and what is wrong with it."""

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from couponhub.state.maintenance import PartBackup, StateCheck, StatePart
from couponhub.state.sqlite.backup import write_backup
from couponhub.state.sqlite.checking import check_state
from couponhub.state.sqlite.database import LedgerDatabase
from couponhub.state.sqlite.layout import LEDGER, QUOTAS, REPORTS
from couponhub.state.sqlite.migrations import newest, pending, version_of
from couponhub.state.sqlite.opening import companions, open_somehow, open_to_write, told_as_local

_BUSY_SECONDS = 30.0
_HOLDS = {
    LEDGER: "uploads, jobs, events of migrations, tokens of the HTTP endpoint, callback addresses, the audit log,"
    " readings of stock and limits",
    REPORTS: "who was given which code, from imported usage reports",
    QUOTAS: "calls counted against vendors' rate limits, unless [shared] names who counts them",
}


class SqliteMaintenance:
    """`Maintenance` of the files of one machine.

    Args:
        store: The database of the ledger, which names its settings.
    """

    def __init__(self, store: LedgerDatabase) -> None:
        self._settings = store.settings
        self._layout = store.layout

    def status(self) -> tuple[StatePart, ...]:
        """As `Maintenance.status`."""
        layout = self._layout
        parts = [self._database(name, path) for name, path in layout.databases.items()]
        codes = StatePart(
            name="code sets",
            place=str(layout.codes),
            holds="codes sent, to be left out of later uploads",
            bytes=_size_of_folder(layout.codes, besides=layout.job_files),
        )
        job_files = StatePart(
            name="job files",
            place=str(layout.job_files),
            holds="customers and codes that jobs under way need to go on",
            bytes=_size_of_folder(layout.job_files),
        )
        key = _file("key", layout.key, "the key of the customers' hashes in the usage index")
        signal = _file(
            "signal", layout.erasures, "tells processes that people were forgotten", backed_up=False
        )
        preference = _file("preference", layout.preference, "connections that lookups ask first")
        ledger, reports, quotas = parts
        return ledger, codes, job_files, reports, key, quotas, preference, signal

    def upgrade(self, *, dry_run: bool = False) -> Mapping[str, tuple[str, ...]]:
        """As `Maintenance.upgrade`."""
        done = {}
        for name, path in self._layout.databases.items():
            lacking = self._database(name, path).pending
            if lacking and not dry_run:
                _upgrade(name, path)
            if lacking:
                done[name] = lacking
        return done

    def backup(self, folder: Path) -> tuple[PartBackup, ...]:
        """As `Maintenance.backup`."""
        return write_backup(self._layout, folder)

    def check(self, *, thorough: bool = False) -> StateCheck:
        """As `Maintenance.check`."""
        return check_state(self._settings, thorough=thorough)

    def _database(self, name: str, path: Path) -> StatePart:
        version = _version(name, path)
        return StatePart(
            name=name,
            place=str(path),
            holds=_HOLDS[name],
            bytes=sum(_size(file) for file in (path, *companions(path))) if path.exists() else None,
            schema=version,
            newest=newest(name),
            pending=() if version is None else tuple(one.about for one in pending(name, version)),
        )


def _upgrade(name: str, path: Path) -> None:
    with told_as_local(name, lambda: path):
        # That it is opened to be written upgrades it.
        open_to_write(path, name, busy_seconds=_BUSY_SECONDS).close()


def _version(name: str, path: Path) -> int | None:
    if not path.exists():
        return None
    with (
        told_as_local(name, lambda: path),
        closing(open_somehow(path, busy_seconds=_BUSY_SECONDS)) as database,
    ):
        return version_of(database, name, path)


def _file(name: str, path: Path, holds: str, *, backed_up: bool = True) -> StatePart:
    size = _size(path) if path.exists() else None
    return StatePart(name=name, place=str(path), holds=holds, bytes=size, backed_up=backed_up)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _size_of_folder(folder: Path, *, besides: Path | None = None) -> int | None:
    if not folder.exists():
        return None
    counted = (path for path in folder.rglob("*") if besides is None or besides not in path.parents)
    return sum(_size(path) for path in counted if path.is_file())
