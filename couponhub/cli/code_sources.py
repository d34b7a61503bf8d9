"""Code files and their columns, as commands name them."""

import sys
from typing import BinaryIO

from couponhub.errors import UsageError

_LONGEST_POSITION = 9
"""Digits; what is longer than Python would read is no number at all."""


def file_or_stdin(name: str) -> str | BinaryIO:
    """Return what a command was told to read: a path, or stdin for `-`.

    Raises:
        UsageError: Stdin is closed.
    """
    if name != "-":
        return name
    if sys.stdin is None:
        raise UsageError("stdin is closed")
    return sys.stdin.buffer


def column_of(text: str | None) -> str | int | None:
    """Return a column by its name, or by its position where a number was given that may be one."""
    may_be_position = (
        text is not None and len(text) <= _LONGEST_POSITION and text.isascii() and text.isdigit()
    )
    return int(text) if text is not None and may_be_position else text


def shown_source(name: str) -> str:
    """Return what a command was told to read as it may be shown: of an address without its secrets."""
    from couponhub.intake.addresses import shown_address  # noqa: PLC0415 - brings in all that reads codes

    return shown_address(name)


def require_one_stdin(*sources: str) -> None:
    """Refuse stdin where it would be read a second time, and be found empty.

    Raises:
        UsageError: Several of the sources are `-`.
    """
    if sources.count("-") > 1:
        raise UsageError("stdin can be one of the sources only")
