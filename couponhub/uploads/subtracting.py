"""What of a source is to be sent: what the list was not given before."""

import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

import attrs

from couponhub.codes import CodeSource, PreparedCodes, prepare
from couponhub.models import CodeFileRules, ListId, Tagging
from couponhub.store import Ledger
from couponhub.uploads.rereading import Rereadable


@attrs.frozen(kw_only=True)
class Subtractor:
    """Prepares sources for one list, less what it was given before.

    A code is never sent while a part may still bring it there; and it counts as sent before only when the
    vendor has taken a part with it.

    Attributes:
        column: See `codes.prepare`; so `accepts_ruined`.
        settle: Waits until the vendor has ended what it has of earlier parts.
    """

    ledger: Ledger
    list_id: ListId
    rules: CodeFileRules
    column: str | int | None
    tagging: Tagging | None
    accepts_ruined: bool
    settle: Callable[[], None]

    def prepare(self, source: CodeSource, workspace: Path, *, again: bool) -> tuple[PreparedCodes, int]:
        """Prepare a source in a private folder.

        Args:
            source: The codes.
            workspace: An existing private folder.
            again: Leave nothing out.

        Returns:
            What is to be sent, and how many of the rows left out, `skipped`, the vendor may not have: it did
            not take all of a part that they are in, or nobody can tell.

        Raises:
            WaitTimeout, VendorError: From `settle`; nothing is prepared.
            UsageError, LocalError: See `codes.prepare`.
        """
        if again:
            return self._prepare(source, workspace / "all", ()), 0
        sent = self.ledger.codes_sent(self.list_id)
        if set(sent) == set(self.ledger.codes_taken(self.list_id)):
            return self._prepare(source, workspace / "new", sent), 0
        readable = Rereadable(source, workspace / "source")
        codes = self._prepare(readable.read(), workspace / "probe", sent)
        if not codes.skipped:
            return codes, 0
        # Rows of parts of which it is not known what becomes of them, perhaps.
        self.settle()
        shutil.rmtree(workspace / "probe")
        codes = self._prepare(readable.read(), workspace / "new", self.ledger.codes_sent(self.list_id))
        taken = self.ledger.codes_taken(self.list_id)
        proven = self._prepare(readable.read(), workspace / "proof", taken).skipped if codes.skipped else 0
        shutil.rmtree(workspace / "proof", ignore_errors=True)
        return codes, codes.skipped - proven

    def _prepare(self, source: CodeSource, folder: Path, sent: Iterable[Path]) -> PreparedCodes:
        folder.mkdir(mode=0o700)
        return prepare(
            source,
            self.rules,
            folder,
            column=self.column,
            tagging=self.tagging,
            accepts_ruined=self.accepts_ruined,
            sent=sent,
        )
