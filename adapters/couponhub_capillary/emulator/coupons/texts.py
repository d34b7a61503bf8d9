"""Coupons and customers as they are printed: in v1.1 in the newest style or, as an option, in the oldest (C-10, C-11, C-20)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from couponhub_capillary.emulator.answers import v1_status
from couponhub_capillary.emulator.dates import false_z, iso, plain
from couponhub_capillary.emulator.options import Options
from couponhub_capillary.emulator.records import Coupon, Customer, Redemption, Store

_LEGACY_TEXTS = {
    "Success": "SUCCESS",
    "Coupons retrieved successfully": "Issued coupons retrieved successfully",
}


def store_object(store: Store) -> dict[str, str]:
    """A store as every answer prints it."""
    return {"code": store.code, "name": store.name}


def people(customer: Customer, options: Options) -> dict[str, str | None]:
    """Print the customer; names, e-mail and mobile are null where the client may not see them (C-64)."""
    shown = not options.mask_people
    return {
        "firstname": customer.first_name if shown else None,
        "lastname": customer.last_name if shown else None,
        "email": customer.email if shown else None,
        "external_id": customer.external_id,
        "mobile": customer.mobile if shown else None,
    }


def redemption_object(redemption: Redemption, options: Options) -> dict[str, Any]:
    """A redemption, or a reversed one, as v2 prints it."""
    return {
        "id": redemption.id,
        "date": false_z(redemption.at, options.store_zone),
        "transactionNumber": redemption.transaction_number,
        "redeemedAt": store_object(redemption.store),
        "dateISO": iso(redemption.at, options.server_zone),
    }


def discount_object(terms: Mapping[str, Any]) -> dict[str, Any]:
    """Print a coupon's discount, as v2 has it beside the code."""
    return {
        "description": terms["description"],
        "discountCode": terms["discountCode"],
        "discountType": terms["discountType"],
        "discountValue": terms["discountValue"],
        "discountUpto": terms["discountUpto"],
        "discountOn": terms["discountOn"],
        "detailedInfo": terms["info"],
    }


class V1Printer:
    """Prints the parts of a v1.1 answer in the style that the options ask for."""

    def __init__(self, options: Options) -> None:
        self._legacy = options.legacy
        self._server = options.server_zone
        self._store = options.store_zone

    def status(self, code: int, message: str) -> dict[str, Any]:
        """A status block."""
        block = v1_status(code, message)
        if self._legacy:
            block |= {"code": str(code), "message": _LEGACY_TEXTS.get(message, message)}
        return block

    def several(self, entries: Sequence[dict[str, Any]]) -> Any:
        """An array; in the oldest style a single entry stands alone."""
        return entries[0] if self._legacy and len(entries) == 1 else list(entries)

    def coupon(self, coupon: Coupon) -> dict[str, Any]:
        """A coupon of the customer's list."""
        uses = [self.redemption(redemption) for redemption in coupon.redemptions]
        redemptions = {"redemption": self.several(uses)} if uses else {}
        if self._legacy:
            return {
                "id": str(coupon.id),
                "redemption_count": str(len(uses)),
                "created_date": coupon.issued_at.astimezone(self._store).isoformat(timespec="seconds"),
                "valid_till": f"{coupon.valid_till.astimezone(self._server):%Y-%m-%d}",
                "code": coupon.code,
                "transaction_number": coupon.transaction_number,
                "redemptions": redemptions,
            }
        printed: dict[str, Any] = {
            "id": str(coupon.id),
            "series_id": str(coupon.series.id),
            "series_name": coupon.series.terms["description"],
            "redemption_count": len(uses),
            "created_date": false_z(coupon.issued_at, self._store, fraction=".000"),
            "valid_till": plain(coupon.valid_till, self._server),
            "code": coupon.code,
            "transaction_number": coupon.transaction_number,
        }
        if coupon.store is not None:  # C-24
            printed["issued_at"] = store_object(coupon.store)
        return printed | {
            "purpose": "",
            "custom_properties": {"custom_property": custom_properties(coupon)},
            "redemptions": redemptions,
        }

    def redemption(self, redemption: Redemption) -> dict[str, Any]:
        """A redemption, or a reversed one."""
        printed: dict[str, Any] = {} if self._legacy else {"id": str(redemption.id)}
        printed |= {
            "date": self._moment(redemption.at),
            "transaction_number": redemption.transaction_number,
            "redeemed_at": store_object(redemption.store),
        }
        if redemption.reversed_on is not None:
            printed["reversed_on"] = self._moment(redemption.reversed_on)
        return printed

    def _moment(self, instant: datetime) -> str:
        return plain(instant, self._store) if self._legacy else false_z(instant, self._store, fraction=".000")


def custom_properties(coupon: Coupon) -> list[dict[str, str]]:
    """The properties of the coupon's series; coupons have none of their own."""
    properties = coupon.series.terms.get("customPropertyMap", {})
    return [{"name": name, "value": value} for name, value in properties.items()]
