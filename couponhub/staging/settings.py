"""The table `[staging]` of the configuration."""

from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import attrs

from couponhub.transport.settings import check_bare_address

if TYPE_CHECKING:
    from attrs import Attribute


class StagingKind(StrEnum):
    """How a code file becomes a URL."""

    SERVER = "server"
    """A small HTTP server of our own, which runs while it is needed."""
    FOLDER = "folder"
    """A folder that another web server publishes."""


def _check_listen(instance: object, attribute: "Attribute[str]", value: str) -> None:  # noqa: ARG001 - attrs' signature
    try:
        parts = urlsplit(f"//{value}")
        complete = bool(parts.hostname) and parts.port is not None
    except ValueError:
        complete = False
    if not complete:
        raise ValueError('expected host:port, such as "127.0.0.1:0"')


def _check_public_url(instance: object, attribute: "Attribute[str | None]", value: str | None) -> None:  # noqa: ARG001 - attrs' signature
    if value is not None:
        check_bare_address(value)


@attrs.frozen(kw_only=True)
class StagingSettings:
    """How code files are published.

    Attributes:
        listen: Where the server listens, `host:port`; port 0 takes a free one.
        public_url: What the vendor is told; None tells it the address that the server listens on.
        tls_cert: PEM file, with `tls_key`, when nothing in front of the server does TLS.
        path: The folder, of the kind `folder`.
    """

    kind: StagingKind = attrs.field(
        default=StagingKind.SERVER,
        metadata={"about": "server: a server of our own; folder: another web server publishes `path`"},
    )
    listen: str = attrs.field(
        default="127.0.0.1:0",
        validator=_check_listen,
        metadata={"about": "host:port of our own server; port 0 takes a free one"},
    )
    public_url: str | None = attrs.field(
        default=None,
        validator=_check_public_url,
        metadata={"about": "where the vendor reaches the files; https unless it is this machine"},
    )
    tls_cert: str | None = attrs.field(
        default=None,
        metadata={"about": "PEM file of the server's certificate, when nothing in front does TLS"},
    )
    tls_key: str | None = attrs.field(default=None, metadata={"about": "PEM file of the certificate's key"})
    path: str | None = attrs.field(
        default=None, metadata={"about": "the folder that another web server publishes, for kind folder"}
    )
