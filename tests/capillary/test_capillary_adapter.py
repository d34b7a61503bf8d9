"""The adapter over real HTTP, against a vendor that follows a script: the branches no emulator takes."""

import io
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest

from couponhub.clock import Clock, Deadline
from couponhub.errors import (
    AuthRejected,
    Conflict,
    NotFound,
    OutcomeUnknown,
    PermissionDenied,
    RateLimited,
    RequestRejected,
    UnreadableReply,
    Unsupported,
    UsageError,
    VendorUnavailable,
)
from couponhub.models import (
    Alerts,
    CodeFile,
    CouponQuery,
    Customer,
    Identifier,
    ListId,
    ListStatus,
    NewCouponList,
    PartId,
    Tagging,
)
from couponhub.protocols import CAPABILITIES
from couponhub.secret import Secret
from couponhub.transport import RetryPolicy
from couponhub_capillary.adapter import CapillaryAdapter
from couponhub_capillary.settings import CapillarySettings
from couponhub_capillary.settings.connection import SignIn
from couponhub_capillary.wire.identifiers import identifier_forms
from tests.capillary.conftest import Say, ScriptedVendor

TOKEN = "/v3/oauth/token/generate"
COUPONS = "/v1.1/customer/coupons"
SERIES = "/v2/coupon/series"
UPLOAD = "/coupon/api/v1/upload/file/7"
JOBS = "/coupon/api/v1/upload/getUploadStatus/7"
NOW = datetime(2026, 6, 1, tzinfo=UTC)
LIST = ListId("7")

EXTRA = {"discountCode": "X", "discountType": "ABS", "discountValue": "10", "smsTemplate": "Hi"}
NEW = NewCouponList(name="Spring", expires=date(2027, 1, 31), label="SPRING", extra=EXTRA)


def row(number: int, **fields: Any) -> dict[str, Any]:
    """Make a series of uploaded codes."""
    known = {"description": "Spring", "clientHandlingType": "DISC_CODE_PIN"}
    return {"id": number, "validTillDateTime": "2027-01-31T23:59:59Z", **known, **fields}


def customer(code: int = 1000, *codes: str) -> dict[str, Any]:
    """Make an answer about a customer who holds these codes."""
    ok = code == 1000
    item = {"success": str(ok).lower(), "code": code}
    coupons = {
        "coupon": [{"code": text, "id": text, "redemption_count": 0, "redemptions": {}} for text in codes]
    }
    status = {"success": str(ok).lower(), "code": 200 if ok else 500}
    return {
        "response": {"status": status, "customers": {"customer": [{"coupons": coupons, "item_status": item}]}}
    }


def job(number: int, name: str, stored: str = "s.csv") -> dict[str, Any]:
    """Make a job that has begun."""
    return {"jobId": number, "uploadStatus": "STARTED", "uploadedFileName": name, "uploadedFileUrl": stored}


def jobs(*given: Any, **result: Any) -> dict[str, Any]:
    """Make an upload answer."""
    return {"success": True, "status": 200, "result": {"uploadJobStatuses": list(given), **result}}


def code_file(content: bytes = b"coupon code\nABC\n") -> CodeFile:
    """Make a file of one code."""
    return CodeFile(name="up-1.csv", rows=1, size=len(content), open=lambda: io.BytesIO(content))


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


def ask(adapter: CapillaryAdapter, query: CouponQuery | None = None, **who: str) -> Any:
    """Ask about a customer."""
    return adapter.customer_coupons(
        Customer(**(who or {"mobile": "+91 98765-43210"})), query or CouponQuery()
    )


def test_mobile_is_sent_without_decoration(
    vendor: ScriptedVendor, says: Say, adapter: CapillaryAdapter
) -> None:
    """Plus, blanks and dashes are stripped, nothing is added; the call carries the token (C-3, C-28)."""
    vendor.say(COUPONS, says(body=customer(1000, "A")))

    answer = ask(adapter)

    (asked,) = vendor.asked_at(COUPONS)
    assert "919876543210" == asked.query["mobile"]
    assert "T1" == asked.headers["x-cap-api-oauth-token"]
    assert "application/json" == asked.headers["accept"]
    assert (
        ["A"],
        True,
        True,
    ) == ([coupon.code for coupon in answer.coupons], answer.customer_known, answer.complete)


INDIAN = ("919876543210", "9876543210", "09876543210", "00919876543210")


