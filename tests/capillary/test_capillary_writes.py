"""Writes at Capillary: what counts as a refusal, how a list is changed, and what a lost answer leaves open."""

import io
import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest

from couponhub.capabilities import Offered
from couponhub.clock import Clock, Deadline
from couponhub.connection import Lists
from couponhub.errors import (
    Conflict,
    CouponhubError,
    NotFound,
    OutcomeUnknown,
    RequestRejected,
    UnreadableReply,
    Unsupported,
    UsageError,
    VendorUnavailable,
)
from couponhub.models import Alerts, CodeFile, ListChange, ListId, NewCouponList, PartId
from couponhub.secret import Secret
from couponhub.transport import Reply, RetryPolicy
from couponhub_capillary.adapter import CapillaryAdapter
from couponhub_capillary.settings import CapillarySettings
from couponhub_capillary.settings.connection import SignIn
from couponhub_capillary.wire.series import read_written_series
from couponhub_capillary.wire.uploads import read_accepted_upload
from tests.capillary.conftest import Say, ScriptedVendor

SERIES = "/v2/coupon/series"
ONE_SERIES = "/v2/coupon/series/7"
UPLOAD = "/coupon/api/v1/upload/file/7"
JOBS = "/coupon/api/v1/upload/getUploadStatus/7"
LIST = ListId("7")
NOW = datetime(2026, 6, 1, tzinfo=UTC)
EXTRA = {"discountCode": "X", "discountType": "ABS", "discountValue": "10", "smsTemplate": "Hi"}
NEW = NewCouponList(name="Spring", expires=date(2027, 1, 31), label="SPRING", extra=EXTRA)

HELD: dict[str, Any] = {
    "id": 7,
    "orgId": 100737,
    "description": "Spring",
    "seriesCode": "SPRING",
    "discountCode": "X",
    "discountType": "ABS",
    "discountValue": 10.0,
    "anyUser": False,
    "smsTemplate": "Hi",
    "clientHandlingType": "DISC_CODE_PIN",
    "expiryStrategyType": "SERIES_EXPIRY",
    "validTillDate": "2027-01-31T00:00:00Z",
    "validTillDateTime": "2027-01-31T23:59:59Z",
    "redemptionRange": {"dom": [-1], "dow": [-1], "hours": [-1]},
    "genericCode": None,
    "maxCreate": -1,
    "numIssued": 3,
    "numUploadedTotal": 9,
    "fixedExpiryDate": 1,
    "storeIdsJson": "[-1]",
    "lastUsed": "2026-01-01T00:00:00Z",
}
SENT = {
    "description": "Spring",
    "seriesCode": "SPRING",
    "discountCode": "X",
    "discountType": "ABS",
    "discountValue": 10,
    "anyUser": False,
    "smsTemplate": "Hi",
    "clientHandlingType": "DISC_CODE_PIN",
    "expiryStrategyType": "SERIES_EXPIRY",
    "validTillDate": "2027-01-31T00:00:00Z",
    "redemptionRange": '{"dom": [-1], "dow": [-1], "hours": [-1]}',
    "maxCreate": -1,
}
JOB = {"jobId": 1, "uploadStatus": "STARTED", "uploadedFileName": "up-1.csv", "uploadedFileUrl": "s.csv"}
RESULT = {"uploadJobStatuses": [JOB], "fileName": "s.csv"}


def reply(body: Any, status: int) -> Reply:
    """Make a reply."""
    return Reply(status=status, headers={}, body=json.dumps(body).encode())


def page(*rows: Any) -> dict[str, Any]:
    """Make a listing of series."""
    return {"entity": list(rows), "warnings": []}


def adapter_for(vendor: ScriptedVendor, **changes: Any) -> CapillaryAdapter:
    """Make an adapter for the scripted vendor that never really waits."""
    given: dict[str, Any] = {"base_url": vendor.url, "key": "K", "secret": Secret("S"), **changes}
    clock = Clock(now=lambda: NOW, sleep=lambda _: None)
    return CapillaryAdapter("loyalty", CapillarySettings(**given), clock=clock, retry=RetryPolicy(attempts=2))


