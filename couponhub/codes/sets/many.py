"""The rows of a source once they are many; see `few` for the others, which this says the same as."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Self, TypeVar

import attrs
import numpy as np
from numpy.typing import NDArray

from couponhub.codes.dedupe import KEPT, SENT, DedupeResult
from couponhub.codes.few import FewCodes, RowForm
from couponhub.codes.rejects import SoundRows
from couponhub.codes.row_record import RowBlock, RowRecordWriter, pack_fates
from couponhub.codes.rows import SourceBatch, SourceRows
from couponhub.codes.sets.blocks import BlockExaminer, Examined
from couponhub.codes.sets.crew import Crew
from couponhub.codes.sets.folding import Folding, composed
from couponhub.codes.sets.hashing import Hashes
from couponhub.codes.sets.index import HASHES, SetIndex
from couponhub.codes.sets.lines import TextLines
from couponhub.codes.sets.origins import Origin, Origins
from couponhub.codes.sets.probing import MOST, Prober, Wanted
from couponhub.codes.sets.proof import Placed
from couponhub.codes.sets.sieve import Block, Dealt, Sieve, Sifted
from couponhub.codes.sharing import size_of
from couponhub.codes.writing import PartWriter
from couponhub.intake.text_rows import TextBlock
from couponhub.models import CodeFileRules, Tagging
from couponhub.state import CodeSet, TextCodeSet

_T = TypeVar("_T")
_SHARE = 1
"""The least share of codes sent before, in bytes beside the new ones, that is looked through rather than sorted with them."""


@attrs.frozen(eq=False)
class _Taken:
    """Sound rows, ready for the sieve; `codes` and `rows` are None where they are what is compared.

    `origin` says on which lines they stand, None of a set, which has none.
    """

    keys: Dealt
    codes: bytes | None
    rows: bytes | None
    is_composed: bool
    origin: Origin | None


class ManyCodes:
    """Keeps accepted rows until it is known which of them are to be sent, in bounded memory.

    Args:
        folder: A private folder for its files; whoever made it removes it.
        rules: How the vendor compares.
        tagging: Which identifier customers are named by.
        hashes: Says which codes may be equal.
    """

    def __init__(
        self, folder: Path, rules: CodeFileRules, tagging: Tagging | None, hashes: Hashes | None = None
    ) -> None:
        self._folder = folder
        self._form = RowForm.of(rules, tagging)
        self._folding = Folding(ignores_case=rules.ignores_case, ignores_blanks=rules.ignores_blanks)
        self._hashes = hashes
        self._hash = self._form.fingerprint()
        self._opened = ExitStack()
        self._sieve = self._opened.enter_context(Sieve(folder, hashes))
        self._origins = self._opened.enter_context(Origins(folder))
        # Left first, so that nobody works on files that are closed.
        self._crew = self._opened.enter_context(Crew())
        self._is_composed = True
        self._fates: NDArray[np.uint8] = np.zeros(0, np.uint8)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._opened.close()

    @property
    def rows(self) -> int:
        """Rows taken so far."""
        return self._sieve.rows

    @property
    def fingerprint(self) -> str:
        """As `FewCodes.fingerprint`."""
        return self._hash.hexdigest()

    def take_over(self, few: FewCodes) -> None:
        """Take the rows that were taken while they were few."""
        start = 0
        for rows, codes in few.batches():
            origin = Origin.of(few.lines[start : start + len(codes)])
            self._add(b"".join(codes), None if self._form.is_plain else b"".join(rows), origin)
            start += len(codes)

    def take_in(self, source: SourceRows, sound: SoundRows) -> None:
        """Read and check all rows of a source that were not read yet, and take the sound ones.

        Raises:
            UsageError, LocalError: From reading. Faults are noted.
        """
        examiner = BlockExaminer(source.columns, sound.checks)
        for piece in source.blocks(examiner.plain_lines):
            if isinstance(piece, TextBlock):
                self._crew.submit(self._examined, examiner, piece, then=partial(self._sort, sound))
                continue
            self._crew.drain()  # what is noted of rows is noted in their order
            for batch in piece:
                self.add(sound.of(batch))
        self._crew.drain()
        sound.note()

    def add(self, batch: SourceBatch) -> None:
        """Take further rows."""
        if batch.codes:
            codes = self._form.codes(batch)
            rows = self._form.rows(batch, codes)
            self._add(codes, None if rows is codes else rows, Origin.of(batch.lines))

    def add_set(self, code_set: CodeSet) -> None:
        """Take the codes of a set.

        Raises:
            LocalError: It cannot be read.
        """
        for text in texts_of(code_set):
            self._add(text, None, None)

    def settle(self, sent: tuple[CodeSet, ...]) -> DedupeResult:
        """Find out which rows are to be sent, less what was sent before.

        Raises:
            LocalError: A code set cannot be read.
        """
        self._crew.drain()
        files = [each for each in sent if isinstance(each, TextCodeSet)]
        is_worth = self.rows <= MOST and size_of(files) >= _SHARE * self._sieve.size
        if is_worth and self._is_composed and len(files) == len(sent):
            return self._probed(files)
        for code_set in sent:
            for text in texts_of(code_set):
                self._crew.submit(self._dealt, text, None, then=self._subtract)
        self._crew.drain()
        sifted = self._sieve.sift(self._crew)
        kept = self.rows - sifted.duplicates - sifted.skipped
        return self._told(sifted, sifted.skipped, 0 if self._is_composed else kept - self._count_looks())

    def _probed(self, sent: Sequence[TextCodeSet]) -> DedupeResult:
        """Look few rows up among what was sent before, rather than sort that."""
        sifted = self._sieve.sift(self._crew)
        if not sent:
            return self._told(sifted, 0, 0)
        hashes, rows = self._sieve.hashed(HASHES, sifted.fates == KEPT)
        order = np.argsort(hashes)
        rows = rows[order]
        wanted = Wanted.of(
            hashes[order], lambda places: [text + b"\n" for text in self._sieve.texts(rows[places])]
        )
        looks = attrs.evolve(wanted, found=np.zeros_like(wanted.found))
        prober = Prober(self._folding)

        def look(code_set: TextCodeSet) -> None:
            index = SetIndex.of(code_set, self._folding, self._folder)
            prober.look(wanted, code_set, index)
            if index is None or not index.is_composed:
                prober.look_alikes(looks, code_set)

        for code_set in sent:
            self._crew.submit(look, code_set, then=lambda _: None)
        self._crew.drain()
        sifted.fates[rows[wanted.found]] = SENT
        return self._told(
            sifted, int(np.count_nonzero(wanted.found)), int(np.count_nonzero(looks.found & ~wanted.found))
        )

    def _told(self, sifted: Sifted, skipped: int, lookalikes: int) -> DedupeResult:
        self._fates = sifted.fates
        return DedupeResult(
            fates=memoryview(sifted.fates.data),
            duplicates=sifted.duplicates,
            skipped=skipped,
            case_duplicates=sifted.twins,
            lookalikes=lookalikes,
        )

    def write(self, writer: PartWriter) -> None:
        """Write the rows that are to be sent."""
        self._each(self._chosen, lambda chosen: writer.write_text(*chosen))

    def note_rows(self, record: RowRecordWriter) -> None:
        """As `FewCodes.note_rows`; only of rows that came with their lines."""
        self._origins.seal()
        self._each(self._noted, record.write)

    def each_code(self, then: Callable[[bytes], object], *, are_shared: bool) -> None:
        """Give the first of each code, a block of lines at a time: those that were sent before, or the others."""
        fate = SENT if are_shared else KEPT
        self._each(lambda block: self._lines(block, block.codes, fate)[0], then)

    def each_key(self, then: Callable[[bytes], object]) -> None:
        """Give the others as they are compared."""
        self.map_keys(lambda text: text, then)

    def map_keys(self, work: Callable[[bytes], _T], then: Callable[[_T], object]) -> None:
        """Give what some work makes of the others as they are compared; it runs in several threads."""
        self._each(lambda block: work(self._lines(block, block.keys, KEPT)[0]), then)

    def _each(self, work: Callable[[Block], _T], then: Callable[[_T], object]) -> None:
        for block in self._sieve.blocks:
            if block.base >= 0:
                self._crew.submit(work, block, then=then)
        self._crew.drain()

    def _add(self, codes: bytes, rows: bytes | None, origin: Origin | None) -> None:
        self._crew.submit(self._dealt, codes, rows, None, origin, then=self._take)

    def _examined(self, examiner: BlockExaminer, block: TextBlock) -> tuple[Examined, _Taken]:
        examined = examiner.examine(block)
        return examined, self._dealt(examined.text, None, examined.lines, examined.origin)

    def _sort(self, sound: SoundRows, found: tuple[Examined, _Taken]) -> None:
        examined, taken = found
        sound.checks.faults.merge(examined.faults)
        sound.checks.oddities.merge(examined.oddities)
        sound.note()
        if not sound.are_refused:
            self._take(taken)

    def _dealt(
        self,
        codes: bytes,
        rows: bytes | None,
        lines: TextLines | None = None,
        origin: Origin | None = None,
    ) -> _Taken:
        keys = self._folding.keys(codes)
        dealt = self._sieve.deal(keys, lines if keys is codes else None, thins=not self._folding.folds)
        return _Taken(dealt, None if keys is codes else codes, rows, composed(keys) is keys, origin)

    def _take(self, taken: _Taken) -> None:
        if taken.keys.lines.count:
            self._is_composed &= taken.is_composed
            if taken.origin is not None:
                self._origins.add(self._sieve.rows, taken.origin)
            self._sieve.add(taken.keys, codes=taken.codes, rows=taken.rows)
            self._hash.update(taken.rows or taken.codes or taken.keys.text)

    def _subtract(self, taken: _Taken) -> None:
        self._is_composed &= taken.is_composed
        self._sieve.subtract(taken.keys)

    def _chosen(self, block: Block) -> tuple[bytes, TextLines, bytes, TextLines | None]:
        codes = self._lines(block, block.codes, KEPT)
        if block.rows is block.codes:
            return *codes, codes[0], None
        return *self._lines(block, block.rows, KEPT), *codes

    def _noted(self, block: Block) -> RowBlock:
        origin = self._origins.of(block.base)
        fates = self._fates[block.base : block.base + block.lines]
        codes = b""
        if fates.any():
            text = self._sieve.read(block.codes)
            codes = TextLines.of(text).chosen(text, fates != KEPT)
        return RowBlock(
            first=origin.first,
            rows=block.lines,
            steps=origin.steps,
            fates=pack_fates(fates.tobytes()),
            codes=codes,
        )

    def _lines(self, block: Block, placed: Placed, fate: int) -> tuple[bytes, TextLines]:
        """The lines of a block that have this fate."""
        text = self._sieve.read(placed)
        lines = TextLines.of(text)
        keep = self._fates[block.base : block.base + block.lines] == fate
        if keep.all():
            return text, lines
        text = lines.chosen(text, keep)
        return text, TextLines.of(text)

    def _count_looks(self) -> int:
        """Count the codes that are to be sent by how they look, not by how they are composed."""
        folder = self._folder / "looks"
        folder.mkdir(mode=0o700)
        with Sieve(folder, self._hashes) as looks:
            for block in self._sieve.blocks:
                self._crew.submit(
                    lambda block: looks.deal(composed(self._sieve.read(block.keys))),
                    block,
                    then=looks.add if block.base >= 0 else looks.subtract,
                )
            self._crew.drain()
            sifted = looks.sift(self._crew)
            return looks.rows - sifted.duplicates - sifted.skipped


def shared_by_many(codes: CodeSet, others: tuple[CodeSet, ...], rules: CodeFileRules, workspace: Path) -> int:
    """As `sharing.shared`."""
    with ManyCodes(workspace, rules, None) as many:
        many.add_set(codes)
        return many.settle(others).skipped


def texts_of(code_set: CodeSet) -> Iterator[bytes]:
    """Give the codes of a set as lines, in blocks of a few MiB.

    Raises:
        LocalError: It cannot be read.
    """
    if isinstance(code_set, TextCodeSet):
        yield from code_set.texts()
        return
    for codes in code_set.batches():
        yield "".join(f"{code}\n" for code in codes).encode()
