"""couponhub: one protocol over the coupon APIs of several vendors.

    from couponhub import CouponHub, Customer

    with CouponHub.from_config() as hub:
        answer = hub.lookup(Customer(mobile="919876543210"))

Names are imported when they are first used, so that `import couponhub` costs next to nothing.
"""

from typing import TYPE_CHECKING

from couponhub._lazy import lazy_exports

if TYPE_CHECKING:
    from couponhub.errors import CouponhubError, OutcomeUnknown, Unsupported, VendorError, VendorUnavailable
    from couponhub.hub import CouponHub
    from couponhub.models import (
        Answer,
        Coupon,
        CouponList,
        CouponQuery,
        Customer,
        FileUrl,
        LookupAnswer,
        NewCouponList,
        Tagging,
        Upload,
    )

_HOMES = {
    "Answer": "couponhub.models",
    "Coupon": "couponhub.models",
    "CouponHub": "couponhub.hub",
    "CouponList": "couponhub.models",
    "CouponQuery": "couponhub.models",
    "CouponhubError": "couponhub.errors",
    "Customer": "couponhub.models",
    "FileUrl": "couponhub.models",
    "LookupAnswer": "couponhub.models",
    "NewCouponList": "couponhub.models",
    "OutcomeUnknown": "couponhub.errors",
    "Tagging": "couponhub.models",
    "Unsupported": "couponhub.errors",
    "Upload": "couponhub.models",
    "VendorError": "couponhub.errors",
    "VendorUnavailable": "couponhub.errors",
}

__all__ = [
    "Answer",
    "Coupon",
    "CouponHub",
    "CouponList",
    "CouponQuery",
    "CouponhubError",
    "Customer",
    "FileUrl",
    "LookupAnswer",
    "NewCouponList",
    "OutcomeUnknown",
    "Tagging",
    "Unsupported",
    "Upload",
    "VendorError",
    "VendorUnavailable",
]


__getattr__ = lazy_exports(__name__, _HOMES)


def __dir__() -> list[str]:
    return __all__
