"""`couponhub uploads`: codes on their way to a list."""

from collections.abc import Callable
from contextlib import suppress
from typing import get_args

import attrs
import click

from couponhub.cli.code_sources import column_of, file_or_stdin
from couponhub.cli.completing import connections, files, takes_connection
from couponhub.cli.failures import say
from couponhub.cli.jobs import JOB_COLUMNS
from couponhub.cli.options import GlobalGroup, GlobalOptions, pass_options
from couponhub.cli.output import print_many, print_one
from couponhub.cli.progress import UploadProgress
from couponhub.cli.report_view import print_rehearsal
from couponhub.cli.session import Seconds, confirm, opened_hub, secret_value, told_if_interrupted
from couponhub.cli.tables import Column
from couponhub.cli.upload_ids import named_upload, recorded_uploads
from couponhub.cli.upload_meter import UploadMeter
from couponhub.cli.upload_report import print_report
from couponhub.cli.uploads import UPLOAD_COLUMNS, fault_of, print_upload
from couponhub.errors import CouponhubError, NotFound, PartialFailure, UsageError, WaitTimeout
from couponhub.hub import CouponHub
from couponhub.models import FileUrl, Identifier, Job, JobStatus, ListId, Tagging, Upload
from couponhub.serialization import to_document
from couponhub.settings import is_plain_http
from couponhub.uploads import UPLOAD, Acceptable

_WHERE = (Column("CONNECTION", "connection"), Column("LIST", "list_id", whole=True))
_quiet = click.option("-q", "--quiet", is_flag=True, help="Show no progress.")
_TAGS = tuple(identifier.value for identifier in Identifier)


_named = click.argument("words", nargs=-1, required=True, metavar="[CONN LIST_ID] UPLOAD_ID")
"""The upload that a command is about; see `named_upload`."""


@click.group("uploads", cls=GlobalGroup)
def command() -> None:
    """Uploads of codes to a list."""