@pytest.fixture
def adapter(vendor: ScriptedVendor) -> Iterator[CapillaryAdapter]:
    """Connect an OAuth client to the scripted vendor."""
    made = adapter_for(vendor)
    yield made
    made.close()


def code_file() -> CodeFile:
    """Make a file of one code."""
    content = b"coupon code\nABC\n"
    return CodeFile(name="up-1.csv", rows=1, size=len(content), open=lambda: io.BytesIO(content))


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"status": 699, "result": RESULT}, 200),
        ({"status": 699, "result": {}}, 200),
        ({"errors": [{"code": 99_999, "message": "x"}]}, 200),
        ({"errors": [{"code": 99_999}], "result": RESULT}, 200),
        ({"errors": [{"code": 400}], "result": RESULT}, 200),
        ({"errors": [{"code": 401}], "result": RESULT}, 200),
        ({"errors": [{"code": 4001}], "result": RESULT}, 503),
        ({"status": 400, "result": RESULT}, 400),
        ({"status": 200, "result": RESULT}, 429),
        ({"response": {"status": {"code": 1234}}}, 200),
    ],
)
def test_what_is_no_clear_refusal_of_an_upload_is_unreadable(body: Any, status: int) -> None:
    """An unlisted code under a success, or a refusal that shows jobs, must never have the codes sent twice."""
    with pytest.raises(UnreadableReply):
        read_accepted_upload(reply(body, status))


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        ({"errors": [{"code": 99_999}]}, 400, RequestRejected),
        ({"success": False, "status": 400, "result": None, "errors": [{"code": 400}]}, 200, RequestRejected),
        ({"errors": [{"code": 4001}]}, 503, VendorUnavailable),
        ({"result": {"uploadJobStatuses": []}}, 400, RequestRejected),
    ],
)
def test_clear_refusals_of_an_upload_stay_refusals(body: Any, status: int, kind: type) -> None:
    """HTTP from 400 on, or a documented code, without anything that was made."""
    with pytest.raises(CouponhubError) as caught:
        read_accepted_upload(reply(body, status))

    assert kind is type(caught.value)


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        ({"id": 7, "errors": [{"code": 99_999}]}, 200, UnreadableReply),
        ({"id": 7, "errors": [{"code": 630}]}, 400, UnreadableReply),
        ({"data": {"id": 7}, "success": False}, 500, UnreadableReply),
        ({"errors": [{"code": 99_999}]}, 200, UnreadableReply),
        ({"status": "success", "data": {"couponSeriesId": "CS-789012"}}, 200, UnreadableReply),
        ({"errors": [{"code": 409}]}, 200, Conflict),
        ({"errors": [{"code": 630}]}, 400, Conflict),
        ({"errors": [{"code": 631}]}, 500, Conflict),
        ({}, 409, Conflict),
    ],
)
def test_refusals_of_a_series(body: Any, status: int, kind: type) -> None:
    """What is taken already is a conflict, and what shows a series refuses nothing."""
    with pytest.raises(CouponhubError) as caught:
        read_written_series(reply(body, status))

    assert kind is type(caught.value)


def test_an_upload_with_an_unlisted_code_is_of_unknown_outcome(
    vendor: ScriptedVendor, says: Say, adapter: CapillaryAdapter
) -> None:
    """It is sent once, and neither repeated nor called refused."""
    vendor.say(UPLOAD, says(body={"status": 699, "result": RESULT}))

    with pytest.raises(OutcomeUnknown) as caught:
        adapter.submit_file(LIST, code_file(), None)

    assert (1, "loyalty") == (len(vendor.asked_at(UPLOAD)), caught.value.connection)


