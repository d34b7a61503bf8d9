"""Copying a whole state to another place, which is used only once all of it was found there."""

from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import attrs

from couponhub.errors import LocalError
from couponhub.models import JobStatus
from couponhub.state.moving.content import (
    Columns,
    Content,
    Counted,
    Filling,
    Fingerprint,
    MovableState,
    MovedKind,
    fingerprint_of,
)
from couponhub.state.opening import open_state
from couponhub.state.settings import StoreSettings

_PIECE = 1 << 20


@attrs.frozen(kw_only=True)
class CopiedPart:
    """A table, or the files of one kind, as they were found on both sides.

    Attributes:
        name: For people.
        count: Rows, or files.
        bytes: Of files; 0 of a table.
        fingerprint: The same on both sides.
    """

    name: str
    count: int
    bytes: int
    fingerprint: str


def copy_state(source: StoreSettings, target: StoreSettings) -> tuple[CopiedPart, ...]:
    """Copy all of a state into an empty one, compare both, and only then let others find it.

    Killed in the middle, or failed, it leaves the target empty, and can be repeated. What is kept for diagnosis alone stays
    behind (`LEFT_BEHIND`).

    Args:
        source: Of a state that nobody uses meanwhile.
        target: Of one that is empty.

    Raises:
        LocalError: The source is in use, is broken, or changed meanwhile; the target is not empty; or either fails.
    """
    if source.place == target.place:
        raise LocalError(f"the store {source.place} cannot be copied to itself", hint="name another target")
    columns = _columns()
    one, other = _movable(source), _movable(target)
    with one.reading():
        pass  # where there is no store, the next look would make one
    _refuse_in_use(source)
    with ExitStack() as held:
        filling = held.enter_context(other.filling())
        work = Path(held.enter_context(TemporaryDirectory(prefix="couponhub-copy-")))
        with one.reading() as content:
            sent = _copied(content, filling, columns, work)
        _compare(sent, _looked(filling, columns, work), f"{other.place} holds not what was written there")
        _refuse_in_use(source)
        with one.reading() as content:
            now = _looked(content, columns, work)
        _compare(sent, now, f"the store {one.place} was changed while it was copied")
    return tuple(
        CopiedPart(name=name, count=found.count, bytes=found.size, fingerprint=found.digest)
        for name, found in sent.items()
    )


def _copied(content: Content, filling: Filling, columns: Columns, work: Path) -> Mapping[str, Fingerprint]:
    found: dict[str, Fingerprint] = {}
    filling.put_singles(content.singles())
    for table, names in columns.items():
        rows = Counted(table, content.rows(table, names))
        filling.put_rows(table, names, rows)
        found[table] = rows.fingerprint
    kinds = {kind: Fingerprint() for kind in MovedKind}
    for file in content.files():
        path = work / "file"
        content.fetch(file, path)
        filling.put_file(file, path)
        kinds[file.kind] = _with_file(kinds[file.kind], file, path)
        path.unlink()
    return found | _named(kinds)


def _looked(content: Content, columns: Columns, work: Path) -> Mapping[str, Fingerprint]:
    found = {table: fingerprint_of(table, content.rows(table, names)) for table, names in columns.items()}
    kinds = {kind: Fingerprint() for kind in MovedKind}
    for file in content.files():
        path = work / "file"
        content.fetch(file, path)
        kinds[file.kind] = _with_file(kinds[file.kind], file, path)
        path.unlink()
    return found | _named(kinds)


def _with_file(before: Fingerprint, file: object, path: Path) -> Fingerprint:
    digest, size = sha256(), 0
    with path.open("rb") as opened:
        while piece := opened.read(_PIECE):
            digest.update(piece)
            size += len(piece)
    words = attrs.astuple(file, filter=lambda field, _: field.name != "created_at")  # type: ignore[arg-type]
    return before.plus(repr((*map(str, words), digest.hexdigest())).encode(), size)


def _named(kinds: Mapping[MovedKind, Fingerprint]) -> dict[str, Fingerprint]:
    return {f"files: {kind}": found for kind, found in kinds.items()}


def _compare(sent: Mapping[str, Fingerprint], found: Mapping[str, Fingerprint], what: str) -> None:
    wrong = [name for name, one in sent.items() if found[name] != one]
    if wrong:
        raise LocalError(
            f"{what}: {', '.join(wrong)}; nothing was put in place",
            hint="end whatever uses the store, and repeat it",
        )


def _refuse_in_use(settings: StoreSettings) -> None:
    with open_state(settings) as state:
        fault = state.maintenance.check().fault
        if fault is not None:
            raise fault
        kinds = Counter(job.kind for job in state.jobs.all(status=JobStatus.PROCESSING))
    if kinds:
        raise LocalError(
            f"the store {settings.place} is in use: {_told(kinds.items())} under way",
            hint="pause what is under way with `couponhub uploads pause` or end the workers, and repeat it",
        )


def _told(kinds: Iterable[tuple[str, int]]) -> str:
    return ", ".join(f"{count} of kind {kind}" for kind, count in sorted(kinds))


def _columns() -> Columns:
    from couponhub.state.sqlite.moving import moved_columns  # noqa: PLC0415 - a kind of state

    return moved_columns()


def _movable(settings: StoreSettings) -> MovableState:
    if settings.is_postgresql:
        from couponhub.state.postgresql.moving import PostgresqlMovable  # noqa: PLC0415 - of several kinds

        return PostgresqlMovable(settings)
    from couponhub.state.sqlite.moving import SqliteMovable  # noqa: PLC0415 - the same

    return SqliteMovable(settings)
