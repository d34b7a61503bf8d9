"""The emulated Capillary refuses what Capillary documents to refuse, whatever the adapter would never send.

Rules: "OAuth", "Get Customer Coupons", "Upload Coupons (Batch)", "Create coupon series", read 2026.
"""

import base64
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
import requests

from couponhub.clock import utc_now
from couponhub.models import CouponQuery, Customer, Identifier, Tagging, Upload, UploadStatus
from tests.strictness.tampering import (
    Alteration,
    Bench,
    Case,
    Refusal,
    all_of,
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
    rewritten,
)

BUYER = {"mobile": "919876500001", "external_id": "EXT-1", "id": "98000001"}
TOKEN = "X-CAP-API-OAUTH-TOKEN"
SIGN_IN, SERIES, CREATE = "POST /v3/oauth/token/generate", "GET /v2/coupon/series", "POST /v2/coupon/series"
UPLOAD, LOOK_UP = "POST /coupon/api/v1/upload/file/*", "GET /v1.1/customer/coupons"
JOBS = "GET /coupon/api/v1/upload/getUploadStatus/*"
CODE = re.compile(rb"CODE-(\d{4})")

UNAUTHORIZED = Refusal(status=401, code="401")
BAD_QUERY = Refusal(status=200, code="400")
BAD_UPLOAD = Refusal(status=400, code="400")
INVALID = Refusal(status=400, code="629", text="Invalid Input")
BAD_DATE = Refusal(status=400, code="641", text="Incorrect Valid Till Date")
NO_TOKEN = "Failed to generate OAuth token"


def sign_in(bench: Bench) -> object:
    """Sign in anew and read a series."""
    with bench.harness.open_hub() as hub:
        return hub["capillary"].check()


def create(bench: Bench) -> object:
    """Create a series with a code of its own."""
    name = bench.fresh("SERIES")
    return bench.harness.connection.lists.create(bench.harness.new_list(name, label=name))


def read_lists(bench: Bench) -> object:
    """Read all series."""
    return list(bench.harness.connection.lists.iterate())


def read_uploads(bench: Bench) -> object:
    """Read the jobs of the series."""
    return list(bench.harness.connection.uploads.iterate(bench.list_id))


def sent(bench: Bench) -> Upload:
    """Send three codes and wait for the end."""
    codes = [bench.fresh("CODE") for _ in range(3)]
    return bench.harness.connection.uploads.send(bench.list_id, codes, wait=True, timeout=20)


def sent_tagged(bench: Bench) -> Upload:
    """Send a code for the customer, and wait for the end."""
    bench.harness.control.add_customer(**BUYER)
    file = bench.harness.folder / "tagged.csv"
    file.write_text(f"customer,coupon code\n{BUYER['external_id']},{bench.fresh('CODE')}\n", encoding="utf-8")
    tagging = Tagging(identifier=Identifier.EXTERNAL_ID, column="customer")
    return bench.harness.connection.uploads.send(bench.list_id, file, tagging=tagging, wait=True, timeout=20)


def look_up(bench: Bench, by: str = "mobile", **asked: Any) -> object:
    """Look the customer up; there is one."""
    bench.harness.control.add_customer(**BUYER)
    answer = bench.harness.connection.customers.coupons(Customer(**{by: BUYER[by]}), CouponQuery(**asked))
    assert answer.customer_known
    return answer


def look_up_by_external_id(bench: Bench) -> object:
    """Look the customer up by the retailer's own id."""
    return look_up(bench, "external_id")


def look_up_by_id(bench: Bench) -> object:
    """Look the customer up by Capillary's id."""
    return look_up(bench, "id")


def look_up_in_list(bench: Bench) -> object:
    """Look up what the customer holds of the series."""
    return look_up(bench, list_id=bench.list_id)


def look_up_in_days(bench: Bench) -> object:
    """Look up what the customer was given in the last days."""
    return look_up(bench, since=utc_now() - timedelta(days=3), until=utc_now())


def truth(bench: Bench) -> object:
    """All series with their counts, their jobs and their codes, as the vendor holds them."""
    call = bench.harness.connection.call
    found: Any = call("GET", "/v2/coupon/series", query={"couponType": "ALL"})
    return [
        (
            one,
            call("GET", f"/coupon/api/v1/upload/getUploadStatus/{one['id']}"),
            bench.harness.control.codes(str(one["id"])),
        )
        for one in found["entity"]
    ]


def series(*, without: tuple[str, ...] = (), **changed: object) -> Alteration:
    """Set and drop fields of a new series."""
    return fields("CouponSeriesV2", without=without, **changed)


