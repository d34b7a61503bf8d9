"""Given codes, as Capillary knows them."""

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from couponhub.errors import VendorError
from couponhub.models import Coupon, Identifier
from couponhub_capillary.adapter.collected import Number, numbers_of
from couponhub_capillary.adapter.question import CustomerQuestion
from couponhub_capillary.adapter.redeemability import Terms, decided_by, read_terms
from couponhub_capillary.mapping.context import MappingContext, is_undecided
from couponhub_capillary.mapping.found_coupons import found_coupon_from
from couponhub_capillary.wire.found_coupons import batches, owner_of
from couponhub_capillary.wire.values import code_text

if TYPE_CHECKING:
    from couponhub_capillary.client import CapillaryClient

_log = logging.getLogger(__name__)

CodeRow = Mapping[str, Any]


def coupons_by_code(
    client: "CapillaryClient", codes: Sequence[str], reading: MappingContext
) -> tuple[Coupon, ...]:
    """The coupons of the codes that Capillary knows; each once, in whatever case it was asked about.

    Of one that was used, the terms of its series tell whether it was for one use; else v2 is asked about its owner.
    """
    found: dict[str, Coupon] = {}
    asks_v2 = True
    for batch in batches(codes):
        rows = client.find_coupons(batch)
        terms: Mapping[str, CodeRow] = {}
        if rows and asks_v2:
            try:
                terms = client.coupon_terms(
                    [code for row in rows if (code := code_text(row["code"])) is not None],
                    with_series=any(row.get("redemption_info") for row in rows),
                )
            except VendorError as error:
                # It adds names and exact ends; an organisation may have v2 forbidden (C-7).
                _log.info("%s: v2 adds nothing about codes (%s)", reading.connection, error.kind)
                asks_v2 = False
        for row in rows:
            coupon = found_coupon_from(row, terms.get(code_text(row["code"]) or "", {}), reading)
            found[coupon.id or coupon.code] = coupon
    coupons = _with_usability(client, tuple(found.values()), reading) if asks_v2 else tuple(found.values())
    for warning in reading.odd.warnings():
        _log.warning("%s: find coupons: %s", reading.connection, warning)
    return coupons


def _with_usability(
    client: "CapillaryClient", coupons: tuple[Coupon, ...], reading: MappingContext
) -> tuple[Coupon, ...]:
    """The coupons, those that were used decided as a lookup of their owner decides them."""
    wanted: dict[str, list[Coupon]] = {}
    for coupon in coupons:
        if is_undecided(coupon, reading.now) and (owner := owner_of(coupon.raw)) is not None:
            wanted.setdefault(owner, []).append(coupon)
    told: dict[Number, Terms] = {}
    for owner, theirs in wanted.items():
        question = CustomerQuestion(client=client, identifier=Identifier.ID, form=owner, patience=None)
        try:
            read_terms(question, numbers_of(theirs), told, reading)
        except VendorError as error:
            _log.info("%s: v2 does not tell what can be used again (%s)", reading.connection, error.kind)
            break
    return tuple(decided_by(coupon, told, reading) for coupon in coupons)
