"""Code uploads of the emulated Capillary: requests, jobs, rows, counters."""

import io
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from couponhub.testing.emulation.vendor import ControlError

if TYPE_CHECKING:
    from tests.emulation.capillary.conftest import SteppedBackground, Vendor

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)

JOB_FIELDS = {
    "jobId",
    "uploadStatus",
    "createdOn",
    "updatedOn",
    "errorFileUrl",
    "successFileUrl",
    "uploadedFileUrl",
    "totalUploadedCount",
    "actualRowCount",
    "errorCount",
    "uploadTableName",
    "uploadedFileName",
    "audienceGroupId",
    "audienceGroupVersionId",
}
TAGGED = {"customerIdentifier": "MOBILE", "customerIdentifierColumn": "0"}
BAD_REQUEST = {
    "success": False,
    "status": 400,
    "result": None,
    "errors": [{"code": 400, "message": "Incorrect or invalid input."}],
}
USED_UNTAGGED = "coupon code already used in this org - duplicate coupons created entry"


def _counts(job: dict[str, object]) -> tuple[object, object, object, object]:
    return job["uploadStatus"], job["actualRowCount"], job["totalUploadedCount"], job["errorCount"]


def _counters(vendor: "Vendor", series_id: str) -> tuple[int, int, int]:
    series = vendor.read(series_id)
    return series["numUploadedTotal"], series["numUploadedNonIssued"], series["numIssued"]


def _file() -> tuple[io.BytesIO, str]:
    return io.BytesIO(b"code\nA1\n"), "codes.csv"


def test_an_upload_is_answered_as_queued(vendor: "Vendor") -> None:
    """The documented request gets the documented envelope and one fresh job."""
    vendor.emulator.set_processing_delay(60)
    series_id = vendor.series()
    answer = vendor.upload(series_id, "coupon code\nABCDEF1\n", file_name="couponbatchupload.csv")
    body = answer.get_json()
    result = body["result"]
    (job,) = result["uploadJobStatuses"]
    assert answer.status_code == 200
    assert set(body) == {"success", "status", "result"}
    assert (body["success"], body["status"]) == (True, 200)
    assert set(result) == {"orgId", "couponSeriesId", "uploadJobStatuses", "fileName"}
    assert (result["orgId"], result["couponSeriesId"]) == (100737, int(series_id))
    assert set(job) == JOB_FIELDS
    assert result["fileName"] == job["uploadedFileUrl"]
    assert re.fullmatch(rf"couponbatchupload_\d{{13}}_{series_id}\.csv", job["uploadedFileUrl"])
    stored_before = int(job["createdOn"]) - int(job["uploadedFileUrl"].split("_")[1])
    assert 100 <= stored_before <= 2000
    assert job["createdOn"] == job["updatedOn"]
    assert len(str(job["jobId"])) == 6
    rest = {name: job[name] for name in JOB_FIELDS - {"jobId", "createdOn", "updatedOn", "uploadedFileUrl"}}
    assert rest == {
        "uploadStatus": "STARTED",
        "errorFileUrl": None,
        "successFileUrl": None,
        "totalUploadedCount": 0,
        "actualRowCount": 0,
        "errorCount": 0,
        "uploadTableName": None,
        "uploadedFileName": "couponbatchupload.csv",
        "audienceGroupId": 0,
        "audienceGroupVersionId": 0,
    }


def test_the_status_lists_a_finished_job(vendor: "Vendor") -> None:
    """The envelope without fileName; times cut to the second; a table name; no error file."""
    series_id = vendor.series()
    job = vendor.processed(series_id, "coupon code\nABCDEF1\nABCDEF2\n")
    path = f"/coupon/api/v1/upload/getUploadStatus/{series_id}"
    assert set(vendor.get(path).get_json()["result"]) == {"orgId", "couponSeriesId", "uploadJobStatuses"}
    assert set(job) == JOB_FIELDS
    assert _counts(job) == ("FINISHED", 2, 2, 0)
    assert job["createdOn"].endswith("000")
    assert job["updatedOn"].endswith("000")
    assert re.fullmatch(r"temp_100737_20260310_\d{9}", job["uploadTableName"])
    assert (job["errorFileUrl"], job["successFileUrl"]) == (None, None)


