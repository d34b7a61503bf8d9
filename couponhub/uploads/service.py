"""The uploads of one connection, as users see them."""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress

from couponhub.auditing import UNWRITTEN, Auditor
from couponhub.capabilities import Offered
from couponhub.clock import SYSTEM_CLOCK, Clock
from couponhub.error_context import ErrorContext
from couponhub.errors import LocalError
from couponhub.jobs import tell_nobody
from couponhub.models import (
    CodeFileRules,
    JobId,
    ListId,
    PartId,
    Tagging,
    Upload,
    UploadId,
    UploadReport,
    UploadStatus,
)
from couponhub.models.base import given_list_id
from couponhub.models.given import given_flag, given_id, given_one, given_url, given_whole
from couponhub.protocols import Adapter, ReadsParts
from couponhub.rooted import Rooted
from couponhub.staging import Staging
from couponhub.state import JobStore, JobWish, Ledger
from couponhub.uploads.arguments import (
    Acceptable,
    UploadSource,
    given_acceptables,
    given_column,
    given_progress,
    given_source,
    given_target,
    given_timeout,
    given_upload,
    given_upload_id,
)
from couponhub.uploads.assembly import Assembly
from couponhub.uploads.bounds import SizeOf, unknown_size
from couponhub.uploads.callback_urls import CallbackUrls
from couponhub.uploads.catalogue import FoundUpload, UploadCatalogue
from couponhub.uploads.events import (
    EventKind,
    Progress,
    ProgressReporter,
    UploadEvent,
    no_progress,
)
from couponhub.uploads.final_error import final_error
from couponhub.uploads.names import default_name, new_upload_id
from couponhub.uploads.polling import Poller
from couponhub.uploads.rate_limit_wait import RateLimitWait
from couponhub.uploads.request import UploadRequest