@pytest.mark.parametrize(
    ("mobile", "country_code", "forms"),
    [
        ("919876543210", None, ("919876543210",)),
        ("919876543210", "91", INDIAN),
        ("9876543210", "91", INDIAN),
        ("+91 (0)98765-43210", "91", INDIAN),
        ("9123456789", "91", ("919123456789", "9123456789", "09123456789", "00919123456789")),
        ("+9123456789", "91", ("9123456789", "23456789", "023456789", "009123456789")),
        ("91", "91", ("9191", "91", "091", "009191")),
        ("00919876543210", None, ("00919876543210",)),
        ("00919876543210", "91", INDIAN),
        ("00447700900123", "91", ("447700900123", "00447700900123")),
        ("+65 8123 4567", "91", ("6581234567", "006581234567")),
        ("6581234567", "91", ("916581234567", "6581234567", "06581234567", "00916581234567")),
        ("6581234567", "65", ("6581234567", "81234567", "006581234567")),
        ("89161234567", "7", ("79161234567", "9161234567", "89161234567", "0079161234567")),
        ("12125550199", "1", ("12125550199", "2125550199", "0012125550199")),
        ("061234567", "39", ("39061234567", "061234567", "0039061234567")),
        ("5551234", "999", ("9995551234", "5551234", "009995551234")),
        ("00", "91", ("00",)),
        ("09876543210", None, ("09876543210",)),
        ("09876543210", "91", INDIAN),
        ("0", "91", ("0",)),
        ("+44 (0)7700 900123", "44", ("447700900123", "7700900123", "07700900123", "00447700900123")),
        ("+91\u00a098765\u201043210", None, ("919876543210",)),
        ("\u202a+91 98765\u221243210\u202c", None, ("919876543210",)),
        ("(91)\u2009[98765].43210", None, ("919876543210",)),
    ],
)
def test_forms_of_a_mobile(mobile: str, country_code: str | None, forms: tuple[str, ...]) -> None:
    """With a default country code the number is asked about in every form, whichever was given, in full first."""
    assert forms == identifier_forms(Customer(mobile=mobile), country_code)


def test_other_identifiers_have_one_form() -> None:
    """E-mails in lower case, external ids and ids stay exactly what they are."""
    for given in (Customer(email="+a-b@example.com"), Customer(external_id="e 12"), Customer(id="007")):
        assert (given.value,) == identifier_forms(given, "91")
    assert ("12",) == identifier_forms(Customer(external_id=" 12"), "91")


@pytest.mark.parametrize(
    ("email", "forms"),
    [
        ("A.Buyer@example.com", ("A.Buyer@example.com", "a.buyer@example.com")),
        (
            "A.Buyer@Example.com",
            ("A.Buyer@Example.com", "A.Buyer@example.com", "a.buyer@example.com"),
        ),
        ("a@b\u00fccher.example", ("a@b\u00fccher.example", "a@xn--bcher-kva.example")),
        ("a@xn--bcher-kva.example", ("a@xn--bcher-kva.example", "a@b\u00fccher.example")),
        (
            "a@STRA\u00dfE.example",
            ("a@STRA\u00dfE.example", "a@stra\u00dfe.example", "a@xn--strae-oqa.example"),
        ),
        ("a@xn--999.example", ("a@xn--999.example",)),
        ('"odd one"@x', ('"odd one"@x',)),
    ],
)
def test_forms_of_an_address(email: str, forms: tuple[str, ...]) -> None:
    """As given, then in lower case, with the domain in its own script and in ASCII."""
    assert forms == identifier_forms(Customer(email=email), None)


