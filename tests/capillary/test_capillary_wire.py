"""What Capillary's bodies mean, whatever HTTP status stands above them."""

import json
from datetime import UTC, datetime
from typing import Any

import attrs
import pytest

from couponhub.errors import (
    AuthRejected,
    Conflict,
    CouponhubError,
    NotFound,
    PermissionDenied,
    RateLimited,
    RequestRejected,
    UnreadableReply,
    VendorUnavailable,
)
from couponhub.models import CouponQuery, Identifier, ListId
from couponhub.transport import Reply
from couponhub_capillary.client.endpoints import REQUEST_ID_HEADERS
from couponhub_capillary.wire.customer_coupons import (
    CustomerAnswer,
    Narrowing,
    customer_coupons_request,
    read_customer_coupons,
)
from couponhub_capillary.wire.envelopes import opened_upload, opened_v2
from couponhub_capillary.wire.series import read_series_page, read_written_series
from couponhub_capillary.wire.times import Zones
from couponhub_capillary.wire.uploads import read_accepted_upload, read_upload_jobs
from couponhub_capillary.wire.values import flag, inside, many, whole, word

PLAIN = Zones(server=UTC, server_is_guess=False, store=None)


def reply(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Reply:
    """Make a reply; a body that is not bytes is JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply(status=status, headers=headers or {}, body=content)


def v1(code: Any, customer: Any, success: Any = "true") -> dict[str, Any]:
    """Make a v1.1 answer about what stands under `customer`."""
    status = {"success": success, "code": code, "message": "M"}
    return {"response": {"status": status, "customers": {"customer": customer}}}


def item(code: Any, success: Any = "true", **fields: Any) -> dict[str, Any]:
    """Make a customer entry with that item code."""
    return {**fields, "item_status": {"success": success, "code": code, "message": "M"}}


def found(coupons: Any) -> CustomerAnswer:
    """Read an answer whose customer has that under `coupons`."""
    return read_customer_coupons(reply(v1(200, [item(1000, coupons=coupons)])))


def error_of(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> CouponhubError:
    """The error that a customer answer is."""
    came = attrs.evolve(reply(body, status, headers), request_id_headers=REQUEST_ID_HEADERS)
    with pytest.raises(CouponhubError) as caught:
        read_customer_coupons(came)
    return caught.value


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (200, 200),
        ("200", 200),
        ("200.0", 200),
        (200.0, 200),
        (-1, -1),
        (True, None),
        (200.5, None),
        ("", None),
        ("x", None),
        (None, None),
        (float("inf"), None),
        ("٣", None),
    ],
)
def test_numbers_come_in_either_type(value: object, number: int | None) -> None:
    """Codes and counts are numbers or texts; what is neither is nothing (C-10)."""
    assert number == whole(value)


def test_flags_and_words() -> None:
    """Booleans come as text, ids as numbers; blanks are nothing."""
    assert [
        True,
        True,
        True,
        False,
        None,
        None,
        None,
    ] == [flag(value) for value in ("true", "TRUE", True, "False", "yes", 1, None)]
    assert [
        "007",
        "7",
        "7",
        None,
        None,
        None,
        None,
    ] == [word(value) for value in ("007", 7, 7.0, " ", "", None, True)]


@pytest.mark.parametrize(
    ("value", "elements"),
    [([1, 2], [1, 2]), ({"a": 1}, [{"a": 1}]), (None, []), ("", []), ({}, []), ([], [])],
)
def test_many(value: object, elements: list[object]) -> None:
    """Array, single object, null, blank and empty object all make a list (C-11)."""
    assert elements == list(many(value))


@pytest.mark.parametrize("value", ["text", 0, False, 7])
def test_many_refuses_the_rest(value: object) -> None:
    """What is none of these must not pass for nothing."""
    with pytest.raises(ValueError, match="expected"):
        many(value)


@pytest.mark.parametrize("container", [{"other": []}, ["x"], "x", 0, {"name": 3}])
def test_inside_refuses_the_rest(container: object) -> None:
    """A container that holds something else must not pass for empty."""
    with pytest.raises(ValueError, match="expected"):
        inside(container, "name")


@pytest.mark.parametrize("code", [200, "200", 201, 200.0])
@pytest.mark.parametrize("status", [200, 400, 500])
def test_found_is_request_200_with_item_1000(code: Any, status: int) -> None:
    """The body decides, whatever type its codes have and whatever HTTP says (C-9, C-10)."""
    answer = read_customer_coupons(
        reply(v1(code, [item("1000", coupons={"coupon": [{"code": "A"}]})]), status)
    )

    assert (True, 1000, [{"code": "A"}]) == (answer.known, answer.code, list(answer.rows))


@pytest.mark.parametrize(
    "coupons", [None, "", {}, [], {"coupon": []}, {"coupon": {}}, {"coupon": None}, {"coupon": ""}]
)
def test_found_without_coupons(coupons: Any) -> None:
    """A customer without coupons is a valid answer in any of the shapes of nothing (C-26)."""
    answer = found(coupons)

    assert (True, []) == (answer.known, list(answer.rows))


def test_missing_coupons_prove_nothing() -> None:
    """Where the key is missing altogether nobody said "none": that is no answer (C-26)."""
    with pytest.raises(UnreadableReply):
        read_customer_coupons(reply(v1(200, [item(1000)])))


def test_single_objects_are_read_like_arrays() -> None:
    """Older answers hold objects where newer ones hold arrays (C-11)."""
    answer = read_customer_coupons(reply(v1("200", item("1000", coupons={"coupon": {"code": "A"}}))))

    assert [{"code": "A"}] == list(answer.rows)


@pytest.mark.parametrize("coupons", ["gone", 0, {"coupn": []}, {"coupon": "x"}, ["x"], False])
def test_unreadable_coupons_are_not_none(coupons: Any) -> None:
    """Coupons that cannot be understood must never become a customer without coupons."""
    with pytest.raises(UnreadableReply):
        found(coupons)


@pytest.mark.parametrize("code", [701, 721, 816, 1011, "1012", 8015, "8109"])
@pytest.mark.parametrize("request_code", [500, "500", 200, 201, 400])
def test_unknown_customer(code: Any, request_code: Any) -> None:
    """Seven item codes mean that the customer is not known; that is an answer, not an error (C-12)."""
    answer = read_customer_coupons(reply(v1(request_code, [item(code, "false")], "false")))

    assert (False, int(code)) == (answer.known, answer.code)


@pytest.mark.parametrize(
    "body",
    [
        v1(200, []),
        v1(200, None),
        v1(200, [{"id": "1", "coupons": {"coupon": []}}]),
        v1(200, [item(1000), item(1000)]),
        v1(200, [item(1000, "false")]),
        v1(200, [item(1000)], "false"),
        v1(500, [item(1000)]),
        v1(400, [item(1000)]),
        v1(200, [item(701, "true")]),
        v1(200, [item(None)]),
        v1(200, [item("seven")]),
        v1(200, [item(919876543210)]),
        v1(None, [item(1000)]),
        v1("OK", [item(701, "false")]),
        v1(200, ["x"]),
        v1(200, "x"),
        {"response": {"customers": {"customer": [item(1000)]}}},
        {"response": "x"},
        {},
        [],
        None,
        "x",
        b"<html>maintenance</html>",
        b'{"response": {"status": {"code": 200',
        b"",
        b'{"response": NaN}',
    ],
)
def test_cannot_tell(body: Any) -> None:
    """A success without a customer or its status, a contradiction or garbage says nothing (C-93)."""
    assert type(error_of(body)) is UnreadableReply


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        (v1(401, None, "false"), 200, AuthRejected),
        ({"success": False, "status": 401, "errors": [{"code": 401, "message": "x"}]}, 200, AuthRejected),
        (v1(200, [item(1000)]), 401, AuthRejected),
        (b"<html>", 401, AuthRejected),
        ({"errors": [{"code": 4000, "message": "x"}]}, 403, PermissionDenied),
        ({"errors": [{"code": "4000"}]}, 200, PermissionDenied),
        (b"<html>", 403, PermissionDenied),
        (v1(403, None), 200, PermissionDenied),
        (v1(500, [item(1044, "false")]), 200, PermissionDenied),
        (v1(429, None), 200, RateLimited),
        ({}, 429, RateLimited),
        (v1(500, [item(707, "false")], "false"), 200, NotFound),
        (v1(400, [item("400", "false")], "false"), 200, RequestRejected),
        (v1(500, [item(1015, "false")], "false"), 200, RequestRejected),
        (v1(400, None), 200, RequestRejected),
        (v1(402, None), 200, RequestRejected),
        (v1(408, None), 200, RequestRejected),
        (b"<html>", 408, VendorUnavailable),
        (v1(500, [item(4242, "false")], "false"), 200, UnreadableReply),
        (v1(500, [item(4242, "false")], "false"), 500, VendorUnavailable),
        (v1(500, None), 200, VendorUnavailable),
        (v1(500, [item(999999, "false")]), 200, VendorUnavailable),
        (v1(461, None), 200, VendorUnavailable),
        (v1(503, None), 200, VendorUnavailable),
        (v1(521, None), 200, VendorUnavailable),
        (v1(500, [item(786, "false")]), 200, VendorUnavailable),
        ({"errors": [{"code": 4001}]}, 503, VendorUnavailable),
        (b"<html>", 502, VendorUnavailable),
        (b"<html>", 520, VendorUnavailable),
        ({}, 400, RequestRejected),
        ({}, 500, VendorUnavailable),
    ],
)
def test_refusals(body: Any, status: int, kind: type) -> None:
    """Codes in the body are read first, the HTTP status only where there are none (C-76, C-5 to C-9)."""
    assert type(error_of(body, status)) is kind


def test_error_details() -> None:
    """Code, request id, waiting time and retryability come with the error."""
    error = error_of(v1(429, None), headers={"retry-after": "12", "x-cap-requestid": "abc"})

    assert (
        "429",
        "abc",
        12.0,
        True,
    ) == (error.vendor_code, error.request_id, error.retry_after, error.retryable)


@pytest.mark.parametrize(("code", "sent"), [(4001, False), (521, False), (786, True), (748, True)])
def test_refused_before_any_work(code: int, sent: bool) -> None:
    """Some "try again" codes tell that nothing was done, so that a write may be repeated too."""
    with pytest.raises(VendorUnavailable) as caught:
        opened_v2(reply({"errors": [{"code": code}]}, 503))

    assert caught.value.sent is sent


def test_vendor_texts_are_shown_only_when_documented() -> None:
    """Another text could repeat an identifier or a code."""
    shown = error_of({"errors": [{"code": 4000, "message": "Not authorized. Access is denied!"}]}, 403)
    hidden = error_of({"errors": [{"code": 4000, "message": "customer 919876543210 is off limits"}]}, 403)

    assert "Not authorized. Access is denied!" in str(shown)
    assert "919876543210" not in str(hidden)


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        ({"errors": [{"code": 630, "message": "Duplicate Series Code"}], "success": False}, 200, Conflict),
        ({"errors": [{"code": 752}]}, 400, Conflict),
        ({"errors": {"code": 641}}, 200, RequestRejected),
        ({"errors": [{"code": 707}], "success": False}, 200, NotFound),
        ({"errors": [{"code": 8015}]}, 400, NotFound),
        ({"errors": [{"code": 502}]}, 502, VendorUnavailable),
        ({"errors": [{"code": 730}]}, 200, VendorUnavailable),
        ({"errors": "boom"}, 200, UnreadableReply),
        ({"success": "false"}, 200, UnreadableReply),
        ({"success": False}, 400, RequestRejected),
        (v1(401, None), 200, AuthRejected),
        ({"entity": []}, 404, NotFound),
    ],
)
def test_v2_refusals(body: Any, status: int, kind: type) -> None:
    """`errors` and `success` decide before HTTP does (C-62)."""
    with pytest.raises(CouponhubError) as caught:
        opened_v2(reply(body, status))

    assert type(caught.value) is kind


def test_success_in_a_failures_place_is_unreadable() -> None:
    """A code of success among the errors tells nothing."""
    with pytest.raises(UnreadableReply):
        opened_v2(reply({"errors": [{"code": 700}]}))


def test_series_pages() -> None:
    """A short page is the last, also when the server serves shorter pages than asked for; 502 is none at all."""
    full = reply({"entity": [{"id": 1}, {"id": 2}], "pageDetails": {"limit": 2}})
    short = reply({"entity": [{"id": 1}]})
    none = reply({"errors": [{"code": 502, "message": "No Coupon Series Available"}]}, 400)

    assert read_series_page(full, limit=1000).last is False
    assert read_series_page(short, limit=1000).last is True
    assert (
        [],
        True,
    ) == (list(read_series_page(none, limit=1000).rows), read_series_page(none, limit=1000).last)


@pytest.mark.parametrize("entity", [None, {}, "x", {"id": 1}])
def test_a_listing_without_a_list_is_unreadable(entity: Any) -> None:
    """Absence must be said by an empty list, not by a broken one (C-51)."""
    with pytest.raises(UnreadableReply):
        read_series_page(reply({"entity": entity}), limit=1000)


@pytest.mark.parametrize("body", [{"id": 7, "warnings": []}, {"status": "success", "data": {"id": "7"}}])
def test_created_series(body: dict[str, Any]) -> None:
    """The created series stands flat, else within data (C-47)."""
    created = read_written_series(reply(body))

    assert 7 == whole(created["id"])


def test_created_series_without_a_number_is_unreadable() -> None:
    """An id that is no whole number cannot be used, and whether it was created must be found out."""
    with pytest.raises(UnreadableReply):
        read_written_series(reply({"status": "success", "data": {"couponSeriesId": "CS-789012"}}))


def upload_answer(*stored: str, name: str = "stored.csv") -> dict[str, Any]:
    """Make an upload's answer with jobs of those stored names."""
    jobs = [{"jobId": number, "uploadedFileUrl": url} for number, url in enumerate(stored, start=1)]
    return {"success": True, "status": 200, "result": {"uploadJobStatuses": jobs, "fileName": name}}


def test_accepted_upload_is_found_by_its_stored_name() -> None:
    """All jobs of the series may come; ours is the one whose stored name is fileName (C-66)."""
    job = read_accepted_upload(reply(upload_answer("old.csv", "stored.csv", "other.csv")))

    assert 2 == job["jobId"]


@pytest.mark.parametrize(
    "body",
    [
        upload_answer(),
        upload_answer("old.csv"),
        upload_answer("stored.csv", "stored.csv"),
        upload_answer("", name=""),
        {"success": True, "status": 200, "result": {"uploadJobStatuses": None, "fileName": "stored.csv"}},
        {"success": True, "status": 200},
        {},
    ],
)
def test_accepted_upload_without_its_job_is_unreadable(body: dict[str, Any]) -> None:
    """None or several jobs that fit leave the outcome unknown, never the first one taken (C-66)."""
    with pytest.raises(UnreadableReply):
        read_accepted_upload(reply(body))


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        ({}, 400, RequestRejected),
        (b"", 400, RequestRejected),
        (b"<html>", 404, NotFound),
        ({"success": False, "status": 400, "result": None, "errors": [{"code": 400}]}, 400, RequestRejected),
        ({"success": False, "status": 400, "result": None}, 200, RequestRejected),
        ({"success": False, "result": None}, 200, UnreadableReply),
        ({"status": 400, "result": {}}, 200, RequestRejected),
        ({"success": False, "status": 500, "errors": [{"code": 500}]}, 500, VendorUnavailable),
        ({"success": False, "status": 401, "result": None, "errors": [{"code": 401}]}, 200, AuthRejected),
    ],
)
def test_upload_refusals(body: Any, status: int, kind: type) -> None:
    """Error bodies of uploads are undocumented: JSON, {}, HTML and nothing are all understood (C-42)."""
    with pytest.raises(CouponhubError) as caught:
        opened_upload(reply(body, status))

    assert type(caught.value) is kind