def test_no_jobs_and_no_series_are_an_empty_list(vendor: "Vendor") -> None:
    """A series without jobs, and a series that is not there, answer 200 with no jobs."""
    assert vendor.jobs(vendor.series()) == []
    assert vendor.jobs("999999") == []


@pytest.mark.parametrize(
    "parts",
    [
        {"customerIdentifier": "EXTENAL_ID", "customerIdentifierColumn": "0"},
        {"customerIdentifier": "not_tagged"},
        {"customerIdentifier": ""},
        {"customerIdentifier": "MOBILE"},
        {"customerIdentifier": "USER_ID", "customerIdentifierColumn": ""},
    ],
)
def test_wrong_parts_are_400(vendor: "Vendor", parts: dict[str, str]) -> None:
    """A misspelt identifier, or a tagged upload without its column."""
    answer = vendor.upload(vendor.series(), "code\nA1\n", **parts)
    assert (answer.status_code, answer.get_json()) == (400, BAD_REQUEST)


def test_an_upload_into_an_unknown_series_is_400(vendor: "Vendor") -> None:
    """Nothing is queued for a series that is not there."""
    for series_id in ("999999", "abc"):
        answer = vendor.upload(series_id, "code\nA1\n")
        assert (answer.status_code, answer.get_json()) == (400, BAD_REQUEST)


def test_an_upload_needs_a_file_in_a_multipart_body(vendor: "Vendor") -> None:
    """No file part or one of another name, a file without a name, no identifier, and another content type are 400."""
    path = f"/coupon/api/v1/upload/file/{vendor.series()}"
    form = {"customerIdentifier": "NOT_TAGGED"}
    multipart = {"content_type": "multipart/form-data", "headers": vendor.headers}
    bodies = (
        vendor.client.post(path, data=form, **multipart),
        vendor.client.post(path, data={**form, "file": "code\nA1\n"}, **multipart),
        vendor.client.post(path, data={**form, "upload": _file()}, **multipart),
        vendor.client.post(path, data={"file": _file()}, **multipart),
        vendor.client.post(path, data=form, headers=vendor.headers),
        vendor.client.post(path, json=form, headers=vendor.headers),
    )
    assert [answer.status_code for answer in bodies] == [400] * 6


def test_untagged_codes_join_the_pool_in_upper_case(vendor: "Vendor") -> None:
    """Codes are stored in upper case, leading zeros kept; the counters rise; nobody holds them."""
    series_id = vendor.series()
    vendor.processed(series_id, "coupon code\nabcDef1\n0012\n")
    assert vendor.emulator.codes(series_id) == [
        {"code": "ABCDEF1", "status": "available", "customer": None},
        {"code": "0012", "status": "available", "customer": None},
    ]
    assert _counters(vendor, series_id) == (2, 2, 0)


def test_tagged_codes_are_issued_at_once(vendor: "Vendor") -> None:
    """Either column order; the customer holds the coupon, and the pool stays empty."""
    customer = vendor.customer()
    series_id = vendor.series()
    vendor.processed(series_id, "mobile,code\n919000000001,T1\n", **TAGGED)
    swapped = {**TAGGED, "customerIdentifierColumn": "1"}
    vendor.processed(series_id, "code,mobile\nT2,9000000001\n", **swapped)
    held = vendor.coupons(mobile="919000000001")
    assert {coupon["code"] for coupon in held} == {"T1", "T2"}
    assert ["issued_at" in coupon for coupon in held] == [False, False]
    assert _counters(vendor, series_id) == (2, 0, 2)
    owners = {entry["customer"]["mobile"] for entry in vendor.emulator.codes(series_id) if entry["customer"]}
    assert owners == {customer.mobile}


