"""MoEngage's requests and replies as literals."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import attrs
import pytest

from couponhub.errors import (
    AuthRejected,
    Conflict,
    NotFound,
    PermissionDenied,
    QuotaExhausted,
    RateLimited,
    RequestRejected,
    UnreadableReply,
    UsageError,
    VendorError,
    VendorUnavailable,
)
from couponhub.secret import Secret
from couponhub.transport import Reply
from couponhub_moengage import wire

READER = wire.ReplyReader()

LIST = {
    "_id": "66f0c1d2e3a4b5c6d7e8f901",
    "name": "Spring welcome",
    "label": "spring_welcome",
    "expires_at": "2026-03-31T18:29:00.000Z",
    "status": "ACTIVE",
    "total_coupons": 1200,
    "available_coupons": 75,
    "created_at": "2026-01-02T03:04:05.000Z",
    "updated_at": "2026-01-03T03:04:05.000Z",
    "email_alert_subscribers": ["ops@example.com"],
    "created_by": "Ada",
    "personalization_snippet": "{{Coupons.CouponListName[spring_welcome]}}",
}
FILE = {
    "_id": "66f0c1d2e3a4b5c6d7e8f9aa",
    "coupon_list_id": "66f0c1d2e3a4b5c6d7e8f901",
    "name": "batch-1.csv",
    "status": "PENDING",
    "file_url": "https://files.example.com/batch-1.csv",
    "created_at": "2026-01-02T03:04:05.000Z",
    "updated_at": "2026-01-02T03:04:05.000Z",
    "added_coupons": 0,
    "created_by": "Ada",
}


def reply(body: object = None, *, status: int = 200, headers: dict[str, str] | None = None) -> Reply:
    """A reply with that JSON, or those very bytes."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply(status=status, headers=headers or {}, body=raw)


def refused(code: str, message: str = "No.", *, status: int = 400) -> Reply:
    """A refusal in the coupon pages' envelope."""
    return reply({"error": {"code": code, "message": message}}, status=status)


def test_create_list_sends_everything_explicitly() -> None:
    """Creation sends the documented keys, all of them, and a plain day."""
    request = wire.create_list_request(
        name="Spring",
        label="spring",
        expires=datetime(2026, 3, 31, 12, tzinfo=UTC),
        created_by="Ada",
        subscribers=("ops@example.com",),
        alert_conditions={"success_alert": False},
        unknown_hint="look",
    )
    assert (request.method, request.path, request.changes) == ("POST", "/coupon-list", True)
    assert request.body == {
        "name": "Spring",
        "label": "spring",
        "expires_at": "2026-03-31",
        "created_by": "Ada",
        "email_alert_subscribers": ["ops@example.com"],
        "alert_conditions": {"success_alert": False},
    }


def test_upload_sends_optional_keys_only_when_given() -> None:
    """An upload has name and creator always, credentials and callback only when there are any."""
    arguments: dict[str, Any] = {
        "file_url": "https://f.example.com/a.csv",
        "name": "a",
        "created_by": "Ada",
        "unknown_hint": "",
    }
    bare = wire.upload_file_request("L1", **arguments, username=None, password=None, callback_url=None)
    full = wire.upload_file_request(
        "L1", **arguments, username="u", password=Secret("p"), callback_url="https://c/"
    )
    always = {"file_url": "https://f.example.com/a.csv", "name": "a", "created_by": "Ada"}
    assert bare.path == "/coupon-list/L1/files"
    assert bare.body == always
    assert full.body == {
        **always,
        "file_url_auth_username": "u",
        "file_url_auth_password": Secret("p"),
        "callback_url": "https://c/",
    }


def test_usage_report_names_its_recipients_in_its_own_key() -> None:
    """The report's key is email_subscribers, unlike the list's."""
    request = wire.usage_report_request(
        "L1", start=date(2026, 1, 2), end=date(2026, 1, 2), recipients=["a@example.com"], unknown_hint=""
    )
    assert request.path == "/coupon-list/L1/usage-report"
    assert request.body == {
        "start_date": "2026-01-02",
        "end_date": "2026-01-02",
        "email_subscribers": ["a@example.com"],
    }


def test_reads_change_nothing_and_name_a_status() -> None:
    """Reads are repeatable, and all lists are asked for by one status."""
    requests = [
        wire.fetch_lists_request("EXPIRED"),
        wire.fetch_list_request("a/b"),
        wire.fetch_files_request("L1"),
        wire.fetch_file_request("L1", "F1"),
    ]
    assert requests[0].query == (("status", "EXPIRED"),)
    assert [request.path for request in requests] == [
        "/coupon-list",
        "/coupon-list/a%2Fb",
        "/coupon-list/L1/files",
        "/coupon-list/L1/files/F1",
    ]
    assert [(request.method, request.changes, request.body) for request in requests] == [
        ("GET", False, None)
    ] * 4


