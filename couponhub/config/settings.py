"""The configuration as objects."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from couponhub.codes.joins import SetsSettings
from couponhub.config.oidc import OidcSettings
from couponhub.errors import UnknownConnection
from couponhub.plugin import AdapterPlugin, ConnectionSettings
from couponhub.resilience import ResilienceSettings
from couponhub.secret import Secret
from couponhub.settings import (
    ALLOW_HTTP,
    check_bare_address,
    check_not_negative,
    check_positive,
    check_url,
    plain_http_warnings,
    setting,
)
from couponhub.staging import StagingSettings
from couponhub.state import SharedSettings, StoreSettings, Token, read_token_hash
from couponhub.webhooks.settings import WebhookSettings

_RESILIENCE = ResilienceSettings()
"""The figures that hold where `[lookup]` says nothing."""


def _check_not_empty(instance: object, attribute: object, value: tuple[str, ...] | None) -> None:  # noqa: ARG001 - attrs' signature
    if value is not None and not value:
        raise ValueError("expected at least one connection; leave it out to ask all")


def _check_collector(instance: object, attribute: object, value: str | None) -> None:  # noqa: ARG001 - attrs' signature
    if value is not None:
        check_bare_address(value, allow_http=True)  # nothing secret travels there, and collectors are near


def _check_tokens(instance: object, attribute: object, value: tuple[Secret, ...]) -> None:  # noqa: ARG001 - attrs' signature
    ids: set[str] = set()
    for number, one in enumerate(value, 1):
        try:
            token = read_token_hash(one.reveal())
        except ValueError as error:
            raise ValueError(f"entry {number} {error}") from None
        if token.id in ids:
            raise ValueError(f"entry {number} is the hash of a token that another entry is of, too")
        ids.add(token.id)


@attrs.frozen(kw_only=True)
class LookupSettings:
    """The table `[lookup]`."""

    connections: tuple[str, ...] | None = setting(
        None,
        about="connections a lookup asks; all when left out",
        example='["loyalty"]',
        validator=_check_not_empty,
    )
    prefer: tuple[str, ...] = setting(
        (),
        about="connections of these that are asked first, and whose coupons come first, in this order; what was"
        " switched in the store since comes before them",
        example='["loyalty"]',
    )
    deadline: float = setting(
        _RESILIENCE.call_timeout,
        about="seconds for a whole lookup answer",
        example="2.0",
        validator=check_positive,
    )
    call_timeout: float | None = setting(
        None,
        about="seconds a vendor has to answer a lookup, however soon those must leave who wait; `deadline` when left"
        " out",
        validator=attrs.validators.optional(check_positive),
    )
    cache_ttl: float = setting(
        _RESILIENCE.cache_ttl,
        about="seconds during which an answer with coupons is given again; 0 turns it off",
        validator=check_not_negative,
    )
    negative_ttl: float = setting(
        _RESILIENCE.negative_ttl,
        about="seconds during which an answer without coupons is given again; 0 turns it off",
        validator=check_not_negative,
    )
    stale_if_error: float = setting(
        _RESILIENCE.stale_if_error,
        about="seconds past that during which an answer is shown while the vendor fails; 0 turns it off",
        validator=check_not_negative,
    )

    def resilience(self) -> ResilienceSettings:
        """Return the figures of the way to a connection; it counts memory as if it were the only one."""
        return ResilienceSettings(
            call_timeout=self.deadline if self.call_timeout is None else self.call_timeout,
            cache_ttl=self.cache_ttl,
            negative_ttl=self.negative_ttl,
            stale_if_error=self.stale_if_error,
        )


@attrs.frozen(kw_only=True)
class ServerSettings:
    """The table `[server]`."""

    rate_limit: float = setting(
        0.0,
        about="requests a second per token, granted by each server for itself; 0 for any number",
        example="0",
        validator=check_not_negative,
    )
    public_url: str | None = setting(
        None,
        about="where vendors reach the server, to report the end of uploads; https unless it is this machine",
        example='"https://coupons.example.com"',
        validator=check_url,
    )
    allow_http: bool = setting(default=False, about=ALLOW_HTTP)
    otlp_url: str | None = setting(
        None,
        about="an OpenTelemetry collector that is told of requests and calls to vendors, by OTLP over HTTP",
        example='"http://127.0.0.1:4318"',
        validator=_check_collector,
    )
    console: bool = setting(
        default=False, about="serve the web page for people beside the API, as `serve --console` does"
    )
    oidc: OidcSettings | None = setting(
        None, about="the provider of OpenID Connect that signs people in to the console, see `[server.oidc]`"
    )
    tokens: tuple[Secret, ...] = setting(
        default=(),
        about="hashes of tokens that hold beside those in the store; `couponhub token new --print-hash` makes them",
        example="[]",
        validator=_check_tokens,
    )

    @property
    def known_tokens(self) -> tuple[Token, ...]:
        """The tokens of those hashes; also those that are expired."""
        return tuple(read_token_hash(one.reveal()) for one in self.tokens)


@attrs.frozen(kw_only=True)
class ConnectionConfig:
    """One configured account: its name, its adapter, and its settings in the adapter's own class."""

    name: str
    plugin: AdapterPlugin
    settings: ConnectionSettings

    @property
    def warnings(self) -> tuple[str, ...]:
        """Tell what these settings leave open that somebody should settle, for people; never a value."""
        return (*plain_http_warnings(self.settings), *self.settings.warnings)


