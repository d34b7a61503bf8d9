"""The part of a source that is to be sent: what the list was not given before."""

import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

import attrs

from couponhub.codes import CodeSource, PreparedCodes, prepare
from couponhub.models import CodeFileRules, Tagging
from couponhub.state import CodeSet, ListHistory
from couponhub.uploads.replayable_source import ReplayableSource


@attrs.frozen(kw_only=True)
class Subtractor:
    """Prepares sources for one list, less what it was given before.

    A code is never sent while a part may still bring it there; and it counts as sent before only when the
    vendor has taken a part with it.

    Attributes:
        column: See `codes.prepare`; so `accepts_ruined`.
        history: What the list was given.
        recover: Waits until the vendor has ended what it has of earlier parts; returns what the list was given by then.
    """

    history: ListHistory
    rules: CodeFileRules
    column: str | int | None
    tagging: Tagging | None
    accepts_ruined: bool
    recover: Callable[[], ListHistory]

    def prepare(
        self, source: CodeSource, workspace: Path, *, again: bool
    ) -> tuple[PreparedCodes, int, ListHistory]:
        """Prepare a source in a private folder.

        Args:
            source: The codes.
            workspace: An existing private folder.
            again: Leave nothing out.

        Returns:
            What is to be sent; how many of the rows left out, `skipped`, the vendor may not have: it did not take
            all of a part that they are in, or nobody can tell; and what the list was given, as it was found last.

        Raises:
            WaitTimeout, VendorError: From `recover`; nothing is prepared.
            UsageError, LocalError: See `codes.prepare`.
        """
        if again:
            return self._prepare(source, workspace / "all", ()), 0, self.history
        sent = self.history.sent
        if set(sent) == set(self.history.taken):
            return self._prepare(source, workspace / "new", sent), 0, self.history
        readable = ReplayableSource(source, workspace / "source")
        codes = self._prepare(readable.read(), workspace / "probe", sent)
        if not codes.skipped:
            return codes, 0, self.history
        # Rows of parts of which it is not known what becomes of them, perhaps.
        history = self.recover()
        shutil.rmtree(workspace / "probe")
        codes = self._prepare(readable.read(), workspace / "new", history.sent)
        proof = workspace / "proof"
        proven = self._prepare(readable.read(), proof, history.taken).skipped if codes.skipped else 0
        shutil.rmtree(proof, ignore_errors=True)
        return codes, codes.skipped - proven, history

    def _prepare(self, source: CodeSource, folder: Path, sent: Iterable[CodeSet]) -> PreparedCodes:
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
