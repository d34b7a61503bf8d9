"""A migration as its log tells: its phase, its throttle, its window and its proofs."""

from collections.abc import Mapping
from datetime import datetime

import attrs

from couponhub.errors import LocalError
from couponhub.models import MigrationEvent, MigrationPhase
from couponhub.models.base import NOTHING
from couponhub.serialization import instant_text, read_instant
from couponhub.state import LoggedEvent, MigrationLog

APPLIED, FINISHED, THROTTLED, VERIFIED = "applied", "finished", "throttled", "verified"
CUT_OVER, ROLLED_BACK, RETIRED, SHADOWED = "cut_over", "rolled_back", "retired", "shadowed"

_PHASES: Mapping[str, MigrationPhase] = {
    APPLIED: MigrationPhase.APPLYING,
    FINISHED: MigrationPhase.APPLIED,
    CUT_OVER: MigrationPhase.CUT_OVER,
    ROLLED_BACK: MigrationPhase.ROLLED_BACK,
    RETIRED: MigrationPhase.RETIRED,
}


@attrs.frozen(kw_only=True)
class RunLog:
    """The log of one migration at a moment, oldest event first.

    Attributes:
        log: Where it is kept.
        id: Of the migration.
    """

    log: MigrationLog
    id: str
    logged: tuple[LoggedEvent, ...]

    @classmethod
    def read(cls, log: MigrationLog, migration_id: str) -> "RunLog":
        """Read what is there now."""
        return cls(log=log, id=migration_id, logged=log.events(migration_id))

    def write(self, kind: str, message: str, **details: object) -> "RunLog":
        """Write an event down, and return the log with it.

        Raises:
            LocalError: Somebody else has written one meanwhile, on which this one might depend.
        """
        after = self.logged[-1].number if self.logged else 0
        event = self.log.append(self.id, kind, {"message": message, **details}, after=after)
        if event is None:
            raise LocalError(
                f"somebody else has just done something with {self.id}",
                hint=f"see `couponhub migrate status {self.id}`",
            )
        return attrs.evolve(self, logged=(*self.logged, event))

    @property
    def phase(self) -> MigrationPhase | None:
        """The point that it has come to by what people decided; None while it is not applied."""
        found = [_PHASES[event.kind] for event in self.logged if event.kind in _PHASES]
        return found[-1] if found else None

    @property
    def per_minute(self) -> int | None:
        """The files that may go in a minute; None when nobody throttled it."""
        value = self.last(THROTTLED).get("per_minute")
        return value if isinstance(value, int) else None

    @property
    def window_ends_at(self) -> datetime | None:
        """The end of the window of the newest cut-over."""
        value = self.last(CUT_OVER).get("window_ends_at")
        return read_instant(value) if isinstance(value, str) else None

    def last(self, kind: str) -> Mapping[str, object]:
        """Return the details of the newest event of a kind; empty when there is none."""
        return next((event.details for event in reversed(self.logged) if event.kind == kind), NOTHING)

    def events(self) -> tuple[MigrationEvent, ...]:
        """Return what happened, for people."""
        return tuple(
            MigrationEvent(at=event.at, kind=event.kind, message=str(event.details.get("message", "")))
            for event in self.logged
        )


def told(moment: datetime) -> str:
    """Return a moment as it stands in the details of an event."""
    text: str = instant_text(moment)
    return text
