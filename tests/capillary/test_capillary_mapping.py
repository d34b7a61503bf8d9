"""Capillary's rows as couponhub's models: coupons, lists, parts."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import attrs
import pytest

from couponhub.errors import UnreadableReply
from couponhub.models import (
    Coupon,
    CouponStatus,
    ListId,
    ListStatus,
    Redemption,
    Store,
    UploadStatus,
)
from couponhub_capillary.mapping.anomalies import Anomalies
from couponhub_capillary.mapping.context import NO_CODE, MappingContext
from couponhub_capillary.mapping.coupons import coupon_from
from couponhub_capillary.mapping.lists import list_from
from couponhub_capillary.mapping.parts import part_from
from couponhub_capillary.wire.times import Zones

PLAIN = Zones(server=UTC, server_is_guess=False, store=None)
INDIA = Zones(server=UTC, server_is_guess=False, store=ZoneInfo("Asia/Kolkata"))
GUESSED = Zones(server=UTC, server_is_guess=True, store=None)
NOW = datetime(2026, 6, 1, tzinfo=UTC)

ROW: dict[str, Any] = {
    "id": "163267982",
    "series_id": "12360",
    "series_name": "Spin",
    "redemption_count": 0,
    "created_date": "2026-05-29T16:13:14.000Z",
    "valid_till": "2026-12-31 23:59:59",
    "code": "0012",
    "transaction_number": None,
    "issued_at": {"code": "store_001", "name": "Main Store"},
    "purpose": "",
    "custom_properties": {
        "custom_property": [{"name": "colour", "value": "red"}, {"name": "blank", "value": ""}]
    },
    "redemptions": {},
}
USE = {
    "id": "4359526",
    "date": "2026-05-30T19:07:54.000Z",
    "transaction_number": "",
    "redeemed_at": {"code": "store_002", "name": "Downtown"},
}


def read(zones: Zones = PLAIN, **changes: Any) -> tuple[Coupon, tuple[str, ...]]:
    """Read the row, changed as given; a change to ... removes the key."""
    row = {name: value for name, value in (ROW | changes).items() if value is not ...}
    reading = MappingContext(connection="loyalty", zones=zones, now=NOW)
    coupon = coupon_from(row, reading)
    assert coupon is not None
    return coupon, reading.odd.warnings()


def test_a_whole_coupon() -> None:
    """Every field lands where it belongs, the code exactly as it came, blanks nowhere."""
    coupon, warnings = read(
        redemptions={"redemption": [USE]}, redemption_count=1, transaction_number="T-12", purpose="birthday"
    )

    assert (
        Coupon(
            connection="loyalty",
            code="0012",
            id="163267982",
            list_id=ListId("12360"),
            list_name="Spin",
            status=CouponStatus.UNKNOWN,
            issued_at=datetime(2026, 5, 29, 16, 13, 14, tzinfo=UTC),
            expires_at=datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC),
            redemption_count=1,
            redemptions=(
                Redemption(
                    id="4359526",
                    at=datetime(2026, 5, 30, 19, 7, 54, tzinfo=UTC),
                    store=Store(code="store_002", name="Downtown"),
                ),
            ),
            issued_at_store=Store(code="store_001", name="Main Store"),
            issued_transaction="T-12",
            purpose="birthday",
            approximate=("issued_at", "redemptions"),
            as_of=NOW,
        )
        == coupon
    )
    assert {"colour": "red"} == coupon.properties
    assert () == warnings


def test_a_mapped_coupon_is_frozen() -> None:
    """However it was made, it is a whole `Coupon` that nobody can change."""
    coupon, _ = read()

    assert Coupon is type(coupon)
    assert attrs.evolve(coupon, code=coupon.code) == coupon
    assert hash(attrs.evolve(coupon, code=coupon.code)) == hash(coupon)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        coupon.code = "B"  # type: ignore[misc]


def test_only_the_code_is_needed() -> None:
    """Everything else may be missing, and then nothing is claimed about it (C-24)."""
    coupon = coupon_from({"code": "A"}, MappingContext(connection="loyalty", zones=PLAIN, now=NOW))

    assert Coupon(connection="loyalty", code="A", status=CouponStatus.UNKNOWN, as_of=NOW) == coupon


@pytest.mark.parametrize(
    "row",
    [
        {},
        None,
        "x",
        [],
        *[{"code": code} for code in ("", " ", None, True, -3, 1.5, 2.0**60, float("inf"), ["A"], {"A": 1})],
    ],
)
def test_a_row_without_code_is_left_out_and_reported(row: object) -> None:
    """Such a row is skipped and never fatal (C-24)."""
    reading = MappingContext(connection="loyalty", zones=PLAIN, now=NOW)

    assert coupon_from(row, reading) is None
    assert reading.odd.saw(NO_CODE)


@pytest.mark.parametrize(
    ("changes", "count", "uses", "status"),
    [
        ({}, 0, 0, CouponStatus.ACTIVE),
        ({"redemption_count": "1"}, 1, None, CouponStatus.UNKNOWN),
        ({"redemption_count": 0, "redemptions": {"redemption": USE}}, 1, 1, CouponStatus.UNKNOWN),
        ({"redemption_count": 3, "redemptions": {"redemption": [USE]}}, 3, 1, CouponStatus.UNKNOWN),
        ({"redemption_count": 1, "valid_till": "2020-01-01"}, 1, None, CouponStatus.REDEEMED),
        ({"redemption_count": ...}, 0, 0, CouponStatus.ACTIVE),
        ({"redemptions": ...}, 0, 0, CouponStatus.ACTIVE),
        ({"redemption_count": ..., "redemptions": ...}, None, None, CouponStatus.UNKNOWN),
        ({"redemption_count": "many"}, None, None, CouponStatus.UNKNOWN),
        ({"redemption_count": -1}, None, None, CouponStatus.UNKNOWN),
        ({"redemption_count": "many", "redemptions": {"redemption": [USE]}}, 1, 1, CouponStatus.UNKNOWN),
        ({"redemptions": "many"}, None, None, CouponStatus.UNKNOWN),
        ({"redemptions": {"redemption": ["odd"]}}, 1, 1, CouponStatus.UNKNOWN),
        ({"valid_till": "2026-05-31 23:59:59"}, 0, 0, CouponStatus.EXPIRED),
        ({"valid_till": "2026-06-01 00:00:01"}, 0, 0, CouponStatus.ACTIVE),
        ({"valid_till": "soon"}, 0, 0, CouponStatus.UNKNOWN),
        ({"valid_till": None}, 0, 0, CouponStatus.UNKNOWN),
    ],
)
def test_status_and_redemptions(
    changes: dict[str, Any], count: int | None, uses: int | None, status: CouponStatus
) -> None:
    """Used if count or list says so, the larger is told (C-22); whether it can be used again this row cannot tell."""
    coupon, _ = read(**changes)

    listed = None if coupon.redemptions is None else len(coupon.redemptions)
    assert (count, uses, status) == (coupon.redemption_count, listed, coupon.status)


@pytest.mark.parametrize(
    ("zones", "names"),
    [
        (PLAIN, ("issued_at", "redemptions")),
        (INDIA, ()),
        (GUESSED, ("issued_at", "expires_at", "redemptions")),
    ],
)
def test_guessed_zones_are_named(zones: Zones, names: tuple[str, ...]) -> None:
    """The times whose zone nobody told are named (C-20)."""
    coupon, _ = read(zones, redemptions={"redemption": [USE]})

    assert names == coupon.approximate


@pytest.mark.parametrize(("number", "digits"), [(1523773774, "1523773774"), (0, "0"), (12.0, "12")])
def test_a_code_that_came_as_a_number_is_its_digits(number: object, digits: str) -> None:
    """Nobody loses a coupon to that; that zeros before it may be missing is told, and not of which code."""
    coupon, warnings = read(code=number)

    assert digits == coupon.code
    (warning,) = warnings
    assert "zeros" in warning
    assert digits not in warning.removesuffix("(1x)")


@pytest.mark.parametrize(
    ("changes", "field", "value"),
    [
        ({"series_name": 2026}, "list_name", "2026"),
        ({"series_name": {"text": "Spin"}}, "list_name", None),
        ({"purpose": ["x"]}, "purpose", None),
        ({"purpose": True}, "purpose", None),
        ({"transaction_number": {}}, "issued_transaction", None),
        ({"series_id": {"id": 1}}, "list_id", None),
        ({"id": [1]}, "id", None),
        ({"issued_at": "store_001"}, "issued_at_store", None),
        ({"issued_at": {"code": 7.5, "name": "Main"}}, "issued_at_store", Store(name="Main")),
        ({"issued_at": {"code": "S", "name": 7}}, "issued_at_store", Store(code="S", name="7")),
        ({"custom_properties": "none"}, "properties", {}),
        ({"custom_properties": {"custom_property": [{"name": "a", "value": []}]}}, "properties", {}),
        ({"custom_properties": {"custom_property": ["x"]}}, "properties", {}),
        ({"created_date": "string"}, "issued_at", None),
        ({"created_date": 1.0}, "issued_at", None),
        ({"redemption_count": 0.0}, "redemption_count", 0),
    ],
)
def test_an_odd_field_is_left_empty_and_told(changes: dict[str, Any], field: str, value: object) -> None:
    """What neither identity nor money rests on takes no coupon away, whatever its type; people are told of it."""
    coupon, warnings = read(**changes)

    assert ("0012", value) == (coupon.code, getattr(coupon, field))
    assert (changes.keys() != {"redemption_count"}) == bool(warnings)


@pytest.mark.parametrize(
    ("number", "told"), [(None, None), ("", None), ("0", None), (0, None), ("T-1", "T-1"), (17, "17")]
)
def test_the_sale_it_was_issued_for(number: object, told: str | None) -> None:
    """Its number as text; v2's "0" is none."""
    coupon, warnings = read(transaction_number=number)

    assert (told, ()) == (coupon.issued_transaction, warnings)


