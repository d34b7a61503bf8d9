"""The JSON documents that the command line and the HTTP endpoint show: stable keys, UTC times, null for unknown."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, time
from typing import Any

from couponhub.errors import CouponhubError
from couponhub.models import (
    Alerts,
    Answer,
    Coupon,
    CouponList,
    Customer,
    DaySpan,
    Discount,
    ListCoverage,
    LookupAnswer,
    Part,
    Redemption,
    ReportImport,
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
            "vendor_status": coupon_list.vendor_status or None,
            "expires_at": instant(coupon_list.expires_at),
            "total": coupon_list.total,
            "available": coupon_list.available,
            "created_at": instant(coupon_list.created_at),
            "updated_at": instant(coupon_list.updated_at),
            "created_by": coupon_list.created_by,
            "subscribers": None if coupon_list.subscribers is None else list(coupon_list.subscribers),
            "alerts": coupon_list.alerts and alerts_document(coupon_list.alerts),
            "snippet": coupon_list.snippet,
        },
        coupon_list.raw if raw else None,
    )


def alerts_document(alerts: Alerts) -> Document:
    """When a vendor mails about a list; whom stands beside it."""
    return {
        "success": alerts.success,
        "failure": alerts.failure,
        "shortage": alerts.shortage,
        "expiry_days": alerts.expiry_days,
    }


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
            "vendor_status": part.vendor_status or None,
            "rows": part.rows,
            "accepted": part.accepted,
            "rejected": part.rejected,
            "error_file": part.error_file,
            "success_file": part.success_file,
            "created_at": instant(part.created_at),
            "updated_at": instant(part.updated_at),
        },
        part.raw if raw else None,
    )


def coupon_document(coupon: Coupon, *, raw: bool = False) -> Document:
    """A coupon as it stands for one customer."""
    redemptions = coupon.redemptions
    return _with_raw(
        {
            "connection": coupon.connection,
            "id": coupon.id,
            "code": coupon.code,
            "list_id": coupon.list_id,
            "list_name": coupon.list_name,
            "description": coupon.description,
            "status": str(coupon.status),  # a third of the time that `.value` takes, and there are many
            "issued_at": instant(coupon.issued_at),
            "expires_at": instant(coupon.expires_at),
            "redemption_count": coupon.redemption_count,
            "redemptions_left": coupon.redemptions_left,
            "redemptions": None
            if redemptions is None
            else [_redemption_document(one) for one in redemptions],
            "issued_at_store": _store_document(coupon.issued_at_store),
            "issued_transaction": coupon.issued_transaction,
            "purpose": coupon.purpose,
            "discount": _discount_document(coupon.discount),
            "properties": dict(coupon.properties),
            "approximate": list(coupon.approximate),
            "source": str(coupon.source),
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


def lookup_document(
    answer: LookupAnswer,
    *,
    raw: bool = False,
    shown: Callable[[Coupon, list[str]], Any] | None = None,
    with_names: bool = True,
) -> Document:
    """The unified answer; each coupon also tells at which other connections the same code was found.

    Args:
        answer: The answer.
        raw: Whether to add the vendors' own objects.
        shown: Makes what stands for a coupon, of it and of those connections; its document by default.
        with_names: Whether the customer's names are told, which are personal data.
    """
    shared = answer.shared_codes
    show = shown or (lambda coupon, others: {**coupon_document(coupon, raw=raw), "also_at": others})
    return {
        "customer": customer_document(answer.customer),
        "complete": answer.complete,
        "coupons": [
            show(coupon, [name for name in shared.get(coupon.code, ()) if name != one.connection])
            for one in answer.answers
            for coupon in one.coupons
        ],
        "answers": [answer_document(one, raw=raw, with_names=with_names) for one in answer.answers],
    }


def customer_document(customer: Customer) -> Document:
    """The customer by the identifier that was given, as it was given."""
    return {customer.identifier.value: customer.value}


def answer_document(answer: Answer, *, raw: bool = False, with_names: bool = True) -> Document:
    """What one connection answered, without its coupons."""
    document = {
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
        "asked_as": list(answer.asked_as),
        "identified_by": answer.identified_by,
        "first_name": answer.first_name if with_names else None,
        "last_name": answer.last_name if with_names else None,
    }
    return _with_raw(document, answer.raw if raw else None)


def connection_document(
    name: str,
    *,
    adapter: str,
    vendor: str | None,
    capabilities: Iterable[str] | None = None,
    limits: Mapping[str, int] | None = None,
    left: Mapping[str, int] | None = None,
    error: CouponhubError | None = None,
) -> Document:
    """A configured connection, and what it can do; None where it cannot be opened."""
    return {
        "connection": name,
        "adapter": adapter,
        "vendor": vendor,
        "capabilities": None if capabilities is None else list(capabilities),
        "limits": None if limits is None else dict(limits),
        "left": None if left is None else dict(left),
        "error": error and error_object(error),
    }


def report_import_document(done: ReportImport) -> Document:
    """What came of importing a usage report."""
    return {
        "connection": done.connection,
        "list_id": done.list_id,
        **_days_document(done.days),
        "file": done.file,
        "rows": done.rows,
        "added": done.added,
        "known": done.rows - done.added - done.withheld,
        "withheld": done.withheld,
        "repeated": done.repeated,
        "imported_at": instant(done.imported_at),
        "warnings": list(done.warnings),
    }


def coverage_document(coverage: ListCoverage) -> Document:
    """Which days of a list are covered by usage reports."""
    request = coverage.request
    return {
        "connection": coverage.connection,
        "list_id": coverage.list_id,
        "list_name": coverage.list_name,
        "created_on": coverage.created_on and coverage.created_on.isoformat(),
        "reports": coverage.reports,
        "covered": [_days_document(days) for days in coverage.covered],
        "missing": [_days_document(days) for days in coverage.missing],
        "as_of": instant(coverage.as_of),
        "request": request
        and {**_days_document(request.days), "wait_days": request.wait_days, "command": request.command},
    }


def _days_document(days: DaySpan) -> Document:
    return {"from": days.first.isoformat(), "to": days.last.isoformat()}


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


def moment(text: str) -> datetime:
    """Read a day (its first second in UTC), or an RFC 3339 instant.

    Raises:
        ValueError: It is neither, or lacks its offset; the text does not quote it.
    """
    try:
        if len(text) == len("2026-01-31"):
            return datetime.combine(date.fromisoformat(text), time(), UTC)
        read = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("is neither a day nor an RFC 3339 instant") from None
    if read.tzinfo is None:
        raise ValueError("lacks its offset; add Z for UTC")
    try:
        return read.astimezone(UTC)
    except OverflowError:
        raise ValueError("is outside of the calendar") from None


def _with_raw(document: Document, raw: Mapping[str, Any] | None) -> Document:
    return document if raw is None else {**document, "raw": dict(raw)}
