"""Documented answers with random damage: nothing escapes but our errors, and no value turns into another."""

import copy
import json
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from couponhub.errors import (
    CouponhubError,
    NotFound,
    RateLimited,
    RequestRejected,
    VendorError,
    VendorUnavailable,
)
from couponhub.models import ListStatus, UploadStatus
from couponhub.transport import Reply
from couponhub_moengage import mapping, wire
from tests.kit.examples import examples

READER = wire.ReplyReader()
CANARIES = ("canary.person", "CANARY-FILE", "CANARY-NAME")

# "Fetch Coupon List Details", "Fetch all Coupon Lists", "Upload a Coupon File ...", "Fetch all Coupon Files ...",
# "Generate Coupon List Usage Report", and the errors of these pages and their neighbours.
ALERTS = {
    "success_alert": True,
    "failure_alert": False,
    "coupon_shortage_alert": {"alert": True, "threshold_count": 10},
    "expiry_alert": {"alert": False},
}
LIST: dict[str, Any] = {
    "_id": "6721d00eefc476c0f67e0d05",
    "name": "CANARY-NAME",
    "label": "signup_coupons",
    "expires_at": "2026-10-26T18:29:00.000Z",
    "status": "ACTIVE",
    "email_alert_subscribers": ["canary.person@example.com"],
    "alert_conditions": ALERTS,
    "created_by": "John",
    "total_coupons": 1200,
    "available_coupons": 75,
    "created_at": "2026-10-01T11:29:00.000Z",
    "updated_at": "2026-10-02T11:29:00",
    "personalization_snippet": "{{Coupons.CouponListName[signup_coupons]}}",
}
LISTS = {"data": [LIST, LIST | {"_id": "6721d00eefc476c0f67e0d06", "expires_at": "2026-10-26"}]}
FILE: dict[str, Any] = {
    "_id": "6721d00eefc476c0f67e0dff",
    "name": "CANARY-FILE.csv",
    "file_url": "https://files.example.com/CANARY-FILE.csv",
    "status": "PENDING",
    "created_by": "John",
    "coupons_list_id": "6721d00eefc476c0f67e0d05",
}
READ_FILE = {
    **FILE,
    "status": "SUCCESS",
    "coupon_list_id": "6721d00eefc476c0f67e0d05",
    "created_at": "2026-10-01T11:29:00.000Z",
    "updated_at": "2026-10-01T11:39:00.000Z",
    "added_coupons": 50,
    "callback_url": "https://hooks.example.com/CANARY-FILE",
}
FILES = {"data": [READ_FILE, READ_FILE | {"_id": "6721d00eefc476c0f67e0d10", "status": "FAILED"}]}
REPORT = {"message": "The usage report for the CANARY-NAME coupons is being processed."}
REFUSALS = (
    {"error": {"code": "duplicate-coupon-list-name", "message": "The coupon list name already exists."}},
    {"error": {"code": "coupon-list-not-found", "message": "The specified coupon list ID was not found."}},
    {"status": "fail", "error": {"message": "No.", "type": "Authentication required", "request_id": "AbC"}},
    {"error-code": "404 Not Found", "message": "No."},
    {"error": "IP Validation Required", "message": "Request from unauthorized IP address"},
)

ODD_VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([0, -1, 10**30, 1.5, 12.0]),
    st.sampled_from(
        [
            *("", " ", "true", "12", "ACTIVE", "active ", "ARCHIVED", "PENDING", "SUCCESS", "SOMETHING_NEW"),
            *(
                "0001-01-01T00:00:00+14:00",
                "9999-12-31T23:59:59-12:00",
                "2026-02-30",
                "2026-W05-1",
                "20260101",
            ),
            *(
                "2026-10-26T18:29:00.123456789Z",
                "2026-10-26T24:00",
                "2026-10-26 18:29",
                "2026-10-26T18:29+05:30",
            ),
        ]
    ),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=12),
    st.sampled_from([[], {}, [[]], [None], {"x": 1}, {"_id": "y"}, ["a@example.com", 7]]),
)


