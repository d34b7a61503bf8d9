"""What is written is read back as it was, by way of JSON text; what is not one of our documents is refused."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from couponhub import models
from couponhub.erasure import Forgotten
from couponhub.errors import CouponhubError
from couponhub.explain import SentIn
from couponhub.holdings import CustomerExport, Holding, Released
from couponhub.models import (
    Answer,
    Coupon,
    CouponList,
    Customer,
    CustomerCoupons,
    Difference,
    DifferenceKind,
    FileUrl,
    HoldingStatus,
    JobId,
    JobStatus,
    ListCoverage,
    ListId,
    ListStatus,
    LookupAnswer,
    MigrationCutOver,
    MigrationPlan,
    MigrationProof,
    MigrationReport,
    MigrationRollback,
    MigrationShadow,
    MigrationStatus,
    Part,
    ReportedRow,
    ReportImport,
    Upload,
    UploadReport,
    UploadStatus,
    UsageStatus,
    Verdict,
)
from couponhub.models.connections import PreferredBy, ServedConnection
from couponhub.secret import Secret
from couponhub.serialization import error_object, from_document, to_document
from tests.kit.examples import examples
from tests.serialization import generated
from tests.serialization.generated_migrations import MIGRATION_STATUSES, REPORTS
from tests.serialization.generated_plans import CUT_OVERS, PLANS, PROOFS, ROLLBACKS, SHADOWS

FEW = settings(max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.too_slow])
CODE = "CANARY-CODE-7"
NOW = datetime(2026, 1, 31, tzinfo=UTC)
CUSTOMER_COUPONS = st.builds(
    CustomerCoupons,
    coupons=st.lists(generated.coupons(), max_size=2).map(tuple),
    customer_known=generated.FLAGS,
    complete=generated.FLAGS,
    warnings=generated.SEVERAL,
    as_of=generated.maybe(generated.INSTANTS),
    also_known_as=st.lists(generated.CUSTOMERS, max_size=2).map(tuple),
    raw=generated.RAWS,
)
STATUSES = st.builds(
    UsageStatus,
    connection=generated.NAMES,
    lists=st.lists(generated.coverages(), max_size=2).map(tuple),
    as_of=generated.maybe(generated.INSTANTS),
    lists_seen_at=generated.maybe(generated.INSTANTS),
    warnings=generated.SEVERAL,
)
FIGURES = st.dictionaries(generated.TEXTS, generated.COUNTS, max_size=2)
CONNECTIONS = st.builds(
    ServedConnection,
    connection=generated.NAMES,
    adapter=generated.TEXTS,
    vendor=generated.maybe(generated.TEXTS),
    capabilities=generated.maybe(generated.SEVERAL),
    limits=generated.maybe(FIGURES),
    left=generated.maybe(FIGURES),
    error=generated.maybe(generated.failures()),
    lookup_place=generated.maybe(st.integers(1, 9)),
    preferred_by=generated.maybe(st.sampled_from(PreferredBy)),
)
HOLDINGS = st.builds(
    Holding,
    code=generated.TEXTS,
    customer=generated.maybe(generated.CUSTOMERS),
    status=st.sampled_from(HoldingStatus),
    issued_at=generated.maybe(generated.INSTANTS),
    expires_at=generated.maybe(generated.INSTANTS),
    list_id=generated.maybe(generated.ids(ListId)),
    line=generated.COUNTS,
)
EXPORTS = st.builds(
    CustomerExport,
    id=generated.ids(JobId),
    connection=generated.NAMES,
    list_id=generated.maybe(generated.TEXTS),
    status=st.sampled_from(JobStatus),
    out=generated.TEXTS,
    unknown_out=generated.maybe(generated.TEXTS),
    customers=generated.COUNTS,
    asked=generated.COUNTS,
    found=generated.COUNTS,
    none=generated.COUNTS,
    unknown=generated.COUNTS,
    coupons=generated.COUNTS,
    waiting_for=generated.maybe(generated.TEXTS),
    not_before=generated.maybe(generated.INSTANTS),
)
MODELS: dict[type, st.SearchStrategy[Any]] = {
    Coupon: generated.coupons(),
    CouponList: generated.coupon_lists(),
    Upload: generated.UPLOADS,
    Part: generated.PARTS,
    UploadReport: generated.UPLOAD_REPORTS,
    LookupAnswer: generated.lookups(),
    CustomerCoupons: CUSTOMER_COUPONS,
    Customer: generated.CUSTOMERS,
    ReportImport: generated.IMPORTS,
    ListCoverage: generated.coverages(),
    UsageStatus: STATUSES,
    ReportedRow: generated.ROWS,
    SentIn: generated.SENT_IN,
    Forgotten: generated.FORGOTTEN,
    Holding: HOLDINGS,
    CustomerExport: EXPORTS,
    Released: st.builds(Released, reason=generated.TEXTS),
    ServedConnection: CONNECTIONS,
    MigrationPlan: PLANS,
    MigrationProof: PROOFS,
    MigrationStatus: MIGRATION_STATUSES,
    MigrationReport: REPORTS,
    MigrationCutOver: CUT_OVERS,
    MigrationRollback: ROLLBACKS,
    MigrationShadow: SHADOWS,
}


def sent(document: object) -> object:
    """Send a document over a wire."""
    return json.loads(json.dumps(document))


def told(value: Any) -> Any:
    """Tell all of a model, what stands outside its equality too; of an error what JSON has."""
    if isinstance(value, CouponhubError):
        return type(value), error_object(value)
    if attrs.has(type(value)):
        fields = attrs.fields(type(value))
        return type(value), {field.name: told(getattr(value, field.name)) for field in fields}
    if isinstance(value, tuple):
        return [told(one) for one in value]
    return dict(value) if isinstance(value, Mapping) else value


@pytest.mark.parametrize("cls", MODELS, ids=lambda cls: cls.__name__)
@FEW
@given(data=st.data())
def test_what_is_written_is_read_back(cls: type, data: st.DataObject) -> None:
    """Every field, in its own kind: instants, figures, words, ids, errors, and the vendors' own objects."""
    model = data.draw(MODELS[cls])
    read: Any = from_document(sent(to_document(model, raw=True)), cls)
    assert model == read
    assert told(model) == told(read)


