"""The WSGI application: routes to operations, callers to their rights, errors to problems."""

import logging
import re
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import parse_qsl

from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import Map, Rule

from couponhub.auditing import acting_as
from couponhub.config.faults import did_you_mean
from couponhub.errors import CouponhubError, UsageError
from couponhub.hub import CouponHub
from couponhub.server.admission import Gate
from couponhub.server.auth import NOBODY, Access, Principal
from couponhub.server.bodies import decoded, read_body
from couponhub.server.body_timeout import LONGEST_BODY_SECONDS, BodyTimeout
from couponhub.server.callbacks import CallbackDoor
from couponhub.server.discretion import discreet
from couponhub.server.docs_endpoints import DocsEndpoints
from couponhub.server.driving import Driving
from couponhub.server.file_forms import is_multipart, read_file_form
from couponhub.server.ground import Ground
from couponhub.server.health import Health
from couponhub.server.inner_calls import CALLER
from couponhub.server.job_endpoints import JobEndpoints
from couponhub.server.list_endpoints import ListEndpoints
from couponhub.server.list_write_endpoints import ListWriteEndpoints
from couponhub.server.log_format import places_of
from couponhub.server.lookup_endpoints import LookupEndpoints
from couponhub.server.metrics import Metrics
from couponhub.server.operations import Operation, OperationRequest, OperationResponse
from couponhub.server.parts import Parts
from couponhub.server.problems import (
    MEDIA_TYPE,
    Refusal,
    headers_of,
    not_there,
    problem_document,
    status_of,
)
from couponhub.server.request_context import (
    AccessLog,
    RequestContext,
    RequestScope,
    RequestWatch,
    head_of,
)
from couponhub.server.request_models import RequestReader
from couponhub.server.response_json import json_bytes
from couponhub.server.upload_endpoints import UploadEndpoints
from couponhub.server.upload_wishes import UploadWish
from couponhub.state import Callbacks, Scope

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from couponhub.telemetry.requests import RequestSpans

T = TypeVar("T")

_log = logging.getLogger(__name__)

_PRESSED_SECONDS = 2.0
"""So long after a request that found no room, bodies have less time."""

_STATUS_LINES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}


def make_app(
    hub: CouponHub,
    access: Access,
    callbacks: Callbacks,
    *,
    metrics: Metrics,
    log: AccessLog,
    gate: Gate | None = None,
    spans: "RequestSpans | None" = None,
    watch: RequestWatch | None = None,
    body_seconds: float = LONGEST_BODY_SECONDS,
    is_draining: Callable[[], bool] = lambda: False,
) -> "App":
    """The application over a hub, of which `metrics` is an observer; `gate` has room for `THREADS` by default."""
    parts = Parts(hub.parts)
    metrics.watch(parts)
    gate = gate or Gate()
    driving = Driving(hub)
    ground = Ground(
        hub=hub,
        access=access,
        frame=RequestScope(log, metrics, gate, spans, watch),
        patience=BodyTimeout(
            problem_reply, is_pressed=lambda: gate.has_refused(_PRESSED_SECONDS), seconds=body_seconds
        ),
        metrics=metrics,
        parts=parts,
        driving=driving,
        uploads=UploadEndpoints(
            hub=hub, wake=driving.wake, key=lambda: hub.state.reports.key().derived("requests over HTTP")
        ),
    )
    operations = [
        *LookupEndpoints(hub, metrics.concluded).operations(),
        *ListEndpoints(hub).operations(),
        *ListWriteEndpoints(hub=hub).operations(),
        *ground.uploads.operations(),
        *JobEndpoints(hub=hub, wake=driving.wake).operations(),
        *CallbackDoor(callbacks).operations(),
        *Health(hub, parts, is_draining=is_draining).operations(),
    ]
    operations += DocsEndpoints(hub, metrics, operations).operations()
    return App(operations, ground)