@pytest.mark.parametrize(
    ("identifier", "value"),
    [("MOBILE", "919000000001"), ("EMAIL", "t@example.com"), ("EXTERNAL_ID", "E-9"), ("USER_ID", "98000001")],
)
def test_every_identifier_finds_its_customer(vendor: "Vendor", identifier: str, value: str) -> None:
    """The four documented identifiers tag a code."""
    vendor.customer(email="t@example.com", external_id="E-9", id="98000001")
    parts = {"customerIdentifier": identifier, "customerIdentifierColumn": "0"}
    job = vendor.processed(vendor.series(), f"who,code\n{value},T1\n", **parts)
    assert _counts(job) == ("FINISHED", 1, 1, 0)
    assert [coupon["code"] for coupon in vendor.coupons(id="98000001")] == ["T1"]


@pytest.mark.parametrize(
    ("identifier", "text"),
    [
        ("MOBILE", "user does not exist with the provided mobile"),
        ("EMAIL", "User does not with the provided email"),
        ("EXTERNAL_ID", "user does not exist with the provided external id"),
        ("USER_ID", "userid is not valid or is inactive"),
    ],
)
def test_unknown_customers_are_refused_rows(vendor: "Vendor", identifier: str, text: str) -> None:
    """Each identifier has its own text in the error file, and no user id."""
    parts = {"customerIdentifier": identifier, "customerIdentifierColumn": "0"}
    job = vendor.processed(vendor.series(), "who,code\nnobody,t1\n,T2\n", **parts)
    assert _counts(job) == ("FINISHED", 2, 2, 2)
    assert vendor.refusals(job) == ["ErrorMsg,CouponCode,UserId", f"{text},T1,NA", f"{text},T2,NA"]


def test_the_error_file_has_a_key_and_a_control_path_only(vendor: "Vendor") -> None:
    """The key is organisation, series and local time without a separator; an unknown key is an error."""
    series_id = vendor.series()
    job = vendor.processed(series_id, "code\nA1\nA1\n")
    pattern = rf"error_100737_{series_id}2026_03_10_\d\d_\d\d_\d\d"
    assert re.fullmatch(pattern, job["errorFileUrl"])
    again = vendor.processed(series_id, "code\nA2\nA2\n")
    assert again["errorFileUrl"] != job["errorFileUrl"]
    with pytest.raises(ControlError) as caught:
        vendor.emulator.error_file("error_1")
    assert caught.value.missing


def test_codes_twice_in_a_file_are_all_refused(vendor: "Vendor") -> None:
    """All copies, whatever their case, and none of them is taken."""
    series_id = vendor.series()
    job = vendor.processed(series_id, "code\nAA\nbb\naa\nCC\n")
    text = "duplicate coupons provided in the same file"
    assert _counts(job) == ("FINISHED", 4, 4, 2)
    assert vendor.refusals(job) == ["ErrorMsg,CouponCode", f"{text},AA", f"{text},AA"]
    assert [entry["code"] for entry in vendor.emulator.codes(series_id)] == ["BB", "CC"]


def test_codes_of_the_organisation_are_refused(vendor: "Vendor") -> None:
    """A code of any series is taken, tagged and untagged uploads say so differently."""
    vendor.customer()
    first, second = vendor.series(), vendor.series()
    vendor.processed(first, "code\nAA\n")
    job = vendor.processed(second, "code\naa\nBB\n")
    assert vendor.refusals(job)[1:] == [f"{USED_UNTAGGED},AA"]
    tagged = vendor.processed(second, "m,code\n919000000001,AA\n", **TAGGED)
    (line,) = vendor.refusals(tagged)[1:]
    assert re.fullmatch(r"Coupon code is already used in this org,AA,\d+", line)
    common = vendor.series(clientHandlingType="GENERIC", genericCode="FEST")
    job = vendor.processed(first, "code\nfest\n")
    assert vendor.refusals(job)[1:] == [f"{USED_UNTAGGED},FEST"]
    assert vendor.emulator.codes(common) == []