@command.command("send")
@takes_connection
@click.argument("list_id", metavar="LIST_ID")
@click.argument("file", required=False, metavar="FILE|-", shell_complete=files)
@click.option("--url", help="Instead of FILE: where the vendor can fetch one.")
@click.option("--url-user", metavar="U", help="Basic user for --url: U, @FILE, or - to be asked.")
@click.option("--url-password", metavar="P", help="Basic password for --url: P, @FILE, or - to be asked.")
@click.option("--name", help="What to call the upload; default: the file's name.")
@click.option(
    "--column",
    metavar="NAME|INDEX",
    help="The column of codes, from 0; default: the one with a known name.",
)
@click.option("--tag", type=click.Choice(_TAGS), help="The file binds each code to a customer, by this.")
@click.option(
    "--tag-column",
    metavar="NAME|INDEX",
    help="The customer's column, from 0; default: the one whose name says what --tag does.",
)
@click.option(
    "--accept",
    type=click.Choice(get_args(Acceptable)),
    multiple=True,
    help="Send as they stand codes that look ruined by a spreadsheet.",
)
@click.option("--callback", metavar="URL", help="Where the vendor is to report the end.")
@click.option("--wait", is_flag=True, help="Wait until the vendor has worked it through.")
@click.option("--timeout", type=Seconds(), metavar="SECONDS", help="The longest to wait.")
@click.option(
    "--again", is_flag=True, help="Send every code once more, also those that the list has. DANGEROUS."
)
@click.option("--dry-run", is_flag=True, help="Only tell what would be sent, and whether it fits.")
@_quiet
@pass_options
def send(
    options: GlobalOptions,
    connection: str,
    list_id: str,
    *,
    file: str | None,
    url: str | None,
    url_user: str | None,
    url_password: str | None,
    name: str | None,
    column: str | None,
    tag: str | None,
    tag_column: str | None,
    accept: tuple[Acceptable, ...],
    callback: str | None,
    wait: bool,
    timeout: float | None,
    again: bool,
    dry_run: bool,
    quiet: bool,
) -> None:
    """Send the codes in FILE (a CSV with a header, - for stdin) to a list of CONN.

    FILE may be an address: https://, s3://, gs:// or az://. It is fetched and checked here; what --url names the vendor
    fetches itself.

    A code that stands twice in the file, or that was sent to the list before, is sent once. Rows that are no codes,
    such as numbers that a spreadsheet rounded, are refused by line before anything is sent. After a crash the same
    command sends what did not arrive: what the crash left at the vendor is waited for first.

    With --dry-run the vendor is asked how the list stands, and nothing is sent; it exits with 3 where the upload would
    be refused.
    """
    if (file is None) == (url is None):
        raise UsageError("give either a FILE or --url")
    if url is None and (url_user or url_password):
        raise UsageError("--url-user and --url-password go with --url")
    source = (
        FileUrl(
            url=url,
            username=secret_value(url_user, "User for the URL"),
            password=secret_value(url_password, "Password for the URL"),
        )
        if url is not None
        else file_or_stdin(file or "")
    )
    if tag is None and tag_column is not None:
        raise UsageError("--tag-column goes with --tag")
    tagging = Tagging(identifier=Identifier(tag), column=column_of(tag_column)) if tag else None
    if dry_run:
        if isinstance(source, FileUrl):
            raise UsageError("a file at a URL is sent as it is: --dry-run goes with a FILE")
        with opened_hub(options) as hub:
            report = hub.codes.rehearse(
                source,
                connection,
                list_id,
                column=column_of(column),
                tagging=tagging,
                accepts_ruined=bool(accept),
            )
        print_rehearsal(options, report, accepts_ruined=bool(accept))
        return
    for address in (url, callback):
        if address is not None:
            _warn_of_plain_http(address)

    def work(progress: UploadProgress) -> Upload:
        with opened_hub(options) as hub:
            return hub[connection].uploads.send(
                ListId(list_id),
                source,
                name=name,
                column=column_of(column),
                tagging=tagging,
                accept=accept,
                callback=callback,
                again=again,
                wait=wait,
                timeout=timeout,
                progress=progress,
            )

    _run(options, connection, list_id, UploadProgress(quiet=quiet), work)


@command.command("ls")
@click.argument("connection", metavar="[CONN", required=False, shell_complete=connections)
@click.argument("list_id", metavar="[LIST_ID]]", required=False)
@pass_options
def ls(options: GlobalOptions, connection: str | None, list_id: str | None) -> None:
    """List our uploads, newest first, as last known; with LIST_ID those of a list, its vendor's own files too.

    Only with LIST_ID the vendor is asked, and then its files that we did not send come last.
    """
    is_list = connection is not None and list_id is not None
    with opened_hub(options) as hub:
        if connection is not None and list_id is not None:
            uploads = hub[connection].uploads.iterate(list_id)
        else:
            uploads = recorded_uploads(hub, connection)
        documents = (to_document(upload, raw=options.raw) for upload in uploads)
        columns = UPLOAD_COLUMNS if is_list else (*UPLOAD_COLUMNS, *_WHERE)
        nowhere = "that list" if is_list else f"{connection or 'any list'} from here"
        print_many(options, documents, columns, f"Nothing was uploaded to {nowhere}.")


@command.command("show")
@_named
@pass_options
def show(options: GlobalOptions, *, words: tuple[str, ...]) -> None:
    """Show how an upload stands: ours by its id (up_...) alone, a vendor's file by CONN, LIST_ID and the vendor's id."""
    with opened_hub(options) as hub:
        named = named_upload(hub, words)
        upload = hub[named.connection].uploads.show(named.list_id, named.upload_id)
    print_upload(options, upload)


