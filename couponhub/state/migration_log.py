"""The log of what was decided and done in each migration between vendors, which only grows."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

import attrs

from couponhub.models.base import NOTHING


@attrs.frozen(kw_only=True)
class LoggedEvent:
    """One event of a migration.

    Attributes:
        number: Its place in the log of its migration, from 1 without a gap.
        at: When it was written down, in UTC, by the clock of the state; a clock that was set makes times jump, so that
            only numbers tell which of two came first.
        kind: A word for what happened.
        details: What is to be known of it; JSON, without codes or customers.
    """

    number: int
    at: datetime
    kind: str
    details: Mapping[str, object] = NOTHING


@attrs.frozen(kw_only=True)
class LoggedMigration:
    """One migration as its log shows it.

    Attributes:
        id: The name it was given when its first event was written.
        first: Its first event.
        last: Its last event, which is the first one too while there is no other.
    """

    id: str
    first: LoggedEvent
    last: LoggedEvent


class MigrationLog(Protocol):
    """The events of all migrations between vendors. Thread-safe, and safe with other processes.

    Nothing in it is ever changed or removed. Whoever writes an event says which one was the last that it knew: so two
    who decide at the same time never both have their way, and nobody decides on what is no longer so. An event is
    written for good when the method returns; killed or raising, it is there wholly or not at all. Every method raises
    LocalError, with one line, when this machine or the state fails.
    """

    def append(
        self, migration_id: str, kind: str, details: Mapping[str, object] = NOTHING, *, after: int
    ) -> LoggedEvent | None:
        """Write down an event, if it is still the next one.

        Args:
            migration_id: Which migration; one that has no event begins with this one.
            kind: A word for what happened.
            details: What is to be known of it; JSON, without codes or customers.
            after: The number of the last event that is known; 0 when there is none.

        Returns:
            The event as every other process finds it; None when another one stands there by now, or when there is no
            event of that number yet: nothing was written.

        Raises:
            UsageError: The details are no JSON, or the id or the kind is empty; nothing was written.
        """
        ...

    def events(self, migration_id: str) -> tuple[LoggedEvent, ...]:
        """Return the events of a migration by their numbers; () when there are none."""
        ...

    def all(self) -> tuple[LoggedMigration, ...]:
        """Return all migrations, in the order in which they began."""
        ...
