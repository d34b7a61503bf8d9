"""The place that this machine and a cluster both see: sets lie there as Parquet while they are worked on.

Each piece of work has a private folder of its own there, with a name that nobody guesses, which ends with it. What a killed
process left is removed by the next, once nothing was written to it for a day.
"""

import logging
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote

from couponhub.errors import CouponhubError, LocalError

_log = logging.getLogger(__name__)

RUNS = "couponhub-sets-"
"""The beginning of the name of each piece of work's folder; what nobody guesses stands behind it."""
MARK = "_begun"
"""The file that a folder begins with; names that begin so are no rows to any engine."""
_OLD = timedelta(days=1)


class SharedFiles(Protocol):
    """The files below a place, by their names from there on. Every method raises `LocalError` or `ConfigError`."""

    def put(self, name: str, path: Path) -> None:
        """Copy a file there, readable for the cluster and for nobody who may not look into the place."""
        ...

    def ages(self, folder: str = "") -> Sequence[tuple[str, datetime]]:
        """Return the files below a folder, with the time at which each was written, on the place's own clock."""
        ...

    def fetch(self, name: str, target: Path) -> Path:
        """Return a path at which a file can be read: `target`, where it is copied to, or where it lies."""
        ...

    def remove(self, folder: str) -> None:
        """Remove a folder with all that is in it; one that is not there is removed already."""
        ...


class SharedFolder:
    """A folder that all machines see by one name.

    Args:
        url: file:///folder.
    """

    def __init__(self, url: str) -> None:
        self._root = Path(unquote(url.removeprefix("file://")))

    def put(self, name: str, path: Path) -> None:
        """As `SharedFiles.put`; the folders are open to this user and its group alone, whatever the umask says."""
        with self._told("written"):
            folder = self._root
            *above, last = name.split("/")
            for each in above:
                folder /= each
                if not folder.exists():
                    folder.mkdir()
                    folder.chmod(0o770)
            shutil.copyfile(path, folder / last)

    def ages(self, folder: str = "") -> Sequence[tuple[str, datetime]]:
        """As `SharedFiles.ages`; of no folder only what stands in folders of ours."""
        found: list[tuple[str, datetime]] = []
        with self._told("read"):
            tops = [self._root / folder] if folder else sorted(self._root.glob(f"{RUNS}*"))
            for top in tops:
                for path in (top, *top.rglob("*")):
                    with suppress(FileNotFoundError):  # removed meanwhile
                        moment = datetime.fromtimestamp(path.stat().st_mtime, UTC)
                        found.append((path.relative_to(self._root).as_posix(), moment))
        return found

    def fetch(self, name: str, target: Path) -> Path:  # noqa: ARG002 - the protocol's; it can be read where it lies
        """As `SharedFiles.fetch`."""
        return self._root / name

    def remove(self, folder: str) -> None:
        """As `SharedFiles.remove`."""
        with self._told("emptied"), suppress(FileNotFoundError):
            shutil.rmtree(self._root / folder)

    @contextmanager
    def _told(self, doing: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            fault = f"the place of sets file://{self._root} cannot be {doing}: {error.strerror or type(error).__name__}"
            raise LocalError(
                fault, hint="[sets] place is a folder that this user and the cluster's may write"
            ) from None


class PlaceRun:
    """The folder of one piece of work at a place.

    Attributes:
        url: Its address, as the cluster reads it.
    """

    def __init__(self, files: SharedFiles, place: str, name: str) -> None:
        self._files = files
        self._name = name
        self.url = f"{place.rstrip('/')}/{name}"

    def put(self, name: str, path: Path) -> None:
        """Put a file there by a name such as `table/0.parquet`."""
        self._files.put(f"{self._name}/{name}", path)

    def remove(self, folder: str) -> None:
        """Remove a folder of it."""
        self._files.remove(f"{self._name}/{folder}")

    def has(self, table: str) -> bool:
        """Tell whether a table has a file."""
        return any(True for _ in self._names(table))

    def parts(self, table: str, folder: Path) -> Iterator[Path]:
        """Give the Parquet files of a table; those that had to be copied lie in the folder then, and are the caller's."""
        for number, name in enumerate(self._names(table)):
            yield self._files.fetch(name, folder / f"part-{number}.parquet")

    def _names(self, table: str) -> Iterator[str]:
        top = f"{self._name}/{table}"
        for name, _ in sorted(self._files.ages(top)):
            inside = name.removeprefix(f"{top}/").split("/")
            if name.endswith(".parquet") and not any(part[:1] in {"_", "."} for part in inside):
                yield name


@contextmanager
def place_run(place: str, folder: Path) -> Iterator[PlaceRun]:
    """Give a folder of one's own at a place, for the block.

    Args:
        place: As of the setting `[sets] place`.
        folder: A private one of this machine, for a file on the way.

    Raises:
        ConfigError: The bucket is missing or refuses, or obstore is not installed.
        LocalError: It cannot be reached, or written.
    """
    files = _opened(place)
    name = f"{RUNS}{secrets.token_urlsafe(16)}"
    mark = folder / MARK
    mark.touch(mode=0o600)
    try:
        files.put(f"{name}/{MARK}", mark)
        _reap(files, name)
        yield PlaceRun(files, place, name)
    finally:
        try:
            files.remove(name)
        except CouponhubError as error:
            _log.warning("sets stay at their place until they are removed for their age: %s", error.message)


def _opened(place: str) -> SharedFiles:
    if place.startswith("file://"):
        return SharedFolder(place)
    from couponhub.codes.joins.buckets import SharedBucket  # noqa: PLC0415 - an extra

    return SharedBucket(place)


def _reap(files: SharedFiles, mine: str) -> None:
    """Remove the folders to which nothing was written for a day, by the place's own clock."""
    try:
        latest: dict[str, datetime] = {}
        for path, moment in files.ages():
            name = path.partition("/")[0]
            latest[name] = max(moment, latest.get(name, moment))
        now = latest.pop(mine, None)
        for name, moment in latest.items():
            if now is not None and name.startswith(RUNS) and now - moment > _OLD:
                files.remove(name)
    except CouponhubError as error:
        _log.warning("what killed processes left at the place of sets is not looked for: %s", error.message)
