"""Exports of customers: who of a file holds which coupons at one vendor, as jobs that outlive their process."""

import os
import secrets
import string
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import blake2b
from itertools import islice
from math import ceil
from pathlib import Path

import attrs

from couponhub.clock import Clock, Deadline
from couponhub.codes.row_files import check_target
from couponhub.connection import Connection
from couponhub.errors import CouponhubError, LocalError, NotFound, Unsupported, UsageError
from couponhub.holdings.customers import read_customers
from couponhub.holdings.export_report import CustomerExport
from couponhub.holdings.export_work import ASK, CLEAN, KIND, WRITE, ExportWork, unknown_path
from couponhub.holdings.slices import Slices
from couponhub.holdings.tables import TableSource
from couponhub.jobs import LEASE_SECONDS, HubJobs
from couponhub.models import Customer, Identifier, JobId, JobStatus
from couponhub.models.given import given_id, given_seconds, given_text
from couponhub.paths import expanded
from couponhub.rooted import Rooted
from couponhub.state import JobRecord, State, StepRecord

_PREFIX = "ex_"
_LETTERS = string.ascii_lowercase + "234567"
_SLICE = 500
_MOST_SLICES = 1000
"""A job is read with all of its steps whenever one is written down."""

Progress = Callable[[CustomerExport], object]
"""Is told how an export stands before each slice of customers."""


@contextmanager
def export_work(
    connection: Connection, state: State, job: JobRecord, deadline: Deadline
) -> Iterator[ExportWork]:
    """Make what goes on with the job of an export; see `couponhub.jobs.OpenWork`."""
    yield ExportWork(
        connection=connection, files=state.job_files, slices=_slices(state, job), deadline=deadline
    )


class HubExports(Rooted):
    """Exports of customers' coupons, at any connection whose vendor can be asked. Thread-safe.

    Each is a job: killed, or waiting for a quota, it goes on where it was, by `run` again with the same customers and
    file, by `resume`, or by whatever drives jobs (`couponhub work`, `hub.jobs.drive`). No customer is asked about twice.
    What was learned is kept private in the store until the file is written, and then dropped.

    Every method may raise `LocalError` when the state fails, and `UsageError` for an argument that is nothing of what
    it may be.
    """

    def __init__(
        self,
        connections: Callable[[str], Connection],
        jobs: HubJobs,
        *,
        state: Callable[[], State],
        clock: Clock,
    ) -> None:
        self._connections = connections
        self._jobs = jobs
        self._state = state
        self._clock = clock

    def run(
        self,
        connection: str,
        source: TableSource,
        out: str | os.PathLike[str],
        *,
        list_id: str | None = None,
        timeout: float | None = None,
        progress: Progress | None = None,
    ) -> CustomerExport:
        """Ask a vendor which coupons each customer of a file holds, and write them to a file, one row per coupon.

        The file is written whole, when all were asked about, for its owner alone: the customer as given, then `code,
        list_id, list_name, status, issued_at, expires_at, redemption_count`. Customers of whom not all could be known
        stand with the reason in a file beside it, whose name ends in `.unknown.csv`; who is in neither holds none, as
        the vendor said. A customer that stands twice in the source is asked about once.

        Args:
            connection: The connection's name.
            source: A file of customers, as of `read_customers`.
            out: Where the file is to lie: `.csv`, or `.parquet`. One that is there is replaced when the new one is whole.
            list_id: The one list whose coupons are meant; all by default.
            timeout: Seconds for this call; the job goes on whenever somebody drives it.
            progress: Is told how it stands before each slice of customers.

        Returns:
            The export as it stands: done, or waiting for a time (`not_before`), or driven by somebody else.

        Raises:
            UsageError: The file of customers is faulty, or names nobody; nothing was asked.
            Unsupported: The vendor cannot be asked about customers; the hint says what to do instead.
            LocalError: The file cannot be written where it is to lie.
            CouponhubError: A call failed. The job is kept, and says when it is to be tried again.
        """
        at = self._connections(given_id(connection, "the connection's name"))
        wanted = None if list_id is None else given_id(list_id, "the list's id")
        if timeout is not None:
            given_seconds(timeout, "the timeout", may_be_zero=True)
        if progress is not None and not callable(progress):
            raise UsageError("progress must be something to call with an export")
        target = _target(out)
        at.customers.require_live()
        job_id = self._begin(at, source, target, wanted)
        return self._driven(job_id, timeout, progress)

    def resume(
        self, export_id: str, *, timeout: float | None = None, progress: Progress | None = None
    ) -> CustomerExport:
        """Go on with an export now, also one that was paused; no source is needed. As of `run`, and raises as that.

        Raises:
            NotFound: There is no export of that id.
        """
        if timeout is not None:
            given_seconds(timeout, "the timeout", may_be_zero=True)
        self.get(export_id)
        self._jobs.proceed(export_id)
        return self._driven(JobId(export_id), timeout, progress)

    def cancel(self, export_id: str) -> CustomerExport:
        """Give an export up, for good: nothing is written, and what was learned is dropped.

        Raises:
            NotFound: There is no export of that id.
        """
        self.get(export_id)
        self._jobs.cancel(export_id)
        return self._driven(JobId(export_id), None, None)

    def get(self, export_id: str) -> CustomerExport:
        """Return an export as it stands.

        Raises:
            NotFound: There is no export of that id.
        """
        job = self._state().jobs.get(JobId(given_id(export_id, "the export's id")))
        if job is None or job.kind != KIND:
            raise NotFound(f"there is no export {export_id}", hint="see `couponhub export ls`")
        return _shown(job)

    def iterate(self) -> Iterator[CustomerExport]:
        """Return all exports that are known, oldest first."""
        return (_shown(job) for job in self._state().jobs.all() if job.kind == KIND)

    def _driven(self, job_id: JobId, timeout: float | None, progress: Progress | None) -> CustomerExport:
        def tell() -> bool:
            if progress is not None:
                progress(self.get(job_id))
            return False

        try:
            self._jobs.drive(job_id, timeout=timeout, early=True, stops=tell)
        except CouponhubError as error:
            if self._jobs.get(job_id).next_step is None:  # refused for good
                self._jobs.drive(job_id)
                raise
            goes_on = f"`couponhub export resume {job_id}` goes on with it"
            raise error.reworded(hint=f"{error.hint}; {goes_on}" if error.hint else goes_on) from error
        return self.get(job_id)

    def _begin(self, at: Connection, source: TableSource, out: Path, list_id: str | None) -> JobId:
        """Write the job down with its customers, unless it is there already and can go on; return its id."""
        state = self._state()
        files = state.job_files
        job_id = JobId(_PREFIX + "".join(secrets.choice(_LETTERS) for _ in range(20)))
        with (
            files.workspace() as folder,
            state.locks.hold(("exports", at.name), timeout=None),
            state.jobs.worker() as owner,
        ):
            drafts = _Drafts.of(_distinct(at, read_customers(source)), folder, Slices(files, job_id))
            for job in state.jobs.all(connection=at.name):
                is_rival = job.kind == KIND and job.arguments["out"] == str(out) and not job.status.ended
                if is_rival and self._is_same(job, drafts, list_id):
                    return job.id
            job = _job_for(job_id, at.name, drafts, out, list_id)
            # Held, so that nobody drives it before its customers are there.
            state.jobs.create(job, owner=owner, seconds=LEASE_SECONDS)
            for number, path in enumerate(drafts.paths, start=1):
                drafts.slices.keep_customers(number, path)
                state.jobs.renew(job_id, owner, seconds=LEASE_SECONDS)
        return job_id

    def _is_same(self, job: JobRecord, drafts: "_Drafts", list_id: str | None) -> bool:
        """Tell whether a job that goes on is this very export; one that was killed while it was begun is ended.

        Raises:
            UsageError: It writes to the same file, and is another.
        """
        kept = _slices(self._state(), job)
        parts = range(1, sum(step.kind == ASK for step in job.steps) + 1)
        if any(kept.customers(part) is None for part in parts):
            self._jobs.cancel(job.id)
            return not self._jobs.drive(job.id, early=True).status.ended
        is_same = (job.arguments.get("list_id"), len(parts)) == (list_id, len(drafts.paths)) and all(
            kept.customers(part) == drafts.slices.read(path)
            for part, path in zip(parts, drafts.paths, strict=True)
        )
        if not is_same:
            raise UsageError(
                f"another export to {job.arguments['out']} goes on, {job.id}, of other customers or another list",
                hint=f"`couponhub export resume {job.id}` goes on with it, `couponhub export cancel {job.id}` gives it"
                " up; or name another file",
            )
        return True


