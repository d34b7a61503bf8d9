"""The source of codes: a path, an open file, or any iterable."""

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, BinaryIO, TextIO

from couponhub.intake.expected import ExpectedFile

if TYPE_CHECKING:
    from typing_extensions import TypeIs

CodeSource = str | os.PathLike[str] | BinaryIO | TextIO | Iterable[str]
"""A path or an address, a binary or text file object (all with a header row), or an iterable of codes (without one).

A text that begins with https://, s3://, gs:// or az:// is an address, unless there is a file of that name.
"""

CODE_FILE = ExpectedFile(
    name="code file", export="export the codes anew as CSV, one column of text, from where they were made"
)


def is_file(source: CodeSource) -> "TypeIs[str | os.PathLike[str] | BinaryIO | TextIO]":
    """Tell files, by path or open, from other iterables."""
    return isinstance(source, (str, os.PathLike)) or callable(getattr(source, "read", None))
