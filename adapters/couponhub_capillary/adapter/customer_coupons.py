"""One question about a customer, asked for every form of the identifier that Capillary may know."""

from typing import TYPE_CHECKING

import attrs

from couponhub.clock import Clock, Deadline
from couponhub.errors import VendorError
from couponhub.models import CouponQuery, Customer, CustomerCoupons, Identifier, masked_form, selected, within
from couponhub_capillary.adapter.collected import CollectedCoupons
from couponhub_capillary.adapter.completion import Completion
from couponhub_capillary.adapter.question import CustomerQuestion
from couponhub_capillary.adapter.redeemability import with_usability
from couponhub_capillary.mapping.context import NO_CODE, MappingContext
from couponhub_capillary.mapping.coupons import coupon_from
from couponhub_capillary.mapping.customers import named_in, names_in
from couponhub_capillary.wire.customer_coupons import Narrowing
from couponhub_capillary.wire.identifiers import identifier_forms, same_customer
from couponhub_capillary.wire.times import Zones

if TYPE_CHECKING:
    from couponhub_capillary.client import CapillaryClient


def customer_coupons(
    client: "CapillaryClient",
    customer: Customer,
    query: CouponQuery,
    *,
    connection: str,
    zones: Zones,
    country_code: str | None,
    clock: Clock,
    deadline: Deadline | None,
) -> CustomerCoupons:
    """The customer's coupons; the first form of the identifier under which there are any decides.

    "None" and "unknown" are answered only after every form was asked; if one cannot be asked, its error is
    the answer, because nothing may be concluded from the others. Once coupons were found no error of the
    vendor's takes them away again: what is missing then makes the answer incomplete.

    Where a coupon was used and is still valid, v2 is asked whether it can be used again (see `with_usability`).
    """
    answers: list[CustomerCoupons] = []
    forms = identifier_forms(customer, country_code)
    for form in forms:
        question = CustomerQuestion(
            client=client, identifier=customer.identifier, form=form, patience=deadline
        )
        found = _answer(
            question,
            customer,
            query,
            connection=connection,
            zones=zones,
            country_code=country_code,
            clock=clock,
        )
        answers.append(found)
        if found.coupons or not found.complete:
            break
    if len(answers) == 1:
        return answers[0]
    best = max(answers, key=lambda found: (bool(found.coupons) or not found.complete, found.customer_known))
    # An address in capitals and in small letters is one to everybody; the forms of a number may be two people's.
    note = f"the mobile was asked about in {len(answers)} forms, with and without the country code"
    return attrs.evolve(
        best,
        warnings=(*([note] if customer.identifier is Identifier.MOBILE else []), *best.warnings),
        asked_as=tuple(form for found in answers for form in found.asked_as),
        # Two forms may be two customers: whoever reads this must see that they are named differently.
        also_known_as=tuple(dict.fromkeys(named for found in answers for named in found.also_known_as)),
    )


def _answer(
    question: CustomerQuestion,
    customer: Customer,
    query: CouponQuery,
    *,
    connection: str,
    zones: Zones,
    country_code: str | None,
    clock: Clock,
) -> CustomerCoupons:
    """Return what Capillary says about the customer under one form, completed where it may be cut."""
    narrowing = Narrowing.of(query, zones)
    answer = question.ask(narrowing)
    reading = MappingContext(connection=connection, zones=zones, now=clock.now())
    held = CollectedCoupons(reading)
    held.first(answer.rows, coupon_from, question.patience)
    is_whole = True
    warnings: list[str] = []
    failure: VendorError | None = None
    if answer.may_be_cut:
        completion = Completion(question.less_patient(), narrowing, answer, held)
        is_whole = completion.succeeds()
        warnings, failure = completion.warnings, completion.failure
    first_name, last_name = names_in(answer.customer, reading)
    decided = with_usability(within(held.coupons(), query), question, reading, failure)
    return CustomerCoupons(
        coupons=selected(decided.coupons, query),
        customer_known=answer.known,
        complete=is_whole and decided.is_whole and not reading.odd.saw(NO_CODE),
        warnings=(*reading.odd.warnings(), *warnings, *decided.warnings),
        vendor_code=str(answer.code),
        asked_as=(masked_form(question.form),),
        also_known_as=tuple(
            named for named in named_in(answer.customer) if not same_customer(named, customer, country_code)
        )
        if answer.known
        else (),
        first_name=first_name,
        last_name=last_name,
        raw=answer.raw,
    )
