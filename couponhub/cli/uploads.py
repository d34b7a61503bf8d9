"""Uploads as they are shown, and what is said of one that did not arrive whole."""

from couponhub.cli.failures import say, tell
from couponhub.cli.options import GlobalOptions
from couponhub.cli.output import print_one
from couponhub.cli.tables import Column, instant_text
from couponhub.errors import CouponhubError, PartialFailure
from couponhub.models import Upload, UploadStatus
from couponhub.serialization import Document, error_object, to_document

_NAMED = (Column("ID", "id", whole=True), Column("NAME", "name"), Column("STATUS", "status", whole=True))
_COUNTED = (
    Column("ROWS", "rows", right=True),
    Column("ACCEPTED", "accepted", right=True),
    Column("REJECTED", "rejected", right=True),
)
_CREATED = Column("CREATED", "created_at", time=True)
UPLOAD_COLUMNS = (*_NAMED, *_COUNTED, _CREATED)
_FIELDS = (
    *_NAMED,
    *_COUNTED,
    Column("DUPLICATES", "duplicates", right=True),
    Column("SKIPPED", "skipped", right=True),
    Column("NOT SENT", "not_sent", right=True),
    Column("PENDING", "pending", right=True),
    Column("UNKNOWN", "unknown", right=True),
    Column("WAITING FOR", "waiting_for"),
    Column("ENDS AT", "ends_at", time=True),
    _CREATED,
    Column("UPDATED", "updated_at", time=True),
    Column("LIST", "list_id"),
    Column("CONNECTION", "connection"),
    Column(
        "PARTS",
        lambda document: [f"{part['name']} ({part['status']})" for part in document["parts"]],
    ),
    Column(
        "FETCHED",
        lambda document: [_fetched(part) for part in document["parts"] if part["fetches"] is not None],
    ),
    Column("ERROR FILE", "error_file"),
)


def print_upload(options: GlobalOptions, upload: Upload, error: CouponhubError | None = None) -> None:
    """Print an upload, with its fault beside it, and its warnings and fault on stderr."""
    document = to_document(upload, raw=options.raw)
    if error is not None:
        document["error"] = error_object(error)
    print_one(options, document, _FIELDS, done=f"upload {upload.id} is {upload.status}")
    for warning in upload.warnings:
        say(f"warning: {warning}")
    if error is not None:
        tell(error)


def _fetched(part: Document) -> str:
    """Tell when the file of a part was fetched from here, and how much of it."""
    fetches = part["fetches"]
    if not fetches:
        return f"{part['name']}: never"
    size, last = sum(one["bytes"] for one in fetches), instant_text(fetches[-1]["at"])
    times = "once" if len(fetches) == 1 else f"{len(fetches)} times"
    return f"{part['name']}: {times}, {size:,} bytes, {'at' if len(fetches) == 1 else 'last at'} {last}"


def fault_of(upload: Upload) -> CouponhubError | None:
    """Return the error of an upload that was not taken whole, once nothing more happens to it here; None for all others."""
    told = _shortfall(upload)
    if not told:
        return None
    return PartialFailure(
        ", and ".join(told), hint=_hint(upload), connection=upload.connection, operation=f"upload {upload.id}"
    )


def _shortfall(upload: Upload) -> list[str]:
    rows = "the" if upload.rows is None else f"{upload.rows:,}"
    told = []
    if upload.status is UploadStatus.FAILED and not upload.not_sent:
        return ["the upload failed: none of its codes was accepted"]
    if upload.rejected:
        told.append(f"{upload.rejected:,} of {rows} codes were refused")
    if upload.not_sent:
        verb = "were never sent" if upload.status.ended else "are yet to be sent"
        told.append(f"{upload.not_sent:,} of {rows} codes {verb}")
    if upload.unknown and upload.status.ended:
        told.append(f"of {upload.unknown:,} it is not known whether the vendor has them")
    if not told and upload.status.ended and upload.status is not UploadStatus.DONE:
        told.append(f"the upload is {upload.status}: the vendor does not tell of every code that it has it")
    return told


def _hint(upload: Upload) -> str:
    if upload.not_sent and not upload.status.ended:
        return f"`couponhub uploads resume {upload.id}` goes on with it"
    if upload.not_sent:
        return "sending the same codes again sends those that were not sent"
    if any(part.status is UploadStatus.FAILED for part in upload.parts):
        return "sending the same codes again sends those of the parts that failed"
    return "the vendor's dashboard offers the file of refused rows" if upload.error_file else ""
