"""Files of redemptions at the emulated Capillary: request, jobs, rows, and what look-ups show afterwards."""

import io
import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.datastructures import FileStorage

from couponhub.testing.emulation.vendor import ControlError, EmulatedCustomer

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from tests.emulation.capillary.conftest import SteppedBackground, Vendor

MOBILE = "919000000001"
OWNER = "98662653"
AT = 1773050400000  # 2026-03-09T10:00:00Z
HEADERS = {"redeemedDateInMillis": 0, "redeemedAt": 1, "couponCode": 2, "mobile": 3, "billNumber": 4}


def _send(vendor: "Vendor", series_id: str, *rows: str, **parts: str) -> "TestResponse":
    lines = "\n".join(["at,till,code,customer,bill", *rows])
    form: dict[str, Any] = {
        "customerIdentifier": "MOBILE",
        "couponIdentifier": "COUPON_CODE",
        "uploadHeaders": json.dumps(HEADERS),
        **parts,
        "file": FileStorage(io.BytesIO(lines.encode()), "used.csv"),
    }
    path = f"/coupon/api/v1/upload/redeemFile/{series_id}"
    return vendor.client.post(path, data=form, content_type="multipart/form-data", headers=vendor.headers)


def _jobs(vendor: "Vendor", series_id: str) -> list[dict[str, Any]]:
    path = f"/coupon/api/v1/upload/getUploadRedeemedCouponStatus/{series_id}"
    answer = vendor.get(path).get_json()
    assert (True, 200, 100737) == (answer["success"], answer["status"], answer["result"]["orgId"])
    jobs: list[dict[str, Any]] = answer["result"]["redeemUploadJobStatuses"]
    return jobs


@pytest.fixture
def holder(slow_vendor: "Vendor") -> EmulatedCustomer:
    """A known customer of the empty emulator."""
    return slow_vendor.customer(MOBILE, email="h@example.com", external_id="E-1", id=OWNER)


@pytest.fixture
def series_id(slow_vendor: "Vendor", holder: EmulatedCustomer) -> str:
    """A series whose codes the vendor makes, beside the known customer."""
    assert holder.mobile is not None
    return slow_vendor.series(clientHandlingType="DISC_CODE")


def test_a_file_is_queued_and_worked_through_as_printed(
    slow_vendor: "Vendor", background: "SteppedBackground", series_id: str, holder: EmulatedCustomer
) -> None:
    """QUEUED with milliseconds, then COMPLETED with times cut to the server's midnight; the look-up shows the use."""
    (code,) = slow_vendor.issued(series_id, holder)
    answer = _send(slow_vendor, series_id, f"{AT},till.07,{code},{MOBILE},B-1").get_json()
    result = answer["result"]
    (job,) = result["redeemUploadJobStatuses"]
    stored = job["uploadedFileUrl"]
    assert (True, 200, int(series_id), stored) == (
        answer["success"],
        answer["status"],
        result["couponSeriesId"],
        result["fileName"],
    )
    assert re.fullmatch(rf"used_\d{{13}}_{series_id}\.csv", stored)
    assert {
        "jobId": job["jobId"],
        "uploadRedeemedCouponStatus": "QUEUED",
        "createdOn": job["createdOn"],
        "updatedOn": job["createdOn"],
        "errorFileUrl": None,
        "successFileUrl": None,
        "uploadedFileUrl": stored,
        "totalUploadedCount": 0,
        "actualRowCount": 0,
        "errorCount": 0,
        "uploadTableName": None,
        "uploadedFileName": stored,
    } == job
    assert datetime(2026, 3, 10, 12, tzinfo=UTC).timestamp() == int(job["createdOn"]) // 1000

    background.step()

    (done,) = _jobs(slow_vendor, series_id)
    midnight = str(int(datetime(2026, 3, 10, tzinfo=UTC).timestamp()) * 1000)
    assert {
        **job,
        "uploadRedeemedCouponStatus": "COMPLETED",
        "createdOn": midnight,
        "updatedOn": midnight,
        "totalUploadedCount": 1,
        "actualRowCount": 1,
        "uploadTableName": done["uploadTableName"],
    } == done
    assert re.fullmatch(r"temp_redemption_upload_100737_20260310_1200\d{5}", done["uploadTableName"])
    (held,) = slow_vendor.coupons(mobile=MOBILE)
    (redemption,) = held["redemptions"]["redemption"]
    assert {
        "id": redemption["id"],
        "date": "2026-03-09T15:30:00.000Z",
        "transaction_number": "B-1",
        "redeemed_at": {"code": "till.07", "name": "till.07"},
    } == redemption
    again = {"redemptionRequestList": [{"code": code}], "user": {"mobile": MOBILE}}
    answer = slow_vendor.send("POST", "/v2/coupon/redeem", again).get_json()
    assert [711] == [error["code"] for error in answer["errors"]]


