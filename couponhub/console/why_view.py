"""An explanation in plain words: who was asked and what came back, then why each coupon stands as it stands."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

import attrs

from couponhub.explain import ExplainedCoupon, Explanation, SentIn
from couponhub.explain.redaction import Redactor
from couponhub.models import Answer, Customer
from couponhub.models.base import NOTHING_RAW
from couponhub.models.reports import ReportedRow
from couponhub.server.discretion import discreet
from couponhub.server.masking import masked
from couponhub.transport.observing import VendorCall

T = TypeVar("T", SentIn, ReportedRow)

_MOST_COUPONS = 50


@attrs.frozen(kw_only=True)
class ToldCall:
    """One attempt to call a vendor, and when it ended."""

    at: datetime
    call: VendorCall


@attrs.frozen(kw_only=True)
class ToldAnswer:
    """The answer of one connection, without coupons and names, and the calls that it took."""

    answer: Answer
    calls: tuple[ToldCall, ...]


@attrs.frozen(kw_only=True)
class ToldCoupon:
    """One coupon, and why it stands so.

    Attributes:
        status: The word for it.
        reasons: Why a field says what it says, in the adapter's words, by the field's name.
        plain: The fields that were taken over as they came.
        sent: Our uploads in which its code stands: the upload, its list, and when it was sent.
        reported: When imported reports say that it was given out.
    """

    connection: str
    title: str
    masked: str
    status: str
    reasons: Mapping[str, str]
    plain: tuple[str, ...]
    sent: tuple[tuple[str, str, datetime | None], ...]
    reported: tuple[datetime | None, ...]


@attrs.frozen(kw_only=True)
class Why:
    """An explanation as it is shown: it names neither the customer nor a whole code.

    Attributes:
        asked_at: When vendors were asked for it.
        rest: How many coupons more there are than are shown.
        unsearched: How many of our uploads could not be searched.
        warnings: What could not be found out, for people.
    """

    asked_at: datetime
    answers: tuple[ToldAnswer, ...]
    coupons: tuple[ToldCoupon, ...]
    rest: int
    unsearched: int
    warnings: tuple[str, ...]


def why_of(explanation: Explanation) -> Why:
    """Return what is shown of an explanation; texts of vendors are cleared of codes and identifiers."""
    redactor = Redactor(_known(explanation))
    answers = []
    for one in explanation.answers:
        calls = tuple(
            ToldCall(at=exchange.at, call=exchange.call)
            for exchange in explanation.exchanges
            if exchange.call.connection == one.connection
        )
        answers.append(ToldAnswer(answer=_bare(one, redactor), calls=calls))
    shown = explanation.coupons[:_MOST_COUPONS]
    sent = _by_code(explanation.sent_in)
    reported = _by_code(explanation.reported)
    return Why(
        asked_at=explanation.asked_at,
        answers=tuple(answers),
        coupons=tuple(_coupon(one, sent, reported, redactor) for one in shown),
        rest=len(explanation.coupons) - len(shown),
        unsearched=len(explanation.unsearched),
        warnings=tuple(map(redactor.text, explanation.warnings)),
    )


def _known(explanation: Explanation) -> Iterable[str]:
    """Give what must not be shown: codes, the customer's identifiers, and the names that vendors gave."""
    yield from (one.coupon.code for one in explanation.coupons)
    yield from _identifiers(explanation.customer)
    for answer in explanation.answers:
        yield from (name for name in (answer.first_name, answer.last_name) if name)


def _identifiers(customer: Customer | None) -> Iterable[str]:
    if customer is not None:
        every = (customer.mobile, customer.email, customer.external_id, customer.id)
        yield from (text for text in every if text)


def _bare(one: Answer, redactor: Redactor) -> Answer:
    return attrs.evolve(
        one,
        coupons=(),
        first_name=None,
        last_name=None,
        raw=NOTHING_RAW,
        error=None if one.error is None else discreet(one.error),
        warnings=tuple(map(redactor.text, one.warnings)),
    )


def _by_code(rows: Iterable[T]) -> Mapping[tuple[str, str], Sequence[T]]:
    """Sort rows by the coupon that they tell of: there may be tens of thousands."""
    found: dict[tuple[str, str], list[T]] = {}
    for row in rows:
        found.setdefault((row.connection, row.code), []).append(row)
    return found


def _coupon(
    one: ExplainedCoupon,
    sent: Mapping[tuple[str, str], Sequence[SentIn]],
    reported: Mapping[tuple[str, str], Sequence[ReportedRow]],
    redactor: Redactor,
) -> ToldCoupon:
    coupon = one.coupon
    name = coupon.connection, coupon.code
    return ToldCoupon(
        connection=coupon.connection,
        title=redactor.text(coupon.list_name or coupon.list_id or ""),
        masked=masked(coupon.code),
        status=coupon.status.value,
        reasons={
            meaning.field: redactor.text(meaning.because) for meaning in one.meanings if meaning.because
        },
        plain=tuple(meaning.field for meaning in one.meanings if not meaning.because),
        sent=tuple((redactor.text(row.name), str(row.list_id), row.sent_at) for row in sent.get(name, ())),
        reported=tuple(row.issued_at for row in reported.get(name, ())),
    )
