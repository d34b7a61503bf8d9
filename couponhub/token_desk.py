"""The desk where tokens of the HTTP endpoint are made and removed, which is written down; commands and pages share it."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

import attrs

from couponhub.auditing import Auditor
from couponhub.errors import UsageError
from couponhub.state import AuditAction, Scope, State, Token


@attrs.frozen(kw_only=True)
class TokenDesk:
    """Makes and removes tokens. Thread-safe; every method may raise `LocalError` when the state fails.

    Attributes:
        state: Where they are kept.
        fixed: Those that the config names, which nobody removes here.
    """

    state: State
    fixed: Sequence[Token] = ()

    def stored(self) -> tuple[Token, ...]:
        """Return those in the store, in the order in which they were made; also those that are expired."""
        return self.state.tokens.all()

    def make(
        self, scopes: Iterable[Scope], *, name: str | None = None, expires: timedelta | None = None
    ) -> tuple[str, Token]:
        """Make and keep a token; return its text, which nobody sees again, and what is kept of it.

        Args:
            scopes: What it allows.
            name: For people; its id by default.
            expires: After which time; never by default.

        Raises:
            UsageError: There is no scope, the name cannot be one, or there is a token of that name.
        """
        allowed = tuple(scopes)
        with self._auditor.act(AuditAction.MAKE_TOKEN) as act:
            text, token = self.state.tokens.new(allowed, name=name, expires=expires)
            act.made = _told(token)
        return text, token

    def remove(self, name: str) -> None:
        """Remove the token of that name, or of that id; servers refuse it within seconds.

        Raises:
            UsageError: There is none, or it stands in the config.
        """
        found = next((token for token in self.stored() if name in {token.name, token.id}), None)
        if found is None and any(name in {token.name, token.id} for token in self.fixed):
            raise UsageError(
                f"the token {name} stands in the config, not in the store",
                hint="take its hash out of [server] tokens, and send SIGHUP to a running server",
            )
        reference = None if found is None else _told(found)
        with self._auditor.act(AuditAction.REMOVE_TOKEN, reference=reference):
            self.state.tokens.remove(name)

    @property
    def _auditor(self) -> Auditor:
        return Auditor(lambda: self.state.audit)


def _told(token: Token) -> str:
    return token.name if token.name == token.id else f"{token.name} ({token.id})"
