"""The vendor-neutral words of couponhub, as frozen attrs classes.

Instants are aware and in UTC. Codes, identifiers and ids are text. `None` means that the vendor did not
say or cannot know, never zero. `raw` is the vendor's own decoded object: it may hold codes and personal
data, stands outside equality and repr, and is empty where there is none.
"""

from couponhub.models.addresses import address_forms
from couponhub.models.answers import Answer, LookupAnswer, Reason, Strategy, Verdict
from couponhub.models.base import ListId, PartId, Raw, UploadId
from couponhub.models.coupons import (
    Coupon,
    CouponQuery,
    CouponSort,
    CouponStatus,
    CustomerCoupons,
    Discount,
    Redemption,
    Source,
    Store,
)
from couponhub.models.customers import Customer, masked_form
from couponhub.models.identifiers import Identifier, read_identifier
from couponhub.models.jobs import Job, JobId, JobStatus, Step
from couponhub.models.lists import (
    KEPT,
    Alerts,
    AlertsChange,
    CouponList,
    Kept,
    ListChange,
    ListStatus,
    NewCouponList,
    plain_label,
)
from couponhub.models.provenance import FieldProvenance
from couponhub.models.reports import (
    DaySpan,
    ForgottenRows,
    ImportedReport,
    ListCoverage,
    ReportColumn,
    ReportedRow,
    ReportForm,
    ReportImport,
    ReportRequest,
    UsageCount,
    UsageGroup,
    UsageRow,
    UsageStatus,
)
from couponhub.models.selection import in_order, newest_first, selected, within
from couponhub.models.telephone import MAY_BE_SPELLED_OTHERWISE, Telephone
from couponhub.models.uploads import (
    CodeFile,
    CodeFileRules,
    Fetch,
    FileUrl,
    Part,
    Tagging,
    Upload,
    UploadStatus,
)

__all__ = [
    "KEPT",
    "MAY_BE_SPELLED_OTHERWISE",
    "Alerts",
    "AlertsChange",
    "Answer",
    "CodeFile",
    "CodeFileRules",
    "Coupon",
    "CouponList",
    "CouponQuery",
    "CouponSort",
    "CouponStatus",
    "Customer",
    "CustomerCoupons",
    "DaySpan",
    "Discount",
    "Fetch",
    "FieldProvenance",
    "FileUrl",
    "ForgottenRows",
    "Identifier",
    "ImportedReport",
    "Job",
    "JobId",
    "JobStatus",
    "Kept",
    "ListChange",
    "ListCoverage",
    "ListId",
    "ListStatus",
    "LookupAnswer",
    "NewCouponList",
    "Part",
    "PartId",
    "Raw",
    "Reason",
    "Redemption",
    "ReportColumn",
    "ReportForm",
    "ReportImport",
    "ReportRequest",
    "ReportedRow",
    "Source",
    "Step",
    "Store",
    "Strategy",
    "Tagging",
    "Telephone",
    "Upload",
    "UploadId",
    "UploadStatus",
    "UsageCount",
    "UsageGroup",
    "UsageRow",
    "UsageStatus",
    "Verdict",
    "address_forms",
    "in_order",
    "masked_form",
    "newest_first",
    "plain_label",
    "read_identifier",
    "selected",
    "within",
]
