"""The whole way from a source of codes to vendor files, in one pass to read and one to write."""

import hashlib
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import compress, islice
from pathlib import Path
from typing import Self

import attrs

from couponhub.codes.checking import Checks, CodeOddities
from couponhub.codes.dedupe import DedupeResult, Deduplicator, private
from couponhub.codes.faults import Faults
from couponhub.codes.header import Columns
from couponhub.codes.rows import SourceBatch, SourceRows, rows_of_file, rows_of_iterable
from couponhub.codes.source import CodeSource, is_file, name_of, reading
from couponhub.codes.words import Strays
from couponhub.codes.writing import PartWriter, PreparedFile, csv_rows, header_row
from couponhub.errors import LocalError, UsageError
from couponhub.models import CodeFileRules, Tagging
from couponhub.state import CodeSet

_BATCH = 20_000
_KEEP = bytes.maketrans(b"\0\1", b"\1\0")


@attrs.frozen(kw_only=True)
class PreparedCodes:
    """A source made ready: rows = duplicates + skipped + the rows of the parts.

    Attributes:
        rows: Rows of codes in the source; blank rows do not count.
        duplicates: Rows left out because their code stood earlier in the source.
        skipped: Rows left out because their code was sent before.
        warnings: What was odd, in counts, never with a code.
        fingerprint: Recognises the same rows in the same order for the same kind of customer, in hex.
        parts: Empty when nothing is left to send.
    """

    rows: int
    duplicates: int
    skipped: int
    warnings: tuple[str, ...]
    fingerprint: str
    parts: tuple[PreparedFile, ...]


def prepare(
    source: CodeSource,
    rules: CodeFileRules,
    workspace: Path,
    *,
    column: str | int | None = None,
    tagging: Tagging | None = None,
    accepts_ruined: bool = False,
    sent: Iterable[CodeSet] = (),
) -> PreparedCodes:
    """Read, check, dedupe, subtract and split codes into vendor files in `workspace`.

    The first of equal codes is kept. Everything wrong with the source is told at once, by line, with no code.

    Args:
        source: A path or open file with a header row, or an iterable of codes without one.
        rules: How the vendor wants its files.
        workspace: An existing private folder; the caller removes it. Nothing half done is left in it.
        column: The column of codes by name, or by position from 0; None to find it by its name.
        tagging: Which column names customers, None when codes come alone.
        accepts_ruined: Send codes that a spreadsheet seems to have ruined as they stand.
        sent: The code sets of what was sent before and is not to be sent again.

    Raises:
        UsageError: The source is empty, has no header, or has faulty rows; the text names the file.
        LocalError: The source cannot be read, or the disk is full.
    """
    try:
        return _prepare(
            source,
            rules,
            workspace,
            column=column,
            tagging=tagging,
            accepts_ruined=accepts_ruined,
            sent=sent,
        )
    except UsageError as error:
        if not (name := name_of(source)):
            raise
        raise error.reworded(message=f"{name}: {error.message}") from error.__cause__


def _prepare(
    source: CodeSource,
    rules: CodeFileRules,
    workspace: Path,
    *,
    column: str | int | None,
    tagging: Tagging | None,
    accepts_ruined: bool,
    sent: Iterable[CodeSet],
) -> PreparedCodes:
    with ExitStack() as opened:
        scratch = opened.enter_context(_scratch(workspace))
        spool = opened.enter_context(_Spool(scratch, rules, tagging))
        deduplicator = Deduplicator(
            scratch, ignores_case=rules.ignores_case, ignores_blanks=rules.ignores_blanks
        )
        faults, oddities = Faults(), CodeOddities()
        rows = opened.enter_context(_rows(source, rules, faults, column=column, tagging=tagging))
        checks = Checks(
            rules=rules,
            identifier=tagging.identifier if tagging else None,
            strays=Strays(rows.columns.header),
            lone_column=is_file(source) and rows.columns.width == 1,
            accepts_ruined=accepts_ruined,
            faults=faults,
            oddities=oddities,
        )
        for batch in rows.batches:
            checks.check(batch)
            if not faults.count:
                spool.add(batch)
                deduplicator.add(batch.codes)
        checks.finish()
        if not spool.rows:
            raise UsageError("there are no codes, only a header" if is_file(source) else "there are no codes")
        for code_set in sent:
            for codes in code_set.batches():
                deduplicator.subtract(codes)
        deduped = deduplicator.run()
        return PreparedCodes(
            rows=spool.rows,
            duplicates=deduped.duplicates,
            skipped=deduped.skipped,
            warnings=(*oddities.warnings(rules), *_warnings(deduped, rules, rows.columns, tagging)),
            fingerprint=spool.fingerprint,
            parts=_write(spool, deduped, header_row(rules, tagged=tagging is not None), rules, workspace),
        )


