"""Private folders for files that are needed on the way only."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from couponhub.errors import LocalError


@contextmanager
def scratch_in(workspace: Path) -> Iterator[Path]:
    """Give a folder that ends with the block; trouble with the disk becomes a LocalError."""
    try:
        with tempfile.TemporaryDirectory(prefix="scratch-", dir=workspace) as scratch:
            yield Path(scratch)
    except OSError as error:
        raise LocalError(f"preparing the codes in {workspace} failed: {error.strerror}") from error
