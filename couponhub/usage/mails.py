"""The report in a mail, and when the mail says that it was sent."""

from collections.abc import Callable
from datetime import UTC, datetime
from email import errors, message_from_bytes, policy
from email.message import Message
from email.utils import parsedate_to_datetime

from couponhub.errors import LocalError

_REPORT_TYPES = frozenset({"text/csv", "application/csv", "application/gzip", "application/x-gzip"})
_REPORT_ENDINGS = (".csv", ".tsv", ".gz", ".zst", ".zip", ".xlsx", ".parquet")
_SAVE_IT = "save the report that it holds, and import that"
_CUT = (
    errors.CloseBoundaryNotFoundDefect,
    errors.StartBoundaryNotFoundDefect,
    errors.InvalidBase64CharactersDefect,
    errors.InvalidBase64LengthDefect,
    errors.InvalidBase64PaddingDefect,
)


def report_in_mail(content: bytes, fault: Callable[..., LocalError]) -> tuple[bytes, datetime | None]:
    """Return the one report that a mail holds, and when the mail was sent; None when it does not say.

    Args:
        content: The mail.
        fault: Makes the error of what is wrong with it.

    Raises:
        LocalError: It is damaged, or holds no report or several.
    """
    try:
        return _attached(content, fault)
    except LocalError:
        raise
    except RecursionError:
        raise fault("the mail is nested too deeply", _SAVE_IT) from None
    except Exception as error:  # noqa: BLE001 - what `email` raises of odd headers is documented nowhere
        raise fault(f"the mail cannot be read ({type(error).__name__})", _SAVE_IT) from None


def _attached(content: bytes, fault: Callable[..., LocalError]) -> tuple[bytes, datetime | None]:
    mail = message_from_bytes(content, policy=policy.default)
    parts = list(mail.walk())
    if any(isinstance(defect, _CUT) for part in parts for defect in part.defects):
        raise fault("the mail is damaged or cut off")
    reports = [part for part in parts if _is_report(part)]
    if not reports:
        raise fault(
            "the mail holds no report",
            "a report is attached to it as .csv, .csv.gz, .zip or another kind that is read",
        )
    if len(reports) > 1:
        raise fault(
            f"the mail holds {len(reports)} reports",
            "save them and import each with the list and days that it is of",
        )
    report = reports[0]
    payload = report.get_payload(decode=True)
    if any(isinstance(defect, _CUT) for defect in report.defects) or not isinstance(payload, bytes):
        raise fault("the mail is damaged or cut off")
    # The report is as old as the oldest of the mails around it: one that was forwarded lies in another.
    around = [part for part in parts if any(inner is report for inner in part.walk())]
    dates = [date for part in around if (date := _date(part["Date"])) is not None]
    return payload, min(dates, default=None)


def _is_report(part: Message) -> bool:
    if part.is_multipart():
        return False
    file_name = (part.get_filename() or "").lower()
    return file_name.endswith(_REPORT_ENDINGS) or (not file_name and part.get_content_type() in _REPORT_TYPES)


def _date(header: object) -> datetime | None:
    try:
        moment = parsedate_to_datetime(str(header))
        # Without a zone is how the mail libraries of servers write UTC: -0000.
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (TypeError, ValueError, OverflowError):  # the last of moments beyond the calendar
        return None
