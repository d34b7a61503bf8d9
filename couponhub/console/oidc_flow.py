"""A sign-in on its way: between the door and the return from the provider the browser holds it, in a cookie of its own.

The cookie holds a random word and where to go on to. What travels through the provider is derived of the word with a key of the
servers: the state says that the browser which comes back is the one that began, the nonce that a token was made for this
sign-in, and the verifier (PKCE) that who brings the code is who asked for it. Nothing is stored here.
"""

import base64
import hmac
import json
import re
import secrets

import attrs

from couponhub.console.own_paths import own_path
from couponhub.console.sessions import Sessions, cookie_in

SECONDS = 600
"""So long somebody may take at the provider."""
_PREFIX = "__Host-couponhub-sign-in-"
# Lax: the way back begins at another site, whence no Strict cookie is sent.
_ATTRIBUTES = "Path=/; Secure; HttpOnly; SameSite=Lax"
_STATE = re.compile(r"[0-9a-f]{64}")
_SHORT = 8


@attrs.frozen(kw_only=True)
class SignInFlow:
    """One sign-in on its way.

    Attributes:
        path: Where to go on to.
        is_silent: True when the person is not to be asked anything, for a session has only run out.
        state: Comes back with the person.
        nonce: Comes back in the token.
        verifier: Goes with the code.
    """

    path: str
    is_silent: bool
    state: str = attrs.field(repr=False)
    nonce: str = attrs.field(repr=False)
    verifier: str = attrs.field(repr=False)


class SignInFlows:
    """Begins sign-ins, and knows them again. Thread-safe.

    Args:
        sessions: Whose key signs them.
    """

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def begin(self, path: str, *, is_silent: bool) -> tuple[SignInFlow, str]:
        """Return a new one, and the cookie's header."""
        content = {
            "word": secrets.token_hex(32),
            "to": own_path(path),
            "silent": is_silent,
            "until": int(self._sessions.now()) + SECONDS,
        }
        text = base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")
        flow = self._flow(text, content)
        # One cookie each: several tabs may be on their way at once.
        name, value = f"{_PREFIX}{flow.state[:_SHORT]}", self._sessions.signed("sign-in", text)
        return flow, f"{name}={value}; Max-Age={SECONDS}; {_ATTRIBUTES}"

    def of(self, cookies: str, state: str) -> SignInFlow | None:
        """Return the one that comes back with a state; None where this browser did not begin it, or too long ago."""
        if not _STATE.fullmatch(state):
            return None
        text = self._sessions.unsigned("sign-in", cookie_in(cookies, f"{_PREFIX}{state[:_SHORT]}"))
        if text is None:
            return None
        content = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        flow = self._flow(text, content)
        is_same = hmac.compare_digest(flow.state, state)
        return flow if is_same and self._sessions.now() < content["until"] else None

    def _flow(self, text: str, content: dict[str, object]) -> SignInFlow:
        derived = self._sessions.derived
        return SignInFlow(
            path=own_path(str(content["to"])),
            is_silent=content["silent"] is True,
            state=derived("state", text),
            nonce=derived("nonce", text),
            verifier=derived("verifier", text),
        )


def ended_flow_cookie(flow: SignInFlow) -> str:
    """Return the header's value that takes a sign-in away from a browser: it is used once."""
    return f"{_PREFIX}{flow.state[:_SHORT]}=; Max-Age=0; {_ATTRIBUTES}"