def test_unreadable_times_are_left_empty_with_a_warning() -> None:
    """A time that cannot be read kills nothing; warnings hold neither code nor value."""
    use = USE | {"date": "yesterday 0012"}
    coupon, warnings = read(
        created_date="whenever 0012", valid_till=20261231, redemptions={"redemption": use}
    )

    assert (None, None) == (coupon.issued_at, coupon.expires_at)
    assert 3 == len(warnings)
    assert "0012" not in " ".join(warnings)


SERIES: dict[str, Any] = {
    "id": 900001,
    "description": "Imported codes",
    "seriesCode": "2D51C86999B948CA99DC",
    "validTillDate": "2027-01-31T00:00:00Z",
    "validTillDateTime": "2027-01-31T23:59:59Z",
    "createdOn": "2025-02-04T08:52:56Z",
    "lastUsed": "2025-02-05T08:52:55Z",
    "numUploadedTotal": 3,
    "numUploadedNonIssued": 2,
    "clientHandlingType": "DISC_CODE_PIN",
}


def series(**changes: Any) -> Any:
    """Read the series, changed as given; a change to ... removes the key."""
    row = {name: value for name, value in (SERIES | changes).items() if value is not ...}
    return list_from(row, connection="loyalty", zones=PLAIN, now=NOW, odd=Anomalies())