def test_a_revoked_code_is_free_again(vendor: "Vendor") -> None:
    """It may be uploaded again for another customer."""
    vendor.customer("919000000001")
    vendor.customer("919000000002")
    series_id = vendor.series()
    vendor.processed(series_id, "m,code\n919000000001,AA\n", **TAGGED)
    vendor.emulator.revoke(series_id, "AA")
    job = vendor.processed(series_id, "m,code\n919000000002,AA\n", **TAGGED)
    assert _counts(job) == ("FINISHED", 1, 1, 0)
    assert [coupon["code"] for coupon in vendor.coupons(mobile="919000000002")] == ["AA"]
    assert vendor.coupons(mobile="919000000001") == []


def test_a_customer_several_times_in_a_file(vendor: "Vendor") -> None:
    """Allowed; with the option of the old rule all its rows are refused."""
    vendor.customer("919000000001")
    vendor.customer("919000000002")
    series_id = vendor.series()
    rows = "m,code\n919000000001,{0}1\n919000000001,{0}2\n919000000002,{0}3\n"
    assert vendor.processed(series_id, rows.format("A"), **TAGGED)["errorCount"] == 0
    vendor.emulator.set_options({"one_row_per_customer": True})
    job = vendor.processed(series_id, rows.format("B"), **TAGGED)
    texts = [line.split(",")[0] for line in vendor.refusals(job)[1:]]
    assert texts == ["duplicate users provided in the same file"] * 2


def test_long_and_empty_codes_are_refused_rows(vendor: "Vendor") -> None:
    """Beyond 40 characters, or the option's limit, a code is invalid."""
    vendor.customer()
    series_id = vendor.series()
    job = vendor.processed(series_id, f"code\n{'A' * 40}\n{'B' * 41}\n")
    assert vendor.refusals(job)[1:] == [f"invalid coupon code,{'B' * 41}"]
    vendor.emulator.set_options({"max_code_length": 20})
    job = vendor.processed(series_id, f"code\n{'C' * 21}\n")
    assert vendor.refusals(job)[1:] == [f"invalid coupon code,{'C' * 21}"]
    job = vendor.processed(series_id, "m,code\n919000000001,\n919000000001\n", **TAGGED)
    texts = [line.split(",")[0] for line in vendor.refusals(job)[1:]]
    assert texts == ["invalid coupon code"] * 2


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbfcode\r\nA1\r\nA2\r\n",
        b'code\n"A1"\n "A2" \n'.replace(b' "A2" ', b'"A2"'),
        b"code\n\n  A1  \n\n,\nA2",
        b"\ncode,more\nA1,x\nA2,y,z\n",
    ],
)
def test_what_a_file_may_look_like(vendor: "Vendor", content: bytes) -> None:
    """Byte order mark, CRLF, quotes, blanks, blank rows and further columns are all taken."""
    series_id = vendor.series()
    job = vendor.processed(series_id, content)
    assert _counts(job) == ("FINISHED", 2, 2, 0)
    assert [entry["code"] for entry in vendor.emulator.codes(series_id)] == ["A1", "A2"]


@pytest.mark.parametrize("content", [b"", b"coupon code\n"])
def test_a_file_without_rows_finishes_with_zeros(vendor: "Vendor", content: bytes) -> None:
    """Header only, or nothing at all."""
    assert _counts(vendor.processed(vendor.series(), content)) == ("FINISHED", 0, 0, 0)


@pytest.mark.parametrize("content", [b"code\nA\x00B\n", b"code\n\xff\xfe\n", b'code\n"A1\n'])
def test_an_unreadable_file_is_errored(vendor: "Vendor", content: bytes) -> None:
    """Binary, undecodable or broken: the job ends ERRORED without counts or reason."""
    series_id = vendor.series()
    job = vendor.processed(series_id, content)
    assert _counts(job) == ("ERRORED", 0, 0, 0)
    assert job["errorFileUrl"] is None
    assert vendor.emulator.codes(series_id) == []


