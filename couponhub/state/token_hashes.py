"""A token as a line of text that lets nobody in: the form in which a config names one, `[server] tokens`."""

import re
from collections.abc import Mapping
from urllib.parse import quote, unquote

from couponhub.serialization import instant_text, read_instant
from couponhub.state.tokens import Scope, Token

_REQUIRED = frozenset({"id", "name", "scopes", "created", "sha256"})
_KEYS = _REQUIRED | {"expires"}
_ID = re.compile(r"[0-9a-f]{1,32}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_HINT = "`couponhub token new --print-hash` makes one"


def token_hash(token: Token) -> str:
    """Return all that a server needs to know of a token, without the token itself."""
    words = {
        "id": token.id,
        "name": quote(token.name, safe=""),
        "scopes": ",".join(sorted(token.scopes)),
        "created": instant_text(token.created_at),
        "expires": instant_text(token.expires_at),
        "sha256": token.digest.hex(),
    }
    return ";".join(f"{key}={word}" for key, word in words.items() if word is not None)


def read_token_hash(text: str) -> Token:
    """Read what `token_hash` has written.

    Raises:
        ValueError: It is none; the text says nothing of what it holds.
    """
    if text.startswith("chub_"):
        raise ValueError(f"is a token itself, of which only the hash belongs here: {_HINT}")
    words = dict(part.partition("=")[::2] for part in text.strip().split(";"))
    # A word that is not known here may be one that restricts the token.
    is_whole = _REQUIRED <= set(words) <= _KEYS
    if not (is_whole and _ID.fullmatch(words["id"]) and _DIGEST.fullmatch(words["sha256"])):
        raise ValueError(f"is not the hash of a token: {_HINT}")
    scopes = words["scopes"].split(",")
    if not set(scopes) <= set(Scope):
        raise ValueError(f"names a scope that there is not: scopes are {', '.join(Scope)}")
    try:
        return _token(words, frozenset(map(Scope, scopes)))
    except ValueError:
        raise ValueError(f"holds a time that is none: {_HINT}") from None


def _token(words: Mapping[str, str], scopes: frozenset[Scope]) -> Token:
    return Token(
        id=words["id"],
        name=unquote(words["name"]),
        scopes=scopes,
        digest=bytes.fromhex(words["sha256"]),
        created_at=read_instant(words["created"]),
        expires_at=read_instant(words["expires"]) if "expires" in words else None,
    )
