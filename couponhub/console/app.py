"""The console as a WSGI application beside the API's: requests to pages, people to their sessions, errors to words."""

import logging
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import attrs
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import Map, RequestRedirect, Rule

from couponhub.auditing import acting_as
from couponhub.console.ended_session import EndedSession
from couponhub.console.first_page import first_page, leads_on
from couponhub.console.guarding import HEADERS, is_form_of, require_own_page
from couponhub.console.pages import NO_FIELDS, Page, PageRequest, Redirect, Shown, View
from couponhub.console.rendering import Renderer
from couponhub.console.sessions import Sessions
from couponhub.console.static_files import PREFIX, StaticFiles
from couponhub.console.texts import Texts, all_texts, language_of
from couponhub.errors import CouponhubError, PermissionDenied, UsageError
from couponhub.server.auth import NOBODY, Principal, is_from_loopback
from couponhub.server.body_timeout import BodyTimeout
from couponhub.server.discretion import discreet
from couponhub.server.file_forms import is_multipart, read_file_form
from couponhub.server.log_format import places_of
from couponhub.server.operations import OperationResponse
from couponhub.server.problems import Refusal, not_there, status_of, too_large
from couponhub.server.request_context import RequestContext, RequestScope, head_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_log = logging.getLogger(__name__)

_STATUS_LINES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}
_FORM = "application/x-www-form-urlencoded"
_WHOLE: Mapping[str, str] = MappingProxyType({"HX-Reselect": "unset"})
"""Put all of an answer in its place, whatever part of the expected one was to be shown."""


class Console:
    """Answers people. Thread-safe.

    Args:
        pages: What there is.
        sessions: Who is signed in.
        frame: What stands around each request.
        patience: Waits for files that come with forms.
        provider: What the provider is called that signs people in; None where there is none.
    """

    def __init__(
        self,
        pages: Iterable[Page],
        sessions: Sessions,
        frame: RequestScope,
        patience: BodyTimeout,
        provider: str | None = None,
    ) -> None:
        self._ended = EndedSession(sessions, self._found, provider)
        every = [*pages, *self._ended.pages()]
        self._patience = patience
        self._sessions = sessions
        self._frame = frame
        self._static = StaticFiles()
        self._renderer = Renderer(self._static)
        self._renderer.add_to_menu(every)
        self._texts = all_texts()
        self._named = {one.name: one for one in every}
        self._routes = Map([_rule(one) for one in every], merge_slashes=False).bind("")

    @property
    def pages(self) -> tuple[Page, ...]:
        """All pages, those that go with every console included."""
        return tuple(self._named.values())

    def knows(self, environ: "WSGIEnvironment") -> bool:
        """Tell whether a request is of somebody who is signed in."""
        return self._sessions.of(environ.get("HTTP_COOKIE", "")) is not None

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer a request, as WSGI has it."""
        framed = self._frame.begin(environ)
        texts = self._texts[language_of(environ, self._texts)]
        call = PageRequest(
            is_fragment="HTTP_HX_REQUEST" in environ,
            host=environ.get("HTTP_HOST", ""),
            cookies=environ.get("HTTP_COOKIE", ""),
        )
        try:
            reply = self._answer(framed, environ, call, texts)
        except Exception as error:  # noqa: BLE001 - everything becomes a page
            reply = self._renderer.render(self._fault(error, framed, call), call, texts)
        start_response(_STATUS_LINES[reply.status], _guarded(head_of(framed, reply)))
        return self._frame.ended(framed, reply)

    def _answer(
        self, framed: RequestContext, environ: "WSGIEnvironment", call: PageRequest, texts: Texts
    ) -> OperationResponse:
        address = environ["PATH_INFO"]
        if address.startswith(PREFIX):
            framed.route = f"{PREFIX}*"
            return self._static.answer(address, environ.get("HTTP_ACCEPT_ENCODING", ""))
        page, call.path = self._found(environ["REQUEST_METHOD"], address)
        framed.route = page.path
        call.session = self._sessions.of(call.cookies)
        if call.session is not None:
            call.caller = framed.caller = call.session.caller
        elif not page.is_public:
            self._frame.admit(framed, streams=False)
            return self._shown(self._unknown(page, framed, environ, call), call, texts)
        self._frame.admit(framed, streams=False)
        if leads_on(page, call):
            return self._shown(first_page(self._named.values(), call), call, texts)
        call.query = dict(parse_qsl(environ.get("QUERY_STRING", "")))
        if page.method == "POST":
            require_own_page(environ)
            if page.takes_file and is_multipart(environ):
                return self._with_file(page, framed, environ, call, texts)
            call.form = _form(environ, page.largest_form)
            framed.has_body = False
            if not is_form_of(call.session, environ, call.form) and not page.is_public:
                return self._shown(self._ended.repeated(page, environ, call.form, call), call, texts)
        self._require(page, call.caller)
        return self._run(page, framed, call, texts)

    def _unknown(
        self, page: Page, framed: RequestContext, environ: "WSGIEnvironment", call: PageRequest
    ) -> Shown:
        """Answer somebody without a session."""
        form: Mapping[str, str] | None = {}
        if page.method == "POST" and not call.is_fragment:
            form = None if page.takes_file and is_multipart(environ) else _form(environ, page.largest_form)
            framed.has_body = form is None
        return self._ended.answer(page, environ, form, call)

    def _with_file(
        self,
        page: Page,
        framed: RequestContext,
        environ: "WSGIEnvironment",
        call: PageRequest,
        texts: Texts,
    ) -> OperationResponse:
        self._require(page, call.caller)  # before gigabytes of somebody are read who may not send them
        with read_file_form(environ, self._patience, framed) as form:
            call.form, call.file = form.fields, form
            if not is_form_of(call.session, environ, call.form):
                return self._shown(self._ended.repeated(page, environ, call.form, call), call, texts)
            return self._run(page, framed, call, texts)

    def _require(self, page: Page, caller: Principal) -> None:
        if page.scope is None:
            return
        if page.scope not in caller.scopes:
            error = PermissionDenied(
                f"this takes the right {page.scope.value}",
                hint="sign in with a token that has it; `couponhub token new` makes one",
            )
            raise Refusal(error, 403, token_id=caller.token_id if caller is not NOBODY else None)
        if page.method == "POST":  # most of those ask vendors, which pages that go on by themselves do not
            self._sessions.count(caller)

    def _run(self, page: Page, framed: RequestContext, call: PageRequest, texts: Texts) -> OperationResponse:
        with acting_as(call.caller.actor(framed.request_id)):
            shown = page.run(call)
        return self._shown(shown, call, texts)

    def _shown(self, shown: Shown, call: PageRequest, texts: Texts) -> OperationResponse:
        match shown:
            case View():
                return self._renderer.render(shown, call, texts)
            case Redirect():
                return _redirected(shown, is_fragment=call.is_fragment)
            case _:
                return shown

    def _found(self, method: str, address: str) -> tuple[Page, Mapping[str, str]]:
        try:
            # WSGI's texts are bytes in disguise.
            name, path = self._routes.match(address.encode("latin-1").decode("utf-8", "replace"), method)
        except (NotFound, MethodNotAllowed, RequestRedirect):
            raise not_there() from None
        return self._named[name], path

    def _fault(self, raised: Exception, framed: RequestContext, call: PageRequest) -> View:
        match raised:
            case Refusal():
                error, status = raised.error, raised.status
            case CouponhubError():
                error = discreet(raised, framed.request_id)
                status = status_of(error)
            case _:
                fields = {"request_id": framed.request_id, "at": places_of(raised.__traceback__)}
                _log.error("a fault of couponhub itself: %s", type(raised).__name__, extra={"fields": fields})
                error = CouponhubError("a fault of couponhub itself", hint="please report it")
                status = status_of(error)
        self._frame.failed(framed, error.kind, status, raised)
        # htmx puts an answer in its place only when it is one: the words are the answer.
        shown, headers = (HTTPStatus.OK, _WHOLE) if call.is_fragment else (status, NO_FIELDS)
        values = {"error": error, "request_id": framed.request_id}
        return View(template="fault.html", values=values, status=shown, headers=headers)


WsgiApp = Callable[["WSGIEnvironment", "StartResponse"], Iterable[bytes]]

API = ("/v1/", "/healthz", "/readyz", "/metrics", "/openapi.json", "/docs")
"""The beginnings of addresses that are the API's."""
DOCS = "/docs"
"""The address of its reference."""


