"""The engine that joins two sides of codes, opened by its address."""

import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from couponhub.codes.joins.cluster import SparkCluster, opened_cluster
from couponhub.codes.joins.embedded import TEXT, EmbeddedDatabase
from couponhub.codes.joins.outcome import JoinedClasses, SideCounts
from couponhub.codes.joins.settings import EMBEDDED, check_engine
from couponhub.codes.row_files import SUFFIXES
from couponhub.codes.scratch import scratch_in
from couponhub.errors import ConfigError, LocalError, UsageError
from couponhub.models import CodeFileRules
from couponhub.models.given import given_ids, given_whole
from couponhub.state import comparable

_EXACT = CodeFileRules(code_header="code")
_ATTRIBUTES = ("expires_at", "customer", "status")
_TAKEN = frozenset({"code", "rows"})
"""No attribute: the column of codes, and what stands beside the attributes in the file that is written."""
_JOINED, _TOLD = "joined", "told"
_MEMORY, _LEAST_MEMORY = 1_000_000_000, 200_000_000


class JoinEngine:
    """Joins sides of codes with what is known of each. Of one thread; a context manager, which ends what it holds.

    Made by `open_engine`.
    """

    def __init__(
        self, database: EmbeddedDatabase, cluster: SparkCluster | None, folder: Path, held: ExitStack
    ) -> None:
        self._database = database
        self._cluster = cluster
        self._folder = folder
        self._held = held

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End it, and remove its files from the folder."""
        self._held.close()

    def classes(
        self,
        expected: Path,
        found: Path,
        target: Path,
        *,
        attributes: Sequence[str] = _ATTRIBUTES,
        rules: CodeFileRules = _EXACT,
    ) -> JoinedClasses:
        """Put each different code of two files into one class, and write those that somebody should look at.

        A file is Parquet, or CSV with commas and a header, with columns of text: `code`, and the attributes. NULL and ""
        are one, nothing; a row without a code is counted and takes part in nothing else. Rows of one code on one side are
        one code, however many they are; where they disagree in an attribute the code is no equal one.

        Args:
            expected: One side.
            found: The other.
            target: A file, `.csv` or `.parquet`, of mode 0600: all codes but those of class `=` that stand on each side
                once, in the order of the codes as they are compared. Its columns: `class` (`=`, `-`, `+`, `*`); `code`, as the
                expected side spells it, else the other; `differs`, the attributes in which a `*` differs, with blanks between
                them; `expected_rows` and `found_rows`, 0 where it is not there; `expected_A` and `found_A` for each
                attribute, of several values the lowest. One that is there is replaced when the new one is whole.
            attributes: The columns that are compared, by their bytes; there may be others, which are not looked at.
            rules: The vendor's comparison of codes; without it they are equal by their bytes.

        Raises:
            UsageError: A file has not those columns, or is damaged, which is told by line and never quoted.
            LocalError: A file cannot be read or written, or the disk is full.
        """
        from couponhub.codes.joins import expressions  # noqa: PLC0415 - brings Ibis in

        names = _given_attributes(attributes)
        _check_suffix(target)
        folds = partial(comparable, ignores_case=rules.ignores_case, ignores_blanks=rules.ignores_blanks)
        with scratch_in(self._folder) as scratch:
            self._database.add_function(expressions.FOLD, folds)
            if self._cluster is not None:
                self._cluster.begin()
            steps = self._cluster or _Steps(self._database, scratch)
            # Each step is written down, so that no more than one of them needs memory at a time.
            for side, path in zip(expressions.SIDES, (expected, found), strict=True):
                _check_columns(path, self._database.name(side, path), ("code", *names))
                rows = expressions.keyed(side, names, rules)
                if self._cluster is not None:
                    self._hand_over(self._cluster, f"{side}_rows", rows, scratch)
                    rows = expressions.keyed_table(f"{side}_rows", names)
                steps.keep(f"{side}_codes", expressions.distinct(rows, side, names))
            tables = {side: f"{side}_codes" for side in expressions.SIDES}
            steps.keep(_JOINED, expressions.joined(tables, names))
            counts = steps.row(expressions.counts(_JOINED, names))
            if self._cluster is not None:
                # Sorted and written here: few of the codes have to be looked at, as a rule.
                self._cluster.keep(_TOLD, expressions.to_tell(_JOINED, names))
                self._database.name_parts(_JOINED, [*self._cluster.fetched(_TOLD, scratch)])
            self._write(expressions.told(_JOINED, names), target)
        return JoinedClasses(
            same=counts["same"],
            missing=counts["missing"],
            unexpected=counts["unexpected"],
            differing=counts["differing"],
            differing_in={name: counts[f"differs_{at}"] for at, name in enumerate(names)},
            expected=_side("expected", counts),
            found=_side("found", counts),
            path=target,
        )

    def _hand_over(self, cluster: SparkCluster, name: str, expression: Any, folder: Path) -> None:
        """Write rows here, their codes as the vendor compares them, so that a cluster compares bytes alone."""
        path = folder / f"{name}.parquet"
        self._database.write(expression, path)
        cluster.put(name, path)
        cluster.name(name)
        path.unlink()

    def _write(self, expression: Any, target: Path) -> None:
        try:
            with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as folder:
                made = Path(folder) / f"rows{target.suffix}"
                self._database.write(expression, made)
                made.chmod(0o600)
                made.replace(target)
        except OSError as error:
            raise LocalError(f"{target} cannot be written: {error.strerror}") from None


class _Steps:
    """The steps of a join within this process: each becomes a file, and the file a table."""

    def __init__(self, database: EmbeddedDatabase, folder: Path) -> None:
        self._database = database
        self._folder = folder

    def keep(self, name: str, expression: Any) -> None:
        path = self._folder / f"{name}.parquet"
        self._database.write(expression, path)
        self._database.name(name, path)

    def row(self, expression: Any) -> Mapping[str, Any]:
        return self._database.row(expression)


def open_engine(
    url: str, *, place: str | None = None, memory_bytes: int = _MEMORY, threads: int = 2, folder: Path
) -> JoinEngine:
    """Open an engine; close it, or use it as a context manager.

    Args:
        url: As of the setting `[sets] engine`: `duckdb://`, `sc://host:port` or `spark://host:port`.
        place: As of the setting `[sets] place`; a cluster needs it.
        memory_bytes: What this process may use, at least 200 MB; what does not fit goes to the disk.
        threads: At work at once.
        folder: An existing folder for files on the way; they are private, hold codes, and end with the engine.

    Raises:
        ConfigError: There is no such engine, or what a cluster takes is not installed or set.
        UsageError: It is not installed, or has too little memory.
        LocalError: The folder cannot be written to, or the cluster cannot be reached.
    """
    try:
        check_engine(None, None, url)
    except ValueError as error:
        raise ConfigError(f"sets.engine: {error}") from None
    given_whole(memory_bytes, "the memory of an engine", least=_LEAST_MEMORY)
    given_whole(threads, "the threads of an engine", least=1)
    with ExitStack() as held:
        scratch = held.enter_context(scratch_in(folder))
        cluster = (
            None if url == EMBEDDED else held.enter_context(opened_cluster(url, place, scratch))
        )  # first, for it says best which extra is missing
        database = held.enter_context(EmbeddedDatabase(memory_bytes, threads, scratch))
        return JoinEngine(database, cluster, scratch, held.pop_all())


def _side(name: str, counts: Mapping[str, int]) -> SideCounts:
    rows, codes, without_code = (counts[f"{name}_{what}"] for what in ("rows", "codes", "without_code"))
    return SideCounts(
        rows=rows,
        codes=codes,
        duplicates=rows - codes - without_code,
        without_code=without_code,
        conflicting=counts[f"{name}_conflicting"],
    )


def _given_attributes(attributes: Sequence[str]) -> tuple[str, ...]:
    names = given_ids(attributes, "the attributes") if attributes else ()
    if len(set(names)) != len(names) or not _TAKEN.isdisjoint(names):
        raise UsageError("each attribute is named once, and none is called code or rows")
    return names


def _check_columns(path: Path, kinds: Mapping[str, str], names: Sequence[str]) -> None:
    if missing := [name for name in names if name not in kinds]:
        raise UsageError(
            f"{path} has no column {' and no '.join(missing)}", hint=f"its columns are: {', '.join(kinds)}"
        )
    for name in names:
        if kinds[name] != TEXT:
            raise UsageError(
                f'the column "{name}" of {path} holds {kinds[name].lower()}, no text',
                hint="write it as text: of a code, a number has lost what stood in front",
            )


def _check_suffix(target: Path) -> None:
    if target.suffix not in SUFFIXES:
        raise UsageError(
            f"{target} does not say which form is meant", hint=f"let it end in {' or '.join(SUFFIXES)}"
        )
