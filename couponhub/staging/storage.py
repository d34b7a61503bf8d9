"""The place in an object store where files are staged, by obstore; needs the extra `couponhub[object-store]`.

obstore's own texts quote addresses, and those are a right in themselves: only a service's word for a fault is kept of them.
"""

import mmap
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from couponhub.errors import ConfigError, CouponhubError, LocalError
from couponhub.object_stores import is_other_region, waited_for, word_for
from couponhub.settings import is_loopback_url
from couponhub.shown import shown
from couponhub.staging.settings import StagingSettings

if TYPE_CHECKING:
    from obstore.store import AzureStore, GCSStore, S3Store

T = TypeVar("T")

_FOLDER = "staged"
_ENVIRONMENT = {
    "s3": "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION",
    "gs": "GOOGLE_SERVICE_ACCOUNT",
    "az": "AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY",
}
# A file of 100 MB over a slow line must come through; whoever cannot be reached is not waited for.
_CLIENT = {"timeout": "15min", "connect_timeout": "5s"}
_RETRY: Any = {"max_retries": 3, "retry_timeout": timedelta(seconds=30)}
_REFUSALS = {"HTTP 401", "HTTP 403"}


class StagingBucket:
    """Puts, signs and removes files below `staged/` of a bucket and prefix. Thread-safe; of one process.

    Every method raises `ConfigError` when the bucket is missing or refuses, `LocalError` when it cannot be reached.

    Raises:
        ConfigError: The settings do not suffice, or obstore is not installed.
    """

    def __init__(self, settings: StagingSettings) -> None:
        self._url = settings.url or ""
        self._scheme = self._url.partition(":")[0]
        self._store = self._opened(settings)

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

    def _opened(self, settings: StagingSettings) -> "S3Store | GCSStore | AzureStore":
        try:
            from obstore.exceptions import BaseError  # noqa: PLC0415 - an extra
            from obstore.store import from_url  # noqa: PLC0415 - the same
        except ImportError:
            raise ConfigError(
                "staging in an object store takes obstore, which is not installed",
                hint="install the extra: pip install 'couponhub[object-store]'",
            ) from None
        endpoint = settings.endpoint
        is_plain = endpoint is not None and (is_loopback_url(endpoint) or settings.allow_http)
        options: Any = {"endpoint": endpoint} if endpoint is not None else {}
        try:
            client: Any = {**_CLIENT, "allow_http": is_plain}
            opened: Any = from_url(self._url, client_options=client, retry_config=_RETRY, **options)
        except BaseError as error:
            reason = shown(str(error).partition("\n")[0][:200])
            raise ConfigError(
                f"the object store of staging.url cannot be opened: {reason}",
                hint=f"its credentials come from the environment: {_ENVIRONMENT[self._scheme]}",
            ) from None
        store: S3Store | GCSStore | AzureStore = opened
        return store

    def _done(self, doing: str, call: Callable[[], T]) -> T:
        from obstore.exceptions import BaseError  # noqa: PLC0415 - an extra

        fault: CouponhubError
        try:
            return waited_for(call)
        except (BaseError, FileNotFoundError) as error:
            fault = self._fault(doing, error)
        except OSError as error:
            fault = LocalError(f"the file to be staged cannot be read: {error.strerror}")
        raise fault  # outside of the handlers: what would be chained quotes addresses

    def _fault(self, doing: str, error: Exception) -> CouponhubError:
        from obstore.exceptions import PermissionDeniedError, UnauthenticatedError  # noqa: PLC0415 - an extra

        said = word_for(error)
        if is_other_region(error):
            return ConfigError(
                f"the bucket is in another region, so that nobody can {doing} {self._url}",
                hint="set AWS_REGION in the environment to that of the bucket",
            )
        if isinstance(error, (PermissionDeniedError, UnauthenticatedError)) or said in _REFUSALS:
            return ConfigError(
                f"the object store refuses to {doing} {self._url}: {said or 'no permission'}",
                hint="its credentials must be allowed to put, get, list and delete objects there; they come from the"
                f" environment: {_ENVIRONMENT[self._scheme]}",
            )
        if isinstance(error, FileNotFoundError) or said.startswith("NoSuch"):
            return ConfigError(
                f"there is no bucket to {doing}: {self._url}" + (f" ({said})" if said else ""),
                hint="make it, or correct staging.url",
            )
        if said:
            return LocalError(
                f"the object store did not {doing} {self._url}: {said}", hint="the same command tries again"
            )
        return LocalError(
            f"the object store cannot be reached, to {doing} {self._url}",
            hint="look at the network, the credentials and staging.endpoint; the same command tries again",
        )