@pytest.mark.parametrize("cls", [Coupon, CouponList, Upload, LookupAnswer], ids=lambda cls: cls.__name__)
@FEW
@given(data=st.data())
def test_what_was_not_asked_for_is_empty(cls: type, data: st.DataObject) -> None:
    """Without `raw` all else is read back, and `raw` is the empty object that stands for none."""
    model = data.draw(MODELS[cls])
    read: Any = from_document(sent(to_document(model)), cls)
    assert model == read
    assert "raw" not in to_document(model)
    assert {} == dict(getattr(read, "raw", {}))


@FEW
@given(answer=generated.answers())
def test_an_answer_alone_lacks_its_coupons(answer: Answer) -> None:
    """They stand beside the answers of a lookup; all else of it is read back."""
    read = from_document(sent(to_document(answer, raw=True)), Answer)
    assert attrs.evolve(answer, coupons=()) == read
    assert told(attrs.evolve(answer, coupons=())) == told(read)


@FEW
@given(error=generated.failures())
def test_errors_are_read_back(error: CouponhubError) -> None:
    """As the class of their kind."""
    read = from_document(sent(to_document(error)), CouponhubError)
    assert told(error) == told(read)


def test_rights_are_left_out() -> None:
    """Addresses that are a right in themselves are in no JSON, and so come back as none."""
    part = Part(id=None, name="a", file_url=f"https://x/{CODE}", callback_url=f"https://y/{CODE}")
    assert CODE not in json.dumps(to_document(part, raw=True))
    assert Part(id=None, name="a") == from_document(to_document(part), Part)


def test_secrets_are_never_written() -> None:
    """Whatever holds one is no document; the error does not show it."""
    with pytest.raises(TypeError) as caught:
        to_document(FileUrl(url="https://x", password=Secret(CODE)))
    assert CODE not in str(caught.value)


@pytest.mark.parametrize(
    "word",
    [
        {"status": "frozen"},
        {"status": "active", "more": 1},
    ],
)
def test_a_newer_document_is_read_as_far_as_it_goes(word: dict[str, object]) -> None:
    """Keys that are new to us are passed over, and a new word becomes the weakest."""
    read = from_document({"connection": "a", "code": CODE, **word}, Coupon)
    assert CODE == read.code
    assert ("unknown" if word["status"] == "frozen" else "active") == read.status