def places(node: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) of a decoded body."""
    found: list[tuple[Any, Any]] = []
    keys = node.keys() if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ()
    for key in keys:
        found.append((node, key))
        found.extend(places(node[key]))
    return found


@st.composite
def damaged(draw: st.DrawFn, *bodies: Mapping[str, Any], status: int | None = 200) -> Reply:
    """Make a reply of one of the bodies with some values replaced, removed or repeated."""
    body = copy.deepcopy(draw(st.sampled_from(bodies)))
    for _ in range(draw(st.integers(1, 4))):
        spots = places(body)
        if not spots:
            break
        container, key = draw(st.sampled_from(spots))
        match draw(st.integers(0, 3)):
            case 0:
                del container[key]
            case 1 if isinstance(container, list):
                container.append(container[key])
            case _:
                container[key] = copy.deepcopy(draw(ODD_VALUES))
    if status is None:
        status = draw(st.sampled_from([200, 204, 302, 400, 401, 403, 404, 409, 418, 429, 500, 503, 520]))
    return Reply(status=status, headers={}, body=json.dumps(body).encode())


def moment(text: object, time_of_day: time) -> datetime | None:
    """What a time means: in UTC where it names no zone, a day from its start or to its end; None for no time."""
    if not isinstance(text, str) or not re.fullmatch(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d\S*)?", text, re.ASCII):
        return None
    try:
        if len(text) == len("2026-10-26"):
            return datetime.combine(date.fromisoformat(text), time_of_day, UTC)
        read = datetime.fromisoformat(text)
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def assert_faithful(body: Any, row: wire.WireList | wire.WireFile) -> None:
    """Assert that every value is the body's own where it is of the documented type, and else unknown."""
    figures = ("total_coupons", "available_coupons", "added_coupons")
    texts = ("name", "status", "label", "created_by", "personalization_snippet", "file_url", "callback_url")
    assert body["_id"] == row.id
    for kind, names in ((int, figures), (str, (*texts, "coupon_list_id", "coupons_list_id"))):
        for name in names:
            if hasattr(row, name):
                assert (body.get(name) if type(body.get(name)) is kind else None) == getattr(row, name)
    assert moment(body.get("created_at"), time.min) == row.created_at
    assert moment(body.get("updated_at"), time.min) == row.updated_at
    if isinstance(row, wire.WireList):
        assert moment(body.get("expires_at"), time(23, 59, 59)) == row.expires_at
        assert_faithful_subscribers(body.get("email_alert_subscribers"), row.email_alert_subscribers)
    assert body == row.raw


def assert_faithful_subscribers(shown: Any, read: tuple[str, ...] | None) -> None:
    """Assert that subscribers are those that came, in whichever form."""
    if isinstance(shown, list):
        assert (tuple(shown) if all(type(one) is str for one in shown) else None) == read
    elif isinstance(shown, str):
        assert ",".join(read or ()).replace(" ", "") in shown.replace(" ", "")
    else:
        assert (() if shown is None else None) == read


def assert_silent(error: CouponhubError) -> None:
    """Assert that an error quotes nothing of the body that could be somebody's, and is one line."""
    assert not [canary for canary in CANARIES if canary in str(error)]
    assert 1 == len(str(error).splitlines())
    assert len(str(error)) < 1000


def assert_as_bad_as(status: int, error: VendorError) -> None:
    """Assert that an error is no milder than its HTTP status, and asks for no time in the past."""
    assert error.retry_after is None or error.retry_after >= 0
    if status >= 500:
        assert isinstance(error, VendorUnavailable)
    elif status == 429:
        assert isinstance(error, RateLimited)
    elif status in {400, 418}:
        assert isinstance(error, (RequestRejected, NotFound))


