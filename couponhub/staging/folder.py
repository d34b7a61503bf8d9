"""Staging in a folder that another web server publishes."""

import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import attrs

from couponhub.errors import ConfigError, LocalError
from couponhub.paths import expanded
from couponhub.staging.base import StagedFile, check_reachable
from couponhub.staging.settings import StagingSettings
from couponhub.state import Reaped
from couponhub.state.lockfile import held_lockfile, reap_all

_TOKEN_BYTES = 32
_NAME = "[A-Za-z0-9_-]{43}"
_LOCK = re.compile(rf"\.{_NAME}\.lock")
_FILE = re.compile(rf"({_NAME})\.csv")


@attrs.frozen
class _PublishedFile:
    url: str = attrs.field(repr=False)
    fetches: None = None


class FolderStaging:
    """Copies files into a folder under unguessable names, and removes them afterwards.

    Their mode is the process's usual one (umask, so 0644 as a rule), since the web server, often another user,
    must read them. What a killed process left is removed when the next file is staged.
    """

    def __init__(self, settings: StagingSettings) -> None:
        if settings.path is None or settings.public_url is None:
            missing = "path" if settings.path is None else "public_url"
            raise ConfigError(f"staging.{missing} is missing, which the kind folder needs")
        self._folder = expanded(settings.path)
        self._public_url = settings.public_url.rstrip("/")
        self._allow_http = settings.allow_http

    @contextmanager
    def stage(self, path: Path, name: str) -> Iterator[StagedFile]:  # noqa: ARG002 - the protocol's; here the name would only add to what can be guessed
        """See `Staging.stage`."""
        self.reap()
        with ExitStack() as job:
            try:
                published = self._publish(job, path, self._new_lock)
            except OSError as error:
                raise LocalError(f"the staging folder {self._folder} failed: {error.strerror}") from error
            yield _PublishedFile(f"{self._public_url}/{published.name}")

    @contextmanager
    def stage_again(self, path: Path, url: str, *, drives: bool = False) -> Iterator[StagedFile | None]:  # noqa: ARG002 - nothing outlives a killed one
        """See `Staging.stage_again`: under the same name, unless it is held."""
        base, _, name = url.rpartition("/")
        found = _FILE.fullmatch(name)
        with ExitStack() as job:
            is_published = found is not None and base == self._public_url
            if found is not None and is_published:
                lock = self._folder / f".{found[1]}.lock"
                reap_all([lock] if lock.exists() else [], self._remove)
                try:
                    self._publish(job, path, lambda: lock)
                except (OSError, LocalError):  # FileExistsError: it is held
                    is_published = False
            yield _PublishedFile(url) if is_published else None

    def require_reachable(self, *, vendor_is_loopback: bool) -> None:
        """See `Staging.require_reachable`."""
        check_reachable(self._public_url, vendor_is_loopback=vendor_is_loopback, allow_http=self._allow_http)

    def reap(self) -> Reaped:
        """Remove what killed processes published."""
        locks = (lock for lock in self._folder.glob(".*.lock") if _LOCK.fullmatch(lock.name))
        return reap_all(locks, self._remove)

    def _publish(self, job: ExitStack, path: Path, lock: Callable[[], Path]) -> Path:
        published = self._published(job.enter_context(held_lockfile(lock, self._remove)))
        unfinished = published.with_suffix(".part")
        shutil.copyfile(path, unfinished)
        os.replace(unfinished, published)  # noqa: PTH105 - says better than Path.replace which is which
        return published

    def _new_lock(self) -> Path:
        return self._folder / f".{secrets.token_urlsafe(_TOKEN_BYTES)}.lock"

    def _published(self, lock: Path) -> Path:
        return self._folder / f"{lock.stem.removeprefix('.')}.csv"

    def _remove(self, lock: Path) -> None:
        published = self._published(lock)
        published.with_suffix(".part").unlink(missing_ok=True)
        published.unlink(missing_ok=True)