@pytest.mark.parametrize(
    ("document", "cls"),
    [
        (None, Coupon),
        ([CODE], Coupon),
        ({}, Coupon),
        ({"connection": "a", "code": 7}, Coupon),
        ({"connection": "a", "code": CODE, "issued_at": CODE}, Coupon),
        ({"connection": "a", "code": CODE, "issued_at": "2026-01-31T10:00:00"}, Coupon),
        ({"connection": "a", "code": CODE, "redemption_count": "1"}, Coupon),
        ({"connection": "a", "code": CODE, "redemptions": CODE}, Coupon),
        ({"connection": "a", "code": CODE, "discount": {"type": "x", "value": CODE}}, Coupon),
        ({"connection": "a", "code": CODE, "discount": {"type": "x", "value": True}}, Coupon),
        ({"connection": "a", "code": CODE, "properties": {"a": 1}}, Coupon),
        ({"connection": "a", "id": "1", "name": None, "status": CODE}, CouponList),
        ({"connection": "a", "id": "1"}, CouponList),
        ({"mobile": "1", "email": "a@b.example"}, Customer),
        ({"name": CODE}, Customer),
        ({"mobile": " "}, CustomerCoupons),
        ({"connection": "a", "verdict": "none"}, Answer),
        ({"from": CODE, "to": "2026-01-31"}, models.DaySpan),
        ({"from": "2026-01-31"}, models.DaySpan),
    ],
)
def test_what_is_no_document_is_refused(document: object, cls: type) -> None:
    """A key is missing, or a value is of another kind: the error names the place, and quotes nothing."""
    if cls is CustomerCoupons:
        document = {"also_known_as": [document]}
    with pytest.raises(ValueError, match=r"@ \$") as caught:
        from_document(document, cls)
    shown = f"{caught.value!r} {caught.value.__cause__!r} {caught.value.__context__!r}"
    assert CODE not in shown


def lookup(**changes: Any) -> dict[str, Any]:
    """Write a lookup of one connection that found one coupon, changed like that."""
    answer = Answer(
        connection="a", verdict=Verdict.FOUND, coupons=(Coupon(connection="a", code=CODE),), as_of=NOW
    )
    return {**to_document(LookupAnswer(customer=Customer(mobile="1"), answers=(answer,))), **changes}


def difference(**changes: Any) -> dict[str, Any]:
    """Write a difference of that connection to itself, changed like that."""
    found = Difference(reference="a", connection="a", kind=DifferenceKind.SAME, count=1)
    return {**to_document(found), **changes}


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"coupons": []}, "found coupons, and none of it came"),
        ({"answers": []}, "there are no answers"),
        ({"answers": lookup()["answers"] * 2}, "two of one connection"),
        ({"coupons": [*lookup()["coupons"], {"connection": "b", "code": CODE}]}, "did not answer"),
        ({"answers": [{**lookup()["answers"][0], "verdict": "none"}]}, "found none, and coupons of it came"),
        ({"complete": False}, "nothing says where"),
        ({"differences": [difference(connection="b")]}, "differences of a connection that did not answer"),
        ({"differences": [difference(reference="b")]}, "differences of a connection that did not answer"),
    ],
)
def test_a_contradictory_lookup_is_refused(changes: dict[str, Any], what: str) -> None:
    """It is never read as an answer that is surer than what was written."""
    with pytest.raises(ValueError, match=what) as caught:
        from_document(lookup(**changes), LookupAnswer)
    assert CODE not in str(caught.value)


def test_words_of_lists_and_uploads_are_strict() -> None:
    """Nobody reads those of a newer couponhub yet; what is read is what was written."""
    written = to_document(CouponList(connection="a", id=ListId("1"), name=None))
    assert ListStatus.UNKNOWN is from_document(written, CouponList).status
    for word, cls in ((written, CouponList), ({"id": None, "name": None, "status": "odd"}, Part)):
        with pytest.raises(ValueError, match=r"@ \$\.status"):
            from_document({**word, "status": "odd"}, cls)
    assert UploadStatus.UNKNOWN is from_document({"id": None, "name": None}, Part).status
