"""The table `[staging]` of the configuration."""

import re
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import attrs

from couponhub.settings import ALLOW_HTTP, check_url, setting

if TYPE_CHECKING:
    from attrs import Attribute


_BUCKET = re.compile(r"(s3|gs|az)://[A-Za-z0-9][A-Za-z0-9._-]{1,62}(/[A-Za-z0-9._=-]+)*/?")
_SHORTEST_LIFETIME, _LONGEST_LIFETIME = 60, 7 * 24 * 60 * 60


class StagingKind(StrEnum):
    """The way in which a code file becomes a URL."""

    SERVER = "server"
    """A small HTTP server of our own, which runs while it is needed."""
    FOLDER = "folder"
    """A folder that another web server publishes."""
    OBJECT_STORE = "object-store"
    """A bucket of S3, Google Cloud Storage or Azure, or of a service that speaks like S3."""


def _check_listen(instance: object, attribute: "Attribute[str]", value: str) -> None:  # noqa: ARG001 - attrs' signature
    try:
        parts = urlsplit(f"//{value}")
        complete = bool(parts.hostname) and parts.port is not None
    except ValueError:
        complete = False
    if not complete:
        raise ValueError('expected host:port, such as "127.0.0.1:0"')


def _check_bucket(instance: object, attribute: "Attribute[str | None]", value: str | None) -> None:  # noqa: ARG001 - attrs' signature
    if value is not None and not _BUCKET.fullmatch(value):
        raise ValueError("expected s3://bucket/prefix, gs://bucket/prefix or az://container/prefix")


def _check_lifetime(instance: object, attribute: "Attribute[int]", value: int) -> None:  # noqa: ARG001 - attrs' signature
    if not _SHORTEST_LIFETIME <= value <= _LONGEST_LIFETIME:
        raise ValueError(f"expected seconds from {_SHORTEST_LIFETIME} to {_LONGEST_LIFETIME}, a week")


@attrs.frozen(kw_only=True)
class StagingSettings:
    """The publishing of code files."""

    kind: StagingKind = setting(
        StagingKind.SERVER,
        about="server: a server of our own; folder: another web server publishes `path`; object-store: the bucket of `url`",
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
    url: str | None = setting(
        None,
        about="the bucket and prefix, for kind object-store: s3://, gs:// or az://",
        validator=_check_bucket,
    )
    endpoint: str | None = setting(
        None,
        about="address of a service of your own that speaks like S3; the cloud's own when left out",
        validator=check_url,
    )
    url_lifetime: int = setting(
        24 * 60 * 60,
        about="seconds for which an address in the object store can be fetched, from when the vendor is told it: the longest"
        " that it may take to come",
        validator=_check_lifetime,
    )
