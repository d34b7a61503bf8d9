"""From the id of an upload to its report, row by row; or why there is none."""

from collections.abc import Callable
from pathlib import Path

import attrs

from couponhub.auditing import Auditor
from couponhub.capabilities import Offered
from couponhub.errors import LocalError, NotFound
from couponhub.models import CodeFileRules, UploadId, UploadReport
from couponhub.protocols import FindsCoupons
from couponhub.state import AuditAction, Ledger, UploadRecord
from couponhub.uploads.catalogue import UploadCatalogue
from couponhub.uploads.code_probe import CodeProbe
from couponhub.uploads.reconciling import Reconciler
from couponhub.uploads.report_file import check_report_target
from couponhub.uploads.row_report import RowReporter
from couponhub.uploads.row_walk import RowWalk


@attrs.frozen(kw_only=True)
class UploadReporter:
    """Writes reports of the uploads of one connection.

    Attributes:
        ledger: Makes the ledger.
        reconciler: Makes what compares uploads with the vendor.
        rules: Tells how the vendor compares codes.
    """

    connection: str
    offered: Offered
    ledger: Callable[[], Ledger]
    catalogue: UploadCatalogue
    reconciler: Callable[[Ledger], Reconciler]
    rules: Callable[[], CodeFileRules]
    auditor: Auditor

    def write(self, upload_id: UploadId, target: Path, *, most: int) -> UploadReport:
        """See `Uploads.report`; about `most` codes the vendor is asked."""
        check_report_target(target)
        finder = self.offered.require(FindsCoupons) if most else None
        ledger = self.ledger()
        record = ledger.find(upload_id)
        if record is None:
            raise NotFound(
                f"no upload {upload_id} went to this connection", hint="see `couponhub uploads ls`"
            )
        walk = _walk_of(ledger, record)
        record = self.reconciler(ledger).refresh(record)
        rules = self.rules()
        reporter = RowReporter(
            record=record,
            upload=self.catalogue.told(record, sending=ledger.is_locked(record)),
            walk=walk,
            probe=CodeProbe(
                finder=finder,
                list_id=record.list_id,
                most=most,
                ignores_case=rules.ignores_case,
                ignores_blanks=rules.ignores_blanks,
            ),
        )
        with self.auditor.act(
            AuditAction.DOWNLOAD_ROW_REPORT,
            connection=self.connection,
            list_id=record.list_id,
            reference=upload_id,
        ):
            return reporter.write(target)


def _walk_of(ledger: Ledger, record: UploadRecord) -> RowWalk:
    """Return the rows of an upload's source.

    Raises:
        LocalError: They are not kept here; the text says why, and the hint what there is instead.
    """
    hint = f"`couponhub uploads show {record.id}` tells its counts"
    if record.rows is None:
        raise LocalError(
            f"upload {record.id} went out as a URL: nobody here has seen its rows",
            hint=f"{hint}; one that is sent as a file can be reported row by row",
        )
    history = ledger.history(record.list_id)
    sets = {part.number: history.code_set(record, part) for part in record.parts}
    kept = {number: code_set for number, code_set in sets.items() if code_set is not None}
    if len(kept) < len(sets):
        raise LocalError(
            f"the codes of upload {record.id} are not kept any more: retention_days of [store] are over, or their"
            " folder was lost",
            hint=hint,
        )
    path = ledger.row_record(record)
    if path is None:
        raise LocalError(
            f"of upload {record.id} the lines of its rows are not kept: an earlier version prepared it, or"
            " retention_days of [store] are over",
            hint=hint,
        )
    return RowWalk(record=path, code_sets=kept)
