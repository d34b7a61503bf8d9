"""The pages of jobs: every one, how one stands, and what somebody wants of it."""

import tempfile
from collections.abc import Generator, Iterator
from functools import partial
from pathlib import Path
from typing import BinaryIO

from couponhub.clock import utc_now
from couponhub.console.downloads import csv_download
from couponhub.console.job_view import (
    MIGRATION,
    JobLine,
    deliveries_of,
    line_of,
    name_of,
    open_wish,
    parts_of,
    quota_left,
    rows_a_minute,
    upload_of,
    waits_for_check,
)
from couponhub.console.migration_names import MigrationNames
from couponhub.console.pages import Page, PageRequest, Redirect, Shown, View
from couponhub.console.paging import AT_ONCE, PageOf, page_of, read_page, wanted_page
from couponhub.console.shared_looks import SharedLooks
from couponhub.console.whole_numbers import files_a_minute, whole_number
from couponhub.errors import NotFound, PermissionDenied
from couponhub.models import Job, JobStatus, Upload
from couponhub.server.ground import Ground
from couponhub.server.problems import Refusal
from couponhub.state import JobWish, Scope

_PARTS_AT_ONCE = 50
_PIECE = 64 * 1024
_LONGEST_NUMBER = 8
_SOON, _LATER = 2, 10
"""Seconds between two looks."""


