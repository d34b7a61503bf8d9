"""The emulated MoEngage refuses what MoEngage documents to refuse, whatever the adapter would never send.

Rules: "Coupon Management Overview" and the pages of the single operations, read 2026.
"""

import base64
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import date, timedelta
from pathlib import Path

import attrs
import pytest
import requests

from couponhub.clock import utc_now
from couponhub.models import Alerts, Upload, UploadStatus
from couponhub.staging import StagedFile
from couponhub.staging.server import ServerStaging
from tests.strictness.tampering import (
    Alteration,
    Bench,
    Case,
    Refusal,
    altering,
    assert_refused,
    body,
    fields,
    header,
    header_changed,
    method,
    names,
    path,
    query,
    replaced,
)

ALERTS = Alerts(subscribers=("a@example.com",), success=True, failure=True, shortage=5, expiry_days=3)
CREATE, LISTS, UPLOAD = "POST /v1/coupon-list", "GET /v1/coupon-list", "POST /v1/coupon-list/*/files"
REPORT = "POST /v1/coupon-list/*/usage-report"
EXPIRY, SHORTAGE = ("alert_conditions", "expiry_alert"), ("alert_conditions", "coupon_shortage_alert")
ABSENT = "6721d00eefc476c0f67e0d05"

UNAUTHENTICATED = Refusal(status=401, code="request-unauthenticated")
NO_SUCH_LIST = Refusal(status=404, code="coupon-list-not-found")


def invalid(text: str) -> Refusal:
    """The refusal that only its text tells apart from others."""
    return Refusal(status=400, code="invalid-request", text=text)


def bad_value(key: str) -> Refusal:
    """The refusal of one value."""
    return invalid(f"The value provided for the '{key}' key is invalid.")


WRONG_TYPE = invalid("The data type provided for some of the attributes is invalid.")
BAD_JSON = invalid("The requested JSON is incorrect.")


def today(days: int = 0) -> date:
    """Today in the workspace's zone, or so many days later."""
    return (utc_now() + timedelta(hours=5, minutes=30, days=days)).date()


def create(bench: Bench) -> object:
    """Create a list with every alert on."""
    new = bench.harness.new_list(bench.fresh("list"))
    return bench.harness.connection.lists.create(attrs.evolve(new, alerts=ALERTS))


def read_lists(bench: Bench) -> object:
    """Read the active lists."""
    return list(bench.harness.connection.lists.iterate("active"))


def upload(bench: Bench) -> Upload:
    """Send three codes and wait for the end."""
    codes = [bench.fresh("CODE") for _ in range(3)]
    return bench.harness.connection.uploads.send(bench.list_id, codes, wait=True, timeout=20)


def report(bench: Bench) -> object:
    """Ask for a report of today."""
    return bench.harness.connection.usage.request(bench.list_id, today(), today(), ["a@example.com"])


def truth(bench: Bench) -> object:
    """All lists with their counts and times, their files, and their codes, as the vendor holds them."""
    call = bench.harness.connection.call
    return [
        (one, call("GET", f"/coupon-list/{one['_id']}/files"), bench.harness.control.codes(one["_id"]))
        for one in call("GET", "/coupon-list")["data"]  # type: ignore[index] # any JSON
    ]


def basic(username: str, password: str) -> str:
    """The header of those credentials."""
    return f"Basic {base64.b64encode(f'{username}:{password}'.encode()).decode()}"


def of_absent_list() -> Alteration:
    """Name a list that there is none of."""

    def alter(request: requests.PreparedRequest) -> None:
        path(str(request.url).split("/")[-2], ABSENT)(request)

    return alter