@pytest.mark.parametrize("country_code", [None, "91"])
@pytest.mark.parametrize(
    "given",
    [
        Customer(id="12a"),
        Customer(id="+12"),
        Customer(id="98 66"),
        *(
            Customer(mobile=text)
            for text in (
                "+-",
                "()",
                "unknown77",
                "91987x",
                "a.buyer77@example.com",
                "91+98",
                "++9177",
                "919876543210/77",
                "\u00b2",
            )
        ),
    ],
)
def test_hopeless_identifiers_are_refused(given: Customer, country_code: str | None) -> None:
    """What can be no identifier there is refused before anything is sent, and never quoted (C-13)."""
    with pytest.raises(UsageError) as caught:
        identifier_forms(given, country_code)
    assert given.value not in str(caught.value)


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ((customer(1000, "A"), customer(701)), (True, ["A"], 1)),
        ((customer(701), customer(1000, "B")), (True, ["B"], 2)),
        ((customer(1000), customer(1000, "B")), (True, ["B"], 2)),
        ((customer(1000), customer(701)), (True, [], 4)),
        ((customer(701), customer(1000)), (True, [], 4)),
        ((customer(701), customer(1012)), (False, [], 4)),
    ],
)
def test_every_form_is_asked_before_none(
    vendor: ScriptedVendor, says: Say, answers: tuple[Any, Any], told: tuple[bool, list[str], int]
) -> None:
    """Nobody is unknown, and nobody without coupons, before every form of the number was asked about."""
    vendor.say(COUPONS, *(says(body=body) for body in answers))

    answer = ask(adapter_for(vendor, default_country_code="91"))

    codes, asked = [coupon.code for coupon in answer.coupons], len(vendor.asked_at(COUPONS))
    assert told == (answer.customer_known, codes, asked)
    warned = any(f"{asked} forms" in warning for warning in answer.warnings)
    assert warned is (asked > 1)


def test_a_form_that_fails_leaves_it_open(vendor: ScriptedVendor, says: Say) -> None:
    """Unknown under one form and no answer for the other is no answer."""
    vendor.say(COUPONS, says(body=customer(701)), says(status=500))

    with pytest.raises(VendorUnavailable):
        ask(adapter_for(vendor, default_country_code="91"))


def test_a_row_without_code_leaves_the_answer_incomplete(
    vendor: ScriptedVendor, says: Say, adapter: CapillaryAdapter
) -> None:
    """The others are told, and that one is missing (C-24)."""
    body = customer(1000, "A")
    body["response"]["customers"]["customer"][0]["coupons"]["coupon"].append({"id": "9"})
    vendor.say(COUPONS, says(body=body))

    answer = ask(adapter)

    assert (
        ["A"],
        False,
        1,
    ) == ([coupon.code for coupon in answer.coupons], answer.complete, len(answer.warnings))


def test_unknown_series_in_a_question(vendor: ScriptedVendor, says: Say, adapter: CapillaryAdapter) -> None:
    """A list that does not exist is an error, not a customer without coupons; no number is never sent."""
    vendor.say(COUPONS, says(body=customer(707)))

    with pytest.raises(NotFound):
        ask(adapter, CouponQuery(list_id=ListId("12")))
    with pytest.raises(NotFound):
        ask(adapter, CouponQuery(list_id=ListId("012")))
    assert 1 == len(vendor.asked_at(COUPONS))


@pytest.mark.parametrize(
    "refusal",
    [
        {"status": 401},
        {"status": 200, "body": {"response": {"status": {"success": "false", "code": 401}}}},
        {"status": 500, "body": {"errors": [{"code": "401"}]}},
    ],
)
def test_a_dead_token_is_renewed_once(
    vendor: ScriptedVendor, says: Say, adapter: CapillaryAdapter, refusal: Any
) -> None:
    """A refused token, under whatever HTTP status, is replaced and the call repeated (C-6)."""
    vendor.say(TOKEN, says(body={"data": {"accessToken": "T1"}}), says(body={"data": {"accessToken": "T2"}}))
    vendor.say(COUPONS, says(**refusal), says(body=customer(1000, "A")))

    assert 1 == len(ask(adapter).coupons)
    assert ["T1", "T2"] == [asked.headers["x-cap-api-oauth-token"] for asked in vendor.asked_at(COUPONS)]


def test_a_token_refused_twice_is_about_credentials(
    vendor: ScriptedVendor, says: Say, adapter: CapillaryAdapter
) -> None:
    """There is one renewal per call, no more."""
    vendor.say(COUPONS, says(status=401))

    with pytest.raises(AuthRejected):
        ask(adapter)
    assert 2 == len(vendor.asked_at(COUPONS))


def test_wrong_credentials_are_told_at_once(
    vendor: ScriptedVendor, says: Say, adapter: CapillaryAdapter
) -> None:
    """No token for this key and secret: the call itself is never sent, nothing is repeated (C-5)."""
    vendor.say(TOKEN, says(status=401))

    with pytest.raises(AuthRejected):
        ask(adapter)
    assert [TOKEN] == [asked.path for asked in vendor.seen]


