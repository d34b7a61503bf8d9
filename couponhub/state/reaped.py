"""The fate of files that must not outlive their process."""

import attrs


@attrs.frozen(kw_only=True)
class Reaped:
    """The fate of files that must not outlive their process.

    Attributes:
        removed: The number of those whose process has ended.
        kept: The number of those whose process lives, or that could not be removed now.
    """

    removed: int = 0
    kept: int = 0
