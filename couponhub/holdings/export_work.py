"""The work of one export: asks a vendor about each customer of a slice, and writes the file when all are asked."""

import os
import platform
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path

import attrs

from couponhub.clock import Deadline
from couponhub.codes.row_files import INSTANT, NUMBER, TEXT, check_target, write_rows
from couponhub.connection import Connection
from couponhub.errors import (
    CouponhubError,
    LocalError,
    RequestRejected,
    UnreadableReply,
    UsageError,
    VendorUnavailable,
    WaitTimeout,
)
from couponhub.holdings.asking import answers_in_order
from couponhub.holdings.slices import REASON, VERDICT, Learned, Slices
from couponhub.jobs import Handler, Turns, WaitForTurn, end_helpers
from couponhub.lookup import judge
from couponhub.lookup.verdicts import reason_of
from couponhub.models import Coupon, CouponQuery, Customer, JobStatus, ListId, Verdict
from couponhub.state import JobFiles, JobRecord, JobStore, StepRecord

KIND = "export"
ASK, WRITE, CLEAN = "ask", "write", "clean"
MACHINE = "machine"
"""The argument of an export whose state many machines share: the name of the one on which its file is to lie."""
_COLUMNS = {
    "code": TEXT,
    "list_id": TEXT,
    "list_name": TEXT,
    "status": TEXT,
    "issued_at": INSTANT,
    "expires_at": INSTANT,
    "redemption_count": NUMBER,
}
_KEPT_EVERY = 100
"""Customers after whom what was learned is kept: a kill costs no more questions than that."""
_ELSEWHERE = timedelta(seconds=5)
_TRIES = 4
"""After so many, a customer about whom the vendor fails while it answers others is left as unknown."""


def unknown_path(out: Path) -> Path:
    """Return where those customers are told of whom not all could be known."""
    return out.with_name(f"{out.stem}.unknown.csv")


@attrs.define(kw_only=True)
class ExportWork:
    """The steps of one export, as long as its job is driven. See `couponhub.jobs.Work`.

    Attributes:
        job: As it was when it was taken.
        connection: Whose customers they are.
        jobs: Where it is written down.
        kept: The job's files.
        turns: At its slices, of which others may do some.
        is_asked_here: True while somebody waits for the file in this process.
        deadline: Of whoever drives it.
    """

    job: JobRecord
    connection: Connection
    jobs: JobStore
    files: JobFiles
    kept: Slices
    turns: Turns
    is_asked_here: bool
    deadline: Deadline
    _stops: Callable[[], bool] = attrs.field(default=lambda: False, init=False)

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """See `Work.handlers`."""
        return {ASK: self._ask, WRITE: self._write, CLEAN: self._clean}

    def cancelled(self, job: JobRecord, why: str, *, status: JobStatus) -> Sequence[StepRecord]:
        """See `Work.cancelled`; what was learned is dropped."""
        self._drop(job)
        left = [step for step in job.steps if not step.status.ended]
        return [
            attrs.evolve(
                step,
                # Those that come after the one that failed have not failed themselves.
                status=JobStatus.CANCELLED if at and status is JobStatus.FAILED else status,
                evidence=why,
                not_before=None,
            )
            for at, step in enumerate(left)
        ]

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
        return [step for step in job.steps if step.kind == ASK and not step.status.ended]

    def is_whole(self, step: StepRecord) -> bool:
        """See `SlicedWork.is_whole`."""
        return self.kept.is_whole(_part(step))

    def do(self, step: StepRecord) -> None:
        """See `SlicedWork.do`: ask about the customers who were not asked about yet, and keep what was learned, however it ends."""
        number = _part(step)
        since = self.files.mark()
        customers = self.kept.customers(number) or {}
        asked = self.kept.asked(number)
        left = [(at, customer) for at, customer in customers.items() if at not in asked]
        found: list[Learned] = []
        try:
            for _, one in answers_in_order(self._asker(step), left):
                found.append(one)
                if len(found) == _KEPT_EVERY:
                    kept, found = found, []
                    if not self._keep(number, kept, since):
                        return
                if self.deadline.passed():
                    raise self._too_late()
        finally:
            if found:
                self._keep(number, found, since)

    def _keep(self, number: int, found: list[Learned], since: bytes) -> bool:
        """Keep what was learned; return False when others have given the export up, or ended it."""
        with self.turns.keeping():
            # It has dropped its files then, and none may come after that.
            is_there = self.kept.is_there(number)
            if is_there:
                self.kept.keep(number, found, since=since)
        return is_there

    def _too_late(self) -> WaitTimeout:
        return WaitTimeout(f"the export did not end within {self.deadline.seconds:g} seconds")

    def _drop(self, job: JobRecord) -> None:
        with self.turns.keeping():
            self.files.drop(job.id)
        end_helpers(self.jobs, job.id)

    def _ask(self, job: JobRecord, step: StepRecord) -> Sequence[StepRecord]:
        """Have all customers of a slice asked about, by this process unless another is at it."""
        number = _part(step)
        if not self.kept.is_there(number):
            why = "ended while it was prepared: nothing was asked, so begin it anew"
            return self.cancelled(job, why, status=JobStatus.FAILED)
        stops = lambda: self._stops() or self.deadline.passed()  # noqa: E731 - no name says more
        if not WaitForTurn(self, self.turns, stops, self.deadline.clock).do(job, step):
            if self.deadline.passed():
                raise self._too_late()
            return [step]
        counts = _counted(self.kept.rows(number))
        evidence = f"{counts['customers']:,} customers, {counts['coupons']:,} coupons"
        if counts["unknown"]:
            evidence += f", {counts['unknown']:,} customers not wholly known"
        return [attrs.evolve(step, status=JobStatus.DONE, result=counts, evidence=evidence, not_before=None)]

    def _asker(self, step: StepRecord) -> Callable[[tuple[int, Customer]], Learned]:
        list_id = self.job.arguments.get("list_id")
        query = CouponQuery(list_id=None if list_id is None else ListId(list_id))
        is_tried = step.pause(1.0, 2.0**_TRIES) >= 2.0**_TRIES

        def ask(numbered: tuple[int, Customer]) -> Learned:
            at, customer = numbered
            try:
                answer = self.connection.customers.coupons(customer, query)
            except (UnreadableReply, RequestRejected) as error:
                return _unknown(at, customer, error)
            except VendorUnavailable as error:
                if not is_tried or not self._answers_others():
                    raise
                return _unknown(at, customer, error)
            verdict, reason = judge(answer)
            return Learned(
                number=at,
                customer=customer,
                verdict=verdict,
                # "none" has a reason too, and it is no want of knowledge.
                reason="" if reason is None or verdict is Verdict.NONE else reason.value,
                coupons=tuple(map(_row, answer.coupons)),
            )

        return ask

    def _answers_others(self) -> bool:
        try:
            self.connection.check()
        except CouponhubError:
            return False
        return True

    def _write(self, job: JobRecord, step: StepRecord) -> Sequence[StepRecord]:
        """Write both files, the one with the coupons last: it is there when all is."""
        machine = job.arguments.get(MACHINE, platform.node())
        if machine != platform.node() and not self.is_asked_here:
            # Who holds which code is written where somebody has asked for it, and on no machine that happens to be free.
            return [
                step.postponed(
                    self.deadline.clock.now() + _ELSEWHERE,
                    f"a worker on {machine}, where the file is to lie; `couponhub export resume {job.id}` writes it elsewhere",
                )
            ]
        kind = job.arguments["identifier"]
        try:
            out = check_target(job.arguments["out"])
        except (
            UsageError
        ) as error:  # of what is not installed here, and may be elsewhere: no reason to drop anything
            raise LocalError(error.message, hint=error.hint) from error
        unknown = unknown_path(out)

        left_out = _unknown_rows(self._rows(job), kind)
        first = next(left_out, None)
        if first is not None or unknown.exists():
            write_rows(unknown, {kind: TEXT, REASON: TEXT}, chain([first] if first else [], left_out))
        count = write_rows(out, {kind: TEXT, **_COLUMNS}, _coupon_rows(self._rows(job), kind))
        for path in (unknown, out):
            _sync(path)
        evidence = f"{count:,} coupons in {out}"
        return [attrs.evolve(step, status=JobStatus.DONE, evidence=evidence, not_before=None)]

    def _rows(self, job: JobRecord) -> Iterator[dict[str, str]]:
        for step in job.steps:
            if step.kind == ASK:
                yield from self.kept.rows(_part(step))

    def _clean(self, job: JobRecord, step: StepRecord) -> Sequence[StepRecord]:
        self._drop(job)
        return [attrs.evolve(step, status=JobStatus.DONE, evidence="", not_before=None)]


