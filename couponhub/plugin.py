"""The face of an adapter package at its entry point, and the settings every connection has."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import attrs

from couponhub.clock import SYSTEM_CLOCK, Clock
from couponhub.errors import ConfigError
from couponhub.protocols import Adapter, Limits
from couponhub.secret import Secret
from couponhub.settings import (
    ALLOW_HTTP,
    check_file,
    check_not_negative,
    check_positive,
    check_proxy,
    check_url,
    proxy_of,
    setting,
)
from couponhub.state.budgets import Budget
from couponhub.transport.observing import Observer
from couponhub.transport.room import ReplyRoom
from couponhub.transport.settings import TransportSettings

if TYPE_CHECKING:
    from couponhub.testing.emulation.context import EmulatorContext
    from couponhub.testing.emulation.vendor import VendorEmulator


_TRANSPORT = TransportSettings()
"""The figures that hold where a connection's table says nothing."""


def effective_limits(documented: Limits, overrides: Limits, *, vendor: str) -> Limits:
    """A vendor's documented limits with a connection's own figures in their place; 0 stands for "none".

    Raises:
        ConfigError: An override names no limit of the vendor's, or is below 0.
    """
    unknown = sorted(set(overrides) - set(documented))
    if unknown:
        raise ConfigError(
            f"limits: {vendor} has no limit named {', '.join(unknown)}; known are: {', '.join(documented)}"
        )
    negative = sorted(name for name, figure in overrides.items() if figure < 0)
    if negative:
        raise ConfigError(f"limits: {', '.join(negative)} must not be below 0; 0 turns one off")
    return MappingProxyType({**documented, **overrides})


@attrs.frozen(kw_only=True)
class ConnectionSettings:
    """The settings that every connection takes; an adapter's own settings derive from it."""

    base_url: str | None = setting(
        None, about="the vendor's API, instead of a known region", validator=check_url
    )
    timeout: float = setting(
        _TRANSPORT.timeout, about="seconds a vendor may stay silent", validator=check_positive
    )
    patience: float = setting(
        _TRANSPORT.patience,
        about="seconds in all for a call that nobody set a deadline for, waiting for rate limits included",
        validator=check_positive,
    )
    proxy: Secret | None = setting(
        None, about="proxy for this vendor", validator=check_proxy, converter=proxy_of
    )
    ca_bundle: str | None = setting(
        None, about="PEM file to trust instead of the public authorities", validator=check_file, shown=True
    )
    settle: float = setting(
        30.0,
        about="seconds after a lost answer until absence at the vendor counts as proof",
        validator=check_not_negative,
    )
    allow_http: bool = setting(default=False, about=ALLOW_HTTP)
    limits: Mapping[str, int] = setting(
        factory=dict, about="overrides of documented limits by flat name; 0 turns one off"
    )

    @property
    def country_code(self) -> str | None:
        """Of the country whose mobiles customers may be known by without it; None where nobody said, or none are."""
        return None

    @property
    def account(self) -> str:
        """The text that tells the account from others, whatever its connection is called; "" where nobody said."""
        return ""

    @property
    def warnings(self) -> tuple[str, ...]:
        """Tell what these settings leave open that somebody should settle, for people; never a value."""
        return ()

    def transport(self) -> TransportSettings:
        """The HTTP side of these settings."""
        return TransportSettings(
            timeout=self.timeout,
            patience=self.patience,
            proxy=self.proxy,
            ca_bundle=self.ca_bundle,
            allow_http=self.allow_http,
        )


@attrs.frozen(kw_only=True)
class Services:
    """The services of the core for an adapter that is opened, for its transport.

    Attributes:
        budget: Gives what an account may still spend of its rate limits, which all processes with the same store
            share. It takes what tells the account from others, such as an address and a key, and is kept as a hash;
            and the limits by flat name, in calls per window, of which 0 turns one off. Names without a window, such
            as `file_bytes`, are passed over.
        observer: Is told of each call to the vendor.
        room: The memory for replies, of all connections together.
        clock: The time of day, and how to wait.
    """

    budget: Callable[[str, Mapping[str, int]], Budget]
    observer: Observer
    room: ReplyRoom = attrs.field(factory=ReplyRoom)
    clock: Clock = SYSTEM_CLOCK


@attrs.frozen(kw_only=True)
class AdapterPlugin:
    """The object that the entry point of an adapter names.

    Attributes:
        name: The word in `adapter = "..."`.
        title: The vendor's name for people.
        settings: The class that a connection's table in the config becomes. A validator of its fields sees that
            one setting and no instance; what concerns several belongs in `__attrs_post_init__`.
        example: The lines that `config init` writes for a connection of it.
        open: Makes an adapter from a connection's name, its settings and the core's services; must not call the
            vendor.
        emulator: Makes the vendor's emulator; None when the adapter has none.
    """

    name: str
    title: str
    settings: type[ConnectionSettings]
    example: str
    open: Callable[[str, Any, Services], Adapter]
    emulator: "Callable[[EmulatorContext], VendorEmulator] | None" = None
