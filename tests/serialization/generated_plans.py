"""Plans of migrations that hypothesis makes."""

from hypothesis import strategies as st

from couponhub.models import (
    Collision,
    CrossedLimit,
    FieldFate,
    Identifier,
    IssuedAs,
    Lossiness,
    MigrationBatch,
    MigrationCounts,
    MigrationEnd,
    MigrationPlan,
    NewCouponList,
    PlanSource,
)
from tests.serialization.generated import ALERTS, COUNTS, INSTANTS, NAMES, PAIRS, SEVERAL, TEXTS, maybe

ENDS = st.builds(
    MigrationEnd,
    connection=NAMES,
    vendor=TEXTS,
    list_id=maybe(TEXTS),
    name=maybe(TEXTS),
    status=maybe(TEXTS),
    expires_at=maybe(INSTANTS),
    total=maybe(COUNTS),
    available=maybe(COUNTS),
)
LISTS = st.builds(
    NewCouponList,
    name=st.just("Winter"),
    expires=st.dates(),
    label=maybe(st.just("winter")),
    created_by=maybe(st.just("crm")),
    alerts=ALERTS,
    extra=st.dictionaries(st.just("key"), st.just("value")),
)
BATCHES = st.builds(
    MigrationBatch,
    number=COUNTS,
    kind=TEXTS,
    rows=COUNTS,
    parts=COUNTS,
    bytes=COUNTS,
    sha256=TEXTS,
    identifier=maybe(st.sampled_from(Identifier)),
    ends_at=maybe(INSTANTS),
)
PLANS = st.builds(
    MigrationPlan,
    digest=TEXTS,
    version=COUNTS,
    id=TEXTS,
    made_at=INSTANTS,
    source=ENDS,
    target=ENDS,
    create=maybe(LISTS),
    issued_as=st.sampled_from(IssuedAs),
    sources=st.lists(
        st.builds(PlanSource, role=TEXTS, name=TEXTS, rows=COUNTS, sha256=TEXTS), max_size=2
    ).map(tuple),
    counts=st.builds(
        MigrationCounts,
        all=COUNTS,
        issued=COUNTS,
        redeemed=COUNTS,
        expired=COUNTS,
        free=COUNTS,
        unknown=COUNTS,
    ),
    collisions=st.lists(st.builds(Collision, kind=TEXTS, count=COUNTS, message=TEXTS), max_size=2).map(tuple),
    lossiness=st.lists(
        st.builds(Lossiness, field=TEXTS, fate=st.sampled_from(FieldFate), note=TEXTS), max_size=2
    ).map(tuple),
    batches=st.lists(BATCHES, max_size=2).map(tuple),
    ends_at=maybe(INSTANTS),
    irreversible=SEVERAL,
    crossed=st.lists(st.builds(CrossedLimit, kind=TEXTS, message=TEXTS), max_size=2).map(tuple),
    reason=maybe(TEXTS),
    fingerprints=PAIRS,
    rejected=st.dictionaries(TEXTS, COUNTS, max_size=2),
    left_behind=COUNTS,
    notes=SEVERAL,
)
