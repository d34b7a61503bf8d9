"""Answers of a server, read strictly: one that is cut, or about somebody else, is none."""

from typing import TypeVar

import attrs

from couponhub.errors import UnreadableReply
from couponhub.models import Customer, LookupAnswer, Verdict
from couponhub.models.connections import ServedConnection
from couponhub.serialization import WrittenError, from_document

T = TypeVar("T")


@attrs.frozen(kw_only=True)
class Expected:
    """The marks of a whole answer.

    Attributes:
        connections: Those that were named in the question; each has to answer.
        may_stop: Whether those behind one that has found coupons need not.
        differs: Whether differences were asked for.
    """

    connections: frozenset[str] = frozenset()
    may_stop: bool = False
    differs: bool = False


@attrs.frozen(kw_only=True)
class _Connections:
    items: tuple[ServedConnection, ...]


def problem_in(document: object) -> WrittenError | None:
    """Return the problem of RFC 9457, or the error object of JSON lines; None when it is neither."""
    try:
        return from_document(document, WrittenError)
    except ValueError:
        return None


def connections_in(document: object) -> tuple[ServedConnection, ...]:
    """Return what `GET /v1/connections` answers.

    Raises:
        UnreadableReply: It is not what couponhub documents.
    """
    return _read(document, _Connections).items


def lookup_in(document: object, customer: Customer, expected: Expected) -> LookupAnswer:
    """Return the unified answer about that customer.

    Raises:
        UnreadableReply: It is about anybody else, lacks parts, or is not what couponhub documents.
    """
    answer = _read(document, LookupAnswer)
    if answer.customer != customer:
        raise _unreadable("it speaks of another customer than was asked about")
    names = {one.connection for one in answer.answers}
    found = any(one.verdict is Verdict.FOUND for one in answer.answers)
    if not (expected.connections <= names or (found and expected.may_stop)):
        raise _unreadable("answers of connections are missing")
    if expected.differs and answer.differences is None:
        raise _unreadable("the differences are missing")
    return answer


def _read(document: object, cls: type[T]) -> T:
    try:
        return from_document(document, cls)
    except ValueError as error:
        faults = str(error)
    # Outside of the handler, so that nothing is chained.
    raise _unreadable(faults)


def _unreadable(what: str) -> UnreadableReply:
    return UnreadableReply(f"the server's answer is not what couponhub documents: {what}")
