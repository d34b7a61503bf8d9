"""Object stores by obstore, as far as it is the same wherever they are used: its threads, waiting for it, and its faults.

obstore itself is imported where it is used; it is an extra. Its own texts quote addresses, and those are a right in
themselves: only a service's word for a fault is kept of them.
"""

import os
import re
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from couponhub.clock import LOOKS_FOR_SIGNALS_EVERY
from couponhub.errors import ConfigError, CouponhubError, LocalError
from couponhub.shown import shown

if TYPE_CHECKING:
    from obstore.store import AzureStore, GCSStore, S3Store

T = TypeVar("T")

ENVIRONMENT = {
    "s3": "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION",
    "gs": "GOOGLE_SERVICE_ACCOUNT",
    "az": "AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY",
}
"""The variables from which credentials come, by scheme."""
_SAME = {"s3a": "s3", "abfs": "az", "abfss": "az"}
"""The names that Hadoop has for schemes."""
# A file of 100 MB over a slow line must come through; whoever cannot be reached is not waited for.
_CLIENT = {"timeout": "15min", "connect_timeout": "5s"}
_RETRY: Any = {"max_retries": 3, "retry_timeout": timedelta(seconds=30)}
_REFUSALS = {"HTTP 401", "HTTP 403"}

_WORD = re.compile(r"<Code>([A-Za-z.]{1,60})</Code>")
_STATUS = re.compile(r"status code: ([1-5][0-9]{2})\b")
_OTHER_REGION = {"PermanentRedirect", "AuthorizationHeaderMalformed", "HTTP 301"}


class _OneProcess:
    """The process whose threads obstore's are: those that it forks off have none of them, and would wait for ever."""

    def __init__(self) -> None:
        self._used_in: int | None = None

    def claim(self) -> bool:
        """Use it; False where a process that this one was forked off has used it."""
        process = os.getpid()
        if self._used_in is None:
            self._used_in = process
        return self._used_in == process


threads = _OneProcess()
"""Those of obstore are of the whole process, and so is this."""


def waited_for(call: Callable[[], T]) -> T:
    """Call obstore, and wait for it in a way that Ctrl-C ends; what was called goes on then, and nobody hears of it.

    Raises:
        BaseException: What the call raises.
    """
    returned: list[T] = []
    raised: list[BaseException] = []

    def run() -> None:
        try:
            returned.append(call())
        except BaseException as error:  # noqa: BLE001 - it is raised again where it is waited for
            raised.append(error)

    thread = threading.Thread(target=run, name="object store", daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(LOOKS_FOR_SIGNALS_EVERY)
    if raised:
        raise raised.pop()
    return returned.pop()


def word_for(error: Exception) -> str:
    """Return a service's own word for a fault, or its HTTP status; "" where it said none. The rest of its text quotes addresses."""
    text = str(error)
    word, status = _WORD.search(text), _STATUS.search(text)
    return word[1] if word else f"HTTP {status[1]}" if status else ""


def is_other_region(error: Exception) -> bool:
    """Tell whether a bucket was looked for in a region where it is not."""
    return word_for(error) in _OTHER_REGION or "configured region" in str(error)


class ObjectBucket:
    """A bucket or container and a prefix in it. Thread-safe; of one process.

    Args:
        url: s3://, gs:// or az://.
        setting: The one that names it, for people.
        purpose: What it is for, for people.
        where: What else is to be looked at when it cannot be reached.
        endpoint: Of a service that speaks like S3; None for what the environment says, or the cloud's own.
        allow_http: True where it may be spoken to in plain text.

    Attributes:
        store: obstore's.

    Raises:
        ConfigError: The settings do not suffice, or obstore is not installed.
    """

    def __init__(
        self,
        url: str,
        *,
        setting: str,
        purpose: str,
        where: str,
        endpoint: str | None = None,
        allow_http: bool = False,
    ) -> None:
        self.url = url
        self._setting = setting
        self._where = where
        scheme = url.partition(":")[0]
        self._environment = ENVIRONMENT[_SAME.get(scheme, scheme)]
        try:
            from obstore.exceptions import BaseError  # noqa: PLC0415 - an extra
            from obstore.store import from_url  # noqa: PLC0415 - the same
        except ImportError:
            raise ConfigError(
                f"{purpose} in an object store takes obstore, which is not installed",
                hint="install the extra: pip install 'couponhub[object-store]'",
            ) from None
        options: Any = {"endpoint": endpoint} if endpoint is not None else {}
        client: Any = {**_CLIENT, "allow_http": allow_http}
        try:
            opened: Any = from_url(url, client_options=client, retry_config=_RETRY, **options)
        except BaseError as error:
            reason = shown(str(error).partition("\n")[0][:200])
            raise ConfigError(
                f"the object store of {setting} cannot be opened: {reason}",
                hint=f"its credentials come from the environment: {self._environment}",
            ) from None
        self.store: S3Store | GCSStore | AzureStore = opened

    def done(self, doing: str, call: Callable[[], T], *, unreadable: str) -> T:
        """Do something there, waiting for it as of `waited_for`.

        Args:
            doing: What, for people: "put a file into".
            call: Does it.
            unreadable: What it is called when the file on this side cannot be used.

        Raises:
            ConfigError: The bucket is missing, or refuses.
            LocalError: It cannot be reached; or the file on this side.
        """
        from obstore.exceptions import BaseError  # noqa: PLC0415 - an extra

        fault: CouponhubError
        try:
            return waited_for(call)
        except (BaseError, FileNotFoundError) as error:
            fault = self._fault(doing, error)
        except OSError as error:
            fault = LocalError(f"{unreadable}: {error.strerror}")
        raise fault  # outside of the handlers: what would be chained quotes addresses

    def _fault(self, doing: str, error: Exception) -> CouponhubError:
        from obstore.exceptions import PermissionDeniedError, UnauthenticatedError  # noqa: PLC0415 - an extra

        said = word_for(error)
        if is_other_region(error):
            return ConfigError(
                f"the bucket is in another region, so that nobody can {doing} {self.url}",
                hint="set AWS_REGION in the environment to that of the bucket",
            )
        if isinstance(error, (PermissionDeniedError, UnauthenticatedError)) or said in _REFUSALS:
            return ConfigError(
                f"the object store refuses to {doing} {self.url}: {said or 'no permission'}",
                hint="its credentials must be allowed to put, get, list and delete objects there; they come from the"
                f" environment: {self._environment}",
            )
        if isinstance(error, FileNotFoundError) or said.startswith("NoSuch"):
            return ConfigError(
                f"there is no bucket to {doing}: {self.url}" + (f" ({said})" if said else ""),
                hint=f"make it, or correct {self._setting}",
            )
        if said:
            return LocalError(
                f"the object store did not {doing} {self.url}: {said}", hint="the same command tries again"
            )
        return LocalError(
            f"the object store cannot be reached, to {doing} {self.url}",
            hint=f"look at the network, the credentials and {self._where}; the same command tries again",
        )
