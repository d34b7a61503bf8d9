"""The things that a person must still do about a migration, or may do, each with the command that does it."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import attrs

from couponhub.migration.words import codes
from couponhub.models import (
    JobStatus,
    MigrationPart,
    MigrationPhase,
    MigrationPlan,
    MigrationStatus,
    MigrationTask,
)

_FRESH = timedelta(hours=1)
"""The age up to which a proof lets a migration be cut over."""


@attrs.frozen(kw_only=True)
class _Standing:
    plan: MigrationPlan
    status: MigrationStatus
    parts: Sequence[MigrationPart]
    why: str | None
    archives: bool
    now: datetime

    def task(self, text: str, command: str = "", more: str = "") -> MigrationTask:
        words = f"couponhub migrate {command} {self.plan.id}{more}" if command else None
        return MigrationTask(text=text, command=words)


def tasks_of(
    plan: MigrationPlan,
    status: MigrationStatus,
    parts: Sequence[MigrationPart],
    *,
    why: str | None,
    archives: bool,
    now: datetime,
) -> tuple[MigrationTask, ...]:
    """Return what comes next, the most urgent first.

    Args:
        plan: As it is applied.
        status: As it stands.
        parts: Its vendor files.
        why: What stopped it; None when nothing did.
        archives: Whether the source's vendor can archive lists.
        now: In UTC.
    """
    standing = _Standing(plan=plan, status=status, parts=parts, why=why, archives=archives, now=now)
    ways = {
        MigrationPhase.APPLYING: _applying,
        MigrationPhase.FAILED: _failed,
        MigrationPhase.CANCELLED: _cancelled,
        MigrationPhase.APPLIED: _applied,
        MigrationPhase.CUT_OVER: _cut_over,
        MigrationPhase.ROLLED_BACK: _rolled_back,
        MigrationPhase.RETIRED: _retired,
    }
    return (*ways[status.phase](standing), *_refused(standing))


_Tasks = Iterator[MigrationTask]


def _applying(standing: _Standing) -> _Tasks:
    status = standing.status
    if status.job_status is JobStatus.PAUSED:
        yield standing.task("Somebody paused it: go on when the reason is gone.", "resume")
        return
    waits = f"It waits for {status.waiting_for}." if status.waiting_for else "It is being sent."
    yield standing.task(f"{waits} Where nobody drives it, go on with it.", "resume")


def _failed(standing: _Standing) -> _Tasks:
    yield standing.task(f"Mend what stopped it, and go on: {standing.why or 'a step failed'}.", "resume")


def _cancelled(standing: _Standing) -> _Tasks:
    status = standing.status
    yield standing.task(
        f"It was cancelled, and {status.target} keeps the {codes(status.sent)} that it has taken. Find out which before"
        " you plan anew: what was sent is left out then.",
        "verify",
    )


def _applied(standing: _Standing) -> _Tasks:
    proof = standing.status.proof
    if proof is None:
        yield standing.task("Compare the target with the plan: nothing is proven before.", "verify")
        return
    yield from _double(standing)
    if not proof.balanced:
        yield standing.task(
            "The equation does not balance. See which codes are not as planned; they go to a private file.",
            "verify",
            " --out differences.csv",
        )
    elif standing.now - proof.at > _FRESH:
        yield standing.task(
            "The proof is older than an hour: compare once more before the cut-over.", "verify"
        )
    else:
        yield standing.task(
            "It is proven. Let lookups ask the target first, with a window in which the way back is open.",
            "cutover",
            " --window 7d",
        )


def _cut_over(standing: _Standing) -> _Tasks:
    ends_at = standing.status.window_ends_at
    yield from _double(standing)
    if ends_at is not None and standing.now < ends_at:
        until = f"{ends_at:%Y-%m-%d %H:%M} UTC"
        yield standing.task(
            f"Until {until} both vendors answer: compare what they say of a sample of customers.",
            "shadow",
            " --customers people.csv --sample 100",
        )
        yield standing.task(f"The way back is open until {until}, should you need it.", "rollback")
        return
    yield standing.task(
        "The window is over. Prove it once more, and then retire the list at the source.", "verify"
    )
    source = standing.plan.source
    if standing.archives:
        yield standing.task(
            f"Retire list {source.list_id} of {source.connection}; it cannot be taken back.", "retire"
        )
    else:
        yield standing.task(
            f"End list {source.list_id} of {source.connection} by hand, where {source.vendor} lets you: it can be asked to"
            " archive none."
        )


def _rolled_back(standing: _Standing) -> _Tasks:
    yield standing.task(
        f"Lookups ask {standing.plan.source.connection} first again. See which codes the target handed out meanwhile,"
        " and settle each with its customer.",
        "status",
    )


def _retired(standing: _Standing) -> _Tasks:
    yield standing.task("Keep this report and the plan: they say what became of every code.")


def _double(standing: _Standing) -> _Tasks:
    proof = standing.status.proof
    if proof is not None and proof.double_issued:
        yield standing.task(
            f"The source handed out {codes(proof.double_issued)} since the plan that moved as free: they are in two hands."
            " Stop handing out at the source, and take them out of the target or bind them there.",
            "verify",
            " --out differences.csv",
        )


def _refused(standing: _Standing) -> _Tasks:
    for upload in dict.fromkeys(part.upload for part in standing.parts if part.rejected):
        count = sum(part.rejected for part in standing.parts if part.upload == upload)
        yield MigrationTask(
            text=f"{standing.status.target} refused {codes(count)}: find out why, and send them anew.",
            command=f"couponhub uploads report {upload} --out rows.csv",
        )
