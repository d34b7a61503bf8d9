"""The pages of a migration: how it stands, what is proven of it, what is left to do, and what somebody decides."""

from collections.abc import Iterator
from functools import partial

from couponhub.clock import utc_now
from couponhub.console.job_view import MIGRATION, open_wish, rows_a_minute
from couponhub.console.migration_tasks import LongTask, LongTasks
from couponhub.console.migration_view import Proven, conditions_of, picture_of, proven_of, target_name
from couponhub.console.pages import Page, PageRequest, Redirect, Shown, View
from couponhub.console.paging import page_of
from couponhub.console.whole_numbers import files_a_minute
from couponhub.errors import NotFound
from couponhub.migration.run_log import CUT_OVER
from couponhub.models import MigrationPhase, MigrationReport, MigrationStatus
from couponhub.server.ground import Ground
from couponhub.state import JobWish, Scope

_PARTS_AT_ONCE = 50
_SAMPLE = 1000
"""Customers, and codes, that a proof begun on a page asks about: as many as the command line's."""
_WINDOWS = ("7d", "1d", "3d", "14d", "30d")
_VERIFY, _ROLL_BACK = "verify", "roll back"
_AT = "/migrations/{migration_id}"


class MigrationPages:
    """Shows and steers migrations through the hub.

    Args:
        ground: What all answers rest on.
    """

    def __init__(self, ground: Ground) -> None:
        self._hub = ground.hub
        self._tasks = LongTasks()

    def pages(self) -> Iterator[Page]:
        """The pages."""
        read = partial(Page, method="GET", scope=Scope.LISTS_READ)
        yield read(name="migration", path=_AT, run=self._one)
        yield read(name="proof_of_migration", path=f"{_AT}/proof", run=self._proof)
        steer = partial(Page, method="POST", scope=Scope.JOBS_WRITE)
        yield steer(name="throttle_migration", path=f"{_AT}/throttle", run=self._throttle)
        yield steer(name="verify_migration", path=f"{_AT}/verify", run=self._verify)
        for word, run in (("cutover", self._cut_over), ("rollback", self._roll_back)):
            ask = partial(self._asked, word)
            yield steer(name=f"asked_{word}", method="GET", path=f"{_AT}/{word}", run=ask)
            yield steer(name=word, path=f"{_AT}/{word}", run=run)

    def _one(self, call: PageRequest) -> Shown:
        report = self._report(call)
        status = report.status
        proof = status.proof
        begun = status.events[0].at if status.events else None
        comparing = self._compared(report)
        leading_back = self._led_back(status)
        wish = open_wish(self._hub, self._hub.jobs.get(status.job_id))
        return View(
            template="migration.html",
            values={
                "report": report,
                "plan": report.plan,
                "status": status,
                "proof": proof,
                "classes": () if proof is None else proven_of(proof).classes,
                "picture": partial(picture_of, report),
                "conditions": conditions_of(report, asks_target=self._asks(report), now=utc_now()),
                "parts": page_of(report.parts, call.query, at_once=_PARTS_AT_ONCE),
                "rate": None if status.job_status.ended else rows_a_minute(status.sent, begun, utc_now()),
                "comparing": comparing,
                "leading_back": leading_back,
                "is_pausing": wish is JobWish.PAUSE,
                "is_cancelling": wish is JobWish.CANCEL,
                "moves": not status.job_status.ended
                or any(task is not None and task.is_under_way for task in (comparing, leading_back)),
            },
        )

    def _throttle(self, call: PageRequest) -> Shown:
        migration_id = self._id(call)
        self._hub.migrations.throttle(migration_id, files_a_minute(call.form, digits=6))
        return Redirect(f"/migrations/{migration_id}")

    def _verify(self, call: PageRequest) -> Shown:
        migration_id = self._id(call)

        def compare() -> Proven:
            return proven_of(self._hub.migrations.verify(migration_id, sample=_SAMPLE))

        self._tasks.begin(migration_id, _VERIFY, compare)
        return Redirect(f"/migrations/{migration_id}/proof")

    def _proof(self, call: PageRequest) -> Shown:
        """Show the last comparison: with the codes that it names where it was made here, without them where elsewhere."""
        report = self._report(call)
        task, known = self._compared(report), report.status.proof
        found = None if task is None else task.found
        proven = found if isinstance(found, Proven) else None
        # Somebody may have compared elsewhere since.
        if known is not None and (proven is None or known.at > proven.proof.at):
            proven = proven_of(known)
        return View(template="proof.html", values={"plan": report.plan, "task": task, "proven": proven})

    def _asked(self, word: str, call: PageRequest) -> Shown:
        return self._decision(word, self._report(call))

    def _decision(self, word: str, report: MigrationReport, *, is_wrong: bool = False) -> View:
        values = {
            "word": word,
            "report": report,
            "plan": report.plan,
            "name": target_name(report),
            "conditions": conditions_of(report, asks_target=self._asks(report), now=utc_now()),
            "windows": _WINDOWS,
            "is_wrong": is_wrong,
        }
        return View(template="decide.html", values=values)

    def _cut_over(self, call: PageRequest) -> Shown:
        report = self._report(call)
        if not _is_named(report, call):
            return self._decision("cutover", report, is_wrong=True)
        self._hub.migrations.cut_over(report.plan.id, window=call.form.get("window") or _WINDOWS[0])
        return Redirect(f"/migrations/{report.plan.id}")

    def _roll_back(self, call: PageRequest) -> Shown:
        """Lead back; which codes were handed out meanwhile is looked up beside the request, for it may take minutes."""
        report = self._report(call)
        if not _is_named(report, call):
            return self._decision("rollback", report, is_wrong=True)
        migration_id = report.plan.id
        if report.status.phase is MigrationPhase.ROLLED_BACK and self._led_back(report.status) is not None:
            # A form that is sent twice, or late: what was found the first time stays to be read.
            return Redirect(f"/migrations/{migration_id}")
        self._tasks.begin(migration_id, _ROLL_BACK, partial(self._hub.migrations.roll_back, migration_id))
        return Redirect(f"/migrations/{migration_id}")

    def _compared(self, report: MigrationReport) -> LongTask | None:
        """Return the last comparison that was made here; not one that broke off before somebody compared elsewhere."""
        task, known = self._tasks.last(report.plan.id, _VERIFY), report.status.proof
        if task is None or task.error is None or task.ended_at is None or known is None:
            return task
        return None if known.at > task.ended_at else task

    def _led_back(self, status: MigrationStatus) -> LongTask | None:
        """Return how it was last led back here; nothing once it was cut over again, for then that is about another time."""
        task = self._tasks.last(status.id, _ROLL_BACK)
        cut_over = max((event.at for event in status.events if event.kind == CUT_OVER), default=None)
        return None if task is None or (cut_over is not None and cut_over > task.began_at) else task

    def _asks(self, report: MigrationReport) -> bool:
        """Tell whether lookups ask the target at all."""
        target = report.plan.target.connection
        return any(
            one.connection == target and one.lookup_place is not None for one in self._hub.connections()
        )

    def _report(self, call: PageRequest) -> MigrationReport:
        return self._hub.migrations.report(self._id(call))

    def _id(self, call: PageRequest) -> str:
        """Return the migration that an address names: of one that has no job here, the hub would look for a file."""
        job = self._hub.jobs.get(call.path["migration_id"])
        if job.kind != MIGRATION:
            raise NotFound(f"job {job.id} is no migration")
        return job.id


def _is_named(report: MigrationReport, call: PageRequest) -> bool:
    return call.form.get("confirm", "").strip() == target_name(report)
