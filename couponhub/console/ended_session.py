"""A session that ended while somebody typed: nothing is done, nothing typed is lost, and nothing of it is kept here.

With scripts the page stays as it is, and the door opens in it. Without them the answer is a page that holds what was typed, in
fields that travel in bodies alone; signed in again, the person sees it once more and sends it. Files cannot be kept so.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote_to_bytes

from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import Field, File, MultipartDecoder

from couponhub.console.guarding import CSRF_FIELD, require_own_page
from couponhub.console.own_paths import own_path, with_way_back
from couponhub.console.pages import Page, PageRequest, Redirect, Shown, View
from couponhub.console.sessions import Sessions
from couponhub.errors import CouponhubError
from couponhub.server.operations import OperationResponse
from couponhub.server.problems import Refusal, not_there

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

HERE = "/sign-in/here"
_AGAIN = "/sign-in/again"
_SIGN_IN, _SILENTLY = "/sign-in", "/sign-in/oidc?silent=1"
_PREFIX = "typed."
_UNSEEN = frozenset({"key", "reference"})
"""Fields of forms that nobody typed."""
_MOST_BEFORE_A_FILE = 64 * 1024

FindPage = Callable[[str, str], tuple[Page, Mapping[str, str]]]
"""Finds the page of a method and an address; raises `Refusal` where there is none."""


class EndedSession:
    """Answers whoever is not signed in any more.

    Args:
        sessions: Begins them anew.
        find: Finds pages.
        provider: What the provider is called that signs people in; None where there is none.
    """

    def __init__(self, sessions: Sessions, find: FindPage, provider: str | None) -> None:
        self._sessions = sessions
        self._find = find
        self._provider = provider

    def pages(self) -> Iterator[Page]:
        """The pages."""
        most = 2 * Page(name="", method="POST", path="", run=self._here).largest_form
        yield Page(name="door_here", method="GET", path=HERE, run=self._here, is_public=True)
        yield Page(name="sign_in_here", method="POST", path=HERE, run=self._begin_here, is_public=True)
        yield Page(
            name="sign_in_again",
            method="POST",
            path=_AGAIN,
            run=self._begin_again,
            is_public=True,
            largest_form=most,
        )

    def answer(
        self, page: Page, environ: "WSGIEnvironment", form: Mapping[str, str] | None, call: PageRequest
    ) -> Shown:
        """Answer a request for a page that is not for everybody, without a session.

        Args:
            page: What was asked for.
            environ: The request.
            form: What was typed; None for a form with a file, which is not read.
            call: The request as pages have it.

        Raises:
            Refusal: Another site asks for a change.
        """
        address = quote(environ["PATH_INFO"].encode("latin-1"))
        if call.is_fragment:
            return self.told(was_asked=page.method == "POST")
        if page.method == "GET":
            words = environ.get("QUERY_STRING", "")
            where = f"{address}?{words}" if words else address
            is_silent = self._sessions.may_be_renewed(call.cookies)
            return Redirect(with_way_back(_SILENTLY if is_silent else _SIGN_IN, where))
        require_own_page(environ)
        typed = _before_the_file(environ) if form is None else form
        return self._again(address, page, _typed(typed))

    def told(self, *, was_asked: bool) -> OperationResponse:
        """Return the answer on which a page stays as it is, and opens the door in itself.

        Args:
            was_asked: Somebody pressed a button, rather than the page asking by itself.
        """
        event = json.dumps({"session-ended": {"asked": was_asked}})
        return OperationResponse(content=b"", status=204, headers={"HX-Trigger": event})

    def repeated(
        self, page: Page, environ: "WSGIEnvironment", form: Mapping[str, str], call: PageRequest
    ) -> Shown:
        """Answer a change whose form is of another session than the one that holds now: it is not done, and may be repeated."""
        if call.is_fragment:
            return self.told(was_asked=True)
        return _resumed(quote(environ["PATH_INFO"].encode("latin-1")), page, _typed(form), status=403)

    def _here(self, call: PageRequest) -> Shown:  # noqa: ARG002 - the page knows
        return View(template="here.html", values={"fault": None, "provider": self._provider})

    def _begin_here(self, call: PageRequest) -> Shown:
        try:
            cookie = self._sessions.begin(call.form.get("token", "").strip())
        except Refusal as refusal:
            values = {"fault": refusal.error, "provider": self._provider}
            return View(template="here.html", values=values)  # htmx puts no other answer in its place
        self._use(cookie, call)
        return View(
            template="here.html", values={"fault": None, "provider": self._provider}, cookies=(cookie,)
        )

    def _begin_again(self, call: PageRequest) -> Shown:
        """Go on with what was typed: with a token, or with the session that began elsewhere meanwhile."""
        path = call.form.get("path", "")
        if own_path(path) != path:
            raise not_there()
        page, _ = self._find("POST", unquote_to_bytes(path).decode("latin-1"))
        typed = {
            name.removeprefix(_PREFIX): value for name, value in call.form.items() if name.startswith(_PREFIX)
        }
        token = call.form.get("token", "").strip()
        if not token:
            return self._again(path, page, typed) if call.session is None else _resumed(path, page, typed)
        try:
            cookie = self._sessions.begin(token)
        except Refusal as refusal:
            return self._again(path, page, typed, fault=refusal.error, status=refusal.status)
        self._use(cookie, call)
        return _resumed(path, page, typed, cookies=(cookie,))

    def _use(self, cookie: str, call: PageRequest) -> None:
        call.session = self._sessions.of(cookie.partition(";")[0])
        if call.session is not None:
            call.caller = call.session.caller

    def _again(
        self,
        path: str,
        page: Page,
        typed: Mapping[str, str],
        *,
        fault: CouponhubError | None = None,
        status: int = 403,
    ) -> View:
        values = {
            **_shown(path, page, typed),
            "fault": fault,
            "provider": self._provider,
            "prefix": _PREFIX,
        }
        return View(template="again.html", values=values, status=status)


def _resumed(
    path: str, page: Page, typed: Mapping[str, str], *, status: int = 200, cookies: tuple[str, ...] = ()
) -> View:
    return View(template="resume.html", values=_shown(path, page, typed), status=status, cookies=cookies)


def _shown(path: str, page: Page, typed: Mapping[str, str]) -> dict[str, object]:
    seen = {name: value for name, value in typed.items() if value.strip() and name not in _UNSEEN}
    return {"path": path, "takes_file": page.takes_file, "typed": typed, "seen": seen}


def _typed(form: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in form.items() if name != CSRF_FIELD}


def _before_the_file(environ: "WSGIEnvironment") -> dict[str, str]:
    """The fields that come before the file of a form, of which nothing else is read: gigabytes of nobody known may follow."""
    _, options = parse_options_header(environ.get("CONTENT_TYPE", ""))
    declared = environ.get("CONTENT_LENGTH") or ""
    if "boundary" not in options or not (declared.isascii() and declared.isdigit()):
        return {}
    piece = environ["wsgi.input"].read(min(int(declared[:18]), _MOST_BEFORE_A_FILE))
    decoder = MultipartDecoder(options["boundary"].encode("utf-8", "replace"))
    fields: dict[str, str] = {}
    name = ""
    try:
        decoder.receive_data(piece)
        while (event := decoder.next_event()) is not None:
            match event:
                case Field():
                    name = event.name
                    fields[name] = ""
                case File():
                    break
                case _ if name and hasattr(event, "data"):
                    fields[name] += event.data.decode("utf-8", "replace")
                case _:
                    continue
            if len(fields) > 100:
                break
    except ValueError:
        return {}
    return fields