def test_a_series_is_a_list() -> None:
    """Name, label, counts, dates and status of a series of uploaded codes (C-94)."""
    made = series()

    assert ("900001", "Imported codes", "2D51C86999B948CA99DC") == (made.id, made.name, made.label)
    assert (3, 2, ListStatus.ACTIVE) == (made.total, made.available, made.status)
    assert datetime(2027, 1, 31, 23, 59, 59, tzinfo=UTC) == made.expires_at
    assert datetime(2025, 2, 4, 8, 52, 56, tzinfo=UTC) == made.created_at
    assert datetime(2025, 2, 5, 8, 52, 55, tzinfo=UTC) == made.updated_at


@pytest.mark.parametrize("kind", ["DISC_CODE", "GENERIC", "GENERIC_REDEEMABLE", "NEW", None])
def test_other_kinds_count_no_codes(kind: str | None) -> None:
    """Only series of uploaded codes count them; elsewhere a 0 would be a lie."""
    made = series(clientHandlingType=kind)

    assert (None, None) == (made.total, made.available)


@pytest.mark.parametrize(
    ("changes", "expires"),
    [
        ({"validTillDateTime": ...}, "2027-01-31T23:59:59+00:00"),
        ({"validTillDateTime": "1970-01-01T00:00:00Z"}, "2027-01-31T23:59:59+00:00"),
        (
            {"validTillDateTime": ..., "validTillDate": "2027-01-31T00:00:00+05:30"},
            "2027-01-31T18:29:59+00:00",
        ),
        ({"validTillDateTime": "2027-01-31T12:00:00Z"}, "2027-01-31T12:00:00+00:00"),
        (
            {"validTillDateTime": ..., "validTillDate": ..., "validTillISODate": "2026-05-09"},
            "2026-05-09T23:59:59+00:00",
        ),
    ],
)
def test_expiry_of_a_series(changes: dict[str, Any], expires: str) -> None:
    """The exact moment unless that is 1970, else the end of the day."""
    assert datetime.fromisoformat(expires) == series(**changes).expires_at


