"""Access tokens and till passwords: who is calling."""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta

import attrs

from couponhub.testing.emulation.context import EmulatedClock


@attrs.define(kw_only=True)
class _Grant:
    client: str
    token: str = attrs.field(repr=False)
    issued_at: datetime
    expires_at: datetime
    calls: int = 0


class Tokens:
    """Hands out tokens that look like the vendor's and knows them again until they expire.

    Args:
        clients: Secret by client key.
        tills: Password by till id.
        organisation_id: Printed in the tokens.
    """

    def __init__(
        self,
        *,
        clock: EmulatedClock,
        clients: Mapping[str, str],
        tills: Mapping[str, str],
        organisation_id: int,
    ) -> None:
        self._clock = clock
        self._clients = clients
        self._tills = tills
        self._organisation_id = organisation_id
        self._grants: dict[str, _Grant] = {}

    def generate(self, key: str, secret: str, *, ttl: int, reuse_window: int) -> str | None:
        """A token for a client, None for wrong credentials; earlier ones stay valid (C-4)."""
        known = self._clients.get(key)
        if known is None or not hmac.compare_digest(known.encode(), secret.encode()):
            return None
        now = self._clock.now()
        self._grants = {token: grant for token, grant in self._grants.items() if grant.expires_at > now}
        for grant in self._grants.values():
            if grant.client == key and now - grant.issued_at < timedelta(seconds=reuse_window):
                return grant.token
        expires_at = now + timedelta(seconds=ttl)
        token = self._token(key, now, expires_at)
        self._grants[token] = _Grant(client=key, token=token, issued_at=now, expires_at=expires_at)
        return token

    def client_of(self, token: str, *, most_calls: int) -> str | None:
        """The client that a token was given to; None for an unknown or expired one, or after `most_calls` (0 is any)."""
        grant = self._grants.get(token)
        if grant is None or grant.expires_at <= self._clock.now() or 0 < most_calls <= grant.calls:
            return None
        grant.calls += 1
        return grant.client

    def till_of(self, username: str, password: str) -> str | None:
        """The till that signs in with the lower-case MD5 of its password; None for wrong credentials."""
        known = self._tills.get(username)
        if known is None:
            return None
        digest = hashlib.md5(known.encode()).hexdigest()  # noqa: S324 - the vendor's documented form
        return username if hmac.compare_digest(digest.encode(), password.encode()) else None

    def _token(self, key: str, now: datetime, expires_at: datetime) -> str:
        claims = {
            "iss": "Capillary",
            "exp": int(expires_at.timestamp()),
            "iat": int(now.timestamp()),
            "jti": secrets.token_urlsafe(16),
            "sub": key,
            "client_id": 1001,
            "client_key": key,
            "org_id": self._organisation_id,
            "token_use": "token_access",
            "default_till": 75154383,
            "scopes": json.dumps([{"permission": "WRITE", "entityId": 1, "resources": ["coupon"]}]),
        }
        head = {"kid": "k1", "alg": "RS256"}
        parts = (json.dumps(head).encode(), json.dumps(claims).encode(), secrets.token_bytes(64))
        return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)