@attrs.frozen
class _Drafts:
    """The slices of an export that is about to be written down."""

    slices: Slices
    paths: tuple[Path, ...]
    count: int
    identifier: Identifier

    @classmethod
    def of(cls, customers: Iterator[Customer], folder: Path, slices: Slices) -> "_Drafts":
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


def _distinct(at: Connection, customers: Iterator[Customer]) -> Iterator[Customer]:
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


def _job_for(job_id: JobId, connection: str, drafts: _Drafts, out: Path, list_id: str | None) -> JobRecord:
    asked = [(ASK, part) for part in range(1, len(drafts.paths) + 1)]
    kinds: list[tuple[str, int | None]] = [*asked, (WRITE, None), (CLEAN, None)]
    arguments = {"out": str(out), "customers": str(drafts.count), "identifier": drafts.identifier.value}
    return JobRecord(
        id=job_id,
        kind=KIND,
        connection=connection,
        arguments=arguments if list_id is None else {**arguments, "list_id": list_id},
        steps=tuple(
            StepRecord(number=at, kind=kind, arguments={} if part is None else {"part": part})
            for at, (kind, part) in enumerate(kinds, start=1)
        ),
    )


def _shown(job: JobRecord) -> CustomerExport:
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


def _slices(state: State, job: JobRecord) -> Slices:
    return Slices(state.job_files, job.id)


def _target(out: str | os.PathLike[str]) -> Path:
    """Return where the file is to lie.

    Raises:
        UsageError: It is no path, or its name says no form.
        LocalError: Nothing can be written there.
    """
    given: object = os.fspath(out) if isinstance(out, os.PathLike) else out
    text = given_text(given, "the path of the file to write")
    target = check_target(str(expanded(text).absolute()))
    if not os.access(target.parent, os.W_OK) or target.is_dir():
        raise LocalError(f"{target} cannot be written: there is no such folder, or it may not be written")
    return target
