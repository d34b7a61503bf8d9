"""The adapter against a scripted server: which calls it makes, and what becomes of their answers."""

import base64
from collections.abc import Callable
from datetime import date

import attrs
import pytest

from couponhub.capabilities import Offered, capabilities_of
from couponhub.clock import Deadline
from couponhub.connection import Lists
from couponhub.errors import (
    Conflict,
    OutcomeUnknown,
    QuotaExhausted,
    UnreadableReply,
    Unsupported,
    UsageError,
    VendorUnavailable,
)
from couponhub.models import (
    Alerts,
    FileUrl,
    Identifier,
    ListChange,
    ListId,
    ListStatus,
    NewCouponList,
    PartId,
    Tagging,
    UploadStatus,
)
from couponhub.protocols import CAPABILITIES
from tests.moengage.scripted import Opens, Vendor

NEW = NewCouponList(name="Winter sale", expires=date(2030, 1, 31), created_by="Ada")
CREATED = {"_id": "W1", "name": "Winter sale", "label": "Winter_sale", "status": "ACTIVE"}


def script_lists(vendor: Vendor, **by_status: list[object]) -> None:
    """Script the three calls that answer lists."""
    for status in ("ACTIVE", "EXPIRED", "ARCHIVED"):
        rows = by_status.get(status.lower(), [])
        vendor.answers[f"GET /coupon-list?status={status}"] = (200, {"data": rows})


def test_capabilities_follow_from_the_methods(connect: Opens) -> None:
    """What it implements is what it can do, and for each other capability there is advice."""
    adapter = connect()
    supported = capabilities_of(adapter).supported
    assert supported == set(CAPABILITIES) - {"uploads.files", "customers.coupons", "coupons.find"}
    assert all(adapter.advice(name) for name in set(CAPABILITIES) - supported)


def test_every_call_is_signed_twice(vendor: Vendor, connect: Opens) -> None:
    """Basic credentials and the workspace id go along, and a check counts the active lists."""
    script_lists(vendor, active=[CREATED])
    assert connect().check() == "1 active list"
    assert vendor.lines() == ["GET /coupon-list?status=ACTIVE"]
    headers = vendor.seen[0].headers
    assert headers["authorization"] == f"Basic {base64.b64encode(b'WS1:k:ey').decode()}"
    assert headers["moe-appkey"] == "WS1"


def test_all_lists_are_three_calls_merged(vendor: Vendor, connect: Opens) -> None:
    """Every status is asked for by name, a list that moved meanwhile is answered once."""
    moved = {"_id": "M", "status": "EXPIRED"}
    script_lists(
        vendor, active=[{"_id": "A", "status": "ACTIVE"}, moved], expired=[moved], archived=[{"_id": "Z"}]
    )
    lists = connect().iterate_lists()
    assert vendor.seen == []
    assert [found.id for found in lists] == ["A", "M", "Z"]
    assert len(vendor.seen) == 3


def test_a_filter_is_checked_and_a_bad_one_refused_at_once(vendor: Vendor, connect: Opens) -> None:
    """Only lists of the asked status are answered, and the status unknown is refused before any item."""
    script_lists(vendor, expired=[{"_id": "E", "status": "EXPIRED"}, {"_id": "A", "status": "ACTIVE"}])
    adapter = connect()
    assert [found.id for found in adapter.iterate_lists(ListStatus.EXPIRED)] == ["E"]
    with pytest.raises(UsageError):
        adapter.iterate_lists(ListStatus.UNKNOWN)


def test_an_odd_row_is_told_after_the_readable_ones(vendor: Vendor, connect: Opens) -> None:
    """All readable lists come first, those of later calls too; then the error counts the rest."""
    script_lists(vendor, active=[{"_id": 7}, {"_id": "A", "status": "ACTIVE"}], archived=[{"_id": "Z"}])
    lists = Lists("engage", Offered(connect(), "engage")).iterate()
    assert [next(lists).id, next(lists).id] == ["A", "Z"]
    with pytest.raises(UnreadableReply, match=r"engage read lists: 1 row .*\$\.data\[0\]"):
        next(lists)


