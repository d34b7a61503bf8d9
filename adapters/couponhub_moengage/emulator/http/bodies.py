"""Reads request bodies as strictly as the vendor: unknown keys, then missing keys, then types, then values.

Nothing here knows a list; what depends on one (does it exist, is the name taken) is checked by the workspace.
"""

import json
import re
from datetime import date
from typing import NoReturn
from urllib.parse import urlsplit

import attrs

from couponhub_moengage.emulator.http import refusals
from couponhub_moengage.emulator.http.shapes import Body, Kind, Shape

_ALERTS = Shape(
    keys={
        "success_alert": Kind.FLAG,
        "failure_alert": Kind.FLAG,
        "coupon_shortage_alert": Shape(keys={"alert": Kind.FLAG, "threshold_count": Kind.WHOLE}),
        "expiry_alert": Shape(keys={"alert": Kind.FLAG, "days_before": Kind.WHOLE}),
    }
)
_CHANGE = Shape(
    keys={
        "name": Kind.TEXT,
        "expires_at": Kind.TEXT,
        "email_alert_subscribers": Kind.TEXTS,
        "alert_conditions": _ALERTS,
    }
)
_NEW_LIST = Shape(
    keys={**_CHANGE.keys, "label": Kind.TEXT, "created_by": Kind.TEXT},
    required=("name", "label", "expires_at", "created_by"),
)
_ACTIVATION = Shape(keys={"expires_at": Kind.TEXT}, required=("expires_at",))
_UPLOAD = Shape(
    keys={
        "file_url": Kind.TEXT,
        "name": Kind.TEXT,
        "file_url_auth_username": Kind.TEXT,
        "file_url_auth_password": Kind.TEXT,
        "created_by": Kind.TEXT,
        "callback_url": Kind.TEXT,
    }
)
_REPORT = Shape(
    keys={"start_date": Kind.TEXT, "end_date": Kind.TEXT, "email_subscribers": Kind.TEXTS},
    required=("start_date", "end_date", "email_subscribers"),
)

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_EMAIL = re.compile(r"[^@\s,;]+@[^@\s,;]+\.[^@\s,;]+")
_BETWEEN_URLS = re.compile(r"[\s,;|]+(?=https?://)", re.IGNORECASE)


@attrs.frozen(kw_only=True)
class AlertConditions:
    """The conditions of mails to a list's subscribers; None where an alert with a number is off."""

    success: bool = False
    failure: bool = False
    threshold_count: int | None = None
    days_before: int | None = None

    def refuse_beyond(self, expires: date, today: date) -> None:
        """Refuse reminders that would begin before today."""
        if self.days_before is not None and self.days_before > (expires - today).days:
            raise refusals.alert_beyond_expiry()


@attrs.frozen(kw_only=True)
class NewList:
    """A list to be created. `expires` is a day in the workspace's zone."""

    name: str
    label: str
    expires: date
    created_by: str
    subscribers: tuple[str, ...] = ()
    alerts: AlertConditions = AlertConditions()


@attrs.frozen(kw_only=True)
class ListUpdate:
    """A change of a list; None stays as it is."""

    name: str | None = None
    expires: date | None = None
    subscribers: tuple[str, ...] | None = None
    alerts: AlertConditions | None = None


@attrs.frozen(kw_only=True)
class FileOrder:
    """A file that is to be fetched; `credentials` are for its host."""

    file_url: str
    name: str
    created_by: str = ""
    callback_url: str = ""
    credentials: tuple[str, str] | None = attrs.field(default=None, repr=False)


@attrs.frozen(kw_only=True)
class ReportOrder:
    """The days of a usage report, both included, in the workspace's zone, and who is mailed."""

    start: date
    end: date
    recipients: tuple[str, ...]


def read_json_object(content_type: str, raw: bytes) -> Body:
    """Decode a body, which must be declared as JSON and be an object."""

    def refuse(_: str) -> NoReturn:
        raise refusals.bad_json()

    if content_type != "application/json":
        raise refusals.bad_json()
    try:
        body = json.loads(raw, parse_constant=refuse)
    except (ValueError, RecursionError):
        raise refusals.bad_json() from None
    if not isinstance(body, dict):
        raise refusals.bad_json()
    return body


def read_new_list(body: Body, *, today: date) -> NewList:
    """The body of "Create a Coupon List"."""
    _check(body, _NEW_LIST, missing_code="missing-mandatory-attributes")
    name, label = _filled(body, "name"), _filled(body, "label")
    expires = _future_day(body, today=today)
    created_by = _filled(body, "created_by")
    subscribers = _emails(body, "email_alert_subscribers")
    alerts = _alerts(body)
    alerts.refuse_beyond(expires, today)
    return NewList(
        name=name,
        label=label,
        expires=expires,
        created_by=created_by,
        subscribers=subscribers,
        alerts=alerts,
    )


