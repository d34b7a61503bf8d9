"""couponhub: one protocol over the coupon APIs of several vendors.

    from couponhub import CouponHub, Customer

    with CouponHub.from_config() as hub:
        answer = hub.lookup(Customer(mobile="919876543210"))

Names are imported when they are first used, so that `import couponhub` costs next to nothing. `couponhub.__version__`
is the version that is installed, "unknown" in a checkout that nobody installed.
"""

from typing import TYPE_CHECKING

from couponhub._lazy import lazy_exports

if TYPE_CHECKING:
    from couponhub.async_hub import AsyncCouponHub
    from couponhub.client import AsyncClient, Client
    from couponhub.errors import (
        AuthRejected,
        ConfigError,
        Conflict,
        CouponhubError,
        LimitsCrossed,
        LocalError,
        NotFound,
        OutcomeUnknown,
        PartialFailure,
        PermissionDenied,
        QuotaExhausted,
        RateLimited,
        RequestRejected,
        Unbalanced,
        UnknownConnection,
        UnreadableReply,
        Unsupported,
        UsageError,
        VendorError,
        VendorUnavailable,
        WaitTimeout,
    )
    from couponhub.hub import CouponHub
    from couponhub.models import (
        Alerts,
        AlertsChange,
        Answer,
        Coupon,
        CouponList,
        CouponQuery,
        CouponSort,
        CouponStatus,
        Customer,
        FileUrl,
        Identifier,
        Job,
        JobStatus,
        ListChange,
        ListStatus,
        LookupAnswer,
        NewCouponList,
        Reason,
        Step,
        Tagging,
        Upload,
        UploadStatus,
        Verdict,
    )

    __version__: str

_HOMES = {
    "Alerts": "couponhub.models",
    "AlertsChange": "couponhub.models",
    "Answer": "couponhub.models",
    "AsyncClient": "couponhub.client",
    "AsyncCouponHub": "couponhub.async_hub",
    "AuthRejected": "couponhub.errors",
    "Client": "couponhub.client",
    "ConfigError": "couponhub.errors",
    "Conflict": "couponhub.errors",
    "Coupon": "couponhub.models",
    "CouponHub": "couponhub.hub",
    "CouponList": "couponhub.models",
    "CouponQuery": "couponhub.models",
    "CouponSort": "couponhub.models",
    "CouponStatus": "couponhub.models",
    "CouponhubError": "couponhub.errors",
    "Customer": "couponhub.models",
    "FileUrl": "couponhub.models",
    "Identifier": "couponhub.models",
    "Job": "couponhub.models",
    "JobStatus": "couponhub.models",
    "ListChange": "couponhub.models",
    "ListStatus": "couponhub.models",
    "LimitsCrossed": "couponhub.errors",
    "LocalError": "couponhub.errors",
    "LookupAnswer": "couponhub.models",
    "NewCouponList": "couponhub.models",
    "NotFound": "couponhub.errors",
    "OutcomeUnknown": "couponhub.errors",
    "PartialFailure": "couponhub.errors",
    "PermissionDenied": "couponhub.errors",
    "QuotaExhausted": "couponhub.errors",
    "RateLimited": "couponhub.errors",
    "Reason": "couponhub.models",
    "RequestRejected": "couponhub.errors",
    "Step": "couponhub.models",
    "Tagging": "couponhub.models",
    "Unbalanced": "couponhub.errors",
    "UnknownConnection": "couponhub.errors",
    "UnreadableReply": "couponhub.errors",
    "Unsupported": "couponhub.errors",
    "Upload": "couponhub.models",
    "UploadStatus": "couponhub.models",
    "UsageError": "couponhub.errors",
    "VendorError": "couponhub.errors",
    "VendorUnavailable": "couponhub.errors",
    "Verdict": "couponhub.models",
    "WaitTimeout": "couponhub.errors",
}

__all__ = [
    "Alerts",
    "AlertsChange",
    "Answer",
    "AsyncClient",
    "AsyncCouponHub",
    "AuthRejected",
    "Client",
    "ConfigError",
    "Conflict",
    "Coupon",
    "CouponHub",
    "CouponList",
    "CouponQuery",
    "CouponSort",
    "CouponStatus",
    "CouponhubError",
    "Customer",
    "FileUrl",
    "Identifier",
    "Job",
    "JobStatus",
    "LimitsCrossed",
    "ListChange",
    "ListStatus",
    "LocalError",
    "LookupAnswer",
    "NewCouponList",
    "NotFound",
    "OutcomeUnknown",
    "PartialFailure",
    "PermissionDenied",
    "QuotaExhausted",
    "RateLimited",
    "Reason",
    "RequestRejected",
    "Step",
    "Tagging",
    "Unbalanced",
    "UnknownConnection",
    "UnreadableReply",
    "Unsupported",
    "Upload",
    "UploadStatus",
    "UsageError",
    "VendorError",
    "VendorUnavailable",
    "Verdict",
    "WaitTimeout",
]

_exported = lazy_exports(__name__, _HOMES)


def __getattr__(name: str) -> object:
    if name == "__version__":
        from couponhub._version import installed_version  # noqa: PLC0415 - asking takes longer than the import of the rest

        return installed_version()
    return _exported(name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
