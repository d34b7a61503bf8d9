"""The dashboard as what answers browsers: requests to pages, errors to words."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from jinja2 import ChoiceLoader, PackageLoader
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request, Response

from couponhub.console.guarding import HEADERS, require_own_page
from couponhub.console.pages import Redirect, View
from couponhub.console.rendering import HTML, environment
from couponhub.console.static_files import StaticFiles
from couponhub.console.texts import all_texts, language_of
from couponhub.dashboard.fault_pages import FaultPages
from couponhub.dashboard.mail_pages import MailPages
from couponhub.dashboard.overview import Overview
from couponhub.dashboard.seen_requests import SeenRequests
from couponhub.dashboard.state_pages import StatePages
from couponhub.dashboard.visits import BELOW, HOME, Answer, Visit, vendor_address
from couponhub.server.problems import Refusal
from couponhub.testing.emulation.app import EmulatorApp
from couponhub.testing.emulation.routes import Routes
from couponhub.testing.emulation.vendor import ControlError

_STATIC = f"{BELOW}/static/"
_LARGEST_FORM = 64 * 1024


class DashboardApp:
    """Answers people at a browser. Thread-safe.

    Args:
        emulated: The emulators that are shown and steered.
    """

    def __init__(self, emulated: EmulatorApp) -> None:
        self._emulated = emulated
        self._static = StaticFiles(_STATIC)
        self._environment = environment(
            self._static,
            ChoiceLoader([PackageLoader("couponhub.dashboard"), PackageLoader("couponhub.console")]),
        )
        self._environment.globals |= {"home": HOME, "below": BELOW, "vendor_address": vendor_address}
        self._texts = all_texts()
        parts = (Overview, StatePages, FaultPages, SeenRequests, MailPages)
        self._routes: Routes[Answer] = Routes(route for part in parts for route in part(emulated).routes())

    def handle(self, request: Request) -> Response:
        """Answer a request whose path is relative to `/_emulator/`."""
        request.max_content_length = _LARGEST_FORM
        try:
            response = self._answer(request)
        except ControlError as error:
            response = self._fault(request, str(error), 404 if error.missing else 400)
        except Refusal as refusal:
            response = self._fault(request, refusal.error.message, refusal.status)
        except HTTPException as error:
            status = error.code or 400
            response = self._fault(request, error.description or error.name, status)
        for name, value in HEADERS.items():
            response.headers[name] = value
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("Vary", "Accept, Accept-Language, HX-Request")
        return response

    def _answer(self, request: Request) -> Response:
        address = request.root_path + request.path
        if address.startswith(_STATIC):
            found = self._static.answer(address, request.headers.get("Accept-Encoding", ""))
            return Response(found.content, found.status, dict(found.headers), content_type=found.media_type)
        answer, words = self._routes.match(request.path, request.method)
        if request.method == "POST":
            require_own_page(request.environ)
        shown = answer(Visit(request=request, words=words))
        match shown:
            case View():
                return self._page(request, shown)
            case Redirect():
                return Response(
                    status=HTTPStatus.SEE_OTHER, headers={"Location": shown.path, **shown.headers}
                )
            case _:
                return shown

    def _page(self, request: Request, view: View) -> Response:
        common: Mapping[str, Any] = {
            "t": self._texts[language_of(request.environ, self._texts)],
            "session": None,
            "base": "fragment.html" if "HX-Request" in request.headers else "emulator_base.html",
            "vendors": tuple(self._emulated.vendors),
        }
        text = self._environment.get_template(view.template).render({**common, **view.values})
        return Response(text.encode("utf-8", "replace"), view.status, dict(view.headers), content_type=HTML)

    def _fault(self, request: Request, message: str, status: int) -> Response:
        # htmx puts an answer in its place only when it is one.
        shown = HTTPStatus.OK if "HX-Request" in request.headers else status
        view = View(template="emulator_fault.html", values={"message": message}, status=shown)
        return self._page(request, view)
