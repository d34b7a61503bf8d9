"""Refusals in the bodies of successful HTTP: told as what they are, and nothing is sent a second time for them."""

from collections.abc import Iterator

import pytest

from couponhub.errors import CouponhubError, PermissionDenied, RequestRejected
from couponhub.models import UploadStatus
from couponhub.registry import Registry
from couponhub.testing import Harness, harness_for
from tests.conformance.test_adapters import LIST_EXTRA

REFUSED = {"success": False, "status": 400}
SUBMISSION = "POST *upload/file*"
CODES = ["R-1", "R-2"]


@pytest.fixture
def harness() -> Iterator[Harness]:
    """Capillary in its harness."""
    with harness_for(Registry().load("capillary"), list_extra=LIST_EXTRA["capillary"]) as harness:
        yield harness


def answers(harness: Harness, match: str, body: object, **more: object) -> None:
    """Let the vendor do nothing, and answer that with HTTP 200."""
    value = {"status": 200, "body": body}
    harness.control.set_faults(
        {"vendor": "capillary", "match": match, "fault": "status", "value": value, **more}
    )


def calls(harness: Harness, method: str, part_of_path: str) -> int:
    """How many such calls the vendor saw."""
    return sum(
        call["method"] == method and part_of_path in call["path"] for call in harness.control.requests()
    )


def test_a_refused_upload_is_refused(harness: Harness) -> None:
    """No doubt, no second look, no repetition; the batch may be sent again at once."""
    target = harness.create_list()
    answers(harness, SUBMISSION, REFUSED)
    with pytest.raises(RequestRejected) as caught:
        harness.connection.uploads.send(target.id, CODES)

    assert (9, "400") == (caught.value.exit_code, caught.value.vendor_code)
    assert (1, 0) == (calls(harness, "POST", "upload/file"), calls(harness, "GET", "getUploadStatus"))
    harness.control.set_faults()
    assert 2 == harness.connection.uploads.send(target.id, CODES, wait=True, timeout=20).accepted


def test_a_refused_create_is_refused(harness: Harness) -> None:
    """Also where `success` is text, or is left out."""
    for body in ({"success": "false", "status": "400"}, {"status": 400, "message": "no"}, REFUSED):
        answers(harness, "POST */coupon/series", body)
        with pytest.raises(RequestRejected):
            harness.connection.lists.create(harness.new_list("refused"))
    assert 3 == calls(harness, "POST", "/coupon/series")


@pytest.mark.parametrize("body", [REFUSED, {"success": False, "status": 403}])
def test_a_refused_call_is_refused(harness: Harness, body: object) -> None:
    """The way to endpoints that have no method yet reads bodies too."""
    answers(harness, "POST */coupon/revoke", body)
    with pytest.raises((RequestRejected, PermissionDenied)):
        harness.connection.call("POST", "/v2/coupon/revoke", body={})


@pytest.mark.parametrize("body", [{"success": False, "status": 500}, {"success": False}])
def test_a_fault_is_no_refusal(harness: Harness, body: object) -> None:
    """What does not say that nothing was done leaves it open: it is looked for before it is sent once more."""
    answers(harness, "POST */coupon/series", body, times=1)
    created = harness.connection.lists.create(harness.new_list("doubtful"))
    assert created.id == harness.connection.lists.get(created.id).id
    assert 2 == calls(harness, "POST", "/coupon/series")


def test_a_refusal_that_shows_a_result_is_none(harness: Harness) -> None:
    """Believed, it would have the file sent twice."""
    target = harness.create_list()
    answers(harness, SUBMISSION, {**REFUSED, "result": {"uploadJobStatuses": [{"jobId": 1}]}}, times=1)
    upload = harness.connection.uploads.send(target.id, CODES, wait=True, timeout=20)
    assert (UploadStatus.DONE, 2) == (upload.status, upload.accepted)
    assert 0 < calls(harness, "GET", "getUploadStatus")


def test_a_token_refused_in_the_body_is_renewed_once(harness: Harness) -> None:
    """Under HTTP 200 too, for uploads and for creating: once, and the call is sent once more."""
    target = harness.create_list()
    for match, ask in (
        (SUBMISSION, lambda: harness.connection.uploads.send(target.id, CODES)),
        ("POST */coupon/series", lambda: harness.connection.lists.create(harness.new_list("renewed"))),
    ):
        tokens = calls(harness, "POST", "token/generate")
        answers(harness, match, {"success": False, "status": 401}, times=1)
        ask()
        assert 1 == calls(harness, "POST", "token/generate") - tokens
    assert 2 == calls(harness, "POST", "upload/file")


def test_every_refusal_may_come_as_success(harness: Harness) -> None:
    """The emulator's own refusals, all with HTTP 200: an old token costs nothing, a missing right is one."""
    target = harness.create_list()
    harness.control.set_options(refusals_as_200=True, token_calls=3)
    upload = harness.connection.uploads.send(target.id, CODES, wait=True, timeout=20)
    assert (UploadStatus.DONE, 2) == (upload.status, upload.accepted)

    harness.control.set_options(token_calls=0, denied={harness.emulator.credentials["key"]: ["coupon-write"]})
    with pytest.raises(CouponhubError) as caught:
        harness.connection.uploads.send(target.id, ["R-3"])
    assert PermissionDenied is type(caught.value)


@pytest.mark.parametrize("field", ["couponSeriesId", "orgId"])
def test_an_answer_about_another_series_is_no_success(harness: Harness, field: str) -> None:
    """The job it shows is not ours; what became of the file is looked up in the series that was asked for."""
    target = harness.create_list()
    series_id = int(target.id)
    organisation = harness.connection.lists.get(target.id).raw["orgId"]
    job = {"jobId": 1, "uploadedFileUrl": "a.csv", "uploadStatus": "STARTED", "uploadedFileName": "x.csv"}
    result = {
        "orgId": organisation,
        "couponSeriesId": series_id,
        "fileName": "a.csv",
        "uploadJobStatuses": [job],
    }
    body = {"success": True, "status": 200, "result": {**result, field: 4711}}
    answers(harness, SUBMISSION, body, times=1)

    upload = harness.connection.uploads.send(target.id, CODES, wait=True, timeout=20)

    assert (UploadStatus.DONE, 2) == (upload.status, upload.accepted)
    assert 2 == calls(harness, "POST", "upload/file")
    assert upload.parts[0].id != "1"
    answers(harness, "GET *getUploadStatus*", body)
    with pytest.raises(CouponhubError, match="about another"):
        list(harness.connection.uploads.iterate(target.id))