def test_a_created_list_is_read_again(vendor: Vendor, connect: Opens) -> None:
    """Creation sends complete alerts and a plain label, and answers the list as it now stands."""
    vendor.answers["POST /coupon-list"] = (201, CREATED)
    vendor.answers["GET /coupon-list/W1"] = (200, {**CREATED, "total_coupons": 0})
    created = connect().create_list(
        attrs.evolve(NEW, alerts=Alerts(subscribers=("a@example.com",), shortage=5))
    )
    assert created.total == 0
    assert vendor.seen[0].json == {
        "name": "Winter sale",
        "label": "Winter_sale",
        "expires_at": "2030-01-31",
        "created_by": "Ada",
        "email_alert_subscribers": ["a@example.com"],
        "alert_conditions": {
            "success_alert": False,
            "failure_alert": False,
            "coupon_shortage_alert": {"alert": True, "threshold_count": 5},
            "expiry_alert": {"alert": False},
        },
    }


def test_a_created_list_that_cannot_be_read_again_is_created_all_the_same(
    vendor: Vendor, connect: Opens
) -> None:
    """A failure of the second look does not make the creation look failed."""
    vendor.answers["POST /coupon-list"] = (201, CREATED)
    created = connect(created_by="Bea").create_list(attrs.evolve(NEW, created_by=None, label="own"))
    assert (created.id, created.total) == ("W1", None)
    assert (vendor.seen[0].json["created_by"], vendor.seen[0].json["label"]) == ("Bea", "own")


def test_everything_missing_is_named_at_once(vendor: Vendor, connect: Opens) -> None:
    """All that is missing or unknown stands in one error, and nothing is sent."""
    new = attrs.evolve(NEW, name=" ", created_by=None, extra={"colour": "red"})
    with pytest.raises(UsageError) as caught:
        connect().create_list(new)
    for word in ("name", "label", "created_by", "colour"):
        assert word in str(caught.value)
    assert "red" not in str(caught.value)
    assert vendor.seen == []


def test_a_taken_name_is_a_conflict(vendor: Vendor, connect: Opens) -> None:
    """A duplicate is told with what to do about it."""
    refusal = {"error": {"code": "duplicate-coupon-list-name", "message": "Taken."}}
    vendor.answers["POST /coupon-list"] = (400, refusal)
    with pytest.raises(Conflict, match=r"engage create list: .*choose another name"):
        connect().create_list(NEW)


@pytest.mark.parametrize("answer", [(500, b""), (201, b"<html>"), (201, {"name": "no id"})])
def test_a_lost_answer_names_the_command_that_finds_out(
    vendor: Vendor, connect: Opens, answer: tuple[int, object]
) -> None:
    """A creation that may have worked is sent once, and the hint says how to look."""
    vendor.answers["POST /coupon-list"] = answer
    with pytest.raises(OutcomeUnknown) as caught:
        connect().create_list(NEW)
    assert "couponhub lists ls engage" in caught.value.hint
    assert vendor.lines() == ["POST /coupon-list"]


def test_what_was_created_is_found_by_name_and_label(vendor: Vendor, connect: Opens) -> None:
    """Both must match; absence is None, and an unreadable row leaves absence unproven."""
    script_lists(vendor, active=[{**CREATED, "label": "other", "_id": "X"}], archived=[CREATED])
    adapter = connect()
    found = adapter.find_created(NEW)
    assert found is not None
    assert found.id == "W1"
    assert adapter.find_created(attrs.evolve(NEW, name="None such")) is None
    script_lists(vendor, active=[{"_id": 7}])
    with pytest.raises(UnreadableReply):
        adapter.find_created(NEW)


def test_only_active_lists_are_prepared(vendor: Vendor, connect: Opens) -> None:
    """An active list is answered, any other is a conflict, and tags are refused before anything is asked."""
    adapter = connect()
    with pytest.raises(Unsupported, match="without --tag"):
        adapter.prepare_list(ListId("W1"), Tagging(identifier=Identifier.MOBILE))
    assert vendor.seen == []
    vendor.answers["GET /coupon-list/W1"] = (200, CREATED)
    assert adapter.prepare_list(ListId("W1"), None).id == "W1"
    vendor.answers["GET /coupon-list/W1"] = (200, {**CREATED, "status": "ARCHIVED"})
    with pytest.raises(Conflict, match="archived"):
        adapter.prepare_list(ListId("W1"), None)


def test_an_upload_hands_over_the_address(vendor: Vendor, connect: Opens) -> None:
    """The address, its credentials and our name travel; the answer is a pending part."""
    vendor.answers["POST /coupon-list/W1/files"] = (201, {"_id": "F1", "name": "n1", "status": "PENDING"})
    file = FileUrl(url="https://f.example.com/a.csv", username="u", password="p")
    part = connect().submit_url(ListId("W1"), file, "n1", "https://c.example.com/x")
    assert (part.id, part.name, part.status, part.accepted) == ("F1", "n1", UploadStatus.PENDING, None)
    assert vendor.seen[0].json == {
        "file_url": "https://f.example.com/a.csv",
        "name": "n1",
        "created_by": "couponhub",
        "file_url_auth_username": "u",
        "file_url_auth_password": "p",
        "callback_url": "https://c.example.com/x",
    }


