"""Signing in and out."""

from collections.abc import Iterator

from couponhub.console.pages import Page, PageRequest, Redirect, Shown, View
from couponhub.console.sessions import Sessions, ended_cookie
from couponhub.server.problems import Refusal


class SignInPages:
    """The door.

    Args:
        sessions: Begins them.
    """

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def pages(self) -> Iterator[Page]:
        """The pages."""
        yield Page(name="sign_in", method="GET", path="/sign-in", run=self._form, is_public=True)
        yield Page(name="signing_in", method="POST", path="/sign-in", run=self._begin, is_public=True)
        yield Page(name="sign_out", method="POST", path="/sign-out", run=self._end)

    def _form(self, call: PageRequest) -> Shown:
        return (
            Redirect("/")
            if call.session is not None
            else View(template="sign_in.html", values={"fault": None})
        )

    def _begin(self, call: PageRequest) -> Shown:
        try:
            cookie = self._sessions.begin(call.form.get("token", "").strip())
        except Refusal as refusal:
            return View(template="sign_in.html", values={"fault": refusal.error}, status=refusal.status)
        return Redirect("/", {"Set-Cookie": cookie})

    def _end(self, call: PageRequest) -> Shown:  # noqa: ARG002 - it is the same for all
        return Redirect("/sign-in", {"Set-Cookie": ended_cookie()})
