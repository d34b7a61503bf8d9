"""The common part of all ways of staging."""

import logging
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from couponhub.errors import ConfigError
from couponhub.models import Fetch
from couponhub.settings import is_loopback_url

_log = logging.getLogger(__name__)


class StagedFile(Protocol):
    """One published file."""

    @property
    def url(self) -> str:
        """The address at which the vendor fetches it. A right in itself: never log it."""
        ...

    @property
    def fetches(self) -> tuple[Fetch, ...] | None:
        """The times that it was fetched, the latest 50, oldest first; None when that cannot be known."""
        ...


class Staging(Protocol):
    """Publishes files. Thread-safe."""

    def stage(self, path: Path, name: str) -> AbstractContextManager[StagedFile]:
        """Publish a file from the beginning of the block to its end, for any number of fetches.

        Raises:
            LocalError: The port is taken, the disk is full.
            ConfigError: The settings do not suffice.
        """
        ...

    def stage_again(
        self, path: Path, url: str, *, drives: bool = False
    ) -> AbstractContextManager[StagedFile | None]:
        """Publish a file under an address that a call which was killed has told a vendor.

        Gives None where somebody else holds the address, the killed one's successor perhaps, or the settings have
        changed since.

        Args:
            path: The file.
            url: The address.
            drives: True for the one who holds the lease of the job: it may end what outlived the killed one.
        """
        ...

    def require_reachable(self, *, vendor_is_loopback: bool) -> None:
        """Check, before anything is sent, that the vendor can fetch from here as far as one can tell.

        Raises:
            ConfigError: The files would stand under an address that only this machine can reach, and the
                vendor is elsewhere; or under one that must not carry codes.
        """
        ...


def check_reachable(
    public_url: str, *, vendor_is_loopback: bool, allow_http: bool, setting: str = "public_url"
) -> None:
    """See `Staging.require_reachable`; `public_url` is the address that the vendor is told, by that setting."""
    if is_loopback_url(public_url):
        if not vendor_is_loopback:
            raise ConfigError(
                "the vendor fetches code files from a URL, and the one configured leads to this machine only",
                hint=f"set staging.{setting} to an https address that the vendor can reach",
            )
    elif public_url.startswith("https://"):
        return
    elif allow_http:
        _log.warning("codes travel over plain http to another machine, as allow_http of [staging] has it")
    else:
        raise ConfigError(
            "codes would travel over plain http to another machine",
            hint=f"set staging.{setting} to an https address"
            + (", or tls_cert and tls_key, or allow_http" if setting == "public_url" else ", or allow_http"),
        )
