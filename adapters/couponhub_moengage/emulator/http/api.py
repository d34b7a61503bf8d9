"""The vendor's API over HTTP: routing, sign-in, limits; what is done is the workspace's business.

Order of checks: path and method, credentials, `MOE-APPKEY`, feature, rate limit, then the body and the state.
"""

import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import attrs
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from couponhub.testing.emulation.context import EmulatedClock
from couponhub_moengage.emulator.files.processing import Processing
from couponhub_moengage.emulator.http import bodies, refusals
from couponhub_moengage.emulator.http.limits import RateLimits
from couponhub_moengage.emulator.http.refusals import Refusal
from couponhub_moengage.emulator.http.shapes import Body
from couponhub_moengage.emulator.lists import ListStatus
from couponhub_moengage.emulator.state import State
from couponhub_moengage.emulator.workspace import Workspace

# The operations whose reference shows `bad-request` as its only 400.
GENERIC_400 = frozenset({"fetch_lists", "fetch_list", "activate_list", "archive_list", "fetch_file"})


@attrs.frozen(kw_only=True)
class Call:
    """One request that found its operation."""

    operation: str
    request: Request
    list_id: str = ""
    file_id: str = ""

    def body(self) -> Body:
        """The body, decoded."""
        return bodies.read_json_object(self.request.mimetype, self.request.get_data())


class CouponApi:
    """Answers the vendor's requests."""

    def __init__(
        self, state: State, processing: Processing, limits: RateLimits, clock: EmulatedClock
    ) -> None:
        self._state = state
        self._workspace = Workspace(state)
        self._processing = processing
        self._limits = limits
        self._clock = clock
        self._operations: Mapping[str, Callable[[Call], Response]] = {
            "create_list": self._create_list,
            "fetch_lists": self._fetch_lists,
            "fetch_list": self._fetch_list,
            "update_list": self._update_list,
            "activate_list": self._activate_list,
            "archive_list": self._archive_list,
            "upload_file": self._upload_file,
            "fetch_files": self._fetch_files,
            "fetch_file": self._fetch_file,
            "delete_file": self._delete_file,
            "usage_report": self._usage_report,
        }
        self._routes = _routes()

    def handle(self, request: Request) -> Response:
        """Answer one request, whatever it is."""
        try:
            call = self._routed(request)
        except Refusal as refusal:
            return _refused(refusal)
        except MethodNotAllowed as error:
            response = _refused(refusals.wrong_method())
            response.headers["Allow"] = ", ".join(sorted(set(error.valid_methods or ()) - {"HEAD"}))
            return response
        try:
            response = self._answered(call)
        except Refusal as refusal:
            response = _refused(self._as_documented(refusal, call.operation))
        response.headers.extend(self._limits.headers(call.operation, self._scope(call), self._clock.now()))
        return response

    def _routed(self, request: Request) -> Call:
        adapter = self._routes.bind("")
        try:
            operation, ids = adapter.match(request.path, method=request.method)
        except NotFound:
            raise refusals.not_found() from None
        if request.method == "HEAD":  # werkzeug lets it through wherever GET is
            raise MethodNotAllowed(adapter.allowed_methods(request.path))
        return Call(operation=operation, request=request, **ids)

    def _answered(self, call: Call) -> Response:
        self._refuse_strangers(call)
        if not self._state.options.coupon_feature:
            raise refusals.forbidden()
        if not self._limits.admit(call.operation, self._scope(call), self._clock.now()):
            return Response(status=429)
        return self._operations[call.operation](call)

    def _refuse_strangers(self, call: Call) -> None:
        options, sent = self._state.options, call.request.authorization
        appkey = call.request.headers.get("MOE-APPKEY")
        if (
            sent is None
            or sent.type != "basic"
            or sent.username != options.workspace_id
            or sent.password != options.api_key
        ):
            raise refusals.unauthenticated()
        required = options.require_appkey == "all" or (
            options.require_appkey == "all_but_create" and call.operation != "create_list"
        )
        if appkey != options.workspace_id and (required or appkey is not None):
            raise refusals.unauthenticated()

    def _scope(self, call: Call) -> str:
        per_list = call.operation == "upload_file" and self._state.options.upload_limit_per_list
        return call.list_id if per_list else ""

    def _as_documented(self, refusal: Refusal, operation: str) -> Refusal:
        generic = self._state.options.generic_bad_request and operation in GENERIC_400
        if generic and refusal.code == "invalid-request":
            return refusals.generic_bad_request()
        return refusal

    def _create_list(self, call: Call) -> Response:
        new = bodies.read_new_list(call.body(), today=self._state.today())
        return _json(self._workspace.create_list(new), 201)

    def _fetch_lists(self, call: Call) -> Response:
        match call.request.args.getlist("status"):
            case []:
                status = None
            case [word] if word in ListStatus.__members__:
                status = ListStatus(word)
            case _:
                raise refusals.bad_value("status")
        return _json({"data": self._workspace.fetch_lists(status)})

    def _fetch_list(self, call: Call) -> Response:
        return _json(self._workspace.fetch_list(call.list_id))

    def _update_list(self, call: Call) -> Response:
        update = bodies.read_list_update(call.body(), today=self._state.today())
        return _json(self._workspace.update_list(call.list_id, update))

    def _activate_list(self, call: Call) -> Response:
        expires = bodies.read_activation(call.body(), today=self._state.today())
        self._workspace.activate_list(call.list_id, expires)
        return Response(status=204)

    def _archive_list(self, call: Call) -> Response:
        self._workspace.archive_list(call.list_id)
        return Response(status=204)

    def _upload_file(self, call: Call) -> Response:
        accepted = self._workspace.add_file(call.list_id, bodies.read_file_order(call.body()))
        self._processing.queue_file(call.list_id, accepted["_id"])
        return _json(accepted, 201)

    def _fetch_files(self, call: Call) -> Response:
        return _json({"data": self._workspace.fetch_files(call.list_id)})

    def _fetch_file(self, call: Call) -> Response:
        return _json(self._workspace.fetch_file(call.list_id, call.file_id))

    def _delete_file(self, call: Call) -> Response:
        self._workspace.delete_file(call.list_id, call.file_id)
        return Response(status=204)

    def _usage_report(self, call: Call) -> Response:
        order = bodies.read_report_order(call.body(), today=self._state.today())
        sentence = self._workspace.report_sentence(call.list_id, order)
        self._processing.queue_report(call.list_id, order)
        return _json({"message": sentence})


