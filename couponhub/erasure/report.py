"""The report of an erasure: what was forgotten, and what is out of reach."""

from datetime import datetime

import attrs

from couponhub.models import Identifier
from couponhub.models.base import Documented, about


@attrs.frozen(kw_only=True)
class Removal(Documented):
    """The things that were removed at one place.

    Attributes:
        where: The place, for people.
        what: What is counted there, for people.
        connection: Whose it was; None for what all connections share.
        removed: How many; None where nobody counts.
    """

    where: str
    what: str
    connection: str | None = None
    removed: int | None = attrs.field(default=None, metadata=about(key="count"))


@attrs.frozen(kw_only=True)
class Forgotten(Documented):
    """The report of an erasure; it names nobody.

    Attributes:
        identifiers: The kinds of identifier that were given.
        at: When all of it was done.
        removals: What was removed where.
        remaining: What cannot be reached from here, or not now, and what to do about it.
    """

    identifiers: tuple[Identifier, ...]
    at: datetime
    removals: tuple[Removal, ...] = attrs.field(metadata=about(key="removed"))
    remaining: tuple[str, ...]
