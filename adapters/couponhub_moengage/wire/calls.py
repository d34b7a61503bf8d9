"""Requests, with exactly the keys that MoEngage documents: unknown ones are refused there."""

from collections.abc import Mapping, Sequence
from datetime import date

from couponhub.errors import UsageError
from couponhub.secret import Secret
from couponhub.transport import Request, query_pairs
from couponhub.transport.paths import checked_relative_path, path_segment

_LISTS = "/coupon-list"


def create_list_request(
    *,
    name: str,
    label: str,
    expires: date,
    created_by: str,
    subscribers: Sequence[str],
    alert_conditions: Mapping[str, object],
    unknown_hint: str,
) -> Request:
    """Build `POST /coupon-list`. Subscribers and alerts are always sent: what MoEngage assumes is not documented."""
    return Request(
        operation="create list",
        budget="create_list",
        method="POST",
        path=_LISTS,
        body={
            "name": name,
            "label": label,
            "expires_at": _day(expires),
            "created_by": created_by,
            "email_alert_subscribers": list(subscribers),
            "alert_conditions": dict(alert_conditions),
        },
        changes=True,
        unknown_hint=unknown_hint,
    )


def fetch_lists_request(status: str) -> Request:
    """Build `GET /coupon-list` for one status word. Always sent: the pages disagree about the default."""
    return Request(
        operation="fetch lists", budget="fetch_lists", method="GET", path=_LISTS, query=(("status", status),)
    )


def fetch_list_request(list_id: str) -> Request:
    """Build `GET /coupon-list/{id}`."""
    return Request(operation="fetch list", budget="fetch_lists", method="GET", path=_list(list_id))


def update_list_request(
    list_id: str,
    *,
    name: str | None,
    expires: date | None,
    subscribers: Sequence[str] | None,
    alert_conditions: Mapping[str, object] | None,
    unknown_hint: str,
) -> Request:
    """Build `PATCH /coupon-list/{id}` of what is given.

    Alerts are sent whole: whether MoEngage merges partial ones is not documented.
    """
    fields: dict[str, object | None] = {
        "name": name,
        "expires_at": None if expires is None else _day(expires),
        "email_alert_subscribers": None if subscribers is None else list(subscribers),
        "alert_conditions": None if alert_conditions is None else dict(alert_conditions),
    }
    return Request(
        operation="update list",
        budget="update_list",
        method="PATCH",
        path=_list(list_id),
        body={key: value for key, value in fields.items() if value is not None},
        changes=True,
        unknown_hint=unknown_hint,
    )


def activate_list_request(list_id: str, *, expires: date, unknown_hint: str) -> Request:
    """Build `PUT /coupon-list/{id}/activate`."""
    return Request(
        operation="activate list",
        budget="activate_list",
        method="PUT",
        path=f"{_list(list_id)}/activate",
        body={"expires_at": _day(expires)},
        changes=True,
        unknown_hint=unknown_hint,
    )


def archive_list_request(list_id: str, *, unknown_hint: str) -> Request:
    """Build `PUT /coupon-list/{id}/archive`."""
    return Request(
        operation="archive list",
        budget="archive_list",
        method="PUT",
        path=f"{_list(list_id)}/archive",
        changes=True,
        unknown_hint=unknown_hint,
    )


def upload_file_request(
    list_id: str,
    *,
    file_url: str,
    name: str,
    created_by: str,
    username: str | None,
    password: Secret | None,
    callback_url: str | None,
    unknown_hint: str,
) -> Request:
    """Build `POST /coupon-list/{id}/files`. Name and creator are always sent: the pages disagree about need."""
    optional = {
        "file_url_auth_username": username,
        "file_url_auth_password": password,
        "callback_url": callback_url,
    }
    return Request(
        operation="upload file",
        budget="upload",
        method="POST",
        path=_files(list_id),
        body={
            "file_url": file_url,
            "name": name,
            "created_by": created_by,
            **{key: value for key, value in optional.items() if value is not None},
        },
        changes=True,
        unknown_hint=unknown_hint,
    )


def fetch_files_request(list_id: str) -> Request:
    """Build `GET /coupon-list/{id}/files`."""
    return Request(operation="fetch files", budget="fetch_files", method="GET", path=_files(list_id))


def fetch_file_request(list_id: str, file_id: str) -> Request:
    """Build `GET /coupon-list/{id}/files/{file}`."""
    return Request(
        operation="fetch file",
        budget="fetch_file",
        method="GET",
        path=_file(list_id, file_id),
    )


def delete_file_request(list_id: str, file_id: str, *, unknown_hint: str) -> Request:
    """Build `DELETE /coupon-list/{id}/files/{file}`."""
    return Request(
        operation="delete file",
        budget="delete_file",
        method="DELETE",
        path=_file(list_id, file_id),
        changes=True,
        unknown_hint=unknown_hint,
    )


def usage_report_request(
    list_id: str, *, start: date, end: date, recipients: Sequence[str], unknown_hint: str
) -> Request:
    """Build `POST /coupon-list/{id}/usage-report`; both days are included."""
    return Request(
        operation="request usage report",
        budget="usage_report",
        method="POST",
        path=f"{_list(list_id)}/usage-report",
        body={
            "start_date": _day(start),
            "end_date": _day(end),
            "email_subscribers": list(recipients),
        },
        changes=True,
        unknown_hint=unknown_hint,
    )


def any_request(method: str, path: str, query: Mapping[str, str | Sequence[str]], body: object) -> Request:
    """Build a call of the user's own.

    Raises:
        UsageError: The method is no word, or the path leaves the base URL.
    """
    if not (method.isascii() and method.isalpha()):
        raise UsageError("the HTTP method is no word such as GET or POST")
    return Request(
        operation="call",
        method=method.upper(),
        path=checked_relative_path(path),
        query=query_pairs(query),
        body=body,
        changes=method.upper() not in {"GET", "HEAD"},
    )


def _list(list_id: str) -> str:
    return f"{_LISTS}/{path_segment(list_id)}"


def _files(list_id: str) -> str:
    return f"{_list(list_id)}/files"


def _file(list_id: str, file_id: str) -> str:
    return f"{_files(list_id)}/{path_segment(file_id)}"


def _day(day: date) -> str:
    # Not isoformat(): a datetime is a date too, and would bring its time along.
    return day.strftime("%Y-%m-%d")