def test_status_of_a_series_is_computed() -> None:
    """Expired after its last second; without a readable end nobody knows (C-52)."""
    assert series(validTillDateTime="2026-05-31T23:59:59Z").status is ListStatus.EXPIRED
    assert series(validTillDateTime=None, validTillDate="soon").status is ListStatus.UNKNOWN


@pytest.mark.parametrize(
    ("changes", "field", "value", "warns"),
    [
        ({"createdOn": "string"}, "created_at", None, True),
        ({"createdOn": ...}, "created_at", None, False),
        ({"lastUsed": 17}, "updated_at", None, True),
        ({"seriesCode": 12}, "label", "12", True),
        ({"seriesCode": {"code": "A"}}, "label", None, True),
        ({"description": ["x"]}, "name", None, True),
        ({"description": None}, "name", None, False),
        ({"numUploadedTotal": 12.0}, "total", 12, False),
        ({"numUploadedTotal": "many"}, "total", None, True),
        ({"numUploadedNonIssued": 0.5}, "available", None, True),
        ({"numUploadedNonIssued": None}, "available", None, False),
        ({"validTillDate": "soon", "validTillDateTime": ...}, "expires_at", None, True),
    ],
)
def test_an_odd_field_makes_no_list_unreadable(
    changes: dict[str, Any], field: str, value: object, warns: bool
) -> None:
    """It is left empty, a count never becomes 0, and people are told."""
    odd = Anomalies()
    row = {name: held for name, held in (SERIES | changes).items() if held is not ...}
    made = list_from(row, connection="loyalty", zones=PLAIN, now=NOW, odd=odd)

    assert (value, warns) == (getattr(made, field), bool(odd.warnings()))


@pytest.mark.parametrize(
    ("changes", "field", "value"),
    [
        ({"createdOn": "string"}, "created_at", None),
        ({"updatedOn": {}}, "updated_at", None),
        ({"errorFileUrl": []}, "error_file", None),
        ({"uploadedFileName": 2026}, "name", "2026"),
        ({"uploadStatus": True}, "status", UploadStatus.UNKNOWN),
    ],
)
def test_an_odd_field_makes_no_job_unreadable(changes: dict[str, Any], field: str, value: object) -> None:
    """It is left empty, and people are told."""
    odd = Anomalies()
    part = part_from(JOB | changes, odd)

    assert ("220605", value, 1) == (part.id, getattr(part, field), len(odd.warnings()))