def read_list_update(body: Body, *, today: date) -> ListUpdate:
    """The body of "Update a Coupon List". An empty one is refused; the vendor does not say how."""
    if not body:
        raise refusals.bad_json()
    _check(body, _CHANGE)
    return ListUpdate(
        name=_filled(body, "name") if "name" in body else None,
        expires=_future_day(body, today=today) if "expires_at" in body else None,
        subscribers=_emails(body, "email_alert_subscribers") if "email_alert_subscribers" in body else None,
        alerts=_alerts(body) if "alert_conditions" in body else None,
    )


def read_activation(body: Body, *, today: date) -> date:
    """The body of "Activate a Coupon List": the new last day."""
    _check(body, _ACTIVATION)
    return _future_day(body, today=today)


def read_file_order(body: Body) -> FileOrder:
    """The body of "Upload a Coupon File to the Coupon List".

    Whether the address is any good shows when it is fetched; only none and several are refused at once.
    """
    _refuse_unknown(body, _UPLOAD)
    match body.get("file_url", ""):
        case "" | []:
            raise refusals.empty_file_url()
        case [_, _, *_]:
            raise refusals.several_file_urls()
        case str() as text if not text.strip():
            raise refusals.empty_file_url()
    _refuse_mistyped(body, _UPLOAD)
    url = str(body["file_url"])
    if len(_BETWEEN_URLS.split(url)) > 1:
        raise refusals.several_file_urls()
    name = _filled(body, "name") if "name" in body else _last_segment(url)
    created_by = _filled(body, "created_by") if "created_by" in body else ""
    callback_url = str(body.get("callback_url", ""))
    if "callback_url" in body and not callback_url.lower().startswith(("http://", "https://")):
        raise refusals.bad_value("callback_url")
    credentials = None
    if "file_url_auth_username" in body or "file_url_auth_password" in body:
        credentials = (body.get("file_url_auth_username", ""), body.get("file_url_auth_password", ""))
    return FileOrder(
        file_url=url, name=name, created_by=created_by, callback_url=callback_url, credentials=credentials
    )


def read_report_order(body: Body, *, today: date) -> ReportOrder:
    """The body of "Generate a usage report"."""
    _check(body, _REPORT)
    start, end = _day(body, "start_date"), _day(body, "end_date")
    recipients = _emails(body, "email_subscribers")
    if not recipients:
        raise refusals.bad_value("email_subscribers")
    if end > today:
        raise refusals.report_in_future()
    if start > end:
        raise refusals.bad_value("start_date")
    return ReportOrder(start=start, end=end, recipients=recipients)


def _check(body: Body, shape: Shape, *, missing_code: str = "invalid-request") -> None:
    _refuse_unknown(body, shape)
    for key in shape.required:
        if key not in body:
            raise refusals.missing_key(key, code=missing_code)
    _refuse_mistyped(body, shape)


def _refuse_unknown(body: Body, shape: Shape) -> None:
    if unknown := list(shape.unknown(body)):
        raise refusals.unknown_keys(unknown)


def _refuse_mistyped(body: Body, shape: Shape) -> None:
    if not shape.fits(body):
        raise refusals.wrong_type()


def _filled(body: Body, key: str) -> str:
    if not body[key]:
        raise refusals.bad_value(key)
    return str(body[key])


def _day(body: Body, key: str) -> date:
    # fromisoformat alone would also take 20241025 and 2024-W43-5.
    if _DATE.fullmatch(body[key]):
        try:
            return date.fromisoformat(body[key])
        except ValueError:
            pass
    raise refusals.bad_value(key)


def _future_day(body: Body, *, today: date) -> date:
    expires = _day(body, "expires_at")
    if expires < today:
        raise refusals.past_expiry()
    return expires


def _emails(body: Body, key: str) -> tuple[str, ...]:
    emails = tuple(body.get(key, ()))
    if not all(_EMAIL.fullmatch(email) for email in emails):
        raise refusals.bad_value(key)
    return emails


def _alerts(body: Body) -> AlertConditions:
    conditions = body.get("alert_conditions", {})
    return AlertConditions(
        success=conditions.get("success_alert", False),
        failure=conditions.get("failure_alert", False),
        days_before=_alert_number(conditions.get("expiry_alert", {}), "days_before"),
        threshold_count=_alert_number(conditions.get("coupon_shortage_alert", {}), "threshold_count"),
    )


def _alert_number(alert: Body, key: str) -> int | None:
    if not alert.get("alert", False):
        if key in alert:
            raise refusals.alert_off_with(key)
        return None
    if key not in alert:
        raise refusals.alert_without(key)
    if alert[key] < 0:
        raise refusals.bad_value(key)
    return int(alert[key])


def _last_segment(url: str) -> str:
    try:
        return urlsplit(url).path.rpartition("/")[2]
    except ValueError:
        return ""
