"""The behaviour of one connection's HTTP."""

import attrs

from couponhub.paths import expanded
from couponhub.secret import Secret, secret_of


def _home_expanded(path: str) -> str:
    return str(expanded(path))


LOOKUP_REPLY_BYTES = 32 * 1024 * 1024
"""Of a reply about one customer: 50,000 coupons at once, should the vendor not heed how many were asked for."""


@attrs.frozen(kw_only=True)
class TransportSettings:
    """The HTTP side of a connection's configuration.

    Attributes:
        timeout: Seconds a vendor may stay silent before an exchange is given up; always finite.
        connect_timeout: Seconds to reach the vendor at all.
        patience: Seconds in all that the attempts of one call may take when the caller set no deadline.
        max_reply_bytes: Larger replies, counted after decompression, are refused; a request may ask for less.
        pool_size: Connections kept open for threads that call at once.
        proxy: The proxy's URL, which may hold a password; the environment's proxy variables are ignored.
        allow_http: Whether tokens may be fetched from another machine by plain http.
        ca_bundle: Path of a PEM file to trust instead of the public authorities; `~` is a home.
    """

    timeout: float = 30.0
    connect_timeout: float = 10.0
    patience: float = 75.0
    max_reply_bytes: int = 64 * 1024 * 1024
    pool_size: int = 64
    proxy: Secret | None = attrs.field(default=None, converter=attrs.converters.optional(secret_of))
    allow_http: bool = False
    ca_bundle: str | None = attrs.field(default=None, converter=attrs.converters.optional(_home_expanded))