@pytest.mark.parametrize(
    ("method", "changes"),
    [("get", False), ("HEAD", False), ("post", True), ("PATCH", True), ("OPTIONS", True)],
)
def test_a_call_of_the_users_own_knows_whether_it_writes(method: str, changes: bool) -> None:
    """Only GET and HEAD are taken to be repeatable."""
    request = wire.any_request(method, "coupon-list", {"status": "ACTIVE"}, None)
    assert (request.method, request.changes) == (method.upper(), changes)
    assert (request.path, request.query) == ("/coupon-list", (("status", "ACTIVE"),))


@pytest.mark.parametrize("method", ["", "GET /x HTTP/1.1\r\n", "G-T", "gét"])
def test_a_method_is_a_word(method: str) -> None:
    """A method that is no plain word is refused."""
    with pytest.raises(UsageError):
        wire.any_request(method, "coupon-list", {}, None)


def test_a_list_is_read_whole() -> None:
    """Every documented field that couponhub uses is read, and the object is kept as it came."""
    assert READER.list(reply({**LIST, "new_field": [1]})) == wire.WireList(
        id="66f0c1d2e3a4b5c6d7e8f901",
        name="Spring welcome",
        label="spring_welcome",
        status="ACTIVE",
        expires_at=datetime(2026, 3, 31, 18, 29, tzinfo=UTC),
        total_coupons=1200,
        available_coupons=75,
        email_alert_subscribers=("ops@example.com",),
        created_by="Ada",
        personalization_snippet="{{Coupons.CouponListName[spring_welcome]}}",
        created_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        updated_at=datetime(2026, 1, 3, 3, 4, 5, tzinfo=UTC),
    )
    assert READER.list(reply({**LIST, "new_field": [1]})).raw == {**LIST, "new_field": [1]}


def test_everything_but_the_id_may_be_missing_or_null() -> None:
    """A list of which only the id is known is readable, its other fields unknown."""
    nulls: dict[str, object] = dict.fromkeys(LIST)
    assert READER.list(reply({"_id": "x"})) == wire.WireList(id="x")
    assert READER.list(reply({**nulls, "_id": "x"})) == wire.WireList(id="x")
    assert READER.file(reply({**dict.fromkeys(FILE), "_id": "x"})) == wire.WireFile(id="x")


def test_a_field_called_raw_is_no_way_in() -> None:
    """A field of the vendor's that is named like one of ours does not replace it."""
    document = {"_id": "x", "raw": {"name": "y"}, "id": "z"}
    assert READER.list(reply(document)).raw == document
    assert READER.list(reply(document)).id == "x"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-31T18:29:00", datetime(2026, 3, 31, 18, 29, tzinfo=UTC)),
        ("2026-03-31T18:29:00.000Z", datetime(2026, 3, 31, 18, 29, tzinfo=UTC)),
        ("2026-03-31T23:59:00+05:30", datetime(2026, 3, 31, 18, 29, tzinfo=UTC)),
        ("2026-03-31", datetime(2026, 3, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_expiry_in_its_three_forms(text: str, expected: datetime) -> None:
    """A naive moment is UTC, a zoned one is converted, a day lasts until its end."""
    assert READER.list(reply({**LIST, "expires_at": text})).expires_at == expected


def test_a_day_of_creation_counts_from_its_start() -> None:
    """Only an expiry counts to the end of its day."""
    read = READER.list(reply({**LIST, "created_at": "2026-01-02"}))
    assert read.created_at == datetime(2026, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        "soon",
        "",
        "2026-02-30",
        "20260331",
        "2026-W14-2",
        "31/03/2026",
        "0001-01-01T00:00:00+14:00",
        1767225600,
        True,
    ],
)
def test_other_expiries_are_unknown(value: object) -> None:
    """What is no date is never guessed at, and costs nothing but itself."""
    read = READER.list(reply({**LIST, "expires_at": value}))
    assert (read.expires_at, read.odd, read.name) == (None, ("expires_at",), "Spring welcome")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (["a@example.com", "b@example.com"], ("a@example.com", "b@example.com")),
        ("a@example.com", ("a@example.com",)),
        ("a@example.com, b@example.com", ("a@example.com", "b@example.com")),
        ("", ()),
        (None, ()),
    ],
)
def test_subscribers_in_every_documented_form(value: object, expected: tuple[str, ...]) -> None:
    """An array, one text, several by commas and null all become the addresses."""
    assert READER.list(reply({**LIST, "email_alert_subscribers": value})).email_alert_subscribers == expected


