"""Models that hypothesis makes: whatever can go out as JSON, odd texts, times and figures included."""

from collections.abc import Callable
from datetime import UTC
from decimal import Decimal
from typing import Any

import attrs
from hypothesis import strategies as st

from couponhub import errors
from couponhub.erasure import Forgotten, Removal
from couponhub.errors import CouponhubError
from couponhub.explain import ExplainedCoupon, Explanation, SentIn
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
    Evidence,
    Fetch,
    FieldProvenance,
    Identifier,
    ListCoverage,
    ListId,
    ListStatus,
    LookupAnswer,
    Part,
    PartId,
    PartReport,
    Reason,
    Redemption,
    ReportedRow,
    ReportImport,
    ReportRequest,
    Source,
    Store,
    Upload,
    UploadId,
    UploadReport,
    UploadStatus,
    Verdict,
)
from couponhub.serialization.errors import class_of_kind
from couponhub.transport.observing import VendorCall
from couponhub.transport.shapes import Shape

ODD = (
    "",
    " ",
    "a",
    "0012",
    "é\u202e",
    "\ud800",
    '"\\',
    "a\nb",
    "\x00",
    "null",
    "NaN",
    "1e5",
    "2026-01-31",
    "\U0001f600",
)
TEXTS = st.sampled_from(ODD)
NUMBERS = st.integers(0, 10**12).map(str)
NAMES = st.sampled_from(("loyalty", "engage", "club", "old"))
FLAGS = st.booleans()
COUNTS = st.integers(0, 10**12)
INSTANTS = st.datetimes(timezones=st.just(UTC))
SEVERAL = st.lists(TEXTS, max_size=2).map(tuple)
PAIRS = st.dictionaries(TEXTS, TEXTS, max_size=2)
SCALARS = st.none() | FLAGS | st.integers() | st.floats(allow_nan=False) | TEXTS
RAWS = st.dictionaries(
    TEXTS,
    st.recursive(
        SCALARS,
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
        max_leaves=4,
    ),
    max_size=2,
)
# What a number of JSON holds exactly: a decimal of more digits is written as the nearest one.
AMOUNTS = st.decimals(-(10**9), 10**9, places=4) | st.sampled_from([Decimal("1E+3"), Decimal("0.10")])