def test_a_rate_limit_is_told_with_its_wait(
    vendor: ScriptedVendor, says: Say, adapter: CapillaryAdapter
) -> None:
    """With a deadline a rate limit is not waited out (C-8)."""
    vendor.say(COUPONS, says(status=429, headers={"Retry-After": "30"}))

    with pytest.raises(RateLimited) as caught:
        adapter.customer_coupons(Customer(mobile="1"), CouponQuery(), deadline=Deadline.after(1.0))
    assert 30.0 == caught.value.retry_after


def test_lists_are_read_page_by_page(vendor: ScriptedVendor, says: Say, adapter: CapillaryAdapter) -> None:
    """Every series once, although pages shift; all kinds are asked for; pages come as they are consumed."""
    details = {"limit": 2}
    vendor.say(
        SERIES,
        says(body={"entity": [row(1), row(2)], "pageDetails": details}),
        says(body={"entity": [row(2), row(3)], "pageDetails": details}),
        says(body={"entity": [row(4)], "pageDetails": details}),
    )

    lists = adapter.iterate_lists()
    assert [] == vendor.asked_at(SERIES)
    assert ["1", "2", "3", "4"] == [coupon_list.id for coupon_list in lists]
    queries = [asked.query for asked in vendor.asked_at(SERIES)]
    assert ["0", "2", "4"] == [query["offset"] for query in queries]
    assert {("1000", "ALL")} == {(query["limit"], query["couponType"]) for query in queries}


def test_pages_that_repeat_end_the_walk_with_an_error(
    vendor: ScriptedVendor, says: Say, adapter: CapillaryAdapter
) -> None:
    """A server that heeds no offset would be asked for ever, and a shorter answer would be a lie."""
    vendor.say(SERIES, says(body={"entity": [row(1)], "pageDetails": {"limit": 1}}))

    lists = adapter.iterate_lists()
    assert "1" == next(lists).id
    with pytest.raises(UnreadableReply):
        next(lists)


def test_an_unreadable_series_is_told_after_the_others(
    vendor: ScriptedVendor, says: Say, adapter: CapillaryAdapter
) -> None:
    """One odd row never kills a page, and is never passed over in silence."""
    vendor.say(SERIES, says(body={"entity": [{"id": "x"}, "odd", row(2)]}))

    lists = adapter.iterate_lists()
    assert "2" == next(lists).id
    with pytest.raises(UnreadableReply, match="2 of the series"):
        next(lists)


def test_status_of_lists_is_computed(vendor: ScriptedVendor, says: Say, adapter: CapillaryAdapter) -> None:
    """The vendor's own filter is undefined and not sent (C-52); nothing is ever archived."""
    vendor.say(SERIES, says(body={"entity": [row(1), row(2, validTillDateTime="2026-01-01T23:59:59Z")]}))

    assert ["1"] == [one.id for one in adapter.iterate_lists(ListStatus.ACTIVE)]
    assert ["2"] == [one.id for one in adapter.iterate_lists(ListStatus.EXPIRED)]
    assert [] == list(adapter.iterate_lists(ListStatus.ARCHIVED))
    assert all("status" not in asked.query for asked in vendor.seen)


@pytest.mark.parametrize("list_id", ["none-such", "", "007", "-1", "1e5", "\u0667"])
def test_no_number_names_no_series(vendor: ScriptedVendor, adapter: CapillaryAdapter, list_id: str) -> None:
    """Ids there are whole numbers: another text is refused without a call."""
    with pytest.raises(NotFound):
        adapter.get_list(ListId(list_id))
    assert [] == vendor.seen


@pytest.mark.parametrize(("entity", "kind"), [([], NotFound), ([row(8)], UnreadableReply)])
def test_a_series_that_does_not_come_is_not_found(
    vendor: ScriptedVendor, says: Say, adapter: CapillaryAdapter, entity: Any, kind: type[Exception]
) -> None:
    """An empty answer is "not found" (C-51); another series proves nothing of the one asked for."""
    vendor.say(SERIES, says(body={"entity": entity}))

    with pytest.raises(kind):
        adapter.get_list(LIST)
    assert "7" == vendor.asked_at(SERIES)[0].query["ids"]