class Uploads(Rooted):
    """Sends codes to the lists of one connection, and tells how that stands. Thread-safe.

    Every method may raise `Unsupported` and `VendorError`, and `UsageError` for an argument that is nothing of what
    it may be, before anything is sent.

    Args:
        connection: The connection's name.
        adapter: Its opened adapter; what it implements decides how codes travel.
        ledger: Makes the ledger; only called when it is needed.
        jobs: Makes the jobs, the same.
        staging: Makes the staging; only called for a vendor that fetches files.
        settle: Seconds after a lost answer until absence at the vendor counts as proof.
        callback_urls: Where the vendor may report the end of an upload; nowhere by default.
        vendor_is_loopback: Whether the vendor is on this machine, as an emulator is.
        size_of: Tells the size of a file that lies elsewhere.
        let_go: Told of a job with which others may go on from now; nobody by default.
        clock: For tests.
        auditor: Writes down what is sent, deleted and reported.
    """

    def __init__(
        self,
        connection: str,
        adapter: Adapter,
        *,
        ledger: Callable[[], Ledger],
        jobs: Callable[[], JobStore],
        staging: Callable[[], Staging],
        settle: float = 30.0,
        vendor_is_loopback: bool = False,
        callback_urls: CallbackUrls | None = None,
        size_of: SizeOf = unknown_size,
        let_go: Callable[[JobId], object] = tell_nobody,
        clock: Clock = SYSTEM_CLOCK,
        auditor: Auditor = UNWRITTEN,
    ) -> None:
        self._connection = connection
        self._offered = Offered(adapter, connection)
        self._ledger = ledger
        self._jobs = jobs
        self._callback_urls = callback_urls or CallbackUrls()
        self._clock = clock
        self._poller = Poller(clock=clock)
        self._assembly = Assembly(
            connection=connection,
            adapter=adapter,
            offered=self._offered,
            ledger=ledger,
            jobs=jobs,
            staging=staging,
            settle=settle,
            vendor_is_loopback=vendor_is_loopback,
            callback_urls=self._callback_urls,
            size_of=size_of,
            clock=clock,
            poller=self._poller,
            let_go=let_go,
            auditor=auditor,
        )
        self._catalogue = UploadCatalogue(
            connection=connection,
            offered=self._offered,
            ledger=ledger,
            jobs=jobs,
            reconciler=self._assembly.reconciler,
            clock=clock,
        )

    @property
    def file_rules(self) -> CodeFileRules:
        """The form in which the vendor wants its code files; `Unsupported` where it takes none."""
        return self._assembly.route().file_rules

    def check_route(self) -> None:
        """Refuse a vendor that no codes from here can reach; it is not asked.

        Raises:
            Unsupported: It takes no codes.
            ConfigError: It could not fetch the files that are staged here.
        """
        with self._at("check the way of codes"):
            self._assembly.check_route()

    def send(
        self,
        list_id: str,
        source: UploadSource,
        *,
        name: str | None = None,
        column: str | int | None = None,
        tagging: Tagging | None = None,
        accept: Acceptable | Iterable[Acceptable] = (),
        callback: str | None = None,
        again: bool = False,
        wait: bool = False,
        timeout: float | None = None,
        progress: Progress = no_progress,
    ) -> Upload:
        """Send codes to a list; codes that stand twice or were sent to it before are left out.

        A vendor that fetches files is given URLs that end with this call, so that then it returns only when
        the vendor has ended every part. Uploads to the same list are sent one after the other.

        Args:
            list_id: The vendor's id of the list.
            source: The codes.
            name: What to call the upload; the file's name by default.
            column: The column of codes in a file, by name or by position from 0; None finds it by its name.
            tagging: Binds each code to the customer beside it.
            accept: What to send though it looks wrong: "ruined" codes, such as a spreadsheet makes of numbers.
            callback: Where the vendor is to report the end.
            again: Send also what was sent to the list before.
            wait: Return only when the vendor has ended every part.
            timeout: Seconds for all of it; None for as long as it takes.
            progress: Told of each step, and of what is waited for; from the first one on it knows the id that the upload has
                once it is `RECORDED`.

        Raises:
            UsageError: The codes have faults, or it is not plain in which column they are; nothing was sent.
            LocalError: This machine failed, before anything was sent where that could be foreseen.
            ConfigError: The vendor could not reach the files.
            Unsupported: The vendor cannot be sent this; the hint says what to do.
            Conflict: The same codes were sent before, or the list cannot take them.
            PartialFailure: Some parts were sent; sending the same source again sends the rest.
            OutcomeUnknown: A part may or may not have arrived; the hint names the command that finds out.
            WaitTimeout: Time ran out; the upload as last seen, where there is one yet, is on the error.
        """
        with self._at("send codes"):
            deadline = given_timeout(timeout)
            home = given_list_id(list_id)
            source = given_source(source, is_read_as=column is not None or bool(accept))
            title = default_name(source) if name is None else given_id(name, "the upload's name")
            reporter = ProgressReporter(given_progress(progress), self._unseen(home, new_upload_id(), title))
            request = UploadRequest(
                id=reporter.upload.id,
                list_id=home,
                source=source,
                name=title,
                column=given_column(column),
                tagging=None if tagging is None else given_one(Tagging, tagging, "tagging"),
                accepts_ruined="ruined" in given_acceptables(accept),
                callback=None if callback is None else given_url(callback, "the callback"),
                again=given_flag(again, "again"),
                progress=no_progress if progress is no_progress else reporter,
            )
            given_flag(wait, "wait")
            reporter(UploadEvent(EventKind.PREPARING, reporter.upload))
            rate_limit_wait = self._assembly.rate_limit_wait(deadline, reporter.pause)
            ledger = self._ledger()
            record = self._assembly.send(ledger, request, rate_limit_wait)
            try:
                upload = self._assembly.rested(self._catalogue.told(record), record)
                if not wait or upload.status.ended:
                    return upload
                return self._wait_for((ledger, record), record.id, rate_limit_wait, reporter, sent_here=True)
            except LocalError as error:  # by now all of it was sent
                raise final_error(error, record, rate_limit_wait.deadline) from error

    def wait(
        self,
        upload: Upload | str,
        list_id: str | None = None,
        *,
        timeout: float | None = None,
        progress: Progress = no_progress,
    ) -> Upload:
        """Wait until an upload has ended, however it ended, or until nobody goes on with what was not sent of it.

        An upload that waits for a quota or that a worker drives is waited for; of one that is paused, or that nobody has
        driven for a while, only what the vendor has: it comes back as it stands, with `not_sent`.

        Args:
            upload: The upload, or its id (then with `list_id`); a vendor's part id works too.
            list_id: The list it went to.
            timeout: Seconds; None for as long as it takes.
            progress: Told each time the vendor was asked, and of what is waited for.

        Raises:
            WaitTimeout: It has not ended; the upload as last seen is on the error.
            NotFound: Neither we nor the vendor know it.
            OutcomeUnknown: The vendor has ceased to show it, though it had not ended.
        """
        with self._at("wait for upload"):
            home, upload_id = given_upload(upload, list_id)
            unseen = self._unseen(home, UploadId(upload_id), "", UploadStatus.UNKNOWN)
            reporter = ProgressReporter(given_progress(progress), unseen)
            rate_limit_wait = self._assembly.rate_limit_wait(given_timeout(timeout), reporter.pause)
            if (found := self._catalogue.find(home, upload_id)) is not None:
                reporter.upload = self._catalogue.told(found[1])
                return self._wait_for(found, upload_id, rate_limit_wait, reporter)

            def shown() -> Upload:
                return self._catalogue.of_vendor(home, upload_id, left=rate_limit_wait.limit)

            return self._poller.wait(reporter.upload, shown, rate_limit_wait.deadline, reporter)

    def show(self, list_id: str, upload_id: str) -> Upload:
        """Tell how an upload stands: ours, brought up to what the vendor shows, or a vendor's file by its id.

        Ours is also found by the vendor's id of one of its parts.

        Args:
            list_id: The list that it went to.
            upload_id: Ours (`up_...`), or the vendor's id of a file.

        Raises:
            NotFound: Neither we nor the vendor know it.
        """
        with self._at("show upload"):
            home, upload_id = given_list_id(list_id), given_upload_id(upload_id)
            if (found := self._catalogue.find(home, upload_id)) is None:
                return self._catalogue.of_vendor(home, upload_id)
            ledger, record = found
            record = self._assembly.reconciler(ledger).refresh(record, ended_too=True)
            return self._assembly.rested(
                self._catalogue.told(record, sending=ledger.is_locked(record)), record
            )

    def report(self, upload_id: str, out: str | os.PathLike[str], *, probe: int = 0) -> UploadReport:
        """Write what became of each row of an upload's source to a new file, for its owner alone.

        Its columns are `line` (of the source; the position from 1 where that has no lines), `code`, `part`, `outcome`
        (see `RowOutcome`), `reason` and `evidence` (see `Evidence`). The file is there once it is whole. Parts that have
        not ended are looked at first.

        Args:
            upload_id: Ours, `up_...`.
            out: The file; its name ends in `.csv` or `.parquet`.
            probe: About how many codes at most the vendor is asked, of rows of which nobody knows what became of them.

        Raises:
            NotFound: No such upload went to this connection.
            LocalError: The upload's rows are not kept here, or the file is there or cannot be written.
            UsageError: The file's name says no form, or its form needs what is not installed.
            Unsupported: The vendor cannot be asked about codes.
            VendorError: It does not tell how the upload stands.
        """
        with self._at("report upload"):
            most = given_whole(probe, "probe", least=0)
            reporter = self._assembly.reporter(self._catalogue)
            return reporter.write(UploadId(given_upload_id(upload_id)), given_target(out), most=most)

    def delete(self, list_id: str, upload_id: str) -> None:
        """Have the vendor delete all files of an upload of ours, or one file by the vendor's id. DESTRUCTIVE.

        Codes that were not handed out are gone at the vendor, and may be sent again. Codes that were handed
        out stay with their customers: sent again, they would be handed out twice.

        Args:
            list_id: The list that it went to.
            upload_id: Ours (`up_...`), or the vendor's id of a file.

        Raises:
            Unsupported: The vendor deletes no files.
            NotFound: Neither we nor the vendor know it.
            Conflict: Codes are being sent to the list.
            OutcomeUnknown: No answer came, and the vendor cannot be asked.
        """
        with self._at("delete upload"):
            home, upload_id = given_list_id(list_id), given_upload_id(upload_id)
            with self._assembly.deleting(home, upload_id) as deleter:
                if (found := self._catalogue.find(home, upload_id, by_part=False)) is not None:
                    ledger, record = found
                    self._jobs().wish(JobId(record.id), JobWish.CANCEL)  # nothing more is sent of it
                    deleter.delete_upload(record, ledger, self._assembly.reconciler(ledger))
                    return
                deleter.delete_part(home, PartId(upload_id))
            # Without a store nothing is remembered of it either.
            with suppress(LocalError):
                self._catalogue.forget_part(home, PartId(upload_id))

    def iterate(self, list_id: str) -> Iterator[Upload]:
        """Iterate over the uploads to a list: ours, oldest first, then the vendor's files that we did not send.

        Nothing at all when there are none. Works without a store; then all of them are shown as the vendor's.

        Args:
            list_id: The vendor's id of the list.

        Raises:
            Unsupported: The vendor shows no files.
            NotFound: The vendor knows no such list, where it tells.
            UnreadableReply: At the end: one of the vendor's files could not be read.
        """
        at = self._at("read uploads")
        with at:
            home, reader = given_list_id(list_id), self._offered.require(ReadsParts)
        return at.each(self._catalogue.of_list(home, reader))

    def recorded(self) -> tuple[Upload, ...]:
        """Return our uploads to all lists, newest first, as they were last known: the vendor is not asked; () for none.

        Raises:
            LocalError: The store cannot be read.
        """
        with self._at("read uploads"):
            return self._catalogue.recorded()

    def find(self, upload_id: str, *, fetches: bool = False) -> Upload | None:
        """Return our upload of that id, as it was last known; None when no such upload went to this connection.

        Args:
            upload_id: Ours, `up_...`.
            fetches: Tell also when the files of its parts were fetched, as `show` does.
        """
        with self._at("find upload"):
            upload = self._catalogue.known(given_upload_id(upload_id))
            wanted = upload if given_flag(fetches, "fetches") else None
            return upload if wanted is None else self._assembly.with_fetches(wanted)

    def _wait_for(
        self,
        found: FoundUpload,
        asked: str,
        rate_limit_wait: RateLimitWait,
        progress: Progress,
        *,
        sent_here: bool = False,
    ) -> Upload:
        ledger, record = found
        reconciler = self._assembly.reconciler(ledger, rate_limit_wait)
        wait = self._assembly.completion_wait(
            record,
            ledger,
            reconciler,
            is_fresh=sent_here,
            ended_too=asked != record.id,  # whoever names the vendor's id has the vendor asked
            job=self._catalogue.job,
        )
        with self._assembly.recovery(ledger, reconciler, rate_limit_wait).serving([record]):
            upload = wait.run(progress)
            return self._assembly.rested(upload, wait.record)

    def _unseen(
        self, list_id: ListId, upload_id: UploadId, name: str, status: UploadStatus = UploadStatus.PENDING
    ) -> Upload:
        return Upload(connection=self._connection, list_id=list_id, id=upload_id, name=name, status=status)

    def _at(self, operation: str) -> ErrorContext:
        return ErrorContext(self._connection, operation)
