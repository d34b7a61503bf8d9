"""The job of an export: its slices, its steps, and how it is shown."""

from collections.abc import Iterator
from hashlib import blake2b
from itertools import islice
from math import ceil
from pathlib import Path

import attrs

from couponhub.connection import Connection
from couponhub.errors import Unsupported, UsageError
from couponhub.holdings.export_report import CustomerExport
from couponhub.holdings.export_work import ASK, CLEAN, KIND, MACHINE, WRITE, unknown_path
from couponhub.holdings.slices import Slices
from couponhub.models import Customer, Identifier, JobId, JobStatus
from couponhub.state import JobRecord, StepRecord

_SLICE = 500
_MOST_SLICES = 1000
"""A job is read with all of its steps whenever one is written down."""


@attrs.frozen
class ExportDrafts:
    """The slices of an export that is about to be written down."""

    slices: Slices
    paths: tuple[Path, ...]
    count: int
    identifier: Identifier

    @classmethod
    def of(cls, customers: Iterator[Customer], folder: Path, slices: Slices) -> "ExportDrafts":
        """Write slices of a size that makes a number of them which a job can have."""
        everyone = folder / "customers"
        count = slices.write(everyone, enumerate(customers, start=1))
        if not count:
            raise UsageError("the file names no customer")
        size = max(_SLICE, ceil(count / _MOST_SLICES))
        paths: list[Path] = []
        numbered = iter(slices.read_each(everyone))
        while batch := list(islice(numbered, size)):
            paths.append(folder / f"slice-{len(paths)}")
            slices.write(paths[-1], batch)
        _, first = next(slices.read_each(everyone))
        return cls(slices, tuple(paths), count, first.identifier)


def distinct(at: Connection, customers: Iterator[Customer]) -> Iterator[Customer]:
    """Leave out whoever stands there already, under any form of an identifier that is one at this connection."""
    seen = set()
    for customer in customers:
        if customer.identifier not in at.customers.identifiers:
            known = " or ".join(kind for kind in Identifier if kind in at.customers.identifiers)
            raise Unsupported(
                f"customers cannot be asked about by {customer.identifier} here",
                hint=f"name them by {known}",
                connection=at.name,
            )
        text = at.customers.unified(customer).plain
        mark = blake2b(text.encode(errors="surrogatepass"), digest_size=16).digest()
        if mark not in seen:
            seen.add(mark)
            yield customer


def job_for(
    job_id: JobId,
    connection: str,
    drafts: ExportDrafts,
    out: Path,
    list_id: str | None,
    *,
    machine: str | None,
) -> JobRecord:
    """Return the job of an export that is about to be written down; `machine` is the one whose file is to be written."""
    asked = [(ASK, part) for part in range(1, len(drafts.paths) + 1)]
    kinds: list[tuple[str, int | None]] = [*asked, (WRITE, None), (CLEAN, None)]
    arguments = {"out": str(out), "customers": str(drafts.count), "identifier": drafts.identifier.value}
    more = {"list_id": list_id, MACHINE: machine}
    return JobRecord(
        id=job_id,
        kind=KIND,
        connection=connection,
        arguments={**arguments, **{key: value for key, value in more.items() if value is not None}},
        steps=tuple(
            StepRecord(number=at, kind=kind, arguments={} if part is None else {"part": part})
            for at, (kind, part) in enumerate(kinds, start=1)
        ),
    )


def export_of(job: JobRecord) -> CustomerExport:
    """Show the job of an export as users see it."""

    def total(count: str) -> int:
        found = (step.result.get(count, 0) for step in job.steps if step.kind == ASK)
        return sum(one for one in found if isinstance(one, int))

    step = None if job.status.ended else job.next_step
    is_written = any(one.kind == WRITE and one.status is JobStatus.DONE for one in job.steps)
    out = job.arguments["out"]
    return CustomerExport(
        id=job.id,
        connection=job.connection,
        list_id=job.arguments.get("list_id"),
        status=job.status,
        out=out,
        unknown_out=str(unknown_path(Path(out))) if is_written and total("unknown") else None,
        customers=int(job.arguments["customers"]),
        asked=total("customers"),
        found=total("found"),
        none=total("none"),
        unknown=total("unknown"),
        coupons=total("coupons"),
        waiting_for=None if step is None or step.not_before is None else step.evidence or None,
        not_before=None if step is None else step.not_before,
    )