CASES = [
    Case(
        rule="MOE-APPKEY stands beside the credentials",
        do=read_lists,
        on=LISTS,
        alter=header("MOE-APPKEY", None),
        refusal=UNAUTHENTICATED,
    ),
    Case(
        rule="MOE-APPKEY stands beside an upload too",
        do=upload,
        on=UPLOAD,
        alter=header("MOE-APPKEY", None),
        refusal=UNAUTHENTICATED,
    ),
    Case(
        rule="MOE-APPKEY is the workspace",
        do=create,
        on=CREATE,
        alter=header("MOE-APPKEY", "demo-key"),
        refusal=UNAUTHENTICATED,
    ),
    Case(
        rule="credentials are Basic",
        do=read_lists,
        on=LISTS,
        alter=header_changed("Authorization", lambda value: value.replace("Basic", "Bearer")),
        refusal=UNAUTHENTICATED,
    ),
    Case(
        rule="the workspace is the user and the key the password",
        do=report,
        on=REPORT,
        alter=header("Authorization", basic("demo-key", "DEMO")),
        refusal=UNAUTHENTICATED,
    ),
    Case(
        rule="a body is declared as JSON",
        do=create,
        on=CREATE,
        alter=header("Content-Type", "application/x-www-form-urlencoded"),
        refusal=BAD_JSON,
    ),
    Case(
        rule="a body is whole JSON",
        do=report,
        on=REPORT,
        alter=body(lambda raw: raw[:-1]),
        refusal=BAD_JSON,
    ),
    Case(
        rule="a new list has no other keys",
        do=create,
        on=CREATE,
        alter=fields(description="x"),
        refusal=invalid("Invalid field in the request: ['description']."),
    ),
    Case(
        rule="a new list has a label",
        do=create,
        on=CREATE,
        alter=fields(without=["label"]),
        refusal=Refusal(
            status=400, code="missing-mandatory-attributes", text="Missing mandatory key 'label'."
        ),
    ),
    Case(
        rule="a new list has a creator",
        do=create,
        on=CREATE,
        alter=fields(without=["created_by"]),
        refusal=Refusal(
            status=400, code="missing-mandatory-attributes", text="Missing mandatory key 'created_by'."
        ),
    ),
    Case(
        rule="subscribers are an array",
        do=create,
        on=CREATE,
        alter=fields(email_alert_subscribers="a@example.com"),
        refusal=WRONG_TYPE,
    ),
    Case(
        rule="a threshold is a number and no boolean",
        do=create,
        on=CREATE,
        alter=fields(*SHORTAGE, threshold_count=True),
        refusal=WRONG_TYPE,
    ),
    Case(
        rule="an alert is a boolean and no number",
        do=create,
        on=CREATE,
        alter=fields("alert_conditions", success_alert=1),
        refusal=WRONG_TYPE,
    ),
    Case(
        rule="a name is text",
        do=create,
        on=CREATE,
        alter=fields(name=7),
        refusal=WRONG_TYPE,
    ),
    Case(
        rule="an expiry is a day and no moment",
        do=create,
        on=CREATE,
        alter=fields(expires_at=f"{today(30)}T00:00:00"),
        refusal=bad_value("expires_at"),
    ),
    Case(
        rule="an expiry begins with the year",
        do=create,
        on=CREATE,
        alter=fields(expires_at=f"{today(30):%d-%m-%Y}"),
        refusal=bad_value("expires_at"),
    ),
    Case(
        rule="an expiry is not past",
        do=create,
        on=CREATE,
        alter=fields(expires_at=f"{today(-1)}"),
        refusal=invalid("The expiry date should not be a past date."),
    ),
    Case(
        rule="an expiry alert that is on has its days",
        do=create,
        on=CREATE,
        alter=fields(*EXPIRY, without=["days_before"]),
        refusal=invalid("set to True but the 'days_before' value is missing"),
    ),
    Case(
        rule="an expiry alert that is off has no days",
        do=create,
        on=CREATE,
        alter=fields(*EXPIRY, alert=False),
        refusal=invalid("set to False but the 'days_before' value is provided"),
    ),
    Case(
        rule="an expiry alert begins after today",
        do=create,
        on=CREATE,
        alter=fields(*EXPIRY, days_before=400),
        refusal=invalid("The expiry alert days should not exceed the expiry date."),
    ),
    Case(
        rule="a shortage alert that is on has its threshold",
        do=create,
        on=CREATE,
        alter=fields(*SHORTAGE, without=["threshold_count"]),
        refusal=invalid("set to True but the 'threshold_count' value is missing"),
    ),
    Case(
        rule="a shortage alert that is off has no threshold",
        do=create,
        on=CREATE,
        alter=fields(*SHORTAGE, alert=False),
        refusal=invalid("set to False but the 'threshold_count' value is provided"),
    ),
    Case(
        rule="a name is taken once",
        do=create,
        on=CREATE,
        alter=fields(name="the list"),
        refusal=Refusal(status=400, code="duplicate-coupon-list-name"),
    ),
    Case(
        rule="a label is taken once",
        do=create,
        on=CREATE,
        alter=fields(label="the_list"),
        refusal=Refusal(status=400, code="duplicate-coupon-list-label"),
    ),
    Case(
        rule="a status is in upper case",
        do=read_lists,
        on=LISTS,
        alter=query(status="active"),
        refusal=bad_value("status"),
    ),
    Case(
        rule="one status is asked for at a time",
        do=read_lists,
        on=LISTS,
        alter=query(status="ACTIVE,EXPIRED"),
        refusal=bad_value("status"),
    ),
    Case(
        rule="an upload has the address of a file",
        do=upload,
        on=UPLOAD,
        alter=fields(file_url=""),
        refusal=invalid("The 'file_url' can not be empty."),
    ),
    Case(
        rule="an upload has one address",
        do=upload,
        on=UPLOAD,
        alter=fields(file_url=["https://example.com/1.csv", "https://example.com/2.csv"]),
        refusal=invalid("Multiple file urls are not permitted."),
    ),
    Case(
        rule="an address is text",
        do=upload,
        on=UPLOAD,
        alter=fields(file_url=7),
        refusal=WRONG_TYPE,
    ),
    Case(
        rule="an upload brings no codes with it",
        do=upload,
        on=UPLOAD,
        alter=fields(coupons=["CODE-1"]),
        refusal=invalid("Invalid field in the request: ['coupons']."),
    ),
    Case(
        rule="an upload goes to a list that is there",
        do=upload,
        on=UPLOAD,
        alter=of_absent_list(),
        refusal=NO_SUCH_LIST,
    ),
    Case(
        rule="a report's recipients have a name of their own",
        do=report,
        on=REPORT,
        alter=replaced(b"email_subscribers", b"email_alert_subscribers"),
        refusal=invalid("Invalid field in the request: ['email_alert_subscribers']."),
    ),
    Case(
        rule="a report has a first day",
        do=report,
        on=REPORT,
        alter=fields(without=["start_date"]),
        refusal=invalid("Missing mandatory key 'start_date'."),
    ),
    Case(
        rule="a report's days are no moments",
        do=report,
        on=REPORT,
        alter=fields(start_date=f"{today()}T00:00:00Z"),
        refusal=bad_value("start_date"),
    ),
    Case(
        rule="a report does not reach into the future",
        do=report,
        on=REPORT,
        alter=fields(end_date=f"{today(2)}"),
        refusal=invalid("The end date cannot be set in the future."),
    ),
    Case(
        rule="a report begins no earlier than its list",
        do=report,
        on=REPORT,
        alter=fields(start_date=f"{today(-9)}"),
        refusal=invalid("The start date cannot be earlier than the coupon list creation date."),
    ),
    Case(
        rule="a report is of a list that is there",
        do=report,
        on=REPORT,
        alter=of_absent_list(),
        refusal=NO_SUCH_LIST,
    ),
    Case(
        rule="a list is created by POST",
        do=create,
        on=CREATE,
        alter=method("PUT"),
        refusal=Refusal(status=405, code="method-not-allowed"),
    ),
    Case(
        rule="paths begin with the version",
        do=read_lists,
        on=LISTS,
        alter=path("/v1/", "/"),
        refusal=Refusal(status=404, code="not-found"),
    ),
]

