"""The table `[staging]` of the configuration."""

from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import attrs

from couponhub.settings import ALLOW_HTTP, check_url, setting

if TYPE_CHECKING:
    from attrs import Attribute


class StagingKind(StrEnum):
    """The way in which a code file becomes a URL."""

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


@attrs.frozen(kw_only=True)
class StagingSettings:
    """The publishing of code files."""

    kind: StagingKind = setting(
        StagingKind.SERVER,
        about="server: a server of our own; folder: another web server publishes `path`",
    )
    listen: str = setting(
        "127.0.0.1:0",
        about="host:port of our own server; port 0 takes a free one",
        example='"127.0.0.1:0"',
        validator=_check_listen,
    )
    public_url: str | None = setting(
        None,
        about="where the vendor reaches the files; https unless it is this machine",
        example='"https://codes.example.com"',
        validator=check_url,
    )
    allow_http: bool = setting(default=False, about=ALLOW_HTTP)
    tls_cert: str | None = setting(
        None, about="PEM file of the server's certificate, when nothing in front does TLS"
    )
    tls_key: str | None = setting(None, about="PEM file of the certificate's key")
    path: str | None = setting(None, about="the folder that another web server publishes, for kind folder")