class App:
    """Answers requests. Thread-safe.

    Args:
        operations: What there is.
        ground: All that its answers rest on.

    Attributes:
        operations: The same.
    """

    def __init__(self, operations: Iterable[Operation], ground: Ground) -> None:
        every = list(operations)
        self.ground = ground
        self._frame = ground.frame
        self._access = ground.access
        self._metrics = ground.metrics
        self._patience = ground.patience
        self._reader = RequestReader()
        self.operations = tuple(every)
        # Most requests go where no parameter is, and need no search.
        self._fixed = {(one.method, one.path): one for one in every if "{" not in one.path}
        self._named = {one.name: one for one in every}
        self._routes = Map([_rule(one) for one in every], merge_slashes=False).bind("")

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer a request, as WSGI has it."""
        framed = self._frame.begin(environ)
        try:
            reply = (
                self._answer(framed, environ)
                if framed.span is None
                else framed.run(self._answer, framed, environ)
            )
        except Exception as error:  # noqa: BLE001 - everything becomes a problem
            refusal = _refusal(error, framed.request_id)
            self._metrics.refused(refusal.error.kind)
            self._frame.failed(framed, refusal.error.kind, refusal.status, error)
            if refusal.token_id is not None:  # the line in the log says whose request it was
                framed.caller = Principal(token_id=refusal.token_id)
            reply = problem_reply(refusal, framed)
        start_response(_STATUS_LINES[reply.status], head_of(framed, reply))
        return self._frame.ended(framed, reply)

    def _answer(self, framed: RequestContext, environ: "WSGIEnvironment") -> OperationResponse:
        method, address = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        operation, path = self._fixed.get((method, address)), _NOTHING
        if operation is None:
            operation, path = self._found(method, address)
        framed.route = operation.path
        framed.caller = caller = self._caller(operation, environ)
        if operation.waits:
            self._frame.admit(framed, streams=operation.counts is not None)
        call = OperationRequest(caller=caller, path=path)
        words = environ.get("QUERY_STRING")
        if words:
            call.query = _query(operation, words)
        if operation.more_for is not None:
            within = environ.get(CALLER)
            call.is_told_more = (
                self._access.allows(environ, operation.more_for)
                if within is None
                else operation.more_for in within.scopes
            )
        if operation.takes_key:
            call.idempotency_key = _idempotency_key(environ)
        if operation.takes_file and is_multipart(environ):
            with read_file_form(environ, self._patience, framed) as form:
                call.body = UploadWish.of_form(form)
                return _run(operation, call, framed)
        if operation.takes is not None:
            call.body = self._body(operation.takes, environ, framed)
            if operation.counts is not None:
                self._access.charge(caller, operation.counts(call.body))
        return _run(operation, call, framed)

    def _body(self, takes: type[T], environ: "WSGIEnvironment", framed: RequestContext) -> T:
        return self._reader.read(decoded(read_body(environ, self._patience, framed)), takes)

    def _found(self, method: str, address: str) -> tuple[Operation, Mapping[str, str]]:
        try:
            # WSGI's texts are bytes in disguise.
            name, path = self._routes.match(address.encode("latin-1").decode("utf-8", "replace"), method)
        except NotFound:
            raise not_there() from None
        except MethodNotAllowed as error:
            raise _other_methods(error.valid_methods or ()) from None
        return self._named[name], path

    def _caller(self, operation: Operation, environ: "WSGIEnvironment") -> Principal:
        if operation.scope is None:
            return NOBODY
        within = environ.get(CALLER)
        if within is not None:
            return self._access.admit_session(within, operation.scope)
        admit = self._access.admit_loopback if operation.allow_loopback else self._access.admit
        return admit(environ, operation.scope)


def problem_reply(refusal: Refusal, framed: RequestContext) -> OperationResponse:
    """The answer to a request that is refused, or that failed."""
    error, status = refusal.error, refusal.status
    return OperationResponse(
        content=json_bytes(
            {**problem_document(error, status, framed.request_id, title=refusal.title), **refusal.more}
        ),
        media_type=MEDIA_TYPE,
        status=status,
        headers={**refusal.headers, **headers_of(error, status)},
    )


_NOTHING: Mapping[str, str] = {}
_READING = frozenset({None, Scope.LOOKUP, Scope.LISTS_READ, Scope.ADMIN})
"""The scopes of operations that do nothing which the audit log tells of."""
_A_NAME = re.compile("[A-Za-z_]{1,40}")
_A_KEY = re.compile(r"[!-~]{1,128}")


def _run(operation: Operation, call: OperationRequest, framed: RequestContext) -> OperationResponse:
    if operation.scope in _READING:
        return operation.run(call)
    with acting_as(call.caller.actor(framed.request_id)):
        return operation.run(call)


def _query(operation: Operation, words: str) -> Mapping[str, str]:
    """Read what stands behind the question mark; what a vendor or a scraper adds to its own addresses is let be.

    A filter that is misspelt would else be none, and a customer in an address would stand in logs on the way.
    """
    query = dict(parse_qsl(words, keep_blank_values=True))
    if operation.scope is not None and not operation.allow_loopback:
        known = [one.name for one in operation.parameters if one.in_query]
        for name in sorted(query.keys() - set(known)):
            shown = name if _A_NAME.fullmatch(name) else "the query"
            raise UsageError(f"{shown}: unknown parameter{did_you_mean(name, known)}")
    return query


def _idempotency_key(environ: "WSGIEnvironment") -> str | None:
    """Return the key of a wish, with or without the quotes that a structured header has.

    Raises:
        UsageError: It can be none.
    """
    given: str | None = environ.get("HTTP_IDEMPOTENCY_KEY")
    if given is None:
        return None
    key = given.strip().removeprefix('"').removesuffix('"')
    if not _A_KEY.fullmatch(key):
        raise UsageError("Idempotency-Key: expected 1 to 128 printable characters, such as a UUID")
    return key


def _rule(operation: Operation) -> Rule:
    path = operation.path.replace("{", "<").replace("}", ">")
    return Rule(path, endpoint=operation.name, methods=[operation.method])


def _other_methods(allowed: Iterable[str]) -> Refusal:
    words = ", ".join(sorted(allowed))
    return Refusal(UsageError("this address takes other methods", hint=f"use {words}"), 405, {"Allow": words})


def _refusal(raised: Exception, request_id: str) -> Refusal:
    match raised:
        case Refusal():
            return raised
        case CouponhubError():
            told = discreet(raised, request_id)
            return Refusal(told, status_of(told))
        case _:
            return _fault(raised, request_id)


def _fault(raised: Exception, request_id: str) -> Refusal:
    # Where, and never the error's own text, which may quote a customer or a code.
    fields = {"request_id": request_id, "at": places_of(raised.__traceback__)}
    _log.error("a fault of couponhub itself: %s", type(raised).__name__, extra={"fields": fields})
    error = CouponhubError(f"a fault of couponhub itself ({type(raised).__name__})", hint="please report it")
    return Refusal(error, status_of(error))
