"""How an upload stands, told from the ledger's record of it; the rows always balance."""

from collections.abc import Iterable

import attrs

from couponhub.models import ListId, Part, Upload, UploadId, UploadStatus
from couponhub.state import PartRecord, Stage, UploadRecord


def upload_of(record: UploadRecord, *, sending: bool) -> Upload:
    """Tell how one of our uploads stands.

    Args:
        record: As last known.
        sending: Whether somebody is still sending it; parts that were never sent then are pending, else they
            count as refused.
    """
    parts = tuple(_part(part, sending=sending) for part in record.parts)
    accepted = _sum(part.accepted for part in parts)
    rejected = _sum(part.rejected for part in parts)
    unknown = None
    if record.rows is not None:
        told = (accepted, rejected, record.duplicates, record.skipped)
        unknown = record.rows - sum(count or 0 for count in told)
    return Upload(
        connection=record.connection,
        list_id=record.list_id,
        id=record.id,
        name=record.name,
        status=_status(parts, unknown or 0),
        rows=record.rows,
        accepted=accepted,
        rejected=rejected,
        duplicates=record.duplicates,
        skipped=record.skipped,
        unknown=unknown,
        created_at=record.created_at,
        updated_at=record.updated_at,
        error_file=next((part.error_file for part in parts if part.error_file), None),
        parts=parts,
        warnings=(*record.warnings, *_warnings(record, sending=sending)),
    )


def upload_of_part(connection: str, list_id: ListId, part: Part) -> Upload:
    """Show a vendor's file as an upload of one part; how many rows were meant to be in it nobody tells."""
    return Upload(
        connection=connection,
        list_id=list_id,
        id=UploadId(part.id or ""),
        name=part.name,
        status=part.status,
        accepted=part.accepted,
        rejected=part.rejected,
        created_at=part.created_at,
        updated_at=part.updated_at,
        error_file=part.error_file,
        parts=(part,),
        raw=part.raw,
    )


def _part(record: PartRecord, *, sending: bool) -> Part:
    if record.stage is Stage.SUBMITTED:
        return _counted(record.shown)
    part = attrs.evolve(record.shown, accepted=None, rejected=None)
    if record.stage is Stage.SUBMITTING:
        return attrs.evolve(part, status=UploadStatus.UNKNOWN)
    if sending:
        return attrs.evolve(part, status=UploadStatus.PENDING)
    return attrs.evolve(part, status=UploadStatus.FAILED, accepted=0, rejected=part.rows)


def _counted(part: Part) -> Part:
    """Judge an ended part by its counts, for a vendor's "done" may only mean "worked through"."""
    if not part.status.ended:
        # Counts of a running part may lag or shrink.
        return attrs.evolve(part, accepted=None, rejected=None)
    accepted, rejected, rows = part.accepted, part.rejected, part.rows
    if accepted is None and part.status is UploadStatus.FAILED:
        accepted = 0
    if rows is None:
        return attrs.evolve(part, accepted=accepted, rejected=rejected)
    if accepted is None and rejected is not None:
        accepted = rows - rejected
    if accepted is None:
        # "Done" without a count proves nothing; waiting for one that never comes would not end.
        return attrs.evolve(part, status=UploadStatus.PARTIAL)
    accepted = min(max(accepted, 0), rows)
    status = UploadStatus.PARTIAL
    if accepted == rows:
        status = UploadStatus.DONE
    elif accepted == 0:
        status = UploadStatus.FAILED
    return attrs.evolve(part, status=status, accepted=accepted, rejected=rows - accepted)


def _sum(counts: Iterable[int | None]) -> int | None:
    told = list(counts)
    known = [count for count in told if count is not None]
    return None if told and not known else sum(known)


def _status(parts: tuple[Part, ...], unknown: int) -> UploadStatus:
    statuses = {part.status for part in parts}
    if all(status.ended for status in statuses):
        if unknown or len(statuses) > 1:
            return UploadStatus.PARTIAL
        return statuses.pop() if statuses else UploadStatus.DONE
    if UploadStatus.UNKNOWN in statuses:
        return UploadStatus.UNKNOWN
    return UploadStatus.PENDING if statuses == {UploadStatus.PENDING} else UploadStatus.PROCESSING


def _warnings(record: UploadRecord, *, sending: bool) -> Iterable[str]:
    unsent = sum(part.stage in {Stage.PREPARED, Stage.ABSENT} for part in record.parts)
    if unsent and not sending:
        yield f"{unsent} of {len(record.parts)} parts never reached the vendor; send the same codes again for them"