@attrs.frozen
class SideBySide:
    """Two applications at one address: the API, and the pages. Its reference is both: with forms for whoever has a session."""

    api: WsgiApp
    pages: Console

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Any:
        """Answer a request, as WSGI has it."""
        address = environ["PATH_INFO"]
        is_reference = address == DOCS and (self.pages.knows(environ) or _is_at_a_browser(environ))
        is_api = address.startswith(API) and not is_reference
        app: WsgiApp = self.api if is_api else self.pages
        return app(environ, start_response)


def _is_at_a_browser(environ: "WSGIEnvironment") -> bool:
    """Tell whether somebody elsewhere asks who can be shown the way to sign in; programs, and this machine, get the API's own answer."""
    is_shown_pages = "text/html" in environ.get("HTTP_ACCEPT", "")
    return is_shown_pages and "HTTP_AUTHORIZATION" not in environ and not is_from_loopback(environ)


def _form(environ: "WSGIEnvironment", largest: int) -> Mapping[str, str]:
    kind = environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
    declared = environ.get("CONTENT_LENGTH") or ""
    if not (declared.isascii() and declared.isdigit()) or not int(declared[:9]):
        return {}
    if kind != _FORM:
        raise Refusal(UsageError("a form was expected"), 415)
    if len(declared) > len(str(largest)) or int(declared) > largest:
        raise too_large(largest)
    text = environ["wsgi.input"].read(int(declared)).decode("utf-8", "replace")
    return dict(parse_qsl(text, keep_blank_values=True))


def _redirected(to: Redirect, *, is_fragment: bool) -> OperationResponse:
    # A redirect would be followed by htmx itself, and put into the page.
    where = {"HX-Redirect": to.path} if is_fragment else {"Location": to.path}
    return OperationResponse(
        content=b"",
        media_type="text/html; charset=utf-8",
        status=HTTPStatus.OK if is_fragment else HTTPStatus.SEE_OTHER,
        headers={**where, **to.headers},
    )


def _guarded(head: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Add what guards a page; where a page says something else of its own, that counts."""
    cookies = [one for one in head if one[0] == "Set-Cookie"]
    return [*{**HEADERS, **{name: value for name, value in head if name != "Set-Cookie"}}.items(), *cookies]


def _rule(page: Page) -> Rule:
    path = page.path.replace("{", "<").replace("}", ">")
    return Rule(path, endpoint=page.name, methods=[page.method])
