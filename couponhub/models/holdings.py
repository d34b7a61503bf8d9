"""Tables of who holds which code, as vendors and tools export them: the kinds of column, and how a vendor's are read."""

from collections.abc import Mapping
from datetime import tzinfo
from enum import StrEnum

import attrs

from couponhub.models.base import NOTHING
from couponhub.models.identifiers import Identifier


class HoldingStatus(StrEnum):
    """The standing of a code with its customer, as a table says; nothing is computed from the clock."""

    ISSUED = "issued"
    REDEEMED = "redeemed"
    EXPIRED = "expired"
    REVOKED = "revoked"
    UNKNOWN = "unknown"


class HoldingColumn(StrEnum):
    """The kinds of column in a table of who holds which code; the values are the words of `columns`."""

    CODE = "code"
    CUSTOMER = "customer"
    LIST = "list"
    EVENT = "event"
    """An event of the code, or how it stands, in the words of `ExportForm.events`."""
    EVENT_AT = "event_at"
    ISSUED_AT = "issued_at"
    EXPIRES_AT = "expires_at"


class MergeColumn(StrEnum):
    """The kinds of column in a log of merged customers; the victim is who is no more, the survivor who is both now."""

    VICTIM_ID = "victim_id"
    VICTIM_EXTERNAL_ID = "victim_external_id"
    VICTIM_MOBILE = "victim_mobile"
    VICTIM_EMAIL = "victim_email"
    SURVIVOR_ID = "survivor_id"
    SURVIVOR_EXTERNAL_ID = "survivor_external_id"
    SURVIVOR_MOBILE = "survivor_mobile"
    SURVIVOR_EMAIL = "survivor_email"
    MERGED_AT = "merged_at"
    RELEASED = "released"
    """The word for it when the victim's identifiers may be another person's from then on."""


@attrs.frozen(kw_only=True)
class ExportForm:
    """The way in which a vendor's table of codes and customers is read.

    Attributes:
        title: Of the table, for people.
        identifier: Which identifier of a customer the column CUSTOMER holds.
        columns: For each kind of column the headers it is known by, the likeliest first; compared without case, blanks
            and signs.
        events: The vendor's words for what happened, in lower case, and how a code stands after it; () where each row
            says that a code was issued.
        zone: Of times and days that name none; None where nobody knows it, and they are taken for UTC.
        time_formats: Of times, as `datetime.strptime` takes them, tried before ISO 8601.
    """

    title: str
    identifier: Identifier
    columns: Mapping[HoldingColumn, tuple[str, ...]]
    events: Mapping[str, HoldingStatus] = NOTHING
    zone: tzinfo | None = None
    time_formats: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class MergeForm:
    """The way in which a vendor's log of merged customers is read.

    Attributes:
        title: Of the log, for people.
        columns: As of `ExportForm`.
        zone: As of `ExportForm`.
        time_formats: As of `ExportForm`.
    """

    title: str
    columns: Mapping[MergeColumn, tuple[str, ...]]
    zone: tzinfo | None = None
    time_formats: tuple[str, ...] = ()