def test_a_lost_upload_names_the_command_that_finds_out(vendor: Vendor, connect: Opens) -> None:
    """An upload is never sent twice, and the hint names the list."""
    vendor.answers["POST /coupon-list/W1/files"] = (502, b"")
    with pytest.raises(OutcomeUnknown) as caught:
        connect().submit_url(ListId("W1"), FileUrl(url="https://f.example.com/a.csv"), "n1", None)
    assert "couponhub uploads ls engage W1" in caught.value.hint
    assert len(vendor.seen) == 1


def test_parts_come_oldest_first_and_once(vendor: Vendor, connect: Opens) -> None:
    """Files are ordered by their creation, and one is found by its name."""
    rows = [
        {"_id": "new", "name": "b", "created_at": "2026-02-01T00:00:00.000Z"},
        {"_id": "old", "name": "a", "created_at": "2026-01-01T00:00:00.000Z"},
        {"_id": "new", "name": "b", "created_at": "2026-02-01T00:00:00.000Z"},
        {"_id": "undated", "name": "c"},
    ]
    vendor.answers["GET /coupon-list/W1/files"] = (200, {"data": rows})
    adapter = connect()
    assert [part.id for part in adapter.iterate_parts(ListId("W1"))] == ["old", "new", "undated"]
    found = adapter.find_submitted(ListId("W1"), "b")
    assert found is not None
    assert found.id == "new"
    assert adapter.find_submitted(ListId("W1"), "z") is None


def test_a_nameless_file_leaves_absence_open(vendor: Vendor, connect: Opens) -> None:
    """It may be the one sought, and calling that absent would have its codes sent twice."""
    rows = [{"_id": "F1", "status": "PENDING"}, {"_id": "F2", "name": "b", "status": "PENDING"}]
    vendor.answers["GET /coupon-list/W1/files"] = (200, {"data": rows})
    adapter = connect()
    found = adapter.find_submitted(ListId("W1"), "b")
    assert found is not None
    with pytest.raises(UnreadableReply, match=r"without a name \(1\)"):
        adapter.find_submitted(ListId("W1"), "z")


def test_one_part_is_read_by_its_id(vendor: Vendor, connect: Opens) -> None:
    """A processed file tells how many codes were taken."""
    answer = {"_id": "F1", "name": "n1", "status": "SUCCESS", "added_coupons": 9}
    vendor.answers["GET /coupon-list/W1/files/F1"] = (200, answer)
    part = connect().get_part(ListId("W1"), PartId("F1"))
    assert (part.status, part.accepted, part.rows) == (UploadStatus.DONE, 9, None)


OTHER_LIST = {"_id": "W2", "name": "another", "status": "ACTIVE"}
OTHER_FILE = {"_id": "F2", "name": "another", "status": "PENDING", "coupon_list_id": "W1"}


@pytest.mark.parametrize(
    ("call", "answer", "ask"),
    [
        ("GET /coupon-list/W1", (200, OTHER_LIST), lambda it: it.get_list(ListId("W1"))),
        (
            "PATCH /coupon-list/W1",
            (200, OTHER_LIST),
            lambda it: it.update_list(ListId("W1"), ListChange(name="new")),
        ),
        (
            "GET /coupon-list/W1/files/F1",
            (200, OTHER_FILE),
            lambda it: it.get_part(ListId("W1"), PartId("F1")),
        ),
        (
            "GET /coupon-list/W1/files/F1",
            (200, {**OTHER_FILE, "_id": "F1", "coupon_list_id": "W2"}),
            lambda it: it.get_part(ListId("W1"), PartId("F1")),
        ),
        (
            "GET /coupon-list/W1/files",
            (200, {"data": [{**OTHER_FILE, "coupon_list_id": "W2"}]}),
            lambda it: it.find_submitted(ListId("W1"), "sought"),
        ),
        (
            "POST /coupon-list/W1/files",
            (201, {**OTHER_FILE, "coupon_list_id": None, "coupons_list_id": "W2"}),
            lambda it: it.submit_url(ListId("W1"), FileUrl(url="https://a.example.com/f"), "sought", None),
        ),
    ],
)
def test_an_answer_about_something_else_is_unreadable(
    vendor: Vendor, connect: Opens, call: str, answer: tuple[int, object], ask: Callable[..., object]
) -> None:
    """Another list or file is not shown for the one asked for, proves no absence, and leaves a write's outcome open."""
    vendor.answers[call] = answer
    with pytest.raises(UnreadableReply if call.startswith("GET") else OutcomeUnknown):
        ask(connect())


