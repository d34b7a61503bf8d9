"""Plans of migrations that hypothesis makes."""

from hypothesis import strategies as st

from couponhub.models import (
    CodeClass,
    CodeDifference,
    Collision,
    CrossedLimit,
    Difference,
    DifferenceKind,
    Evidence,
    FieldFate,
    Identifier,
    IssuedAs,
    Lossiness,
    MigrationBatch,
    MigrationCounts,
    MigrationCutOver,
    MigrationEnd,
    MigrationEquation,
    MigrationPlan,
    MigrationProof,
    MigrationRollback,
    MigrationShadow,
    MigrationTask,
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
EQUATIONS = st.builds(
    MigrationEquation,
    all=COUNTS,
    moved=COUNTS,
    issued_elsewhere=COUNTS,
    redeemed=COUNTS,
    expired=COUNTS,
    rejected=COUNTS,
    skipped=COUNTS,
    unknown=COUNTS,
)
PROOFS = st.builds(
    MigrationProof,
    id=TEXTS,
    at=INSTANTS,
    balanced=st.booleans(),
    since=maybe(INSTANTS),
    classes=st.dictionaries(st.sampled_from([one.value for one in CodeClass]), COUNTS),
    evidence=st.dictionaries(st.sampled_from([one.value for one in Evidence]), COUNTS),
    equation=EQUATIONS,
    double_issued=COUNTS,
    differences=st.lists(
        st.builds(
            CodeDifference,
            code=TEXTS,
            code_class=st.sampled_from(CodeClass),
            because=TEXTS,
            evidence=st.sampled_from(Evidence),
        ),
        max_size=2,
    ).map(tuple),
    notes=SEVERAL,
)
CUT_OVERS = st.builds(
    MigrationCutOver,
    id=TEXTS,
    at=INSTANTS,
    window_ends_at=INSTANTS,
    preference=SEVERAL,
    checklist=st.lists(st.builds(MigrationTask, text=TEXTS, command=maybe(TEXTS)), max_size=2).map(tuple),
)
ROLLBACKS = st.builds(
    MigrationRollback,
    id=TEXTS,
    at=INSTANTS,
    preference=SEVERAL,
    at_target=maybe(COUNTS),
    at_source=maybe(COUNTS),
    named=COUNTS,
    notes=SEVERAL,
)
SHADOWS = st.builds(
    MigrationShadow,
    id=TEXTS,
    at=INSTANTS,
    customers=COUNTS,
    unknown=COUNTS,
    differences=st.lists(
        st.builds(
            Difference,
            reference=NAMES,
            connection=NAMES,
            kind=st.sampled_from(DifferenceKind),
            count=COUNTS,
        ),
        max_size=2,
    ).map(tuple),
)
