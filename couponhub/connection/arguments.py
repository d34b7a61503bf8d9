"""Arguments that several methods of a connection take."""

from collections.abc import Iterable, Mapping, Sequence

from couponhub.clock import Clock, Deadline
from couponhub.errors import UsageError
from couponhub.models.given import given_many, given_one, given_seconds, given_text


def given_deadline(seconds: float | Deadline | None, clock: Clock) -> Deadline | None:
    """Return when an answer has to be there: so many seconds from now, a `Deadline` as it is, None for no such time.

    Raises:
        UsageError: It is no number of seconds above 0.
    """
    if seconds is None or isinstance(seconds, Deadline):
        return seconds
    return Deadline.after(given_seconds(seconds, "the deadline"), clock)


def given_query(given: Mapping[str, str | Sequence[str]]) -> Mapping[str, str | Sequence[str]]:
    """Return the parameters of an address: a text, or several in a collection, by name.

    Raises:
        UsageError: It is no mapping of texts.
    """
    given_one(Mapping, given, "the query")
    return {given_text(name, "a name in the query"): _value(value) for name, value in given.items()}


def _value(given: object) -> str | Sequence[str]:
    what = "each value in the query"
    if isinstance(given, Iterable) and not isinstance(given, str):
        return tuple(given_many(given, what, of=given_text))
    return given_text(given, what)


def given_method(value: str) -> str:
    """Return the word of an HTTP method in capitals.

    Raises:
        UsageError: It is no word.
    """
    method = given_text(value, "the HTTP method")
    if not (method.isascii() and method.isalpha()):
        raise UsageError("the HTTP method is no word such as GET or POST")
    return method.upper()
