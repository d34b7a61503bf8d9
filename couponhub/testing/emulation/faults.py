"""Fault rules: which calls to an emulated vendor go wrong, in what way, and how often."""

import itertools
import json
import re
import threading
from collections.abc import Collection, Mapping, Sequence
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import Any

import attrs
from werkzeug.wrappers import Response

from couponhub.testing.emulation.corruption import Garbage
from couponhub.testing.emulation.reading import read_count, read_list, read_object, read_seconds, read_text
from couponhub.testing.emulation.vendor import ControlError

_LONGEST_WAIT_SECONDS = 3600.0
_MATCH = re.compile(r"(?P<method>\*|[A-Z]+) (?P<path>[/*?\[].*)", re.ASCII)
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", re.ASCII)
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\xa0-\xff]*")
_FRAMING = frozenset({"connection", "content-length", "transfer-encoding"})


@attrs.frozen(kw_only=True)
class AnswerStatus:
    """Answer this in place of the vendor, which does nothing. A `body` that is no text is sent as JSON."""

    status: int
    headers: Mapping[str, str] = attrs.field(factory=dict)
    body: Any = None

    def response(self) -> Response:
        """A fresh response, to be sent once."""
        if self.body is None:
            response = Response(f"a fault rule of the emulator answers {self.status}\n")
        elif isinstance(self.body, str):
            response = Response(self.body)
        else:
            response = Response(json.dumps(self.body), mimetype="application/json")
        response.status_code = self.status
        response.headers.update(self.headers)
        return response


@attrs.frozen(kw_only=True)
class Latency:
    """Wait, then do the work and answer."""

    seconds: float


@attrs.frozen
class DropBefore:
    """Close the connection; nothing is done."""


@attrs.frozen
class DropAfter:
    """Do the work, then close the connection: the answer is lost."""


@attrs.frozen(kw_only=True)
class AnswerGarbage:
    """Do the work, then answer something unreadable with HTTP 200."""

    garbage: Garbage


@attrs.frozen
class WrongTypes:
    """Do the work, then answer with the type of every leaf swapped."""


@attrs.frozen(kw_only=True)
class SlowBody:
    """Do the work, then send the answer a byte at a time, so that it takes that long."""

    seconds: float


@attrs.frozen
class Crossed:
    """Do the work, then answer what the call before was answered, as over a connection that two processes share."""


Fault = AnswerStatus | Latency | DropBefore | DropAfter | AnswerGarbage | WrongTypes | SlowBody | Crossed

FAULTS: Mapping[str, str] = MappingProxyType(
    {
        "status": "the vendor does nothing; value: an HTTP status from 200 to 599,"
        ' or {"status", "headers", "body"}, the last two optional',
        "latency": "waits, then does the work; value: seconds",
        "drop_before": "closes the connection, the work is not done; no value",
        "drop_after": "does the work and closes the connection, the answer is lost; no value",
        "garbage": f"does the work and answers rubbish with HTTP 200; value: {', '.join(Garbage)}"
        f" (default: {Garbage.HTML})",
        "wrong_types": "does the work and answers JSON whose leaves are of other types; no value",
        "slow_body": "does the work and sends the answer a byte at a time; value: seconds for all of it",
        "crossed": "does the work and answers what the call before, of the same method, was answered; no value",
    }
)
"""Every fault by its word in a rule, with its meaning and value."""

RULE: Mapping[str, str] = MappingProxyType(
    {
        "vendor": "optional, default any",
        "match": 'a METHOD or *, a space, and a glob over the path within the vendor: "POST */files"',
        "fault": "|".join(FAULTS),
        "value": "as the fault asks",
        "times": "optional, default for ever; the first rule that matches, is due and not used up applies",
        "every": "optional: 2 applies it to every second of the calls that it matches, and so on",
    }
)
"""The parts of a rule."""


@attrs.frozen(kw_only=True)
class FaultRule:
    """One rule, read; `vendor` None is any vendor, `method` "*" any method, `times` None is for ever.

    `every` n lets n - 1 calls pass before it applies to one.
    """

    vendor: str | None
    method: str
    path: str
    """A glob over the path relative to the vendor's prefix; `*` also matches `/`."""
    name: str
    fault: Fault
    times: int | None
    every: int
    source: Mapping[str, Any]
    """The rule as it was sent."""

    def matches(self, *, vendor: str, method: str, path: str) -> bool:
        """Tell whether a call is meant; `path` comes without its query."""
        return self.vendor in {None, vendor} and self.method in {"*", method} and fnmatchcase(path, self.path)


@attrs.define(kw_only=True, eq=False)
class StandingRule:
    """A rule in force.

    Attributes:
        number: Tells it from every other that ever was.
        matched: How many calls it has met.
        fired: To how many of them it was applied.
    """

    number: int
    rule: FaultRule
    matched: int = 0
    fired: int = 0

    @property
    def is_used_up(self) -> bool:
        """True when it has been applied as often as it may."""
        return self.rule.times is not None and self.fired >= self.rule.times


