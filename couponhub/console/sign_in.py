"""Signing in and out."""

from collections.abc import Iterator

from couponhub.console.oidc_pages import OidcPages
from couponhub.console.own_paths import HOME, own_path
from couponhub.console.pages import Page, PageRequest, Redirect, Shown, View
from couponhub.console.sessions import Sessions, ended_cookie
from couponhub.errors import CouponhubError
from couponhub.server.problems import Refusal

SIGN_IN = "/sign-in"


class SignInPages:
    """The door.

    Args:
        sessions: Begins them.
        oidc: Leads people to a provider; None where there is none.
    """

    def __init__(self, sessions: Sessions, oidc: OidcPages | None = None) -> None:
        self._sessions = sessions
        self._oidc = oidc

    def pages(self) -> Iterator[Page]:
        """The pages."""
        yield Page(name="sign_in", method="GET", path=SIGN_IN, run=self._form, is_public=True)
        yield Page(name="signing_in", method="POST", path=SIGN_IN, run=self._begin, is_public=True)
        yield Page(name="sign_out", method="POST", path="/sign-out", run=self._end)
        if self._oidc is not None:
            yield from self._oidc.pages()

    def _form(self, call: PageRequest) -> Shown:
        to = own_path(call.query.get("to", HOME))
        if call.session is not None:
            return Redirect(to)
        return self._door(to, call.host, has_left="left" in call.query)

    def _begin(self, call: PageRequest) -> Shown:
        to = own_path(call.form.get("to", HOME))
        try:
            cookie = self._sessions.begin(call.form.get("token", "").strip())
        except Refusal as refusal:
            return self._door(to, call.host, fault=refusal.error, status=refusal.status)
        return Redirect(to, {"Set-Cookie": cookie})

    def _end(self, call: PageRequest) -> Shown:
        self._sessions.end(call.cookies)
        # Whoever signed in through a provider is still signed in there, and would be here again at a click. The session is
        # gone before anybody asks where the way out is: that may take a while.
        is_person = (call.caller.token_id or "").startswith("oidc:")
        # What the browser still holds of pages goes as well: somebody else may sit down at it and go back.
        headers = {"Set-Cookie": ended_cookie(), "Clear-Site-Data": '"cache"'}
        return Redirect(f"{SIGN_IN}?left=1" if is_person else SIGN_IN, headers)

    def _door(
        self,
        to: str,
        host: str,
        *,
        fault: CouponhubError | None = None,
        status: int = 200,
        has_left: bool = False,
    ) -> View:
        oidc = self._oidc
        has_left = has_left and oidc is not None
        values = {
            "fault": fault,
            "to": to,
            "provider": None if oidc is None else oidc.name,
            "has_left": has_left,
            "way_out": oidc.way_out(host) if oidc is not None and has_left else None,
        }
        return View(template="sign_in.html", values=values, status=status)
