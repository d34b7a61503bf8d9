"""A connection as others are told of it."""

from collections.abc import Mapping
from enum import StrEnum

import attrs

from couponhub.errors import CouponhubError
from couponhub.models.base import Documented


class PreferredBy(StrEnum):
    """The reason why lookups ask a connection before others.

    CONFIG is `[lookup] prefer`; STATE what was switched while everything ran, as by the cut-over of a migration.
    """

    CONFIG = "config"
    STATE = "state"


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
        lookup_place: Its place among those whom lookups ask that name nobody, from 1; None when they do not ask it.
        preferred_by: Why it comes before others there; None when nobody put it before them.
    """

    connection: str
    adapter: str
    vendor: str | None = None
    capabilities: tuple[str, ...] | None = None
    limits: Mapping[str, int] | None = None
    left: Mapping[str, int] | None = None
    error: CouponhubError | None = attrs.field(default=None, eq=False)
    lookup_place: int | None = None
    preferred_by: PreferredBy | None = None
