"""The question about calls to vendors that stands in a page's address: which are shown. Nobody is named in it."""

import re
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from urllib.parse import urlencode

import attrs

from couponhub.errors import UsageError
from couponhub.state import CallFilter
from couponhub.state.vendor_calls import FAILED, OK

SINCE: Mapping[str, timedelta] = {
    "15m": timedelta(minutes=15),
    "1h": timedelta(hours=1),
    "24h": timedelta(days=1),
}
"""The times that can be asked for, by the word that stands in the address; none for all that is kept."""
OUTCOMES = (
    OK,
    FAILED,
    "unavailable",
    "rate_limited",
    "quota",
    "credentials",
    "permission",
    "not_found",
    "rejected",
    "conflict",
    "unreadable",
    "interrupted",
)
_ID = re.compile(r"call_[0-9a-f]{1,32}")


@attrs.frozen(kw_only=True)
class AskedCalls:
    """The calls that somebody wants to see; None for any.

    Attributes:
        since: One of `SINCE`.
        before: The id of a call: only those that were written before it.
    """

    connection: str | None = None
    operation: str | None = None
    outcome: str | None = None
    since: str | None = None
    before: str | None = None

    @property
    def is_narrow(self) -> bool:
        """True when something is left out."""
        return any((self.connection, self.operation, self.outcome, self.since))

    def wanted(self, now: datetime) -> CallFilter:
        """Return the same as the state has it."""
        return CallFilter(
            connection=self.connection,
            operation=self.operation,
            outcome=self.outcome,
            since=None if self.since is None else now - SINCE[self.since],
        )

    def address(self, before: str | None = None) -> str:
        """The address of this question, from a call on."""
        told = {
            name: value
            for name, value in {**attrs.asdict(self), "before": before}.items()
            if value is not None
        }
        return f"/requests?{urlencode(told)}" if told else "/requests"


def is_call_id(text: str) -> bool:
    """Tell whether a text can be the id of a call."""
    return _ID.fullmatch(text) is not None


def read_calls_question(query: Mapping[str, str], operations: Collection[tuple[str, str]]) -> AskedCalls:
    """Read what stands in an address; what is empty there is not asked for, as forms send it.

    Args:
        query: The words of the address.
        operations: Each connection and operation of which there are calls.

    Raises:
        UsageError: Something is none of what it may be; it is not quoted.
    """
    known: Mapping[str, Collection[str]] = {
        "connection": {connection for connection, _ in operations},
        "operation": {operation for _, operation in operations},
        "outcome": OUTCOMES,
        "since": SINCE,
    }
    asked: dict[str, str] = {}
    for name, words in known.items():
        word = query.get(name, "").strip()
        if word and word not in words:
            raise UsageError(
                f"{name}: there are no calls of that word", hint="choose one of those in the form"
            )
        if word:
            asked[name] = word
    before = query.get("before", "").strip()
    if before and not is_call_id(before):
        raise UsageError("before: expected the id of a call", hint="begin with the newest calls")
    return AskedCalls(**asked, before=before or None)