def test_the_envelope_within_data_is_a_success(
    vendor: ScriptedVendor, says: Say, adapter: CapillaryAdapter
) -> None:
    """The series may stand within `data`; what was sent fills the gaps when it cannot be read again (C-47)."""
    created = {"status": "success", "data": {"id": 7, "validTillDate": "2027-01-31T00:00:00Z"}}
    vendor.say(SERIES, says(body=created), says(body=page()))

    held = adapter.create_list(NEW)

    assert ("7", "Spring", "SPRING") == (held.id, held.name, held.label)


def test_nameless_jobs_prove_no_absence(vendor: ScriptedVendor, says: Say, adapter: CapillaryAdapter) -> None:
    """A job without a name may be the one looked for; one that is there is found all the same."""
    nameless = {"jobId": 2, "uploadStatus": "STARTED", "uploadedFileName": None}
    body = {"success": True, "status": 200, "result": {"uploadJobStatuses": [JOB, nameless]}}
    vendor.say(JOBS, says(body=body))

    found = adapter.find_submitted(LIST, "up-1.csv")
    with pytest.raises(UnreadableReply, match="no name"):
        adapter.find_submitted(LIST, "up-2.csv")

    assert found is not None
    assert "1" == found.id


@pytest.mark.parametrize(
    "call",
    [
        lambda adapter: adapter.prepare_list(LIST, None, deadline=Deadline.after(0.0)),
        lambda adapter: adapter.submit_file(LIST, code_file(), None, deadline=Deadline.after(0.0)),
        lambda adapter: adapter.find_submitted(LIST, "up-1.csv", deadline=Deadline.after(0.0)),
        lambda adapter: adapter.get_part(LIST, PartId("1"), deadline=Deadline.after(0.0)),
    ],
)
def test_a_deadline_bounds_the_call(
    vendor: ScriptedVendor, adapter: CapillaryAdapter, call: Callable[[CapillaryAdapter], object]
) -> None:
    """A deadline that has passed lets nothing be sent."""
    with pytest.raises(VendorUnavailable) as caught:
        call(adapter)

    assert (False, True) == (caught.value.sent, caught.value.too_slow)
    assert [] == [asked for asked in vendor.seen if "coupon" in asked.path]


def test_basic_credentials_send_no_upload(vendor: ScriptedVendor) -> None:
    """It is refused before anything leaves, token or file (C-2)."""
    adapter = adapter_for(
        vendor, auth=SignIn.BASIC, key=None, secret=None, username="till", password=Secret("P")
    )

    with pytest.raises(Unsupported):
        adapter.submit_file(LIST, code_file(), None)

    assert [] == vendor.seen
    adapter.close()


def test_a_change_sends_the_complete_documented_object(
    vendor: ScriptedVendor, says: Say, adapter: CapillaryAdapter
) -> None:
    """Replace or merge is not said: all that is known is sent, without what the server keeps (C-49, C-50)."""
    after = {**HELD, "description": "Summer", "maxCreate": 50}
    vendor.say(SERIES, says(body=page(HELD)), says(body=page(after)))
    vendor.say(ONE_SERIES, says(body=after))

    changed = adapter.update_list(LIST, ListChange(name="Summer", extra={"maxCreate": "50"}))

    [asked] = vendor.asked_at(ONE_SERIES)
    assert ("PUT", SENT | {"description": "Summer", "maxCreate": 50}) == (
        asked.method,
        asked.json["CouponSeriesV2"],
    )
    assert ("Summer", 9) == (changed.name, changed.total)


IDS, CODES = list(range(20)), [f"C{number}" for number in range(20)]


