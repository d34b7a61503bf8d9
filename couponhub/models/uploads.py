"""Uploads: the way a batch of codes travels, its parts, and how they stand."""

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import BinaryIO

import attrs

from couponhub.models.base import Documented, ListId, PartId, Raw, UploadId, about, raw_field
from couponhub.models.checked import Checked, CheckedInput
from couponhub.models.given import given_id, given_text, given_url, given_whole, given_word
from couponhub.models.identifiers import Identifier
from couponhub.secret import Secret


class UploadStatus(StrEnum):
    """The standing of an upload, or of one of its parts.

    PENDING has not been begun by the vendor, or is yet to be sent; PAUSED is not sent on until somebody resumes it.
    PARTIAL ended with some rows refused or never sent, FAILED with all of them or as a whole, and of one that is
    CANCELLED nothing more is sent. UNKNOWN is a word that is new to us, or an outcome that nobody can tell yet.
    """

    PENDING = "pending"
    PROCESSING = "processing"
    PAUSED = "paused"
    DONE = "done"
    PARTIAL = "partial"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"

    @property
    def ended(self) -> bool:
        """True when nothing more will happen by itself."""
        return self in {
            UploadStatus.DONE,
            UploadStatus.PARTIAL,
            UploadStatus.FAILED,
            UploadStatus.CANCELLED,
        }


def _identifier(given: Identifier | str) -> Identifier:
    return given_word(Identifier, given, "identifier")


def _column(given: str | int | None) -> str | int | None:
    if given is None or isinstance(given, str):
        return given if given is None else given_id(given, "column")
    return given_whole(given, "column", least=0)


@attrs.frozen(kw_only=True)
class Tagging(Documented):
    """Codes bound to customers: which identifier the file holds, as a member or its word.

    In a source file `column` is the customer's column by name, or by position from 0; None finds it by its name.
    In a file on its way to a vendor (`CodeFile`) the customer is always column 0 and the code column 1.

    Raises:
        UsageError: It is another word, or no column can be named so.
    """

    identifier: Identifier = attrs.field(converter=_identifier)
    column: str | int | None = attrs.field(default=None, converter=_column)


def _url(given: str) -> str:
    return given_url(given, "the URL of a code file")


def _password(given: str | Secret | None) -> Secret | None:
    return given if given is None or isinstance(given, Secret) else Secret(given_text(given, "password"))


@attrs.frozen(kw_only=True)
class FileUrl(CheckedInput):
    """A code file that already lies where the vendor can fetch it, with Basic credentials if it needs them.

    Raises:
        UsageError: The URL is none that could be fetched, or something is no text.
    """

    url: str = attrs.field(repr=False, converter=_url)
    username: str | None = attrs.field(default=None, repr=False)
    password: Secret | None = attrs.field(default=None, converter=_password)


@attrs.frozen(kw_only=True)
class CodeFile:
    """One prepared vendor file on its way: already in the vendor's format, within its limits.

    Attributes:
        name: The unique name under which the vendor will show it.
        rows: Codes in it, the header not counted.
        size: Bytes.
        open: Opens it anew from the start, as often as needed; the caller closes it.
    """

    name: str
    rows: int
    size: int
    open: Callable[[], BinaryIO] = attrs.field(repr=False, eq=False)


@attrs.frozen(kw_only=True)
class CodeFileRules:
    """The form in which a vendor wants its code files, so that `couponhub.codes` can write them.

    Attributes:
        code_header: Header of the column of codes.
        customer_header: Header of the customer's column, for tagged files.
        max_rows: Rows per file, None for no limit.
        max_bytes: Bytes per file, None for no limit.
        max_code_length: Longer codes are refused before anything is sent; None for no limit.
        warn_code_length: Longer codes are sent with a warning; None for never.
        ignores_case: Codes that differ only by case are the same code to this vendor.
        ignores_blanks: Codes that differ only by blanks at their ends are the same code to this vendor.
        quoting: False when a value that needs CSV quotes must be refused before anything is sent.
    """

    code_header: str
    customer_header: str = "customer_identifier"
    max_rows: int | None = None
    max_bytes: int | None = None
    max_code_length: int | None = None
    warn_code_length: int | None = None
    ignores_case: bool = False
    ignores_blanks: bool = False
    quoting: bool = False


@attrs.frozen(kw_only=True)
class Fetch(Checked, Documented):
    """One time that a file of codes was fetched from where we staged it.

    Attributes:
        at: When it was asked for, in UTC.
        bytes: Put on their way; fewer than it has, or than the range has, when the other side hung up.
        range: The bytes asked for, first and last: "0-99"; None for the whole file.
    """

    at: datetime
    bytes: int
    range: str | None = None


