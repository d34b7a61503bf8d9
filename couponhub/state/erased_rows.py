"""Files of rows, written anew without customers who are to be forgotten."""

import csv
import os
from pathlib import Path

from couponhub.models import Identifier
from couponhub.state.ledger import IsForgotten


def without_lines(whole: Path, rest: Path, kind: Identifier, is_forgotten: IsForgotten) -> int:
    """Write the lines of a part's file that name nobody of these, its header first; return how many were left out.

    Args:
        whole: The file; customers are its first column.
        rest: A new one, for its owner alone.
        kind: The identifiers of its customers.
        is_forgotten: Tells who they are.

    Raises:
        OSError: One of them cannot be used.
    """
    removed = 0
    with whole.open("rb") as file, open(rest, "xb", opener=_private) as kept:
        kept.write(file.readline())  # the header
        for line in file:
            # A row is a line: values with line breaks are refused before they are written.
            customer, *_ = next(csv.reader([line.decode()]))
            if is_forgotten(kind, customer):
                removed += 1
            else:
                kept.write(line)
    return removed


def without_rows(whole: Path, rest: Path, is_forgotten: IsForgotten) -> int:
    """Write the rows of a job's file that name nobody of these; return how many were left out.

    Args:
        whole: The file. Columns that its first row calls by a kind of identifier hold customers.
        rest: A new one, for its owner alone; not made where there is no such column.
        is_forgotten: Tells who they are.

    Raises:
        OSError: One of them cannot be used.
    """
    removed = 0
    with whole.open(encoding="utf-8", newline="", errors="surrogateescape") as file:
        header = next(csv.reader([file.readline()]), [])
        columns = [(at, Identifier(name)) for at, name in enumerate(header) if name in set(Identifier)]
        if not columns:
            return 0
        file.seek(0)
        with open(rest, "x", encoding="utf-8", newline="", errors="surrogateescape", opener=_private) as kept:
            writer = csv.writer(kept, lineterminator="\n")
            for row in csv.reader(file):
                if any(is_forgotten(kind, row[at]) for at, kind in columns if at < len(row)):
                    removed += 1
                else:
                    writer.writerow(row)
    return removed


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
