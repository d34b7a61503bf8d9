"""Durable state on one machine: SQLite databases, code sets as plain files beside them. Nobody else imports sqlite3."""

from typing import TYPE_CHECKING

from couponhub._lazy import lazy_exports

if TYPE_CHECKING:
    from couponhub.state.sqlite.state import SqliteState

__all__ = ["SqliteState"]

# Lazily, for locks on files of this machine are SQLite's, and wanted where no state is.
__getattr__ = lazy_exports(__name__, {"SqliteState": "couponhub.state.sqlite.state"})
