"""The place in an object store where files are staged, by obstore; needs the extra `couponhub[object-store]`."""

import mmap
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal, TypeVar

from couponhub.object_stores import ObjectBucket
from couponhub.settings import is_loopback_url
from couponhub.staging.settings import StagingSettings

T = TypeVar("T")

_FOLDER = "staged"


class StagingBucket:
    """Puts, signs and removes files below `staged/` of a bucket and prefix. Thread-safe; of one process.

    Every method raises `ConfigError` when the bucket is missing or refuses, `LocalError` when it cannot be reached.

    Raises:
        ConfigError: The settings do not suffice, or obstore is not installed.
    """

    def __init__(self, settings: StagingSettings) -> None:
        endpoint = settings.endpoint
        self._bucket = ObjectBucket(
            settings.url or "",
            setting="staging.url",
            purpose="staging",
            where="staging.endpoint",
            endpoint=endpoint,
            allow_http=endpoint is not None and (is_loopback_url(endpoint) or settings.allow_http),
        )
        self._store = self._bucket.store

    def put(self, key: str, path: Path, *, mode: Literal["create", "overwrite"] = "create") -> bool:
        """Put a file there, private to the bucket's owner.

        Returns:
            False when something is there by that name, which stays as it is.
        """
        import obstore  # noqa: PLC0415 - an extra
        from obstore.exceptions import AlreadyExistsError  # noqa: PLC0415 - the same

        attributes: Any = {"Content-Type": "text/csv; charset=utf-8", "Cache-Control": "no-store"}

        def put() -> bool:
            # Mapped, not read: retries send it anew, and 100 MB are no memory of ours.
            with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
                try:
                    obstore.put(self._store, f"{_FOLDER}/{key}", content, mode=mode, attributes=attributes)
                except AlreadyExistsError:
                    return False
            return True

        return self._done("put a file into", put)

    def sign(self, key: str, seconds: int) -> str:
        """Return an address at which a file can be fetched for so many seconds from now. A right in itself: never log it."""
        import obstore  # noqa: PLC0415 - an extra

        lifetime = timedelta(seconds=seconds)
        return self._done(
            "sign an address in", lambda: obstore.sign(self._store, "GET", f"{_FOLDER}/{key}", lifetime)
        )

    def remove(self, key: str) -> None:
        """Remove a file; one that is not there is removed already."""
        import obstore  # noqa: PLC0415 - an extra

        self._done("remove a file from", lambda: obstore.delete(self._store, f"{_FOLDER}/{key}"))

    def ages(self) -> Sequence[tuple[str, datetime]]:
        """Return the files by name, with the time at which each was put there, on the service's own clock."""
        import obstore  # noqa: PLC0415 - an extra

        found = self._done("list the files in", lambda: obstore.list(self._store, f"{_FOLDER}/").collect())
        return [(one["path"].rpartition("/")[2], one["last_modified"]) for one in found]

    def _done(self, doing: str, call: Callable[[], T]) -> T:
        return self._bucket.done(doing, call, unreadable="the file to be staged cannot be read")
