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
def rig() -> Iterator[Harness]:
    """Capillary on its bench."""
    with harness_for(Registry().load("capillary"), list_extra=LIST_EXTRA["capillary"]) as rig:
        yield rig


def answers(rig: Harness, match: str, body: object, **more: object) -> None:
    """Let the vendor do nothing, and answer that with HTTP 200."""
    value = {"status": 200, "body": body}
    rig.control.set_faults({"vendor": "capillary", "match": match, "fault": "status", "value": value, **more})


def calls(rig: Harness, method: str, part_of_path: str) -> int:
    """How many such calls the vendor saw."""
    return sum(call["method"] == method and part_of_path in call["path"] for call in rig.control.requests())


def test_a_refused_upload_is_refused(rig: Harness) -> None:
    """No doubt, no second look, no repetition; the batch may be sent again at once."""
    target = rig.create_list()
    answers(rig, SUBMISSION, REFUSED)
    with pytest.raises(RequestRejected) as caught:
        rig.connection.uploads.send(target.id, CODES)

    assert (9, "400") == (caught.value.exit_code, caught.value.vendor_code)
    assert (1, 0) == (calls(rig, "POST", "upload/file"), calls(rig, "GET", "getUploadStatus"))
    rig.control.set_faults()
    assert 2 == rig.connection.uploads.send(target.id, CODES, wait=True, timeout=20).accepted


def test_a_refused_create_is_refused(rig: Harness) -> None:
    """Also where `success` is text, or is left out."""
    for body in ({"success": "false", "status": "400"}, {"status": 400, "message": "no"}, REFUSED):
        answers(rig, "POST */coupon/series", body)
        with pytest.raises(RequestRejected):
            rig.connection.lists.create(rig.new_list("refused"))
    assert 3 == calls(rig, "POST", "/coupon/series")


@pytest.mark.parametrize("body", [REFUSED, {"success": False, "status": 403}])
def test_a_refused_call_is_refused(rig: Harness, body: object) -> None:
    """The way to endpoints that have no method yet reads bodies too."""
    answers(rig, "POST */coupon/revoke", body)
    with pytest.raises((RequestRejected, PermissionDenied)):
        rig.connection.call("POST", "/v2/coupon/revoke", body={})


@pytest.mark.parametrize("body", [{"success": False, "status": 500}, {"success": False}])
def test_a_fault_is_no_refusal(rig: Harness, body: object) -> None:
    """What does not say that nothing was done leaves it open: it is looked for before it is sent once more."""
    answers(rig, "POST */coupon/series", body, times=1)
    created = rig.connection.lists.create(rig.new_list("doubtful"))
    assert created.id == rig.connection.lists.get(created.id).id
    assert 2 == calls(rig, "POST", "/coupon/series")


def test_a_refusal_that_shows_a_result_is_none(rig: Harness) -> None:
    """Believed, it would have the file sent twice."""
    target = rig.create_list()
    answers(rig, SUBMISSION, {**REFUSED, "result": {"uploadJobStatuses": [{"jobId": 1}]}}, times=1)
    upload = rig.connection.uploads.send(target.id, CODES, wait=True, timeout=20)
    assert (UploadStatus.DONE, 2) == (upload.status, upload.accepted)
    assert 0 < calls(rig, "GET", "getUploadStatus")


def test_a_token_refused_in_the_body_is_renewed_once(rig: Harness) -> None:
    """Under HTTP 200 too, for uploads and for creating: once, and the call is sent once more."""
    target = rig.create_list()
    for match, ask in (
        (SUBMISSION, lambda: rig.connection.uploads.send(target.id, CODES)),
        ("POST */coupon/series", lambda: rig.connection.lists.create(rig.new_list("renewed"))),
    ):
        tokens = calls(rig, "POST", "token/generate")
        answers(rig, match, {"success": False, "status": 401}, times=1)
        ask()
        assert 1 == calls(rig, "POST", "token/generate") - tokens
    assert 2 == calls(rig, "POST", "upload/file")


def test_every_refusal_may_come_as_success(rig: Harness) -> None:
    """The emulator's own refusals, all with HTTP 200: an old token costs nothing, a missing right is one."""
    target = rig.create_list()
    rig.control.set_options(refusals_as_200=True, token_calls=3)
    upload = rig.connection.uploads.send(target.id, CODES, wait=True, timeout=20)
    assert (UploadStatus.DONE, 2) == (upload.status, upload.accepted)

    rig.control.set_options(token_calls=0, denied={rig.emulator.credentials["key"]: ["coupon-write"]})
    with pytest.raises(CouponhubError) as caught:
        rig.connection.uploads.send(target.id, ["R-3"])
    assert PermissionDenied is type(caught.value)


@pytest.mark.parametrize("field", ["couponSeriesId", "orgId"])
def test_an_answer_about_another_series_is_no_success(rig: Harness, field: str) -> None:
    """The job it shows is not ours; what became of the file is looked up in the series that was asked for."""
    target = rig.create_list()
    series_id = int(target.id)
    organisation = rig.connection.lists.get(target.id).raw["orgId"]
    job = {"jobId": 1, "uploadedFileUrl": "a.csv", "uploadStatus": "STARTED", "uploadedFileName": "x.csv"}
    result = {
        "orgId": organisation,
        "couponSeriesId": series_id,
        "fileName": "a.csv",
        "uploadJobStatuses": [job],
    }
    body = {"success": True, "status": 200, "result": {**result, field: 4711}}
    answers(rig, SUBMISSION, body, times=1)

    upload = rig.connection.uploads.send(target.id, CODES, wait=True, timeout=20)

    assert (UploadStatus.DONE, 2) == (upload.status, upload.accepted)
    assert 2 == calls(rig, "POST", "upload/file")
    assert upload.parts[0].id != "1"
    answers(rig, "GET *getUploadStatus*", body)
    with pytest.raises(CouponhubError, match="about another"):
        list(rig.connection.uploads.iterate(target.id))
