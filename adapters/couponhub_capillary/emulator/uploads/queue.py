"""The queue of upload jobs: one job of the organisation at a time, in steps, some time later."""

import itertools
import shutil
import tempfile
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import IO, Any

from couponhub.testing.emulation.context import Background
from couponhub_capillary.emulator.organisation import ORGANISATION_ID, Organisation
from couponhub_capillary.emulator.records import Series
from couponhub_capillary.emulator.uploads.code_file import BadFileError
from couponhub_capillary.emulator.uploads.jobs import NOT_TAGGED, ErrorReport, UploadJob, commit, validate

_NEXT = {"STARTED": "VALIDATED", "VALIDATED": "COMMITED", "COMMITED": "FINISHED"}
_STEPS = len(_NEXT)

# How long before `createdOn` the stored file's name says it came, in the newest sample.
_STORED_BEFORE = timedelta(milliseconds=119)


class Uploads:
    """Takes code files, works through them, and remembers every job.

    Attributes:
        delay: Real seconds from the turn of a job to its end.
    """

    def __init__(self, organisation: Organisation, background: Background, *, delay: float) -> None:
        self.delay = delay
        self._organisation = organisation
        self._background = background
        self._jobs: list[UploadJob] = []
        self._ids = itertools.count(222_696)
        self._waiting: list[UploadJob] = []
        self._busy = False
        self._stalled = False
        self._closed = False
        self._stored_ms = 0
        self._reports: dict[str, UploadJob] = {}

    def submit(
        self,
        series: Series,
        content: IO[bytes],
        *,
        file_name: str,
        identifier: str,
        customer_column: str | None,
    ) -> UploadJob:
        """Store a file and queue its job."""
        file = tempfile.TemporaryFile()  # noqa: SIM115 - lives until its job has ended
        shutil.copyfileobj(content, file)
        with self._organisation.lock:
            now = self._organisation.clock.now()
            # The stored name is the only link from an answer to its job: never the same one twice.
            self._stored_ms = max(self._stored_ms + 1, _milliseconds(now - _STORED_BEFORE))
            base = file_name.removesuffix(".csv")
            job = UploadJob(
                id=next(self._ids),
                series=series,
                identifier=identifier,
                customer_column=customer_column if identifier != NOT_TAGGED else None,
                file=file,
                file_name=file_name,
                stored_name=f"{base}_{self._stored_ms}_{series.id}.csv",
                created_on=now,
                updated_on=now,
                report=ErrorReport(tagged=identifier != NOT_TAGGED),
            )
            self._jobs.append(job)
            self._waiting.append(job)
            if self._closed:
                file.close()
            elif len(self._waiting) == 1:
                self._step_later()
        return job

    def jobs(self, series_id: int) -> Sequence[UploadJob]:
        """Every job of a series, ascending (C-44)."""
        return [job for job in self._jobs if job.series.id == series_id]

    def every(self) -> Sequence[UploadJob]:
        """Every job, ascending."""
        return self._jobs

    def error_file(self, key: str) -> bytes | None:
        """The error file of that key; None when there is none."""
        job = self._reports.get(key)
        return job.report.content() if job is not None else None

    def resume(self) -> None:
        """Go on with a job that stood still."""
        if self._stalled:
            self._stalled = False
            self._step_later()

    def close(self) -> None:
        """Forget the jobs that have not ended, and their files."""
        with self._organisation.lock:
            self._closed = True
            for job in self._waiting[1 if self._busy else 0 :]:
                job.file.close()

    def _step_later(self) -> None:
        self._background.later(self.delay / _STEPS, self._step)

    def _step(self) -> None:
        with self._organisation.lock:
            if self._closed:
                return
            if self._organisation.options.jobs_never_end:
                self._stalled = True
                return
            self._busy = True
            job = self._waiting[0]
        try:
            if job.status == "STARTED":
                validate(job)
            elif job.status == "VALIDATED":
                commit(job, self._organisation)
            status = _NEXT[job.status]
        except BadFileError:
            status = "ERRORED"
        with self._organisation.lock:
            self._busy = False
            self._move(job, status)
            if self._closed:
                job.file.close()
            elif self._waiting:
                self._step_later()

    def _move(self, job: UploadJob, status: str) -> None:
        now = self._organisation.clock.now()
        job.status, job.updated_on = status, now
        local = now.astimezone(self._organisation.options.server_zone)
        if status == "VALIDATED":
            stamp = f"{local:%Y%m%d}_{local:%H%M%S}{local.microsecond // 1000:03}"
            job.table_name = f"temp_{ORGANISATION_ID}_{stamp}"
        if status == "FINISHED" and job.refused:
            job.error_key = self._error_key(job, local)
            self._reports[job.error_key] = job
        if status in {"FINISHED", "ERRORED"}:
            self._waiting.remove(job)
            job.file.close()
            job.repeated_codes = job.repeated_customers = frozenset()

    def _error_key(self, job: UploadJob, at: datetime) -> str:
        while True:
            key = f"error_{ORGANISATION_ID}_{job.series.id}{at:%Y_%m_%d_%H_%M_%S}"
            if key not in self._reports:
                return key
            at += timedelta(seconds=1)


def job_object(job: UploadJob, organisation: Organisation, *, fresh: bool) -> dict[str, Any]:
    """A job as answers print it; `fresh` right after the upload, when its times still have milliseconds (C-36)."""
    options = organisation.options
    status = job.status
    if not options.middle_steps and status in {"VALIDATED", "COMMITED"}:
        status = "STARTED"
    if not fresh and options.running_word and job.status not in {"FINISHED", "ERRORED"}:
        status = options.running_word
    cut = 1 if fresh else 1000
    return {
        "jobId": job.id,
        "uploadStatus": status,
        "createdOn": str(_milliseconds(job.created_on) // cut * cut),
        "updatedOn": str(_milliseconds(job.updated_on) // cut * cut),
        "errorFileUrl": job.error_key,
        "successFileUrl": None,
        "uploadedFileUrl": job.stored_name,
        "totalUploadedCount": job.handled,
        "actualRowCount": job.row_count,
        "errorCount": job.refused,
        "uploadTableName": job.table_name,
        "uploadedFileName": job.file_name,
        "audienceGroupId": 0,
        "audienceGroupVersionId": 0,
    }


def _milliseconds(instant: datetime) -> int:
    return int(instant.timestamp() * 1000)