@pytest.mark.parametrize("column", ["2", "-1", "x", "1.0"])
def test_a_column_that_is_not_there_is_errored(vendor: "Vendor", column: str) -> None:
    """Not a position in the file: accepted at first, then ERRORED."""
    parts = {"customerIdentifier": "MOBILE", "customerIdentifierColumn": column}
    job = vendor.processed(vendor.series(), "m,code\n919000000001,A1\n", **parts)
    assert job["uploadStatus"] == "ERRORED"


def test_the_column_is_ignored_for_untagged_codes(vendor: "Vendor") -> None:
    """NOT_TAGGED takes the first column, whatever else is sent."""
    job = vendor.processed(vendor.series(), "code,m\nA1,x\n", customerIdentifierColumn="9")
    assert _counts(job) == ("FINISHED", 1, 1, 0)


def test_codes_for_the_wrong_kind_of_series(vendor: "Vendor") -> None:
    """Untagged: the job is ERRORED. Tagged with codes: every row is refused. Customers alone into PIN: ERRORED."""
    vendor.customer()
    made = vendor.series(clientHandlingType="DISC_CODE")
    assert vendor.processed(made, "code\nA1\n")["uploadStatus"] == "ERRORED"
    job = vendor.processed(made, "m,code\n919000000001,A1\n", **TAGGED)
    assert _counts(job) == ("FINISHED", 1, 1, 1)
    assert vendor.refusals(job)[1].startswith("invalid coupon code,A1,")
    pooled = vendor.series()
    assert vendor.processed(pooled, "m\n919000000001\n", **TAGGED)["uploadStatus"] == "ERRORED"


def test_customers_alone_get_codes_made_for_them(vendor: "Vendor") -> None:
    """Into DISC_CODE each gets a new code; into GENERIC the common one, once."""
    vendor.customer("919000000001")
    vendor.customer("919000000002")
    made = vendor.series(clientHandlingType="DISC_CODE", alphaNumeric=True, randomCodeLength=8)
    rows = "customerIdentifier\n919000000001\n919000000002\n"
    assert _counts(vendor.processed(made, rows, **TAGGED)) == ("FINISHED", 2, 2, 0)
    codes = [entry["code"] for entry in vendor.emulator.codes(made)]
    assert len(set(codes)) == 2
    assert all(re.fullmatch("[A-Z0-9]{8}", code) for code in codes)
    common = vendor.series(clientHandlingType="GENERIC", genericCode="FEST25")
    vendor.processed(common, rows, **TAGGED)
    assert [entry["code"] for entry in vendor.emulator.codes(common)] == ["FEST25", "FEST25"]
    again = vendor.processed(common, rows, **TAGGED)
    assert again["errorCount"] == 2


def test_externally_managed_codes_belong_to_nobody(vendor: "Vendor") -> None:
    """Untagged codes count as issued at once, to nobody; rows with customers are refused."""
    vendor.customer()
    series_id = vendor.series(externalIssual=True, anyUser=True)
    vendor.processed(series_id, "code\nX1\n")
    assert vendor.emulator.codes(series_id) == [{"code": "X1", "status": "issued", "customer": None}]
    assert _counters(vendor, series_id) == (1, 0, 1)
    assert vendor.processed(series_id, "m,code\n919000000001,X2\n", **TAGGED)["errorCount"] == 1


