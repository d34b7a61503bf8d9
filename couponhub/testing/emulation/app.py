"""One WSGI application for all emulated vendors: mounts them, spoils answers, records, and is controlled."""

import logging
import re
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, assert_never

from werkzeug.exceptions import HTTPException
from werkzeug.http import http_date
from werkzeug.wrappers import Request, Response

from couponhub.testing.emulation.answers import error_answer
from couponhub.testing.emulation.control import CONTROL_NAME, ControlApi
from couponhub.testing.emulation.corruption import garbled, trickled, with_wrong_types
from couponhub.testing.emulation.faults import (
    AnswerGarbage,
    AnswerStatus,
    Crossed,
    DropAfter,
    DropBefore,
    Fault,
    FaultRules,
    Latency,
    SlowBody,
    WrongTypes,
)
from couponhub.testing.emulation.recorder import RequestRecorder

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from couponhub.testing.emulation.context import EmulatorContext
    from couponhub.testing.emulation.vendor import VendorEmulator

Pages = Callable[["EmulatorApp"], Callable[[Request], Response]]
"""Makes what answers people at a browser, over an application; `request.path` is relative to `/_emulator/`."""

_PAGES_BELOW = "/-/"
_BODIES_KEPT = 500
_PORT = re.compile(r":[0-9]{1,5}\Z")
_log = logging.getLogger(__name__)


