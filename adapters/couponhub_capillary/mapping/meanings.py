"""The origins of a coupon's fields, for whoever doubts one; in the words of the three APIs that tell of it."""

from collections.abc import Mapping
from types import MappingProxyType

from couponhub.models import Coupon, CouponStatus, FieldProvenance

Keys = Mapping[str, tuple[str, ...]]

_V1: Keys = MappingProxyType(
    {
        "status": ("redemption_count", "redemptions", "valid_till"),
        "list_id": ("series_id",),
        "list_name": ("series_name",),
        "issued_at": ("created_date",),
        "expires_at": ("valid_till",),
        "redemption_count": ("redemption_count", "redemptions"),
        "issued_at_store": ("issued_at",),
        "issued_transaction": ("transaction_number",),
        "purpose": ("purpose",),
        "properties": ("custom_properties",),
    }
)
_V2: Keys = MappingProxyType(
    {
        "status": ("redemptionCount", "redemptions", "redemptionsLeft", "validTillDateTime", "validTill"),
        "list_id": ("seriesId",),
        "list_name": ("description",),
        "issued_at": ("createdDateISO", "createdDate"),
        "expires_at": ("validTillDateTime", "validTill"),
        "redemption_count": ("redemptionCount", "redemptions"),
        "redemptions_left": ("redemptionsLeft",),
        "issued_at_store": ("issuedAt",),
        "issued_transaction": ("transactionNumber",),
        "discount": ("discountType", "discountValue"),
        "properties": ("customProperty",),
    }
)
_BY_CODE: Keys = MappingProxyType(
    {
        "status": ("item_status", "redemption_info", "valid_till"),
        "list_id": ("series_id",),
        "issued_at": ("issued_on",),
        "expires_at": ("valid_till",),
        "redemption_count": ("redemption_info",),
        "issued_at_store": ("issued_store",),
        "purpose": ("purpose",),
        "discount": ("is_absolute", "value"),
        "properties": ("custom_properties",),
    }
)
_GUESSED: Mapping[str, str] = MappingProxyType(
    {
        "issued_at": "the time at the store, printed as if it were UTC; store_timezone is not set: a guess",
        "expires_at": "in the zone of the vendor's servers; server_timezone is not set: a guess",
    }
)
_END_BY_CODE = "the exact end of v2, where that tells one, else the last second of the day"


def meanings_of(coupon: Coupon) -> tuple[FieldProvenance, ...]:
    """Return the origins of the fields; those of which nothing came are left out, but for the status."""
    meanings = [
        FieldProvenance(
            field=field,
            raw={key: coupon.raw[key] for key in keys if key in coupon.raw},
            because=_why_status(coupon) if field == "status" else _why(coupon, field),
        )
        for field, keys in _keys(coupon).items()
    ]
    return tuple(meaning for meaning in meanings if meaning.raw or meaning.field == "status")


def _keys(coupon: Coupon) -> Keys:
    if "item_status" in coupon.raw:
        return _BY_CODE
    return _V1 if "series_id" in coupon.raw or "valid_till" in coupon.raw else _V2


def _why(coupon: Coupon, field: str) -> str:
    match field:
        case "issued_at" | "expires_at" if field in coupon.approximate:
            return _GUESSED[field]
        case "expires_at" if _keys(coupon) is _BY_CODE:
            return _END_BY_CODE
        case "expires_at" if coupon.expires_at is None:
            return "no end could be read, or it has none"
        case "redemption_count" if coupon.redemption_count is None:
            return "the vendor's figure or list could not be read, or contradict each other"
        case "redemption_count":
            return "the larger of the vendor's figure and its list"
        case _:
            return ""


def _why_status(coupon: Coupon) -> str:  # noqa: PLR0911 - one table
    status, count, left = coupon.status, coupon.redemption_count, coupon.redemptions_left
    match status:
        case CouponStatus.REVOKED:
            return "the vendor says that it was revoked"
        case CouponStatus.ACTIVE if count:
            return "redeemed, and the vendor says that it can be used again"
        case CouponStatus.ACTIVE:
            return "never redeemed, and its end had not come"
        case CouponStatus.EXPIRED:
            return "never redeemed, and its end had passed"
        case CouponStatus.REDEEMED if left == 0:
            return "redeemed, and the vendor says that it cannot be used again"
        case CouponStatus.REDEEMED:
            return "redeemed, and its end had passed"
        case _ if count is None:
            return "whether it was redeemed is not known"
        case _ if count:
            return "redeemed, and the vendor did not say whether it can be used again"
        case _:
            return "never redeemed, and its end is not known"
