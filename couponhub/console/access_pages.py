"""The page of access: which tokens there are, and what they allow; one is made, shown once, or taken away."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import partial
from typing import Self

import attrs

from couponhub.clock import utc_now
from couponhub.console.pages import Page, PageRequest, Redirect, Shown, View
from couponhub.console.whole_numbers import whole_number
from couponhub.errors import CouponhubError, NotFound, UsageError
from couponhub.models.given import given_id
from couponhub.server.ground import Ground
from couponhub.state import Scope, Token
from couponhub.token_desk import TokenDesk

_LONGEST_DAYS = 36_500
_USUAL_DAYS = "90"


@attrs.frozen(kw_only=True)
class TokenRow:
    """A token as it is shown.

    Attributes:
        token: As it is kept.
        is_fixed: True for one that the config names, or that was made for this run of the server.
        is_expired: True when its time is over.
        is_own: True for the one that whoever looks has signed in with.
    """

    token: Token
    is_fixed: bool
    is_expired: bool
    is_own: bool

    @property
    def scopes(self) -> list[Scope]:
        """The rights that it gives, in the order in which they are told."""
        return [scope for scope in Scope if scope in self.token.scopes]


@attrs.frozen(kw_only=True)
class TokenForm:
    """The form in which somebody asks for a token.

    Attributes:
        name: For people.
        days: Until it ends, as typed; "" for never.
        scopes: Those that are ticked.
    """

    name: str = ""
    days: str = _USUAL_DAYS
    scopes: frozenset[Scope] = frozenset()

    @classmethod
    def of(cls, form: Mapping[str, str]) -> Self:
        """Read a form, in which each right is a field of its own."""
        return cls(
            name=form.get("name", "").strip(),
            days=form.get("days", "").strip(),
            scopes=frozenset(scope for scope in Scope if form.get(f"scope:{scope}")),
        )

    @property
    def expires(self) -> timedelta | None:
        """The time until it ends; None for never.

        Raises:
            UsageError: It is no number of days.
        """
        if not self.days:
            return None
        days = whole_number(self.days, digits=len(str(_LONGEST_DAYS)))
        if days is None:
            raise UsageError("days: expected a whole number, or nothing for a token that never ends")
        if not 0 < days <= _LONGEST_DAYS:
            raise UsageError(f"days: expected 1 to {_LONGEST_DAYS}")
        return timedelta(days=days)


class AccessPages:
    """Shows tokens, makes and removes them.

    Nobody gives a right that they lack: a token that only reads, as one of a monitor's, must not make one that sends codes.

    Args:
        ground: What all answers rest on.
    """

    def __init__(self, ground: Ground) -> None:
        self._desk = TokenDesk(state=ground.hub.state, fixed=ground.access.fixed)

    def pages(self) -> Iterator[Page]:
        """The pages."""
        page = partial(Page, scope=Scope.ADMIN)
        yield page(name="access", method="GET", path="/access", run=self._all, entry="menu.access")
        yield page(name="make_token", method="POST", path="/access", run=self._make)
        one = "/access/{token_id}/remove"
        yield page(name="remove_token", method="GET", path=one, run=self._about_to_remove)
        yield page(name="removing_token", method="POST", path=one, run=self._remove)

    def _all(self, call: PageRequest) -> Shown:
        return self._page(call, TokenForm())

    def _make(self, call: PageRequest) -> Shown:
        form = TokenForm.of(call.form)
        try:
            name = given_id(form.name, "the token's name")
            _require_own(form.scopes, call)
            text, token = self._desk.make(form.scopes, name=name, expires=form.expires)
        except UsageError as error:
            return self._page(call, form, fault=error)
        return self._page(call, TokenForm(), made=(text, token))

    def _page(
        self,
        call: PageRequest,
        form: TokenForm,
        *,
        fault: CouponhubError | None = None,
        made: tuple[str, Token] | None = None,
    ) -> View:
        now, own = utc_now(), call.caller.token_id
        kept = [(token, False) for token in self._desk.stored()]
        rows = [
            TokenRow(token=token, is_fixed=is_fixed, is_expired=token.is_expired(now), is_own=token.id == own)
            for token, is_fixed in (*kept, *((token, True) for token in self._desk.fixed))
        ]
        return View(
            template="access.html",
            values={
                "rows": rows,
                "form": form,
                "fault": fault,
                "made": made,
                "scopes": list(Scope),
                "lacks": not all(map(call.may, Scope)),
            },
        )

    def _about_to_remove(self, call: PageRequest) -> Shown:
        return _removal(self._found(call), call, is_wrong=False)

    def _remove(self, call: PageRequest) -> Shown:
        token = self._found(call)
        if call.form.get("confirm", "").strip() != token.name.strip():
            return _removal(token, call, is_wrong=True)
        self._desk.remove(token.id)
        return Redirect("/access")

    def _found(self, call: PageRequest) -> Token:
        found = next((one for one in self._desk.stored() if one.id == call.path["token_id"]), None)
        if found is None:
            raise NotFound("there is no such token any more", hint="go back to the page of tokens")
        return found


def _require_own(scopes: frozenset[Scope], call: PageRequest) -> None:
    lacking = [scope.value for scope in Scope if scope in scopes and not call.may(scope)]
    if lacking:
        raise UsageError(
            f"you cannot give what you lack: {', '.join(lacking)}",
            hint="sign in with a token that has it, or use `couponhub token new`",
        )


def _removal(token: Token, call: PageRequest, *, is_wrong: bool) -> View:
    is_own = token.id == call.caller.token_id
    return View(template="remove_token.html", values={"token": token, "is_own": is_own, "is_wrong": is_wrong})