def test_creation_sends_documented_fields_and_reads_again(vendor: ScriptedVendor, says: Say) -> None:
    """Name, code, day with the server's offset and the typed extras; the answer is what the vendor then holds."""
    vendor.say(SERIES, says(body=row(7)), says(body={"entity": [row(7, seriesCode="OWN")]}))

    made = adapter_for(vendor, server_timezone="Asia/Kolkata").create_list(NEW)

    created, read = vendor.asked_at(SERIES)
    assert ("POST", "GET", "7") == (created.method, read.method, read.query["ids"])
    assert {
        "CouponSeriesV2": {
            "description": "Spring",
            "seriesCode": "SPRING",
            "validTillDate": "2027-01-31T00:00:00+05:30",
            "discountCode": "X",
            "discountType": "ABS",
            "discountValue": 10,
            "smsTemplate": "Hi",
            "anyUser": False,
            "clientHandlingType": "DISC_CODE_PIN",
            "expiryStrategyType": "SERIES_EXPIRY",
        }
    } == created.json
    assert ("7", "OWN") == (made.id, made.label)


@pytest.mark.parametrize("second", [{"status": 500}, {"body": {"entity": []}}])
def test_a_created_list_is_told_though_it_cannot_be_read(
    vendor: ScriptedVendor, says: Say, adapter: CapillaryAdapter, second: Any
) -> None:
    """It is created: trouble with the second look must not hide that."""
    vendor.say(SERIES, says(body=row(7)), says(**second))

    assert "7" == adapter.create_list(NEW).id


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ({"body": {"errors": [{"code": 630}], "success": False}}, Conflict),
        ({"body": {"errors": [{"code": 641}], "success": False}}, RequestRejected),
        ({"status": 500}, OutcomeUnknown),
        ({"body": b"<html>"}, OutcomeUnknown),
        ({"body": {"status": "success", "data": {"couponSeriesId": "CS-1"}}}, OutcomeUnknown),
    ],
)
def test_creation_that_fails(
    vendor: ScriptedVendor, says: Say, adapter: CapillaryAdapter, answer: Any, kind: type
) -> None:
    """A refusal is told as such; whatever leaves the outcome open is never repeated."""
    vendor.say(SERIES, says(**answer))

    with pytest.raises((Conflict, RequestRejected, OutcomeUnknown)) as caught:
        adapter.create_list(NEW)
    assert type(caught.value) is kind
    assert 1 == len(vendor.asked_at(SERIES))


@pytest.mark.parametrize(
    ("new", "kind"),
    [
        (NewCouponList(name="N", expires=date(2027, 1, 1)), UsageError),
        (NewCouponList(name=" ", expires=date(2027, 1, 1), extra=EXTRA), UsageError),
        (
            NewCouponList(name="N", expires=date(2027, 1, 1), extra=EXTRA, alerts=Alerts(shortage=5)),
            Unsupported,
        ),
        (NewCouponList(name="N", expires=date(2027, 1, 1), extra=EXTRA, created_by="me"), Unsupported),
    ],
)
def test_creation_refused_before_it_is_sent(
    vendor: ScriptedVendor, adapter: CapillaryAdapter, new: NewCouponList, kind: type
) -> None:
    """What is missing or cannot be expressed is told without a call."""
    with pytest.raises((UsageError, Unsupported)) as caught:
        adapter.create_list(new)
    assert type(caught.value) is kind
    assert [] == vendor.seen


@pytest.mark.parametrize(
    ("label", "held", "found"),
    [
        ("SPRING", [row(1, seriesCode="OTHER", description="x"), row(2, seriesCode="SPRING")], "2"),
        ("SPRING", [row(1, seriesCode="spring", description="x")], None),
        (None, [row(1, seriesCode="Spring"), row(2, description="x")], "1"),
        (None, [row(1, validTillDateTime="2027-02-01T23:59:59Z")], None),
        (None, [], None),
    ],
)
def test_a_created_list_is_found_again(
    vendor: ScriptedVendor,
    says: Say,
    label: str | None,
    held: Any,
    found: str | None,
) -> None:
    """By its code, which is a plain form of the name where none was given."""
    vendor.say(SERIES, says(body={"entity": held}))

    made = adapter_for(vendor).find_created(NewCouponList(name="Spring", expires=NEW.expires, label=label))
    assert found == (made.id if made else None)


