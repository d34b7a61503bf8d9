"""The control API of an emulator process: JSON under `/_emulator/`, never part of a vendor's paths."""

from collections.abc import Callable, Mapping
from datetime import UTC
from typing import Any

import attrs
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound
from werkzeug.wrappers import Request, Response

from couponhub.testing.emulation.answers import error_answer, instant_text, json_answer
from couponhub.testing.emulation.context import EmulatorContext, Mail
from couponhub.testing.emulation.faults import FAULTS, RULE, FaultRules, read_rules
from couponhub.testing.emulation.mails import as_eml, as_json, media_type
from couponhub.testing.emulation.reading import (
    read_count,
    read_customer,
    read_instant,
    read_json,
    read_list,
    read_mapping,
    read_object,
    read_text,
)
from couponhub.testing.emulation.recorder import RequestRecorder
from couponhub.testing.emulation.routes import Route, Routes
from couponhub.testing.emulation.vendor import ControlError, KeepsErrorFiles, TakesCodesBack, VendorEmulator

CONTROL_NAME = "_emulator"
"""The first segment of every path of the control API."""

_LARGEST_BODY_BYTES = 256 * 1024 * 1024
_MOST_CODES_AT_ONCE = 1_000_000

_TOLD = attrs.filters.exclude("number", "asked", "answered")
"""Of a request all but what pages alone show."""

_CLOCK = {"now": "RFC 3339 instant with an offset, or null for real time"}
_OPTIONS = {"<vendor>": {"<option>": "value"}}
_CUSTOMER = {"mobile": "text", "email": "text", "external_id": "text", "id": "text"}
_CUSTOMERS = {"customers": [_CUSTOMER]}
_ISSUE = {"customer": _CUSTOMER, "count": "how many, or else", "codes": ["which"]}
_CODE = {"code": "text"}
_REDEMPTION = {
    "code": "text",
    "at": "optional, RFC 3339 instant with an offset",
    "transaction": "optional text",
    "store_code": "optional text",
    "store_name": "optional text",
}


@attrs.frozen(eq=False)
class Endpoint:
    """One endpoint; `answer` is called with the words of the path, after the decoded body where one is taken."""

    method: str
    path: str
    answer: Callable[..., Any]
    does: str
    body: Any = None
    """Describes the body that it takes; None when it takes none."""