def test_no_jobs_are_an_empty_list() -> None:
    """A series without uploads shows an empty array."""
    body = {"success": True, "status": 200, "result": {"uploadJobStatuses": []}}

    assert [] == list(read_upload_jobs(reply(body)))


def asked(query: CouponQuery, identifier: Identifier = Identifier.MOBILE) -> dict[str, str]:
    """The parameters of a question."""
    request = customer_coupons_request(identifier, "V", Narrowing.of(query, PLAIN))
    assert "/v1.1/customer/coupons" == request.path
    assert len(dict(request.query)) == len(request.query)
    return dict(request.query)


@pytest.mark.parametrize(
    ("identifier", "name"),
    [
        (Identifier.MOBILE, "mobile"),
        (Identifier.EMAIL, "email"),
        (Identifier.EXTERNAL_ID, "external_id"),
        (Identifier.ID, "id"),
    ],
)
def test_exactly_one_identifier_is_sent(identifier: Identifier, name: str) -> None:
    """One of the four, and JSON is asked for (C-27, C-63)."""
    sent = asked(CouponQuery(), identifier)

    assert "V" == sent.pop(name)
    assert {"format": "json", "limit": "1000", "order_by": "created_date", "sort_order": "desc"} == sent


def test_dates_are_sent_as_days_one_wider() -> None:
    """Both ends always, whole days, a day wider on each side; the end is exclusive (C-18)."""
    since, until = datetime(2026, 3, 10, 22, tzinfo=UTC), datetime(2026, 3, 12, 1, tzinfo=UTC)

    both = asked(CouponQuery(since=since, until=until))
    assert ("2026-03-09", "2026-03-14") == (both["start_date"], both["end_date"])
    one = asked(CouponQuery(since=since))
    assert ("2026-03-09", "2100-01-01") == (one["start_date"], one["end_date"])
    other = asked(CouponQuery(until=until))
    assert ("1970-01-01", "2026-03-14") == (other["start_date"], other["end_date"])


def test_extreme_dates_do_not_overflow() -> None:
    """The first and last representable days have no neighbours."""
    query = CouponQuery(since=datetime.min.replace(tzinfo=UTC), until=datetime.max.replace(tzinfo=UTC))

    sent = asked(query)
    assert ("0001-01-01", "9999-12-31") == (sent["start_date"], sent["end_date"])


def test_list_and_store_pass_through() -> None:
    """Series and store are the vendor's own numbers (C-19)."""
    sent = asked(CouponQuery(list_id=ListId("12360"), store_id="007"))

    assert ("12360", "007") == (sent["series_id"], sent["store_id"])
