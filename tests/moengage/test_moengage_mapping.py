"""MoEngage's words become couponhub's, and nothing is changed on the way."""

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from couponhub.errors import CouponhubError
from couponhub.models import Alerts, CouponList, ListId, ListStatus, Part, UploadStatus, plain_label
from couponhub.transport import Reply
from couponhub_moengage import mapping, wire
from couponhub_moengage.wire import WireFile, WireList

READER = wire.ReplyReader()

LISTS: dict[str, Any] = {
    "data": [
        {
            "_id": "70000000000000000000000a",
            "name": "Autumn sale",
            "label": "autumn_sale",
            "expires_at": "2026-10-31T18:29:00.000Z",
            "status": "ACTIVE",
            "total_coupons": 10,
            "available_coupons": 3,
            "created_at": "2026-01-02T03:04:05.000Z",
            "updated_at": "2026-01-03T03:04:05",
            "email_alert_subscribers": ["ops@example.com"],
            "alert_conditions": {"success_alert": True, "expiry_alert": {"alert": True, "days_before": 100}},
            "created_by": "Ada",
        },
        {"_id": "70000000000000000000000b", "name": "Old", "status": "ARCHIVED", "total_coupons": 0},
    ]
}
FILES: dict[str, Any] = {
    "data": [
        {
            "_id": "80000000000000000000000a",
            "coupon_list_id": "70000000000000000000000a",
            "name": "a.csv",
            "status": "SUCCESS",
            "file_url": "https://files.example.com/a.csv",
            "created_at": "2026-01-02T03:04:05.000Z",
            "added_coupons": 10,
            "callback_url": "https://hooks.example.com/x",
        },
        {"_id": "80000000000000000000000b", "name": "b.csv", "status": "PENDING", "added_coupons": 0},
    ]
}


def test_a_list_becomes_ours() -> None:
    """Name, label, status, counts and times arrive, and the raw object with them."""
    first = LISTS["data"][0]
    (read, _) = READER.lists(Reply(status=200, headers={}, body=json.dumps(LISTS).encode())).readable
    ours = mapping.coupon_list("engage", read)
    assert ours == CouponList(
        connection="engage",
        id=first["_id"],
        name="Autumn sale",
        label="autumn_sale",
        status=ListStatus.ACTIVE,
        vendor_status="ACTIVE",
        expires_at=datetime(2026, 10, 31, 18, 29, tzinfo=UTC),
        total=10,
        available=3,
        created_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        updated_at=datetime(2026, 1, 3, 3, 4, 5, tzinfo=UTC),
        created_by="Ada",
        subscribers=("ops@example.com",),
        alerts=Alerts(subscribers=("ops@example.com",), success=True, expiry_days=100),
    )
    assert ours.raw == first


def test_missing_counts_stay_unknown() -> None:
    """The answer to a creation has no counts, and none are made up."""
    ours = mapping.coupon_list("engage", WireList(id="x", status="ACTIVE"))
    assert (ours.total, ours.available, ours.expires_at) == (None, None, None)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("ACTIVE", ListStatus.ACTIVE),
        ("expired", ListStatus.EXPIRED),
        ("Archived", ListStatus.ARCHIVED),
        ("PAUSED", ListStatus.UNKNOWN),
        (None, ListStatus.UNKNOWN),
    ],
)
def test_list_status_words(word: str | None, expected: ListStatus) -> None:
    """Known words are ours in any case, new ones are unknown and kept."""
    ours = mapping.coupon_list("engage", WireList(id="x", status=word))
    assert (ours.status, ours.vendor_status) == (expected, word or "")