class JobPages:
    """Shows and steers jobs through the hub.

    Args:
        ground: What all answers rest on.
    """

    def __init__(self, ground: Ground) -> None:
        self._hub = ground.hub
        self._driving = ground.driving
        self._names = MigrationNames(ground.hub)
        self._looks: SharedLooks[PageOf[JobLine]] = SharedLooks()

    def pages(self) -> Iterator[Page]:
        """The pages."""
        read = partial(Page, method="GET", scope=Scope.LISTS_READ)
        yield read(name="jobs", path="/jobs", run=self._all, entry="menu.jobs")
        yield read(name="job", path="/jobs/{job_id}", run=self._one)
        yield read(name="part_of_job", path="/jobs/{job_id}/parts/{number}", run=self._part)
        yield Page(
            name="look_at_job",
            method="POST",
            path="/jobs/{job_id}/look",
            run=self._look,
            scope=Scope.LISTS_READ,
        )
        yield Page(
            name="rows_of_job",
            method="POST",
            path="/jobs/{job_id}/rows",
            run=self._rows,
            scope=Scope.CODES_REVEAL,
        )
        steer = partial(Page, scope=Scope.JOBS_WRITE)
        yield steer(name="pause_job", method="POST", path="/jobs/{job_id}/pause", run=self._pause)
        yield steer(name="resume_job", method="POST", path="/jobs/{job_id}/resume", run=self._resume)
        yield steer(name="throttle_job", method="POST", path="/jobs/{job_id}/throttle", run=self._throttle)
        yield steer(name="cancel_job", method="GET", path="/jobs/{job_id}/cancel", run=self._about_to_cancel)
        yield steer(name="cancelling_job", method="POST", path="/jobs/{job_id}/cancel", run=self._cancel)

    def _all(self, call: PageRequest) -> Shown:
        word = call.query.get("status", "")
        status = JobStatus(word) if word in set(JobStatus) else None
        wanted = wanted_page(call.query)
        found = self._looks.look((status, wanted), lambda: self._lines(status, wanted))
        return View(
            template="jobs.html",
            values={
                "found": found,
                "status": "" if status is None else status.value,
                "statuses": [one.value for one in JobStatus],
            },
            drawn_from=found,
        )

    def _lines(self, status: JobStatus | None, wanted: int) -> PageOf[JobLine]:
        def read(number: int) -> tuple[list[JobLine], int]:
            jobs, total = self._hub.jobs.page(number, status=status, at_once=AT_ONCE)
            return [line_of(self._hub, job, self._names) for job in jobs], total

        return read_page(read, wanted)

    def _one(self, call: PageRequest) -> Shown:
        job = self._job(call)
        if job.kind == MIGRATION:
            return Redirect(f"/migrations/{job.id}")
        upload = upload_of(self._hub, job, fetches=True)
        wish = open_wish(self._hub, job)
        parts = () if upload is None else tuple(parts_of(job, upload))
        deliveries = tuple(deliveries_of(self._hub, job))
        moves = not job.status.ended or (upload is not None and not upload.status.ended)
        return View(
            template="job.html",
            values={
                "job": job,
                "line": line_of(self._hub, job),
                "upload": upload,
                "left": {} if job.status.ended else quota_left(self._hub, job),
                "waits": waits_for_check(job),
                "is_pausing": wish is JobWish.PAUSE,
                "is_cancelling": wish is JobWish.CANCEL,
                "rate": None if upload is None else _rate_of(upload),
                "parts": page_of(parts, call.query, at_once=_PARTS_AT_ONCE),
                "deliveries": deliveries,
                # A message that has not arrived can take days.
                "every": _SOON if moves else _LATER if any(one.is_open for one in deliveries) else 0,
            },
        )

    def _part(self, call: PageRequest) -> Shown:
        """Show all that is known of a part: more than stands in the list of them."""
        job, upload = self._upload(call)
        number = whole_number(call.path["number"], digits=_LONGEST_NUMBER - 1) or 0
        found = next((one for one in parts_of(job, upload) if one.number == number), None)
        if found is None:
            raise NotFound(f"upload {job.id} has no such part", hint=f"it has {len(upload.parts)}")
        return View(
            template="part.html",
            values={
                "job": job,
                "line": line_of(self._hub, job),
                "upload": upload,
                "one": found,
                "fetches": page_of((found.part.fetches or ())[::-1], call.query),
            },
        )

    def _look(self, call: PageRequest) -> Shown:
        """Have the vendor asked: what is shown else was last seen by whoever drives the job."""
        job, upload = self._upload(call)
        self._hub[job.connection].uploads.show(upload.list_id, upload.id)
        return Redirect(f"/jobs/{job.id}")

    def _rows(self, call: PageRequest) -> Shown:
        if not call.may(Scope.LISTS_READ):
            raise Refusal(PermissionDenied(f"this takes the right {Scope.LISTS_READ.value}, too"), 403)
        job, _ = self._upload(call)
        folder = tempfile.TemporaryDirectory(prefix="couponhub-rows-")
        try:
            out = Path(folder.name) / "rows.csv"
            self._hub[job.connection].uploads.report(job.id, out)
            file = out.open("rb")
        except BaseException:
            folder.cleanup()
            raise
        return csv_download(_streamed(file, folder), job.id)

    def _pause(self, call: PageRequest) -> Shown:
        job = self._hub.jobs.pause(self._job(call).id)
        self._looks.forget()
        return Redirect(f"/jobs/{job.id}")

    def _resume(self, call: PageRequest) -> Shown:
        job = self._hub.jobs.proceed(self._job(call).id)
        self._wake()
        return Redirect(f"/jobs/{job.id}")

    def _throttle(self, call: PageRequest) -> Shown:
        per_minute = files_a_minute(call.form, digits=_LONGEST_NUMBER - 1)
        job = self._hub.jobs.throttle(self._job(call).id, per_minute)
        self._wake()
        return Redirect(f"/jobs/{job.id}")

    def _wake(self) -> None:
        self._looks.forget()
        self._driving.wake()

    def _about_to_cancel(self, call: PageRequest) -> Shown:
        job = self._job(call)
        return self._cancel_form(job, is_wrong=False)

    def _cancel(self, call: PageRequest) -> Shown:
        job = self._job(call)
        name = name_of(job, upload_of(self._hub, job))
        if call.form.get("confirm", "").strip() != name.strip():
            return self._cancel_form(job, is_wrong=True)
        self._hub.jobs.cancel(job.id)
        self._wake()  # somebody has to see to its end
        return Redirect(f"/jobs/{job.id}")

    def _cancel_form(self, job: Job, *, is_wrong: bool) -> View:
        values = {"job": job, "line": line_of(self._hub, job), "is_wrong": is_wrong}
        return View(template="cancel.html", values=values)

    def _job(self, call: PageRequest) -> Job:
        return self._hub.jobs.get(call.path["job_id"])

    def _upload(self, call: PageRequest) -> tuple[Job, Upload]:
        job = self._job(call)
        upload = upload_of(self._hub, job, fetches=True)
        if upload is None:
            raise NotFound(f"job {job.id} is no upload of which something is kept")
        return job, upload


def _rate_of(upload: Upload) -> int | None:
    went = (upload.accepted or 0) + (upload.rejected or 0)
    return rows_a_minute(went, upload.created_at, upload.updated_at if upload.status.ended else utc_now())


def _streamed(file: BinaryIO, folder: tempfile.TemporaryDirectory[str]) -> Generator[bytes]:
    """Give a file piece by piece, and remove its folder when all was given, or when its reader went away."""
    with folder, file:
        while piece := file.read(_PIECE):
            yield piece
