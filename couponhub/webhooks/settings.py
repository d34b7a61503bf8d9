"""The settings of one receiver of webhooks."""

import base64
import binascii
import re
from enum import StrEnum
from urllib.parse import urlsplit

import attrs

from couponhub.secret import Secret
from couponhub.settings import (
    ALLOW_HTTP,
    check_bare_address,
    check_file,
    check_positive,
    check_proxy,
    is_plain_http,
    plain_http_warnings,
    proxy_of,
    setting,
)
from couponhub.transport.settings import TransportSettings

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
"""The name of a receiver: it is a part of `webhook-id`, which a dot would break."""
_PREFIX = "whsec_"
_LEAST_KEY, _MOST_KEY = 24, 64
"""Bytes of a key, as Standard Webhooks wants them."""
_LONGEST_SECONDS = 60.0


class WebhookEvent(StrEnum):
    """An end that can be told: the kind of the job, and how it has ended.

    A job that is done has done all it could: of an upload, `data.upload.status` tells what the vendor made of it.
    """

    UPLOAD_DONE = "upload.done"
    UPLOAD_FAILED = "upload.failed"
    UPLOAD_CANCELLED = "upload.cancelled"
    EXPORT_DONE = "export.done"
    EXPORT_FAILED = "export.failed"
    EXPORT_CANCELLED = "export.cancelled"
    MIGRATION_DONE = "migration.done"
    MIGRATION_FAILED = "migration.failed"
    MIGRATION_CANCELLED = "migration.cancelled"
    SHADOW_DONE = "shadow.done"
    SHADOW_FAILED = "shadow.failed"
    SHADOW_CANCELLED = "shadow.cancelled"


def _check_receiver(instance: object, attribute: object, value: Secret) -> None:  # noqa: ARG001 - attrs' signature
    address, _, query = value.reveal().partition("?")
    check_bare_address(address, allow_http=getattr(instance, "allow_http", False) is True)
    if not query.isascii() or not query.isprintable() or set(query) & set(' #\\"<>'):
        raise ValueError("expected an address whose query is encoded, without a #")


def _check_key(instance: object, attribute: object, value: Secret | None) -> None:  # noqa: ARG001 - attrs' signature
    if value is None:
        return
    expected = f"expected {_PREFIX} and {_LEAST_KEY} to {_MOST_KEY} random bytes in base64"
    text = value.reveal()
    if not text.startswith(_PREFIX):
        raise ValueError(expected)
    try:
        key = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(expected) from None
    if not _LEAST_KEY <= len(key) <= _MOST_KEY:
        raise ValueError(expected)


def _check_seconds(instance: object, attribute: "attrs.Attribute[float]", value: float) -> None:
    check_positive(instance, attribute, value)
    if value > _LONGEST_SECONDS:
        raise ValueError(f"expected at most {_LONGEST_SECONDS:g} seconds")


def _check_some(instance: object, attribute: object, value: tuple[WebhookEvent, ...] | None) -> None:  # noqa: ARG001 - attrs' signature
    if value is not None and not value:
        raise ValueError("expected at least one event; leave it out for all")


@attrs.frozen(kw_only=True)
class WebhookSettings:
    """The table `[webhooks.NAME]`: one receiver, by a name of yours."""

    url: Secret = setting(
        about="where messages are posted to; https unless it is this machine. It is treated as a secret, for some"
        " receivers have a key in it",
        example='"https://erp.example.com/couponhub"',
        validator=_check_receiver,
    )
    secret: Secret = setting(
        about="the key that messages are signed with, as Standard Webhooks has it: whsec_ and 24 to 64 random bytes in"
        " base64",
        example='"${COUPONHUB_WEBHOOK_SECRET}"',
        validator=_check_key,
    )
    previous_secret: Secret | None = setting(
        None,
        about="the key before that one: messages are signed with both, until the receiver knows the new one",
        validator=_check_key,
    )
    events: tuple[WebhookEvent, ...] | None = setting(
        None,
        about="the ends that are told; all when left out",
        example='["upload.done", "upload.failed"]',
        validator=_check_some,
    )
    timeout: float = setting(
        15.0, about="seconds that the receiver has to answer, at most 60", validator=_check_seconds
    )
    allow_http: bool = setting(default=False, about=ALLOW_HTTP)
    proxy: Secret | None = setting(
        None,
        about="the proxy's URL, which may hold a password; the environment's proxy variables are ignored",
        validator=check_proxy,
        converter=proxy_of,
    )
    ca_bundle: str | None = setting(
        None,
        about="a PEM file of authorities to trust instead of the public ones",
        validator=check_file,
        shown=True,
    )

    @property
    def told(self) -> frozenset[str]:
        """The words of the ends that are told."""
        return frozenset(self.events or WebhookEvent)

    @property
    def host(self) -> str:
        """The receiver's host, for people."""
        return urlsplit(self.url.reveal()).hostname or ""

    @property
    def warnings(self) -> tuple[str, ...]:
        """Tell what these settings leave open that somebody should settle, for people; never a value."""
        found = plain_http_warnings(self)
        if is_plain_http(self.url.reveal()):
            found = (
                "url is http:// to another machine: whoever is on the way reads and changes what travels there",
                *found,
            )
        return found

    def transport(self) -> TransportSettings:
        """Return the HTTP side of it."""
        return TransportSettings(proxy=self.proxy, ca_bundle=self.ca_bundle)