@command.command("report")
@click.argument("upload_id", metavar="UPLOAD_ID")
@click.option(
    "--out",
    required=True,
    metavar="FILE",
    help="A new file that ends in .csv or .parquet.",
    shell_complete=files,
)
@click.option(
    "--probe",
    type=click.IntRange(min=0),
    default=0,
    metavar="N",
    help="Ask the vendor about at most N codes of which nobody knows what became of them.",
)
@pass_options
def report(options: GlobalOptions, *, upload_id: str, out: str, probe: int) -> None:
    """Write what became of each row of the source to FILE: line, code, part, outcome, reason, evidence.

    Exits with 3 where the outcome of a row is pending or unknown. FILE holds codes, and is for its owner alone.
    """
    if not upload_id.startswith("up_"):
        raise UsageError(
            "a report is made of what was sent from here, which has an id of ours (up_...)",
            hint="see `couponhub uploads ls`",
        )
    with opened_hub(options) as hub:
        named = named_upload(hub, [upload_id])
        written = hub[named.connection].uploads.report(upload_id, out, probe=probe)
    print_report(options, written)
    if not written.is_complete:
        raise click.exceptions.Exit(PartialFailure.exit_code)


@command.command("wait")
@_named
@click.option("--timeout", type=Seconds(), metavar="SECONDS", help="The longest to wait.")
@_quiet
@pass_options
def wait(options: GlobalOptions, *, words: tuple[str, ...], timeout: float | None, quiet: bool) -> None:
    """Wait until an upload has ended; exit 3 when it is partial, failed, or did not end in time."""
    with opened_hub(options) as hub:
        named = named_upload(hub, words)

        def work(progress: UploadProgress) -> Upload:
            uploads = hub[named.connection].uploads
            return uploads.wait(named.upload_id, named.list_id, timeout=timeout, progress=progress)

        _run(options, named.connection, named.list_id, UploadProgress(named.upload_id, quiet=quiet), work)


@command.command("rm")
@_named
@pass_options
def rm(options: GlobalOptions, *, words: tuple[str, ...]) -> None:
    """Take an upload back. DESTRUCTIVE: its codes that were not handed out are gone at the vendor."""
    with opened_hub(options) as hub:
        named = named_upload(hub, words)
        connection, list_id, upload_id = attrs.astuple(named)
        unknown = f"see `couponhub uploads ls {connection} {list_id}` for what is left"
        uploads = hub[connection].uploads
        confirm(
            options,
            f"Delete upload {upload_id} from list {list_id} of {connection}? Its codes that were not handed out are deleted",
        )
        with told_if_interrupted(unknown):
            uploads.delete(list_id, upload_id)
    document = {"connection": connection, "list_id": list_id, "id": upload_id, "deleted": True}
    print_one(
        options, document, (Column("DELETED", "id", whole=True),), done=f"upload {upload_id} was deleted"
    )


@command.command("resume")
@click.argument("upload_id", required=False, metavar="[UPLOAD_ID]")
@click.option("--timeout", type=Seconds(), metavar="SECONDS", help="The longest to take.")
@pass_options
def resume(options: GlobalOptions, *, upload_id: str | None, timeout: float | None) -> None:
    """Go on with an upload that was not sent whole, or with all that can go on; no source is needed.

    A paused upload goes on when it is named.
    """
    with opened_hub(options) as hub, told_if_interrupted("the same command goes on"):
        if upload_id is None:
            _resume_all(options, hub, timeout)
            return
        _known(hub, upload_id)
        hub.jobs.proceed(upload_id)
        job = hub.jobs.drive(upload_id, early=True, timeout=timeout)
        if job.status is JobStatus.PROCESSING:
            say(f"somebody else drives upload {upload_id} now")
        upload = hub[job.connection].uploads.show(job.arguments["list_id"], upload_id)
    fault = fault_of(upload)
    print_upload(options, upload, fault)
    if fault is not None:
        raise click.exceptions.Exit(fault.exit_code)


