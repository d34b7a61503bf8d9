"""Files of object stores, by obstore; needs the extra `couponhub[object-store]`. Credentials are those of the environment.

Files come in pieces, each of which must come soon, of one version of the object. obstore's texts quote addresses: only a service's word for a
fault is kept of them.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from couponhub.errors import (
    AuthRejected,
    ConfigError,
    CouponhubError,
    LocalError,
    NotFound,
    PermissionDenied,
    UsageError,
    VendorUnavailable,
)
from couponhub.intake.addresses import FileAddress
from couponhub.intake.fetching import RemoteContent
from couponhub.object_stores import is_other_region, threads, waited_for, word_for
from couponhub.settings import is_loopback_url

if TYPE_CHECKING:
    from obstore.store import AzureStore, GCSStore, S3Store

T = TypeVar("T")

_PIECE = 16 << 20
_CLIENT = {"timeout": "2min", "connect_timeout": "5s"}
_RETRY: Any = {"max_retries": 3, "retry_timeout": timedelta(seconds=30)}
_ENDPOINTS = {"s3": ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"), "gs": (), "az": ()}
_ENVIRONMENT = {
    "s3": "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION",
    "gs": "GOOGLE_APPLICATION_CREDENTIALS",
    "az": "AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY",
}


@contextmanager
def opened_object(address: FileAddress) -> Iterator[RemoteContent]:
    """Ask for an object; its bytes come while it is open.

    Raises:
        CouponhubError: It does not come; see `local_copy`.
    """
    store = _store(address)
    import obstore  # noqa: PLC0415 - an extra

    found = _done(address, lambda: obstore.head(store, address.key))
    yield RemoteContent(
        blocks=_pieces(store, address, found["size"], found["e_tag"]),
        size=found["size"],
        changed_at=found["last_modified"],
    )


def _pieces(store: Any, address: FileAddress, size: int, version: str | None) -> Iterator[bytes]:
    import obstore  # noqa: PLC0415 - an extra

    for start in range(0, size, _PIECE):
        options: Any = {"range": (start, min(size, start + _PIECE))}
        if version is not None:
            options["if_match"] = version  # half of one version and half of another is nobody's file
        get = partial(obstore.get, store, address.key, options=options)
        yield _done(address, lambda: get().bytes().to_bytes())  # noqa: B023 - called at once


def _store(address: FileAddress) -> "S3Store | GCSStore | AzureStore":
    try:
        from obstore.exceptions import BaseError  # noqa: PLC0415 - an extra
        from obstore.store import from_url  # noqa: PLC0415 - the same
    except ImportError:
        raise UsageError(
            f"{address.shown} takes obstore to be read, which is not installed",
            hint="install the extra: pip install 'couponhub[object-store]'",
        ) from None
    if not threads.claim():
        raise LocalError(
            "this process was forked off one that had used an object store, and cannot do so itself",
            hint="let it begin as a process of its own, or fork before any is used",
        )
    endpoint = next((os.environ[name] for name in _ENDPOINTS[address.scheme] if os.environ.get(name)), None)
    options: Any = {} if endpoint is None else {"endpoint": endpoint}
    client: Any = {**_CLIENT, "allow_http": endpoint is not None and is_loopback_url(endpoint)}
    is_opened = False
    try:
        store: Any = from_url(
            f"{address.scheme}://{address.bucket}", client_options=client, retry_config=_RETRY, **options
        )
        is_opened = True
    except (BaseError, ValueError):
        store = None
    if not is_opened:
        raise ConfigError(
            f"{address.shown}: the object store cannot be opened with what the environment says",
            hint=f"its credentials come from there: {_ENVIRONMENT[address.scheme]}",
        )
    opened: S3Store | GCSStore | AzureStore = store
    return opened


def _done(address: FileAddress, call: Callable[[], T]) -> T:
    from obstore.exceptions import BaseError  # noqa: PLC0415 - an extra

    try:
        return waited_for(call)
    except (BaseError, OSError) as error:
        fault = _fault(address, error)
    raise fault  # outside of the handlers: what would be chained quotes addresses


def _fault(address: FileAddress, error: Exception) -> CouponhubError:
    from obstore.exceptions import (  # noqa: PLC0415 - an extra
        PermissionDeniedError,
        PreconditionError,
        UnauthenticatedError,
    )

    said = word_for(error)
    told = f" ({said})" if said else ""
    credentials = f"the credentials come from the environment: {_ENVIRONMENT[address.scheme]}"
    if is_other_region(error):
        return ConfigError(
            f"{address.shown}: the bucket is in another region",
            hint="set AWS_REGION in the environment to it",
        )
    if isinstance(error, FileNotFoundError) or said.startswith("NoSuch"):
        return NotFound(f"{address.shown}: there is no such object{told}")
    if isinstance(error, PreconditionError):
        return VendorUnavailable(
            f"{address.shown} changed while it was fetched, so that nobody can tell what is in it",
            hint="wait until whoever writes it has ended, and do it again",
        )
    if isinstance(error, UnauthenticatedError) or said == "HTTP 401":
        return AuthRejected(
            f"{address.shown}: the object store does not know who asks{told}", hint=credentials
        )
    if isinstance(error, PermissionDeniedError) or said == "HTTP 403":
        return PermissionDenied(f"{address.shown}: the object store does not give it{told}", hint=credentials)
    return VendorUnavailable(
        f"{address.shown}: the object store {f'did not give it: {said}' if said else 'cannot be reached'}",
        hint=f"look at the network; {credentials}",
    )