class FaultRules:
    """The rules in force. At most one applies to a call: the first that matches, is due and not used up.

    Thread-safe.
    """

    def __init__(self) -> None:
        self._standing: list[StandingRule] = []
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def replace(self, rules: Sequence[FaultRule]) -> None:
        """Put these rules in place of all others; none has fired yet."""
        with self._lock:
            self._standing = [StandingRule(number=next(self._numbers), rule=rule) for rule in rules]

    def add(self, rule: FaultRule) -> None:
        """Put a rule behind all others."""
        with self._lock:
            self._standing.append(StandingRule(number=next(self._numbers), rule=rule))

    def remove(self, number: int) -> None:
        """End the rule of that number; one that is gone already is no error."""
        with self._lock:
            self._standing = [one for one in self._standing if one.number != number]

    def standing(self) -> tuple[StandingRule, ...]:
        """The rules as they stand, in their order."""
        with self._lock:
            return tuple(attrs.evolve(one) for one in self._standing)

    def take(self, *, vendor: str, method: str, path: str) -> FaultRule | None:
        """The rule for a call that has arrived, counted as fired; None when the call may go well."""
        with self._lock:
            for one in self._standing:
                if one.is_used_up or not one.rule.matches(vendor=vendor, method=method, path=path):
                    continue
                one.matched += 1
                if one.matched % one.rule.every == 0:
                    one.fired += 1
                    return one.rule
        return None

    def to_json(self) -> list[dict[str, Any]]:
        """The rules as they were sent, each with `fired`, how often it did."""
        with self._lock:
            return [{**one.rule.source, "fired": one.fired} for one in self._standing]


def read_rules(value: Any, *, vendors: Collection[str]) -> tuple[FaultRule, ...]:
    """Read a decoded list of rules. Raises ControlError for the first one that is wrong."""
    return tuple(
        read_rule(rule, f"faults[{index}]", vendors=vendors)
        for index, rule in enumerate(read_list(value, "faults"))
    )


def read_rule(value: Any, where: str, *, vendors: Collection[str]) -> FaultRule:
    """Read a decoded rule. Raises ControlError for whatever is wrong, which begins with `where`."""
    rule = read_object(
        value, where, required=("match", "fault"), optional=("vendor", "value", "times", "every")
    )
    vendor, times, every, name = rule.get("vendor"), rule.get("times"), rule.get("every"), rule["fault"]
    if vendor is not None and (not isinstance(vendor, str) or vendor not in vendors):
        raise ControlError(f"{where}.vendor must be one of {', '.join(vendors)}")
    match = _MATCH.fullmatch(read_text(rule["match"], f"{where}.match"))
    if match is None:
        raise ControlError(
            f'{where}.match must be a METHOD or *, a space and a glob over the path, such as "POST */files"'
        )
    if not isinstance(name, str) or name not in FAULTS:
        raise ControlError(f"{where}.fault must be one of {', '.join(FAULTS)}")
    return FaultRule(
        vendor=vendor,
        method=match["method"],
        path=match["path"],
        name=name,
        fault=_read_fault(name, rule.get("value"), f"{where}.value"),
        times=None if times is None else read_count(times, f"{where}.times", most=1_000_000),
        every=1 if every is None else read_count(every, f"{where}.every", most=1_000_000),
        source=rule,
    )


def _read_fault(name: str, value: Any, where: str) -> Fault:
    if without_value := _WITHOUT_VALUE.get(name):
        if value is not None:
            raise ControlError(f"{where}: {name} takes no value")
        return without_value()
    match name:
        case "status":
            return _read_status(value, where)
        case "garbage":
            return _read_garbage(value, where)
    seconds = read_seconds(value, where, most=_LONGEST_WAIT_SECONDS)
    return Latency(seconds=seconds) if name == "latency" else SlowBody(seconds=seconds)


_WITHOUT_VALUE: Mapping[str, type[DropBefore | DropAfter | WrongTypes | Crossed]] = MappingProxyType(
    {"drop_before": DropBefore, "drop_after": DropAfter, "wrong_types": WrongTypes, "crossed": Crossed}
)


def _read_garbage(value: Any, where: str) -> AnswerGarbage:
    if value is None:
        return AnswerGarbage(garbage=Garbage.HTML)
    if not isinstance(value, str) or value not in list(Garbage):
        raise ControlError(f"{where} must be one of {', '.join(Garbage)}")
    return AnswerGarbage(garbage=Garbage(value))


def _read_status(value: Any, where: str) -> AnswerStatus:
    if not isinstance(value, dict):
        return AnswerStatus(status=_read_status_number(value, where))
    answer = read_object(value, where, required=("status",), optional=("headers", "body"))
    headers = answer.get("headers")
    return AnswerStatus(
        status=_read_status_number(answer["status"], f"{where}.status"),
        headers={} if headers is None else _read_headers(headers, f"{where}.headers"),
        body=answer.get("body"),
    )


def _read_status_number(value: Any, where: str) -> int:
    if type(value) is not int or not 200 <= value <= 599:
        raise ControlError(f"{where} must be an HTTP status from 200 to 599")
    return value


def _read_headers(value: Any, where: str) -> Mapping[str, str]:
    if not isinstance(value, dict):
        raise ControlError(f"{where} must be an object")
    for name, content in value.items():
        if not _HEADER_NAME.fullmatch(name) or name.lower() in _FRAMING:
            raise ControlError(f"{where}: {name!r} is no header that a rule may set")
        if not isinstance(content, str) or not _HEADER_VALUE.fullmatch(content):
            raise ControlError(f"{where}.{name} must be a string that fits in a header")
    return value