@pytest.mark.parametrize(
    ("held", "sent"),
    [
        ([{"productType": "SKU", "productIds": [1.0, 2]}], [{"productType": "SKU", "productIds": [1, 2]}]),
        (
            [{"productType": "BRAND", "productIds": [], "productCodes": ["B"]}],
            [{"productType": "BRAND", "productCodes": ["B"]}],
        ),
        ([{"productType": "SKU", "productIds": IDS}], [{"productType": "SKU", "productIds": IDS}]),
        (
            [{"productType": "CATEGORY", "productIds": [*IDS, 20]}],
            [{"productType": "CATEGORY", "productIds": [*IDS, 20]}],
        ),
        ([], []),
    ],
)
def test_products_are_sent_back_as_they_are_taken(
    vendor: ScriptedVendor, says: Say, adapter: CapillaryAdapter, held: list[Any], sent: list[Any]
) -> None:
    """By ids or by codes, whole numbers as such, and nothing empty beside them."""
    vendor.say(SERIES, says(body=page({**HELD, "productInfo": held})))
    vendor.say(ONE_SERIES, says(body=HELD))

    adapter.update_list(LIST, ListChange(name="Summer"))

    assert sent == vendor.asked_at(ONE_SERIES)[0].json["CouponSeriesV2"]["productInfo"]


@pytest.mark.parametrize(
    ("held", "told"),
    [
        ([{"productType": "CATEGORY", "productIds": IDS}], "20 categories"),
        ([{"productType": "CATEGORY", "productCodes": CODES}], "20 categories"),
        (
            [
                {"productType": "CATEGORY", "productIds": IDS[:10]},
                {"productType": "CATEGORY", "productIds": IDS[10:]},
            ],
            "20 categories",
        ),
        ([{"productType": "SKU", "productIds": [1], "productCodes": ["A"]}], "by ids and by codes"),
        (
            [{"productType": "SKU", "productIds": [1]}, {"productType": "BRAND", "productCodes": ["A"]}],
            "by ids and by codes",
        ),
        ({"SKU": [1]}, "does not document"),
        ([{"productType": "CATEGORY", "productIds": 20}], "does not document"),
    ],
)
def test_products_that_may_be_cut_are_neither_sent_nor_left_out(
    vendor: ScriptedVendor, says: Say, adapter: CapillaryAdapter, held: Any, told: str
) -> None:
    """Both could make the codes good for other products; whoever names all of them may change the series."""
    vendor.say(SERIES, says(body=page({**HELD, "productInfo": held})))
    vendor.say(ONE_SERIES, says(body=HELD))

    with pytest.raises(UsageError, match=f"{told}.*nothing was changed") as caught:
        adapter.update_list(LIST, ListChange(name="Summer"))

    assert "--set productInfo" in caught.value.hint
    assert [] == vendor.asked_at(ONE_SERIES)
    given = {"productInfo": '[{"productType": "SKU", "productIds": [7]}]'}
    adapter.update_list(LIST, ListChange(name="Summer", extra=given))
    sent = vendor.asked_at(ONE_SERIES)[0].json["CouponSeriesV2"]["productInfo"]
    assert [{"productType": "SKU", "productIds": [7]}] == sent


def test_fields_of_other_types_are_sent_as_they_are_documented(
    vendor: ScriptedVendor, says: Say, adapter: CapillaryAdapter
) -> None:
    """Numbers and flags as text, and whole numbers with a fraction, are what the vendor asks for in requests."""
    odd = {"maxCreate": "50", "minBillAmount": "12.50", "alphaNumeric": "true", "maxRedeem": "many"}
    entities = [{"redemptionOrgEntityType": "STORE", "orgEntityId": 12.0}]
    vendor.say(SERIES, says(body=page({**HELD, **odd, "redemptionOrgEntityDetails": entities})))
    vendor.say(ONE_SERIES, says(body=HELD))

    adapter.update_list(LIST, ListChange(name="Summer"))

    sent = vendor.asked_at(ONE_SERIES)[0].json["CouponSeriesV2"]
    assert {"maxCreate": 50, "minBillAmount": 12.5, "alphaNumeric": True, "maxRedeem": "many"} == {
        name: sent[name] for name in odd
    }
    assert ("12", int) == (
        str(sent["redemptionOrgEntityDetails"][0]["orgEntityId"]),
        type(sent["redemptionOrgEntityDetails"][0]["orgEntityId"]),
    )


