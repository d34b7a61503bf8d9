"""The audit log: the acts of people that cost money, show codes or give rights. It only grows."""

from datetime import datetime
from enum import StrEnum
from typing import Protocol

import attrs

LONGEST_TEXT = 300
"""Characters of each text of an event; what is longer is cut."""


class AuditAction(StrEnum):
    """The acts that are written down."""

    REVEAL_CODE = "reveal_code"
    """A code was shown whole to a person."""
    PREPARE_UPLOAD = "prepare_upload"
    """An upload was written down that nobody sends before somebody lets it go on."""
    SEND_UPLOAD = "send_upload"
    """Codes were sent to a list."""
    DELETE_UPLOAD = "delete_upload"
    """An upload, or a part of one, was deleted at a vendor."""
    CREATE_LIST = "create_list"
    UPDATE_LIST = "update_list"
    ACTIVATE_LIST = "activate_list"
    ARCHIVE_LIST = "archive_list"
    """A list was archived, which destroys codes at some vendors."""
    PAUSE_JOB = "pause_job"
    RESUME_JOB = "resume_job"
    CANCEL_JOB = "cancel_job"
    THROTTLE_JOB = "throttle_job"
    APPLY_MIGRATION = "apply_migration"
    CUT_OVER_MIGRATION = "cut_over_migration"
    ROLL_BACK_MIGRATION = "roll_back_migration"
    RETIRE_MIGRATION = "retire_migration"
    MAKE_TOKEN = "make_token"  # noqa: S105 - a word
    REMOVE_TOKEN = "remove_token"  # noqa: S105 - a word
    FORGET_CUSTOMERS = "forget_customers"
    """People were removed from what is kept here. Who they were is not written down."""
    DOWNLOAD_ROW_REPORT = "download_row_report"
    """A file was made of the fate of each row of an upload, codes included."""
    CALL_VENDOR = "call_vendor"
    """A vendor's endpoint was called that has no method here, to change something."""
    EXPORT_CUSTOMERS = "export_customers"
    """A file was made of customers and their codes."""


class AuditOutcome(StrEnum):
    """The end of an act."""

    DONE = "done"
    FAILED = "failed"
    """It was refused, or broke off; what was done by then the act's own records tell."""
    UNKNOWN = "unknown"
    """Nobody can tell whether it was done, e.g. as a vendor's answer was lost."""


@attrs.frozen(kw_only=True)
class AuditEvent:
    """One act of somebody.

    Attributes:
        id: Names it.
        at: When it began, in UTC, by the clock of the state.
        who: A token's id, `oidc:NAME` of somebody who was recognised elsewhere, or `local:USER` of an operating system.
        name: Whose it is, for people, as it was then.
        action: What was done; a plain text where a newer couponhub wrote a word that is not known here.
        connection: None of what concerns none.
        list_id: None of what concerns no list.
        reference: Which upload, job or token; of a code a keyed hash. None where there is none. Never a customer.
        request_id: Of the HTTP request; None of what came by another way.
        outcome: None while it is under way, and of what broke off without a word, as of a process that was killed.
    """

    id: str
    at: datetime
    who: str
    name: str
    action: AuditAction | str
    connection: str | None = None
    list_id: str | None = None
    reference: str | None = None
    request_id: str | None = None
    outcome: AuditOutcome | None = None


@attrs.frozen(kw_only=True)
class AuditQuestion:
    """The events that somebody wants to see; all by default.

    Attributes:
        action: Of this kind only.
        who: Of somebody, by `who` or by name, exactly.
        connection: That concern this one.
        since: From then on, in UTC.
        until: Before then, in UTC.
    """

    action: AuditAction | None = None
    who: str | None = None
    connection: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@attrs.frozen(kw_only=True)
class AuditPage:
    """Some events, the newest first.

    Attributes:
        events: The events.
        older: The id before which the next page begins; None when there are no more.
    """

    events: tuple[AuditEvent, ...]
    older: str | None


class AuditLog(Protocol):
    """The acts of people. Thread-safe, and safe with other processes.

    An event is written before what it tells of, and its outcome after it: so nothing is done that could not be written
    down, and no fault of the log undoes or repeats what was done. Both are for good when the method returns, and neither
    is ever changed. Events are kept for `audit_days` of the settings: older ones are not shown, and go with the next that
    is written. Every method raises LocalError when this machine or the state fails.
    """

    def begin(
        self,
        action: AuditAction,
        *,
        who: str,
        name: str,
        connection: str | None = None,
        list_id: str | None = None,
        reference: str | None = None,
        request_id: str | None = None,
        outcome: AuditOutcome | None = None,
    ) -> AuditEvent:
        """Write an event down, and return it. `outcome` may come with it where the answer itself is the act.

        Texts longer than `LONGEST_TEXT` are cut.
        """
        ...

    def end(self, event_id: str, outcome: AuditOutcome, *, reference: str | None = None) -> None:
        """Write down what came of an event. The first outcome stays.

        Args:
            event_id: Which; nothing happens for one that there is not.
            outcome: The outcome.
            reference: What the act has made, where that was not known before.
        """
        ...

    def page(
        self, question: AuditQuestion | None = None, *, before: str | None = None, at_most: int = 50
    ) -> AuditPage:
        """Return the newest events that are asked for. Reading also works where nothing may be written.

        Args:
            question: Which; all by default.
            before: Only those that were written before this one, as `AuditPage.older` names it; there are none before one
                that is gone.
            at_most: How many, at least 1.
        """
        ...
