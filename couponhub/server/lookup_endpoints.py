"""The lookup endpoints: one customer, or many as a stream."""

from collections.abc import Callable, Generator, Iterator
from contextlib import closing

from couponhub.errors import CouponhubError
from couponhub.hub import CouponHub
from couponhub.models import LookupAnswer
from couponhub.serialization import error_document
from couponhub.server.auth import lacks
from couponhub.server.discretion import discreet
from couponhub.server.operations import Operation, OperationRequest, OperationResponse
from couponhub.server.request_models import Asked, BatchRequest, LookupRequest
from couponhub.server.response_json import LookupWriter, json_bytes
from couponhub.state import Scope

_FAILS = (404,)


class LookupEndpoints:
    """Asks the hub.

    Args:
        hub: Whom to ask.
        concluded: Is told each answer, for the metrics.
    """

    def __init__(self, hub: CouponHub, concluded: Callable[[LookupAnswer], None]) -> None:
        self._hub = hub
        self._concluded = concluded
        self._writers = {reveals: LookupWriter(reveals=reveals) for reveals in (False, True)}
        self._raw_writer = LookupWriter(reveals=True, raw=True)

    def operations(self) -> Iterator[Operation]:
        """The endpoints."""
        yield Operation(
            name="lookup",
            about="Which coupons does this customer hold?\n\n"
            "The answer is 200 also when vendors could not tell: `complete` is false then, and each answer says"
            " why. Codes come masked and without the customer's names, unless the token has the scope"
            " `codes:reveal`; only with it can `raw` be asked for.",
            method="POST",
            path="/v1/lookup",
            run=self._one,
            scope=Scope.LOOKUP,
            takes=LookupRequest,
            example={"customer": {"mobile": "919876543210"}, "status": ["active"]},
            gives="lookup",
            fails=_FAILS,
        )
        yield Operation(
            name="lookup_batch",
            about="Which coupons do these customers hold?\n\n"
            "JSON lines, a lookup object for each customer, in their order, each sent when it is known. Should it"
            " break off, the last line is an object with `error`.",
            method="POST",
            path="/v1/lookup/batch",
            run=self._many,
            scope=Scope.LOOKUP,
            takes=BatchRequest,
            counts=lambda request: len(request.customers),
            example={"customers": [{"mobile": "919876543210"}, {"email": "a.buyer@example.com"}]},
            gives="lookup",
            media_type="application/jsonl",
            fails=_FAILS,
        )

    def _one(self, call: OperationRequest) -> OperationResponse:
        request: LookupRequest = call.body
        writer = self._writer(call, request)
        answer = self._hub.lookup(
            request.customer,
            request.query(),
            connections=request.connections,
            deadline=request.deadline,
            strategy=request.strategy,
        )
        self._concluded(answer)
        return OperationResponse(content=writer.write(answer))

    def _many(self, call: OperationRequest) -> OperationResponse:
        request: BatchRequest = call.body
        writer = self._writer(call, request)
        answers = self._hub.lookup_many(
            request.customers,
            request.query(),
            connections=request.connections,
            deadline=request.deadline,
            strategy=request.strategy,
        )
        lines = self._lines(answers, writer)
        # What fails before there is anything to send is a problem, not a line.
        first = next(lines, b"")
        return OperationResponse(content=_resumed(first, lines), media_type="application/jsonl")

    def _writer(self, call: OperationRequest, request: Asked) -> LookupWriter:
        """Return what writes the answers of a caller.

        Raises:
            Refusal: What is raw was asked for, which holds codes, by somebody who may not see them.
        """
        if not request.raw:
            return self._writers[call.caller.sees_codes]
        if not call.caller.sees_codes:
            raise lacks(Scope.CODES_REVEAL)
        return self._raw_writer

    def _lines(self, answers: Iterator[LookupAnswer], writer: LookupWriter) -> Generator[bytes]:
        begun = False
        try:
            for answer in answers:
                self._concluded(answer)
                yield writer.write(answer) + b"\n"
                begun = True
        except CouponhubError as error:
            if not begun:
                raise
            yield json_bytes(error_document(discreet(error))) + b"\n"


def _resumed(first: bytes, rest: Generator[bytes]) -> Generator[bytes]:
    with closing(rest):  # a caller who goes away ends what is under way
        yield first
        yield from rest