def _part(step: StepRecord) -> int:
    number = step.arguments["part"]
    assert isinstance(number, int)  # noqa: S101 - written when the job was
    return number


def _unknown(at: int, customer: Customer, error: CouponhubError) -> Learned:
    return Learned(number=at, customer=customer, verdict=Verdict.UNKNOWN, reason=reason_of(error).value)


def _row(coupon: Coupon) -> tuple[str, ...]:
    count = coupon.redemption_count
    return (
        coupon.code,
        coupon.list_id or "",
        coupon.list_name or "",
        coupon.status.value,
        _time(coupon.issued_at),
        _time(coupon.expires_at),
        "" if count is None else str(count),
    )


def _time(moment: datetime | None) -> str:
    return "" if moment is None else moment.isoformat().replace("+00:00", "Z")


def _counted(rows: Iterator[dict[str, str]]) -> dict[str, int]:
    counts = {"customers": 0, "found": 0, "none": 0, "unknown": 0, "coupons": 0}
    last = ""
    for row in rows:
        counts["coupons"] += row["code"] != ""
        if row["number"] != last:
            last = row["number"]
            counts["customers"] += 1
            counts["found"] += row[VERDICT] == Verdict.FOUND
            counts["none"] += row[VERDICT] == Verdict.NONE
            counts["unknown"] += row[REASON] != ""
    return counts


def _unknown_rows(rows: Iterator[dict[str, str]], kind: str) -> Iterator[tuple[str, str]]:
    last = ""
    for row in rows:
        if row[REASON] and row["number"] != last:
            yield row[kind], row[REASON]
        last = row["number"]


def _coupon_rows(rows: Iterator[dict[str, str]], kind: str) -> Iterator[list[object]]:
    for row in rows:
        if row["code"]:
            yield [row[kind], *(row[name] or None for name in _COLUMNS)]


def _sync(path: Path) -> None:
    if path.exists():
        with path.open("rb+") as file:
            os.fsync(file.fileno())