class EmulatorApp:
    """Serves vendors under `/<name>/` and the control API under `/_emulator/`.

    Only calls whose Host is an own address of the server or a name of loopback, with the port it listens on, or one of
    `allowed_hosts`, with any port, are let in: a web page that has its own name resolve to this machine (DNS rebinding) gets HTTP 421, and one that calls
    the control API from its own site, as its Origin tells, HTTP 403.

    With `pages`, a browser is shown them at `/_emulator/` and below `/_emulator/-/`; programs are answered as without.

    Out of the WSGI call comes a ConnectionAbortedError where the server is to hang up without an answer.
    """

    def __init__(
        self,
        vendors: Sequence["VendorEmulator"],
        world: "EmulatorContext",
        *,
        host: str = "127.0.0.1",
        allowed_hosts: Sequence[str] = (),
        pages: Pages | None = None,
    ) -> None:
        self.vendors = {vendor.name: vendor for vendor in vendors}
        self.world = world
        self.faults = FaultRules()
        self.recorder = RequestRecorder() if pages is None else RequestRecorder(bodies=_BODIES_KEPT)
        self._control = ControlApi(
            world=world,
            vendors=self.vendors,
            faults=self.faults,
            recorder=self.recorder,
            reset=self.reset,
        )
        self._pages = None if pages is None else pages(self)
        self._hosts = {"localhost", "127.0.0.1", "[::1]", _in_url(host.lower())}
        self._allowed_hosts = {_in_url(name.lower()) for name in allowed_hosts}
        self._patience = threading.Event()
        self._answered: dict[tuple[str, str], Response] = {}  # the last, by vendor and method

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one call."""
        response = self._respond(environ)
        response.headers.setdefault("Date", http_date(self.world.clock.now()))
        return response(environ, start_response)

    def reset(self) -> None:
        """Return to the start: empty vendors, no faults, mails or recorded requests, real time."""
        self.hang_up_on_waiting()
        self.faults.replace(())
        self.world.reset()
        for vendor in self.vendors.values():
            vendor.reset()
        self.recorder.clear()
        self._answered.clear()

    def hang_up_on_waiting(self) -> None:
        """Drop the calls that a fault holds back; what they ask for is never done."""
        waiting, self._patience = self._patience, threading.Event()
        waiting.set()

    def _respond(self, environ: "WSGIEnvironment") -> Response:
        if not self._is_own_host(environ):
            return error_answer(
                "the Host header names another server; --allow-host NAME has the emulators take it",
                status=421,
            )
        name, _, rest = environ["PATH_INFO"].removeprefix("/").partition("/")
        request = Request(
            {**environ, "SCRIPT_NAME": f"{environ.get('SCRIPT_NAME', '')}/{name}", "PATH_INFO": f"/{rest}"}
        )
        if name == CONTROL_NAME and not self._is_own_origin(environ):
            return error_answer("the Origin header names another site", status=403)
        if name == CONTROL_NAME:
            pages = self._pages if _is_for_people(request) else None
            return _answer(pages or self._control.handle, request)
        if vendor := self.vendors.get(name):
            return self._call(vendor, request)
        served = ", ".join(f"/{prefix}/" for prefix in (*self.vendors, CONTROL_NAME))
        return error_answer(f"served here: {served}", status=404)

    def _is_own_host(self, environ: "WSGIEnvironment") -> bool:
        port = environ["SERVER_PORT"]
        own = {f"{host}:{port}" for host in self._hosts | _reached_address(environ)}
        if port == "80":
            own |= self._hosts
        given = environ.get("HTTP_HOST", "").lower()
        return given in own or _PORT.sub("", given) in self._allowed_hosts

    def _is_own_origin(self, environ: "WSGIEnvironment") -> bool:
        """Tell whether no page in a browser here sent this, or one of this server's own."""
        origin = environ.get("HTTP_ORIGIN")
        return origin is None or origin.lower() == f"http://{environ.get('HTTP_HOST', '').lower()}"

    def _call(self, vendor: "VendorEmulator", request: Request) -> Response:
        rule = self.faults.take(vendor=vendor.name, method=request.method, path=request.path)
        recorded = self.recorder.record(
            request, vendor=vendor.name, at=self.world.clock.now(), fault=rule.name if rule else None
        )
        response = self._spoil(rule.fault, vendor, request) if rule else self._answer(vendor, request)
        recorded.status = response.status_code
        self.recorder.note_answer(recorded, request, response)
        return response

    def _spoil(self, fault: Fault, vendor: "VendorEmulator", request: Request) -> Response:
        match fault:
            case AnswerStatus():
                return fault.response()
            case Latency(seconds=seconds):
                self._wait(seconds)
                return _answer(vendor.handle, request)
            case DropBefore():
                raise ConnectionAbortedError
            case DropAfter():
                _answer(vendor.handle, request)
                raise ConnectionAbortedError
            case AnswerGarbage(garbage=garbage):
                return garbled(_answer(vendor.handle, request), garbage)
            case WrongTypes():
                return with_wrong_types(_answer(vendor.handle, request))
            case SlowBody(seconds=seconds):
                return trickled(_answer(vendor.handle, request), seconds=seconds, wait=self._wait)
            case Crossed():
                before = self._answered.get((vendor.name, request.method))
                response = self._answer(vendor, request)
                return response if before is None else before
        assert_never(fault)

    def _answer(self, vendor: "VendorEmulator", request: Request) -> Response:
        response = _answer(vendor.handle, request)
        self._answered[vendor.name, request.method] = Response(
            response.get_data(), response.status_code, response.headers
        )
        return response

    def _wait(self, seconds: float) -> None:
        if self._patience.wait(seconds):
            raise ConnectionAbortedError


def _answer(handle: Callable[[Request], Response], request: Request) -> Response:
    try:
        return handle(request)
    except HTTPException as error:
        return error.get_response(request.environ)
    except Exception:  # noqa: BLE001 - answered as any server answers its own fault, and logged
        _log.exception("the emulator is at fault: %s %s", request.method, request.root_path)
        return error_answer("the emulator itself is at fault; its log says where", status=500)


def _is_for_people(request: Request) -> bool:
    """Tell whether a page is asked for: by its address, or at the address of the description by whoever likes HTML more."""
    if request.path == "/":
        liked = request.accept_mimetypes.best_match(["application/json", "text/html"])
        return request.method in {"GET", "HEAD"} and liked == "text/html"
    return request.path.startswith(_PAGES_BELOW)


def _reached_address(environ: "WSGIEnvironment") -> set[str]:
    """The address that the client connected to: one's own, whichever of a machine's many it is."""
    connection = environ.get("werkzeug.socket")
    return {_in_url(connection.getsockname()[0])} if connection else set()


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host
