"""The JSON of today, letter for letter: whoever reads it with a program of theirs is promised these keys and forms."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import pytest

from couponhub.erasure import Forgotten, Removal
from couponhub.errors import QuotaExhausted, VendorUnavailable
from couponhub.explain import ExplainedCoupon, Explanation, SentIn, explanation_document
from couponhub.explain.recording import Exchange
from couponhub.models import (
    Alerts,
    Answer,
    Coupon,
    CouponList,
    CouponStatus,
    Customer,
    DaySpan,
    Difference,
    DifferenceKind,
    Discount,
    Fetch,
    FieldProvenance,
    Identifier,
    ListCoverage,
    ListId,
    ListStatus,
    LookupAnswer,
    Part,
    PartId,
    Reason,
    Redemption,
    ReportedRow,
    ReportImport,
    ReportRequest,
    Source,
    Store,
    Upload,
    UploadId,
    UploadStatus,
    Verdict,
)
from couponhub.models.connections import ServedConnection
from couponhub.serialization import error_document, to_document
from couponhub.transport.observing import VendorCall
from couponhub.transport.shapes import Shape

GOLDEN = Path(__file__).with_name("golden.json")
NOW = datetime(2026, 1, 31, 10, 0, tzinfo=UTC)
EXACT = NOW.replace(microsecond=250_000)
DAYS = DaySpan(date(2026, 1, 1), date(2026, 1, 31))
COUPON = Coupon(
    connection="loyalty",
    code="000-é",
    id="9007199254740993",
    list_id=ListId("7"),
    list_name="Winter",
    description="a half",
    status=CouponStatus.REDEEMED,
    issued_at=NOW,
    expires_at=EXACT,
    redemption_count=1,
    redemptions_left=0,
    redemptions=(
        Redemption(id="1", at=NOW, transaction="T-1", store=Store(code="S", name="Shop")),
        Redemption(),
    ),
    issued_at_store=Store(code="S"),
    issued_transaction="T-0",
    purpose="birthday",
    discount=Discount(type="percent", value=Decimal("12.50")),
    properties={"colour": "red"},
    approximate=("issued_at",),
    source=Source.CACHE,
    as_of=NOW,
    raw={"code": "000-é", "more": [1, None]},
)
BARE = Coupon(connection="engage", code="000-é", discount=Discount(type="absolute", value=Decimal("1E+2")))
DOWN = VendorUnavailable("no answer", hint="wait", connection="old", operation="look up", retry_after=3.0)
ANSWERS = (
    Answer(
        connection="loyalty",
        verdict=Verdict.FOUND,
        coupons=(COUPON,),
        as_of=NOW,
        elapsed_ms=12,
        asked_as=("***10 (12 digits)",),
        first_name="A",
        raw={"customer": {}},
    ),
    Answer(
        connection="engage",
        verdict=Verdict.FOUND,
        reason=Reason.INCOMPLETE,
        coupons=(BARE,),
        source=Source.REPORT,
        coverage="2026-01-01 to 2026-01-31",
        vendor_code="7",
        warnings=("odd",),
        identified_by="loyalty",
        last_name="Buyer",
    ),
    Answer(connection="old", verdict=Verdict.UNKNOWN, reason=Reason.UNREACHABLE, error=DOWN),
)
DIFFERENCE = Difference(reference="loyalty", connection="engage", kind=DifferenceKind.STATUS_UNKNOWN, count=2)
LOOKUP = LookupAnswer(customer=Customer(mobile="919876543210"), answers=ANSWERS)
LIST = CouponList(
    connection="engage",
    id=ListId("7"),
    name="Winter",
    label="winter",
    status=ListStatus.ACTIVE,
    vendor_status="Active",
    expires_at=NOW,
    total=10,
    available=3,
    created_at=NOW,
    updated_at=EXACT,
    created_by="me",
    subscribers=("a@b.example",),
    alerts=Alerts(subscribers=("a@b.example",), success=True, shortage=5),
    snippet="{{x}}",
    raw={"_id": 7},
)
UPLOAD = Upload(
    connection="engage",
    list_id=ListId("7"),
    id=UploadId("up_1"),
    name="codes",
    status=UploadStatus.PARTIAL,
    rows=9,
    accepted=2,
    rejected=1,
    duplicates=1,
    skipped=1,
    not_sent=2,
    pending=1,
    unknown=1,
    ends_at=NOW,
    waiting_for="the vendor",
    created_at=NOW,
    updated_at=EXACT,
    error_file="s3://x",
    parts=(
        Part(
            id=PartId("1"),
            name="codes-1",
            status=UploadStatus.DONE,
            vendor_status="Done",
            rows=3,
            accepted=2,
            rejected=1,
            error_file="s3://x",
            success_file="s3://y",
            file_url="https://x",
            callback_url="https://y",
            created_at=NOW,
            fetches=(Fetch(at=NOW, bytes=3, range="0-2"), Fetch(at=EXACT, bytes=9)),
            raw={"_id": 1},
        ),
        Part(id=None, name=None),
    ),
    warnings=("not in the JSON",),
    raw={"a": 1},
)
EXPLANATION = Explanation(
    asked_at=NOW,
    customer=Customer(mobile="919876543210"),
    answers=ANSWERS,
    coupons=(
        ExplainedCoupon(
            coupon=COUPON,
            meanings=(
                FieldProvenance(field="status", raw={"redeemed": 1}, because="it was used"),
                FieldProvenance(field="discount"),
            ),
        ),
    ),
    exchanges=(
        Exchange(
            at=EXACT,
            call=VendorCall(
                connection="loyalty",
                operation="look up",
                outcome="ok",
                seconds=0.0126,
                status=200,
                request_id="r-1",
                attempt=2,
            ),
            shape=Shape(method="GET", path="/", query={}, sent=None, headers={}, received=None),
        ),
    ),
    sent_in=(
        SentIn(
            code="000-é",
            connection="engage",
            list_id=ListId("7"),
            upload=UploadId("up_1"),
            name="codes",
            part="codes-1",
            stage="submitted",
            sent_at=NOW,
        ),
    ),
    unsearched=(UploadId("up_0"),),
    reported=(
        ReportedRow(
            connection="engage",
            list_id=ListId("7"),
            list_name="Winter",
            code="000-é",
            issued_at=NOW,
            properties={"locale": "en"},
            file="january.csv",
            days=DAYS,
            imported_at=EXACT,
            row=3,
        ),
    ),
    warnings=("odd",),
)
IMPORTED = ReportImport(
    connection="engage",
    list_id=ListId("7"),
    days=DAYS,
    file="january.csv",
    rows=10,
    added=6,
    withheld=1,
    repeated=False,
    imported_at=NOW,
    warnings=("odd",),
)
COVERAGE = ListCoverage(
    connection="engage",
    list_id=ListId("7"),
    list_name=None,
    created_on=date(2025, 12, 31),
    covered=(DAYS,),
    missing=(DaySpan(date(2025, 12, 31), date(2025, 12, 31)),),
    as_of=NOW,
    reports=1,
    request=ReportRequest(connection="engage", list_id=ListId("7"), days=DAYS, wait_days=2),
)
FORGOTTEN = Forgotten(
    identifiers=(Identifier.MOBILE, Identifier.EXTERNAL_ID),
    at=NOW,
    removals=(
        Removal(where="here", what="rows", connection="engage", removed=3),
        Removal(where="there", what="it"),
    ),
    remaining=("a backup",),
)


def documents() -> dict[str, Any]:
    """Write each of them."""
    return {
        "lookup": to_document(LOOKUP),
        "lookup, compared": to_document(attrs.evolve(LOOKUP, differences=(DIFFERENCE,)))["differences"],
        "lookup, raw": to_document(LOOKUP, raw=True),
        "coupon": to_document(COUPON),
        "coupon, raw": to_document(COUPON, raw=True),
        "coupon, bare": to_document(BARE),
        "list": to_document(LIST),
        "list, raw": to_document(LIST, raw=True),
        "list, bare": to_document(CouponList(connection="x", id=ListId("1"), name=None)),
        "upload": to_document(UPLOAD),
        "upload, raw": to_document(UPLOAD, raw=True),
        "explanation": explanation_document(EXPLANATION),
        "explanation, bare": explanation_document(Explanation(asked_at=NOW, code="X")),
        "import": to_document(IMPORTED),
        "coverage": to_document(COVERAGE),
        "forgotten": to_document(FORGOTTEN),
        "error": error_document(QuotaExhausted("spent", connection="engage", vendor_code="429")),
        "connection": to_document(
            ServedConnection(
                connection="engage",
                adapter="moengage",
                vendor="MoEngage",
                capabilities=("lists.read",),
                limits={"a": 1},
                left={"a": 0},
            )
        ),
        "connection, broken": to_document(ServedConnection(connection="old", adapter="x", error=DOWN)),
    }


@pytest.mark.parametrize("name", json.loads(GOLDEN.read_text(encoding="utf-8")))
def test_documents_are_written_as_ever(name: str) -> None:
    """The same keys in the same order, the same forms of times, days and figures."""
    expected = json.loads(GOLDEN.read_text(encoding="utf-8"))[name]
    assert json.dumps(expected, indent=1) == json.dumps(documents()[name], indent=1)


def test_all_documents_are_pinned() -> None:
    """None is written that the file does not hold."""
    assert list(documents()) == list(json.loads(GOLDEN.read_text(encoding="utf-8")))