def test_a_usage_report_is_requested(vendor: Vendor, connect: Opens) -> None:
    """The days and recipients travel, and the vendor's sentence comes back."""
    vendor.answers["POST /coupon-list/W1/usage-report"] = (200, {"message": "It is on its way."})
    day = date(2026, 1, 2)
    said = connect().request_usage_report(ListId("W1"), day, day, ["a@example.com"])
    assert said == "It is on its way."


@pytest.mark.parametrize(
    ("start", "end", "recipients"),
    [
        (date(2026, 1, 2), date(2026, 1, 1), ["a@example.com"]),
        (date(2026, 1, 1), date(2026, 1, 1), []),
        (date(2026, 1, 1), date(2026, 1, 1), [" "]),
        (date(2026, 1, 1), date(2026, 1, 1), "a@example.com"),
    ],
)
def test_a_usage_report_that_cannot_work_is_not_sent(
    vendor: Vendor, connect: Opens, start: date, end: date, recipients: list[str]
) -> None:
    """Days the wrong way round and missing recipients are refused here."""
    with pytest.raises(UsageError):
        connect().request_usage_report(ListId("W1"), start, end, recipients)
    assert vendor.seen == []


def test_a_spent_day_fails_at_once(vendor: Vendor, connect: Opens) -> None:
    """A reset in an hour is not waited for."""
    vendor.answers["GET /coupon-list/W1"] = (429, b"")
    with pytest.raises(QuotaExhausted) as caught:
        connect().get_list(ListId("W1"))
    assert (caught.value.retry_after, len(vendor.seen)) == (3600.0, 1)


def test_a_deadline_bounds_what_an_upload_asks(vendor: Vendor, connect: Opens) -> None:
    """With none left nothing is sent, whichever step of an upload it is."""
    adapter, list_id, file = connect(), ListId("W1"), FileUrl(url="https://f.example.com/a.csv")
    steps: tuple[Callable[[], object], ...] = (
        lambda: adapter.prepare_list(list_id, None, deadline=Deadline.after(0.0)),
        lambda: adapter.submit_url(list_id, file, "n1", None, deadline=Deadline.after(0.0)),
        lambda: adapter.find_submitted(list_id, "n1", deadline=Deadline.after(0.0)),
        lambda: adapter.get_part(list_id, PartId("F1"), deadline=Deadline.after(0.0)),
    )
    for step in steps:
        with pytest.raises(VendorUnavailable) as caught:
            step()
        assert caught.value.too_slow
    assert vendor.seen == []


def test_a_call_of_the_users_own(vendor: Vendor, connect: Opens) -> None:
    """It is signed, sent beneath the base URL, decoded, and None when there is nothing to decode."""
    vendor.answers["GET /coupon-list?status=ACTIVE"] = (200, {"data": []})
    vendor.answers["DELETE /coupon-list/W1/files/F1"] = (204, b"")
    adapter = connect()
    assert adapter.call("GET", "coupon-list", query={"status": "ACTIVE"}) == {"data": []}
    assert adapter.call("DELETE", "/coupon-list/W1/files/F1") is None
    assert "moe-appkey" in vendor.seen[1].headers
    with pytest.raises(UsageError):
        adapter.call("GET", "../admin")


@pytest.mark.parametrize("list_id", ["", "..", " "])
def test_an_id_cannot_lead_to_another_endpoint(vendor: Vendor, connect: Opens, list_id: str) -> None:
    """An id that would shorten the path is refused before anything is sent."""
    with pytest.raises(UsageError):
        connect().get_list(ListId(list_id))
    assert vendor.seen == []


def test_file_rules_follow_the_limits(connect: Opens) -> None:
    """The file's bound is the documented one unless the connection says otherwise, 0 for none."""
    rules = connect().file_rules
    assert (rules.code_header, rules.max_bytes, rules.quoting) == ("Coupon Code", 100_000_000, False)
    assert connect(limits={"file_bytes": 1000}).file_rules.max_bytes == 1000
    assert connect(limits={"file_bytes": 0}).file_rules.max_bytes is None
