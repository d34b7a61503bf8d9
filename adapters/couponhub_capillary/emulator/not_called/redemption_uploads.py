"""Uploads of redemptions that happened elsewhere: their jobs and their two paths (C-78)."""

import io
import itertools
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import attrs
from werkzeug.wrappers import Request

from couponhub.testing.emulation.context import Background
from couponhub.testing.emulation.routes import Route
from couponhub_capillary.emulator.answers import Reply, upload_error
from couponhub_capillary.emulator.dates import midnight
from couponhub_capillary.emulator.not_called.redemption_file import (
    COUPON_IDENTIFIERS,
    CUSTOMER_IDENTIFIERS,
    RedemptionColumns,
    RedemptionIntake,
    columns_from,
)
from couponhub_capillary.emulator.organisation import ORGANISATION_ID, Organisation
from couponhub_capillary.emulator.records import Series
from couponhub_capillary.emulator.routing import (
    Arguments,
    Operation,
    rule,
    series_id_of,
    upload_reply,
)
from couponhub_capillary.emulator.uploads.code_file import BadFileError, check_text, read_rows, value_at
from couponhub_capillary.emulator.uploads.jobs import ErrorReport, batches

_JOBS = "redeemUploadJobStatuses"


@attrs.define(kw_only=True, eq=False)
class RedemptionJob:
    """One file of redemptions; counts are filled in when it is worked through.

    Attributes:
        content: The file; empty once the job has ended.
    """

    id: int
    series: Series
    columns: RedemptionColumns
    content: bytes
    stored_name: str
    created_on: datetime
    updated_on: datetime
    status: str = "QUEUED"
    row_count: int = 0
    report: ErrorReport = attrs.field(factory=lambda: ErrorReport(tagged=True))
    table_name: str | None = None
    error_key: str | None = None


class RedemptionUploads:
    """Takes files of redemptions, works through them, and remembers every job.

    Attributes:
        delay: Real seconds from an upload to the end of its job.
    """

    def __init__(self, organisation: Organisation, background: Background, *, delay: float) -> None:
        self.delay = delay
        self._organisation = organisation
        self._background = background
        self._jobs: list[RedemptionJob] = []
        self._stalled: list[RedemptionJob] = []
        self._ids = itertools.count(9_137)

    def rules(self) -> list[Route[Operation]]:
        """Let the two paths be answered."""
        path = "/coupon/api/v1/upload"
        return [
            rule("POST", f"{path}/redeemFile/<series_id>", "coupon-write", self._upload),
            rule("GET", f"{path}/getUploadRedeemedCouponStatus/<series_id>", "coupon-read", self._statuses),
        ]

    def every(self) -> Sequence[RedemptionJob]:
        """Every job, ascending."""
        return self._jobs

    def error_file(self, key: str) -> bytes | None:
        """The error file of that key; None when there is none."""
        job = next((job for job in self._jobs if job.error_key == key), None)
        return job.report.content() if job is not None else None

    def resume(self) -> None:
        """Go on with the jobs that stood still."""
        stalled, self._stalled = self._stalled, []
        for job in stalled:
            self._work_later(job)

    def _upload(self, request: Request, arguments: Arguments) -> Reply:
        with request:  # closes the files that came with it, also those of a refused one
            wrong = upload_error(400, "Incorrect or invalid input.")
            file = request.files.get("file") if request.mimetype == "multipart/form-data" else None
            columns = columns_from(request.form.get("uploadHeaders", ""))
            if (
                file is None
                or not file.filename
                or columns is None
                or request.form.get("customerIdentifier") not in CUSTOMER_IDENTIFIERS
                or request.form.get("couponIdentifier") not in COUPON_IDENTIFIERS
            ):
                raise wrong
            series_id = series_id_of(arguments)
            content = file.stream.read()
            with self._organisation.lock:
                series = self._organisation.series.get(series_id)
                if series is None:  # C-43
                    raise wrong
                job = self._queue(series, columns, content, file.filename)
                shown = self._job_object(job, fresh=True)
        return upload_reply(series_id, {_JOBS: [shown], "fileName": job.stored_name})

    def _statuses(self, _: Request, arguments: Arguments) -> Reply:
        series_id = series_id_of(arguments)
        with self._organisation.lock:
            jobs = [self._job_object(job, fresh=False) for job in self._jobs if job.series.id == series_id]
        return upload_reply(series_id, {_JOBS: jobs})

    def _queue(
        self, series: Series, columns: RedemptionColumns, content: bytes, file_name: str
    ) -> RedemptionJob:
        now = self._organisation.clock.now()
        job_id = next(self._ids)
        job = RedemptionJob(
            id=job_id,
            series=series,
            columns=columns,
            content=content,
            stored_name=f"{file_name.removesuffix('.csv')}_{_milliseconds(now)}_{series.id}.csv",
            created_on=now,
            updated_on=now,
        )
        self._jobs.append(job)
        self._work_later(job)
        return job

    def _work_later(self, job: RedemptionJob) -> None:
        self._background.later(self.delay, lambda: self._work(job))

    def _work(self, job: RedemptionJob) -> None:
        with self._organisation.lock:
            if self._organisation.options.jobs_never_end:
                self._stalled.append(job)
                return
        try:
            self._take_in(job)
            status = "COMPLETED"
        except BadFileError:
            status = "ERRORED"  # the word that code files have (inferred)
        with self._organisation.lock:
            self._end(job, status)

    def _take_in(self, job: RedemptionJob) -> None:
        file = io.BytesIO(job.content)
        check_text(file)
        rows = itertools.islice(read_rows(file), 1, None)
        intake = RedemptionIntake(self._organisation, job.series, job.columns)
        for batch in batches(rows):
            with self._organisation.lock:
                for row in batch:
                    refusal = intake.take(row)
                    if refusal is not None:
                        job.report.refuse(refusal, value_at(row, job.columns.coupon), intake.customer(row))
                job.row_count += len(batch)

    def _end(self, job: RedemptionJob, status: str) -> None:
        now = self._organisation.clock.now()
        job.status, job.updated_on, job.content = status, now, b""
        local = now.astimezone(self._organisation.options.server_zone)
        stamp = f"{local:%Y%m%d}_{local:%H%M%S}{local.microsecond // 1000:03}"
        job.table_name = f"temp_redemption_upload_{ORGANISATION_ID}_{stamp}"
        while job.report.rows and job.error_key is None:
            key = f"error_redemption_upload_{ORGANISATION_ID}_{job.series.id}{local:%Y_%m_%d_%H_%M_%S}"
            job.error_key = key if all(key != other.error_key for other in self._jobs) else None
            local += timedelta(seconds=1)

    def _job_object(self, job: RedemptionJob, *, fresh: bool) -> dict[str, Any]:
        """A job; its times are cut to the server's midnight once it is read again."""
        zone = self._organisation.options.server_zone
        created, updated = (
            at if fresh else midnight(at.astimezone(zone).date(), zone)
            for at in (job.created_on, job.updated_on)
        )
        return {
            "jobId": job.id,
            "uploadRedeemedCouponStatus": job.status,
            "createdOn": str(_milliseconds(created)),
            "updatedOn": str(_milliseconds(updated)),
            "errorFileUrl": job.error_key,
            "successFileUrl": None,
            "uploadedFileUrl": job.stored_name,
            "totalUploadedCount": job.row_count,
            "actualRowCount": job.row_count,
            "errorCount": job.report.rows,
            "uploadTableName": job.table_name,
            "uploadedFileName": job.stored_name,
        }


def _milliseconds(instant: datetime) -> int:
    return int(instant.timestamp() * 1000)
