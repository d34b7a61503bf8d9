"""Documents that are more than their fields: the unified lookup, lists with their alerts, and what covers a list."""

from collections.abc import Callable
from typing import Any

import attrs
from cattrs import Converter

from couponhub.models import (
    Alerts,
    AlertsChange,
    Answer,
    Coupon,
    CouponList,
    Customer,
    Difference,
    ListChange,
    ListCoverage,
    LookupAnswer,
    NewCouponList,
    Reason,
    Verdict,
)
from couponhub.serialization.converter import record_reader, record_writer
from couponhub.serialization.errors import Document

ReadValue = Callable[[Any, Any], Any]

NEW_REASON = "the server gives a reason that this version of couponhub does not know"


class ContradictionError(ValueError):
    """A document contradicts itself; its text says in what, and quotes no value."""


def configure_composed(converter: Converter) -> None:
    """Teach a converter these documents."""
    converter.register_unstructure_hook_factory(
        lambda kind: kind is LookupAnswer, lambda _: _lookup_writer(converter)
    )
    converter.register_unstructure_hook(AlertsChange, _alerts_change)
    converter.register_unstructure_hook_factory(
        lambda kind: kind in {NewCouponList, ListChange}, lambda kind: _order_writer(converter, kind)
    )
    readers: dict[Any, Callable[[ReadValue], ReadValue]] = {
        Answer: _answer,
        CouponList: _list,
        ListCoverage: _coverage,
    }
    # Made when first needed: most processes only write.
    converter.register_structure_hook_factory(
        lambda kind: kind in readers, lambda kind: readers[kind](record_reader(converter, kind))
    )
    converter.register_structure_hook(
        LookupAnswer, lambda value, _: _lookup(converter.structure(value, _Lookup))
    )


@attrs.frozen(kw_only=True)
class _Lookup:
    customer: Customer
    complete: bool
    coupons: tuple[Coupon, ...]
    answers: tuple[Answer, ...]
    differences: tuple[Difference, ...] | None = None


def _lookup_writer(converter: Converter) -> Callable[[LookupAnswer], Document]:
    """Write coupons beside the answers, each with the other connections at which its code was found."""
    customer, coupon, answer, difference = map(
        converter.get_unstructure_hook, (Customer, Coupon, Answer, Difference)
    )

    def write(lookup: LookupAnswer) -> Document:
        shared = lookup.shared_codes
        coupons = []
        for one in lookup.answers:
            for found in one.coupons:
                document = coupon(found)
                names = shared.get(found.code, ())
                document["also_at"] = [name for name in names if name != one.connection]
                coupons.append(document)
        return {
            "customer": customer(lookup.customer),
            "complete": lookup.complete,
            "coupons": coupons,
            "answers": [answer(one) for one in lookup.answers],
            "differences": None if lookup.differences is None else [*map(difference, lookup.differences)],
        }

    return write


def _order_writer(converter: Converter, kind: type[Any]) -> Callable[[Any], Document]:
    """Write what a list is to be like: here nothing but its alerts says who is mailed."""
    plain = record_writer(converter, kind, raw=False)

    def write(order: NewCouponList | ListChange) -> Document:
        document: Document = plain(order)
        if isinstance(order.alerts, Alerts):
            document["alerts"] = {"subscribers": list(order.alerts.subscribers), **document["alerts"]}
        return document

    return write


def _alerts_change(change: AlertsChange) -> Document:
    """Write what is named: what is left out stays as it is."""
    named = change.named()
    return {name: list(value) if isinstance(value, tuple) else value for name, value in named.items()}


def _lookup(lookup: _Lookup) -> LookupAnswer:
    names = [answer.connection for answer in lookup.answers]
    if not names or len(set(names)) < len(names):
        raise ContradictionError("there are no answers, or two of one connection")
    if not {coupon.connection for coupon in lookup.coupons} <= set(names):
        raise ContradictionError("coupons came of a connection that did not answer")
    answers = tuple(_with_coupons(answer, lookup.coupons) for answer in lookup.answers)
    if not {name for one in lookup.differences or () for name in (one.reference, one.connection)} <= set(
        names
    ):
        raise ContradictionError("there are differences of a connection that did not answer")
    answer = LookupAnswer(customer=lookup.customer, answers=answers, differences=lookup.differences)
    if answer.complete and not lookup.complete:
        raise ContradictionError("it is said to be incomplete, and nothing says where")
    return answer


def _with_coupons(answer: Answer, coupons: tuple[Coupon, ...]) -> Answer:
    own = tuple(coupon for coupon in coupons if coupon.connection == answer.connection)
    if own and answer.verdict is Verdict.NONE:
        raise ContradictionError("a connection found none, and coupons of it came")
    if not own and answer.verdict is Verdict.FOUND:
        raise ContradictionError("a connection found coupons, and none of it came")
    return attrs.evolve(answer, coupons=own, verdict=Verdict.FOUND) if own else answer


def _answer(plain: ReadValue) -> ReadValue:
    def read(value: Any, kind: type[Answer]) -> Answer:
        if type(value) is not dict:
            raise TypeError("expected an object")
        word = value["reason"]  # None would say "found whole", so it must not be what a missing key means
        is_new = type(word) is str and word not in set(Reason)
        if is_new:
            value = {**value, "reason": Reason.UNREADABLE.value}
        if word == Reason.TIMEOUT and type(error := value.get("error")) is dict:
            value = {**value, "error": {**error, "too_slow": True}}
        answer: Answer = plain(value, kind)
        if is_new:
            answer = attrs.evolve(answer, warnings=(*answer.warnings, NEW_REASON))
        if answer.verdict is Verdict.UNKNOWN and answer.reason is None:
            answer = attrs.evolve(answer, reason=Reason.UNREADABLE)
        return answer

    return read


def _list(plain: ReadValue) -> ReadValue:
    def read(value: Any, kind: type[CouponList]) -> CouponList:
        found: CouponList = plain(value, kind)
        if found.alerts is None:
            return found
        alerts = attrs.evolve(found.alerts, subscribers=found.subscribers or ())
        return attrs.evolve(found, alerts=alerts)

    return read


def _coverage(plain: ReadValue) -> ReadValue:
    def read(value: Any, kind: type[ListCoverage]) -> ListCoverage:
        if type(value) is dict and type(request := value.get("request")) is dict:
            of = {key: value[key] for key in ("connection", "list_id") if key in value}
            value = {**value, "request": {**request, **of}}
        coverage: ListCoverage = plain(value, kind)
        return coverage

    return read
