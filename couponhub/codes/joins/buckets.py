"""A bucket and prefix as the place of sets, by obstore; needs the extra `couponhub[object-store]`.

Of obstore's own texts only a service's word for a fault is kept.
"""

import mmap
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from couponhub.errors import ConfigError, CouponhubError, LocalError
from couponhub.object_stores import is_other_region, threads, waited_for, word_for

T = TypeVar("T")

_CLIENT = {"timeout": "15min", "connect_timeout": "5s"}
_RETRY: Any = {"max_retries": 3, "retry_timeout": timedelta(seconds=30)}
_HINT = (
    "look at [sets] place, the network, and the credentials in the environment: they must be allowed to put, get, list"
    " and delete objects there"
)


class SharedBucket:
    """Files below a prefix of a bucket; as `SharedFiles`.

    Credentials, and the address of a service of one's own, are those that the environment has (AWS_ENDPOINT_URL and so on).

    Raises:
        ConfigError: It cannot be opened, or obstore is not installed.
        LocalError: This process was forked off one that had used an object store.
    """

    def __init__(self, place: str) -> None:
        self._place = place.rstrip("/")
        if not threads.claim():
            raise LocalError(
                "this process was forked off one that had used an object store, and cannot do so itself",
                hint="let it begin as a process of its own, or fork before any is used",
            )
        try:
            from obstore.exceptions import BaseError  # noqa: PLC0415 - an extra
            from obstore.store import from_url  # noqa: PLC0415 - the same
        except ImportError:
            raise ConfigError(
                "sets in an object store take obstore, which is not installed",
                hint="install the extra: pip install 'couponhub[object-store]'",
            ) from None
        try:
            client: Any = _CLIENT
            self._store: Any = from_url(self._place, client_options=client, retry_config=_RETRY)
        except (BaseError, ValueError):
            raise ConfigError(f"the place of sets {self._place} cannot be opened", hint=_HINT) from None

    def put(self, name: str, path: Path) -> None:
        """As `SharedFiles.put`."""
        import obstore  # noqa: PLC0415 - an extra

        def put() -> None:
            with path.open("rb") as file:
                if not path.stat().st_size:
                    obstore.put(self._store, name, b"", mode="create")
                    return
                # Mapped, not read: retries send it anew, and a large file is no memory of ours.
                with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
                    obstore.put(self._store, name, content, mode="create")

        self._done("written", put)

    def ages(self, folder: str = "") -> Sequence[tuple[str, datetime]]:
        """As `SharedFiles.ages`."""
        import obstore  # noqa: PLC0415 - an extra

        prefix = f"{folder}/" if folder else None
        found = self._done("listed", lambda: obstore.list(self._store, prefix).collect())
        return [(one["path"], one["last_modified"]) for one in found]

    def fetch(self, name: str, target: Path) -> Path:
        """As `SharedFiles.fetch`."""
        import obstore  # noqa: PLC0415 - an extra

        def fetch() -> Path:
            with target.open("wb") as file:
                for block in obstore.get(self._store, name).stream():
                    file.write(block)
            return target

        return self._done("read", fetch)

    def remove(self, folder: str) -> None:
        """As `SharedFiles.remove`."""
        import obstore  # noqa: PLC0415 - an extra

        names = [name for name, _ in self.ages(folder)]
        if names:
            self._done("emptied", lambda: obstore.delete(self._store, names))

    def _done(self, doing: str, call: Callable[[], T]) -> T:
        from obstore.exceptions import BaseError  # noqa: PLC0415 - an extra

        fault: CouponhubError
        try:
            return waited_for(call)
        except (BaseError, FileNotFoundError) as error:
            said = word_for(error)
            failed = f"the place of sets {self._place} cannot be {doing}"
            if is_other_region(error):
                fault = ConfigError(failed, hint="set AWS_REGION in the environment to that of the bucket")
            elif said:
                fault = ConfigError(f"{failed}: {said}", hint=_HINT)
            else:
                fault = LocalError(f"{failed}: it does not answer", hint=_HINT)
        except OSError as error:
            fault = LocalError(f"a file of sets on this machine failed: {error.strerror}")
        raise fault  # outside of the handlers: what would be chained quotes addresses