def test_limits_of_the_series_hold_per_row(vendor: "Vendor") -> None:
    """Each limit refuses the rows beyond it with its own text."""
    vendor.customer("919000000001")
    vendor.customer("919000000002")
    one, two = "919000000001,{}1\n919000000001,{}2\n", "919000000002,{}3\n"
    other = vendor.series()
    vendor.processed(other, "m,code\n919000000002,O1\n", **TAGGED)
    cases: dict[str, tuple[dict[str, object], str, list[str]]] = {
        "A": ({"maxCreate": 1}, "coupon max issual limit exceeded", ["A2", "A3"]),
        "B": ({"maxVouchersPerUser": 1}, "coupon max issual limit per customer exceeded", ["B2"]),
        "C": (
            {"minDaysBetweenVouchers": 3},
            "coupon already issued within min days between issual limit",
            ["C2"],
        ),
        "D": (
            {"doNotResendExistingVoucher": True},
            "coupon already issued not uploading again as per resend config",
            ["D2"],
        ),
        "E": (
            {"mutualExclusiveSeriesIds": f"[{other}]"},
            "Coupon exists for mutual exclusive series",
            ["E3"],
        ),
    }
    for letter, (changes, text, refused) in cases.items():
        rows = (one + two).replace("{}", letter)
        job = vendor.processed(vendor.series(**changes), "m,code\n" + rows, **TAGGED)
        lines = [line.split(",")[:2] for line in vendor.refusals(job)[1:]]
        assert lines == [[text, code] for code in refused]


def test_pooled_codes_count_towards_the_series_limit(vendor: "Vendor") -> None:
    """`maxCreate` bounds an untagged upload as well."""
    job = vendor.processed(vendor.series(maxCreate=2), "code\nA1\nA2\nA3\n")
    assert vendor.refusals(job)[1:] == ["coupon max issual limit exceeded,A3"]


def _word(vendor: "Vendor", series_id: str) -> str:
    return str(vendor.jobs(series_id)[0]["uploadStatus"])


def _words(vendor: "Vendor", background: "SteppedBackground", series_id: str) -> list[str]:
    words = [_word(vendor, series_id)]
    while background.waiting:
        background.step()
        words.append(_word(vendor, series_id))
    return words


def test_a_job_goes_through_all_steps(slow_vendor: "Vendor", background: "SteppedBackground") -> None:
    """STARTED, VALIDATED with its rows counted, COMMITED, FINISHED; all in the processing delay."""
    slow_vendor.emulator.set_processing_delay(6)
    series_id = slow_vendor.series()
    slow_vendor.upload(series_id, "code\nA1\nA1\n")
    seconds = []
    seen = [_counts(slow_vendor.jobs(series_id)[0])]
    while background.waiting:
        seconds.append(background.step())
        seen.append(_counts(slow_vendor.jobs(series_id)[0]))
    assert seen == [
        ("STARTED", 0, 0, 0),
        ("VALIDATED", 2, 0, 0),
        ("COMMITED", 2, 2, 2),
        ("FINISHED", 2, 2, 2),
    ]
    assert sum(seconds) == pytest.approx(6)


def test_middle_steps_can_be_hidden(slow_vendor: "Vendor", background: "SteppedBackground") -> None:
    """With the option a job is STARTED until it ends."""
    slow_vendor.emulator.set_options({"middle_steps": False})
    series_id = slow_vendor.series()
    slow_vendor.upload(series_id, "code\nA1\n")
    assert _words(slow_vendor, background, series_id) == ["STARTED", "STARTED", "STARTED", "FINISHED"]


def test_running_jobs_can_show_an_unknown_word(
    slow_vendor: "Vendor", background: "SteppedBackground"
) -> None:
    """With the fault on, the list shows the word until the job ends; the upload's answer does not."""
    slow_vendor.emulator.set_options({"running_word": "CHURNING"})
    series_id = slow_vendor.series()
    answer = slow_vendor.upload(series_id, "code\nA1\n").get_json()
    assert answer["result"]["uploadJobStatuses"][0]["uploadStatus"] == "STARTED"
    expected = ["CHURNING", "CHURNING", "CHURNING", "FINISHED"]
    assert _words(slow_vendor, background, series_id) == expected


