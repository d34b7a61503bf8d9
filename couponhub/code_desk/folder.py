"""A folder of clean files as one vendor wants them, made whole or not at all."""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from couponhub.codes import prepare
from couponhub.codes.examining import NamedSource, counts_of
from couponhub.codes.faults import SPREADSHEET
from couponhub.codes.report import FolderPart, PreparedFolder, RowExample
from couponhub.errors import LocalError, UsageError
from couponhub.intake.source import name_of
from couponhub.models import CodeFileRules

_REJECTS = "rejects.csv"
_MANIFEST = "prepared.json"


def prepare_folder(
    one: NamedSource, rules: CodeFileRules, connection: str, out: Path, *, column: str | int | None = None
) -> PreparedFolder:
    """Write the codes of a file as one vendor wants them, in their order, and the faulty rows by line and reason.

    Args:
        one: The file.
        rules: How the vendor wants its files.
        connection: Whose vendor it is.
        out: A new or empty folder, or one that was made so before and not touched since: it is replaced.
        column: As of `prepare`.

    Raises:
        UsageError: The file is no code file, has nothing but rounded numbers, or lies in the folder itself; or something else does, or this process works in it.
        LocalError: The file cannot be read, or the folder cannot be written; what was there stays.
    """
    place = _place(out)
    _spare(one, place, out)
    earlier = _earlier(out)
    with _beside(place, out) as made:
        rejects = made / _REJECTS
        try:
            done = prepare(one.source, rules, made, column=column, rejects=rejects, refuses=False)
        except UsageError as error:
            message = error.message.removeprefix(f"{name_of(one.source)}: ").replace(", nothing was sent", "")
            raise error.reworded(message=f"{one.name}: {message}") from error.__cause__
        if done.oddities.are_ruins:
            raise UsageError(
                f"{one.name}: line {done.oddities.rounded_line}: {done.oddities.told_rounded}",
                hint=f"{SPREADSHEET}; whoever means them sends the file as it is, by `couponhub uploads send --accept ruined`",
            )
        for part in done.parts:
            part.codes.unlink()
        if not done.rejected:
            rejects.unlink()
        files = {path.name: _digest(path) for path in sorted(made.iterdir())}
        _write_manifest(made, files)
        _put(made, place, [path.name for path in earlier])
    return PreparedFolder(
        **counts_of([done]),
        reasons=done.reasons,
        examples=tuple(RowExample(line=line, reason=reason) for line, reason in done.examples),
        connection=connection,
        parts=tuple(
            FolderPart(path=str(out / part.path.name), rows=part.rows, bytes=part.size, sha256=part.sha256)
            for part in done.parts
        ),
        rejects_path=str(out / _REJECTS) if done.rejected else None,
        warnings=done.warnings,
    )


def _place(out: Path) -> Path:
    """Return where a folder is in truth: one that links lead to, or that is named by a way, keeps its name."""
    try:
        return out.resolve()
    except (OSError, ValueError, RuntimeError) as error:  # links that go round in a circle, too
        reason = error.strerror if isinstance(error, OSError) else "no folder can be named so"
        raise LocalError(f"the folder {out} cannot be used: {reason}") from None


def _spare(one: NamedSource, place: Path, out: Path) -> None:
    """Refuse to replace the folder that holds the source, or that this process works in."""
    source = one.source
    with suppress(OSError, ValueError):
        if isinstance(source, (str, os.PathLike)) and place in Path(source).resolve().parents:
            raise UsageError(f"{one.name} lies in {out}, which would be replaced", hint="name a new folder")
        if out.exists() and place in (here := Path.cwd(), *here.parents):
            raise UsageError(
                f"the folder {out} is the one that you are in, and would be replaced",
                hint="name a new folder",
            )


def _put(made: Path, place: Path, earlier: list[str]) -> None:
    """Put a folder in its place; what was there is moved aside for it, and comes back where that fails."""
    if not place.exists():
        made.rename(place)
        return
    aside = Path(tempfile.mkdtemp(dir=place.parent, prefix=f".{place.name}."))
    place.rename(aside)  # an empty folder is replaced
    try:
        made.rename(place)
    except OSError:
        aside.rename(place)
        raise
    for name in earlier:
        (aside / name).unlink()
    aside.rmdir()


def _earlier(out: Path) -> list[Path]:
    """The files that an earlier call has made there; refused where there is anything else."""
    try:
        found = sorted(out.iterdir()) if out.exists() else []
        if not found:
            return []
        manifest = out / _MANIFEST
        files = json.loads(manifest.read_text(encoding="utf-8"))["files"] if manifest in found else {}
        ours = all(path == manifest or files.get(path.name) == _digest(path) for path in found)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it holds something else"
        raise LocalError(f"the folder {out} cannot be used: {reason}", hint="name a new one") from None
    if not ours:
        raise UsageError(
            f"the folder {out} holds something else than what was prepared there before",
            hint="name a new folder, or empty it",
        )
    return found


@contextmanager
def _beside(place: Path, out: Path) -> Iterator[Path]:
    """Give a private folder on the same disk, which becomes the folder or ends with the block."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(dir=place.parent, prefix=f".{place.name}."))
    except OSError as error:
        raise LocalError(f"the folder {out} cannot be made: {error.strerror}") from error
    try:
        yield made
    except OSError as error:
        raise LocalError(f"the folder {out} cannot be written: {error.strerror}") from error
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _write_manifest(made: Path, files: dict[str, str]) -> None:
    text = json.dumps({"files": files}, indent=2)
    with open(made / _MANIFEST, "x", encoding="utf-8", opener=_private) as file:
        file.write(f"{text}\n")


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
