"""What the emulated Capillary refuses reaches whoever called, one refusal of each endpoint.

The rules themselves are tried one by one in tests/emulation/capillary.
"""

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
import requests

from couponhub.clock import utc_now
from couponhub.models import Customer, Upload, UploadStatus
from tests.strictness.tampering import (
    Alteration,
    Case,
    Refusal,
    StrictnessHarness,
    altering,
    assert_refused,
    body,
    fields,
    header,
    names,
    path,
    query,
    replaced,
)

MOBILE = "919876500001"
TOKEN = "X-CAP-API-OAUTH-TOKEN"
SIGN_IN, SERIES, CREATE = "POST /v3/oauth/token/generate", "GET /v2/coupon/series", "POST /v2/coupon/series"
UPLOAD, LOOK_UP = "POST /coupon/api/v1/upload/file/*", "GET /v1.1/customer/coupons"
JOBS = "GET /coupon/api/v1/upload/getUploadStatus/*"
CODE = re.compile(rb"CODE-(\d{4})")

UNAUTHORIZED = Refusal(status=401, code="401")
BAD_QUERY = Refusal(status=200, code="400")
NO_TOKEN = "Failed to generate OAuth token"


def sign_in(strict: StrictnessHarness) -> object:
    """Sign in anew and read a series."""
    with strict.harness.open_hub() as hub:
        return hub["capillary"].check()


def create(strict: StrictnessHarness) -> object:
    """Create a series with a code of its own."""
    name = strict.fresh("SERIES")
    return strict.harness.connection.lists.create(strict.harness.new_list(name, label=name))


def read_lists(strict: StrictnessHarness) -> object:
    """Read all series."""
    return list(strict.harness.connection.lists.iterate())


def read_uploads(strict: StrictnessHarness) -> object:
    """Read the jobs of the series."""
    return list(strict.harness.connection.uploads.iterate(strict.list_id))


def sent(strict: StrictnessHarness) -> Upload:
    """Send three codes and wait for the end."""
    codes = [strict.fresh("CODE") for _ in range(3)]
    return strict.harness.connection.uploads.send(strict.list_id, codes, wait=True, timeout=20)


def look_up(strict: StrictnessHarness) -> object:
    """Look the customer up; there is one."""
    strict.harness.control.add_customer(mobile=MOBILE)
    answer = strict.harness.connection.customers.coupons(Customer(mobile=MOBILE))
    assert answer.customer_known
    return answer


def truth(strict: StrictnessHarness) -> object:
    """All series with their counts, their jobs and their codes, as the vendor holds them."""
    call = strict.harness.connection.call
    found: Any = call("GET", "/v2/coupon/series", query={"couponType": "ALL"})
    return [
        (
            one,
            call("GET", f"/coupon/api/v1/upload/getUploadStatus/{one['id']}"),
            strict.harness.control.codes(str(one["id"])),
        )
        for one in found["entity"]
    ]


def series(*, without: tuple[str, ...] = (), **changed: object) -> Alteration:
    """Set and drop fields of a new series."""
    return fields("CouponSeriesV2", without=without, **changed)


def token_as(name: str, form: str) -> Alteration:
    """Send the token in another header, and in another form."""

    def alter(request: requests.PreparedRequest) -> None:
        request.headers[name] = form.format(request.headers.pop(TOKEN))

    return alter


def codes(change: Callable[[int], bytes]) -> Alteration:
    """Send other codes: each is made from the number of the one that was to be sent."""
    return body(lambda raw: CODE.sub(lambda found: change(int(found[1])), raw))


def day(days: int) -> str:
    """A day from now at the server."""
    return f"{utc_now() + timedelta(days=days):%Y-%m-%d}"


CASES = [
    Case(
        rule="the token has a header of its own",
        do=read_lists,
        on=SERIES,
        alter=token_as("CAP-API-ACCESS-TOKEN", "{}"),
        refusal=UNAUTHORIZED,
    ),
    Case(
        rule="uploads are signed",
        do=sent,
        on=UPLOAD,
        alter=header(TOKEN, None),
        refusal=UNAUTHORIZED,
    ),
    Case(
        rule="a token takes the right secret",
        do=sign_in,
        on=SIGN_IN,
        alter=fields(secret="another"),
        refusal=Refusal(status=401, code="401", text=NO_TOKEN),
    ),
    Case(
        rule="a series code is taken once",
        do=create,
        on=CREATE,
        alter=series(seriesCode="SERIES-0001"),
        refusal=Refusal(status=400, code="630", text="Duplicate Series Code"),
    ),
    Case(
        rule="jobs are asked for by a path with the series",
        do=read_uploads,
        on=JOBS,
        alter=path("/getUploadStatus/", "/getUploadStatus?couponSeriesId="),
        refusal=Refusal(status=404, code="404"),
    ),
    Case(
        rule="one status is asked for at a time",
        do=look_up,
        on=LOOK_UP,
        alter=query(status="active;redeemed"),
        refusal=BAD_QUERY,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=names(CASES))
def test_capillary_refuses(case: Case, capillary: StrictnessHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    """A call that the adapter makes well is refused when one thing in it is wrong, and changes nothing."""
    assert_refused(case, capillary, monkeypatch, truth)


FILES: Mapping[str, tuple[Alteration, str]] = {
    "binary": (replaced(b"CODE-", b"CO\0E-"), "ERRORED"),
    "code-held-already": (codes(lambda number: b"CODE-%04d" % (number - 3)), "FINISHED"),
}


@pytest.mark.parametrize("wrong", FILES)
def test_capillary_fails_a_wrong_file(
    wrong: str, capillary: StrictnessHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file or row that is not as documented is accepted, fails when it is read, and adds no code."""
    alter, ends_as = FILES[wrong]
    assert UploadStatus.DONE is sent(capillary).status
    before = capillary.harness.control.codes(capillary.list_id)
    with altering(capillary.harness, monkeypatch, UPLOAD, alter) as flight:
        failed = sent(capillary)
    assert 1 == len(flight.altered)
    assert [(UploadStatus.FAILED, ends_as)] == [(part.status, part.vendor_status) for part in failed.parts]
    assert 0 == failed.accepted
    assert before == capillary.harness.control.codes(capillary.list_id)
