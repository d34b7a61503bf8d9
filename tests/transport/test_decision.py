"""What follows a failed attempt: every case, and the table of them in the guide."""

from pathlib import Path

import attrs
import pytest

from couponhub.errors import (
    AuthRejected,
    Conflict,
    CouponhubError,
    LocalError,
    NotFound,
    OutcomeUnknown,
    QuotaExhausted,
    RateLimited,
    UnreadableReply,
    UsageError,
    VendorUnavailable,
)
from couponhub.transport.decision import Attempt, Decision, Raise, RaiseUnknown, Renew, Wait, decide

PAUSE, LEFT = 1.5, 60.0
GUIDE = Path(__file__).parents[2] / "docs" / "keeping-up.md"

Row = tuple[Decision, Decision, Decision, Decision]
"""Of a read, and of a write; then both when the caller set a deadline."""
Case = tuple[str, CouponhubError, Attempt, Row]

AGAIN = Wait(seconds=PAUSE, takes_reserve=True, otherwise=Raise())
AGAIN_UNCOUNTED = Wait(seconds=PAUSE, takes_reserve=False, otherwise=Raise())
RAISED: Row = (Raise(), Raise(), Raise(), Raise())
IN_DOUBT: Row = (Raise(), RaiseUnknown(), Raise(), RaiseUnknown())

ONCE, UNSIGNED = Attempt(left=LEFT), Attempt(left=LEFT, signed=False)
CASES: list[Case] = [
    (
        "no connection, so that nothing was sent (`VendorUnavailable`)",
        VendorUnavailable("x", sent=False),
        ONCE,
        (AGAIN, AGAIN, AGAIN, AGAIN),
    ),
    (
        "no credentials to be had, so that nothing was sent (`VendorUnavailable`)",
        VendorUnavailable("x"),
        UNSIGNED,
        (AGAIN, AGAIN, AGAIN, AGAIN),
    ),
    (
        "no answer, HTTP 408 or 5xx (`VendorUnavailable`)",
        VendorUnavailable("x"),
        ONCE,
        (AGAIN, RaiseUnknown(), AGAIN, RaiseUnknown()),
    ),
    (
        "no memory for the reply on this machine (`VendorUnavailable`)",
        VendorUnavailable("x", local=True),
        ONCE,
        (AGAIN_UNCOUNTED, RaiseUnknown(), Raise(), RaiseUnknown()),
    ),
    (
        "a rate limit (`RateLimited`)",
        RateLimited("x"),
        ONCE,
        (AGAIN_UNCOUNTED, AGAIN_UNCOUNTED, Raise(), Raise()),
    ),
    ("a spent daily budget (`QuotaExhausted`)", QuotaExhausted("x"), ONCE, RAISED),
    (
        "refused credentials that can be renewed (`AuthRejected`)",
        AuthRejected("x"),
        attrs.evolve(ONCE, renewable=True),
        (Renew(), Renew(), Renew(), Renew()),
    ),
    ("refused credentials, renewed ones or fixed ones (`AuthRejected`)", AuthRejected("x"), ONCE, RAISED),
    ("a reply that nobody can read (`UnreadableReply`)", UnreadableReply("x"), ONCE, IN_DOUBT),
    ("the same of the sign-in", UnreadableReply("x"), UNSIGNED, RAISED),
    ("any other answer (`NotFound`, `Conflict` ...)", NotFound("x"), ONCE, RAISED),
]
IDS = [case[0] for case in CASES]


def decided(error: CouponhubError, attempt: Attempt) -> Row:
    """Decide for a read and a write, without and with a deadline."""
    read, write, read_hurried, write_hurried = (
        decide(error, attrs.evolve(attempt, changes=changes, hurried=hurried), pause=PAUSE)
        for hurried in (False, True)
        for changes in (False, True)
    )
    return read, write, read_hurried, write_hurried


@pytest.mark.parametrize(("error", "attempt", "expected"), [case[1:] for case in CASES], ids=IDS)
def test_what_follows_a_failed_attempt(error: CouponhubError, attempt: Attempt, expected: Row) -> None:
    """Of a read and of a write, without and with a deadline of the caller's."""
    assert expected == decided(error, attempt)


@pytest.mark.parametrize(
    "last",
    [Attempt(number=4, left=LEFT), Attempt(left=PAUSE), Attempt(left=0.0)],
    ids=["the last attempt", "a pause that takes all the time", "no time left"],
)
@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_nothing_waits_past_the_last_attempt_or_the_deadline(case: Case, last: Attempt) -> None:
    """What would have been repeated after a pause ends as it would with the reserve spent; all else stays."""
    _, error, attempt, row = case
    expected = tuple(one.otherwise if isinstance(one, Wait) else one for one in row)

    assert expected == decided(error, attrs.evolve(attempt, number=last.number, left=last.left))


@pytest.mark.parametrize(
    "error", [Conflict("x"), UsageError("x"), LocalError("x"), OutcomeUnknown("x"), CouponhubError("x")]
)
def test_a_definite_end_is_an_end(error: CouponhubError) -> None:
    """Whatever is not known to pass is raised as it is, an outcome that is unknown already included."""
    assert RAISED == decided(error, Attempt(left=LEFT, renewable=True))


def test_an_error_that_says_it_is_final_is_not_repeated() -> None:
    """Its own word counts more than its class."""
    assert RAISED == decided(VendorUnavailable("x", sent=False, retryable=False), ONCE)


def words(decision: Decision) -> str:
    """Tell a decision as the guide does."""
    match decision:
        case Raise():
            return "raised"
        case RaiseUnknown():
            return "`OutcomeUnknown`"
        case Renew():
            return "repeated with new ones"
        case Wait(takes_reserve=True):
            return "repeated, from the reserve"
        case Wait():
            return "repeated"


def test_the_guide_shows_this_table() -> None:
    """Each row of it is what is decided."""
    lines = [
        "| An attempt ended in | a read is | a write is | a read with a deadline | a write with a deadline |"
    ]
    lines.append("|---|---|---|---|---|")
    for what, error, attempt, _ in CASES:
        lines.append(f"| {what} | {' | '.join(map(words, decided(error, attempt)))} |")

    assert "\n".join(lines) in GUIDE.read_text(encoding="utf-8")
