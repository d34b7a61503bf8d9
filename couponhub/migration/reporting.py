"""The report on a migration, told from what is written down here: no vendor is asked, and nothing is changed."""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import attrs

from couponhub.clock import Clock
from couponhub.errors import ConfigError, NotFound, UnknownConnection
from couponhub.jobs import HubJobs
from couponhub.migration.children import BatchUploads
from couponhub.migration.plan_file import digest_of_document
from couponhub.migration.tasks import tasks_of
from couponhub.models import (
    Evidence,
    JobId,
    JobStatus,
    MigrationEquation,
    MigrationPart,
    MigrationPlan,
    MigrationQuota,
    MigrationReport,
    MigrationStatus,
    Upload,
)
from couponhub.serialization import to_document
from couponhub.state import StepRecord

if TYPE_CHECKING:
    from couponhub.connection import Connection


@attrs.frozen(kw_only=True)
class Reporter:
    """Accounts for migrations.

    Attributes:
        connection: Opens one.
        jobs: Those of the hub.
        clock: Tells when a report is made.
    """

    connection: "Callable[[str], Connection]"
    jobs: HubJobs
    clock: Clock

    def report(self, plan: MigrationPlan, status: MigrationStatus, batches: BatchUploads) -> MigrationReport:
        """Account for a migration.

        Args:
            plan: As it is applied.
            status: As it stands.
            batches: Its uploads.
        """
        now, proof = self.clock.now(), status.proof
        counted, waiting = _counted(plan, batches)
        parts = tuple(part for batch in plan.batches for part in _parts(batch.number, batches))
        names = dict.fromkeys((plan.source.connection, plan.target.connection))
        report = MigrationReport(
            digest="",
            at=now,
            is_proven=proof is not None,
            equation=counted if proof is None else proof.equation,
            waiting=waiting if proof is None else min(waiting, proof.equation.unknown),
            plan=plan,
            status=status,
            parts=parts,
            quotas=tuple(quota for name in names for quota in self._quotas(name)),
            tasks=tasks_of(
                plan,
                status,
                parts,
                why=self._trouble(plan.id),
                archives=self._archives(plan.source.connection),
                now=now,
            ),
        )
        return attrs.evolve(report, digest=digest_of_document(to_document(report)))

    def _opened(self, name: str) -> "Connection | None":
        """Open a connection; None where it is not configured any more."""
        try:
            return self.connection(name)
        except (ConfigError, UnknownConnection):
            return None

    def _archives(self, name: str) -> bool:
        connection = self._opened(name)
        return connection is not None and "lists.archive" in connection.capabilities

    def _quotas(self, name: str) -> Iterator[MigrationQuota]:
        """Give the limits of a connection that have a window."""
        connection = self._opened(name)
        if connection is None:
            return
        left = connection.quota_left()
        for limit, calls in connection.capabilities.limits.items():
            if calls and limit in left:
                yield MigrationQuota(connection=name, name=limit, limit=calls, left=min(left[limit], calls))

    def _trouble(self, migration: str) -> str | None:
        """Return why a migration does not go on, in the words of the step that stopped it."""
        try:
            steps = self.jobs.get(migration).steps
        except NotFound:  # its job is not written down yet
            return None
        ended_badly = {JobStatus.FAILED, JobStatus.CANCELLED}
        return next((step.evidence for step in steps if step.status in ended_badly), None)


def _counted(plan: MigrationPlan, batches: BatchUploads) -> tuple[MigrationEquation, int]:
    """Account for the codes of a plan as its uploads count them; also return how many are on their way."""
    counts = [batches.counts(batch) for batch in plan.batches]
    waiting = sum(one.waiting for one in counts)
    refused = sum(plan.rejected.values())
    equation = MigrationEquation(
        all=plan.counts.all,
        moved=sum(one.accepted for one in counts),
        issued_elsewhere=plan.left_behind + sum(one.forgotten for one in counts),
        redeemed=plan.counts.redeemed,
        expired=plan.counts.expired,
        rejected=refused + sum(one.rejected for one in counts),
        skipped=plan.skipped + sum(one.skipped for one in counts),
        unknown=waiting + sum(one.unknown for one in counts),
    )
    return equation, waiting


def _parts(batch: int, batches: BatchUploads) -> Iterator[MigrationPart]:
    for upload_id in batches.begun(batch):
        upload, record = batches.uploads.find(upload_id), batches.store.get(JobId(upload_id))
        if upload is not None:
            yield from _parts_of(batch, upload, () if record is None else record.steps)


def _parts_of(batch: int, upload: Upload, steps: Sequence[StepRecord]) -> Iterator[MigrationPart]:
    told: dict[object, list[str]] = {}
    for step in steps:
        if step.evidence:
            told.setdefault(step.arguments.get("part"), []).append(step.evidence)
    for number, part in enumerate(upload.parts, start=1):
        unknown = part.unknown or 0
        evidence = None
        if part.status.ended:
            evidence = Evidence.ASSUMED if unknown else Evidence.COUNTED
        yield MigrationPart(
            batch=batch,
            upload=upload.id,
            number=number,
            name=part.name,
            status=part.status,
            rows=part.rows or 0,
            accepted=part.accepted or 0,
            rejected=part.rejected or 0,
            not_sent=part.not_sent or 0,
            pending=part.pending or 0,
            unknown=unknown,
            evidence=evidence,
            told="; ".join(told.get(number, ())),
            sent_at=part.created_at,
        )
