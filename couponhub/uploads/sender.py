"""An upload from a source to its job: checked, prepared, and driven as far as the caller waits for it."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import attrs

from couponhub.errors import CouponhubError, LocalError, VendorUnavailable
from couponhub.intake.fetching import local_copy
from couponhub.jobs import LEASE_SECONDS, Runner, Stops, never
from couponhub.models import CouponList, FileUrl, JobId, JobStatus
from couponhub.protocols import AcceptsFiles, AcceptsFileUrls
from couponhub.state import JobStore, JobWish, Ledger, ListHistory, StepRecord, UploadRecord
from couponhub.uploads.bounds import Bounds
from couponhub.uploads.callback_urls import CallbackUrls
from couponhub.uploads.final_error import final_error
from couponhub.uploads.list_lock import list_lock
from couponhub.uploads.preparation import Preparer
from couponhub.uploads.rate_limit_wait import RateLimitWait
from couponhub.uploads.request import UploadRequest
from couponhub.uploads.steps import PREPARE, WATCH, job_for
from couponhub.uploads.work import UploadWork

_LOOKS_EVERY = 2.0
"""Seconds after which somebody may have changed a throttle."""
_TAKEN_OVER = "another upload of the same codes sends what was left of it"


@attrs.frozen(kw_only=True)
class Sender:
    """Sends uploads of one connection.

    Attributes:
        bounds: What the vendor takes at most.
        stages: True when the vendor fetches files from here.
        work: Makes what runs the steps, given what only this call knows of them.
        let_go: Told of the job when this call has done its part of it, and others may go on.
    """

    adapter: AcceptsFiles | AcceptsFileUrls
    bounds: Bounds
    ledger: Ledger
    jobs: JobStore
    preparer: Preparer
    callback_urls: CallbackUrls
    rate_limit_wait: RateLimitWait
    stages: bool
    work: Callable[..., UploadWork]
    let_go: Callable[[JobId], object]

    def send(self, request: UploadRequest) -> UploadRecord:
        """Send, and with staging stay until the vendor has ended every part; see `Uploads.send`."""
        self.ledger.require_writable()
        coupon_list = self._check_list(request)
        trouble: CouponhubError | None = None
        with ExitStack() as held:
            workspace = held.enter_context(self.ledger.workspace())
            request = self._at_hand(request, workspace)
            sending = held.enter_context(ExitStack())
            sending.enter_context(list_lock(self.ledger, request.list_id, self.rate_limit_wait))
            upload, source, history = self.preparer.prepare(request, workspace)
            self.bounds.check_room(coupon_list, upload)
            self.rate_limit_wait.require_time()
            owner = held.enter_context(self.jobs.worker())
            work = self.work(
                # Not before all of it is written down: what a kill leaves until then, the earlier ones go on with.
                prepared=lambda: None if request.again else self._take_over(upload, history, owner),
                upload=upload,
                source=source,
                callback=self._callback(request, upload),
                again=request.again,
                progress=request.progress,
                held=held,
                sending=sending,
            )
            work.stage()
            job = self.jobs.create(
                job_for(
                    upload,
                    callback=request.callback,
                    again=request.again,
                    limits=self.bounds.limits,
                    parent=request.parent,
                    answers=request.answers,
                ),
                owner=owner,
                seconds=LEASE_SECONDS,
            )
            runner = Runner(store=self.jobs, clock=self.rate_limit_wait.clock, stays=self._stays)
            try:
                runner.run(job, owner, work, stops=self._stops(request))
            except CouponhubError as error:
                trouble = error
            if request.is_paused:  # while nobody else can drive it
                self.jobs.wish(job.id, JobWish.PAUSE)
        self.let_go(job.id)
        if trouble is not None:
            # What this machine could not write down may have been sent all the same.
            told = work.is_refused or (isinstance(trouble, LocalError) and work.has_sent)
            raise final_error(trouble, work.upload, self.rate_limit_wait.deadline) if told else trouble
        return work.upload

    def _stays(self, seconds: float, why: str) -> bool:
        """Wait for a throttle as whoever called waits for a quota: nobody else may be there to send the rest."""
        deadline = self.rate_limit_wait.deadline
        if deadline.passed():
            return False
        self.rate_limit_wait.pause(min(seconds, _LOOKS_EVERY, deadline.remaining()), why)
        return True

    def _stops(self, request: UploadRequest) -> Stops:
        if request.is_left:
            return _is_prepared
        return never if self.stages else _is_sent

    def _callback(self, request: UploadRequest, upload: UploadRecord) -> str | None:
        by_url = self.stages or isinstance(request.source, FileUrl)
        if request.callback is not None or not by_url or not upload.parts:
            return request.callback
        return self.callback_urls.issue(upload.id)

    def _at_hand(self, request: UploadRequest, workspace: Path) -> UploadRequest:
        """Have the codes here before the list is locked: others need not wait for them."""
        if isinstance(request.source, FileUrl):
            return request
        try:
            source = local_copy(request.source, workspace, deadline=self.rate_limit_wait.deadline)
        except VendorUnavailable as error:
            if self.rate_limit_wait.deadline.passed():
                raise self.rate_limit_wait.nothing_sent() from error
            raise
        return attrs.evolve(request, source=source)

    def _check_list(self, request: UploadRequest) -> CouponList:
        try:
            return self.rate_limit_wait.call(
                lambda left: self.adapter.prepare_list(request.list_id, request.tagging, deadline=left)
            )
        except VendorUnavailable as error:
            if self.rate_limit_wait.deadline.passed():
                raise self.rate_limit_wait.nothing_sent() from error
            raise

    def _take_over(self, upload: UploadRecord, history: ListHistory, owner: str) -> None:
        """End the jobs of earlier uploads of the batch: what they left is in this one, and must not go out twice."""
        for earlier in history.same_batch(upload.fingerprint):
            job = self.jobs.claim(JobId(earlier.id), owner, seconds=LEASE_SECONDS)
            if job is not None:
                ended = [
                    attrs.evolve(step, status=JobStatus.CANCELLED, evidence=_TAKEN_OVER)
                    for step in job.steps
                    if not step.status.ended
                ]
                self.jobs.advance(job.id, owner, *ended, ended=JobStatus.CANCELLED)
                self.ledger.drop_files(earlier)


def _is_prepared(step: StepRecord) -> bool:
    """Tell whether all of it is written down, so that anybody can send it."""
    return step.kind != PREPARE


def _is_sent(step: StepRecord) -> bool:
    """Tell whether every part is sent: what the vendor makes of them is for others to find out."""
    return step.kind == WATCH
