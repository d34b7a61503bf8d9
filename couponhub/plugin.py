"""What an adapter package shows at its entry point, and the settings every connection has."""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import attrs

from couponhub.errors import ConfigError
from couponhub.paths import expanded
from couponhub.protocols import Adapter, Limits
from couponhub.secret import Secret, secret_of
from couponhub.state.budgets import Budget
from couponhub.transport.observing import Observer
from couponhub.transport.room import ReplyRoom
from couponhub.transport.settings import TransportSettings, check_address, check_bare_address

if TYPE_CHECKING:
    from attrs import Attribute

    from couponhub.testing.emulation.vendor import VendorEmulator
    from couponhub.testing.emulation.world import World


_COUNTRY_CODE = re.compile(r"[1-9][0-9]{0,3}")


def check_url(instance: object, attribute: "Attribute[str | None]", value: str | None) -> None:  # noqa: ARG001 - attrs' signature
    """Validate an address that secrets travel to: https, or plain http to this machine alone."""
    if value is not None:
        # requests would send a user and password of the address in place of the connection's own credentials.
        check_bare_address(value)


def check_proxy(instance: object, attribute: "Attribute[Secret | None]", value: Secret | None) -> None:  # noqa: ARG001 - attrs' signature
    """Validate a proxy's address, as `check_url` does; it may name a user and password."""
    if value is not None:
        check_address(value.reveal())


def _proxy(given: str | Secret | None) -> Secret | None:
    """A proxy's address, which is only a secret that should not stand in a file where it names a password."""
    if given is None:
        return None
    proxy = secret_of(given)
    return Secret(proxy.reveal(), literal=proxy.literal and "@" in proxy.reveal())


def check_file(instance: object, attribute: "Attribute[str | None]", value: str | None) -> None:  # noqa: ARG001 - attrs' signature
    """Validate the path of something that must be there."""
    if value is not None and not expanded(value).exists():
        raise ValueError("expected the path of a file, and nothing is there")


def check_timezone(instance: object, attribute: "Attribute[str | None]", value: str | None) -> None:  # noqa: ARG001 - attrs' signature
    """Validate the name of a time zone."""
    if value is None:
        return
    try:
        ZoneInfo(value)
    except (LookupError, ValueError, OSError):
        raise ValueError("expected the IANA name of a time zone, such as Asia/Kolkata") from None


def check_country_code(instance: object, attribute: "Attribute[str | None]", value: str | None) -> None:  # noqa: ARG001 - attrs' signature
    """Validate a country code as telephone numbers begin with it."""
    if value is not None and not _COUNTRY_CODE.fullmatch(value):
        raise ValueError("expected one to four digits without + and zeros before them, such as 91")


NO_COUNTRY_CODE = (
    "default_country_code is not set: customers may be known by their mobiles with or without the country code, so"
    " that a lookup of an unknown mobile says unknown (identifier_ambiguous) and never none"
)
"""A warning of settings that lack it, where customers are known by mobiles."""


def check_positive(instance: object, attribute: "Attribute[float]", value: float) -> None:  # noqa: ARG001 - attrs' signature
    """Validate a duration or count that must be above zero and finite."""
    if not 0 < value < float("inf"):
        raise ValueError("expected a number above 0")


def check_not_negative(instance: object, attribute: "Attribute[float]", value: float) -> None:  # noqa: ARG001 - attrs' signature
    """Validate a duration that may be zero and must be finite."""
    if not 0 <= value < float("inf"):
        raise ValueError("expected a number that is not below 0")


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


def setting(default: Any = attrs.NOTHING, *, about: str, **arguments: Any) -> Any:
    """Declare a setting; `about` becomes its description in the JSON Schema."""
    return attrs.field(default=default, metadata={"about": about}, **arguments)


@attrs.frozen(kw_only=True)
class ConnectionSettings:
    """The settings that every connection takes; an adapter's own settings derive from it."""

    base_url: str | None = setting(
        None, about="the vendor's API, instead of a known region", validator=check_url
    )
    timeout: float = setting(30.0, about="seconds a vendor may stay silent", validator=check_positive)
    patience: float = setting(
        75.0,
        about="seconds in all for a call that nobody set a deadline for, waiting for rate limits included",
        validator=check_positive,
    )
    proxy: Secret | None = setting(
        None, about="proxy for this vendor", validator=check_proxy, converter=_proxy
    )
    ca_bundle: str | None = setting(
        None, about="PEM file to trust instead of the public authorities", validator=check_file
    )
    settle: float = setting(
        30.0,
        about="seconds after a lost answer until absence at the vendor counts as proof",
        validator=check_not_negative,
    )
    limits: Mapping[str, int] = setting(
        factory=dict, about="overrides of documented limits by flat name; 0 turns one off"
    )

    @property
    def country_code(self) -> str | None:
        """Of the country whose mobiles customers may be known by without it; None where nobody said, or none are."""
        return None

    @property
    def warnings(self) -> tuple[str, ...]:
        """What these settings leave open that somebody should settle, for people; never a value."""
        return ()

    def transport(self) -> TransportSettings:
        """The HTTP side of these settings."""
        return TransportSettings(
            timeout=self.timeout, patience=self.patience, proxy=self.proxy, ca_bundle=self.ca_bundle
        )


@attrs.frozen(kw_only=True)
class Services:
    """What the core hands to an adapter when it is opened, for its transport.

    Attributes:
        budget: Gives what an account may still spend of its rate limits, which all processes with the same store
            share. It takes what tells the account from others, such as an address and a key, and is kept as a hash;
            and the limits by flat name, in calls per window, of which 0 turns one off. Names without a window, such
            as `file_bytes`, are passed over.
        observer: Is told of each call to the vendor.
        room: The memory for replies, of all connections together.
    """

    budget: Callable[[str, Mapping[str, int]], Budget]
    observer: Observer
    room: ReplyRoom = attrs.field(factory=ReplyRoom)


@attrs.frozen(kw_only=True)
class AdapterPlugin:
    """What the entry point of an adapter names.

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
    emulator: "Callable[[World], VendorEmulator] | None" = None
