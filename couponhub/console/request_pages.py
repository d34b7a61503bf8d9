"""The pages of requests: calls to vendors, what was decided and why, and what went wrong in the server itself."""

import re
from collections.abc import Iterator

from couponhub.clock import utc_now
from couponhub.console.asked_calls import OUTCOMES, SINCE, is_call_id, read_calls_question
from couponhub.console.call_view import as_curl, pretty
from couponhub.console.pages import Page, PageRequest, Shown, View
from couponhub.errors import NotFound, UsageError
from couponhub.hub import CouponHub
from couponhub.server.problems import Refusal
from couponhub.state import CallFilter, CallRecord, Scope, VendorCalls

_AT_ONCE = 50
_MOST_OF_REQUEST = 200
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")


class RequestPages:
    """Shows what is kept of calls and failures.

    Args:
        hub: Whose state, and whose connections.
    """

    def __init__(self, hub: CouponHub) -> None:
        self._hub = hub

    def pages(self) -> Iterator[Page]:
        """The pages."""
        yield Page(
            name="requests",
            method="GET",
            path="/requests",
            run=self._all,
            scope=Scope.ADMIN,
            entry="menu.requests",
        )
        # Whoever calls the API may name a request as he likes: in no address, all the same.
        yield Page(
            name="find_request", method="POST", path="/requests/find", run=self._found, scope=Scope.ADMIN
        )
        yield Page(name="request", method="GET", path="/requests/{call_id}", run=self._one, scope=Scope.ADMIN)

    @property
    def _calls(self) -> VendorCalls:
        return self._hub.state.vendor_calls

    def _all(self, call: PageRequest) -> Shown:
        operations = self._calls.operations()
        asked = read_calls_question(call.query, operations)
        found = self._calls.newest(asked.wanted(utc_now()), before=asked.before, most=_AT_ONCE + 1)
        return View(
            template="requests.html",
            values={
                "asked": asked,
                "calls": found[:_AT_ONCE],
                "older": found[_AT_ONCE - 1].id if len(found) > _AT_ONCE else None,
                "connections": sorted({connection for connection, _ in operations}),
                "operations": sorted({operation for _, operation in operations}),
                "outcomes": OUTCOMES,
                "times": tuple(SINCE),
                "left_out": {why: count for why, count in self._calls.left_out().items() if count},
                "faults": self._calls.faults(),
            },
        )

    def _found(self, call: PageRequest) -> Shown:
        request_id = call.field("request")
        if not _REQUEST_ID.fullmatch(request_id):
            raise UsageError(
                "that is no id of a request", hint="it stands on the page or in the answer that failed"
            )
        return View(
            template="one_request.html",
            values={
                "request_id": request_id,
                "calls": self._of_request(request_id),
                "faults": self._calls.faults(request_id),
            },
        )

    def _one(self, call: PageRequest) -> Shown:
        call_id = call.path["call_id"]
        one = self._calls.find(call_id) if is_call_id(call_id) else None
        if one is None:
            error = NotFound("there is no such call, or no more", hint="calls are kept for a week at most")
            raise Refusal(error, error.http_status)
        others = () if one.request_id is None else self._of_request(one.request_id)
        return View(
            template="request.html",
            values={
                "one": one,
                "query": pretty(one.query),
                "sent": pretty(one.sent),
                "received": pretty(one.received),
                "curl": as_curl(one, self._adapter(one)),
                "others": others if len(others) > 1 else (),
            },
        )

    def _of_request(self, request_id: str) -> tuple[CallRecord, ...]:
        return self._calls.newest(CallFilter(request_id=request_id), most=_MOST_OF_REQUEST)[::-1]

    def _adapter(self, one: CallRecord) -> str:
        configured = self._hub.config.connections.get(one.connection)
        return one.connection if configured is None else configured.plugin.name