@pytest.mark.parametrize("key", ["coupon_list_id", "coupons_list_id"])
def test_a_file_names_its_list_under_either_key(key: str) -> None:
    """The plural of the upload's answer and the singular of the reads mean the same."""
    assert READER.file(reply({"_id": "F1", key: "L1"})).list_id == "L1"


@pytest.mark.parametrize("value", [7, "", " ", None, ["x"]])
def test_an_id_that_is_none_is_unreadable_by_its_path(value: object) -> None:
    """Identity rests on the id: without one there is no list, and the error names where, never the value."""
    with pytest.raises(UnreadableReply, match=r"\$\.id") as caught:
        READER.list(reply({**LIST, "_id": value, "name": "SECRET-77"}))
    assert "SECRET" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", 7),
        ("label", ["x"]),
        ("status", True),
        ("total_coupons", "1200"),
        ("total_coupons", 12.9),
        ("total_coupons", 12.0),
        ("available_coupons", True),
        ("email_alert_subscribers", [1]),
        ("email_alert_subscribers", {"a": 1}),
        ("created_at", {}),
        ("created_at", "string"),
        ("created_by", 7),
        ("personalization_snippet", []),
        ("alert_conditions", "off"),
        ("alert_conditions", {"success_alert": "yes"}),
        ("alert_conditions", {"expiry_alert": {"alert": True}}),
        ("alert_conditions", {"coupon_shortage_alert": {"alert": True, "threshold_count": 9.0}}),
        ("alert_conditions", {"coupon_shortage_alert": 9}),
    ],
)
def test_a_field_of_another_form_is_unknown(
    field: str, value: object, caplog: pytest.LogCaptureFixture
) -> None:
    """It is None, the rest is as it was; the log names it once, and never its value."""
    reader, document = wire.ReplyReader("engage"), {**LIST, field: value, "label": "SECRET-LABEL"}
    document = document if field != "label" else {**LIST, field: value}
    for _ in range(2):
        read = reader.list(reply(document))
    assert (getattr(read, field), read.odd) == (None, (field,))
    expected = READER.list(reply({key: inner for key, inner in document.items() if key != field}))
    assert attrs.evolve(read, **{field: getattr(expected, field)}) == expected
    assert [record.getMessage() for record in caplog.records] == [
        f"engage: {field} of lists comes in a form that MoEngage does not document, and counts as unknown"
    ]


def test_one_odd_row_leaves_the_others() -> None:
    """Readable rows are answered, and each other one is counted with its path."""
    rows = READER.lists(reply({"data": [LIST, {"name": "no id"}, "odd", {**LIST, "_id": "second"}]}))
    assert [row.id for row in rows.readable] == ["66f0c1d2e3a4b5c6d7e8f901", "second"]
    assert [fault.rpartition(" @ ")[2] for fault in rows.faults] == ["$.data[1].id", "$.data[2]"]


@pytest.mark.parametrize("read", [READER.list, READER.lists, READER.file, READER.files, READER.sentence])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>Welcome</html>",
        b'{"data": [',
        b"null",
        b"[]",
        b"7",
        b'"text"',
        b"{}",
        b'{"data": null}',
        b"\xff",
    ],
)
def test_a_success_of_another_shape_is_unreadable(read: Callable[[Reply], object], body: bytes) -> None:
    """HTML, half a JSON, nothing at all and other shapes are never taken for an empty answer."""
    with pytest.raises(UnreadableReply):
        read(reply(body))


def test_a_sentence_is_read() -> None:
    """The report's request answers a sentence."""
    assert READER.sentence(reply({"message": "On its way."})) == "On its way."


def test_a_call_of_the_users_own_reads_anything() -> None:
    """Any JSON is decoded, an empty success is None, and an error stays one."""
    assert READER.anything(reply([1, "2"])) == [1, "2"]
    assert READER.anything(reply(b"", status=204)) is None
    with pytest.raises(UnreadableReply):
        READER.anything(reply(b"<html>"))
    with pytest.raises(NotFound):
        READER.anything(reply(b"", status=404))


