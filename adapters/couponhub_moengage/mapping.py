"""Between MoEngage's words and couponhub's."""

import re
import unicodedata
from collections.abc import Mapping
from types import MappingProxyType

from couponhub.models import (
    Alerts,
    CouponList,
    ListId,
    ListStatus,
    Part,
    PartId,
    UploadStatus,
)
from couponhub_moengage.wire import WireFile, WireList

# MoEngage "Fetch all Coupon Lists": the values of its `status` parameter, and the only ones a list has.
_LIST_STATUSES: Mapping[str, ListStatus] = MappingProxyType(
    {
        "ACTIVE": ListStatus.ACTIVE,
        "EXPIRED": ListStatus.EXPIRED,
        "ARCHIVED": ListStatus.ARCHIVED,
    }
)

# MoEngage "Upload a Coupon File to the Coupon List" names PENDING and no other word. The rest are the words that
# its neighbouring APIs and common usage suggest; whatever is not here stays unknown and is asked for again.
_FILE_STATUSES: Mapping[str, UploadStatus] = MappingProxyType(
    {
        "PENDING": UploadStatus.PENDING,
        "QUEUED": UploadStatus.PENDING,
        "PROCESSING": UploadStatus.PROCESSING,
        "IN_PROGRESS": UploadStatus.PROCESSING,
        "SUCCESS": UploadStatus.DONE,
        "SUCCESSFUL": UploadStatus.DONE,
        "COMPLETED": UploadStatus.DONE,
        "PROCESSED": UploadStatus.DONE,
        "DONE": UploadStatus.DONE,
        "ACTIVE": UploadStatus.DONE,
        "FAILED": UploadStatus.FAILED,
        "FAILURE": UploadStatus.FAILED,
        "ERROR": UploadStatus.FAILED,
        "REJECTED": UploadStatus.FAILED,
    }
)

_LONGEST_LABEL = 50


def list_status(word: str | None) -> ListStatus:
    """Our word for a list's status; UNKNOWN for one that is new or missing."""
    return _LIST_STATUSES.get((word or "").upper(), ListStatus.UNKNOWN)


def vendor_list_status(status: ListStatus) -> str:
    """MoEngage's word for a list's status; there is none for UNKNOWN."""
    return next(word for word, ours in _LIST_STATUSES.items() if ours is status)


def coupon_list(connection: str, wire: WireList) -> CouponList:
    """A list as couponhub's model."""
    return CouponList(
        connection=connection,
        id=ListId(wire.id),
        name=wire.name or "",
        label=wire.label,
        status=list_status(wire.status),
        vendor_status=wire.status or "",
        expires_at=wire.expires_at,
        total=wire.total_coupons,
        available=wire.available_coupons,
        created_at=wire.created_at,
        updated_at=wire.updated_at,
        raw=wire.raw,
    )


def part(wire: WireFile) -> Part:
    """A file as couponhub's model. MoEngage tells how many codes it added, never how many rows the file had."""
    status = _FILE_STATUSES.get((wire.status or "").upper(), UploadStatus.UNKNOWN)
    accepted = None
    if status is UploadStatus.DONE:
        accepted = wire.added_coupons
    elif status is UploadStatus.FAILED:
        accepted = wire.added_coupons or 0
        if accepted:  # FAILED would say that nothing was taken, and invite to send it all again
            status = UploadStatus.PARTIAL
    return Part(
        id=PartId(wire.id),
        name=wire.name or "",
        status=status,
        vendor_status=wire.status or "",
        accepted=accepted,
        created_at=wire.created_at,
        updated_at=wire.updated_at,
        raw=wire.raw,
    )


def alert_conditions(alerts: Alerts) -> dict[str, object]:
    """All of MoEngage's `alert_conditions`, explicitly: what it assumes for missing ones is not documented.

    "Create a Coupon List": the figure beside an alert is required when the alert is on, and refused when off.
    """
    return {
        "success_alert": alerts.success,
        "failure_alert": alerts.failure,
        "coupon_shortage_alert": _alert("threshold_count", alerts.shortage),
        "expiry_alert": _alert("days_before", alerts.expiry_days),
    }


def plain_label(name: str) -> str:
    """The name as letters, digits and underscores, at most 50; "" when it has none of them.

    Which characters a label may hold is not documented. It ends up inside message templates, where these are safe.
    """
    ascii_only = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii")
    words = re.sub(r"[^A-Za-z0-9]+", "_", ascii_only).strip("_")
    return words[:_LONGEST_LABEL].rstrip("_")


def _alert(figure_name: str, figure: int | None) -> dict[str, object]:
    return {"alert": False} if figure is None else {"alert": True, figure_name: figure}
