"""Bearer tokens of the HTTP endpoint, kept as hashes and named by a part of them that is no secret."""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

import attrs

from couponhub.clock import utc_now
from couponhub.errors import UsageError

_MARK = "chub"  # so that scanners recognise a token that was published by mistake
_LONGEST_NAME = 64


class Scope(StrEnum):
    """The rights of a token."""

    LOOKUP = "lookup"
    """To look customers up."""
    LISTS_READ = "lists:read"
    """To read connections, lists and uploads."""
    LISTS_WRITE = "lists:write"
    """To make, change and archive lists."""
    UPLOADS_WRITE = "uploads:write"
    """To send codes to lists."""
    JOBS_WRITE = "jobs:write"
    """To pause jobs, to let them go on, and to cancel them."""
    CODES_REVEAL = "codes:reveal"
    """To see whole codes; without it they come masked."""
    ADMIN = "admin"
    """To read everything, metrics and documentation and the audit log too, with codes masked even so; in the console to make tokens
    of no more rights than one has, and to remove any."""


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
        """Return True when its time is over."""
        return self.expires_at is not None and now >= self.expires_at

    def matches(self, text: str) -> bool:
        """Return True when `text` is the token; takes the same time whatever differs."""
        return hmac.compare_digest(self.digest, _digest(text))


def token_id(text: str) -> str | None:
    """Return the id in a token's text; None when it is none of ours."""
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


class Tokens(Protocol):
    """The tokens that are kept. Thread-safe, and safe with other processes, which see a change with their next read.

    Changes are for good when a method returns. Reading also works where nothing may be written. Every method raises
    LocalError when the state fails.
    """

    def new(
        self, scopes: Iterable[Scope], *, name: str | None = None, expires: timedelta | None = None
    ) -> tuple[str, Token]:
        """Make and keep a token; see `new_token`. Of several that are made at once by one name one is kept.

        Raises:
            UsageError: Also when there is one already of that name, or with that id.
        """
        ...

    def all(self) -> tuple[Token, ...]:
        """Return all of them in the order in which they were made; also those that are expired."""
        ...

    def remove(self, name: str) -> None:
        """Remove the token of that name, or of that id.

        Raises:
            UsageError: There is none.
        """
        ...


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()
