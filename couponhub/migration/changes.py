"""The differences between a reviewed plan and the world as it is when it is to be applied, in sentences."""

from collections.abc import Iterator

from couponhub.migration.words import codes
from couponhub.models import MigrationEnd, MigrationPlan

_COUNTS = ("all", "issued", "redeemed", "expired", "free", "unknown")


def changed_since(plan: MigrationPlan, now: MigrationPlan) -> tuple[str, ...]:
    """Tell what is another than it was reviewed; () where a plan of today would do the same.

    Not told is what moves by itself and alters nothing that is sent: quotas, the moments that follow from them, and how a
    vendor counts what it held all along.

    Args:
        plan: The reviewed one.
        now: The same, planned anew; see `Planner.again`.
    """
    return tuple(_changes(plan, now))


def _changes(plan: MigrationPlan, now: MigrationPlan) -> Iterator[str]:
    yield from _of_sources(plan, now)
    yield from _of_ends("source", plan.source, now.source)
    yield from _of_ends("target", plan.target, now.target)
    if plan.create != now.create:
        yield "the list that would be created is another"
    if plan.fingerprints != now.fingerprints:
        yield "other codes are in the classes"
    sent = [(one.kind, one.identifier, one.rows, one.sha256) for one in plan.batches]
    if sent != [(one.kind, one.identifier, one.rows, one.sha256) for one in now.batches]:
        yield "other codes, or other customers of them, would be sent"
    if plan.rejected != now.rejected:
        yield "the target takes other codes than it did"
    before_limits = {one.kind for one in plan.crossed}
    for limit in now.crossed:
        if limit.kind not in before_limits:
            yield f"a limit is crossed that was not: {limit.message}"


def _of_sources(plan: MigrationPlan, now: MigrationPlan) -> Iterator[str]:
    fresh = {(one.role, one.name): one for one in now.sources}
    for source in plan.sources:
        if fresh.get((source.role, source.name)) != source:
            yield f"{source.name} holds something else than when it was planned"
    for name in _COUNTS:
        before, after = getattr(plan.counts, name), getattr(now.counts, name)
        if before != after:
            yield f"{name}: {codes(before)} planned, {codes(after)} now"


def _of_ends(which: str, before: MigrationEnd, after: MigrationEnd) -> Iterator[str]:
    for field in ("list_id", "name", "status", "expires_at"):
        if getattr(before, field) != getattr(after, field):
            yield f"the {which} list has another {field.replace('_', ' ')}"
    if which == "target" and before.total != after.total:
        yield f"the target list held {codes(before.total)} when it was planned, and holds {codes(after.total)} now"
