"""Errors say what, where and what to do, in one line, with whatever is known."""

import copy
from itertools import product
from typing import Any

import pytest

from couponhub import errors
from couponhub.errors import (
    CouponhubError,
    OutcomeUnknown,
    QuotaExhausted,
    RateLimited,
    VendorError,
    VendorUnavailable,
    WaitTimeout,
)

CLASSES = [getattr(errors, row[0]) for row in errors.table()]
FIELDS: dict[str, Any] = {
    "hint": "try this",
    "connection": "shop",
    "operation": "read lists",
    "vendor_code": "E1",
    "status": 500,
    "request_id": "r-1",
    "retry_after": 2.5,
}


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_the_text_stands_with_every_field_missing(kind: type[CouponhubError]) -> None:
    """Any combination of the fields gives one line with the message in it."""
    for given in product([True, False], repeat=len(FIELDS)):
        chosen = {name: value for (name, value), use in zip(FIELDS.items(), given, strict=True) if use}
        error = kind("it broke", **chosen)
        where = " ".join(chosen[name] for name in ("connection", "operation") if name in chosen)

        expected = f"{where}: it broke" if where else "it broke"
        advice = ["try this"] * ("hint" in chosen)
        advice += ["try again in 3 s"] * ("retry_after" in chosen and kind is not OutcomeUnknown)
        assert (f"{expected} ({'; '.join(advice)})" if advice else expected) == str(error)
        assert {name: chosen.get(name) for name in FIELDS if name != "hint"} == {
            name: getattr(error, name) for name in FIELDS if name != "hint"
        }


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0.2, " (try again in 1 s)"),
        (120.0, " (try again in 120 s)"),
        (121.0, " (try again in 3 min)"),
        (47_999.0, " (try again in 13 h 20 min)"),
        (0.0, ""),
        (float("inf"), ""),
        (None, ""),
    ],
)
def test_the_text_says_when_to_try_again(seconds: float | None, told: str) -> None:
    """It is rounded up, so that whoever waits that long does not come too early."""
    assert f"spent{told}" == str(QuotaExhausted("spent", retry_after=seconds))


def test_a_deeper_layer_knows_better_where_it_happened() -> None:
    """`located` fills in what is missing and answers the error itself."""
    error = VendorError("x", operation="fetch token")

    assert error.located(connection="shop", operation="read lists") is error
    assert "shop fetch token: x" == str(error)
    error.located(connection="other", operation=None)
    assert "shop fetch token: x" == str(error)


def test_an_error_keeps_its_fields_when_copied() -> None:
    """Threads that share a failure each raise their own."""
    error = VendorUnavailable("x", hint="h", status=503, sent=False)
    twin = copy.copy(error)
    twin.located(connection="shop", operation=None)

    assert ("h", 503, False, "shop: x (h)") == (twin.hint, twin.status, twin.sent, str(twin))
    assert error.connection is None


def test_an_error_in_other_words_is_the_same_error() -> None:
    """Its class, facts, cause and place stay, its text is the new one everywhere, and the first is as it was."""
    cause = ValueError("deep")
    first = WaitTimeout("not yet", upload="u", connection="shop", retry_after=2.0)
    first.__cause__ = cause
    with pytest.raises(WaitTimeout):
        raise first
    twin = first.reworded(message="not yet; but soon", hint="wait\x07")

    assert ("shop: not yet; but soon (wait\\x07; try again in 2 s)", ("not yet; but soon",)) == (
        str(twin),
        twin.args,
    )
    assert (WaitTimeout, "u", 2.0, cause, first.__traceback__) == (
        type(twin),
        twin.upload,
        twin.retry_after,
        twin.__cause__,
        twin.__traceback__,
    )
    assert "shop: not yet (try again in 2 s)" == str(first)


def test_nothing_that_repeats_can_catch_an_unknown_outcome() -> None:
    """Neither by its class nor by its flag."""
    assert not issubclass(OutcomeUnknown, (VendorUnavailable, RateLimited))
    assert not OutcomeUnknown.retryable


def test_which_errors_pass_by_themselves() -> None:
    """The same request may succeed later; a spent day does not come back in a moment."""
    assert {RateLimited, VendorUnavailable} == {kind for kind in CLASSES if kind.retryable}
    assert issubclass(QuotaExhausted, RateLimited)


def test_every_class_has_its_row() -> None:
    """Kind, exit code and HTTP status, as the command line and the endpoint promise them."""
    assert {
        "CouponhubError": ("internal", 1, 500),
        "ConfigError": ("config", 2, 400),
        "UsageError": ("usage", 2, 400),
        "UnknownConnection": ("usage", 2, 404),
        "LimitsCrossed": ("usage", 2, 400),
        "LocalError": ("local", 2, 400),
        "Unsupported": ("unsupported", 8, 501),
        "PartialFailure": ("partial", 3, 502),
        "Unbalanced": ("unbalanced", 3, 502),
        "WaitTimeout": ("timeout", 3, 502),
        "VendorError": ("unavailable", 7, 502),
        "AuthRejected": ("credentials", 5, 502),
        "PermissionDenied": ("permission", 5, 502),
        "NotFound": ("not_found", 4, 404),
        "RequestRejected": ("rejected", 9, 422),
        "Conflict": ("conflict", 9, 409),
        "RateLimited": ("rate_limited", 6, 503),
        "QuotaExhausted": ("quota", 6, 503),
        "VendorUnavailable": ("unavailable", 7, 502),
        "OutcomeUnknown": ("outcome_unknown", 3, 502),
        "UnreadableReply": ("unreadable", 7, 502),
    } == {name: (kind, code, status) for name, kind, code, status in errors.table()}
