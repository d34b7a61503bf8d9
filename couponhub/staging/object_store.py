"""Staging in an object store, which serves the files itself at pre-signed addresses."""

import logging
import re
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import attrs

from couponhub.errors import ConfigError, CouponhubError, LocalError
from couponhub.object_stores import threads
from couponhub.staging.base import StagedFile, check_reachable
from couponhub.staging.settings import StagingSettings
from couponhub.staging.storage import StagingBucket
from couponhub.state import Reaped

_log = logging.getLogger(__name__)

_KEY = re.compile(r"[A-Za-z0-9_-]{43}\.csv")
_LONGEST_URL = timedelta(days=7)
"""No service signs for longer, so that nobody can still fetch what is older than this and the lifetime of addresses."""
_REAP_SECONDS = 3600.0


class ObjectStoreStaging:
    """Puts files into a bucket under unguessable names, gives addresses to them that end, and removes them afterwards.

    Credentials are those that the environment or the machine has. What a killed process left is removed by its age,
    which the service tells, so that no clock of ours is believed.
    """

    def __init__(self, settings: StagingSettings) -> None:
        if settings.url is None:
            raise ConfigError(
                "staging.url is missing, which the kind object-store needs",
                hint='write where files are to lie, such as url = "s3://bucket/prefix"',
            )
        self._settings = settings
        self._lifetime = settings.url_lifetime
        self._lock = threading.Lock()
        self._opened: StagingBucket | None = None
        self._reaped: float | None = None

    @contextmanager
    def stage(self, path: Path, name: str) -> Iterator[StagedFile]:  # noqa: ARG002 - the protocol's; here the name would only add to what can be guessed
        """See `Staging.stage`; the address is signed anew each time that it is asked for."""
        bucket, key = self._bucket(), f"{secrets.token_urlsafe(32)}.csv"
        with ExitStack() as job:
            if not bucket.put(key, path):
                raise LocalError("the object store says that a name which was just made up is taken")
            job.callback(self._end, bucket, key)
            self._reap_sometimes(bucket)
            yield _SignedFile(bucket, key, self._lifetime)

    @contextmanager
    def stage_again(self, path: Path, url: str, *, drives: bool = False) -> Iterator[StagedFile | None]:
        """See `Staging.stage_again`: under the same name, which the killed process may have left there or not."""
        with ExitStack() as job:
            staged: StagedFile | None = None
            try:
                bucket, key = self._bucket(), urlsplit(url).path.rpartition("/")[2]
                if _KEY.fullmatch(key) and _place(bucket.sign(key, self._lifetime)) == _place(url):
                    # Whoever holds the job's lease ends what its last holder left; others leave to him what is there.
                    if bucket.put(key, path, mode="overwrite" if drives else "create"):
                        job.callback(self._end, bucket, key)
                    staged = _SignedFile(bucket, key, self._lifetime)
            except (ConfigError, LocalError, ValueError):
                staged = None
            yield staged

    def require_reachable(self, *, vendor_is_loopback: bool) -> None:
        """See `Staging.require_reachable`."""
        check_reachable(
            self._bucket().sign("-", self._lifetime),
            vendor_is_loopback=vendor_is_loopback,
            allow_http=self._settings.allow_http,
            setting="endpoint",
        )

    def reap(self) -> Reaped:
        """Remove what killed processes left, once no address of it can be good any more.

        Raises:
            ConfigError, LocalError: The object store refuses, or cannot be reached.
        """
        return self._reap(self._bucket())

    def _bucket(self) -> StagingBucket:
        with self._lock:
            if not threads.claim():
                raise LocalError(
                    "this process was forked off one that had used an object store, and cannot do so itself",
                    hint="let it begin as a process of its own, or fork before any is used",
                )
            if self._opened is None:
                self._opened = StagingBucket(self._settings)
            return self._opened

    def _end(self, bucket: StagingBucket, key: str) -> None:
        try:
            bucket.remove(key)
        except CouponhubError as error:
            _log.warning("a staged file stays until it is removed for its age: %s", error.message)

    def _reap_sometimes(self, bucket: StagingBucket) -> None:
        with self._lock:
            now = time.monotonic()
            if self._reaped is not None and now - self._reaped < _REAP_SECONDS:
                return
            self._reaped = now
        try:
            self._reap(bucket)
        except CouponhubError as error:
            _log.warning("what killed processes left is not looked for: %s", error.message)

    def _reap(self, bucket: StagingBucket) -> Reaped:
        ages = [(key, put_at) for key, put_at in bucket.ages() if _KEY.fullmatch(key)]
        # The youngest was put just now, as a rule; where it was not, less is old, and never more.
        now = max((put_at for _, put_at in ages), default=None)
        limit = timedelta(seconds=self._lifetime) + _LONGEST_URL
        old = [key for key, put_at in ages if now is not None and now - put_at > limit]
        for key in old:
            bucket.remove(key)
        return Reaped(removed=len(old), kept=len(ages) - len(old))


@attrs.frozen
class _SignedFile:
    """An object, and the address to it."""

    bucket: StagingBucket = attrs.field(repr=False)
    key: str = attrs.field(repr=False)
    lifetime: int
    fetches: None = None  # only the bucket's own log could tell

    @property
    def url(self) -> str:
        return self.bucket.sign(self.key, self.lifetime)


def _place(url: str) -> str:
    return urlsplit(url)._replace(query="", fragment="").geturl()