@pytest.mark.parametrize("number", [None, "x", 0, -1, True])
def test_a_series_without_id_is_unreadable(number: object) -> None:
    """Without an id nothing can be done with it."""
    with pytest.raises(UnreadableReply):
        series(id=number)


JOB: dict[str, Any] = {
    "jobId": 220605,
    "uploadStatus": "FINISHED",
    "createdOn": "1716811570000",
    "updatedOn": "1716811574000",
    "errorFileUrl": None,
    "uploadedFileUrl": "codes_1716811569557_535521.csv",
    "totalUploadedCount": 4,
    "actualRowCount": 4,
    "errorCount": 0,
    "uploadedFileName": "codes.csv",
}


@pytest.mark.parametrize(
    ("word", "rows", "errors", "told"),
    [
        ("STARTED", 0, 0, (UploadStatus.PENDING, None, None)),
        ("QUEUED", 4, 0, (UploadStatus.PENDING, None, None)),
        ("VALIDATED", 4, 0, (UploadStatus.PROCESSING, None, None)),
        ("COMMITED", 4, 1, (UploadStatus.PROCESSING, None, None)),
        ("finished", 4, 0, (UploadStatus.DONE, 4, 0)),
        ("FINISHED", "4", "1", (UploadStatus.PARTIAL, 3, 1)),
        ("FINISHED", 4, 4, (UploadStatus.FAILED, 0, 4)),
        ("COMPLETED", 4, 0, (UploadStatus.DONE, 4, 0)),
        ("FINISHED", 0, 0, (UploadStatus.UNKNOWN, None, None)),
        ("FINISHED", 4, 5, (UploadStatus.UNKNOWN, None, None)),
        ("FINISHED", 4, -1, (UploadStatus.UNKNOWN, None, None)),
        ("FINISHED", None, 0, (UploadStatus.UNKNOWN, None, None)),
        ("ERRORED", 0, 0, (UploadStatus.FAILED, None, None)),
        ("ERRORED", 4, 0, (UploadStatus.FAILED, None, None)),
        ("DREAMING", 4, 0, (UploadStatus.UNKNOWN, None, None)),
        (None, 4, 0, (UploadStatus.UNKNOWN, None, None)),
    ],
)
def test_status_of_a_job(
    word: object,
    rows: object,
    errors: object,
    told: tuple[UploadStatus, int | None, int | None],
) -> None:
    """FINISHED is judged by its error count; counts that lag or contradict are unknown (C-33, C-34)."""
    part = part_from(JOB | {"uploadStatus": word, "actualRowCount": rows, "errorCount": errors}, Anomalies())

    assert told == (part.status, part.accepted, part.rejected)
    assert (word or "") == part.vendor_status


def test_a_whole_job() -> None:
    """Id, name, error file and times of a job; the storage key stays text (C-35, C-36)."""
    part = part_from(JOB | {"errorFileUrl": "error_100458_5355212024_05_27_12_06_14"}, Anomalies())

    assert ("220605", "codes.csv", 4) == (part.id, part.name, part.rows)
    assert "error_100458_5355212024_05_27_12_06_14" == part.error_file
    assert datetime(2024, 5, 27, 12, 6, 10, tzinfo=UTC) == part.created_at
    assert datetime(2024, 5, 27, 12, 6, 14, tzinfo=UTC) == part.updated_at


def test_a_job_without_id_is_unreadable() -> None:
    """A job that cannot be named cannot be asked for."""
    with pytest.raises(UnreadableReply):
        part_from(JOB | {"jobId": None}, Anomalies())