@pytest.mark.parametrize(
    ("label", "held"),
    [
        (None, [row(1), row(2)]),
        (None, [row(1, seriesCode="OLDER")]),
        ("SPRING", [row(1, seriesCode="VENDORS-OWN")]),
    ],
)
def test_a_created_list_that_cannot_be_told(
    vendor: ScriptedVendor, says: Say, adapter: CapillaryAdapter, label: str | None, held: Any
) -> None:
    """Ones of that name with other codes: older ones, or one that the vendor gave a code of its own (C-47)."""
    vendor.say(SERIES, says(body={"entity": held}))

    with pytest.raises(OutcomeUnknown):
        adapter.find_created(NewCouponList(name="Spring", expires=NEW.expires, label=label))


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"clientHandlingType": "DISC_CODE"}, Unsupported),
        ({"clientHandlingType": None}, Unsupported),
        ({"validTillDateTime": "2026-05-31T23:59:59Z"}, Conflict),
        ({"maxCreate": 5, "numIssued": 5}, Conflict),
    ],
)
def test_a_list_that_takes_no_codes(
    vendor: ScriptedVendor, says: Say, adapter: CapillaryAdapter, fields: Any, kind: type
) -> None:
    """Kind, expiry and room are checked before anything is sent (C-45)."""
    vendor.say(SERIES, says(body={"entity": [row(7, **fields)]}))

    with pytest.raises((Unsupported, Conflict)) as caught:
        adapter.prepare_list(LIST, None)
    assert type(caught.value) is kind


def test_a_list_that_takes_codes(vendor: ScriptedVendor, says: Say, adapter: CapillaryAdapter) -> None:
    """A series of uploaded codes without limits takes them, tagged by any identifier."""
    vendor.say(SERIES, says(body={"entity": [row(7, maxCreate=-1, numIssued=3)]}))

    for tagging in (None, *(Tagging(identifier=identifier) for identifier in Identifier)):
        assert "7" == adapter.prepare_list(LIST, tagging).id


@pytest.mark.parametrize(
    ("tagging", "fields"),
    [
        (None, {"customerIdentifier": "NOT_TAGGED"}),
        (
            Tagging(identifier=Identifier.MOBILE),
            {"customerIdentifier": "MOBILE", "customerIdentifierColumn": "0"},
        ),
        (
            Tagging(identifier=Identifier.EXTERNAL_ID),
            {"customerIdentifier": "EXTERNAL_ID", "customerIdentifierColumn": "0"},
        ),
        (
            Tagging(identifier=Identifier.ID),
            {"customerIdentifier": "USER_ID", "customerIdentifierColumn": "0"},
        ),
    ],
)
def test_an_upload(
    vendor: ScriptedVendor,
    says: Say,
    adapter: CapillaryAdapter,
    tagging: Tagging | None,
    fields: dict[str, str],
) -> None:
    """The file travels under its name, the column only when tagged (C-30, C-31); ours is the job named (C-66)."""
    vendor.say(UPLOAD, says(body=jobs(job(1, "old.csv", "o.csv"), job(2, "up-1.csv"), fileName="s.csv")))

    part = adapter.submit_file(LIST, code_file(), tagging)

    (asked,) = vendor.asked_at(UPLOAD)
    boundary = asked.headers["content-type"].partition("boundary=")[2].encode()
    sent = {}
    for piece in asked.body.split(b"--" + boundary)[1:-1]:
        head, _, content = piece.partition(b"\r\n\r\n")
        name = head.split(b'name="')[1].split(b'"')[0].decode()
        sent[name] = content.removesuffix(b"\r\n").decode()
    assert {**fields, "file": "coupon code\nABC\n"} == sent
    assert b'filename="up-1.csv"' in asked.body
    assert ("2", "up-1.csv") == (part.id, part.name)


@pytest.mark.parametrize(
    ("status", "held", "kind"),
    [
        (400, [], NotFound),
        (404, [], NotFound),
        (400, [row(7)], RequestRejected),
        (404, [row(7)], RequestRejected),
    ],
)
def test_a_refused_upload_is_explained(
    vendor: ScriptedVendor, says: Say, status: int, held: Any, kind: type
) -> None:
    """After a 400 or 404 the series is read: gone is not found, there is rejected (C-43)."""
    vendor.say(UPLOAD, says(status=status))
    vendor.say(SERIES, says(body={"entity": held}))

    with pytest.raises((NotFound, RequestRejected)) as caught:
        adapter_for(vendor).submit_file(LIST, code_file(), None)
    assert type(caught.value) is kind


