"""The tokens of the HTTP endpoint in a database."""

import json
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from couponhub.clock import utc_now
from couponhub.errors import UsageError
from couponhub.state.sql.database import Database, Row
from couponhub.state.tokens import Scope, Token, new_token


class SqlTokens:
    """`Tokens` in the database of the ledger.

    Args:
        store: Where they are kept.
        now: The clock, for tests.
    """

    def __init__(self, store: Database, *, now: Callable[[], datetime] = utc_now) -> None:
        self._store = store
        self._now = now

    def new(
        self, scopes: Iterable[Scope], *, name: str | None = None, expires: timedelta | None = None
    ) -> tuple[str, Token]:
        """As `Tokens.new`."""
        text, token = new_token(scopes, name=name, expires=expires, now=self._now())
        with self._store.transaction() as database:
            taken = database.execute("SELECT 1 FROM tokens WHERE ? IN (name, id)", (token.name,)).fetchone()
            # Another process may write the same name at this moment.
            written = (
                taken is None
                and database.execute(
                    "INSERT INTO tokens (id, name, scopes, digest, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)"
                    " ON CONFLICT DO NOTHING",
                    (
                        token.id,
                        token.name,
                        json.dumps(sorted(token.scopes)),
                        token.digest,
                        token.created_at.isoformat(),
                        token.expires_at and token.expires_at.isoformat(),
                    ),
                ).rowcount
            )
            if not written:
                raise UsageError(
                    f"there is a token named {token.name} already",
                    hint="choose another name, or remove it with `couponhub token rm`",
                )
        return text, token

    def all(self) -> tuple[Token, ...]:
        """As `Tokens.all`."""
        with self._store.reading() as database:
            rows = database.execute("SELECT * FROM tokens ORDER BY rowid").fetchall()
        return tuple(_token(row) for row in rows)

    def remove(self, name: str) -> None:
        """As `Tokens.remove`."""
        with self._store.transaction() as database:
            removed = database.execute("DELETE FROM tokens WHERE ? IN (name, id)", (name,)).rowcount
        if not removed:
            raise UsageError("there is no such token", hint="see `couponhub token ls` for names and ids")


def _token(row: Row) -> Token:
    return Token(
        id=row["id"],
        name=row["name"],
        scopes=frozenset(Scope(word) for word in json.loads(row["scopes"]) if word in set(Scope)),
        digest=row["digest"],
        created_at=datetime.fromisoformat(row["created_at"]),
        expires_at=None if row["expires_at"] is None else datetime.fromisoformat(row["expires_at"]),
    )
