"""The JSON documents that the command line and the HTTP endpoint show: stable keys, UTC times, null for unknown."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from couponhub.errors import CouponhubError
from couponhub.models import (
    Answer,
    Coupon,
    CouponList,
    Customer,
    Discount,
    LookupAnswer,
    Part,
    Redemption,
    Store,
    Upload,
)

Document = dict[str, Any]


def many(items: Iterable[Document]) -> Document:
    """Several objects."""
    return {"items": list(items)}


def list_document(coupon_list: CouponList, *, raw: bool = False) -> Document:
    """A coupon list."""
    return _with_raw(
        {
            "connection": coupon_list.connection,
            "id": coupon_list.id,
            "name": coupon_list.name,
            "label": coupon_list.label,
            "status": coupon_list.status.value,
            "expires_at": instant(coupon_list.expires_at),
            "total": coupon_list.total,
            "available": coupon_list.available,
            "created_at": instant(coupon_list.created_at),
            "updated_at": instant(coupon_list.updated_at),
        },
        coupon_list.raw if raw else None,
    )


def upload_document(upload: Upload, *, raw: bool = False) -> Document:
    """An upload with its parts."""
    return _with_raw(
        {
            "connection": upload.connection,
            "list_id": upload.list_id,
            "id": upload.id,
            "name": upload.name,
            "status": upload.status.value,
            "rows": upload.rows,
            "accepted": upload.accepted,
            "rejected": upload.rejected,
            "duplicates": upload.duplicates,
            "skipped": upload.skipped,
            "unknown": upload.unknown,
            "created_at": instant(upload.created_at),
            "updated_at": instant(upload.updated_at),
            "error_file": upload.error_file,
            "parts": [_part_document(part, raw=raw) for part in upload.parts],
        },
        upload.raw if raw else None,
    )


def _part_document(part: Part, *, raw: bool) -> Document:
    return _with_raw(
        {
            "id": part.id,
            "name": part.name,
            "status": part.status.value,
            "rows": part.rows,
            "accepted": part.accepted,
            "rejected": part.rejected,
        },
        part.raw if raw else None,
    )


def coupon_document(coupon: Coupon, *, raw: bool = False) -> Document:
    """A coupon as it stands for one customer."""
    redemptions = coupon.redemptions
    return _with_raw(
        {
            "connection": coupon.connection,
            "code": coupon.code,
            "list_id": coupon.list_id,
            "list_name": coupon.list_name,
            "description": coupon.description,
            "status": coupon.status.value,
            "issued_at": instant(coupon.issued_at),
            "expires_at": instant(coupon.expires_at),
            "redemption_count": coupon.redemption_count,
            "redemptions_left": coupon.redemptions_left,
            "redemptions": None
            if redemptions is None
            else [_redemption_document(one) for one in redemptions],
            "issued_at_store": _store_document(coupon.issued_at_store),
            "discount": _discount_document(coupon.discount),
            "properties": dict(coupon.properties),
            "approximate": list(coupon.approximate),
            "source": coupon.source.value,
            "as_of": instant(coupon.as_of),
        },
        coupon.raw if raw else None,
    )


def _discount_document(discount: Discount | None) -> Document | None:
    if discount is None:
        return None
    value = discount.value
    return {
        "type": discount.type,
        "value": int(value) if value == value.to_integral_value() else float(value),
    }


def _redemption_document(redemption: Redemption) -> Document:
    return {
        "id": redemption.id,
        "at": instant(redemption.at),
        "transaction": redemption.transaction,
        "store": _store_document(redemption.store),
    }


def _store_document(store: Store | None) -> Document | None:
    return None if store is None else {"code": store.code, "name": store.name}


def lookup_document(answer: LookupAnswer, *, raw: bool = False) -> Document:
    """The unified answer."""
    return {
        "customer": customer_document(answer.customer),
        "complete": answer.complete,
        "coupons": [coupon_document(coupon, raw=raw) for coupon in answer.coupons],
        "answers": [_answer_document(one) for one in answer.answers],
    }


def customer_document(customer: Customer) -> Document:
    """The customer by the identifier that was given, as it was given."""
    return {customer.identifier.value: customer.value}


def _answer_document(answer: Answer) -> Document:
    return {
        "connection": answer.connection,
        "verdict": answer.verdict.value,
        "reason": answer.reason and answer.reason.value,
        "source": answer.source.value,
        "as_of": instant(answer.as_of),
        "elapsed_ms": answer.elapsed_ms,
        "coverage": answer.coverage,
        "vendor_code": answer.vendor_code,
        "warnings": list(answer.warnings),
        "error": answer.error and error_object(answer.error),
    }


def error_object(error: CouponhubError) -> Document:
    """An error, without the envelope."""
    return {
        "kind": error.kind,
        "message": error.message,
        "connection": error.connection,
        "operation": error.operation,
        "vendor_code": error.vendor_code,
        "retryable": error.retryable,
        "retry_after": error.retry_after,
        "hint": error.hint or None,
    }


def error_document(error: CouponhubError) -> Document:
    """An error as a document of its own."""
    return {"error": error_object(error)}


def instant(moment: datetime | None) -> str | None:
    """RFC 3339 in UTC, to the second unless the vendor said more."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _with_raw(document: Document, raw: Mapping[str, Any] | None) -> Document:
    return document if raw is None else {**document, "raw": dict(raw)}
