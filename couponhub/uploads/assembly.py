"""Puts together, for one call, what sends uploads of a connection and follows them."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial

import attrs

from couponhub.auditing import Auditor
from couponhub.capabilities import Offered
from couponhub.clock import Clock, Deadline
from couponhub.errors import LocalError
from couponhub.jobs import LEASE_SECONDS, Runner
from couponhub.models import FileUrl, JobId, ListId, Upload, UploadId
from couponhub.protocols import AcceptsFiles, AcceptsFileUrls, Adapter, DeletesParts
from couponhub.staging import Staging
from couponhub.state import AuditAction, JobRecord, JobStore, Ledger, UploadRecord
from couponhub.uploads.bounds import Bounds, SizeOf
from couponhub.uploads.callback_urls import CallbackUrls
from couponhub.uploads.catalogue import UploadCatalogue
from couponhub.uploads.completion_wait import CompletionWait
from couponhub.uploads.deletion import Deleter
from couponhub.uploads.events import Progress, no_progress
from couponhub.uploads.fetches import with_evidence
from couponhub.uploads.polling import Poller
from couponhub.uploads.preparation import Preparer
from couponhub.uploads.rate_limit_wait import Notify, RateLimitWait
from couponhub.uploads.reconciling import Reconciler
from couponhub.uploads.recovery import OrphanRecovery
from couponhub.uploads.reporting import UploadReporter
from couponhub.uploads.request import PreparedSource, UploadRequest
from couponhub.uploads.resend_check import ResendCheck
from couponhub.uploads.routing import route_of
from couponhub.uploads.sender import Sender
from couponhub.uploads.served_files import ServedFiles
from couponhub.uploads.steps import SUBMIT, pending
from couponhub.uploads.submission import Submitter
from couponhub.uploads.work import UploadWork


@attrs.frozen(kw_only=True)
class Assembly:
    """The things that uploads of one connection are made with; see `Uploads`."""

    connection: str
    adapter: Adapter
    offered: Offered
    ledger: Callable[[], Ledger]
    jobs: Callable[[], JobStore]
    staging: Callable[[], Staging]
    settle: float
    vendor_is_loopback: bool
    callback_urls: CallbackUrls
    size_of: SizeOf
    clock: Clock
    poller: Poller
    let_go: Callable[[JobId], object]
    auditor: Auditor

    def rate_limit_wait(self, timeout: float | None, notify: Notify | None = None) -> RateLimitWait:
        """Make what keeps the pauses that vendors ask for, within the time of one caller, who may want to be told of them."""
        return RateLimitWait(clock=self.clock, deadline=Deadline.after(timeout, self.clock), notify=notify)

    def reconciler(self, ledger: Ledger, rate_limit_wait: RateLimitWait | None = None) -> Reconciler:
        """Make what compares uploads with the vendor."""
        return Reconciler(
            adapter=self.adapter,
            ledger=ledger,
            settle=self.settle,
            rate_limit_wait=rate_limit_wait or self.rate_limit_wait(None),
        )

    @contextmanager
    def deleting(self, list_id: ListId, upload_id: str) -> Iterator[Deleter]:
        """Give what has the vendor delete the files of an upload, or one file.

        Raises:
            Unsupported: It deletes none.
            LocalError: It cannot be written down that somebody has them deleted.
        """
        deleter = Deleter(
            connection=self.connection,
            adapter=self.offered.require(DeletesParts),
            settle=self.settle,
            clock=self.clock,
        )
        with self.auditor.act(
            AuditAction.DELETE_UPLOAD, connection=self.connection, list_id=list_id, reference=upload_id
        ):
            yield deleter

    def completion_wait(
        self,
        record: UploadRecord,
        ledger: Ledger,
        reconciler: Reconciler,
        *,
        is_fresh: bool,
        ended_too: bool,
        job: Callable[[UploadRecord], JobRecord | None],
    ) -> CompletionWait:
        """Make what waits for the end of an upload; nobody else sends one that is fresh. See `CompletionWait`."""
        return CompletionWait(
            record=record,
            ledger=ledger,
            reconciler=reconciler,
            poller=self.poller,
            callback_urls=self.callback_urls,
            deadline=reconciler.rate_limit_wait.deadline,
            is_fresh=is_fresh,
            is_sending=lambda seen: not is_fresh and ledger.is_locked(seen),
            ended_too=ended_too,
            job=job,
        )

    def recovery(
        self, ledger: Ledger, reconciler: Reconciler, rate_limit_wait: RateLimitWait
    ) -> OrphanRecovery:
        """Make what finds out about uploads that earlier calls left."""
        return OrphanRecovery(
            ledger=ledger,
            staging=self.staging,
            reconciler=reconciler,
            poller=self.poller,
            callback_urls=self.callback_urls,
            rate_limit_wait=rate_limit_wait,
        )

    def send(self, ledger: Ledger, request: UploadRequest, rate_limit_wait: RateLimitWait) -> UploadRecord:
        """Send a source; see `Sender.send`, and what `sender` raises."""
        sender = self.sender(ledger, request, rate_limit_wait)
        action = AuditAction.PREPARE_UPLOAD if request.is_paused else AuditAction.SEND_UPLOAD
        with self.auditor.act(
            action, connection=self.connection, list_id=request.list_id, reference=request.id
        ):
            return sender.send(request)

    def sender(self, ledger: Ledger, request: UploadRequest, rate_limit_wait: RateLimitWait) -> Sender:
        """Make what sends a source.

        Raises:
            Unsupported: The vendor does not take it.
            ConfigError: The vendor could not reach the files.
        """
        route = route_of(request.source, request.callback, self.offered, self.connection)
        stages = not isinstance(route, AcceptsFiles) and not isinstance(request.source, FileUrl)
        reconciler = self.reconciler(ledger, rate_limit_wait)
        bounds = Bounds(connection=self.connection, limits=self.adapter.limits, size_of=self.size_of)
        return Sender(
            adapter=route,
            bounds=bounds,
            ledger=ledger,
            jobs=self.jobs(),
            preparer=Preparer(
                connection=self.connection,
                adapter=route,
                bounds=bounds,
                ledger=ledger,
                reconciler=reconciler,
                recovery=self.recovery(ledger, reconciler, rate_limit_wait),
            ),
            callback_urls=self.callback_urls,
            rate_limit_wait=rate_limit_wait,
            stages=stages,
            work=partial(self._work, ledger, route, rate_limit_wait, self._reachable() if stages else None),
            let_go=self.let_go,
        )

    @contextmanager
    def work(self, job: JobRecord, timeout: float | None) -> Iterator[UploadWork]:
        """Make what goes on with an upload that some process has prepared; see `couponhub.jobs.OpenWork`.

        Raises:
            Unsupported: The connection is another vendor's by now.
            ConfigError: The vendor could not reach the files.
        """
        ledger = self.ledger()
        # One that was killed before it stood in the ledger.
        upload = ledger.find(UploadId(job.id)) or _unwritten(job)
        with self._opened(job, ledger, upload, self.rate_limit_wait(timeout)) as work:
            yield work

    @contextmanager
    def _opened(
        self,
        job: JobRecord,
        ledger: Ledger,
        upload: UploadRecord,
        rate_limit_wait: RateLimitWait,
        *,
        closes: bool = False,
    ) -> Iterator[UploadWork]:
        route = self.route()
        # A file that lies elsewhere is none to stage, nor is one that the vendor has taken.
        stages = not closes and not isinstance(route, AcceptsFiles) and bool(ledger.kept_files(upload))
        staging = self._reachable() if stages else None
        callback = job.arguments.get("callback")
        if callback is None and staging is not None:
            callback = self.callback_urls.issue(upload.id)
        with ExitStack() as held:
            yield self._work(
                ledger,
                route,
                rate_limit_wait,
                staging,
                upload=upload,
                source=None,
                callback=callback,
                again=job.arguments.get("again") == "yes",
                progress=no_progress,
                held=held,
                sending=held.enter_context(ExitStack()),
                prepared=lambda: None,
            )

    def close(self, upload: UploadRecord) -> None:
        """End the job of an upload when the vendor has ended all of its parts; nobody is asked for that."""
        jobs, job_id = self.jobs(), JobId(upload.id)
        job = jobs.get(job_id)
        if job is None or job.status.ended or any(pending(job, SUBMIT)):
            return
        with jobs.worker() as owner:
            claimed = jobs.claim(job_id, owner, seconds=LEASE_SECONDS)
            if claimed is not None:
                with self._opened(
                    claimed, self.ledger(), upload, self.rate_limit_wait(None), closes=True
                ) as work:
                    Runner(store=jobs, clock=self.clock).run(claimed, owner, work, early=True)

    def rested(self, upload: Upload, record: UploadRecord) -> Upload:
        """Return an upload with its evidence; after its end nobody has to call any more, nor to go on with its job."""
        if upload.status.ended:
            self.callback_urls.revoke(upload.id)
            with suppress(LocalError):  # what cannot be written now, whoever drives it next does
                self.close(record)
        return self.with_fetches(upload)

    def with_fetches(self, upload: Upload) -> Upload:
        """Return an upload of ours with the fetches of its parts, as they are written down."""
        if isinstance(self.adapter, AcceptsFiles):
            return upload  # nobody fetches anything
        with suppress(LocalError):  # how it stands matters more
            return with_evidence(upload, self.jobs().get(JobId(upload.id)))
        return upload

    def _work(
        self,
        ledger: Ledger,
        route: AcceptsFiles | AcceptsFileUrls,
        rate_limit_wait: RateLimitWait,
        staging: Staging | None,
        *,
        upload: UploadRecord,
        source: PreparedSource | None,
        callback: str | None,
        again: bool,
        progress: Progress,
        held: ExitStack,
        sending: ExitStack,
        prepared: Callable[[], None],
    ) -> UploadWork:
        return UploadWork(
            upload=upload,
            source=source,
            adapter=route,
            ledger=ledger,
            files=ServedFiles(staging=staging, held=held),
            callback_urls=self.callback_urls,
            submitter=Submitter(
                adapter=route, ledger=ledger, settle=self.settle, rate_limit_wait=rate_limit_wait
            ),
            resend_check=ResendCheck(
                adapter=route, ledger=ledger, rate_limit_wait=rate_limit_wait, again=again
            ),
            reconciler=self.reconciler(ledger, rate_limit_wait),
            poller=self.poller,
            rate_limit_wait=rate_limit_wait,
            progress=progress,
            callback=callback,
            sending=sending,
            prepared=prepared,
        )

    def route(self) -> AcceptsFiles | AcceptsFileUrls:
        """Return the adapter as what takes codes.

        Raises:
            Unsupported: It takes none.
        """
        adapter = self.adapter
        return adapter if isinstance(adapter, AcceptsFiles) else self.offered.require(AcceptsFileUrls)

    def check_route(self) -> None:
        """Refuse a vendor that no codes of ours can reach; see `Uploads.check_route`."""
        if not isinstance(self.route(), AcceptsFiles):
            self._reachable()

    def reporter(self, catalogue: UploadCatalogue) -> UploadReporter:
        """Make what reports uploads row by row."""
        return UploadReporter(
            connection=self.connection,
            offered=self.offered,
            ledger=self.ledger,
            catalogue=catalogue,
            reconciler=self.reconciler,
            rules=lambda: self.route().file_rules,
            auditor=self.auditor,
        )

    def _reachable(self) -> Staging:
        staging = self.staging()
        staging.require_reachable(vendor_is_loopback=self.vendor_is_loopback)
        return staging


def _unwritten(job: JobRecord) -> UploadRecord:
    """Stand in for an upload of which nothing was written down: it has no parts, and nothing of it was sent."""
    home = ListId(job.arguments["list_id"])
    return UploadRecord(id=UploadId(job.id), connection=job.connection, list_id=home, name="", fingerprint="")
