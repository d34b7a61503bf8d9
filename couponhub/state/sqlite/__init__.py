"""Durable state on one machine: SQLite databases, code sets as plain files beside them. Nobody else imports sqlite3."""

from couponhub.state.sqlite.state import SqliteState

__all__ = ["SqliteState"]
