"""A source of codes that cannot be read is told as what it is, and never taken for one that ended."""

import io
from typing import Any

import pytest

from couponhub.errors import LocalError, UsageError
from couponhub.intake.lines import SourceLines
from couponhub.intake.source import blocks_of


class Source(io.StringIO):
    """A file that gives, or raises, something else than text."""

    def __init__(self, gives: object) -> None:
        super().__init__()
        self.gives: Any = gives

    def read(self, size: int | None = -1, /) -> Any:  # noqa: ARG002 - as of any file
        """Give it, however much is asked for."""
        if isinstance(self.gives, Exception):
            raise self.gives
        return self.gives


@pytest.mark.parametrize(
    ("gives", "kind", "said"),
    [
        (OSError(5, "Input/output error"), LocalError, "Input/output error"),
        (io.UnsupportedOperation(), LocalError, "it is not open for that"),
        (TypeError("read() takes no size"), UsageError, "cannot be read like a file"),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"), UsageError, "not in UTF-8"),
        (ValueError("I/O operation on closed file"), LocalError, "it is closed"),
        (12, UsageError, "gives int, neither bytes nor text"),
        (None, UsageError, "gives NoneType, neither bytes nor text"),
    ],
)
def test_a_source_that_breaks_is_an_error(gives: object, kind: type[Exception], said: str) -> None:
    """The codes before it would else pass for all there are."""
    with pytest.raises(kind, match=said):
        list(SourceLines(blocks_of(Source(gives))))


def test_a_file_that_was_closed_is_an_error() -> None:
    """Of a real file, too."""
    file = io.BytesIO(b"code\nA1\n")
    file.close()
    with pytest.raises(LocalError, match="closed"):
        list(SourceLines(blocks_of(file)))
