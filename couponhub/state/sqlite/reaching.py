"""Looks whether the state's files can be used; nothing is made by it."""

import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from couponhub.errors import LocalError
from couponhub.state.reach import PartProbe, ReachedPart
from couponhub.state.sqlite.layout import LEDGER, REPORTS, Layout
from couponhub.state.sqlite.migrations import newest, version_of
from couponhub.state.sqlite.opening import open_somehow, told_as_local

_TABLES = {LEDGER: "tokens", REPORTS: "imports"}
_MEND = "make it writable for this user, or name another file in [store] url"


def probes_of(layout: Layout) -> tuple[PartProbe, ...]:
    """Return the looks at the state in SQLite, as `State.probes` has them."""

    def database(name: str, path: Callable[[], Path]) -> Callable[[float], None]:
        return lambda timeout: _look_at_database(name, path(), timeout)

    return (
        PartProbe(
            part=ReachedPart.STATE,
            kind="sqlite",
            place=_place(lambda: layout.ledger),
            look=database(LEDGER, lambda: layout.ledger),
        ),
        PartProbe(
            part=ReachedPart.FILES,
            kind="folder",
            place=_place(lambda: layout.codes),
            look=lambda _: _look_at_folder(layout.codes),
        ),
        PartProbe(
            part=ReachedPart.USAGE_INDEX,
            kind="sqlite",
            place=_place(lambda: layout.reports),
            look=database(REPORTS, lambda: layout.reports),
        ),
    )


def _look_at_database(name: str, path: Path, timeout: float) -> None:
    """Read one row. The database is opened anew: an open one does not notice that its file was replaced."""
    with told_as_local(name, lambda: path):
        if not path.exists():
            _check_can_be_made(path.parent)
            return
        with closing(open_somehow(path, busy_seconds=timeout)) as database:
            # An older one is upgraded by the first who uses it, and may.
            if version_of(database, name, path) == newest(name):
                database.execute(f"SELECT 1 FROM {_TABLES[name]} LIMIT 1").fetchone()  # noqa: S608 - a name of ours
            elif not os.access(path, os.W_OK):
                raise LocalError(
                    f"the {name} {path} was written by an older couponhub, and may only be read here",
                    hint="run `couponhub store upgrade` where it may be written",
                )


def _look_at_folder(path: Path) -> None:
    with told_as_local("folder", lambda: path):
        if path.exists():
            with os.scandir(path) as names:
                next(names, None)
        else:
            _check_can_be_made(path.parent)


def _check_can_be_made(folder: Path) -> None:
    lowest = next(one for one in (folder.absolute(), *folder.absolute().parents) if one.exists())
    if not (lowest.is_dir() and os.access(lowest, os.W_OK | os.X_OK)):
        raise LocalError(f"the store's folder {folder} cannot be made", hint=_MEND)


def _place(path: Callable[[], Path]) -> str:
    try:
        return str(path())
    except LocalError:  # the look tells
        return ""
