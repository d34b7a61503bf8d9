"""What Capillary says of given codes."""

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from couponhub.errors import VendorError
from couponhub.models import Coupon
from couponhub_capillary.mapping.found_coupons import found_coupon_from
from couponhub_capillary.mapping.reading import Reading
from couponhub_capillary.wire.found_coupons import batches

if TYPE_CHECKING:
    from couponhub_capillary.client import CapillaryClient

_log = logging.getLogger(__name__)


def coupons_by_code(client: "CapillaryClient", codes: Sequence[str], reading: Reading) -> tuple[Coupon, ...]:
    """The coupons of the codes that Capillary knows; each once, in whatever case it was asked about."""
    found: dict[str, Coupon] = {}
    asks_v2 = True
    for batch in batches(codes):
        rows = client.find_coupons(batch)
        terms: Mapping[str, Mapping[str, Any]] = {}
        if rows and asks_v2:
            try:
                terms = client.coupon_terms([row["code"] for row in rows])
            except VendorError as error:
                # It adds names and exact ends; an organisation may have v2 forbidden (C-7).
                _log.info("%s: v2 adds nothing about codes (%s)", reading.connection, error.kind)
                asks_v2 = False
        for row in rows:
            coupon = found_coupon_from(row, terms.get(row["code"], {}), reading)
            found[coupon.vendor_id or coupon.code] = coupon
    for warning in reading.odd.warnings():
        _log.warning("%s: find coupons: %s", reading.connection, warning)
    return tuple(found.values())
