"""Calls to vendors as they can be seen from outside: one log line each, and hooks for metrics and traces.

Nothing here holds a path, a query, a code, an identifier or a credential.
"""

import json
import logging
from collections.abc import Callable
from typing import Protocol, runtime_checkable

import attrs

from couponhub.transport.decision import Decision
from couponhub.transport.exchange import Reply, Request
from couponhub.transport.shapes import Shape

_log = logging.getLogger("couponhub.calls")


@attrs.frozen(kw_only=True)
class VendorCall:
    """One attempt to call a vendor, as it ended.

    Attributes:
        connection: The connection's name.
        operation: A label without blanks: "create_list".
        outcome: "ok", or the kind of the error.
        seconds: How long it took.
        status: The HTTP status, None when no answer came.
        request_id: The vendor's own id of the call, to quote in a support ticket.
        attempt: 1 for the first, more for repetitions of the same call.
    """

    connection: str
    operation: str
    outcome: str
    seconds: float
    status: int | None = None
    request_id: str | None = None
    attempt: int = 1


class Observer(Protocol):
    """Is told of calls to vendors. Must be quick, thread-safe, and never raise."""

    def began(self, connection: str, operation: str) -> Callable[[VendorCall], None]:
        """A call begins, of an operation by its label; what is returned is called when it has ended, on the same thread."""
        ...


@runtime_checkable
class ShapeObserver(Observer, Protocol):
    """Is also told what each exchange looked like, which costs time: for diagnosis."""

    def exchanged(self, call: VendorCall, shape: Shape) -> None:
        """An exchange has ended, with or without a reply; called before the call's own end is told."""
        ...


@attrs.frozen(kw_only=True)
class EndedExchange:
    """One exchange with a vendor, whole: it names customers, and is for looking at while one is called, never to be kept.

    Attributes:
        base_url: What the request's path was appended to.
        headers: Names of those that were sent.
        reply: None when none came.
    """

    call: VendorCall
    base_url: str
    request: Request = attrs.field(repr=False)
    headers: tuple[str, ...] = ()
    reply: Reply | None = attrs.field(default=None, repr=False)


@runtime_checkable
class DecisionObserver(Observer, Protocol):
    """Is also told what followed each exchange, and why: for diagnosis."""

    def looked(self, exchange: EndedExchange) -> Callable[[Decision | None], None]:
        """Look at an exchange that has ended; what is returned is told what follows, None where it went well."""
        ...


class AllObservers:
    """Tells several."""

    def __init__(self, *observers: Observer) -> None:
        self._observers = observers

    def began(self, connection: str, operation: str) -> Callable[[VendorCall], None]:
        """Tell each that a call begins."""
        ends = [observer.began(connection, operation) for observer in self._observers]

        def ended(call: VendorCall) -> None:
            for end in ends:
                end(call)

        return ended


def label_of(operation: str) -> str:
    """Return the label by which logs, metrics and traces know an operation: its words, joined by underscores."""
    return "_".join(operation.split())


class NoObserver:
    """Looks away."""

    def began(self, connection: str, operation: str) -> Callable[[VendorCall], None]:  # noqa: ARG002 - it looks away
        """Return what does nothing."""
        return _nothing


def _nothing(call: VendorCall) -> None:
    pass


def log_call(call: VendorCall) -> None:
    """Write the one line of a call, readable for people and with its fields for structured handlers."""
    if not _log.isEnabledFor(logging.INFO):
        return
    fields = attrs.asdict(call)
    fields["seconds"] = round(call.seconds, 4)
    shown = " ".join(f"{name}={_word(value)}" for name, value in fields.items() if value is not None)
    _log.info("%s", shown, extra={"vendor_call": fields})


def _word(value: object) -> str:
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if " " in text or '"' in text else text