Stage = Callable[[ServerStaging, Path, str], AbstractContextManager[StagedFile]]


def staging(change: Callable[[bytes], bytes]) -> Stage:
    """A staging that gives out another file than it was handed."""
    stage = ServerStaging.stage

    @contextmanager
    def other(self: ServerStaging, file: Path, name: str) -> Iterator[StagedFile]:
        content = file.read_bytes()
        assert change(content) != content
        file.write_bytes(change(content))
        with stage(self, file, name) as staged:
            yield staged

    return other


@pytest.mark.parametrize("case", CASES, ids=names(CASES))
def test_moengage_refuses(case: Case, moengage: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A call that the adapter makes well is refused when one thing in it is wrong, and changes nothing."""
    assert_refused(case, moengage, monkeypatch, truth)


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content.replace(b"Coupon Code", b"coupon code"),
        lambda content: content.replace(b"Coupon Code\n", b""),
        lambda content: content.replace(b"Coupon Code", b"Code"),
        lambda content: content.decode().encode("utf-16"),
        lambda content: content.replace(b"\n", b"\n\xff\xfe", 2),
    ],
    ids=["header-in-lower-case", "no-header", "other-header", "utf-16", "no-text"],
)
def test_moengage_fails_a_wrong_file(
    change: Callable[[bytes], bytes], moengage: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that is not as documented is accepted, fails when it is read, and adds no code."""
    assert UploadStatus.DONE is upload(moengage).status
    before = moengage.harness.control.codes(moengage.list_id)
    monkeypatch.setattr(ServerStaging, "stage", staging(change))
    failed = upload(moengage)
    assert [(UploadStatus.FAILED, "FAILED")] == [(part.status, part.vendor_status) for part in failed.parts]
    assert before == moengage.harness.control.codes(moengage.list_id)


def test_moengage_fails_a_file_that_is_not_there(moengage: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """An address at which there is nothing is accepted, and the file fails when it is fetched."""
    moengage.harness.control.set_options(fetch_retry_seconds=0.01)
    before = moengage.harness.control.codes(moengage.list_id)
    elsewhere = fields(file_url=f"{moengage.harness.server.url}/nothing.csv")
    with altering(moengage.harness, monkeypatch, UPLOAD, elsewhere) as flight:
        failed = upload(moengage)
    assert 1 == len(flight.altered)
    assert ["FAILED"] == [part.vendor_status for part in failed.parts]
    assert before == moengage.harness.control.codes(moengage.list_id)
