"""The endpoints that read connections, lists and uploads."""

from collections.abc import Callable, Iterator
from functools import partial

import attrs

from couponhub.errors import CouponhubError, UsageError
from couponhub.hub import CouponHub
from couponhub.models import ListId, ListStatus
from couponhub.serialization import Document, error_object, many, to_document
from couponhub.server.discretion import discreet
from couponhub.server.masking import without_files
from couponhub.server.operations import Operation, OperationRequest, OperationResponse, Parameter
from couponhub.server.request_models import check_id
from couponhub.server.response_json import json_bytes
from couponhub.state import Scope

CONNECTION = Parameter(name="connection", about="The connection's name.")
LIST_ID = Parameter(name="list_id", about="The vendor's id of the list.")
_UPLOAD = Parameter(name="upload_id", about="Our id of the upload (`up_...`), or the vendor's of a file.")
ALL = "all"
_STATUS = Parameter(
    name="status",
    about="Only lists that stand so.",
    words=(ALL, *(status.value for status in ListStatus if status is not ListStatus.UNKNOWN)),
)
_FAILS = (400, 404, 409, 422, 501, 502, 503, 504)


class ListEndpoints:
    """Reads through the hub."""

    def __init__(self, hub: CouponHub) -> None:
        self._hub = hub

    def operations(self) -> Iterator[Operation]:
        """The endpoints."""
        read = partial(Operation, method="GET", scope=Scope.LISTS_READ)
        yield read(
            name="connections",
            about="What is configured, what each connection can do, its limits, and what is left of them now.",
            path="/v1/connections",
            run=self._connections,
            gives="connections",
        )
        yield read(
            name="lists",
            about="The coupon lists of a connection.\n\n"
            "`error` says what ended the listing before it was whole; it is null when nothing is missing.",
            path="/v1/connections/{connection}/lists",
            run=self._lists,
            parameters=(CONNECTION, _STATUS),
            gives="lists",
            fails=_FAILS,
        )
        yield read(
            name="list",
            about="One coupon list.",
            path="/v1/connections/{connection}/lists/{list_id}",
            run=self._list,
            parameters=(CONNECTION, LIST_ID),
            gives="list",
            fails=_FAILS,
        )
        yield read(
            name="uploads",
            about="The uploads to a list: ours, then the vendor's files that were not sent from here.\n\n"
            "`error` says what ended the listing before it was whole; it is null when nothing is missing.",
            path="/v1/connections/{connection}/lists/{list_id}/uploads",
            run=self._uploads,
            parameters=(CONNECTION, LIST_ID),
            gives="uploads",
            fails=_FAILS,
        )
        yield read(
            name="upload",
            about="How an upload stands.",
            path="/v1/connections/{connection}/lists/{list_id}/uploads/{upload_id}",
            run=self._upload,
            parameters=(CONNECTION, LIST_ID, _UPLOAD),
            gives="upload",
            fails=_FAILS,
        )

    def _connections(self, call: OperationRequest) -> OperationResponse:  # noqa: ARG002 - what is configured is the same for all
        told = (attrs.evolve(one, error=one.error and discreet(one.error)) for one in self._hub.connections())
        return OperationResponse(content=json_bytes(many(map(to_document, told))))

    def _lists(self, call: OperationRequest) -> OperationResponse:
        word = checked_word(call, _STATUS)
        lists = self._hub[call.path["connection"]].lists.iterate(None if word == ALL else ListStatus(word))
        return _many(map(to_document, lists))

    def _list(self, call: OperationRequest) -> OperationResponse:
        return OperationResponse(
            content=json_bytes(
                to_document(self._hub[call.path["connection"]].lists.get(checked_list_id(call)))
            )
        )

    def _uploads(self, call: OperationRequest) -> OperationResponse:
        uploads = self._hub[call.path["connection"]].uploads.iterate(checked_list_id(call))
        return _many(map(shown_to(call), map(to_document, uploads)))

    def _upload(self, call: OperationRequest) -> OperationResponse:
        upload_id = checked_id(call, "upload_id")
        upload = self._hub[call.path["connection"]].uploads.show(checked_list_id(call), upload_id)
        return OperationResponse(content=json_bytes(shown_to(call)(to_document(upload))))


def _many(documents: Iterator[Document]) -> OperationResponse:
    """Return what could be read, and what ended it; an error before there is anything is a problem."""
    items: list[Document] = []
    ended: CouponhubError | None = None
    try:
        items.extend(documents)
    except CouponhubError as error:
        if not items:
            raise
        ended = error
    return OperationResponse(
        content=json_bytes({**many(items), "error": ended and error_object(discreet(ended))})
    )


def shown_to(call: OperationRequest) -> Callable[[Document], Document]:
    """Return what makes an upload's document one that the caller may see."""
    return (lambda document: document) if call.caller.sees_codes else without_files


def checked_list_id(call: OperationRequest) -> ListId:
    """Return the list that an address names.

    Raises:
        UsageError: It can be none.
    """
    return ListId(checked_id(call, "list_id"))


def checked_id(call: OperationRequest, name: str) -> str:
    """Return an id that an address names.

    Raises:
        UsageError: It can be none.
    """
    try:
        check_id(None, None, call.path[name])
    except ValueError as error:
        raise UsageError(f"{name}: {error}") from None
    return call.path[name]


def checked_word(call: OperationRequest, parameter: Parameter) -> str:
    """Return the word that was given behind the question mark, in any case, or the first that it may be.

    Raises:
        UsageError: It may be no such word.
    """
    word = call.query.get(parameter.name, parameter.words[0]).casefold()
    if word not in parameter.words:
        raise UsageError(f"{parameter.name}: expected one of {', '.join(parameter.words)}")
    return word
