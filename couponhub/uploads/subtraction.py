"""The part of a source that is to be sent: what the list was not given before."""

import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

import attrs

from couponhub.codes import CodeSource, PreparedCodes, note_doubts, prepare
from couponhub.models import CodeFileRules, Tagging
from couponhub.state import CodeSet, ListHistory
from couponhub.uploads.replayable_source import ReplayableSource

_RECORD = "rows"


@attrs.frozen(kw_only=True)
class PreparedRest:
    """The part of a source that is to be sent.

    Attributes:
        codes: Its files, and the counts of all rows.
        doubtful: Rows left out of which nobody can tell that the vendor has them: it did not take all of a part that
            they are in.
        history: What the list was given, as it was found last.
        record: What became of each row; see `codes.row_record`.
    """

    codes: PreparedCodes
    doubtful: int
    history: ListHistory
    record: Path


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

    def prepare(self, source: CodeSource, workspace: Path, *, again: bool) -> PreparedRest:
        """Prepare a source in a private folder.

        Args:
            source: The codes.
            workspace: An existing private folder.
            again: Leave nothing out.

        Raises:
            WaitTimeout, VendorError: From `recover`; nothing is prepared.
            UsageError, LocalError: See `codes.prepare`.
        """
        new = workspace / "new"
        if again:
            return self._rest(self._prepare(source, new, ()), new)
        sent = self.history.sent
        if set(sent) == set(self.history.taken):
            return self._rest(self._prepare(source, new, sent), new)
        readable = ReplayableSource(source, workspace / "source")
        probe = workspace / "probe"
        codes = self._prepare(readable.read(), probe, sent)
        if not codes.skipped:
            return self._rest(codes, probe)
        # Rows of parts of which it is not known what becomes of them, perhaps.
        history = self.recover()
        shutil.rmtree(probe)
        rest = attrs.evolve(
            self._rest(self._prepare(readable.read(), new, history.sent), new), history=history
        )
        if not rest.codes.skipped:
            return rest
        proof = workspace / "proof"
        proven = self._prepare(readable.read(), proof, history.taken).skipped
        doubtful = rest.codes.skipped - proven
        if doubtful:
            note_doubts(rest.record, proof / _RECORD, new / "doubts")
            rest = attrs.evolve(rest, doubtful=doubtful, record=new / "doubts")
        shutil.rmtree(proof)
        return rest

    def _rest(self, codes: PreparedCodes, folder: Path) -> PreparedRest:
        return PreparedRest(codes=codes, doubtful=0, history=self.history, record=folder / _RECORD)

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
            record=folder / _RECORD,
        )
