"""One question about a customer, asked for every form of the identifier that Capillary may know."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

import attrs

from couponhub.errors import UsageError
from couponhub.models import CouponQuery, Customer, CustomerCoupons, Identifier
from couponhub.transport import Deadline
from couponhub_capillary.mapping.coupons import NO_CODE, coupon_from, selected, without_duplicates
from couponhub_capillary.mapping.oddities import Oddities
from couponhub_capillary.wire.times import Zones

if TYPE_CHECKING:
    from couponhub_capillary.client import CapillaryClient
    from couponhub_capillary.wire.customer_coupons import CustomerAnswer

_LONGEST_NATIONAL_NUMBER = 10


def customer_coupons(
    client: "CapillaryClient",
    customer: Customer,
    query: CouponQuery,
    *,
    connection: str,
    zones: Zones,
    country_code: str | None,
    now: Callable[[], datetime],
    deadline: float | None,
) -> CustomerCoupons:
    """The customer's coupons; the first form of the identifier under which there are any decides.

    "None" and "unknown" are answered only after every form was asked; if one cannot be asked, its error is
    the answer, because nothing may be concluded from the others.
    """
    patience = None if deadline is None else Deadline.after(deadline)
    forms = identifier_forms(customer, country_code)
    answers: list[CustomerCoupons] = []
    for form in forms:
        left = None if patience is None else patience.remaining()
        answer = client.customer_coupons(customer.identifier, form, query, zones, deadline=left)
        found = _read(answer, query, connection=connection, zones=zones, now=now())
        answers.append(found)
        if found.coupons or not found.complete:
            break
    best = max(answers, key=lambda found: (bool(found.coupons) or not found.complete, found.customer_known))
    if len(answers) == 1:
        return best
    note = f"the mobile was asked about in {len(answers)} forms, with and without the country code"
    return attrs.evolve(best, warnings=(note, *best.warnings))


def identifier_forms(customer: Customer, country_code: str | None) -> tuple[str, ...]:
    """The texts under which Capillary may know the customer, the given one first.

    A mobile loses `+`, blanks and dashes; only a configured country code is added or taken away (C-28).

    Raises:
        UsageError: The identifier cannot be one of Capillary's.
    """
    value = customer.value
    if customer.identifier is Identifier.ID and not (value.isascii() and value.isdigit()):
        raise UsageError("a customer's id at Capillary is a whole number")
    if customer.identifier is not Identifier.MOBILE:
        return (value,)
    digits = "".join(char for char in value if char not in "+-" and not char.isspace())
    if not digits:
        raise UsageError("the customer's mobile has no digits")
    if country_code is None:
        return (digits,)
    forms = [digits]
    if digits.startswith(country_code) and len(digits) > len(country_code):
        forms.append(digits.removeprefix(country_code))
    # 9123456789 may be a whole number in India, though it begins with 91; one given with + may not.
    is_international = value.lstrip().startswith("+") or len(digits) > _LONGEST_NATIONAL_NUMBER
    if not digits.startswith(country_code) or not is_international:
        forms.append(country_code + digits)
    return tuple(forms)


def _read(
    answer: "CustomerAnswer",
    query: CouponQuery,
    *,
    connection: str,
    zones: Zones,
    now: datetime,
) -> CustomerCoupons:
    odd = Oddities()
    rows = (coupon_from(row, connection=connection, zones=zones, now=now, odd=odd) for row in answer.rows)
    coupons = without_duplicates(coupon for coupon in rows if coupon is not None)
    warnings = [*odd.warnings()]
    if answer.may_be_cut:
        warnings.append(f"the answer may be cut: exactly {len(answer.rows)} coupons came")
    return CustomerCoupons(
        coupons=selected(coupons, query),
        customer_known=answer.known,
        complete=not answer.may_be_cut and not odd.saw(NO_CODE),
        warnings=tuple(warnings),
        vendor_code=str(answer.code),
        raw=answer.raw,
    )