@cache
def _routes() -> Map:
    # Compiling them takes longer than all else of an emulator's start.
    lists, one = "/v1/coupon-list", "/v1/coupon-list/<list_id>"
    return Map(
        [
            Rule(lists, methods=["POST"], endpoint="create_list"),
            Rule(lists, methods=["GET"], endpoint="fetch_lists"),
            Rule(one, methods=["GET"], endpoint="fetch_list"),
            Rule(one, methods=["PATCH"], endpoint="update_list"),
            Rule(f"{one}/activate", methods=["PUT"], endpoint="activate_list"),
            Rule(f"{one}/archive", methods=["PUT"], endpoint="archive_list"),
            Rule(f"{one}/files", methods=["POST"], endpoint="upload_file"),
            Rule(f"{one}/files", methods=["GET"], endpoint="fetch_files"),
            Rule(f"{one}/files/<file_id>", methods=["GET"], endpoint="fetch_file"),
            Rule(f"{one}/files/<file_id>", methods=["DELETE"], endpoint="delete_file"),
            Rule(f"{one}/usage-report", methods=["POST"], endpoint="usage_report"),
        ],
        merge_slashes=False,
    )


def _json(answer: Mapping[str, Any], status: int = 200) -> Response:
    return Response(json.dumps(answer), status=status, mimetype="application/json")


def _refused(refusal: Refusal) -> Response:
    return _json({"error": {"code": refusal.code, "message": refusal.message}}, refusal.status)
