"""The table `[shared]` of the configuration."""

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

import attrs

from couponhub.secret import Secret
from couponhub.settings import setting

if TYPE_CHECKING:
    from attrs import Attribute

_SCHEMES = ("redis", "rediss")
_TLS_FILES = frozenset({"ssl_ca_certs", "ssl_certfile", "ssl_keyfile"})
_EXPECTED = "expected redis://user:password@host:6379/0, or rediss:// for TLS, with %XX for what is special in a password"


def _check_url(instance: object, attribute: "Attribute[Secret | None]", value: Secret | None) -> None:  # noqa: ARG001 - attrs' signature
    if value is None:
        return
    text = value.reveal()
    try:
        parts = urlsplit(text)
        database = parts.path.removeprefix("/")
        is_whole = (
            parts.scheme in _SCHEMES
            and bool(parts.hostname)
            and parts.port != 0
            and (not database or (database.isascii() and database.isdigit()))
            and not parts.fragment
        )
        options = {
            name
            for name, _ in parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
        }
    except ValueError:
        is_whole, options = False, set()
    if not is_whole or not text.isprintable() or " " in text:
        raise ValueError(_EXPECTED)
    if options - _TLS_FILES or (options and parts.scheme != "rediss"):
        raise ValueError(
            f"expected after ? nothing but {', '.join(sorted(_TLS_FILES))}, each a file, and these with rediss:// alone"
        )


def _check_share(instance: object, attribute: "Attribute[float]", value: float) -> None:  # noqa: ARG001 - attrs' signature
    if not 0 <= value <= 1:
        raise ValueError("expected a number from 0 to 1")


def _address(given: str | Secret | None) -> Secret | None:
    """Return the address, which is only a secret that should not stand in a file where it names a password."""
    if given is None:
        return None
    text, is_literal = (given.reveal(), given.literal) if isinstance(given, Secret) else (given, False)
    return Secret(text, literal=is_literal and "@" in text)


@attrs.frozen(kw_only=True)
class SharedSettings:
    """The place that all machines share beside the store, and what one of them may do while that is away."""

    url: Secret | None = setting(
        None,
        about="redis://:password@host:6379/0 of Redis or Valkey, rediss:// for TLS: quotas, remembered answers and what is"
        " known of dead vendors are shared there by all machines; when left out, by the processes of one store alone",
        example='"rediss://cache.example.com:6379/0"',
        converter=_address,
        validator=_check_url,
    )
    share: float = setting(
        0.25,
        about="the part of each quota that lookups of this machine may use while that, or a store in PostgreSQL where none is"
        " named, is away; one divided by the number of machines keeps the whole within the quota",
        validator=_check_share,
    )

    @property
    def place(self) -> str:
        """The address for people, without user, password and parameters; "" where there is none."""
        if self.url is None:
            return ""
        parts = urlsplit(self.url.reveal())
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