def test_a_refused_upload_stays_refused_without_explanation(
    vendor: ScriptedVendor, says: Say, adapter: CapillaryAdapter
) -> None:
    """That the series cannot be read then takes nothing from the refusal."""
    vendor.say(UPLOAD, says(status=400))
    vendor.say(SERIES, says(status=500))

    with pytest.raises(RequestRejected):
        adapter.submit_file(LIST, code_file(), None)


def test_no_upload_api_names_the_other_host(vendor: ScriptedVendor, says: Say) -> None:
    """A 404 at the upload address, the series being there, names the other address and never switches (C-1)."""
    vendor.say(SERIES, says(body={"entity": [row(7)]}))
    adapter = adapter_for(vendor, upload_base_url=f"{vendor.url}/elsewhere")

    with pytest.raises(RequestRejected) as caught:
        list(adapter.iterate_parts(LIST))
    assert f"{vendor.url}/elsewhere" in caught.value.message
    assert f"set upload_base_url, perhaps to {vendor.url}" == caught.value.hint


@pytest.mark.parametrize("answer", [{"status": 500}, {"body": jobs(fileName="s.csv")}, {"body": b"<html>"}])
def test_an_upload_without_understandable_answer(
    vendor: ScriptedVendor, says: Say, adapter: CapillaryAdapter, answer: Any
) -> None:
    """It may have been taken: it is never sent again unasked."""
    vendor.say(UPLOAD, says(**answer))

    with pytest.raises(OutcomeUnknown):
        adapter.submit_file(LIST, code_file(), None)
    assert 1 == len(vendor.asked_at(UPLOAD))


def test_parts_oldest_first(vendor: ScriptedVendor, says: Say, adapter: CapillaryAdapter) -> None:
    """Sorted by number, not as text, each once; one is found by number or by name (C-44)."""
    vendor.say(JOBS, says(body=jobs(job(10, "b.csv"), job(9, "a.csv"), job(9, "a.csv"), job(11, "b.csv"))))

    assert ["9", "10", "11"] == [part.id for part in adapter.iterate_parts(LIST)]
    assert "b.csv" == adapter.get_part(LIST, PartId("10")).name
    found = adapter.find_submitted(LIST, "b.csv")
    assert found is not None
    assert "10" == found.id
    assert adapter.find_submitted(LIST, "B.csv") is None
    with pytest.raises(NotFound):
        adapter.get_part(LIST, PartId("12"))


def test_unreadable_jobs_prove_no_absence(
    vendor: ScriptedVendor, says: Say, adapter: CapillaryAdapter
) -> None:
    """A file that is not seen may be the row that could not be read."""
    vendor.say(JOBS, says(body=jobs({"jobId": "x"}, job(9, "a.csv"))))

    parts = adapter.iterate_parts(LIST)
    assert "9" == next(parts).id
    looks: tuple[Callable[[], object], ...] = (
        lambda: next(parts),
        lambda: adapter.get_part(LIST, PartId("1")),
        lambda: adapter.find_submitted(LIST, "c"),
    )
    for look in looks:
        with pytest.raises(UnreadableReply):
            look()


@pytest.mark.parametrize(("held", "known"), [([row(7)], True), ([], False)])
def test_no_jobs_of_an_unknown_series(
    vendor: ScriptedVendor, says: Say, adapter: CapillaryAdapter, held: Any, known: bool
) -> None:
    """An unknown series shows an empty list of jobs too (C-43)."""
    vendor.say(JOBS, says(body=jobs()))
    vendor.say(SERIES, says(body={"entity": held}))

    if known:
        assert [] == list(adapter.iterate_parts(LIST))
    else:
        with pytest.raises(NotFound):
            adapter.iterate_parts(LIST)


def test_basic_credentials_upload_nothing(vendor: ScriptedVendor) -> None:
    """Uploads want an OAuth client; a Basic connection is told so without a call (C-2)."""
    adapter = adapter_for(
        vendor, key=None, secret=None, auth=SignIn.BASIC, username="till", password=Secret("P")
    )

    for refused in (
        lambda: adapter.prepare_list(LIST, None),
        lambda: adapter.submit_file(LIST, code_file(), None),
        lambda: adapter.find_submitted(LIST, "a"),
        lambda: adapter.get_part(LIST, PartId("1")),
        lambda: adapter.iterate_parts(LIST),
    ):
        with pytest.raises(Unsupported, match="OAuth"):
            refused()
    assert [] == vendor.seen