@attrs.frozen(kw_only=True)
class Config:
    """A whole configuration, free of faults.

    Attributes:
        path: The file it was read from, None for one made in memory.
        connections: By name, in the order of the file.
        webhooks: Who is told of the ends of jobs, by name; nobody by default.
    """

    path: Path | None = None
    connections: Mapping[str, ConnectionConfig] = attrs.field(factory=dict)
    staging: StagingSettings = setting(
        factory=StagingSettings,
        about="How a code file becomes a URL that a vendor can fetch; only needed for vendors that fetch files.",
    )
    store: StoreSettings = setting(factory=StoreSettings, about="Where durable state lies, and for how long.")
    shared: SharedSettings = setting(
        factory=SharedSettings, about="What several machines share in Redis or Valkey, beside the store."
    )
    sets: SetsSettings = setting(
        factory=SetsSettings, about="How sets of codes are joined with what is known of each, by migrations."
    )
    lookup: LookupSettings = setting(
        factory=LookupSettings, about="Whom a lookup asks, how long it takes, and what it remembers."
    )
    server: ServerSettings = setting(factory=ServerSettings, about="Of `couponhub serve`.")
    webhooks: Mapping[str, WebhookSettings] = attrs.field(factory=dict)

    def warnings(self) -> tuple[tuple[str | None, str], ...]:
        """Return what somebody should settle, for people: whose it is, None for no connection's, and what; never a value."""
        tables: dict[str, attrs.AttrsInstance] = {"staging": self.staging, "server": self.server}
        return (
            *((name, text) for name, one in self.connections.items() for text in one.warnings),
            *(
                (None, f"[{name}] {text}")
                for name, table in tables.items()
                for text in plain_http_warnings(table)
            ),
            *(
                (None, f"[webhooks.{name}] {text}")
                for name, one in self.webhooks.items()
                for text in one.warnings
            ),
        )

    def connection(self, name: str) -> ConnectionConfig:
        """The connection of that name.

        Raises:
            UnknownConnection: There is none.
        """
        if name not in self.connections:
            known = ", ".join(self.connections) or "none"
            shown = f'connection "{name}"' if name.isprintable() else "such connection"
            raise UnknownConnection(f"there is no {shown}", hint=f"configured are: {known}")
        return self.connections[name]


def tables() -> dict[str, tuple[type[Any], str]]:
    """Return the class of each table of settings, and what the table is about, by its name; not those within tables."""
    fields = attrs.fields(attrs.resolve_types(Config))
    return {
        field.name: (field.type, field.metadata["about"])
        for field in fields
        if field.type is not None and "about" in field.metadata
    }
