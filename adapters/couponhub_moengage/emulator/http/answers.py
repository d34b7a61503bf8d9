"""The JSON objects of the vendor's answers; which fields occur differs from endpoint to endpoint."""

from datetime import UTC, datetime
from typing import Any

from couponhub_moengage.emulator.http.bodies import AlertConditions
from couponhub_moengage.emulator.lists import CouponFile, EmulatedList
from couponhub_moengage.emulator.options import Options

Answer = dict[str, Any]


def list_created(held: EmulatedList) -> Answer:
    """The 201 of "Create a Coupon List": no counts, and an expiry without fractions and zone."""
    return {
        "_id": held.id,
        "name": held.name,
        "label": held.label,
        "expires_at": f"{held.expires_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}",
        "created_by": held.created_by,
        "email_alert_subscribers": list(held.subscribers),
        "alert_conditions": _alert_conditions(held.alerts),
        "status": held.status.value,
    }


def list_details(held: EmulatedList) -> Answer:
    """The 200 of "Fetch Coupon List Details"."""
    return {
        **list_created(held),
        "expires_at": instant(held.expires_at),
        "total_coupons": held.total,
        "available_coupons": len(held.available),
        "created_at": instant(held.created_at),
        "updated_at": instant(held.updated_at),
        "personalization_snippet": f"{{{{Coupons.CouponListName[{held.label}]}}}}",
    }


def list_item(held: EmulatedList, options: Options) -> Answer:
    """An item of "Fetch all Coupon Lists"."""
    answer = list_details(held)
    if options.string_subscribers:
        answer["email_alert_subscribers"] = ",".join(held.subscribers)
    return answer


def list_updated(held: EmulatedList, options: Options) -> Answer:
    """The 200 of "Update a Coupon List": no snippet."""
    answer = list_item(held, options)
    del answer["personalization_snippet"]
    return answer


def file_accepted(file: CouponFile, options: Options) -> Answer:
    """The 201 of "Upload a Coupon File": the list's id is spelled `coupons_list_id` here, and only here."""
    return {
        "_id": file.id,
        "coupons_list_id": file.list_id,
        "name": file.name,
        "file_url": file.file_url,
        "created_by": file.created_by,
        "status": options.pending_word,
    }


def file_details(file: CouponFile, options: Options) -> Answer:
    """The 200 of "Fetch a Coupon File", and the body of a callback."""
    words = {
        "pending": options.pending_word,
        "processing": options.processing_word,
        "success": options.success_word,
        "failed": options.failed_word,
    }
    return {
        "_id": file.id,
        "coupon_list_id": file.list_id,
        "name": file.name,
        "file_url": file.file_url,
        "created_by": file.created_by,
        "status": words[file.status.value],
        "created_at": instant(file.created_at),
        "updated_at": instant(file.updated_at),
        "added_coupons": file.added_coupons,
    }


def file_item(file: CouponFile, options: Options) -> Answer:
    """An item of "Fetch all Coupon Files", the only place that echoes the callback's address."""
    return {**file_details(file, options), "callback_url": file.callback_url}


def instant(at: datetime) -> str:
    """An instant as the vendor's reads print it, e.g. `2024-10-26T18:29:00.000Z`."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _alert_conditions(alerts: AlertConditions) -> Answer:
    return {
        "success_alert": alerts.success,
        "failure_alert": alerts.failure,
        "expiry_alert": _alert("days_before", alerts.days_before),
        "coupon_shortage_alert": _alert("threshold_count", alerts.threshold_count),
    }


def _alert(key: str, number: int | None) -> Answer:
    return {"alert": False} if number is None else {"alert": True, key: number}
