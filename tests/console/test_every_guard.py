"""The guards around every page there is, and around every one that is added: nobody is served whom it does not let in."""

import io
import re
from collections.abc import Callable, Iterator, Mapping
from itertools import product
from typing import Any

import attrs
import pytest
from werkzeug.test import Client, EnvironBuilder
from werkzeug.wrappers import Request, Response

from couponhub.config import OidcSettings
from couponhub.console.app import Console, SideBySide
from couponhub.console.guarding import HEADERS
from couponhub.console.oidc_pages import OidcPages
from couponhub.console.oidc_provider import OidcProvider
from couponhub.console.opening import all_pages
from couponhub.console.pages import Page, PageRequest, Shown
from couponhub.console.sessions import Sessions
from couponhub.console.try_pages import TryPages
from couponhub.dashboard.app import DashboardApp
from couponhub.secret import Secret
from couponhub.server.auth import with_implied
from couponhub.server.operations import OperationResponse
from couponhub.state import Scope
from couponhub.testing import EmulatorContext
from couponhub.testing.emulation.app import EmulatorApp
from couponhub.testing.emulation.routes import Routes
from couponhub.testing.vendors import emulators
from tests.console.harness import KEY, ConsoleHarness

FROM_ELSEWHERE: tuple[Mapping[str, str], ...] = (
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "none"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": ""},
    {"Origin": "http://localhost:8080"},
    {"Origin": "http://localhost@evil.example"},
    {"Origin": "http://localhost.evil.example"},
    {"Origin": "http://["},
)


@attrs.define(kw_only=True)
class Walk:
    """A console of whose pages none does anything but note that it was come to.

    Attributes:
        client: Of somebody.
        pages: What is noted; those of sessions that ended do what they do.
        came: The names of those that were come to.
    """

    client: Client
    pages: tuple[Page, ...]
    sessions: Sessions
    came: list[str]

    def session(self, console: ConsoleHarness, *scopes: Scope) -> tuple[str, str]:
        """A new session's cookie, and its word for forms."""
        cookie = self.sessions.begin(console.token(*scopes)).partition(";")[0]
        session = self.sessions.of(cookie)
        assert session is not None
        return cookie, session.csrf

    def ask(self, page: Page, form: Mapping[str, str], headers: Mapping[str, str], *, query: str = "") -> int:
        """Ask for a page as its forms do, and return the status."""
        data: dict[str, Any] = dict(form)
        if page.takes_file:
            data["file"] = (io.BytesIO(b"code\nA-1\n"), "codes.csv")
        address = page.path.replace("{", "").replace("}", "") + query
        sent = data if page.method == "POST" else None
        return self.client.open(address, method=page.method, headers={**headers}, data=sent).status_code


@pytest.fixture
def walk(console: ConsoleHarness) -> Walk:
    """All pages, those of a provider of sign-ins included."""
    api = console.app.api
    ground = api.ground  # type: ignore[attr-defined] # it is an `App`
    oidc = OidcSettings(
        issuer="https://id.example",
        client_id="x",
        client_secret=Secret("x"),
        claim="groups",
        scopes={"desk": (Scope.LOOKUP,)},
    )
    sessions = Sessions(KEY, ground.access, oidc)
    every = [
        *all_pages(ground, sessions, OidcPages(OidcProvider(oidc), sessions, None), key=KEY),
        *TryPages(api).pages(),  # type: ignore[arg-type] # the same
    ]
    came: list[str] = []

    def noting(page: Page) -> Page:
        def run(call: PageRequest) -> Shown:  # noqa: ARG001 - whoever asks
            came.append(page.name)
            return OperationResponse(content=b"", media_type="text/html; charset=utf-8")

        return attrs.evolve(page, run=run)

    quiet = Console(map(noting, every), sessions, ground.frame, ground.patience, "Somebody")
    client = Client(SideBySide(api, quiet), use_cookies=False)
    assert len(quiet.pages) > len(every) > 50
    return Walk(client=client, pages=quiet.pages, sessions=sessions, came=came)


def test_no_other_site_changes_anything(console: ConsoleHarness, walk: Walk) -> None:
    """Every change is refused that comes from elsewhere, also with the session's own word, at the door too, and as a fragment."""
    cookie, csrf = walk.session(console, *Scope)
    changes = [page for page in walk.pages if page.method == "POST"]
    for page, headers in product(changes, FROM_ELSEWHERE):
        for more in ({}, {"HX-Request": "true"}):
            status = walk.ask(page, {"csrf": csrf}, {"Cookie": cookie, **headers, **more})
            assert status == (200 if more else 403), (page.name, headers)
    assert [] == walk.came