def test_jobs_can_stand_still(slow_vendor: "Vendor", background: "SteppedBackground") -> None:
    """With the fault on no job moves; switched off, it goes on where it stood."""
    series_id = slow_vendor.series()
    slow_vendor.upload(series_id, "code\nA1\n")
    background.step()
    slow_vendor.emulator.set_options({"jobs_never_end": True})
    assert _words(slow_vendor, background, series_id) == ["VALIDATED", "VALIDATED"]
    slow_vendor.emulator.set_options({"jobs_never_end": False})
    assert _words(slow_vendor, background, series_id) == ["VALIDATED", "COMMITED", "FINISHED"]


def test_jobs_of_the_organisation_run_in_order(
    slow_vendor: "Vendor", background: "SteppedBackground"
) -> None:
    """A later job, of another series, stays STARTED until the earlier one has ended."""
    first, second = slow_vendor.series(), slow_vendor.series()
    slow_vendor.upload(first, "code\nA1\n")
    slow_vendor.upload(second, "code\nA1\n")
    while _word(slow_vendor, first) != "FINISHED":
        assert _word(slow_vendor, second) == "STARTED"
        background.step()
    assert _words(slow_vendor, background, second) == ["STARTED", "VALIDATED", "COMMITED", "FINISHED"]
    assert [entry["code"] for entry in slow_vendor.emulator.codes(first)] == ["A1"]
    assert slow_vendor.jobs(second)[0]["errorCount"] == 1


def test_jobs_are_listed_ascending_with_names_of_their_own(vendor: "Vendor") -> None:
    """All jobs of the series and of no other; stored names differ even for one file name and a clock set back."""
    series_id = vendor.series()
    for number in range(5):
        vendor.world.clock.set(NOW - number * timedelta(minutes=1))
        vendor.upload(series_id, f"code\nA{number}\n")
    vendor.upload(vendor.series(), "code\nZ1\n")
    jobs = vendor.jobs(series_id)
    ids = [job["jobId"] for job in jobs]
    assert len(ids) == 5
    assert ids == sorted(ids)
    assert len({job["uploadedFileUrl"] for job in jobs}) == 5


def test_the_answer_can_list_all_jobs(vendor: "Vendor") -> None:
    """Only the new one; with the option all of the series, newest last."""
    series_id = vendor.series()
    vendor.processed(series_id, "code\nA1\n")
    assert len(vendor.upload(series_id, "code\nA2\n").get_json()["result"]["uploadJobStatuses"]) == 1
    vendor.emulator.set_options({"answer_all_jobs": True})
    result = vendor.upload(series_id, "code\nA3\n").get_json()["result"]
    jobs = result["uploadJobStatuses"]
    assert [job["jobId"] for job in jobs] == sorted(job["jobId"] for job in jobs)
    assert len(jobs) == 3
    assert jobs[-1]["uploadedFileUrl"] == result["fileName"]


def test_a_reset_ends_unfinished_jobs(slow_vendor: "Vendor", background: "SteppedBackground") -> None:
    """What was queued before a reset does nothing after it."""
    slow_vendor.upload(slow_vendor.series(), "code\nA1\n")
    background.step()
    slow_vendor.emulator.reset()
    slow_vendor.headers = {"X-CAP-API-OAUTH-TOKEN": slow_vendor.token()}
    series_id = slow_vendor.series()
    background.step()
    assert background.waiting == []
    assert slow_vendor.jobs(series_id) == []
    assert slow_vendor.emulator.codes(series_id) == []


def test_many_rows_are_taken_in_batches(vendor: "Vendor") -> None:
    """More rows than one batch, and more bytes than are kept in memory, all arrive, once."""
    series_id = vendor.series()
    codes = [f"N{number:039}" for number in range(14_321)]
    job = vendor.processed(series_id, "code\n" + "\n".join(codes))
    assert _counts(job) == ("FINISHED", 14_321, 14_321, 0)
    assert [entry["code"] for entry in vendor.emulator.codes(series_id)] == codes
