"""Bearer tokens of the HTTP endpoint, kept as hashes and named by a part of them that is no secret."""

import hashlib
import hmac
import json
import secrets
import sqlite3
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from enum import StrEnum

import attrs

from couponhub.errors import UsageError
from couponhub.models.base import utc_now
from couponhub.store.database import Store

_MARK = "chub"  # so that scanners recognise a token that was published by mistake
_LONGEST_NAME = 64


class Scope(StrEnum):
    """What a token allows."""

    LOOKUP = "lookup"
    """To look customers up."""
    LISTS_READ = "lists:read"
    """To read connections, lists and uploads."""
    CODES_REVEAL = "codes:reveal"
    """To see whole codes; without it they come masked."""
    ADMIN = "admin"
    """To read everything, metrics and documentation too; codes are masked even so."""


@attrs.frozen(kw_only=True)
class Token:
    """A token as it is kept.

    Attributes:
        id: The part of it that is no secret.
        name: For people; unique.
        digest: SHA-256 of the whole token. It holds 256 random bits, so that there is nothing to guess.
        expires_at: None for never.
    """

    id: str
    name: str
    scopes: frozenset[Scope]
    digest: bytes = attrs.field(repr=False)
    created_at: datetime
    expires_at: datetime | None = None

    def is_expired(self, now: datetime) -> bool:
        """Whether its time is over."""
        return self.expires_at is not None and now >= self.expires_at

    def matches(self, text: str) -> bool:
        """Whether `text` is the token; takes the same time whatever differs."""
        return hmac.compare_digest(self.digest, _digest(text))


def token_id(text: str) -> str | None:
    """The id in a token's text; None when it is none of ours."""
    mark, _, rest = text.partition("_")
    return rest.partition("_")[0] if mark == _MARK else None


def new_token(
    scopes: Iterable[Scope],
    *,
    name: str | None = None,
    expires: timedelta | None = None,
    now: datetime | None = None,
) -> tuple[str, Token]:
    """Make a token: the text, which is shown once, and what is kept of it.

    Args:
        scopes: What it allows.
        name: For people; its id by default.
        expires: After which time; never by default.
        now: The time.

    Raises:
        UsageError: There is no scope, or the name cannot be one.
    """
    allowed = frozenset(scopes)
    if not allowed:
        raise UsageError("a token without a scope allows nothing", hint=f"scopes are {', '.join(Scope)}")
    if name is not None and not (name.strip() and name.isprintable() and len(name) <= _LONGEST_NAME):
        raise UsageError(f"a token's name is 1 to {_LONGEST_NAME} printable characters")
    now = now or utc_now()
    try:
        expires_at = None if expires is None else now + expires
    except OverflowError:
        raise UsageError("the token would expire after the end of the calendar") from None
    handle = secrets.token_hex(5)
    text = f"{_MARK}_{handle}_{secrets.token_urlsafe(32)}"
    return text, Token(
        id=handle,
        name=name or handle,
        scopes=allowed,
        digest=_digest(text),
        created_at=now,
        expires_at=expires_at,
    )


class Tokens:
    """The tokens in the store. Methods raise LocalError when this machine fails.

    Args:
        store: Where they are kept.
        now: The clock, for tests.
    """

    def __init__(self, store: Store, *, now: Callable[[], datetime] = utc_now) -> None:
        self._store = store
        self._now = now

    def new(
        self, scopes: Iterable[Scope], *, name: str | None = None, expires: timedelta | None = None
    ) -> tuple[str, Token]:
        """Make and keep a token; see `new_token`.

        Raises:
            UsageError: Also when there is one of that name already.
        """
        text, token = new_token(scopes, name=name, expires=expires, now=self._now())
        with self._store.transaction() as database:
            if database.execute("SELECT 1 FROM tokens WHERE ? IN (name, id)", (token.name,)).fetchone():
                raise UsageError(
                    f"there is a token named {token.name} already",
                    hint="choose another name, or remove it with `couponhub token rm`",
                )
            database.execute(
                "INSERT INTO tokens (id, name, scopes, digest, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)",
                (
                    token.id,
                    token.name,
                    json.dumps(sorted(token.scopes)),
                    token.digest,
                    token.created_at.isoformat(),
                    token.expires_at and token.expires_at.isoformat(),
                ),
            )
        return text, token

    def all(self) -> tuple[Token, ...]:
        """All of them, oldest first; also those that are expired."""
        with self._store.reading() as database:
            rows = database.execute("SELECT * FROM tokens ORDER BY rowid").fetchall()
        return tuple(_token(row) for row in rows)

    def remove(self, name: str) -> None:
        """Remove the token of that name, or of that id.

        Raises:
            UsageError: There is none.
        """
        with self._store.transaction() as database:
            removed = database.execute("DELETE FROM tokens WHERE ? IN (name, id)", (name,)).rowcount
        if not removed:
            raise UsageError("there is no such token", hint="see `couponhub token ls` for names and ids")


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()


def _token(row: sqlite3.Row) -> Token:
    return Token(
        id=row["id"],
        name=row["name"],
        scopes=frozenset(Scope(word) for word in json.loads(row["scopes"]) if word in set(Scope)),
        digest=row["digest"],
        created_at=datetime.fromisoformat(row["created_at"]),
        expires_at=None if row["expires_at"] is None else datetime.fromisoformat(row["expires_at"]),
    )
