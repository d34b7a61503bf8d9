"""The words by which people know a migration: its list and its vendors; its id tells nobody anything."""

import attrs

from couponhub.errors import CouponhubError
from couponhub.hub import CouponHub
from couponhub.shown import shown

_MOST = 500


@attrs.frozen(kw_only=True)
class MigrationName:
    """A migration as people call it.

    Attributes:
        list_name: That of the list it moves; its id where it has no name.
        source: The connection it moves from.
        target: The one it moves to.
    """

    list_name: str
    source: str
    target: str


class MigrationNames:
    """Knows what migrations are called: a plan never changes once it is applied, so each is read once.

    Args:
        hub: Whose.
    """

    def __init__(self, hub: CouponHub) -> None:
        self._hub = hub
        self._known: dict[str, MigrationName] = {}

    def of(self, migration_id: str) -> MigrationName | None:
        """Return what a migration is called; None where its plan cannot be read now."""
        known = self._known.get(migration_id)
        if known is not None:
            return known
        try:
            plan = self._hub.migrations.report(migration_id).plan
        except CouponhubError:
            return None
        source = plan.source
        name = MigrationName(
            list_name=shown(source.name or source.list_id or migration_id),
            source=source.connection,
            target=plan.target.connection,
        )
        if len(self._known) >= _MOST:
            self._known.clear()
        self._known[migration_id] = name
        return name