@settings(max_examples=examples(400), deadline=None)
@given(damaged(LIST, FILE, READ_FILE))
def test_damaged_objects_say_what_is_there(reply: Reply) -> None:
    """Lists and files, damaged, are what the body says, or errors of ours; a status that is new is unknown."""
    body = json.loads(reply.body)
    try:
        found = READER.list(reply)
    except CouponhubError as error:
        assert_silent(error)
    else:
        assert_faithful(body, found)
        made = mapping.coupon_list("engage", found)
        assert (found.id, found.total_coupons, found.available_coupons) == (
            made.id,
            made.total,
            made.available,
        )
        word = body["status"].upper() if isinstance(body.get("status"), str) else ""
        assert made.status == (
            word.lower() if word in {"ACTIVE", "EXPIRED", "ARCHIVED"} else ListStatus.UNKNOWN
        )
    try:
        file = READER.file(reply)
    except CouponhubError as error:
        assert_silent(error)
    else:
        assert_faithful(body, file)
        part = mapping.part(file)
        assert part.accepted is None or body["added_coupons"] == part.accepted
        if part.status is UploadStatus.FAILED:
            assert body.get("added_coupons") in {None, 0}
        if part.status.ended:
            assert body["status"].upper() not in {"PENDING", "PROCESSING", "SOMETHING_NEW"}


@settings(max_examples=examples(300), deadline=None)
@given(damaged(LISTS, FILES))
def test_damaged_listings_lose_no_row(reply: Reply) -> None:
    """Every row of a listing is read as it is, or counted as one that could not be; none vanishes, none is made up."""
    body = json.loads(reply.body)
    for read in (READER.lists, READER.files):
        try:
            rows: wire.WireRows[Any] = read(reply)
        except CouponhubError as error:
            assert_silent(error)
            assert not isinstance(body.get("data"), list)
            continue
        assert len(body["data"]) == len(rows.readable) + len(rows.faults)
        waiting = iter(body["data"])
        for row in rows.readable:
            assert_faithful(next(one for one in waiting if one == row.raw), row)
        assert not [fault for fault in rows.faults for canary in CANARIES if canary in fault]


@settings(max_examples=examples(200), deadline=None)
@given(damaged(LIST, LISTS, READ_FILE, FILES, REPORT), st.data())
def test_cut_answers_are_never_read(reply: Reply, data: st.DataObject) -> None:
    """An answer that breaks off anywhere is an error, whoever reads it, never a shorter answer."""
    length = data.draw(st.integers(0, len(reply.body) - 1))
    cut = Reply(status=200, headers={}, body=reply.body[:length])
    for read in (READER.list, READER.lists, READER.file, READER.files, READER.sentence):
        try:
            read(cut)
        except CouponhubError as error:
            assert_silent(error)
        else:
            raise AssertionError("a broken body was read")


@settings(max_examples=examples(300), deadline=None)
@given(damaged(*REFUSALS, LIST, REPORT, status=None), st.sampled_from([None, "0", "90", "soon", "9" * 30]))
def test_damaged_refusals_are_errors_of_the_tree(reply: Reply, reset: str | None) -> None:
    """Without a success nothing is read, and a refusal is never milder than its HTTP status, whatever stands in it."""
    reply = Reply(status=reply.status, headers={"retry-after": reset} if reset else {}, body=reply.body)
    for read in (READER.list, READER.lists, READER.file, READER.sentence, READER.nothing, READER.anything):
        try:
            answer = read(reply)
        except VendorError as error:
            assert_silent(error)
            assert_as_bad_as(reply.status, error)
        else:
            assert 200 <= reply.status < 300, f"HTTP {reply.status} was read as {type(answer)}"


@settings(max_examples=examples(200), deadline=None)
@given(damaged(REPORT))
def test_damaged_sentences_are_the_vendors(reply: Reply) -> None:
    """What is told of a report is the vendor's own sentence, or an error of ours."""
    try:
        sentence = READER.sentence(reply)
    except CouponhubError as error:
        assert_silent(error)
    else:
        assert json.loads(reply.body)["message"] == sentence
