"""The desk at which code files are looked at before anything is sent. No vendor is asked."""

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, cast

import attrs

from couponhub.clock import utc_now
from couponhub.code_desk.sources import NamedCodes, Sources, list_of
from couponhub.codes.examining import Examination, examine
from couponhub.codes.report import CodesReport, Finding, Outlook, PreparedFolder, SentBefore
from couponhub.errors import Conflict, LocalError, UnknownConnection, UsageError
from couponhub.models import CodeFileRules, Tagging
from couponhub.models.given import given_id, given_ids, given_one, given_whole
from couponhub.rooted import Rooted
from couponhub.state import CodeSet, Ledger

if TYPE_CHECKING:
    from couponhub.codes import SetComparison, SetCounts
    from couponhub.codes.joins import SetsSettings
    from couponhub.connection import Connection

_EXACT = CodeFileRules(code_header="code")


class CodeDesk(Rooted):
    """Checks code files, prepares them for a vendor, and compares sets of codes.

    A source is a path, an open file, or `list:CONN/ID`: what was sent to a list from here, as far as it is kept.

    Args:
        names: The connections that are configured; none of them where there is no config.
        connection: Opens one.
        ledger: Finds what was sent at one.
        engine: Of large sets; None for this process.
        now: The clock, for tests.
    """

    def __init__(
        self,
        names: Iterable[str] = (),
        connection: "Callable[[str], Connection] | None" = None,
        ledger: Callable[[str], Ledger] | None = None,
        *,
        engine: "SetsSettings | None" = None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._names = tuple(names)
        self._engine = engine
        self._open = connection
        self._find_ledger = ledger
        self._now = now

    def check(
        self,
        files: NamedCodes | Iterable[NamedCodes],
        *,
        connections: str | Iterable[str] = (),
        column: str | int | None = None,
    ) -> CodesReport:
        """Find what is faulty and odd in code files, what was sent before, and the way that they would take.

        Args:
            files: One or several, which are taken as one.
            connections: Whose way to tell.
            column: The column of codes by name, or by position from 0; None to find it.

        Raises:
            UsageError: A file is no code file, or does not say where the codes are.
            LocalError: This machine failed.
        """
        names = given_ids(connections, "connections") if connections else ()
        _given_column(column)
        opened = [self._connection(name) for name in dict.fromkeys(names)]
        with self._workspace() as workspace:
            sources = Sources(ledger=self._ledger, workspace=_folder(workspace / "sources"))
            named = tuple(map(sources.named, _several(files)))
            if not named:
                raise UsageError("no file was named")
            found = examine(named, _folder(workspace / "found"), column=column)
            outlooks: list[Outlook] = []
            for at, connection in enumerate(opened):
                from couponhub.code_desk.outlook import outlook_of  # noqa: PLC0415 - few checks need it

                folder = _folder(workspace / f"for-{at}")
                outlooks.append(outlook_of(connection, named, folder, now=self._now(), column=column))
            return _report(found, tuple(outlooks), self._sent_before(found.code_sets, workspace))

    def prepare(
        self,
        file: NamedCodes,
        connection: str,
        out: str | os.PathLike[str],
        *,
        column: str | int | None = None,
    ) -> PreparedFolder:
        """Write the codes of a file as one vendor wants them; see `prepare_folder`.

        Raises:
            UsageError, LocalError: As of it.
            Unsupported: The vendor takes no codes.
        """
        from couponhub.code_desk.folder import prepare_folder  # noqa: PLC0415 - a check needs none of it

        rules = self._connection(connection).uploads.file_rules
        _given_column(column)
        with self._workspace() as workspace:
            named = Sources(ledger=self._ledger, workspace=workspace).named(file)
            return prepare_folder(named, rules, connection, _target(out), column=column)

    def rehearse(
        self,
        file: NamedCodes,
        connection: str,
        list_id: str,
        *,
        column: str | int | None = None,
        tagging: Tagging | None = None,
        accepts_ruined: bool = False,
    ) -> CodesReport:
        """Check a file as for an upload to one list, which alone the vendor is asked about; nothing is sent.

        Args:
            file: The codes.
            connection: Where they would go.
            list_id: The vendor's id of the list.
            column: As of `check`.
            tagging: Which identifier customers are named by; None when codes come untagged.
            accepts_ruined: Take what looks ruined for codes.

        Raises:
            UsageError, LocalError: As of `check`.
            Unsupported: The list, or the vendor, takes no such codes.
            VendorError: The vendor does not tell how the list stands.
        """
        from couponhub.code_desk.outlook import outlook_for_list  # noqa: PLC0415 - a check needs none of it

        opened = self._connection(connection)
        _given_column(column)
        try:
            coupon_list, takes_codes = opened.lists.check_takes_codes(list_id, tagging), True
        except Conflict:
            coupon_list, takes_codes = opened.lists.get(list_id), False
        with self._workspace() as workspace:
            sources = Sources(ledger=self._ledger, workspace=_folder(workspace / "sources"))
            named = sources.named(file)
            found = examine([named], _folder(workspace / "found"), column=column)
            outlook = outlook_for_list(
                opened,
                coupon_list,
                takes_codes,
                named,
                _folder(workspace / "for"),
                sent=self._ledger(connection).history(coupon_list.id).sent,
                now=self._now(),
                column=column,
                tagging=tagging,
                accepts_ruined=accepts_ruined,
            )
            return _report(found, (outlook,), self._sent_before(found.code_sets, workspace))

    def subtract(
        self, first: NamedCodes, others: NamedCodes | Iterable[NamedCodes], out: str | os.PathLike[str]
    ) -> "SetCounts":
        """Write the codes of a source that stand in none of the others to a new code file.

        Codes are equal by their bytes; where a list is among the sources, as its vendor compares them.

        Raises:
            NotFound: Nothing was sent to a list that is named.
            UsageError: A file is no code file, or has faulty rows.
            LocalError: This machine failed, or the file is there.
        """
        from couponhub.codes import subtract  # noqa: PLC0415 - a check needs none of it

        named, target = (first, *_several(others)), _new_target(out)
        with self._sets(*named) as ((codes, *sets), workspace):
            rest = [one for each in sets for one in each]
            return subtract(codes, rest, target, workspace, rules=self._rules_of(named), engine=self._engine)

    def intersect(
        self, first: NamedCodes, others: NamedCodes | Iterable[NamedCodes], out: str | os.PathLike[str]
    ) -> "SetCounts":
        """Write the codes of a source that also stand in any of the others to a new code file; as `subtract`."""
        from couponhub.codes import intersect  # noqa: PLC0415 - a check needs none of it

        named, target = (first, *_several(others)), _new_target(out)
        with self._sets(*named) as ((codes, *sets), workspace):
            rest = [one for each in sets for one in each]
            return intersect(codes, rest, target, workspace, rules=self._rules_of(named), engine=self._engine)

    def compare(
        self, first: NamedCodes, second: NamedCodes, out: str | os.PathLike[str] | None = None
    ) -> "SetComparison":
        """Compare two sources; `out` is a new folder for what stands in both, and in one alone. As `subtract`."""
        from couponhub.codes import compare  # noqa: PLC0415 - a check needs none of it

        rules, target = self._rules_of((first, second)), None if out is None else _new_target(out)
        with self._sets(first, second) as ((one, other), workspace):
            return compare(one, other, workspace, target=target, rules=rules, engine=self._engine)

    def fingerprint(self, source: NamedCodes, key: bytes = b"") -> str:
        """Return what two who share a key compare to find out whether they hold the same codes. Raises as `subtract`."""
        from couponhub.codes import fingerprint  # noqa: PLC0415 - a check needs none of it

        given_one(bytes, key, "the key")
        with self._sets(source) as ((codes,), workspace):
            return fingerprint(codes, key, workspace)

    def _connection(self, name: str) -> "Connection":
        if self._open is None:
            raise _unconfigured(name)
        return self._open(name)

    def _ledger(self, name: str) -> Ledger:
        if self._find_ledger is None:
            raise _unconfigured(name)
        if name not in self._names:
            self._connection(name)  # which says what there is
        return self._find_ledger(name)

    def _sent_before(self, codes: tuple[CodeSet, ...], workspace: Path) -> tuple[SentBefore, ...] | None:
        if self._find_ledger is None:
            return None
        from couponhub.codes import shared  # noqa: PLC0415 - a check needs none of it

        found: list[SentBefore] = []
        folders = count()
        for name in self._names:
            ledger = self._find_ledger(name)
            for list_id in dict.fromkeys(upload.list_id for upload in ledger.all()):
                sent, rules = ledger.history(list_id).sent, self._rules(name)
                common = 0
                for code_set in codes if sent else ():
                    common += shared(code_set, sent, rules, _folder(workspace / f"sent-{next(folders)}"))
                if common:
                    found.append(SentBefore(connection=name, list_id=list_id, codes=common))
        return tuple(found)

    def _rules_of(self, named: tuple[NamedCodes, ...]) -> CodeFileRules:
        """The comparison of the vendors whose lists are named: what one of them ignores is ignored."""
        lists = [found for one in named if (found := list_of(one)) is not None]
        rules = [self._rules(connection) for connection, _ in lists]
        return attrs.evolve(
            _EXACT,
            ignores_case=any(one.ignores_case for one in rules),
            ignores_blanks=any(one.ignores_blanks for one in rules),
        )

    def _rules(self, name: str) -> CodeFileRules:
        return self._connection(name).uploads.file_rules

    @contextmanager
    def _sets(self, *named: NamedCodes) -> Iterator[tuple[list[tuple[CodeSet, ...]], Path]]:
        with self._workspace() as workspace:
            sources = Sources(ledger=self._ledger, workspace=_folder(workspace / "sources"))
            yield [sources.code_sets(one) for one in named], workspace

    @contextmanager
    def _workspace(self) -> Iterator[Path]:
        try:
            with tempfile.TemporaryDirectory(prefix="couponhub-codes-") as folder:
                yield Path(folder)
        except OSError as error:
            raise LocalError(f"working on the codes failed: {error.strerror}") from error


def _report(
    found: Examination, outlooks: tuple[Outlook, ...], sent: tuple[SentBefore, ...] | None
) -> CodesReport:
    patterns = found.patterns
    elsewhere = tuple(_of_two_vendors(outlooks, sent or ()))
    return CodesReport(
        **found.counts,
        reasons=found.reasons,
        examples=found.examples,
        connections=outlooks,
        files=found.files,
        findings=found.findings + elsewhere,
        sent=sent,
        lengths={str(length): patterns.lengths[length] for length in sorted(patterns.lengths)},
        begins=patterns.begins,
        letters=patterns.letters,
    )


def _of_two_vendors(outlooks: tuple[Outlook, ...], sent: tuple[SentBefore, ...]) -> Iterator[Finding]:
    """Tell of codes that another connection has, so that they could be used twice."""
    for way in outlooks:
        for earlier in sent:
            if earlier.connection != way.connection:
                yield Finding(
                    kind="two_vendors",
                    count=earlier.codes,
                    message=f"were sent to list {earlier.list_id} of {earlier.connection}: at {way.connection},"
                    " too, they could be used twice",
                )


def _several(files: NamedCodes | Iterable[NamedCodes]) -> tuple[NamedCodes, ...]:
    if isinstance(files, (str, os.PathLike)) or callable(getattr(files, "read", None)):
        return (cast("NamedCodes", files),)
    if isinstance(files, (bytes, Mapping)) or not isinstance(files, Iterable):
        raise UsageError(f"files are paths or open files, not {type(files).__name__}")
    return tuple(cast("Iterable[NamedCodes]", files))


def _given_column(column: object) -> None:
    if isinstance(column, str):
        given_id(column, "the column")
    elif column is not None:
        given_whole(column, "the column", least=0)


def _target(out: object) -> Path:
    if not isinstance(out, (str, os.PathLike)) or not os.fspath(out):
        raise UsageError("where to write must be a path", hint="such as new.csv")
    return Path(os.fsdecode(out))


def _new_target(out: object) -> Path:
    """Return where to write what is new, before much is read for it."""
    from couponhub.codes.new_file import require_new  # noqa: PLC0415 - a check needs none of it

    target = _target(out)
    require_new(target)
    return target


def _folder(path: Path) -> Path:
    path.mkdir(mode=0o700)
    return path


def _unconfigured(name: str) -> UnknownConnection:
    return UnknownConnection(
        f"no connection {name} is configured: there is no config file", hint="see `couponhub config init`"
    )