@command.command("pause")
@click.argument("upload_id", metavar="UPLOAD_ID")
@pass_options
def pause(options: GlobalOptions, upload_id: str) -> None:
    """Let nobody send more of an upload, after the step that runs now, until `uploads resume UPLOAD_ID`."""
    with opened_hub(options) as hub:
        _tell_ended(_known(hub, upload_id))
        _print_job(options, hub.jobs.pause(upload_id))


@command.command("cancel")
@click.argument("upload_id", metavar="UPLOAD_ID")
@pass_options
def cancel(options: GlobalOptions, upload_id: str) -> None:
    """Send nothing more of an upload, for good. What the vendor has of it stays there, see `uploads rm`."""
    with opened_hub(options) as hub, told_if_interrupted("the same command goes on"):
        _tell_ended(_known(hub, upload_id))
        hub.jobs.cancel(upload_id)
        _print_job(options, hub.jobs.drive(upload_id, early=True))


def _known(hub: CouponHub, upload_id: str) -> Job:
    with suppress(NotFound):
        job = hub.jobs.get(upload_id)
        if job.kind == UPLOAD:
            return job
    raise NotFound(f"no upload {upload_id} is known here", hint="see `couponhub uploads ls`")


def _tell_ended(job: Job) -> None:
    if job.status.ended:
        say(f"upload {job.id} has ended already: nothing is left to send")


def _resume_all(options: GlobalOptions, hub: CouponHub, timeout: float | None) -> None:
    """Drive each job that can go on, due or not; the first error is raised when all were tried."""
    jobs, first = [], None
    for job in [one for one in hub.jobs.iterate(status=JobStatus.PENDING) if one.kind == UPLOAD]:
        try:
            jobs.append(hub.jobs.drive(job.id, early=True, timeout=timeout))
        except CouponhubError as error:
            say(f"upload {job.id}: {error.message}")
            jobs.append(hub.jobs.get(job.id))
            first = first or error
    documents = (to_document(job, raw=False) for job in jobs)
    print_many(options, documents, JOB_COLUMNS, "There is nothing to go on with.")
    if first is not None:
        raise first


def _print_job(options: GlobalOptions, job: Job) -> None:
    print_one(options, to_document(job, raw=False), JOB_COLUMNS, done=f"upload {job.id} is {job.status}")


def _run(
    options: GlobalOptions,
    connection: str,
    list_id: str,
    progress: UploadProgress,
    work: Callable[[UploadProgress], Upload],
) -> None:
    """Do the work with progress; whatever becomes of it, the upload is on stdout and its fault beside it."""
    try:
        with progress:
            upload = work(progress)
    except WaitTimeout as error:
        if error.upload is None:
            raise
        print_upload(options, error.upload, error)
        raise click.exceptions.Exit(error.exit_code) from error
    except KeyboardInterrupt:
        say(f"interrupted; {_interrupted(connection, list_id, progress.meter)}")
        raise click.exceptions.Exit(130) from None
    fault = fault_of(upload)
    print_upload(options, upload, fault)
    if fault is not None:
        raise click.exceptions.Exit(fault.exit_code)


def _interrupted(connection: str, list_id: str, meter: UploadMeter) -> str:
    """Say what an upload that was interrupted has come to."""
    upload_id = meter.upload_id
    if upload_id is None:
        return "nothing was sent"
    resume = f"`couponhub uploads resume {upload_id}`"
    if not meter.may_have_sent:
        # Not the whole truth without the worker: where one runs, the codes go out all the same.
        return (
            f"nothing was sent yet; {resume} or `couponhub work` sends it, and"
            f" `couponhub uploads cancel {upload_id}` gives it up"
        )
    return (
        f"see `couponhub uploads show {connection} {list_id} {upload_id}`; {resume} or `couponhub work` goes on with it,"
        f" `couponhub uploads pause {upload_id}` keeps both from it, and sending"
        " the same codes again sends only what did not arrive"
    )


def _warn_of_plain_http(address: str) -> None:
    if is_plain_http(address):
        say("warning: codes and credentials will travel over plain http")
