"""The unified lookup: what may be concluded from what connections say, and how long it takes."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from couponhub.clock import Deadline
from couponhub.errors import (
    AuthRejected,
    CouponhubError,
    NotFound,
    PermissionDenied,
    QuotaExhausted,
    RateLimited,
    RequestRejected,
    UnreadableReply,
    Unsupported,
    UsageError,
    VendorUnavailable,
)
from couponhub.models import Coupon, CouponQuery, Customer, CustomerCoupons, ListId, Reason, Verdict
from couponhub.resilience import ResilientClient
from tests.kit.lookups import lookup

CUSTOMER = Customer(mobile="919876543210")


def asked(
    name: str, answer: CustomerCoupons | Exception, query: CouponQuery | None = None
) -> ResilientClient:
    """Make a connection that answers or fails so."""

    def give() -> CustomerCoupons:
        if isinstance(answer, Exception):
            raise answer
        return answer

    return client(name, give, query)


def client(
    name: str, give: Callable[[], CustomerCoupons], query: CouponQuery | None = None
) -> ResilientClient:
    """Make a connection that answers, fails or dawdles as told."""

    def ask(customer: Customer, wanted: CouponQuery, deadline: Deadline) -> CustomerCoupons:
        assert customer is CUSTOMER
        assert (query or CouponQuery()) == wanted
        assert deadline.remaining() > 0
        return give()

    return ResilientClient(name, ask)


def coupon(code: str) -> Coupon:
    """Make a coupon."""
    return Coupon(connection="one", code=code)


def too_slow() -> VendorUnavailable:
    """Make the error of a vendor that let time run out."""
    return VendorUnavailable("slow", too_slow=True)


@pytest.mark.parametrize(
    ("said", "verdict", "reason"),
    [
        (CustomerCoupons(coupons=(coupon("A"),)), Verdict.FOUND, None),
        (CustomerCoupons(coupons=(coupon("A"),), complete=False), Verdict.FOUND, Reason.INCOMPLETE),
        (CustomerCoupons(), Verdict.NONE, Reason.NO_COUPONS),
        (CustomerCoupons(covered=False), Verdict.UNKNOWN, Reason.NOT_COVERED),
        (CustomerCoupons(coupons=(coupon("A"),), covered=False), Verdict.FOUND, Reason.NOT_COVERED),
        (CustomerCoupons(customer_known=False), Verdict.NONE, Reason.CUSTOMER_UNKNOWN),
        (CustomerCoupons(complete=False), Verdict.UNKNOWN, Reason.INCOMPLETE),
        (CustomerCoupons(customer_known=False, complete=False), Verdict.UNKNOWN, Reason.INCOMPLETE),
        (Unsupported("no"), Verdict.UNKNOWN, Reason.UNSUPPORTED),
        (RequestRejected("no"), Verdict.UNKNOWN, Reason.UNSUPPORTED),
        (AuthRejected("no"), Verdict.UNKNOWN, Reason.CREDENTIALS),
        (PermissionDenied("no"), Verdict.UNKNOWN, Reason.CREDENTIALS),
        (RateLimited("no"), Verdict.UNKNOWN, Reason.RATE_LIMITED),
        (QuotaExhausted("no"), Verdict.UNKNOWN, Reason.RATE_LIMITED),
        (VendorUnavailable("no"), Verdict.UNKNOWN, Reason.UNREACHABLE),
        (too_slow(), Verdict.UNKNOWN, Reason.TIMEOUT),
        (UnreadableReply("no"), Verdict.UNKNOWN, Reason.UNREADABLE),
        (KeyError("a fault of ours"), Verdict.UNKNOWN, Reason.UNREADABLE),
    ],
)
def test_verdicts(said: CustomerCoupons | Exception, verdict: Verdict, reason: Reason | None) -> None:
    """Only an answer that was understood is `found` or `none`; everything else is `unknown`, with its reason."""
    answer = lookup([asked("one", said)], CUSTOMER, CouponQuery(), 5)
    (one,) = answer.answers
    assert (verdict, reason) == (one.verdict, one.reason)
    assert (one.error is not None) == isinstance(said, Exception)
    assert one.whole == answer.complete
    assert one.as_of is not None


def test_one_failure_leaves_the_other_answer() -> None:
    """A connection that fails takes nothing from another's coupons, and the whole is not complete."""
    answer = lookup(
        [asked("dead", VendorUnavailable("no")), asked("one", CustomerCoupons(coupons=(coupon("A"),)))],
        CUSTOMER,
        CouponQuery(),
        5,
    )
    assert ["A"] == [found.code for found in answer.coupons]
    assert ["dead", "one"] == [one.connection for one in answer.answers]
    assert not answer.complete
    assert Verdict.FOUND is answer.by_connection["one"].verdict


def test_a_connection_that_never_answers_costs_the_deadline_only() -> None:
    """At the deadline, whoever has not answered is `unknown` for `timeout`; the others are there."""
    never = threading.Event()

    def hang() -> CustomerCoupons:
        never.wait(20)
        return CustomerCoupons()

    started = time.monotonic()
    answer = lookup(
        [client("hung", hang), asked("one", CustomerCoupons(coupons=(coupon("A"),)))],
        CUSTOMER,
        CouponQuery(),
        0.2,
    )
    never.set()
    assert time.monotonic() - started < 5
    assert (Verdict.UNKNOWN, Reason.TIMEOUT) == (
        answer.by_connection["hung"].verdict,
        answer.by_connection["hung"].reason,
    )
    assert Verdict.FOUND is answer.by_connection["one"].verdict


def test_an_unknown_list_is_the_askers_mistake() -> None:
    """A list that does not exist is raised, since no answer about it would mean anything."""
    query = CouponQuery(list_id=ListId("1"))
    with pytest.raises(NotFound):
        lookup([asked("one", NotFound("no such list"), query)], CUSTOMER, query, 5)
    answer = lookup([asked("one", NotFound("no such page"))], CUSTOMER, CouponQuery(), 5)
    assert Verdict.UNKNOWN is answer.answers[0].verdict


def test_a_fault_of_ours_shows_no_identifier(caplog: pytest.LogCaptureFixture) -> None:
    """The text of an unexpected exception, which may quote the customer, is not repeated, nor logged."""
    caplog.set_level(logging.DEBUG)
    answer = lookup([asked("one", KeyError("919876543210"))], CUSTOMER, CouponQuery(), 5)
    error = answer.answers[0].error
    assert isinstance(error, CouponhubError)
    assert "919876543210" not in str(error)
    assert "919876543210" not in caplog.text
    assert "KeyError, at" in caplog.text


def test_a_span_that_holds_nothing_is_refused() -> None:
    """Days in the wrong order would make every vendor say "none"."""
    first, second = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
    assert CouponQuery(since=first, until=second).until == second
    for since in (first, second):
        with pytest.raises(UsageError, match="since must lie before until"):
            CouponQuery(since=since, until=first)