@pytest.mark.parametrize(
    ("word", "added", "expected", "accepted"),
    [
        ("PENDING", 0, UploadStatus.PENDING, None),
        ("QUEUED", None, UploadStatus.PENDING, None),
        ("in_progress", 5, UploadStatus.PROCESSING, None),
        ("SUCCESS", 5, UploadStatus.DONE, 5),
        ("Completed", 0, UploadStatus.DONE, 0),
        ("PROCESSED", None, UploadStatus.DONE, None),
        ("FAILED", 0, UploadStatus.FAILED, 0),
        ("Error", None, UploadStatus.FAILED, None),
        ("FAILURE", 5, UploadStatus.PARTIAL, 5),
        ("VALIDATING", 5, UploadStatus.UNKNOWN, None),
        (None, 5, UploadStatus.UNKNOWN, None),
    ],
)
def test_file_status_words(
    word: str | None, added: int | None, expected: UploadStatus, accepted: int | None
) -> None:
    """Counts are believed only when the file has ended; rows and rejections are never made up."""
    ours = mapping.part(WireFile(id="x", name="n", status=word, added_coupons=added))
    assert (ours.status, ours.vendor_status, ours.accepted) == (expected, word or "", accepted)
    assert (ours.rows, ours.rejected) == (None, None)


@pytest.mark.parametrize(
    ("moment", "ends"),
    [
        (datetime(2026, 3, 31, 18, 29, tzinfo=UTC), True),  # 23:59 in India
        (datetime(2026, 3, 31, 23, 59, 59, tzinfo=UTC), True),
        (datetime(2026, 3, 31, 9, 59, tzinfo=UTC), True),  # 14 hours ahead
        (datetime(2026, 4, 1, 11, 59, tzinfo=UTC), True),  # 12 hours behind
        (datetime(2026, 3, 30, 18, 29, tzinfo=UTC), False),
        (datetime(2026, 4, 1, 18, 29, tzinfo=UTC), False),
    ],
)
def test_a_day_ends_somewhere(moment: datetime, ends: bool) -> None:
    """The end of a day is recognised in any zone, and that of its neighbours is not; any day can be asked for."""
    assert mapping.ends_on(moment, date(2026, 3, 31)) is ends
    assert not mapping.ends_on(moment, date.max)


def test_alerts_are_complete_when_off() -> None:
    """Alerts that are off are said to be off, without their figures."""
    assert mapping.alert_conditions(Alerts()) == {
        "success_alert": False,
        "failure_alert": False,
        "coupon_shortage_alert": {"alert": False},
        "expiry_alert": {"alert": False},
    }


def test_alerts_carry_their_figures_when_on() -> None:
    """A figure comes with its alert, zero too."""
    alerts = Alerts(success=True, failure=True, shortage=0, expiry_days=3)
    assert mapping.alert_conditions(alerts) == {
        "success_alert": True,
        "failure_alert": True,
        "coupon_shortage_alert": {"alert": True, "threshold_count": 0},
        "expiry_alert": {"alert": True, "days_before": 3},
    }


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("signup coupons", "signup_coupons"),
        ("  Été -- 2026! ", "Ete_2026"),
        ("a_b", "a_b"),
        ("歓迎", ""),
        ("x" * 49 + " y", "x" * 49),
        ("x" * 60, "x" * 50),
    ],
)
def test_plain_labels(name: str, label: str) -> None:
    """A label derived from a name has only what a template surely takes."""
    assert plain_label(name) == label


# Each example is small; what is slow on a busy machine is the first one, which loads Unicode tables.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)


@st.composite
def mutated(draw: st.DrawFn, document: dict[str, Any]) -> dict[str, Any]:
    """The document with a few of its rows' fields dropped, or replaced by anything that JSON has."""
    rows: list[Any] = [dict(row) for row in document["data"]]
    for row in rows:
        for key in draw(st.sets(st.sampled_from(sorted(row)), max_size=3)):
            if draw(st.booleans()):
                del row[key]
            else:
                row[key] = draw(JSON_VALUES)
    if draw(st.booleans()):
        rows.insert(draw(st.integers(0, len(rows))), draw(JSON_VALUES))
    return {**document, "data": rows}


def same_text(ours: str | None, theirs: object) -> bool:
    """Whether a text is what was sent, or unknown because none was."""
    return ours == theirs if isinstance(theirs, str) else not ours


def same_count(ours: int | None, theirs: object) -> bool:
    """Whether a count is the very number that was sent, or unknown because none was."""
    return ours == theirs if type(theirs) is int else ours is None


def same_moment(ours: datetime | None, theirs: object) -> bool:
    """Whether a moment stems from what was sent."""
    return ours is None or isinstance(theirs, str)