def test_basic_credentials_look_up(vendor: ScriptedVendor, says: Say) -> None:
    """Lookups take Basic credentials, and then no token is fetched."""
    vendor.say(COUPONS, says(body=customer(1000, "A")))
    adapter = adapter_for(
        vendor, key=None, secret=None, auth=SignIn.BASIC, username="till", password=Secret("P")
    )

    assert 1 == len(ask(adapter).coupons)
    (asked,) = vendor.seen
    assert asked.headers["authorization"].startswith("Basic ")


def test_limits_and_file_rules(vendor: ScriptedVendor) -> None:
    """Documented figures, replaced by the connection's own; 0 lifts one."""
    plain, lifted = adapter_for(vendor), adapter_for(vendor, limits={"file_rows": 0, "calls_per_minute": 5})

    assert {"calls_per_minute": 0, "file_rows": 500_000} == dict(plain.limits)
    assert 500_000 == plain.file_rules.max_rows
    assert {"calls_per_minute": 5, "file_rows": 0} == dict(lifted.limits)
    assert lifted.file_rules.max_rows is None


def test_every_missing_capability_has_advice(adapter: CapillaryAdapter) -> None:
    """Whatever Capillary lacks is refused with what to do instead; what it has needs none."""
    advised = {name for name in CAPABILITIES if adapter.advice(name)}

    assert {name for name, protocol in CAPABILITIES.items() if not isinstance(adapter, protocol)} == advised
    assert "" == adapter.advice("none.such")


def test_check(vendor: ScriptedVendor, says: Say, adapter: CapillaryAdapter) -> None:
    """One cheap read proves address, credentials and right."""
    vendor.say(SERIES, says(body={"entity": [row(1)]}), says(body={"entity": []}))

    assert "signed in; coupon series can be read" == adapter.check()
    assert "signed in; there are no coupon series yet" == adapter.check()
    assert "1" == vendor.asked_at(SERIES)[0].query["limit"]


def test_call(vendor: ScriptedVendor, says: Say) -> None:
    """Any endpoint, signed in; upload paths go to the upload address; nothing is None."""
    vendor.say("/v2/thing", says(body={"a": [1]}))
    vendor.say("/up/coupon/api/v1/thing", says(status=204))
    adapter = adapter_for(vendor, upload_base_url=f"{vendor.url}/up")

    assert {"a": [1]} == adapter.call("post", "v2/thing", query={"q": "1"}, body={"b": 2})
    assert adapter.call("GET", "/coupon/api/v1/thing") is None
    (asked,) = vendor.asked_at("/v2/thing")
    assert ("POST", {"q": "1"}, {"b": 2}) == (asked.method, asked.query, asked.json)
    assert "T1" == asked.headers["x-cap-api-oauth-token"]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ({"body": {"errors": [{"code": 4000}]}, "status": 403}, PermissionDenied),
        ({"body": {"errors": [{"code": 707}]}}, NotFound),
        ({"body": b"<html>"}, UnreadableReply),
        ({"body": {"a": 1}, "status": 404}, NotFound),
        ({"body": {"response": {"status": {"code": 429}}}}, RateLimited),
    ],
)
def test_call_that_fails(
    vendor: ScriptedVendor, says: Say, adapter: CapillaryAdapter, answer: Any, kind: type[Exception]
) -> None:
    """What a body says against the whole request is raised, typed."""
    vendor.say("/v2/thing", says(**answer))

    with pytest.raises(kind):
        adapter.call("GET", "/v2/thing")


def test_call_leaves_the_fault_of_an_item_to_the_caller(
    vendor: ScriptedVendor, says: Say, adapter: CapillaryAdapter
) -> None:
    """Items that failed are content: the caller of an unknown endpoint reads it."""
    vendor.say(COUPONS, says(body=customer(701)))

    assert customer(701) == adapter.call("GET", COUPONS)


@pytest.mark.parametrize(
    "path", ["https://evil.example.com/x", "//evil.example.com", "/v2/../v3/x", "/v2/%2e%2e/x"]
)
def test_call_stays_beneath_the_base(vendor: ScriptedVendor, adapter: CapillaryAdapter, path: str) -> None:
    """The credentials never travel anywhere else."""
    with pytest.raises(UsageError):
        adapter.call("GET", path)
    assert [] == vendor.seen
