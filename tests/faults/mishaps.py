"""Everything that may go wrong with an answer, as rules of the emulators' control API."""

from collections.abc import Callable, Mapping, Sequence
from email.utils import formatdate
from typing import Any

import attrs

HOUR = 3600


@attrs.frozen(kw_only=True)
class Changes:
    """How an answer that is believed may differ from the truth.

    Attributes:
        words: Statuses and types may be new words.
        lengths: Texts may be longer.
        extras: Fields that may be null.
    """

    words: bool = False
    lengths: bool = False
    extras: Sequence[str] = ()


@attrs.frozen(kw_only=True)
class Mishap:
    """One way in which calls go wrong.

    Attributes:
        name: For people.
        fault: The fault's word.
        value: Makes its value, given the seconds since the epoch.
        feigns_success: The vendor does nothing, and answers what it documents for "done" where that is to be silent.
        changes: What nobody could tell from the truth.
    """

    name: str
    fault: str
    value: Callable[[float], Any] = lambda _: None
    feigns_success: bool = False
    changes: Changes = attrs.field(factory=Changes)

    def rule(self, now: float) -> Mapping[str, Any]:
        """Its part of a fault rule."""
        value = self.value(now)
        return {"fault": self.fault} if value is None else {"fault": self.fault, "value": value}


def _garbage(word: str, **more: Any) -> Mishap:
    return Mishap(name=word.replace("_", " "), fault="garbage", value=lambda _: word, **more)


def _status(status: int, *, name: str = "", **headers: str) -> Mishap:
    value = {"status": status, "headers": {key.replace("_", "-"): text for key, text in headers.items()}}
    return Mishap(
        name=name or f"HTTP {status}",
        fault="status",
        value=lambda _: value,
        feigns_success=status == 204,
    )


def _limited(name: str, headers: Callable[[float], Mapping[str, str]]) -> Mishap:
    return Mishap(
        name=f"HTTP 429 {name}", fault="status", value=lambda now: {"status": 429, "headers": headers(now)}
    )


def _reset_in(seconds: float) -> Callable[[float], Mapping[str, str]]:
    return lambda now: {
        "x-ratelimit-limit": "5",
        "x-ratelimit-remaining": "0",
        "x-ratelimit-reset": str(int(now + seconds)),
    }


RESET_IN_3_S = _limited("until in 3 s", _reset_in(3))
RESET_IN_AN_HOUR = _limited("until in an hour", _reset_in(HOUR))
RESET_LONG_AGO = _limited("until an hour ago", _reset_in(-HOUR))
RETRY_AT_A_DATE = _limited("until a date", lambda now: {"Retry-After": formatdate(now + 3, usegmt=True)})
GARBLED_RESET = _limited(
    "garbled",
    lambda _: {
        "Retry-After": "soon",
        "x-ratelimit-limit": "-5",
        "x-ratelimit-remaining": "1e9",
        "x-ratelimit-reset": "99999999999999999999",
        "Date": "yesterday",
    },
)
RATE_LIMITS = (RESET_IN_3_S, RESET_IN_AN_HOUR, RESET_LONG_AGO, RETRY_AT_A_DATE, GARBLED_RESET)

NONE = Mishap(name="none", fault="latency", value=lambda _: 0.0)
DROPPED_AFTER = Mishap(name="dropped after", fault="drop_after")
DROPPED_BEFORE = Mishap(name="dropped before", fault="drop_before")

MISHAPS: Sequence[Mishap] = (
    *map(_garbage, ("html", "half", "empty", "text", "nulls", "array", "doubled", "bomb")),
    _garbage("unknown_words", changes=Changes(words=True)),
    _garbage("long", changes=Changes(lengths=True)),
    Mishap(name="wrong types", fault="wrong_types"),
    *map(_status, (204, 400, 401, 403, 404, 409, 418, 429, 500, 502, 503, 520)),
    _status(302, Location="/elsewhere"),
    *RATE_LIMITS,
    DROPPED_BEFORE,
    DROPPED_AFTER,
)

_BY_NAME = {mishap.name: mishap for mishap in MISHAPS}
BY_KIND: Mapping[str, Mishap] = {
    "unreadable": _BY_NAME["html"],
    "rejected": _BY_NAME["HTTP 400"],
    "credentials": _BY_NAME["HTTP 401"],
    "permission": _BY_NAME["HTTP 403"],
    "not_found": _BY_NAME["HTTP 404"],
    "conflict": _BY_NAME["HTTP 409"],
    "rate_limited": _BY_NAME["HTTP 429"],
    "quota": RESET_IN_AN_HOUR,
    "unavailable": _BY_NAME["HTTP 503"],
    "outcome_unknown": DROPPED_AFTER,
}
"""One way into each kind of error that a vendor's answer leads to; the last where something is changed."""

ODD: Mishap = _BY_NAME["unknown words"]
"""What is believed, and warned of."""
