"""The calls to vendors as they are kept for a while, and the server's own problems: for diagnosis, of nobody and without a code."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

import attrs

FAILED = "failed"
"""Every outcome but "ok", for `CallFilter`."""
OK = "ok"


class CallDecision(StrEnum):
    """The consequence of an attempt to call a vendor."""

    DONE = "done"
    GIVEN_UP = "given_up"
    OUTCOME_UNKNOWN = "outcome_unknown"
    RENEWED = "renewed"
    WAITED = "waited"


class LeftOut(StrEnum):
    """The reason why a call was counted and not kept."""

    PLAIN = "plain"
    MANY = "many"
    BUSY = "busy"
    UNWRITTEN = "unwritten"


@attrs.frozen(kw_only=True)
class CallRecord:
    """One attempt to call a vendor. Nothing in it names a customer, a code or a credential.

    Attributes:
        id: Ours, random; the handle to find it by.
        at: When it ended, in UTC.
        operation: A label without blanks: "create_list".
        base: The address that the path is appended to.
        path: With every segment masked that may name a thing or a person.
        changes: True for a call that changes something at the vendor.
        status: The HTTP status; None when no answer came.
        outcome: "ok", or the kind of the error.
        decision: What followed.
        because: Why nothing else followed, as a word; "" where the outcome says it.
        waited: Seconds of the pause before the next attempt; None when none was made.
        attempt: 1 for the first.
        vendor_request_id: The vendor's own id of the call.
        request_id: Of the HTTP request that it was made for; None for any other.
        headers: Names of those that were sent.
        query: Names of parameters and what their values looked like, as JSON.
        sent: What the body looked like, as JSON, cut where it is long; None when none was sent.
        received: The same of the reply.
    """

    id: str
    at: datetime
    connection: str
    operation: str
    method: str
    base: str
    path: str
    changes: bool
    outcome: str
    decision: CallDecision
    because: str = ""
    waited: float | None = None
    status: int | None = None
    attempt: int = 1
    milliseconds: int = 0
    vendor_request_id: str | None = None
    request_id: str | None = None
    headers: tuple[str, ...] = ()
    query: str = "{}"
    sent: str | None = None
    received: str | None = None

    @property
    def is_plain(self) -> bool:
        """True for a read that went well: of those there are most, and they tell least."""
        return self.outcome == OK and not self.changes


@attrs.frozen(kw_only=True)
class FaultRecord:
    """One answer of the server's own that was a failure (5xx).

    Attributes:
        request_id: Of the request.
        kind: Of the error; "internal" for a fault of couponhub itself.
        route: The path of the operation or page, with parameters in braces.
        place: Where in couponhub it was raised; "" where that says nothing.
    """

    at: datetime
    request_id: str
    kind: str
    status: int
    method: str
    route: str
    place: str = ""


@attrs.frozen(kw_only=True)
class FaultGroup:
    """All kept failures of one sort.

    Attributes:
        newest: The last of them.
        count: How many.
        first_at: When the first of them happened.
    """

    newest: FaultRecord
    count: int
    first_at: datetime


@attrs.frozen(kw_only=True)
class CallFilter:
    """The calls that are asked for; None for any.

    Attributes:
        outcome: "ok", `FAILED`, or the kind of an error.
        since: Those that ended then or later.
        request_id: Those made for that HTTP request.
    """

    connection: str | None = None
    operation: str | None = None
    outcome: str | None = None
    since: datetime | None = None
    request_id: str | None = None


@attrs.frozen(kw_only=True)
class CallRetention:
    """The bounds of what is kept.

    Attributes:
        age: Nothing is kept for longer.
        plain: At most so many reads that went well.
        others: At most so many other calls.
        faults: At most so many failures of the server's own.
    """

    age: timedelta = timedelta(days=7)
    plain: int = 10_000
    others: int = 10_000
    faults: int = 5_000


class VendorCalls(Protocol):
    """Calls to vendors and failures of servers, of all processes and machines with the same state.

    Methods raise LocalError when this machine or the state fails. A copy of a whole state leaves them out: they tell of where
    they were written.
    """

    def write(
        self,
        calls: Sequence[CallRecord] = (),
        *,
        faults: Sequence[FaultRecord] = (),
        left_out: Mapping[LeftOut, int] | None = None,
    ) -> None:
        """Keep these, all or none of them.

        Args:
            calls: Those that ended.
            faults: What failed here.
            left_out: How many more calls there were that are not kept, and why.
        """
        ...

    def prune(self, kept: CallRetention | None = None) -> int:
        """Remove what is beyond the bounds, the oldest first, some at a time so that nobody waits long; return how many went."""
        ...

    def newest(
        self, wanted: CallFilter | None = None, *, before: str | None = None, most: int = 50
    ) -> tuple[CallRecord, ...]:
        """Return calls, the last written first.

        Args:
            wanted: Which.
            before: Only those that were written before the one with this id; none when that one is gone.
            most: At most so many.
        """
        ...

    def find(self, call_id: str) -> CallRecord | None:
        """Return the call with that id; None when it is not there, or no more."""
        ...

    def operations(self) -> tuple[tuple[str, str], ...]:
        """Return each connection and operation of which a call is kept, in the order of their names."""
        ...

    def left_out(self) -> Mapping[LeftOut, int]:
        """Return how many calls were not kept within the age that calls reach, by reason."""
        ...

    def faults(self, request_id: str | None = None, *, most: int = 50) -> tuple[FaultGroup, ...]:
        """Return the failures of servers by kind, status, route and place, the last one first.

        Args:
            request_id: Those of one request only.
            most: At most so many groups.
        """
        ...