class ControlApi:
    """Answers the control API, with 400, 404 or 405 and {"error": text} for whatever cannot be done."""

    def __init__(
        self,
        *,
        world: EmulatorContext,
        vendors: Mapping[str, VendorEmulator],
        faults: FaultRules,
        recorder: RequestRecorder,
        reset: Callable[[], None],
    ) -> None:
        self._world = world
        self._vendors = vendors
        self._faults = faults
        self._recorder = recorder
        self._reset_all = reset
        lists = "/<vendor>/lists/<list_id>"
        self._endpoints = (
            Endpoint("GET", "/", self._describe, "describes all of this"),
            Endpoint("POST", "/reset", self._reset, "back to the start: vendors empty, no faults, real time"),
            Endpoint("GET", "/clock", self._clock, "the emulated instant"),
            Endpoint("PUT", "/clock", self._set_clock, "moves the clock, which runs on from there", _CLOCK),
            Endpoint("GET", "/options", self._options, "every option of every vendor"),
            Endpoint("PUT", "/options", self._set_options, "changes all that are named, or none", _OPTIONS),
            Endpoint("GET", "/faults", self._fault_rules, "the fault rules, with how often each has fired"),
            Endpoint("PUT", "/faults", self._set_fault_rules, "replaces all fault rules", [dict(RULE)]),
            Endpoint("GET", "/requests", self._requests, "the last calls to the vendors, oldest first"),
            Endpoint("GET", "/mails", self._mails, 'the mails that were "sent", with their files'),
            Endpoint(
                "GET", "/mails/<number>.eml", self._eml, "one of them, to be saved as a mail program would"
            ),
            Endpoint("GET", "/mails/<number>/<name>", self._attachment, "a file that came with one of them"),
            Endpoint("POST", "/<vendor>/customers", self._add, "makes customers known", _CUSTOMERS),
            Endpoint("GET", f"{lists}/codes", self._codes, "every code of a list, as it truly stands"),
            Endpoint("POST", f"{lists}/issue", self._issue, "hands codes of a list to a customer", _ISSUE),
            Endpoint("POST", f"{lists}/redeem", self._redeem, "records a redemption", _REDEMPTION),
            Endpoint(
                "POST", f"{lists}/reactivate", self._reactivate, "takes the last redemption back", _CODE
            ),
            Endpoint("POST", f"{lists}/revoke", self._revoke, "takes a code from its customer", _CODE),
            Endpoint(
                "GET",
                "/<vendor>/error-files/<key>",
                self._error_file,
                "the refused rows of an upload, as CSV, by the key that the vendor names",
            ),
        )
        self._routes = Routes(
            (Route(method=one.method, path=one.path, answer=one) for one in self._endpoints),
            strict_slashes=False,
        )

    def handle(self, request: Request) -> Response:
        """Answer one call. `request.path` is relative to the control API's prefix."""
        request.max_content_length = _LARGEST_BODY_BYTES
        try:
            answer = self._answer(request)
            return answer if isinstance(answer, Response) else json_answer(answer)
        except ControlError as error:
            return error_answer(str(error), status=404 if error.missing else 400)
        except NotFound:
            return error_answer(f"no such endpoint; GET /{CONTROL_NAME}/ describes them all", status=404)
        except MethodNotAllowed as error:
            allowed = ", ".join(sorted(error.valid_methods or ()))
            response = error_answer(f"this endpoint takes {allowed}", status=405)
            response.headers["Allow"] = allowed
            return response
        except HTTPException as error:
            return error_answer(error.description or error.name, status=error.code or 400)

    def _answer(self, request: Request) -> Any:
        endpoint, words = self._routes.match(request.path, request.method)
        if endpoint.body is None:
            return endpoint.answer(**words)
        return endpoint.answer(read_json(request.get_data(cache=False)), **words)

    def _describe(self) -> Any:
        return {
            "endpoints": [
                {
                    "method": endpoint.method,
                    "path": f"/{CONTROL_NAME}{endpoint.path}",
                    "does": endpoint.does,
                    "body": endpoint.body,
                }
                for endpoint in self._endpoints
            ],
            "faults": dict(FAULTS),
            "vendors": {
                name: {
                    "path": f"/{name}/",
                    "credentials": dict(vendor.credentials),
                    "options": dict(vendor.options()),
                }
                for name, vendor in self._vendors.items()
            },
            "background_failures": [
                f"{type(error).__name__}: {error}" for error in self._world.background.failures
            ],
        }

    def _reset(self) -> Any:
        self._reset_all()
        return {"reset": True}

    def _clock(self) -> Any:
        return {"now": instant_text(self._world.clock.now())}

    def _set_clock(self, body: Any) -> Any:
        now = read_object(body, "the body", required=("now",))["now"]
        if now is None:
            self._world.clock.reset()
            return self._clock()
        try:
            self._world.clock.set(read_instant(now, "now"))
        except ValueError as error:
            raise ControlError(f"now: {error}") from None
        return self._clock()

    def _options(self) -> Any:
        return {name: dict(vendor.options()) for name, vendor in self._vendors.items()}

    def _set_options(self, body: Any) -> Any:
        asked = read_object(body, "the body", optional=self._vendors)
        values = {name: read_mapping(options, name) for name, options in asked.items()}
        before = self._options()
        changed: list[str] = []
        try:
            for name, options in values.items():
                self._vendors[name].set_options(options)
                changed.append(name)
        except ControlError:
            for name in changed:
                self._vendors[name].set_options(before[name])
            raise
        return self._options()

    def _fault_rules(self) -> Any:
        return {"items": self._faults.to_json()}

    def _set_fault_rules(self, body: Any) -> Any:
        self._faults.replace(read_rules(body, vendors=self._vendors))
        return self._fault_rules()

    def _requests(self) -> Any:
        return {
            "items": [
                {**attrs.asdict(request, filter=_TOLD), "at": instant_text(request.at)}
                for request in self._recorder.requests()
            ]
        }

    def _mails(self) -> Any:
        return {
            "items": [
                as_json(mail, url=f"/{CONTROL_NAME}/mails/{number}")
                for number, mail in enumerate(self._world.outbox.mails(), 1)
            ]
        }

    def _eml(self, number: str) -> Any:
        return _file(as_eml(self._mail(number), number=number), "message/rfc822")

    def _attachment(self, number: str, name: str) -> Any:
        attachments = self._mail(number).attachments
        if name not in attachments:
            raise ControlError("the mail has no such file", missing=True)
        return _file(attachments[name], media_type(name))

    def _mail(self, number: str) -> Mail:
        mails = self._world.outbox.mails()
        if not (number.isascii() and number.isdigit()) or not 1 <= int(number) <= len(mails):
            raise ControlError(f"mails have numbers; there are {len(mails)}, from 1", missing=True)
        return mails[int(number) - 1]

    def _add(self, body: Any, vendor: str) -> Any:
        emulator = self._vendor(vendor)
        asked = read_list(read_object(body, "the body", required=("customers",))["customers"], "customers")
        customers = [read_customer(value, f"customers[{index}]") for index, value in enumerate(asked)]
        emulator.add_customers(customers)
        return {"added": len(customers)}

    def _codes(self, vendor: str, list_id: str) -> Any:
        return {"items": list(self._vendor(vendor).codes(list_id))}

    def _issue(self, body: Any, vendor: str, list_id: str) -> Any:
        emulator = self._vendor(vendor)
        asked = read_object(body, "the body", required=("customer",), optional=("count", "codes"))
        count, codes = asked.get("count"), asked.get("codes")
        if (count is None) == (codes is None):
            raise ControlError("the body needs either 'count' or 'codes'")
        if count is not None:
            count = read_count(count, "count", most=_MOST_CODES_AT_ONCE)
        if codes is not None:
            codes = [read_text(code, f"codes[{i}]") for i, code in enumerate(read_list(codes, "codes"))]
        customer = read_customer(asked["customer"], "customer")
        return {"codes": list(emulator.issue(list_id, customer, count=count, codes=codes))}

    def _redeem(self, body: Any, vendor: str, list_id: str) -> Any:
        emulator = self._vendor(vendor)
        texts = ("transaction", "store_code", "store_name")
        asked = read_object(body, "the body", required=("code",), optional=("at", *texts))
        code = read_text(asked["code"], "code")
        details: dict[str, Any] = {
            name: read_text(asked[name], name) for name in texts if asked.get(name) is not None
        }
        if asked.get("at") is not None:
            details["at"] = read_instant(asked["at"], "at").astimezone(UTC)
        emulator.redeem(list_id, code, details)
        return {"redeemed": code}

    def _reactivate(self, body: Any, vendor: str, list_id: str) -> Any:
        code = _read_code(body)
        self._taker(vendor).reactivate(list_id, code)
        return {"reactivated": code}

    def _revoke(self, body: Any, vendor: str, list_id: str) -> Any:
        code = _read_code(body)
        self._taker(vendor).revoke(list_id, code)
        return {"revoked": code}

    def _taker(self, vendor: str) -> TakesCodesBack:
        emulator = self._vendor(vendor)
        if not isinstance(emulator, TakesCodesBack):
            raise ControlError(f"{vendor} takes no code back, and no redemption")
        return emulator

    def _error_file(self, vendor: str, key: str) -> Any:
        emulator = self._vendor(vendor)
        if not isinstance(emulator, KeepsErrorFiles):
            raise ControlError(f"{vendor} names no files of refused rows")
        return _file(emulator.error_file(key), "text/csv")

    def _vendor(self, name: str) -> VendorEmulator:
        try:
            return self._vendors[name]
        except KeyError:
            raise ControlError(
                f"no such vendor; served here: {', '.join(self._vendors)}", missing=True
            ) from None


def _file(content: bytes, mimetype: str) -> Response:
    """A file to be saved: a browser that was led here must not run what a vendor put into one."""
    response = Response(content, mimetype=mimetype)
    response.headers["Content-Disposition"] = "attachment"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _read_code(body: Any) -> str:
    return read_text(read_object(body, "the body", required=("code",))["code"], "code")