def test_what_changed_besides_is_told(
    vendor: ScriptedVendor, says: Say, adapter: CapillaryAdapter, caplog: pytest.LogCaptureFixture
) -> None:
    """A field that the vendor lost or changed unasked is named in the log; counts and times of use may move."""
    after = {**HELD, "description": "Summer", "numIssued": 4, "lastUsed": "2026-02-01T00:00:00Z"}
    after |= {"redemptionRange": '{"dom": [-1], "dow": [-1], "hours": [-1]}', "discountValue": 10}
    vendor.say(SERIES, says(body=page(HELD)), says(body=page(after)))
    vendor.say(ONE_SERIES, says(body=after))
    adapter.update_list(LIST, ListChange(name="Summer"))
    assert "" == caplog.text

    after = {key: value for key, value in after.items() if key != "storeIdsJson"} | {"maxCreate": 7}
    vendor.say(SERIES, says(body=page(HELD)), says(body=page(after)))
    adapter.update_list(LIST, ListChange(name="Summer"))
    assert "changed more than was asked: maxCreate, storeIdsJson" in caplog.text


def test_a_changed_expiry_is_sent_with_the_servers_offset(vendor: ScriptedVendor, says: Say) -> None:
    """The day is the server's; where the series cannot be read again, what was sent tells its end."""
    adapter = adapter_for(vendor, server_timezone="Asia/Kolkata")
    vendor.say(SERIES, says(body=page(HELD)), says(status=403))
    vendor.say(ONE_SERIES, says(body={"status": "success", "data": {"id": 7}}))

    changed = adapter.update_list(LIST, ListChange(expires=date(2028, 2, 29)))

    sent = vendor.asked_at(ONE_SERIES)[0].json["CouponSeriesV2"]
    assert "2028-02-29T00:00:00+05:30" == sent["validTillDate"]
    assert datetime(2028, 2, 29, 18, 29, 59, tzinfo=UTC) == changed.expires_at
    adapter.close()


def test_a_label_can_be_changed(vendor: ScriptedVendor, says: Say, adapter: CapillaryAdapter) -> None:
    """Changing `seriesCode` by PUT works, and there is no other way to give it."""
    vendor.say(SERIES, says(body=page(HELD)), says(body=page({**HELD, "seriesCode": "NEW"})))
    vendor.say(ONE_SERIES, says(body={**HELD, "seriesCode": "NEW"}))

    assert "NEW" == adapter.update_list(LIST, ListChange(extra={"seriesCode": "NEW"})).label


@pytest.mark.parametrize(
    ("change", "kind", "told"),
    [
        (ListChange(), UsageError, "nothing of the list"),
        (ListChange(name=" "), UsageError, "blank"),
        (ListChange(name="A", alerts=Alerts(success=True)), Unsupported, "alerts"),
        (ListChange(extra={"numIssued": "1"}), UsageError, "numIssued is kept by Capillary"),
        (ListChange(extra={"description": "D"}), UsageError, "description is the list's name"),
        (ListChange(extra={"maxCreate": "x", "tagg": "y"}), UsageError, "tagg.*maxCreate: expected"),
        (ListChange(extra={"discountCode": " "}), UsageError, "discountCode must not be blank"),
    ],
)
def test_a_change_refused_before_anything_is_asked(
    vendor: ScriptedVendor, adapter: CapillaryAdapter, change: ListChange, kind: type, told: str
) -> None:
    """Nothing to change, wrong fields and alerts never reach the vendor; the connection says where it rose."""
    with pytest.raises(kind, match=told) as caught:
        Lists("loyalty", Offered(adapter, "loyalty")).update(LIST, change)

    error = caught.value
    assert isinstance(error, CouponhubError)
    assert ([], "loyalty", "update list") == (vendor.seen, error.connection, error.operation)


