"""Stored files in a bucket of an object store; needs the extra `couponhub[object-store]`."""

import mmap
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from couponhub.errors import ConfigError, LocalError
from couponhub.object_stores import ObjectBucket, threads
from couponhub.settings import is_loopback_url
from couponhub.state.postgresql.local_copies import new_file

T = TypeVar("T")

_FOLDER = "files"
_PIECE = 1 << 20
_UNREADABLE = "a file of this machine cannot be used"


class ObjectFiles:
    """`StoredFiles` below `files/` of a bucket and prefix and the state's own name there.

    Its credentials, and its endpoint where it is not the cloud's own, are the environment's.

    Args:
        url: s3://, gs:// or az://.
        home: Tells the state's name.
    """

    def __init__(self, url: str, home: Callable[[], str]) -> None:
        self._url = url
        self._home = home
        self._lock = threading.Lock()
        self._opened: ObjectBucket | None = None

    @property
    def place(self) -> str:
        """As `StoredFiles.place`."""
        return self._url

    def put(self, name: str, path: Path) -> None:
        """As `StoredFiles.put`."""
        import obstore  # noqa: PLC0415 - an extra
        from obstore.exceptions import AlreadyExistsError  # noqa: PLC0415 - the same

        store, folder = self._bucket().store, self._folder

        def put(content: bytes | mmap.mmap) -> bool:
            try:
                obstore.put(store, f"{folder}/{name}", content, mode="create")
            except AlreadyExistsError:
                return False
            return True

        def put_file() -> bool:
            # Mapped, not read: retries send it anew, and it is no memory of ours.
            with path.open("rb") as file:
                if not os.fstat(file.fileno()).st_size:
                    return put(b"")
                with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
                    return put(content)

        if not self._done("put a file into", put_file):
            raise LocalError("the object store says that a name which was just made up is taken")

    def fetch(self, name: str, path: Path) -> bool:
        """As `StoredFiles.fetch`."""
        import obstore  # noqa: PLC0415 - an extra

        store, folder = self._bucket().store, self._folder

        def fetch() -> bool:
            try:
                found = obstore.get(store, f"{folder}/{name}")
            except FileNotFoundError as error:
                if "NoSuchBucket" in str(error):
                    raise
                return False
            with new_file(path) as write:
                for piece in found.stream(min_chunk_size=_PIECE):
                    write(bytes(piece))
            return True

        return self._done("fetch a file from", fetch)

    def ages(self) -> Iterator[tuple[str, float]]:
        """As `StoredFiles.ages`."""
        import obstore  # noqa: PLC0415 - an extra

        store, folder = self._bucket().store, self._folder
        found = self._done("list the files in", lambda: obstore.list(store, f"{folder}/").collect())
        # The youngest was put just now, as a rule; where it was not, less is old, and never more.
        now = max((one["last_modified"] for one in found), default=None)
        for one in found:
            if now is not None:
                yield one["path"].rpartition("/")[2], (now - one["last_modified"]).total_seconds()

    def remove(self, names: Iterable[str]) -> None:
        """As `StoredFiles.remove`."""
        import obstore  # noqa: PLC0415 - an extra

        store, folder = self._bucket().store, self._folder

        def remove() -> None:
            for name in names:
                with suppress(FileNotFoundError):
                    obstore.delete(store, f"{folder}/{name}")

        self._done("remove a file from", remove)

    @cached_property
    def _folder(self) -> str:
        return f"{_FOLDER}/{self._home()}"

    def _bucket(self) -> ObjectBucket:
        with self._lock:
            if not threads.claim():
                raise LocalError(
                    "this process was forked off one that had used an object store, and cannot do so itself",
                    hint="let it begin as a process of its own, or fork before any is used",
                )
            if self._opened is None:
                endpoint = os.environ.get("AWS_ENDPOINT_URL") or os.environ.get("AWS_ENDPOINT") or ""
                self._opened = _as_local(
                    lambda: ObjectBucket(
                        self._url,
                        setting="[store] files",
                        purpose="keeping files",
                        where="[store] files",
                        allow_http=is_loopback_url(endpoint),
                    )
                )
            return self._opened

    def _done(self, doing: str, call: Callable[[], T]) -> T:
        bucket = self._bucket()
        return _as_local(lambda: bucket.done(doing, call, unreadable=_UNREADABLE))


def _as_local(call: Callable[[], T]) -> T:
    """Call, and tell what is wrong with the place as a fault of the state, which is no refusal of a vendor's."""
    try:
        return call()
    except ConfigError as error:
        raise LocalError(error.message, hint=error.hint) from None
