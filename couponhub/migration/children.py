"""The uploads of a migration: each batch is one, whose id is known before it is begun."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import count

import attrs

from couponhub.clock import Clock
from couponhub.errors import LocalError
from couponhub.jobs import HubJobs
from couponhub.migration.code_files import lines_of
from couponhub.models import Job, JobId, JobStatus, ListId, MigrationBatch, Tagging, Upload, UploadId
from couponhub.state import JobFiles, JobStore, TextCodeSet
from couponhub.uploads import Uploads, begin_upload, upload_id_of
from couponhub.uploads.steps import PREPARE, SUBMIT

_MINUTE = timedelta(minutes=1)


def batch_file(number: int) -> str:
    """Return the name under which the codes of a batch are kept."""
    return f"batch-{number}.csv"


@attrs.frozen(kw_only=True)
class BatchCounts:
    """The fate of the codes of a batch: rows is the sum of the others.

    Attributes:
        skipped: Sent to the list before, by others.
        waiting: Not sent yet, or not ended by the vendor.
        unknown: Nobody can tell.
        forgotten: Of customers who were forgotten before it was sent: it stays where it is.
    """

    rows: int
    accepted: int
    rejected: int
    skipped: int
    waiting: int
    unknown: int
    forgotten: int = 0


@attrs.frozen(kw_only=True)
class BatchUploads:
    """The uploads of one migration. An upload that cannot go on is followed by another one, of the codes that are left.

    Attributes:
        migration: The job that drives them.
        uploads: Those of the target.
        jobs: Drives them.
        store: The jobs as they are written down.
        files: Where the codes of the batches are kept.
    """

    migration: JobId
    uploads: Uploads
    jobs: HubJobs
    store: JobStore
    files: JobFiles
    clock: Clock

    def ids(self, batch: int) -> Iterator[UploadId]:
        """Give the ids of the uploads that a batch may have had, in their order, without an end."""
        return (upload_id_of(self.migration, str(batch), str(attempt)) for attempt in count(1))

    def begun(self, batch: int) -> list[UploadId]:
        """Return the ids of the uploads of a batch that were begun."""
        found: list[UploadId] = []
        for upload_id in self.ids(batch):
            if self.store.get(JobId(upload_id)) is None:
                return found
            found.append(upload_id)
        return found

    def forgotten(self, batch: MigrationBatch) -> int:
        """Count the codes of a batch whose customers were forgotten since it was planned, whether they were sent or not."""
        source = self.files.path(self.migration, batch_file(batch.number))
        if batch.identifier is None or source is None:
            return 0
        # No code and no customer has a line break, and whoever looks at the progress need not read cells.
        return max(0, batch.rows - max(0, lines_of(TextCodeSet(source)) - 1))

    def current(self, batch: MigrationBatch, list_id: ListId, name: str) -> Job | None:
        """Return the job of the upload that sends a batch, begun now unless one is there that can go on or is done.

        Returns:
            None when all that is left of it was for customers who were forgotten.

        Raises:
            CouponhubError: The codes cannot be sent; nothing was sent then.
        """
        for upload_id in self.ids(batch.number):
            found = self.store.get(JobId(upload_id))
            if found is None:
                source = self.files.path(self.migration, batch_file(batch.number))
                if source is None:
                    raise LocalError(
                        f"the codes of batch {batch.number} of {self.migration} are not kept any more",
                        hint="plan the migration anew: what was sent is left out then",
                    )
                if self.forgotten(batch) == batch.rows:
                    return None
                tagging = None if batch.identifier is None else Tagging(identifier=batch.identifier)
                begin_upload(
                    self.uploads,
                    upload_id,
                    list_id,
                    source,
                    name=name,
                    tagging=tagging,
                    accepts_ruined=True,
                    parent=self.migration,
                )
            elif found.status in {JobStatus.FAILED, JobStatus.CANCELLED}:
                continue
            return self.jobs.get(upload_id)
        raise AssertionError

    def drive(
        self,
        job: Job,
        *,
        stops: Callable[[], bool],
        per_minute: Callable[[], int | None],
        early: bool = False,
    ) -> Job:
        """Take an upload as far as it goes now; see `HubJobs.drive`.

        Args:
            job: Of the upload.
            stops: Asked before each of its steps.
            per_minute: Tells before each step how many files may go in a minute; None for as many as the limits allow.
            early: Try also what is to be tried later.
        """
        if job.status.ended:
            return job
        return self.jobs.drive(
            job.id,
            stops=stops,
            holds=lambda: self.free_at(JobId(job.id), per_minute()) is not None,
            early=early,
        )

    def free_at(self, job_id: JobId, per_minute: int | None) -> datetime | None:
        """Return when the next file may go, where a throttle holds it back now; None when nothing does."""
        record = None if per_minute is None else self.store.get(job_id)
        step = None if record is None else record.next_step
        if record is None or step is None or step.kind != SUBMIT or per_minute is None:
            return None
        now = self.clock.now()
        # What lies ahead was written down by a clock that was set back since.
        lately = sorted(at for at in self._submitted() if now - _MINUTE < at <= now)
        return None if len(lately) < per_minute else lately[-per_minute] + _MINUTE

    def _submitted(self) -> Iterator[datetime]:
        """Give the moments at which the files of all batches went out."""
        for batch in count(1):
            uploads = self.begun(batch)
            if not uploads:
                return
            for record in filter(None, (self.store.get(JobId(one)) for one in uploads)):
                for step in record.steps:
                    if step.kind == SUBMIT and step.status is JobStatus.DONE and step.updated_at is not None:
                        yield step.updated_at

    def accepted(self, batch: MigrationBatch) -> int:
        """Count the codes of a batch that the vendor has taken, as `counts` does; no file is read for it."""
        return sum(one.accepted or 0 for one in self._uploads(batch))

    def _uploads(self, batch: MigrationBatch) -> list[Upload]:
        return [found for one in self.begun(batch.number) if (found := self.uploads.find(one)) is not None]

    def counts(self, batch: MigrationBatch) -> BatchCounts:
        """Return what became of the codes of a batch, as it was last known; no vendor is asked."""
        known = self._uploads(batch)
        accepted, rejected = (
            sum(getattr(one, name) or 0 for one in known) for name in ("accepted", "rejected")
        )
        skipped = _before_us(known)
        unknown = min(batch.rows, sum(one.unknown or 0 for one in known))
        rest = max(0, batch.rows - accepted - rejected - skipped - unknown)
        forgotten = min(rest, self.forgotten(batch)) if rest else 0
        return BatchCounts(
            rows=batch.rows,
            accepted=accepted,
            rejected=rejected,
            skipped=skipped,
            waiting=rest - forgotten,
            unknown=batch.rows - accepted - rejected - skipped - rest,
            forgotten=forgotten,
        )


def was_never_prepared(upload: Job) -> bool:
    """Return True for an upload of which a killed process left nothing to go on with, and of which nothing was sent."""
    return any(step.kind == PREPARE and step.status is JobStatus.FAILED for step in upload.steps)


def _before_us(uploads: list[Upload]) -> int:
    """Count the codes that others had sent to the list when the first upload of a batch was prepared."""
    return next((upload.skipped or 0 for upload in uploads), 0)