@pytest.mark.parametrize(
    ("answer", "expected", "vendor_code"),
    [
        (refused("invalid-request"), RequestRejected, "invalid-request"),
        (refused("bad-request"), RequestRejected, "bad-request"),
        (refused("missing-mandatory-attributes"), RequestRejected, "missing-mandatory-attributes"),
        (refused("duplicate-coupon-list-name"), Conflict, "duplicate-coupon-list-name"),
        (refused("duplicate-coupon-list-label"), Conflict, "duplicate-coupon-list-label"),
        (refused("coupon-list-not-found", status=404), NotFound, "coupon-list-not-found"),
        (refused("coupon-list-not-found"), NotFound, "coupon-list-not-found"),
        (refused("bad-request", "The list ID was Not Found."), NotFound, "bad-request"),
        (refused("request-unauthenticated", status=401), AuthRejected, "request-unauthenticated"),
        (refused("request-forbidden", status=403), PermissionDenied, "request-forbidden"),
        (refused("unexpected-error", status=500), VendorUnavailable, "unexpected-error"),
        (reply(b"<html>Bad gateway</html>", status=502), VendorUnavailable, None),
        (reply(b"", status=503), VendorUnavailable, None),
        (reply(b"", status=429), RateLimited, None),
        (
            reply({"error": "IP Validation Required", "message": "Check your IP!"}, status=403),
            PermissionDenied,
            None,
        ),
        (reply({"error-code": "thing-not-found", "message": "?"}, status=404), NotFound, "thing-not-found"),
        (reply({"error-code": "thing-not-found", "message": "?"}, status=400), NotFound, "thing-not-found"),
        (
            reply({"status": "fail", "error": {"type": "Bad Request"}}, status=400),
            RequestRejected,
            "Bad Request",
        ),
        (reply({"error": {"code": 7, "message": ["x"]}}, status=400), RequestRejected, None),
        (reply([1], status=418), RequestRejected, None),
    ],
)
def test_every_envelope_becomes_its_typed_error(
    answer: Reply, expected: type[VendorError], vendor_code: str | None
) -> None:
    """Status and code decide the class, whatever envelope they come in."""
    error = wire.read_error(answer)
    assert type(error) is expected
    assert (error.vendor_code, error.status) == (vendor_code, answer.status)


def test_the_generic_text_about_duplicates_is_no_conflict() -> None:
    """A catch-all that mentions duplicates proves none."""
    error = wire.read_error(
        refused("bad-request", "Possible issues include duplicates and invalid data types.")
    )
    assert type(error) is RequestRejected


def test_the_vendors_reason_is_passed_on() -> None:
    """A refusal says what MoEngage said, and which support id it gave."""
    envelope = {"status": "fail", "error": {"message": "Bad dates.", "type": "Bad", "request_id": "req1"}}
    error = wire.read_error(reply(envelope, status=400))
    assert str(error) == "MoEngage answered HTTP 400 Bad: Bad dates."
    assert error.request_id == "req1"


def test_a_documented_key_in_a_reason_stays_readable() -> None:
    """Names of keys, which MoEngage quotes, survive the masking."""
    text = "The value provided for the 'email_alert_subscribers' key is invalid."
    assert text in str(wire.read_error(refused("invalid-request", text)))


def test_a_reason_brings_no_personal_data_along() -> None:
    """Addresses, URLs, long numbers, tokens, control characters and endless texts do not get into our errors."""
    reason = (
        "a.buyer@example.com 919876543210 https://files.example.com/t0ken.csv "
        "QmFzZTY0VG9rZW4xMjM0NTY3 \x1b[31m\n\u202e" + "x" * 5000
    )
    text = str(wire.read_error(refused("invalid-request", reason)))
    for leak in ("buyer", "919876543210", "t0ken", "QmFzZ", "\x1b", "\n", "\u202e"):
        assert leak not in text
    assert len(text) < 400


def test_a_body_of_another_form_is_not_quoted() -> None:
    """An unknown body is not repeated; the hint looks at the address instead."""
    error = wire.read_error(reply(b"<html>SECRET-77</html>", status=404))
    assert "SECRET" not in str(error)
    assert "base_url" in error.hint


@pytest.mark.parametrize(
    ("headers", "expected", "retry_after"),
    [
        ({}, RateLimited, None),
        ({"retry-after": "60"}, RateLimited, 60.0),
        ({"retry-after": "61"}, QuotaExhausted, 61.0),
        (
            {"date": "Fri, 02 Jan 2026 03:04:05 GMT", "x-ratelimit-reset": "1767323085"},
            RateLimited,
            40.0,
        ),
        (
            {"date": "Fri, 02 Jan 2026 03:04:05 GMT", "x-ratelimit-reset": "1767398400"},
            QuotaExhausted,
            75355.0,
        ),
        ({"x-ratelimit-reset": "soon"}, RateLimited, None),
    ],
)
def test_a_rate_limit_knows_whether_waiting_helps(
    headers: dict[str, str], expected: type[VendorError], retry_after: float | None
) -> None:
    """A reset within the minute is worth waiting for, a later one is the day's budget."""
    error = wire.read_error(reply(b"", status=429, headers=headers))
    assert (type(error), error.retry_after) == (expected, retry_after)