def maybe(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Draw one of these, or nothing."""
    return st.none() | values


def ids(kind: Callable[[str], Any]) -> st.SearchStrategy[Any]:
    """Draw ids of that kind."""
    return TEXTS.map(kind)


SPANS = st.tuples(st.dates(), st.dates()).map(lambda days: DaySpan(min(days), max(days)))
STORES = st.builds(Store, code=maybe(TEXTS), name=maybe(TEXTS))
REDEMPTIONS = st.builds(
    Redemption, id=maybe(TEXTS), at=maybe(INSTANTS), transaction=maybe(TEXTS), store=maybe(STORES)
)
DISCOUNTS = st.builds(Discount, type=TEXTS, value=AMOUNTS)
ALERTS = st.builds(Alerts, success=FLAGS, failure=FLAGS, shortage=maybe(COUNTS), expiry_days=maybe(COUNTS))
CUSTOMERS = st.tuples(st.sampled_from(Identifier), NUMBERS).map(
    lambda one: Customer(**{one[0].value: one[1]})
)


def coupons(connection: st.SearchStrategy[str] = NAMES) -> st.SearchStrategy[Coupon]:
    """Draw coupons of these connections."""
    return st.builds(
        Coupon,
        connection=connection,
        code=st.text(max_size=6),
        id=maybe(TEXTS),
        list_id=maybe(ids(ListId)),
        list_name=maybe(TEXTS),
        description=maybe(TEXTS),
        status=st.sampled_from(CouponStatus),
        issued_at=maybe(INSTANTS),
        expires_at=maybe(INSTANTS),
        redemption_count=maybe(COUNTS),
        redemptions_left=maybe(COUNTS),
        redemptions=maybe(st.lists(REDEMPTIONS, max_size=2).map(tuple)),
        issued_at_store=maybe(STORES),
        issued_transaction=maybe(TEXTS),
        purpose=maybe(TEXTS),
        discount=maybe(DISCOUNTS),
        properties=PAIRS,
        approximate=SEVERAL,
        source=st.sampled_from(Source),
        as_of=maybe(INSTANTS),
        raw=RAWS,
    )


CLASSES = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, CouponhubError) and class_of_kind(kind.kind) is kind
]
"""Those that share their kind with a more special one are read back as that one."""


@st.composite
def failures(draw: st.DrawFn) -> CouponhubError:
    """Draw errors of every class."""
    return draw(st.sampled_from(CLASSES))(
        draw(TEXTS.filter(bool)),
        hint=draw(TEXTS),
        connection=draw(maybe(NAMES)),
        operation=draw(maybe(TEXTS)),
        vendor_code=draw(maybe(TEXTS)),
        status=draw(maybe(st.integers(400, 599))),
        retry_after=draw(maybe(st.floats(0, 1e6))),
    )


@st.composite
def answers(draw: st.DrawFn, connection: str | None = None) -> Answer:
    """Draw answers that say what can be: coupons are found, and what is unknown has its reason."""
    name = draw(NAMES) if connection is None else connection
    verdict = draw(st.sampled_from(Verdict))
    reasons = st.sampled_from(Reason)
    found = st.lists(coupons(st.just(name)), min_size=1, max_size=2).map(tuple)
    return Answer(
        connection=name,
        verdict=verdict,
        reason=draw(reasons if verdict is Verdict.UNKNOWN else maybe(reasons)),
        coupons=draw(found) if verdict is Verdict.FOUND else (),
        source=draw(st.sampled_from(Source)),
        as_of=draw(maybe(INSTANTS)),
        elapsed_ms=draw(COUNTS),
        coverage=draw(maybe(TEXTS)),
        vendor_code=draw(maybe(TEXTS)),
        warnings=draw(SEVERAL),
        error=draw(maybe(failures())),
        asked_as=draw(SEVERAL),
        identified_by=draw(maybe(NAMES)),
        first_name=draw(maybe(TEXTS)),
        last_name=draw(maybe(TEXTS)),
        raw=draw(RAWS),
    )


@st.composite
def lookups(draw: st.DrawFn) -> LookupAnswer:
    """Draw unified answers: each connection answers once."""
    names = draw(st.lists(NAMES, min_size=1, max_size=3, unique=True))
    differences = st.builds(
        Difference,
        reference=st.just(names[0]),
        connection=st.sampled_from(names),
        kind=st.sampled_from(DifferenceKind),
        count=COUNTS,
    )
    return LookupAnswer(
        customer=draw(CUSTOMERS),
        answers=tuple(draw(answers(name)) for name in names),
        differences=draw(maybe(st.lists(differences, max_size=3).map(tuple))),
    )


@st.composite
def coupon_lists(draw: st.DrawFn) -> CouponList:
    """Draw lists; whom their alerts go to stands beside these."""
    subscribers = draw(maybe(SEVERAL))
    alerts = draw(maybe(ALERTS))
    return CouponList(
        connection=draw(NAMES),
        id=draw(ids(ListId)),
        name=draw(maybe(TEXTS)),
        label=draw(maybe(TEXTS)),
        status=draw(st.sampled_from(ListStatus)),
        vendor_status=draw(TEXTS),
        expires_at=draw(maybe(INSTANTS)),
        total=draw(maybe(COUNTS)),
        available=draw(maybe(COUNTS)),
        created_at=draw(maybe(INSTANTS)),
        updated_at=draw(maybe(INSTANTS)),
        created_by=draw(maybe(TEXTS)),
        subscribers=subscribers,
        alerts=None if alerts is None else attrs.evolve(alerts, subscribers=subscribers or ()),
        snippet=draw(maybe(TEXTS)),
        raw=draw(RAWS),
    )


FETCHES = st.builds(Fetch, at=INSTANTS, bytes=COUNTS, range=maybe(TEXTS))
PARTS = st.builds(
    Part,
    id=maybe(ids(PartId)),
    name=maybe(TEXTS),
    status=st.sampled_from(UploadStatus),
    vendor_status=TEXTS,
    rows=maybe(COUNTS),
    accepted=maybe(COUNTS),
    rejected=maybe(COUNTS),
    not_sent=maybe(COUNTS),
    pending=maybe(COUNTS),
    error_file=maybe(TEXTS),
    success_file=maybe(TEXTS),
    created_at=maybe(INSTANTS),
    updated_at=maybe(INSTANTS),
    fetches=maybe(st.lists(FETCHES, max_size=3).map(tuple)),
    raw=RAWS,
)
UPLOADS = st.builds(
    Upload,
    connection=NAMES,
    list_id=ids(ListId),
    id=ids(UploadId),
    name=maybe(TEXTS),
    status=st.sampled_from(UploadStatus),
    rows=maybe(COUNTS),
    accepted=maybe(COUNTS),
    rejected=maybe(COUNTS),
    duplicates=maybe(COUNTS),
    skipped=maybe(COUNTS),
    not_sent=maybe(COUNTS),
    pending=maybe(COUNTS),
    unknown=maybe(COUNTS),
    ends_at=maybe(INSTANTS),
    waiting_for=maybe(TEXTS),
    created_at=maybe(INSTANTS),
    updated_at=maybe(INSTANTS),
    error_file=maybe(TEXTS),
    parts=st.lists(PARTS, max_size=2).map(tuple),
    raw=RAWS,
)
PART_REPORTS = st.builds(
    PartReport,
    number=COUNTS,
    id=maybe(ids(PartId)),
    name=maybe(TEXTS),
    status=st.sampled_from(UploadStatus),
    rows=COUNTS,
    accepted=COUNTS,
    rejected=COUNTS,
    not_sent=COUNTS,
    pending=COUNTS,
    unknown=COUNTS,
    vendor_accepted=maybe(COUNTS),
    vendor_rejected=maybe(COUNTS),
)
UPLOAD_REPORTS = st.builds(
    UploadReport,
    connection=NAMES,
    list_id=ids(ListId),
    id=ids(UploadId),
    path=TEXTS,
    rows=COUNTS,
    accepted=COUNTS,
    rejected=COUNTS,
    duplicates=COUNTS,
    skipped=COUNTS,
    not_sent=COUNTS,
    pending=COUNTS,
    unknown=COUNTS,
    asked=COUNTS,
    evidence=st.fixed_dictionaries({str(kind): COUNTS for kind in Evidence}),
    parts=st.lists(PART_REPORTS, max_size=2).map(tuple),
    warnings=SEVERAL,
)
IMPORTS = st.builds(
    ReportImport,
    connection=NAMES,
    list_id=ids(ListId),
    days=SPANS,
    file=TEXTS,
    rows=COUNTS,
    added=COUNTS,
    withheld=COUNTS,
    repeated=FLAGS,
    imported_at=INSTANTS,
    warnings=SEVERAL,
)


@st.composite
def coverages(draw: st.DrawFn) -> ListCoverage:
    """Draw how lists are covered; a request is for the list itself."""
    connection, list_id = draw(NAMES), draw(ids(ListId))
    request = st.builds(
        ReportRequest,
        connection=st.just(connection),
        list_id=st.just(list_id),
        days=SPANS,
        wait_days=st.integers(0, 99),
    )
    return ListCoverage(
        connection=connection,
        list_id=list_id,
        list_name=draw(maybe(TEXTS)),
        created_on=draw(maybe(st.dates())),
        reports=draw(COUNTS),
        covered=tuple(draw(st.lists(SPANS, max_size=2))),
        missing=tuple(draw(st.lists(SPANS, max_size=2))),
        as_of=draw(maybe(INSTANTS)),
        request=draw(maybe(request)),
    )


ROWS = st.builds(
    ReportedRow,
    connection=NAMES,
    list_id=ids(ListId),
    list_name=maybe(TEXTS),
    code=TEXTS,
    issued_at=maybe(INSTANTS),
    properties=PAIRS,
    file=TEXTS,
    days=SPANS,
    imported_at=INSTANTS,
    row=COUNTS,
)
SENT_IN = st.builds(
    SentIn,
    code=TEXTS,
    connection=NAMES,
    list_id=ids(ListId),
    upload=ids(UploadId),
    name=TEXTS,
    part=TEXTS,
    stage=TEXTS,
    sent_at=maybe(INSTANTS),
)
CALLS = st.builds(
    VendorCall,
    connection=NAMES,
    operation=TEXTS,
    outcome=TEXTS,
    seconds=st.floats(0, 1e6),
    status=maybe(st.integers(100, 599)),
    request_id=maybe(TEXTS),
    attempt=st.integers(1, 9),
)
EXCHANGES = st.builds(
    Exchange,
    at=INSTANTS,
    call=CALLS,
    shape=st.just(Shape(method="GET", path="/", query={}, sent=None, headers={}, received=None)),
)
MEANINGS = st.builds(
    FieldProvenance,
    field=st.sampled_from(("status", "expires_at", "discount", "other")),
    raw=RAWS,
    because=TEXTS,
)
EXPLANATIONS = st.builds(
    Explanation,
    asked_at=INSTANTS,
    customer=maybe(CUSTOMERS),
    code=maybe(TEXTS),
    answers=st.lists(answers(), max_size=2).map(tuple),
    coupons=st.lists(
        st.builds(ExplainedCoupon, coupon=coupons(), meanings=st.lists(MEANINGS, max_size=2).map(tuple)),
        max_size=2,
    ).map(tuple),
    exchanges=st.lists(EXCHANGES, max_size=2).map(tuple),
    sent_in=st.lists(SENT_IN, max_size=2).map(tuple),
    unsearched=st.lists(ids(UploadId), max_size=2).map(tuple),
    reported=st.lists(ROWS, max_size=2).map(tuple),
    warnings=SEVERAL,
)
REMOVALS = st.builds(Removal, where=TEXTS, what=TEXTS, connection=maybe(NAMES), removed=maybe(COUNTS))
FORGOTTEN = st.builds(
    Forgotten,
    identifiers=st.lists(st.sampled_from(Identifier), max_size=2).map(tuple),
    at=INSTANTS,
    removals=st.lists(REMOVALS, max_size=2).map(tuple),
    remaining=SEVERAL,
)