def test_ids_win_over_other_identifiers(
    slow_vendor: "Vendor", background: "SteppedBackground", series_id: str, holder: EmulatedCustomer
) -> None:
    """Where `userId` and `couponId` are there, the other columns are not looked at."""
    first, second = slow_vendor.issued(series_id, holder, 2)
    ids = {coupon["code"]: coupon["id"] for coupon in slow_vendor.coupons(mobile=MOBILE)}
    headers = {**HEADERS, "userId": 5, "couponId": 6}
    row = f"{AT},till.07,{second},910000000000,,{OWNER},{ids[first]}"
    _send(slow_vendor, series_id, row, uploadHeaders=json.dumps(headers))
    background.step()
    counts = {coupon["code"]: coupon["redemption_count"] for coupon in slow_vendor.coupons(mobile=MOBILE)}
    assert {first: 1, second: 0} == counts


def test_refused_rows_are_counted_and_kept(
    slow_vendor: "Vendor", background: "SteppedBackground", series_id: str, holder: EmulatedCustomer
) -> None:
    """The job names a key; the file of it is the owner's alone. The good row is taken in."""
    good, used = slow_vendor.issued(series_id, holder, 2)
    elsewhere = slow_vendor.issued(slow_vendor.series(clientHandlingType="DISC_CODE"), holder)[0]
    slow_vendor.customer("919000000002", id="5")
    slow_vendor.emulator.redeem(series_id, used, {})
    _send(
        slow_vendor,
        series_id,
        f"{AT},till.07,{good},{MOBILE},B-1",
        f"{AT},till.07,{used},{MOBILE},B-2",
        f"{AT},till.07,NOWHERE,{MOBILE},B-3",
        f"{AT},till.07,{elsewhere},{MOBILE},B-4",
        f"{AT},till.07,{good},910000000000,B-5",
        f"yesterday,till.07,{good},{MOBILE},B-6",
        f"{AT},till.07,{good},919000000002,B-7",
        f"1801440000000,till.07,{good},{MOBILE},B-8",
    )
    background.step()
    (job,) = _jobs(slow_vendor, series_id)
    assert ("COMPLETED", 8, 7) == (
        job["uploadRedeemedCouponStatus"],
        job["actualRowCount"],
        job["errorCount"],
    )
    key = rf"error_redemption_upload_100737_{series_id}2026_03_10_12_00_\d\d"
    assert re.fullmatch(key, job["errorFileUrl"])
    assert [
        "ErrorMsg,CouponCode,UserId",
        f"Coupon already used,{used},{OWNER}",
        f"Coupon code is invalid,NOWHERE,{OWNER}",
        f"Coupon code is invalid,{elsewhere},{OWNER}",
        f"user does not exist with the provided mobile,{good},NA",
        f"redeemedDateInMillis is invalid,{good},{OWNER}",
        f"Coupon not issued to this customer,{good},5",
        f"Coupon Series / Campaign has expired,{good},{OWNER}",
    ] == slow_vendor.refusals(job)
    with pytest.raises(ControlError):
        slow_vendor.emulator.error_file("error_redemption_upload_1")


