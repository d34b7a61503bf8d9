"""The page of a migration: how it stands, what is proven of it, and what is left to do."""

from collections.abc import Iterator
from functools import partial

from couponhub.clock import utc_now
from couponhub.console.job_view import MIGRATION
from couponhub.console.migration_view import classes_of, conditions_of, picture_of
from couponhub.console.pages import Page, PageRequest, Redirect, Shown, View
from couponhub.console.paging import page_of
from couponhub.errors import NotFound, UsageError
from couponhub.models import MigrationReport
from couponhub.server.ground import Ground
from couponhub.state import Scope

_PARTS_AT_ONCE = 50
_SAMPLE = 100
"""Customers, and codes, that a proof begun on a page asks about: somebody waits for it."""


class MigrationPages:
    """Shows and steers migrations through the hub.

    Args:
        ground: What all answers rest on.
    """

    def __init__(self, ground: Ground) -> None:
        self._hub = ground.hub

    def pages(self) -> Iterator[Page]:
        """The pages."""
        yield Page(
            name="migration",
            method="GET",
            path="/migrations/{migration_id}",
            run=self._one,
            scope=Scope.LISTS_READ,
        )
        steer = partial(Page, method="POST", scope=Scope.JOBS_WRITE)
        yield steer(name="throttle_migration", path="/migrations/{migration_id}/throttle", run=self._throttle)
        yield steer(name="verify_migration", path="/migrations/{migration_id}/verify", run=self._verify)

    def _one(self, call: PageRequest) -> Shown:
        report = self._hub.migrations.report(self._id(call))
        status = report.status
        proof = status.proof
        return View(
            template="migration.html",
            values={
                "report": report,
                "plan": report.plan,
                "status": status,
                "proof": proof,
                "classes": () if proof is None else tuple(classes_of(proof)),
                "picture": picture_of(report),
                "conditions": conditions_of(report, asks_target=self._asks(report), now=utc_now()),
                "parts": page_of(report.parts, call.query, at_once=_PARTS_AT_ONCE),
            },
        )

    def _throttle(self, call: PageRequest) -> Shown:
        migration_id = self._id(call)
        text = call.form.get("per_minute", "").strip()
        if text and not (text.isascii() and text.isdigit() and len(text) < len("1000000")):
            raise UsageError("files a minute: expected a whole number, or nothing for no limit of yours")
        self._hub.migrations.throttle(migration_id, int(text) if text else None)
        return Redirect(f"/migrations/{migration_id}")

    def _verify(self, call: PageRequest) -> Shown:
        proof = self._hub.migrations.verify(self._id(call), sample=_SAMPLE)
        return View(template="proof.html", values={"proof": proof, "classes": tuple(classes_of(proof))})

    def _asks(self, report: MigrationReport) -> bool:
        """Tell whether lookups ask the target at all."""
        target = report.plan.target.connection
        return any(
            one.connection == target and one.lookup_place is not None for one in self._hub.connections()
        )

    def _id(self, call: PageRequest) -> str:
        """Return the migration that an address names: of one that has no job here, the hub would look for a file."""
        job = self._hub.jobs.get(call.path["migration_id"])
        if job.kind != MIGRATION:
            raise NotFound(f"job {job.id} is no migration")
        return job.id
