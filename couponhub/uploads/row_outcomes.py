"""The outcome of a row, as far as what is known of its part proves one."""

import attrs

from couponhub.codes.dedupe import DUPLICATE, SENT
from couponhub.codes.row_record import IN_DOUBT
from couponhub.models import Evidence, Part, RowOutcome, UploadStatus
from couponhub.state import PartRecord, Stage


@attrs.frozen
class RowJudgement:
    """The outcome of rows that are alike, and why it is that.

    Attributes:
        outcome: What became of them.
        reason: For people, "" where the outcome says all; never a code.
        evidence: How that is known of the vendor; None for what we know ourselves, and for what nobody knows.
    """

    outcome: RowOutcome
    reason: str = ""
    evidence: Evidence | None = None


OF_FATE = {
    DUPLICATE: RowJudgement(RowOutcome.DUPLICATE, "the code stands in an earlier row"),
    SENT: RowJudgement(RowOutcome.SKIPPED, "the code was sent to this list before"),
    IN_DOUBT: RowJudgement(
        RowOutcome.UNKNOWN,
        "the code was sent to this list before, in a part of which the vendor does not show that it took all",
    ),
}
"""Of rows that are in no part."""


def judgement_of(part: Part, record: PartRecord) -> RowJudgement:
    """Tell what became of the rows of a part, all of them alike; UNKNOWN where its counts do not say which.

    Args:
        part: As it is shown, its counts balanced.
        record: As the vendor last showed it.
    """
    if part.not_sent == part.rows:
        reason = "yet to be sent" if not part.status.ended else "its part never reached the vendor"
        return RowJudgement(RowOutcome.NOT_SENT, reason)
    if part.pending == part.rows:
        return RowJudgement(RowOutcome.PENDING, "the vendor has not ended its part")
    if part.accepted == part.rows:
        return RowJudgement(RowOutcome.ACCEPTED, "", Evidence.COUNTED)
    if part.rejected == part.rows:
        return _rejected(record)
    return RowJudgement(RowOutcome.UNKNOWN, _why_unknown(part, record))


def _rejected(record: PartRecord) -> RowJudgement:
    shown = record.shown
    if record.is_deleted:
        why = "its part was deleted at the vendor: codes that were handed out by then stay so"
        return RowJudgement(RowOutcome.REJECTED, why, Evidence.ASSUMED)
    if shown.accepted is None and shown.rejected is None:
        why = "the vendor failed its part as a whole, without counts"
        return RowJudgement(RowOutcome.REJECTED, why, Evidence.ASSUMED)
    return RowJudgement(RowOutcome.REJECTED, "the vendor refused every row of its part", Evidence.COUNTED)


def _why_unknown(part: Part, record: PartRecord) -> str:
    if record.stage is Stage.SUBMITTING:
        return "no answer came when its part was sent: the vendor may have it or not"
    if not part.status.ended or part.status is UploadStatus.UNKNOWN:
        return "how its part stands at the vendor cannot be told"
    if part.accepted is None:
        return "the vendor ended its part without counts"
    return (
        f"the vendor refused {part.rejected:,} of the {part.rows:,} rows of its part, and does not say which"
    )
