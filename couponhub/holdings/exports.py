"""Exports of customers: who of a file holds which coupons at one vendor, as jobs that outlive their process."""

import os
import platform
import secrets
import string
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from couponhub.auditing import Auditor
from couponhub.clock import Deadline
from couponhub.codes.row_files import check_target
from couponhub.connection import Connection
from couponhub.errors import CouponhubError, LocalError, NotFound, UsageError
from couponhub.holdings.customers import read_customers
from couponhub.holdings.export_jobs import ExportDrafts, distinct, export_of, job_for
from couponhub.holdings.export_report import CustomerExport
from couponhub.holdings.export_work import ASK, CLEAN, KIND, ExportWork
from couponhub.holdings.slices import Slices
from couponhub.holdings.tables import TableSource
from couponhub.jobs import LEASE_SECONDS, HubJobs, Turns, helpers_for, tell_nobody
from couponhub.models import JobId
from couponhub.models.given import given_id, given_seconds, given_text
from couponhub.paths import expanded
from couponhub.rooted import Rooted
from couponhub.state import AuditAction, JobRecord, State

_PREFIX = "ex_"
_LETTERS = string.ascii_lowercase + "234567"
Progress = Callable[[CustomerExport], object]
"""Is told how an export stands before each slice of customers."""


@contextmanager
def export_work(
    connection: Connection, state: State, job: JobRecord, deadline: Deadline, asked: Collection[JobId]
) -> Iterator[ExportWork]:
    """Make what goes on with the job of an export; see `couponhub.jobs.OpenWork`.

    Args:
        connection: Whose customers they are.
        state: Where it is written down.
        job: As it is written.
        deadline: Of whoever drives it.
        asked: The exports whose files somebody waits for in this process.
    """
    yield ExportWork(
        job=job,
        connection=connection,
        jobs=state.jobs,
        files=state.job_files,
        kept=_slices(state, job),
        turns=Turns(state.locks, job.id),
        is_asked_here=job.id in asked,
        deadline=deadline,
    )