@pytest.mark.parametrize(
    "parts",
    [
        {"customerIdentifier": "EXTENAL_ID"},
        {"customerIdentifier": "NOT_TAGGED"},
        {"couponIdentifier": "CODE"},
        {"uploadHeaders": "{"},
        {"uploadHeaders": "[]"},
        {"uploadHeaders": json.dumps({**HEADERS, "billNumber": "4"})},
        {"uploadHeaders": json.dumps({**HEADERS, "mobile": -1})},
        *(
            {"uploadHeaders": json.dumps({key: at for key, at in HEADERS.items() if key != name})}
            for name in HEADERS
            if name != "billNumber"
        ),
    ],
)
def test_a_wrong_request_is_refused(slow_vendor: "Vendor", series_id: str, parts: dict[str, str]) -> None:
    """HTTP 400 with the family's text, and no job."""
    answer = _send(slow_vendor, series_id, "1,a,b,c,d", **parts)
    assert (400, "Incorrect or invalid input.") == (
        answer.status_code,
        answer.get_json()["errors"][0]["message"],
    )
    assert [] == _jobs(slow_vendor, series_id)


def test_an_unknown_series_has_no_jobs(slow_vendor: "Vendor") -> None:
    """An upload to it is 400, its status an empty list, as for code files (C-43)."""
    assert 400 == _send(slow_vendor, "5", "1,a,b,c,d").status_code
    assert [] == _jobs(slow_vendor, "5")


def test_the_path_without_its_prefix_is_not_there(slow_vendor: "Vendor", series_id: str) -> None:
    """One page prints it so (C-29)."""
    assert 404 == slow_vendor.send("POST", f"/upload/redeemFile/{series_id}", {}).status_code


def test_a_binary_file_ends_as_a_whole(
    slow_vendor: "Vendor", background: "SteppedBackground", series_id: str
) -> None:
    """Its job is in error, with no row counted."""
    _send(slow_vendor, series_id, "\0")
    background.step()
    (job,) = _jobs(slow_vendor, series_id)
    assert ("ERRORED", 0) == (job["uploadRedeemedCouponStatus"], job["actualRowCount"])


def test_jobs_that_stand_still_go_on(
    slow_vendor: "Vendor", background: "SteppedBackground", series_id: str
) -> None:
    """The option holds them back until it is switched off; jobs are listed in their order."""
    slow_vendor.emulator.set_options({"jobs_never_end": True})
    for _ in range(2):
        _send(slow_vendor, series_id)
    background.step()
    background.step()
    assert ["QUEUED"] * 2 == [job["uploadRedeemedCouponStatus"] for job in _jobs(slow_vendor, series_id)]
    slow_vendor.emulator.set_options({"jobs_never_end": False})
    background.step()
    background.step()
    jobs = _jobs(slow_vendor, series_id)
    assert ["COMPLETED"] * 2 == [job["uploadRedeemedCouponStatus"] for job in jobs]
    assert jobs[0]["jobId"] < jobs[1]["jobId"]


def test_reading_and_writing_need_their_rights(slow_vendor: "Vendor", series_id: str) -> None:
    """Write on coupons for the file, read for its status; Basic is not taken (C-2)."""
    slow_vendor.emulator.set_options({"denied": {"demo-key": ["coupon-write"]}})
    assert 403 == _send(slow_vendor, series_id, "1,a,b,c,d").status_code
    assert [] == _jobs(slow_vendor, series_id)
    slow_vendor.headers = slow_vendor.basic()
    assert 401 == _send(slow_vendor, series_id, "1,a,b,c,d").status_code


def test_files_of_both_kinds_stand_in_tables(
    slow_vendor: "Vendor", background: "SteppedBackground", series_id: str, holder: EmulatedCustomer
) -> None:
    """People who look at the emulator see each file with its rows, those refused, and how it stands."""
    (code,) = slow_vendor.issued(series_id, holder)
    _send(slow_vendor, series_id, f"{AT},till.07,{code},{MOBILE},B-1", f"{AT},till.07,NONE,{MOBILE},B-2")
    slow_vendor.upload(slow_vendor.series(), "code\nA-1\nA-2\n")
    tables = {table.name: table for table in slow_vendor.emulator.tables()}
    assert ["QUEUED", "STARTED"] == [
        tables["redemption-uploads"].rows(0, 9)[0][3],
        tables["uploads"].rows(0, 9)[0][4],
    ]
    for _ in range(4):
        background.step()
    (used,), (uploaded,) = tables["redemption-uploads"].rows(0, 9), tables["uploads"].rows(0, 9)
    assert ("COMPLETED", 2, 1) == tuple(used[3:6])
    assert ("NOT_TAGGED", "FINISHED", 2, 2, 0) == tuple(uploaded[3:8])
