"""Declaring settings and checking them: each is described once, where it is declared.

From there come the config file's JSON Schema, what `config init` writes, and the tables of the documentation. Checks are
attrs validators; they raise ValueError, with a text that says what is expected and never quotes the value.
"""

import ipaddress
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import attrs

from couponhub.paths import expanded
from couponhub.secret import Secret, secret_of

if TYPE_CHECKING:
    from attrs import Attribute, AttrsInstance

ALLOW_HTTP = (
    "take addresses of other machines with http:// in this table; whoever is on the way reads what travels"
)
"""About a setting `allow_http`, which `check_url` and `check_proxy` heed."""
_COUNTRY_CODE = re.compile(r"[1-9][0-9]{0,3}")
NO_COUNTRY_CODE = (
    "default_country_code is not set: customers may be known by their mobiles with or without the country code, so"
    " that a lookup of an unknown mobile says unknown (identifier_ambiguous) and never none"
)
"""A warning of settings that lack it, where customers are known by mobiles."""


def setting(
    default: Any = attrs.NOTHING,
    *,
    about: str,
    example: str | None = None,
    schema: Mapping[str, Any] | None = None,
    shown: bool = False,
    **arguments: Any,
) -> Any:
    """Declare a setting, or a field of a request.

    Args:
        default: Its value where it is left out; without one it is required.
        about: What it is, for people.
        example: Its value in the file that `config init` writes, as TOML; None leaves it out there.
        schema: What its JSON Schema says beyond its kind.
        shown: A text of it is a word or a name and never a secret, so that a fault may quote it.
        arguments: As of `attrs.field`.
    """
    said = {"about": about, "example": example, "schema": schema, "shown": shown or None}
    metadata = {name: value for name, value in said.items() if value is not None}
    return attrs.field(default=default, metadata=metadata, **arguments)


def is_loopback_url(url: str) -> bool:
    """Tell whether the host of `url` is this machine itself."""
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:  # a name, or no URL at all
        return False


def is_plain_http(url: str) -> bool:
    """Tell whether what is sent to `url` can be read and changed on its way to another machine."""
    return url[:7].lower() == "http://" and not is_loopback_url(url)


def check_address(value: str, *, allow_http: bool = False) -> None:
    """Validate an address that secrets or codes travel to: https, or plain http to this machine alone.

    Args:
        value: The address.
        allow_http: Take plain http to other machines too.

    Raises:
        ValueError: It is none.
    """
    try:
        parts = urlsplit(value)
        complete = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        complete = False
    # A backslash or a blank: libraries disagree where the host ends.
    if not complete or "\\" in value or not value.isascii() or not value.isprintable() or " " in value:
        raise ValueError("expected an address such as https://host")
    if "?" in value or "#" in value:
        raise ValueError("expected an address without ? and #")
    if not allow_http and is_plain_http(value):
        raise ValueError(
            "http:// is refused for any host but this machine; use https://, or say allow_http = true"
        )


def check_bare_address(value: str, *, allow_http: bool = False) -> None:
    """Validate an address as `check_address` does, and that no user and password stand before the host.

    Raises:
        ValueError: They do, or it is no address.
    """
    check_address(value, allow_http=allow_http)
    if "@" in urlsplit(value).netloc:
        raise ValueError("expected an address without a user and password before the host")


def check_url(instance: object, attribute: "Attribute[str | None]", value: str | None) -> None:  # noqa: ARG001 - attrs' signature
    """Validate an address that secrets travel to: https, or plain http to this machine, or where `allow_http` is set."""
    if value is not None:
        # requests would send a user and password of the address in place of the connection's own credentials.
        check_bare_address(value, allow_http=_allows_http(instance))


def check_proxy(instance: object, attribute: "Attribute[Secret | None]", value: Secret | None) -> None:  # noqa: ARG001 - attrs' signature
    """Validate a proxy's address, as `check_url` does; it may name a user and password."""
    if value is not None:
        check_address(value.reveal(), allow_http=_allows_http(instance))


def plain_http_warnings(settings: "AttrsInstance") -> tuple[str, ...]:
    """Return a warning for each address of a table that plain http leads to on another machine; never the address."""
    named = (
        (field.name, getattr(settings, field.name))
        for field in attrs.fields(type(settings))
        if field.validator is check_url or field.validator is check_proxy
    )
    return tuple(
        f"{name} is http:// to another machine: whoever is on the way reads and changes what travels there"
        for name, value in named
        if value is not None and is_plain_http(value.reveal() if isinstance(value, Secret) else value)
    )


def _allows_http(instance: object) -> bool:
    return getattr(instance, "allow_http", False) is True


def check_file(instance: object, attribute: "Attribute[str | None]", value: str | None) -> None:  # noqa: ARG001 - attrs' signature
    """Validate the path of something that must be there."""
    if value is not None and not expanded(value).exists():
        raise ValueError("no such file")


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


def check_positive(instance: object, attribute: "Attribute[float]", value: float) -> None:  # noqa: ARG001 - attrs' signature
    """Validate a duration or count that must be above zero and finite."""
    if not 0 < value < float("inf"):
        raise ValueError("expected a number above 0")


def check_not_negative(instance: object, attribute: "Attribute[float]", value: float) -> None:  # noqa: ARG001 - attrs' signature
    """Validate a duration that may be zero and must be finite."""
    if not 0 <= value < float("inf"):
        raise ValueError("expected a number that is not below 0")


def proxy_of(given: str | Secret | None) -> Secret | None:
    """Return a proxy's address, which is only a secret that should not stand in a file where it names a password."""
    if given is None:
        return None
    proxy = secret_of(given)
    return Secret(proxy.reveal(), literal=proxy.literal and "@" in proxy.reveal())
