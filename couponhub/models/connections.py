"""A connection as others are told of it."""

from collections.abc import Mapping

import attrs

from couponhub.errors import CouponhubError
from couponhub.models.base import Documented


@attrs.frozen(kw_only=True)
class ServedConnection(Documented):
    """A configured connection, and what it can do.

    Attributes:
        connection: Its name; of a server's, the name there.
        adapter: The adapter's name.
        vendor: The vendor's name for people.
        capabilities: What it can do; None when it could not be opened.
        limits: Documented limits by flat name; None when it could not be opened.
        left: What is left of them now, of those that are counted; None when it could not be opened.
        error: Why it could not be opened.
    """

    connection: str
    adapter: str
    vendor: str | None = None
    capabilities: tuple[str, ...] | None = None
    limits: Mapping[str, int] | None = None
    left: Mapping[str, int] | None = None
    error: CouponhubError | None = attrs.field(default=None, eq=False)
