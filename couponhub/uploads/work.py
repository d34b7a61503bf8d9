"""The work of one upload: each kind of step in one place, whoever drives the job."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack, suppress
from datetime import timedelta

import attrs

from couponhub.clock import Deadline
from couponhub.errors import CouponhubError, LocalError, VendorError, WaitTimeout
from couponhub.jobs import Handler, ends_job
from couponhub.models import FileUrl, JobStatus, Upload, UploadStatus
from couponhub.protocols import AcceptsFiles, AcceptsFileUrls
from couponhub.state import JobRecord, Ledger, Stage, StepRecord, UploadRecord
from couponhub.uploads.callback_urls import CallbackUrls
from couponhub.uploads.completion_wait import CompletionWait, arrived_parts_ended, has_ended
from couponhub.uploads.events import EventKind, Progress, UploadEvent, no_progress
from couponhub.uploads.fetches import learned, told_of, with_fetches
from couponhub.uploads.list_lock import list_lock
from couponhub.uploads.names import part_name
from couponhub.uploads.polling import STRAY_REFUSALS, Poller
from couponhub.uploads.rate_limit_wait import RateLimitWait
from couponhub.uploads.reconciling import Reconciler
from couponhub.uploads.request import PreparedSource
from couponhub.uploads.resend_check import SEND_AGAIN, ResendCheck
from couponhub.uploads.served_files import ServedFiles
from couponhub.uploads.steps import (
    PREPARE,
    RECONCILE,
    SUBMIT,
    WATCH,
    done,
    part_number,
    pending,
    without_rest,
)
from couponhub.uploads.submission import SubmitCall, Submitter, file_call, show_command, url_call
from couponhub.uploads.summary import is_half_sent, upload_of

_FIRST_LOOK, _LONGEST_LOOK = 5.0, 600.0
_LONGEST_STAY = 3600.0
"""Seconds for which a driver without a timeout serves files to a vendor that ends nothing: other jobs wait for it."""
_NOT_FETCHED = "the vendor failed it while nobody served its file: it is sent once more"


@attrs.define(kw_only=True)
class UploadWork:
    """The steps of one upload, as long as its job is driven. See `couponhub.jobs.Work`.

    Attributes:
        upload: As last known; not written down yet while it is prepared.
        source: None for whoever goes on with what another process has prepared.
        files: Those that the vendor may fetch from here, as long as this lasts.
        callback: Where the vendor is to report; None for nowhere.
        sending: Holds the right to send to the list.
        prepared: Called when the upload is written down whole.
        is_refused: True once a part was not sent.
    """

    upload: UploadRecord
    source: PreparedSource | None
    adapter: AcceptsFiles | AcceptsFileUrls
    ledger: Ledger
    files: ServedFiles
    callback_urls: CallbackUrls
    submitter: Submitter
    resend_check: ResendCheck
    reconciler: Reconciler
    poller: Poller
    rate_limit_wait: RateLimitWait
    progress: Progress
    callback: str | None
    sending: ExitStack = attrs.field(factory=ExitStack)
    prepared: Callable[[], None] = lambda: None
    is_refused: bool = False
    _may_send: bool = False
    _stops: Callable[[], bool] = lambda: False

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """See `Work.handlers`."""
        return {
            PREPARE: self._prepare,
            SUBMIT: self._submit,
            WATCH: self._watch,
            RECONCILE: self._reconcile,
        }

    def cancelled(self, job: JobRecord, why: str, *, status: JobStatus) -> Sequence[StepRecord]:
        """See `Work.cancelled`."""
        return without_rest(job, self.upload, why, status)

    @property
    def has_sent(self) -> bool:
        """True when the vendor may have any part."""
        return any(part.maybe_sent for part in self.upload.parts)

    def heed(self, stops: Callable[[], bool]) -> None:
        """See `Work.heed`."""
        self._stops = stops

    def wind_down(self, trouble: CouponhubError | None) -> None:
        """See `Work.wind_down`: what was staged and has arrived is served until the vendor has ended it."""
        self.sending.close()
        if trouble is None and self.files and is_half_sent(self.upload):
            # Somebody holds the next part back: what went before it is still to be fetched.
            stays = Deadline.after(_LONGEST_STAY, self.rate_limit_wait.clock)
            with suppress(CouponhubError):
                self._wait(
                    lambda one: arrived_parts_ended(one) or stays.passed() or self._stops(), sending=True
                )
        if trouble is not None and self.is_refused:
            with suppress(LocalError):
                # What became of each part; if even this cannot be read, `trouble` says why.
                self.upload = self.ledger.find(self.upload.id) or self.upload
            if self.files:
                with suppress(CouponhubError):
                    # What was not sent has not failed while its job may go on.
                    self._wait(arrived_parts_ended, sending=not ends_job(trouble))

    def learned(self, job: JobRecord) -> Sequence[StepRecord]:
        """See `Work.learned`: of what was staged here, when it was fetched."""
        numbers = (part.number for part in self.upload.parts)
        return [step for number in numbers for step in learned(job, number, self.files.fetches(number))]

    def stage(self) -> None:
        """Give the files of a new upload their addresses, before anything is written down."""
        for number, file in enumerate(self.source.files if self.source else (), start=1):
            self.upload = self.files.put(self.upload, number, file.path)

    def _prepare(self, job: JobRecord, step: StepRecord) -> Sequence[StepRecord]:
        """Write the upload down with its codes and files; for whoever comes later, see whether all of it is there."""
        if self.source is not None:
            codes = [file.codes for file in self.source.files]
            files = [file.path for file in self.source.files]
            self.upload = self.ledger.begin(self.upload, codes, files, self.source.rows)
            self.prepared()
            self._tell(EventKind.RECORDED, job)
        else:
            found = self.ledger.find(self.upload.id)
            if found is None or not self.ledger.has_all(found):
                why = f"ended while it was prepared: nothing was sent of it, {SEND_AGAIN}"
                return self.cancelled(job, why, status=JobStatus.FAILED)
        rows = "" if self.upload.rows is None else f"{self.upload.rows:,} rows in "
        count = len(self.upload.parts)
        return [done(step, f"{rows}{count} {'part' if count == 1 else 'parts'}")]

    def _submit(self, job: JobRecord, step: StepRecord) -> Sequence[StepRecord]:
        """Hand a part to the vendor, once; whoever goes on with an upload looks before."""
        number = part_number(step)
        try:
            if self.source is None:
                self._take_list()
                self.upload, reason = self.resend_check.look(self.upload, number)
                if reason is not None:
                    return self._not_sent(job, step, reason)
            if self.upload.parts[number - 1].stage is not Stage.SUBMITTED:
                self.rate_limit_wait.require_time()
                submit_call = self._submit_call(number)

                def submit(_: Deadline | None) -> UploadRecord:
                    self._tell(EventKind.SUBMITTING, job)
                    return self.submitter.submit(self.upload, number, submit_call)

                self.upload = self.rate_limit_wait.call(submit)
                self._tell(EventKind.SUBMITTED, job)
        except CouponhubError:
            self.is_refused = True
            raise
        # What is staged here must be waited for at once, whenever somebody was to look again.
        waited = [one for one in pending(job, WATCH) if one.not_before and self.files]
        evidence = f"the vendor has it as {self.upload.parts[number - 1].shown.id}"
        return [done(step, evidence), *(attrs.evolve(one, not_before=None) for one in waited)]

    def _watch(self, job: JobRecord, step: StepRecord) -> Sequence[StepRecord]:  # noqa: ARG002 - a `Handler`
        """Find out what the vendor makes of the parts that it has; with files served here, stay until it has them."""
        self.sending.close()
        if self.source is None:
            self.files.serve_again(self.upload, self.ledger)
        if self.files:
            self._wait_while_staged()
        elif not self._all_ended():
            self.upload = self.reconciler.refresh(self.upload)
        renewed = [number for number in self._abandoned() if self._renew(number)]
        again = [one for one in job.steps if one.kind == SUBMIT and part_number(one) in renewed]
        ended = {part.number for part in self.upload.parts if part.shown.status.ended}
        return [
            *(attrs.evolve(one, status=JobStatus.PENDING, evidence=_NOT_FETCHED) for one in again),
            *(self._watched(one, part_number(one), ended) for one in pending(job, WATCH)),
        ]

    def _watched(self, step: StepRecord, number: int, ended: Collection[int]) -> StepRecord:
        step = with_fetches(step, self.files.fetches(number))
        if number in ended:
            status = self.upload.parts[number - 1].shown.status
            return done(step, f"the vendor ended it: {status}{told_of(step)}")
        pause = timedelta(seconds=step.pause(_FIRST_LOOK, _LONGEST_LOOK))
        evidence = f"the vendor has not ended it{told_of(step)}"
        return step.postponed(self.rate_limit_wait.clock.now() + pause, evidence)

    def _abandoned(self) -> list[int]:
        """Find the parts that failed while nobody may have served their files; of those served here it is a verdict."""
        if self.source is not None or self.files.staging is None:
            return []
        failed = [
            part.number
            for part in self.upload.parts
            if part.stage is Stage.SUBMITTED and part.shown.status is UploadStatus.FAILED
            if not part.shown.accepted and not part.is_deleted and part.number not in self.files
        ]
        kept = self.ledger.kept_files(self.upload) if failed else ()
        return [number for number in failed if number in kept]

    def _renew(self, number: int) -> bool:
        name = part_name(self.upload.name)
        self.upload = self.ledger.renew(self.upload, number, name)
        self._may_send = False
        return self.upload.parts[number - 1].name == name

    def _reconcile(self, job: JobRecord, step: StepRecord) -> Sequence[StepRecord]:  # noqa: ARG002 - a `Handler`
        """Sum up; nobody needs the files any more, and nobody has to call."""
        upload = upload_of(self.upload)
        self.ledger.drop_files(self.upload)
        self.callback_urls.revoke(self.upload.id)
        counts = {name: getattr(upload, name) for name in ("accepted", "rejected", "not_sent", "unknown")}
        return [attrs.evolve(done(step, str(upload.status)), result=counts)]

    def _take_list(self) -> None:
        """Take the right to send to the list, and find out what the vendor has of the parts in doubt."""
        if self._may_send:
            return
        self.sending.enter_context(list_lock(self.ledger, self.upload.list_id, self.rate_limit_wait))
        self._may_send = True
        self.upload = self.ledger.find(self.upload.id) or self.upload
        self.files.serve_again(self.upload, self.ledger)
        self.upload = self.reconciler.settle_upload(self.upload)

    def _not_sent(self, job: JobRecord, step: StepRecord, reason: str) -> Sequence[StepRecord]:
        number = part_number(step)
        ended = [step, *(one for one in pending(job, WATCH) if part_number(one) == number)]
        return [
            attrs.evolve(one, status=JobStatus.CANCELLED, evidence=reason, not_before=None) for one in ended
        ]

    def _submit_call(self, number: int) -> SubmitCall:
        """Return the one call that hands a part to the vendor."""
        part = self.upload.parts[number - 1]
        if self.source is not None and (elsewhere := self.source.url) is not None:
            return url_call(self.adapter, self.upload, part, lambda: elsewhere, self.callback)
        path = (
            self.source.files[number - 1].path if self.source else self.ledger.part_file(self.upload, number)
        )
        if path is None:
            raise LocalError(f"the file of part {number} of upload {self.upload.id} is gone")
        self.upload = self.files.put(self.upload, number, path)
        if number not in self.files:
            return file_call(self.adapter, self.upload, part, path)
        # The address is asked for when the vendor is told: a quota may have been waited for until then.
        return url_call(
            self.adapter, self.upload, part, lambda: FileUrl(url=self.files.url(number)), self.callback
        )

    def _all_ended(self) -> bool:
        return all(p.shown.status.ended for p in self.upload.parts if p.stage is Stage.SUBMITTED)

    def _wait_while_staged(self) -> None:
        """Stay while the vendor fetches: the URLs end with this drive, which a stray refusal must not end."""
        upload, clock = self.upload, self.rate_limit_wait.clock
        # Whoever goes on with an upload can do so again; the one who sends it is waited for by whoever called.
        leaves = self.source is None and not self.rate_limit_wait.deadline.ends
        stays = Deadline.after(_LONGEST_STAY if leaves else None, clock)
        try:
            self._wait(lambda upload: has_ended(upload) or stays.passed() or self._stops())
        except VendorError as error:
            if show_command(upload) not in error.hint:
                sent = f"the codes were sent; find out what became of them with `{show_command(upload)}`"
                raise error.reworded(
                    hint=f"{error.hint}; {sent}" if error.hint else sent
                ) from error.__cause__
            raise
        except WaitTimeout as error:
            message = f"{error.message}; {self.files.told_fetches()}"
            raise error.reworded(message=message) from error.__cause__

    def _wait(self, is_over: Callable[[Upload], bool], *, sending: bool = False) -> None:
        wait = CompletionWait(
            record=self.upload,
            ledger=self.ledger,
            reconciler=self.reconciler,
            poller=self.poller,
            callback_urls=self.callback_urls,
            deadline=self.rate_limit_wait.deadline,
            is_fresh=True,
            is_sending=lambda _: sending,
        )
        try:
            wait.run(self.progress, is_over=is_over, refusals=STRAY_REFUSALS)
        finally:
            self.upload = wait.record

    def _tell(self, kind: EventKind, job: JobRecord) -> None:
        if self.progress is no_progress:
            return  # nobody listens, and how it stands is put together of much
        now = self.rate_limit_wait.clock.now()
        self.progress(UploadEvent(kind, upload_of(self.upload, sending=True, job=job, now=now)))