@attrs.frozen(kw_only=True)
class Part(Checked, Documented):
    """One file or job at a vendor.

    The rows balance: rows = accepted + rejected + not_sent + pending + unknown, where None counts as nothing.
    """

    id: PartId | None = attrs.field(metadata=about("The vendor's id; None while only we know of the part."))
    name: str | None = attrs.field(
        metadata=about("The name under which the vendor shows it; None when it shows none.")
    )
    status: UploadStatus = UploadStatus.UNKNOWN
    vendor_status: str = attrs.field(
        default="", metadata=about('The vendor\'s own word, "" before it said one.', null_for_blank=True)
    )
    rows: int | None = attrs.field(
        default=None, metadata=about("Rows in it, None when neither the vendor nor we can tell.")
    )
    accepted: int | None = attrs.field(
        default=None, metadata=about("Rows the vendor took, None while that is not known.")
    )
    rejected: int | None = attrs.field(
        default=None, metadata=about("Rows the vendor refused, None while that is not known.")
    )
    not_sent: int | None = attrs.field(
        default=None, metadata=about("Rows that never left for the vendor, None where nobody can tell.")
    )
    pending: int | None = attrs.field(
        default=None, metadata=about("Rows the vendor still works on, None where nobody can tell.")
    )
    error_file: str | None = attrs.field(
        default=None,
        repr=False,
        metadata=about(
            "What the vendor says of a file of refused rows: a key or address for people, never fetched."
        ),
    )
    success_file: str | None = attrs.field(
        default=None, repr=False, metadata=about("What it says of a file of accepted rows, likewise.")
    )
    file_url: str | None = attrs.field(
        default=None,
        repr=False,
        metadata=about(
            "Where the vendor fetched it; whoever has the address may have the codes.", in_json=False
        ),
    )
    callback_url: str | None = attrs.field(
        default=None, repr=False, metadata=about("Whom the vendor tells of its end.", in_json=False)
    )
    created_at: datetime | None = attrs.field(default=None, metadata=about("When the vendor got it."))
    updated_at: datetime | None = attrs.field(
        default=None,
        metadata=about(
            "When the vendor last changed how it stands; for a part of ours, when we last saw that."
        ),
    )
    fetches: tuple[Fetch, ...] | None = attrs.field(
        default=None,
        metadata=about(
            "When its file was fetched from our own staging server, the latest 50, as `uploads show` tells them; None"
            " where nobody here can tell."
        ),
    )
    raw: Raw = raw_field()

    @property
    def unknown(self) -> int | None:
        """Rows whose outcome nobody can tell; None where the rows are not known either."""
        return remainder(self.rows, self.accepted, self.rejected, self.not_sent, self.pending)


def remainder(rows: int | None, *counts: int | None) -> int | None:
    """Return the rows that none of these counts tells of; None where the rows are not known."""
    return None if rows is None else rows - sum(count or 0 for count in counts)


@attrs.frozen(kw_only=True)
class Upload(Checked, Documented):
    """One batch of codes on its way to a list: ours (`up_...`), or a vendor file that we did not send.

    The rows balance: rows = accepted + rejected + duplicates + skipped + not_sent + pending + unknown, where None counts
    as nothing.
    """

    connection: str
    list_id: ListId
    id: UploadId = attrs.field(
        metadata=about("Ours, or the vendor's part id for a file that we did not send (then `rows` is None).")
    )
    name: str | None = attrs.field(metadata=about("The one given; None for a vendor file without one."))
    status: UploadStatus
    rows: int | None = attrs.field(default=None, metadata=about("Rows of codes in the source."))
    accepted: int | None = attrs.field(default=None, metadata=about("Rows the vendor took."))
    rejected: int | None = attrs.field(default=None, metadata=about("Rows the vendor refused."))
    duplicates: int | None = attrs.field(
        default=None, metadata=about("Rows not sent because the code stood earlier in the same source.")
    )
    skipped: int | None = attrs.field(
        default=None, metadata=about("Rows not sent because the code was sent to this list before.")
    )
    not_sent: int | None = attrs.field(
        default=None, metadata=about("Rows that never left for the vendor: yet to be sent, or given up.")
    )
    pending: int | None = attrs.field(default=None, metadata=about("Rows the vendor still works on."))
    unknown: int | None = attrs.field(
        default=None, metadata=about("Rows whose outcome nobody can tell, now or for good.")
    )
    ends_at: datetime | None = attrs.field(
        default=None,
        metadata=about(
            "The earliest moment at which all of it can have been sent, as the limits tell; None when it need not wait."
        ),
    )
    waiting_for: str | None = attrs.field(
        default=None, metadata=about("What it waits for, for people; None when it has ended or goes on.")
    )
    created_at: datetime | None = None
    updated_at: datetime | None = None
    error_file: str | None = attrs.field(
        default=None,
        repr=False,
        metadata=about("The vendor's pointer to refused rows, of the first part that has one."),
    )
    parts: tuple[Part, ...] = ()
    warnings: tuple[str, ...] = attrs.field(
        default=(), metadata=about("What was odd about the source, for people; never a code.", in_json=False)
    )
    raw: Raw = raw_field()
