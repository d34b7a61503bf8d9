"""A bucket and prefix as the place of sets, by obstore; needs the extra `couponhub[object-store]`."""

import mmap
import os
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from couponhub.errors import LocalError
from couponhub.object_stores import ObjectBucket, threads
from couponhub.settings import is_loopback_url

T = TypeVar("T")


class SharedBucket:
    """Files below a prefix of a bucket; as `SharedFiles`.

    Credentials, and the address of a service of one's own, are those that the environment has (AWS_ENDPOINT_URL and so on).

    Raises:
        ConfigError: It cannot be opened, or obstore is not installed.
        LocalError: This process was forked off one that had used an object store.
    """

    def __init__(self, place: str) -> None:
        if not threads.claim():
            raise LocalError(
                "this process was forked off one that had used an object store, and cannot do so itself",
                hint="let it begin as a process of its own, or fork before any is used",
            )
        endpoint = os.environ.get("AWS_ENDPOINT_URL") or os.environ.get("AWS_ENDPOINT") or ""
        self._bucket = ObjectBucket(
            place.rstrip("/"),
            setting="[sets] place",
            purpose="set work",
            where="[sets] place",
            allow_http=is_loopback_url(endpoint),
        )

    def put(self, name: str, path: Path) -> None:
        """As `SharedFiles.put`."""
        import obstore  # noqa: PLC0415 - an extra

        def put() -> None:
            if not path.stat().st_size:
                obstore.put(self._bucket.store, name, b"", mode="create")
                return
            # Mapped, not read: retries send it anew, and a large file is no memory of ours.
            with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
                obstore.put(self._bucket.store, name, content, mode="create")

        self._done("put a set into", put)

    def ages(self, folder: str = "") -> Sequence[tuple[str, datetime]]:
        """As `SharedFiles.ages`."""
        import obstore  # noqa: PLC0415 - an extra

        prefix = f"{folder}/" if folder else None
        found = self._done("list the sets in", lambda: obstore.list(self._bucket.store, prefix).collect())
        return [(one["path"], one["last_modified"]) for one in found]

    def fetch(self, name: str, target: Path) -> Path:
        """As `SharedFiles.fetch`."""
        import obstore  # noqa: PLC0415 - an extra

        def fetch() -> Path:
            with target.open("wb") as file:
                for block in obstore.get(self._bucket.store, name).stream():
                    file.write(block)
            return target

        return self._done("read a set from", fetch)

    def remove(self, folder: str) -> None:
        """As `SharedFiles.remove`."""
        import obstore  # noqa: PLC0415 - an extra

        names = [name for name, _ in self.ages(folder)]
        if names:
            self._done("remove sets from", lambda: obstore.delete(self._bucket.store, names))

    def _done(self, doing: str, call: Callable[[], T]) -> T:
        return self._bucket.done(doing, call, unreadable="a file of sets on this machine failed")
