"""Code files: what is readable in them, and which of their columns mean what (C-77)."""

import csv
import io
from collections.abc import Iterator
from typing import IO

import attrs

_CHUNK = 1 << 20


class BadFileError(Exception):
    """The file as a whole cannot be worked through, so that its job ends as ERRORED."""


@attrs.frozen(kw_only=True)
class Columns:
    """The places of a row's values, 0-based; None where the file has no such column."""

    customer: int | None
    code: int | None


def check_text(file: IO[bytes]) -> None:
    """Raise BadFileError for a binary file (C-41)."""
    file.seek(0)
    while chunk := file.read(_CHUNK):
        if b"\0" in chunk:
            raise BadFileError("binary")


def read_rows(file: IO[bytes]) -> Iterator[list[str]]:
    """The header row and the rows after it, without blanks around values; blank rows are skipped.

    A byte order mark, CRLF and quotes are accepted (C-41). Raises BadFileError where it cannot be decoded.
    """
    file.seek(0)
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    try:
        for row in csv.reader(text, strict=True):
            values = [value.strip() for value in row]
            if any(values):
                yield values
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadFileError(type(error).__name__) from None
    finally:
        text.detach()  # the file outlives this reading of it


def columns_of(header: list[str], *, customer_column: str | None, takes_codes: bool) -> Columns:
    """Return the meaning of the columns.

    Args:
        header: The first row; its names are free.
        customer_column: The form part `customerIdentifierColumn` of a tagged upload, None for an untagged one.
        takes_codes: The series is fed with codes, so that a column of codes must be there.

    Raises:
        BadFileError: The customer column is no position in the file (C-31), or the codes are missing.
    """
    if customer_column is None:
        return Columns(customer=None, code=0)
    text = customer_column.strip()
    if not (text.isascii() and text.isdigit()) or int(text) >= len(header):
        raise BadFileError("customer column")
    customer = int(text)
    code = next((position for position in range(len(header)) if position != customer), None)
    if takes_codes and code is None:
        raise BadFileError("no column of codes")
    return Columns(customer=customer, code=code)


def value_at(row: list[str], position: int | None) -> str:
    """A row's value, "" where the row is too short or the file has no such column."""
    return row[position] if position is not None and position < len(row) else ""
