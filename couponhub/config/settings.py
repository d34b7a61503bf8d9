"""What a config file becomes."""

from collections.abc import Mapping
from pathlib import Path

import attrs

from couponhub.errors import UnknownConnection
from couponhub.plugin import (
    AdapterPlugin,
    ConnectionSettings,
    check_not_negative,
    check_positive,
    check_url,
    setting,
)
from couponhub.staging import StagingSettings
from couponhub.state import StoreSettings


def _check_not_empty(instance: object, attribute: object, value: tuple[str, ...] | None) -> None:  # noqa: ARG001 - attrs' signature
    if value is not None and not value:
        raise ValueError("expected at least one connection; leave it out to ask all")


@attrs.frozen(kw_only=True)
class LookupSettings:
    """The table `[lookup]`.

    Attributes:
        connections: Whom a lookup asks, in this order; None asks all.
        deadline: Seconds for the whole answer.
        cache_ttl: Seconds during which an answer with coupons is given again; 0 never.
        negative_ttl: The same for an answer without.
        stale_if_error: Seconds past that during which it is shown, as remembered, while the vendor fails; 0 never.
    """

    connections: tuple[str, ...] | None = setting(
        None, about="connections a lookup asks; all when left out", validator=_check_not_empty
    )
    deadline: float = setting(2.0, about="seconds for a whole lookup answer", validator=check_positive)
    cache_ttl: float = setting(
        30.0,
        about="seconds during which an answer with coupons is given again; 0 turns it off",
        validator=check_not_negative,
    )
    negative_ttl: float = setting(
        5.0,
        about="seconds during which an answer without coupons is given again; 0 turns it off",
        validator=check_not_negative,
    )
    stale_if_error: float = setting(
        300.0,
        about="seconds past that during which an answer is shown while the vendor fails; 0 turns it off",
        validator=check_not_negative,
    )


@attrs.frozen(kw_only=True)
class ServerSettings:
    """The table `[server]`.

    Attributes:
        rate_limit: Requests a second that a token may make; 0 for any number.
        public_url: Where vendors reach the server; None when they do not.
    """

    rate_limit: float = setting(
        0.0, about="requests a second per token, 0 for any number", validator=check_not_negative
    )
    public_url: str | None = setting(
        None,
        about="where vendors reach the server, to report the end of uploads; https unless it is this machine",
        validator=check_url,
    )


@attrs.frozen(kw_only=True)
class ConnectionConfig:
    """One configured account: its name, its adapter, and its settings in the adapter's own class."""

    name: str
    plugin: AdapterPlugin
    settings: ConnectionSettings


@attrs.frozen(kw_only=True)
class Config:
    """A whole configuration, free of faults.

    Attributes:
        path: The file it was read from, None for one made in memory.
        connections: By name, in the order of the file.
    """

    path: Path | None = None
    connections: Mapping[str, ConnectionConfig] = attrs.field(factory=dict)
    staging: StagingSettings = attrs.field(factory=StagingSettings)
    store: StoreSettings = attrs.field(factory=StoreSettings)
    lookup: LookupSettings = attrs.field(factory=LookupSettings)
    server: ServerSettings = attrs.field(factory=ServerSettings)

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