@contextmanager
def _rows(
    source: CodeSource,
    rules: CodeFileRules,
    faults: Faults,
    *,
    column: str | int | None,
    tagging: Tagging | None,
) -> Iterator[SourceRows]:
    if is_file(source):
        with reading(source) as file:
            yield rows_of_file(file, rules, faults, column=column, tagging=tagging)
    elif tagging is not None:
        raise UsageError("codes for customers come as a file with two columns, not as an iterable of codes")
    elif column is not None:
        raise UsageError("a column is named of a file, not of an iterable of codes")
    else:
        yield rows_of_iterable(source)


def _warnings(
    deduped: DedupeResult, rules: CodeFileRules, columns: Columns, tagging: Tagging | None
) -> Iterator[str]:
    if deduped.case_duplicates:
        ignored = " or ".join([*["case"] * rules.ignores_case, *["blanks around it"] * rules.ignores_blanks])
        yield (
            f"{deduped.case_duplicates} codes differ from an earlier one only by {ignored}, which the vendor ignores: left out"
        )
    if deduped.lookalikes:
        yield (
            f"{deduped.lookalikes} codes look like an earlier one, their accents are only composed otherwise:"
            " nobody can tell them apart"
        )
    if tagging is not None and deduped.duplicates:
        yield f"{deduped.duplicates} rows name a code of an earlier row: left out, whoever the customer"
    if columns.bare:
        yield "the file has no header: every line was taken as a code, the first one too"
    if columns.unused:
        yield f'the codes were sent without the customers in column "{columns.unused}": --tag would bind them, where the vendor can'


def _write(
    spool: "_Spool", deduped: DedupeResult, header: bytes, rules: CodeFileRules, workspace: Path
) -> tuple[PreparedFile, ...]:
    writer = PartWriter(workspace, header, rules)
    try:
        start = 0
        for rows, codes in spool.batches():
            keep = deduped.dropped[start : start + len(codes)].translate(_KEEP)
            start += len(codes)
            writer.write(list(compress(rows, keep)), list(compress(codes, keep)))
        writer.finish()
    except BaseException:
        writer.discard()
        raise
    return tuple(writer.parts)


class _Spool:
    """Keeps accepted rows on disk as they will be written, until it is known which of them are to be sent."""

    def __init__(self, folder: Path, rules: CodeFileRules, tagging: Tagging | None) -> None:
        self._plain = tagging is None and not rules.quoting
        self._codes = open(folder / "codes", "x+b", opener=private)  # noqa: SIM115 - closed by __exit__
        self._rows = (
            self._codes if self._plain else open(folder / "rows", "x+b", opener=private)  # noqa: SIM115 - the same
        )
        self._hash = hashlib.sha256(f"{tagging.identifier if tagging else 'untagged'}\n".encode())
        self.rows = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._codes.close()
        self._rows.close()

    @property
    def fingerprint(self) -> str:
        return self._hash.hexdigest()

    def add(self, batch: SourceBatch) -> None:
        codes = ("\n".join(batch.codes) + "\n").encode()
        rows = codes
        self._codes.write(codes)
        if not self._plain:
            columns = (batch.customers, batch.codes) if batch.customers else (batch.codes,)
            rows = csv_rows(list(zip(*columns, strict=True)))
            self._rows.write(rows)
        self._hash.update(rows)
        self.rows += len(batch.codes)

    def batches(self) -> Iterator[tuple[list[bytes], list[bytes]]]:
        self._codes.seek(0)
        self._rows.seek(0)
        while codes := list(islice(self._codes, _BATCH)):
            yield (codes if self._plain else list(islice(self._rows, _BATCH))), codes


@contextmanager
def _scratch(workspace: Path) -> Iterator[Path]:
    """Give a folder that ends with the block; trouble with the disk becomes a LocalError."""
    try:
        with tempfile.TemporaryDirectory(prefix="scratch-", dir=workspace) as scratch:
            yield Path(scratch)
    except OSError as error:
        raise LocalError(f"preparing the codes in {workspace} failed: {error.strerror}") from error