def till() -> Alteration:
    """Sign by Basic credentials, which are right."""
    digest = hashlib.md5(b"demo-password", usedforsecurity=False).hexdigest()
    value = base64.b64encode(f"till.01:{digest}".encode()).decode()
    return all_of(header(TOKEN, None), header("Authorization", f"Basic {value}"))


def token_as(name: str, form: str) -> Alteration:
    """Send the token in another header, and in another form."""

    def alter(request: requests.PreparedRequest) -> None:
        request.headers[name] = form.format(request.headers.pop(TOKEN))

    return alter


def as_form(document: Mapping[str, str]) -> Alteration:
    """Send a form instead of JSON."""
    form = "&".join(f"{name}={value}" for name, value in document.items()).encode()
    return all_of(body(lambda _: form), header("Content-Type", "application/x-www-form-urlencoded"))


def codes(change: Callable[[int], bytes]) -> Alteration:
    """Send other codes: each is made from the number of the one that was to be sent."""
    return body(lambda raw: CODE.sub(lambda found: change(int(found[1])), raw))


def day(days: int) -> str:
    """A day from now at the server."""
    return f"{utc_now() + timedelta(days=days):%Y-%m-%d}"


CASES = [
    Case(
        rule="the token stands without a prefix",
        do=look_up,
        on=LOOK_UP,
        alter=header_changed(TOKEN, lambda token: f"Bearer {token}"),
        refusal=UNAUTHORIZED,
    ),
    Case(
        rule="the token has a header of its own",
        do=read_lists,
        on=SERIES,
        alter=token_as("CAP-API-ACCESS-TOKEN", "{}"),
        refusal=UNAUTHORIZED,
    ),
    Case(
        rule="the token is no bearer authorization",
        do=create,
        on=CREATE,
        alter=token_as("Authorization", "Bearer {}"),
        refusal=UNAUTHORIZED,
    ),
    Case(
        rule="uploads are signed",
        do=sent,
        on=UPLOAD,
        alter=header(TOKEN, None),
        refusal=UNAUTHORIZED,
    ),
    Case(rule="uploads take a token only", do=sent, on=UPLOAD, alter=till(), refusal=UNAUTHORIZED),
    Case(
        rule="key and secret are JSON and no form",
        do=sign_in,
        on=SIGN_IN,
        alter=as_form({"grant_type": "client_credentials", "client_id": "demo-key"}),
        refusal=Refusal(status=415, code="415"),
    ),
    Case(
        rule="a token takes the secret",
        do=sign_in,
        on=SIGN_IN,
        alter=fields(without=["secret"]),
        refusal=Refusal(status=400, code="400", text=NO_TOKEN),
    ),
    Case(
        rule="a token takes the right secret",
        do=sign_in,
        on=SIGN_IN,
        alter=fields(secret="another"),
        refusal=Refusal(status=401, code="401", text=NO_TOKEN),
    ),
    Case(
        rule="a series stands in CouponSeriesV2",
        do=create,
        on=CREATE,
        alter=rewritten(lambda sent: sent["CouponSeriesV2"]),
        refusal=INVALID,
    ),
    Case(
        rule="a series is declared as JSON",
        do=create,
        on=CREATE,
        alter=header("Content-Type", "text/plain"),
        refusal=Refusal(status=415, code="415"),
    ),
    *(
        Case(
            rule=f"a series has {name}",
            do=create,
            on=CREATE,
            alter=series(without=(name,)),
            refusal=INVALID,
        )
        for name in (
            "description",
            "discountCode",
            "discountType",
            "discountValue",
            "validTillDate",
            "anyUser",
            "smsTemplate",
            "clientHandlingType",
            "expiryStrategyType",
        )
    ),
    Case(
        rule="a discount is a number and no text",
        do=create,
        on=CREATE,
        alter=series(discountValue="10"),
        refusal=INVALID,
    ),
    Case(
        rule="a discount is a number and no boolean",
        do=create,
        on=CREATE,
        alter=series(discountValue=True),
        refusal=INVALID,
    ),
    Case(
        rule="a flag is a boolean and no text",
        do=create,
        on=CREATE,
        alter=series(anyUser="false"),
        refusal=INVALID,
    ),
    Case(
        rule="a kind is spelled in upper case",
        do=create,
        on=CREATE,
        alter=series(clientHandlingType="disc_code_pin"),
        refusal=INVALID,
    ),
    Case(
        rule="properties are an object and no array",
        do=create,
        on=CREATE,
        alter=series(customPropertyMap=["a"]),
        refusal=INVALID,
    ),
    Case(
        rule="codes issued elsewhere are for anybody",
        do=create,
        on=CREATE,
        alter=series(externalIssual=True),
        refusal=INVALID,
    ),
    Case(
        rule="a common code is not empty",
        do=create,
        on=CREATE,
        alter=series(clientHandlingType="GENERIC"),
        refusal=Refusal(status=400, code="754"),
    ),
    Case(
        rule="a last day has its offset",
        do=create,
        on=CREATE,
        alter=series(validTillDate=f"{day(30)}T00:00:00"),
        refusal=BAD_DATE,
    ),
    Case(
        rule="a last day begins with the year",
        do=create,
        on=CREATE,
        alter=series(validTillDate="31-12-2099"),
        refusal=BAD_DATE,
    ),
    Case(
        rule="a last day is not past",
        do=create,
        on=CREATE,
        alter=series(validTillDate=f"{day(-2)}T00:00:00+00:00"),
        refusal=BAD_DATE,
    ),
    Case(
        rule="a series code is not empty",
        do=create,
        on=CREATE,
        alter=series(seriesCode=""),
        refusal=Refusal(status=400, code="634", text="Empty Series Code"),
    ),
    Case(
        rule="a series code is taken once",
        do=create,
        on=CREATE,
        alter=series(seriesCode="SERIES-0001"),
        refusal=Refusal(status=400, code="630", text="Duplicate Series Code"),
    ),
    Case(
        rule="a series is created by POST",
        do=create,
        on=CREATE,
        alter=method("PUT"),
        refusal=Refusal(status=405, code="405"),
    ),
    Case(
        rule="an identifier is EXTERNAL_ID and no misprint",
        do=sent_tagged,
        on=UPLOAD,
        alter=replaced(b"EXTERNAL_ID", b"EXTENAL_ID"),
        refusal=BAD_UPLOAD,
    ),
    Case(
        rule="an identifier is in upper case",
        do=sent,
        on=UPLOAD,
        alter=replaced(b"NOT_TAGGED", b"not_tagged"),
        refusal=BAD_UPLOAD,
    ),
    Case(
        rule="a tagged upload names the customer's column",
        do=sent_tagged,
        on=UPLOAD,
        alter=replaced(b"customerIdentifierColumn", b"customerColumn"),
        refusal=BAD_UPLOAD,
    ),
    Case(
        rule="an upload names the identifier",
        do=sent,
        on=UPLOAD,
        alter=replaced(b'"customerIdentifier"', b'"identifier"'),
        refusal=BAD_UPLOAD,
    ),
    Case(
        rule="the part of the file is named file",
        do=sent,
        on=UPLOAD,
        alter=replaced(b'name="file"', b'name="upload"'),
        refusal=BAD_UPLOAD,
    ),
    Case(
        rule="the file has a name",
        do=sent,
        on=UPLOAD,
        alter=body(lambda raw: re.sub(rb'; filename="[^"]*"', b"", raw)),
        refusal=BAD_UPLOAD,
    ),
    Case(
        rule="an upload is a form of parts",
        do=sent,
        on=UPLOAD,
        alter=header("Content-Type", "text/csv"),
        refusal=BAD_UPLOAD,
    ),
    Case(
        rule="an upload goes to a series that is there",
        do=sent,
        on=UPLOAD,
        alter=path("/upload/file/", "/upload/file/99"),
        refusal=BAD_UPLOAD,
    ),
    Case(
        rule="jobs are asked for by a path with the series",
        do=read_uploads,
        on=JOBS,
        alter=path("/getUploadStatus/", "/getUploadStatus?couponSeriesId="),
        refusal=Refusal(status=404, code="404"),
    ),
    Case(
        rule="somebody is looked up",
        do=look_up,
        on=LOOK_UP,
        alter=query(mobile=None),
        refusal=BAD_QUERY,
    ),
    Case(
        rule="an external id is spelled external_id",
        do=look_up_by_external_id,
        on=LOOK_UP,
        alter=query(external_id=None, externalId="EXT-1"),
        refusal=BAD_QUERY,
    ),
    Case(
        rule="a customer's id is a number",
        do=look_up_by_id,
        on=LOOK_UP,
        alter=query(id="98000001A"),
        refusal=BAD_QUERY,
    ),
    Case(rule="a limit is above 0", do=look_up, on=LOOK_UP, alter=query(limit="0"), refusal=BAD_QUERY),
    Case(rule="a limit is a number", do=look_up, on=LOOK_UP, alter=query(limit="all"), refusal=BAD_QUERY),
    Case(
        rule="an order is one of those documented",
        do=look_up,
        on=LOOK_UP,
        alter=query(order_by="issued_date"),
        refusal=BAD_QUERY,
    ),
    Case(
        rule="a direction is in lower case",
        do=look_up,
        on=LOOK_UP,
        alter=query(sort_order="DESC"),
        refusal=BAD_QUERY,
    ),
    Case(
        rule="a status is in lower case",
        do=look_up,
        on=LOOK_UP,
        alter=query(status="ACTIVE"),
        refusal=BAD_QUERY,
    ),
    Case(
        rule="one status is asked for at a time",
        do=look_up,
        on=LOOK_UP,
        alter=query(status="active;redeemed"),
        refusal=BAD_QUERY,
    ),
    Case(
        rule="a first day is no moment",
        do=look_up_in_days,
        on=LOOK_UP,
        alter=query(start_date="2026-01-31T00:00:00Z"),
        refusal=BAD_QUERY,
    ),
    Case(
        rule="a day after the last is in the calendar",
        do=look_up_in_days,
        on=LOOK_UP,
        alter=query(end_date="2026-02-30"),
        refusal=BAD_QUERY,
    ),
    Case(
        rule="a series that is asked for is there",
        do=look_up_in_list,
        on=LOOK_UP,
        alter=query(series_id="999999"),
        refusal=Refusal(status=200, code="707"),
    ),
    Case(
        rule="a look-up is answered in JSON",
        do=look_up,
        on=LOOK_UP,
        alter=query(format="xml"),
        refusal=Refusal(status=406, code="406"),
    ),
    Case(
        rule="JSON is what is accepted",
        do=look_up,
        on=LOOK_UP,
        alter=all_of(query(format=None), header("Accept", "application/xml")),
        refusal=Refusal(status=406, code="406"),
    ),
    Case(
        rule="a customer is looked up by GET",
        do=look_up,
        on=LOOK_UP,
        alter=method("POST"),
        refusal=Refusal(status=200, code="405"),
    ),
    Case(
        rule="look-ups begin with their version",
        do=look_up,
        on=LOOK_UP,
        alter=path("/v1.1/", "/v1/"),
        refusal=Refusal(status=404, code="404"),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=names(CASES))
def test_capillary_refuses(case: Case, capillary: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A call that the adapter makes well is refused when one thing in it is wrong, and changes nothing."""
    assert_refused(case, capillary, monkeypatch, truth)


FILES: Mapping[str, tuple[Callable[[Bench], Upload], Alteration, str]] = {
    "binary": (sent, replaced(b"CODE-", b"CO\0E-"), "ERRORED"),
    "no-text": (sent, replaced(b"CODE-", b"CO\xffE-"), "ERRORED"),
    "column-beyond-the-row": (sent_tagged, replaced(b"\r\n\r\n0\r\n", b"\r\n\r\n2\r\n"), "ERRORED"),
    "column-by-name": (sent_tagged, replaced(b"\r\n\r\n0\r\n", b"\r\n\r\ncustomer\r\n"), "ERRORED"),
    "code-twice": (sent, codes(lambda _: b"CODE-SAME"), "FINISHED"),
    "code-held-already": (sent, codes(lambda number: b"CODE-%04d" % (number - 3)), "FINISHED"),
    "code-too-long": (sent, codes(lambda number: b"%041d" % number), "FINISHED"),
    "unknown-customer": (sent_tagged, replaced(b"EXT-1,", b"EXT-9,"), "FINISHED"),
    "customer-by-another-identifier": (sent_tagged, replaced(b"EXTERNAL_ID", b"MOBILE"), "FINISHED"),
    "columns-the-other-way-round": (sent_tagged, replaced(b"\r\n\r\n0\r\n", b"\r\n\r\n1\r\n"), "FINISHED"),
}


@pytest.mark.parametrize("wrong", FILES)
def test_capillary_fails_a_wrong_file(wrong: str, capillary: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file or row that is not as documented is accepted, fails when it is read, and adds no code."""
    send, alter, ends_as = FILES[wrong]
    assert UploadStatus.DONE is send(capillary).status
    before = capillary.harness.control.codes(capillary.list_id)
    with altering(capillary.harness, monkeypatch, UPLOAD, alter) as flight:
        failed = send(capillary)
    assert 1 == len(flight.altered)
    assert [(UploadStatus.FAILED, ends_as)] == [(part.status, part.vendor_status) for part in failed.parts]
    assert 0 == failed.accepted
    assert before == capillary.harness.control.codes(capillary.list_id)


def test_capillary_serves_no_page_above_its_maximum(capillary: Bench) -> None:
    """More series than 1400 at once are asked for in vain, and a warning says so."""
    answer: Any = capillary.harness.connection.call("GET", "/v2/coupon/series", query={"limit": "5000"})
    assert 1400 == answer["pageDetails"]["limit"]
    assert "1400" in json.dumps(answer["warnings"])