class HubExports(Rooted):
    """Exports of customers' coupons, at any connection whose vendor can be asked. Thread-safe.

    Each is a job: killed, or waiting for a quota, it goes on where it was, by `run` again with the same customers and
    file, by `resume`, or by whatever drives jobs (`couponhub work`, `hub.jobs.drive`). A kill costs at most the answers about
    a hundred customers; nobody else is asked about twice. What was learned is kept private in the store until the file is written, and then dropped.

    Every method may raise `LocalError` when the state fails, and `UsageError` for an argument that is nothing of what
    it may be.

    Args:
        connections: Gives a connection by its name.
        jobs: Drives exports.
        state: Where they are written down.
        offer: Told of jobs with which others may help.
        asked: Has the exports whose files somebody waits for in this process, while they do.
    """

    def __init__(
        self,
        connections: Callable[[str], Connection],
        jobs: HubJobs,
        *,
        state: Callable[[], State],
        offer: Callable[[JobId], object] = tell_nobody,
        asked: set[JobId] | None = None,
    ) -> None:
        self._connections = connections
        self._jobs = jobs
        self._state = state
        self._offer = offer
        self._auditor = Auditor(lambda: state().audit)
        self._asked: set[JobId] = set() if asked is None else asked

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
            out: Where the file is to lie: `.csv`, or `.parquet`. One that is there is replaced when the new one is whole;
                the source is not.
            list_id: The one list whose coupons are meant; all by default.
            timeout: Seconds for this call; the job goes on whenever somebody drives it.
            progress: Is told how it stands before each slice of customers.

        Returns:
            The export as it stands: done, or waiting for a time (`not_before`), or driven by somebody else.

        Raises:
            UsageError: The file of customers is faulty, names nobody, or is where the file is to lie; nothing was asked.
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
        _spare(source, target)
        at.customers.require_live()
        with self._auditor.act(AuditAction.EXPORT_CUSTOMERS, connection=at.name, list_id=wanted) as act:
            act.made = job_id = self._begin(at, source, target, wanted)
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
        return export_of(job)

    def iterate(self) -> Iterator[CustomerExport]:
        """Return all exports that are known, oldest first."""
        return (export_of(job) for job in self._state().jobs.all() if job.kind == KIND)

    def _driven(self, job_id: JobId, timeout: float | None, progress: Progress | None) -> CustomerExport:
        def tell() -> bool:
            if progress is not None:
                progress(self.get(job_id))
            return False

        self._asked.add(job_id)
        try:
            self._jobs.drive(job_id, timeout=timeout, early=True, stops=tell)
        except CouponhubError as error:
            if self._jobs.get(job_id).next_step is None:  # refused for good
                self._jobs.drive(job_id)
                raise
            goes_on = f"`couponhub export resume {job_id}` goes on with it"
            raise error.reworded(hint=f"{error.hint}; {goes_on}" if error.hint else goes_on) from error
        finally:
            self._asked.discard(job_id)
        return self.get(job_id)

    def _begin(self, at: Connection, source: TableSource, out: Path, list_id: str | None) -> JobId:
        """Write the job down with its customers, unless it is there already and can go on; return its id."""
        state = self._state()
        files = state.job_files
        job_id = JobId(_PREFIX + "".join(secrets.choice(_LETTERS) for _ in range(20)))
        with files.workspace() as folder:
            drafts = ExportDrafts.of(distinct(at, read_customers(source)), folder, Slices(files, job_id))
            with state.locks.hold(("exports",), timeout=None), state.jobs.worker() as owner:
                for job in state.jobs.all():
                    is_rival = job.kind == KIND and job.arguments["out"] == str(out) and not job.status.ended
                    if is_rival and self._is_same(job, at.name, drafts, list_id):
                        return job.id
                machine = platform.node() if state.settings.is_postgresql else None
                job = job_for(job_id, at.name, drafts, out, list_id, machine=machine)
                # Held, so that nobody drives it before its customers are there.
                state.jobs.create(job, owner=owner, seconds=LEASE_SECONDS)
                for number, path in enumerate(drafts.paths, start=1):
                    drafts.slices.keep_customers(number, path)
                    state.jobs.renew(job_id, owner, seconds=LEASE_SECONDS)
                for helper in helpers_for(job):
                    state.jobs.create(helper)
                    self._offer(helper.id)
        return job_id

    def _is_same(self, job: JobRecord, connection: str, drafts: ExportDrafts, list_id: str | None) -> bool:
        """Tell whether a job that goes on is this very export; one whose files are gone or were never there is ended.

        Raises:
            UsageError: It writes to the same file, and is another.
        """
        kept = _slices(self._state(), job)
        parts = range(1, sum(step.kind == ASK for step in job.steps) + 1)
        if any(kept.customers(part) is None for part in parts):
            if job.next_step is None or job.next_step.kind != CLEAN:
                self._jobs.cancel(job.id)
            return not self._jobs.drive(job.id, early=True).status.ended
        told = (job.connection, job.arguments.get("list_id"), len(parts))
        is_same = told == (connection, list_id, len(drafts.paths)) and all(
            kept.customers(part) == drafts.slices.read(path)
            for part, path in zip(parts, drafts.paths, strict=True)
        )
        if not is_same:
            raise UsageError(
                f"another export to {job.arguments['out']} goes on, {job.id}, of other customers, another list or another connection",
                hint=f"`couponhub export resume {job.id}` goes on with it, `couponhub export cancel {job.id}` gives it"
                " up; or name another file",
            )
        return True


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


def _spare(source: TableSource, out: Path) -> None:
    """Refuse to write over the customers themselves: nobody else may have them."""
    if not isinstance(source, (str, os.PathLike)):
        return
    with suppress(OSError, ValueError):
        if expanded(os.fsdecode(source)).samefile(out):
            raise UsageError(f"{out} is the file of customers itself", hint="name another file to write")