def test_no_change_is_made_without_the_word_of_its_session(console: ConsoleHarness, walk: Walk) -> None:
    """Not without one, not with one that another session of the same person has, nor with one in an address or a cookie."""
    cookie, csrf = walk.session(console, *Scope)
    _, other = walk.session(console, *Scope)
    changes = [page for page in walk.pages if page.method == "POST" and not page.is_public]
    for page in changes:
        for form, query, headers in (
            ({}, "", {}),
            ({}, f"?csrf={csrf}", {}),
            ({}, "", {"Cookie": f"{cookie}; csrf={csrf}"}),
            ({"csrf": other}, "", {}),
            ({"csrf": csrf.upper()}, "", {}),
            ({"csrf": csrf[:-1]}, "", {}),
            ({"csrf": f"{csrf}\0"}, "", {}),
            ({"csrf": csrf}, "", {"X-CSRF": other}),
            ({"csrf": csrf}, "", {"Cookie": ""}),
        ):
            walk.ask(page, form, {"Cookie": cookie, "X-HTTP-Method-Override": "GET", **headers}, query=query)
            assert [] == walk.came, (page.name, form, query)
        walk.ask(page, {"csrf": csrf}, {"Cookie": cookie})
        walk.ask(page, {}, {"Cookie": cookie, "X-CSRF": csrf, "Origin": "http://localhost"})
        assert [page.name] * 2 == walk.came
        walk.came.clear()


def test_nobody_comes_to_a_page_without_its_right(console: ConsoleHarness, walk: Walk) -> None:
    """With each right alone, and with all but one: who lacks a page's is told so, and nothing of it begins."""
    for held in [*({one} for one in Scope), *({*Scope} - {one} for one in Scope), None]:
        cookie, csrf = ("", "") if held is None else walk.session(console, *held)
        scopes = with_implied(held or ())
        for page in walk.pages:
            if page.is_public:
                continue
            may = held is not None and (page.scope is None or page.scope in scopes)
            status = walk.ask(page, {"csrf": csrf}, {"Cookie": cookie})
            assert walk.came == ([page.name] if may else []), (page.name, held)
            refused = {303, 401} if held is None and page.method == "GET" else {403}
            leads_on = page.path == "/" and status in {200, 303}
            assert may or status in refused or leads_on, (page.name, held)
            walk.came.clear()


def test_every_answer_says_what_a_browser_may_do(console: ConsoleHarness, walk: Walk) -> None:
    """Pages, refusals, what leads on, files, and methods that nobody knows; nothing but the files is kept by a browser."""
    cookie, csrf = walk.session(console, *Scope)
    weak, _ = walk.session(console, Scope.UPLOADS_WRITE)
    addresses = {page.path.replace("{", "").replace("}", "") for page in walk.pages}
    static = next(iter(_static(console)))
    for address, method, who in product(
        sorted({*addresses, "/nowhere", "//", "/static/x", "/a%00b", "/%ff", static}),
        ("GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE", "TRACE"),
        ("", cookie, weak),
    ):
        if address == "/docs" and not who:
            continue  # it is the API's then
        answer = walk.client.open(address, method=method, headers={"Cookie": who}, data={"csrf": csrf})
        for name, value in HEADERS.items():
            if (name, address) != ("Referrer-Policy", "/sign-in/callback"):
                assert [value] == answer.headers.getlist(name), (method, address, name)
        assert ["nosniff"] == answer.headers.getlist("X-Content-Type-Options")
        kept = address == static
        assert kept or ["no-store"] == answer.headers.getlist("Cache-Control"), (method, address)
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert answer.status_code < 500, (method, address)


def _static(console: ConsoleHarness) -> Iterator[str]:
    text = console.client.get("/sign-in").text
    yield text.partition('<script src="')[2].partition('"')[0]


def test_no_other_site_turns_an_emulator(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every change of the emulators' pages is refused to other sites, and every page says what a browser may do with it."""
    noted = _Noting(Routes.match)
    monkeypatch.setattr(Routes, "match", noted)
    dashboard = DashboardApp(EmulatorApp(emulators((), EmulatorContext()), EmulatorContext()))
    routes = dashboard._routes._routes
    changes = [route for route in routes if route.method == "POST"]
    assert len(changes) > 5
    for route, headers in product(changes, FROM_ELSEWHERE):
        answer = _at(dashboard, route, headers)
        assert answer.status_code == 403, (route.path, headers)
        assert [HEADERS[name] for name in HEADERS] == [answer.headers[name] for name in HEADERS]
    assert [] == noted.came
    for route in changes:
        assert (
            _at(dashboard, route, {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}).status_code
            == 200
        )
    assert len(changes) == len(noted.came)


class _Noting:
    """Finds routes of which none does anything but note that it was come to."""

    def __init__(self, inner: Callable[..., Any]) -> None:
        self._inner = inner
        self.came: list[str] = []

    def __get__(self, routes: Any, _: object) -> Callable[[str, str], Any]:
        def match(path: str, method: str) -> Any:
            self._inner(routes, path, method)

            def answer(_: object) -> Response:
                self.came.append(path)
                return Response()

            return answer, {}

        return match


def _at(dashboard: DashboardApp, route: Any, headers: Mapping[str, str]) -> Response:
    path = re.sub(r"<(?:\w+:)?(\w+)>", "1", route.path)
    builder = EnvironBuilder(
        path=path, base_url="http://localhost/_emulator", method=route.method, headers=[*headers.items()]
    )
    return dashboard.handle(Request(builder.get_environ()))
