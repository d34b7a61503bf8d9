"""Erasure of customers from the files of a state in PostgreSQL: each file is replaced by one without them."""

import secrets
from collections.abc import Callable
from functools import partial
from pathlib import Path

from couponhub.models import Identifier
from couponhub.state.erased_rows import without_lines, without_rows
from couponhub.state.ledger import IsForgotten
from couponhub.state.postgresql.file_chunks import ChunkFiles
from couponhub.state.postgresql.file_shelf import FileKind, FileShelf, KeptFile
from couponhub.state.postgresql.local_copies import told_of_disk


def forget_in_files(shelf: FileShelf, is_forgotten: IsForgotten) -> int:
    """Remove the rows of customers from tagged part files and from those of jobs that name them.

    Returns:
        How many rows went.

    Raises:
        LocalError: As of `State.forget`.
    """
    shelf.finish_removals()  # of an erasure that was killed
    shelf.drop_old_copies()
    removed = _forget_in_parts(shelf, is_forgotten) + _forget_in_jobs(shelf, is_forgotten)
    # Also when nothing went now: one that was killed may have removed files before it came to this.
    if isinstance(shelf.files, ChunkFiles):
        shelf.files.sweep()
    return removed


def _forget_in_parts(shelf: FileShelf, is_forgotten: IsForgotten) -> int:
    with shelf.database.reading() as database:
        rows = database.execute("SELECT id, tagging FROM uploads WHERE tagging IS NOT NULL").fetchall()
    tagging = {row["id"]: Identifier(row["tagging"]) for row in rows}
    return sum(
        _replaced(
            shelf, kept, partial(without_lines, kind=tagging[kept.owner], is_forgotten=is_forgotten), _nobody
        )
        for kept in shelf.chosen("kind = ?", FileKind.PART)
        if kept.owner in tagging
    )


def _forget_in_jobs(shelf: FileShelf, is_forgotten: IsForgotten) -> int:
    """Go on until no file was made of others that were not gone through, which the mark tells to whoever makes one."""
    removed, seen = 0, set[str]()
    while True:
        with shelf.database.transaction() as database:
            database.execute("UPDATE file_erasures SET mark = ?", (secrets.token_bytes(16),))
        left = [one for one in shelf.chosen("kind = ?", FileKind.JOB) if one.name not in seen]
        if not left:
            return removed
        for kept in left:
            seen.add(kept.name)
            removed += _replaced(shelf, kept, partial(without_rows, is_forgotten=is_forgotten), seen.add)


def _replaced(
    shelf: FileShelf, kept: KeptFile, without: Callable[[Path, Path], int], made: Callable[[str], object]
) -> int:
    """Replace a file by one without these customers, where any of them is in it; return how many rows went.

    Args:
        shelf: Where it is.
        kept: The file.
        without: Writes the other one, and tells how many rows it left out.
        made: Is told the name of the new file.
    """
    with shelf.local.workspace() as folder:
        whole, rest = folder / "whole", folder / "rest"
        if not shelf.fetch_if_kept(kept, whole):
            return 0
        with told_of_disk("writing a file without customers"):
            removed = without(whole, rest)
        if removed:
            made(shelf.switch(kept, rest))
    return removed


def _nobody(_: str) -> None:
    """Tell nobody of a new file: files of parts are made of nothing that is kept."""
