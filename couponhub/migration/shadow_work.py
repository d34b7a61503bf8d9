"""A shadow run of many customers, as a job: its slices, who compares them, and what came of all."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from math import ceil

import attrs

from couponhub.clock import Deadline
from couponhub.errors import CouponhubError, LocalError, RateLimited, WaitTimeout
from couponhub.jobs import Handler, Turns, WaitForTurn, end_helpers
from couponhub.lookup import lookup_many, summed
from couponhub.migration.shadow import AT_ONCE, Shadow
from couponhub.migration.shadow_slices import Compared, ShadowSlices
from couponhub.migration.steps import SHADOW
from couponhub.models import Customer, Difference, JobId, JobStatus, MigrationShadow
from couponhub.state import JobRecord, JobStore, StepRecord

COMPARE, SUM, CLEAN = "compare", "sum", "clean"
MIGRATION_ID, CUSTOMERS = "migration", "customers"

SLICE = 500
_MOST_SLICES = 1000
_KEPT_EVERY = 100
"""Customers after whom what was learned is kept: a kill costs no more questions than that."""


def slices_of(customers: Sequence[Customer]) -> Iterator[list[tuple[int, Customer]]]:
    """Cut numbered customers into slices of a size that makes a number of them which a job can have."""
    size = max(SLICE, ceil(len(customers) / _MOST_SLICES))
    numbered = iter(enumerate(customers, start=1))
    while batch := list(islice(numbered, size)):
        yield batch


def job_for(job_id: JobId, shadow: Shadow, customers: int, slices: int) -> JobRecord:
    """Return the job of a shadow run that is about to be written down."""
    kinds: list[tuple[str, int | None]] = [
        *((COMPARE, part) for part in range(1, slices + 1)),
        (SUM, None),
        (CLEAN, None),
    ]
    return JobRecord(
        id=job_id,
        kind=SHADOW,
        connection=shadow.target.name,
        arguments={MIGRATION_ID: shadow.plan.id, CUSTOMERS: str(customers)},
        steps=tuple(
            StepRecord(number=at, kind=kind, arguments={} if part is None else {"part": part})
            for at, (kind, part) in enumerate(kinds, start=1)
        ),
    )


def outcome_of(job: JobRecord, shadow: Shadow) -> MigrationShadow | None:
    """Return what came of a shadow run, once it has ended well."""
    step = next(one for one in job.steps if one.kind == SUM)
    if step.status is not JobStatus.DONE:
        return None
    counts = step.result["differences"]
    assert isinstance(counts, list)  # noqa: S101 - written by `ShadowWork`
    return MigrationShadow(
        id=shadow.plan.id,
        at=step.updated_at or shadow.clock.now(),
        customers=_whole(step, "customers"),
        unknown=_whole(step, "unknown"),
        differences=tuple(
            Difference(reference=reference, connection=connection, kind=kind, count=count)
            for reference, connection, kind, count in counts
        ),
    )


@attrs.define(kw_only=True)
class ShadowWork:
    """The steps of one shadow run, as long as its job is driven. See `couponhub.jobs.Work` and `SlicedWork`.

    Attributes:
        shadow: Compares.
        jobs: Where it is written down.
        kept: The job's files.
        turns: At its slices, of which others may do some.
        deadline: Of whoever drives it.
    """

    shadow: Shadow
    jobs: JobStore
    kept: ShadowSlices
    turns: Turns
    deadline: Deadline
    _stops: Callable[[], bool] = attrs.field(default=lambda: False, init=False)

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """See `Work.handlers`."""
        return {COMPARE: self._compare, SUM: self._sum, CLEAN: self._clean}

    def cancelled(self, job: JobRecord, why: str, *, status: JobStatus) -> Sequence[StepRecord]:
        """See `Work.cancelled`; what was learned is dropped."""
        self._drop(job)
        left = (step for step in job.steps if not step.status.ended)
        return [attrs.evolve(step, status=status, evidence=why, not_before=None) for step in left]

    def heed(self, stops: Callable[[], bool]) -> None:
        """See `Work.heed`: it waits for answers, and for those who help."""
        self._stops = stops

    def wind_down(self, trouble: CouponhubError | None) -> None:
        """See `Work.wind_down`: nothing is begun that a step does not end."""

    def learned(self, job: JobRecord) -> Sequence[StepRecord]:  # noqa: ARG002 - see `Work`
        """See `Work.learned`: all of it is in the files."""
        return ()

    def slices(self, job: JobRecord) -> Sequence[StepRecord]:
        """See `SlicedWork.slices`."""
        return [step for step in job.steps if step.kind == COMPARE and not step.status.ended]

    def is_whole(self, step: StepRecord) -> bool:
        """See `SlicedWork.is_whole`."""
        return not self._left(step)

    def do(self, step: StepRecord) -> None:
        """See `SlicedWork.do`: who is known at a vendor only after its limit has let go is asked about then."""
        part, left = _part(step), self._left(step)
        found: list[Compared] = []
        answers = lookup_many(self.shadow.question(), left.values(), at_once=AT_ONCE)
        try:
            for number, answer in zip(left, answers, strict=True):
                limited = next(
                    (one.error for one in answer.answers if isinstance(one.error, RateLimited)), None
                )
                if limited is not None:
                    raise limited
                whole = all(one.whole for one in answer.answers)
                found.append(
                    Compared(number=number, unknown=not whole, differences=tuple(answer.differences or ()))
                )
                if len(found) == _KEPT_EVERY:
                    kept, found = found, []
                    if not self._keep(part, kept):
                        return
                if self.deadline.passed():
                    raise self._too_late()
        finally:
            answers.close()
            if found:
                self._keep(part, found)

    def _left(self, step: StepRecord) -> dict[int, Customer]:
        part = _part(step)
        known = {one.number for one in self.kept.compared(part)}
        return {at: customer for at, customer in self.kept.customers(part).items() if at not in known}

    def _keep(self, part: int, found: list[Compared]) -> bool:
        """Keep what was learned; return False when others have given the run up, or ended it."""
        with self.turns.keeping():
            is_there = self.kept.people.is_there(part)
            if is_there:
                self.kept.keep(part, found)
        return is_there

    def _compare(self, job: JobRecord, step: StepRecord) -> Sequence[StepRecord]:
        if not self.kept.people.is_there(_part(step)):
            why = "ended while it was prepared: nothing was asked, so begin it anew"
            return self.cancelled(job, why, status=JobStatus.FAILED)
        stops = lambda: self._stops() or self.deadline.passed()  # noqa: E731 - no name says more
        if not WaitForTurn(self, self.turns, stops, self.deadline.clock).do(job, step):
            if self.deadline.passed():
                raise self._too_late()
            return [step]
        count = sum(1 for _ in self.kept.compared(_part(step)))
        return [_done(step, f"{count:,} customers")]

    def _sum(self, job: JobRecord, step: StepRecord) -> Sequence[StepRecord]:
        """Add up what all slices came to, and write it into the migration's log."""
        customers = unknown = 0
        differences: list[Difference] = []
        for one in job.steps:
            if one.kind == COMPARE:
                if not self.kept.people.is_there(_part(one)):
                    raise LocalError(
                        f"files of shadow run {job.id} are gone from the store", hint="begin it anew"
                    )
                for compared in self.kept.compared(_part(one)):
                    customers += 1
                    unknown += compared.unknown
                    differences = list(summed([*differences, *compared.differences]))
        self.shadow.written_down(customers, unknown, differences, job=job.id)
        counts = [[one.reference, one.connection, one.kind.value, one.count] for one in differences]
        result = {"customers": customers, "unknown": unknown, "differences": counts}
        return [_done(step, f"{customers:,} customers at both vendors", result)]

    def _clean(self, job: JobRecord, step: StepRecord) -> Sequence[StepRecord]:
        self._drop(job)
        return [_done(step, "")]

    def _drop(self, job: JobRecord) -> None:
        with self.turns.keeping():
            self.kept.files.drop(job.id)
        end_helpers(self.jobs, job.id)

    def _too_late(self) -> WaitTimeout:
        return WaitTimeout(f"the shadow run did not end within {self.deadline.seconds:g} seconds")


def _done(step: StepRecord, evidence: str, result: Mapping[str, object] | None = None) -> StepRecord:
    return attrs.evolve(
        step, status=JobStatus.DONE, evidence=evidence, result=result or step.result, not_before=None
    )


def _part(step: StepRecord) -> int:
    return _whole_number(step.arguments["part"])


def _whole(step: StepRecord, name: str) -> int:
    return _whole_number(step.result[name])


def _whole_number(value: object) -> int:
    assert isinstance(value, int)  # noqa: S101 - written when the job was
    return value
