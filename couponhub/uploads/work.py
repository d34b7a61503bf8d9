"""What runs the steps of one upload: each kind of step in one place, whoever drives the job."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack, suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import BinaryIO

import attrs

from couponhub.codes import PreparedFile, shared
from couponhub.errors import CouponhubError, LocalError, VendorError, WaitTimeout
from couponhub.jobs import Handler
from couponhub.models import CodeFile, FileUrl, Identifier, JobStatus, Tagging, Upload, UploadStatus
from couponhub.protocols import AcceptsFiles, AcceptsFileUrls
from couponhub.staging import StagedFile, Staging
from couponhub.state import (
    CodeSet,
    JobRecord,
    Ledger,
    ListHistory,
    PartRecord,
    Stage,
    StepRecord,
    UploadRecord,
)
from couponhub.uploads.callback_urls import CallbackUrls
from couponhub.uploads.events import EventKind, Progress, UploadEvent
from couponhub.uploads.names import part_name
from couponhub.uploads.polling import STRAY_REFUSALS, Poller
from couponhub.uploads.rate_limit_wait import RateLimitWait
from couponhub.uploads.reconciling import Reconciler
from couponhub.uploads.recovery import arrived_parts_ended
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
from couponhub.uploads.submission import SubmitCall, Submitter, show_command
from couponhub.uploads.summary import upload_of

_FIRST_LOOK, _LONGEST_LOOK = 5.0, 600.0
_AGAIN = "send the same codes again"
_NOT_FETCHED = "the vendor failed it while nobody served its file: it is sent once more"


@attrs.frozen(kw_only=True)
class Fresh:
    """What the process has in hand that prepared an upload.

    Attributes:
        files: Of the parts, in a workspace; none for a file that lies elsewhere.
        url: Of the file that lies elsewhere; None for all others.
    """

    files: Sequence[PreparedFile]
    url: FileUrl | None


@attrs.define(kw_only=True)
class UploadWork:
    """The steps of one upload, as long as its job is driven. See `couponhub.jobs.Work`.

    Attributes:
        upload: As last known; not written down yet while it is prepared.
        fresh: None for whoever goes on with what another process has prepared.
        staging: None for a vendor that takes files.
        callback: Where the vendor is to report; None for nowhere.
        again: True when it also sends codes that the list was given before.
        held: Ends with the drive: the right to send to the list, staged files.
        is_refused: True once a part was not sent.
    """

    upload: UploadRecord
    fresh: Fresh | None
    adapter: AcceptsFiles | AcceptsFileUrls
    ledger: Ledger
    staging: Staging | None
    callback_urls: CallbackUrls
    submitter: Submitter
    reconciler: Reconciler
    poller: Poller
    rate_limit_wait: RateLimitWait
    progress: Progress
    callback: str | None
    again: bool
    held: ExitStack
    sending: ExitStack = attrs.field(factory=ExitStack)
    is_refused: bool = False
    _staged: dict[int, StagedFile] = attrs.field(factory=dict)
    _serves: bool = False
    _may_send: bool = False

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

    def wind_down(self, trouble: CouponhubError | None) -> None:
        """See `Work.wind_down`: what was staged and has arrived is served until the vendor has ended it."""
        self.sending.close()
        if trouble is not None and self.is_refused:
            with suppress(LocalError):
                # What became of each part; if even this cannot be read, `trouble` says why.
                self.upload = self.ledger.find(self.upload.id) or self.upload
            if self._staged or self._serves:
                with suppress(CouponhubError):
                    self._poll_until_ended(self.progress, is_over=arrived_parts_ended)

    def stage(self) -> None:
        """Give the files of a fresh upload their addresses, before anything is written down."""
        if self.fresh is None or self.staging is None:
            return
        for file, part in zip(self.fresh.files, self.upload.parts, strict=False):
            self._put(self.staging, part, file.path)

    def _prepare(self, job: JobRecord, step: StepRecord) -> Sequence[StepRecord]:
        """Write the upload down with its codes and files; for whoever comes later, see whether all of it is there."""
        if self.fresh is not None:
            codes = [file.codes for file in self.fresh.files]
            self.upload = self.ledger.begin(self.upload, codes, [file.path for file in self.fresh.files])
            self._tell(EventKind.RECORDED)
        else:
            found = self.ledger.find(self.upload.id)
            if found is None or not self.ledger.has_all(found):
                why = f"ended while it was prepared: nothing was sent of it, {_AGAIN}"
                return self.cancelled(job, why, status=JobStatus.FAILED)
        rows = "" if self.upload.rows is None else f"{self.upload.rows:,} rows in "
        count = len(self.upload.parts)
        return [done(step, f"{rows}{count} {'part' if count == 1 else 'parts'}")]

    def _submit(self, job: JobRecord, step: StepRecord) -> Sequence[StepRecord]:
        """Hand a part to the vendor, once; whoever goes on with an upload looks before."""
        number = part_number(step)
        try:
            if self.fresh is None:
                self._take_list()
                if (reason := self._refusal(number)) is not None:
                    return self._not_sent(job, step, reason)
            if self.upload.parts[number - 1].stage is not Stage.SUBMITTED:
                self.rate_limit_wait.require_time()
                submit_call = self._submit_call(number)
                self.upload = self.rate_limit_wait.ask(
                    lambda _: self.submitter.submit(self.upload, number, submit_call),
                    paused=lambda: self._tell(EventKind.PAUSED),
                )
                self._tell(EventKind.SUBMITTED)
        except CouponhubError:
            self.is_refused = True
            raise
        # What is staged here must be waited for at once, whenever somebody was to look again.
        waited = [one for one in pending(job, WATCH) if one.not_before and self._staged]
        evidence = f"the vendor has it as {self.upload.parts[number - 1].shown.id}"
        return [done(step, evidence), *(attrs.evolve(one, not_before=None) for one in waited)]

    def _watch(self, job: JobRecord, step: StepRecord) -> Sequence[StepRecord]:  # noqa: ARG002 - a `Handler`
        """Find out what the vendor makes of the parts that it has; with files served here, stay until it has them."""
        self.sending.close()
        if self.fresh is None:
            self._serve_what_was_left()
        if self._staged or self._serves:
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
        if number in ended:
            return done(step, f"the vendor ended it: {self.upload.parts[number - 1].shown.status}")
        pause = timedelta(seconds=step.pause(_FIRST_LOOK, _LONGEST_LOOK))
        return step.postponed(self.rate_limit_wait.clock.now() + pause, "the vendor has not ended it")

    def _abandoned(self) -> list[int]:
        """Find the parts that failed while nobody may have served their files; of those served here it is a verdict."""
        if self.fresh is not None or self.staging is None:
            return []
        return [
            part.number
            for part in self.upload.parts
            if part.stage is Stage.SUBMITTED and part.shown.status is UploadStatus.FAILED
            if not part.shown.accepted and not part.is_deleted and part.number not in self._staged
            if self.ledger.part_file(self.upload, part.number) is not None
        ]

    def _renew(self, number: int) -> bool:
        name = part_name(self.upload.name)
        self.upload = self.ledger.renew(self.upload, number, name)
        self._may_send = False
        return self.upload.parts[number - 1].name == name

    def _reconcile(self, job: JobRecord, step: StepRecord) -> Sequence[StepRecord]:  # noqa: ARG002 - a `Handler`
        """Sum up; nobody needs the files any more, and nobody has to call."""
        upload = upload_of(self.upload, sending=False)
        self.ledger.drop_files(self.upload)
        self.callback_urls.revoke(self.upload.id)
        counts = {"accepted": upload.accepted, "rejected": upload.rejected, "unknown": upload.unknown}
        return [attrs.evolve(done(step, str(upload.status)), result=counts)]

    def _take_list(self) -> None:
        """Take the right to send to the list, and find out what the vendor has of the parts in doubt."""
        if self._may_send:
            return
        self.sending.enter_context(
            self.ledger.list_lock(self.upload.list_id, timeout=self.rate_limit_wait.seconds)
        )
        self._may_send = True
        self.upload = self.ledger.find(self.upload.id) or self.upload
        self._serve_what_was_left()
        self.upload = self.reconciler.settle_upload(self.upload)

    def _refusal(self, number: int) -> str | None:
        """Return why a part must not be sent by whoever goes on with the upload; None when it may, or was."""
        part = self.upload.parts[number - 1]
        if part.stage is Stage.SUBMITTED:
            return None
        # Never sent, as far as the ledger knows: it may have been put back from an older backup.
        found = self.rate_limit_wait.ask(
            lambda left: self.adapter.find_submitted(self.upload.list_id, part.name, deadline=left)
        )
        if found is not None:
            self.upload = self.ledger.mark_submitted(self.upload, number, found)
            return None
        history = self.ledger.history(self.upload.list_id)
        codes = history.code_set(self.upload, part)
        file = self.ledger.part_file(self.upload, number)
        if file is None or codes is None:
            return f"what was prepared of it is not kept any more: {_AGAIN}"
        if self.upload.tagging and not _rows(file):
            return "everybody in it was forgotten"
        common = self._sent_by_others(codes, history)
        if common:
            return f"{common} of its codes were sent by another upload meanwhile: {_AGAIN} for the others"
        return None

    def _sent_by_others(self, codes: CodeSet, history: ListHistory) -> int:
        """Count the codes that other uploads have sent since the list's history was left out of this one."""
        at = [one.id for one in history.uploads].index(self.upload.id)
        others = (
            history.uploads[at + 1 :] if self.again else (*history.uploads[:at], *history.uploads[at + 1 :])
        )
        sent = [
            kept
            for other in others
            for each in other.parts
            if each.maybe_sent and (kept := history.code_set(other, each)) is not None
        ]
        sent += history.unknown
        if not sent:
            return 0
        with self.ledger.workspace() as folder:
            return shared(codes, sent, self.adapter.file_rules, folder)

    def _not_sent(self, job: JobRecord, step: StepRecord, reason: str) -> Sequence[StepRecord]:
        number = part_number(step)
        ended = [step, *(one for one in pending(job, WATCH) if part_number(one) == number)]
        return [
            attrs.evolve(one, status=JobStatus.CANCELLED, evidence=reason, not_before=None) for one in ended
        ]

    def _submit_call(self, number: int) -> SubmitCall:
        """Return the one call that hands a part to the vendor."""
        part = self.upload.parts[number - 1]
        if self.fresh is not None and self.fresh.url is not None:
            return self._url_call(self.fresh.url, part)
        if self.fresh is not None:
            path = self.fresh.files[number - 1].path
        else:
            kept = self.ledger.part_file(self.upload, number)
            if kept is None:
                raise LocalError(f"the file of part {number} of upload {self.upload.id} is gone")
            path = kept
        if self.staging is not None:
            if number not in self._staged:
                self._put(self.staging, part, path)
            return self._url_call(FileUrl(url=self._staged[number].url), part)
        assert isinstance(self.adapter, AcceptsFiles)  # noqa: S101 - the route was chosen so
        # In a vendor file the customer is always the first column.
        tagging = self.upload.tagging and Tagging(identifier=Identifier(self.upload.tagging), column=0)
        code_file = CodeFile(
            name=part.name,
            rows=_rows(path) if self.upload.tagging else part.shown.rows or 0,
            size=path.stat().st_size,
            open=partial(_open, path),
        )
        return _file_call(self.adapter, self.upload, code_file, tagging or None)

    def _url_call(self, url: FileUrl, part: PartRecord) -> SubmitCall:
        assert isinstance(self.adapter, AcceptsFileUrls)  # noqa: S101 - the route was chosen so
        submit = partial(self.adapter.submit_url, self.upload.list_id, url, part.name, self.callback)
        return lambda left: submit(deadline=left)

    def _put(self, staging: Staging, part: PartRecord, path: Path) -> None:
        """Stage the file of a part; its address is written down with the part, for whoever has to serve it later."""
        staged = self.held.enter_context(staging.stage(path, part.name))
        self._staged[part.number] = staged
        parts = list(self.upload.parts)
        parts[part.number - 1] = attrs.evolve(part, url=staged.url)
        self.upload = attrs.evolve(self.upload, parts=tuple(parts))

    def _serve_what_was_left(self) -> None:
        """Serve again, at their addresses, the files that the vendor may still fetch."""
        if self.staging is None or self._serves:
            return
        for part in self.upload.parts:
            file = self.ledger.part_file(self.upload, part.number) if part.may_be_fetched else None
            if file is not None and part.url is not None:
                self._serves = True
                with suppress(LocalError):
                    self.held.enter_context(self.staging.stage_again(file, part.url))

    def _all_ended(self) -> bool:
        return all(p.shown.status.ended for p in self.upload.parts if p.stage is Stage.SUBMITTED)

    def _wait_while_staged(self) -> None:
        """Stay while the vendor fetches: the URLs end with this drive, which a stray refusal must not end."""
        upload = self.upload
        try:
            self._poll_until_ended(self.progress)
        except VendorError as error:
            if show_command(upload) not in error.hint:
                sent = f"the codes were sent; find out what became of them with `{show_command(upload)}`"
                raise error.reworded(
                    hint=f"{error.hint}; {sent}" if error.hint else sent
                ) from error.__cause__
            raise
        except WaitTimeout as error:
            fetches = [file.fetched for file in self._staged.values()]
            fetched = "its URL has ended"
            if None not in fetches:
                fetched = (
                    f"the vendor fetched {sum(map(bool, fetches))} of {len(fetches)} files, and {fetched}"
                )
            if fetches and not any(fetches) and None not in fetches:
                fetched = "the vendor never fetched the file, and its URL has ended"
            raise error.reworded(message=f"{error.message}; {fetched}") from error.__cause__

    def _poll_until_ended(self, progress: Progress, is_over: Callable[[Upload], bool] | None = None) -> None:
        written: UploadRecord | None = self.upload

        def refresh() -> Upload:
            nonlocal written
            # Read anew, but for what was written a moment ago: it may be deleted meanwhile.
            known, written = written or self.ledger.find(self.upload.id) or self.upload, None
            self.upload = self.reconciler.refresh(known)
            self.reconciler.require_shown(self.upload)
            return upload_of(self.upload, sending=False)

        self.poller.wait(
            upload_of(self.upload, sending=False),
            refresh,
            self.rate_limit_wait.deadline,
            progress,
            is_over=is_over or (lambda upload: upload.status.ended),
            refusals=STRAY_REFUSALS,
            call_count=self.callback_urls.calls(self.upload.id),
        )

    def _tell(self, kind: EventKind) -> None:
        self.progress(UploadEvent(kind, upload_of(self.upload, sending=True)))


def _file_call(
    adapter: AcceptsFiles, upload: UploadRecord, file: CodeFile, tagging: Tagging | None
) -> SubmitCall:
    return lambda left: adapter.submit_file(upload.list_id, file, tagging, deadline=left)


def _open(path: Path) -> BinaryIO:
    return path.open("rb")


def _rows(path: Path) -> int:
    """Count the rows below the header: of a tagged file some may have been forgotten since it was written."""
    with path.open("rb") as file:
        return sum(1 for _ in file) - 1