def has_id(row: object) -> bool:
    """Whether a row says which one it is, on which alone its identity rests."""
    return isinstance(row, dict) and isinstance(row.get("_id"), str) and bool(row["_id"].strip())


def is_faithful_list(ours: CouponList, theirs: Mapping[str, Any]) -> bool:
    """Whether nothing of a list changed on the way."""
    return (
        ours.id == theirs["_id"]
        and same_text(ours.name, theirs.get("name"))
        and same_text(ours.label, theirs.get("label"))
        and same_text(ours.vendor_status, theirs.get("status"))
        and same_count(ours.total, theirs.get("total_coupons"))
        and same_count(ours.available, theirs.get("available_coupons"))
        and same_moment(ours.expires_at, theirs.get("expires_at"))
        and same_moment(ours.created_at, theirs.get("created_at"))
    )


def is_faithful_part(ours: Part, theirs: Mapping[str, Any]) -> bool:
    """Whether nothing of a file changed on the way."""
    added = theirs.get("added_coupons")
    return (
        ours.id == theirs["_id"]
        and same_text(ours.name, theirs.get("name"))
        and same_text(ours.vendor_status, theirs.get("status"))
        and (ours.accepted is None or same_count(ours.accepted, added))
        and same_moment(ours.created_at, theirs.get("created_at"))
    )


@unhurried
@given(document=mutated(LISTS))
def test_no_mutation_of_lists_changes_a_value(document: dict[str, Any]) -> None:
    """However an answer is damaged, a row that has its id is read, and says nothing but what was sent."""
    rows = READER.lists(Reply(status=200, headers={}, body=json.dumps(document).encode()))
    assert len(rows.readable) == sum(map(has_id, document["data"]))
    assert len(rows.readable) + len(rows.faults) == len(document["data"])
    for row in rows.readable:
        assert is_faithful_list(mapping.coupon_list("engage", row), row.raw)


@unhurried
@given(document=mutated(FILES))
def test_no_mutation_of_files_changes_a_value(document: dict[str, Any]) -> None:
    """The same holds for files."""
    rows = READER.files(Reply(status=200, headers={}, body=json.dumps(document).encode()))
    assert len(rows.readable) == sum(map(has_id, document["data"]))
    assert len(rows.readable) + len(rows.faults) == len(document["data"])
    for row in rows.readable:
        assert is_faithful_part(mapping.part(row), row.raw)


@unhurried
@given(
    body=st.binary(max_size=40) | JSON_VALUES.map(lambda value: json.dumps(value).encode()),
    status=st.integers(100, 599),
)
def test_no_reply_raises_anything_but_our_errors(body: bytes, status: int) -> None:
    """Whatever comes back, what leaves is one of couponhub's errors or a value."""
    for read in (READER.list, READER.lists, READER.file, READER.files, READER.sentence, READER.anything):
        with suppress(CouponhubError):
            read(Reply(status=status, headers={}, body=body))


@pytest.mark.parametrize(
    ("ends", "hours"),
    [
        (("2026-10-31T18:29:00",), (5.5,)),
        (("2026-10-31T23:59:00",), (0,)),
        (("2026-10-31T23:59:59",), (-12, 14)),  # told as a day
        (("2026-10-31T18:30:07",), (-12, 14)),
        (("2026-07-31T03:59:00", "2026-12-31T04:59:00"), (-5, -4)),
        (("2026-10-31T10:59:00",), (-11, 13)),
        (("2026-10-31T14:29:00", "2026-10-31T23:59:59"), (9.5,)),
        ((), (-12, 14)),
    ],
)
def test_the_zone_follows_from_when_lists_end(ends: tuple[str, ...], hours: tuple[float, ...]) -> None:
    """Lists end at 23:59 of a day of the workspace; where that does not tell, every zone is possible."""
    lists = [
        CouponList(
            connection="engage", id=ListId("1"), name="", expires_at=datetime.fromisoformat(f"{end}+00:00")
        )
        for end in ends
    ]
    assert tuple(timezone(timedelta(hours=ahead)) for ahead in hours) == mapping.zones_of(lists)
