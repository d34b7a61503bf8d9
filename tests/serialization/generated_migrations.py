"""Migrations on their way, and reports on them, that hypothesis makes."""

from hypothesis import strategies as st

from couponhub.models import (
    Evidence,
    JobStatus,
    MigrationEvent,
    MigrationPart,
    MigrationPhase,
    MigrationQuota,
    MigrationReport,
    MigrationStatus,
    MigrationTask,
    UploadId,
    UploadStatus,
)
from tests.serialization.generated import COUNTS, INSTANTS, NAMES, TEXTS, maybe
from tests.serialization.generated_plans import EQUATIONS, PLANS, PROOFS

MIGRATION_STATUSES = st.builds(
    MigrationStatus,
    id=TEXTS,
    phase=st.sampled_from(MigrationPhase),
    source=NAMES,
    target=NAMES,
    target_list_id=maybe(TEXTS),
    job_id=TEXTS,
    job_status=st.sampled_from(JobStatus),
    rows=COUNTS,
    sent=COUNTS,
    per_minute=maybe(COUNTS),
    waiting_for=maybe(TEXTS),
    ends_at=maybe(INSTANTS),
    window_ends_at=maybe(INSTANTS),
    proof=maybe(PROOFS),
    events=st.lists(st.builds(MigrationEvent, at=INSTANTS, kind=TEXTS, message=TEXTS), max_size=2).map(tuple),
)
_PARTS = st.builds(
    MigrationPart,
    batch=COUNTS,
    upload=TEXTS.map(UploadId),
    number=COUNTS,
    name=maybe(TEXTS),
    status=st.sampled_from(UploadStatus),
    rows=COUNTS,
    accepted=COUNTS,
    rejected=COUNTS,
    not_sent=COUNTS,
    pending=COUNTS,
    unknown=COUNTS,
    evidence=maybe(st.sampled_from(Evidence)),
    told=TEXTS,
    sent_at=maybe(INSTANTS),
)
REPORTS = st.builds(
    MigrationReport,
    digest=TEXTS,
    at=INSTANTS,
    is_proven=st.booleans(),
    equation=EQUATIONS,
    waiting=COUNTS,
    plan=PLANS,
    status=MIGRATION_STATUSES,
    parts=st.lists(_PARTS, max_size=2).map(tuple),
    quotas=st.lists(
        st.builds(MigrationQuota, connection=NAMES, name=TEXTS, limit=COUNTS, left=COUNTS), max_size=2
    ).map(tuple),
    tasks=st.lists(st.builds(MigrationTask, text=TEXTS, command=maybe(TEXTS)), max_size=2).map(tuple),
)