def test_a_change_of_a_series_that_lacks_what_is_required(
    vendor: ScriptedVendor, says: Say, adapter: CapillaryAdapter
) -> None:
    """What the vendor wants with every change and does not tell is asked for, not invented."""
    vendor.say(SERIES, says(body=page({**HELD, "smsTemplate": None, "discountCode": None})))

    with pytest.raises(UsageError, match="discountCode, smsTemplate"):
        adapter.update_list(LIST, ListChange(name="Summer"))

    assert [] == vendor.asked_at(ONE_SERIES)


@pytest.mark.parametrize(
    ("code", "kind"), [(502, NotFound), (707, NotFound), (630, Conflict), (641, RequestRejected)]
)
def test_a_change_that_fails(
    vendor: ScriptedVendor, says: Say, adapter: CapillaryAdapter, code: int, kind: type
) -> None:
    """Codes decide, whatever HTTP says (C-62)."""
    vendor.say(SERIES, says(body=page(HELD)))
    vendor.say(ONE_SERIES, says(body={"errors": [{"code": code}], "success": False}))

    with pytest.raises(CouponhubError) as caught:
        adapter.update_list(LIST, ListChange(name="Summer"))

    assert (kind, "update list") == (type(caught.value), caught.value.operation)


@pytest.mark.parametrize(
    ("change", "after"),
    [
        (ListChange(name="Summer"), {"description": "Summer"}),
        (ListChange(expires=date(2028, 2, 29)), {"validTillDateTime": "2028-02-29T23:59:59Z"}),
        (
            ListChange(extra={"redemptionRange": '{"dom":[1],"dow":[-1],"hours":[-1]}'}),
            {"redemptionRange": {"dow": [-1], "dom": [1], "hours": [-1]}},
        ),
        (ListChange(extra={"discountValue": "20"}), {"discountValue": 20.0}),
    ],
)
def test_a_lost_answer_is_followed_by_a_look(
    vendor: ScriptedVendor,
    says: Say,
    adapter: CapillaryAdapter,
    change: ListChange,
    after: dict[str, Any],
) -> None:
    """A series that stands as was asked proves the change; one that does not has it made once more."""
    pauses: list[float] = []
    lists = Lists("loyalty", Offered(adapter, "loyalty"), settle=30.0, clock=Clock(sleep=pauses.append))
    vendor.say(ONE_SERIES, says(body=b"<html>"), says(body={"errors": [{"code": 99_999}]}))
    vendor.say(SERIES, says(body=page(HELD)), says(body=page({**HELD, **after})))
    assert "7" == lists.update(LIST, change).id
    assert (1, []) == (len(vendor.asked_at(ONE_SERIES)), pauses)

    vendor.say(SERIES, says(body=page(HELD)))
    with pytest.raises(OutcomeUnknown) as caught:
        lists.update(LIST, change)

    assert (1 + 2, [30.0]) == (len(vendor.asked_at(ONE_SERIES)), pauses)
    assert "lists show loyalty 7" in caught.value.hint


def test_a_lost_answer_that_cannot_be_looked_after(
    vendor: ScriptedVendor, says: Say, adapter: CapillaryAdapter
) -> None:
    """Where the series cannot be read, the outcome stays unknown."""
    vendor.say(ONE_SERIES, says(body=b"<html>"))
    vendor.say(SERIES, says(body=page(HELD)), says(status=403))

    with pytest.raises(OutcomeUnknown):
        Lists("loyalty", Offered(adapter, "loyalty"), settle=0.0).update(LIST, ListChange(name="Spring"))
    assert 1 == len(vendor.asked_at(ONE_SERIES))


def test_fields_that_were_not_taken_over_are_told(
    vendor: ScriptedVendor, says: Say, adapter: CapillaryAdapter, caplog: pytest.LogCaptureFixture
) -> None:
    """The list is told as it is held, and a warning names what differs, not its value."""
    vendor.say(SERIES, says(body=page(HELD)))
    vendor.say(ONE_SERIES, says(body=HELD))

    held = adapter.update_list(LIST, ListChange(name="Hidden", expires=date(2028, 2, 29)))

    assert "Spring" == held.name
    assert "description, validTillDate" in caplog.text
    assert "Hidden" not in caplog.text
