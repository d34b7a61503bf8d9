"""A text that must not be shown."""

from typing import final

import attrs


@final
@attrs.frozen(repr=False)
class Secret:
    """A password, key or token; shows as `***` wherever it is printed, `reveal` gives the text.

    Attributes:
        literal: Whether it stood in the config file as plain text, which `doctor` warns about.
    """

    _value: str
    literal: bool = attrs.field(default=False, eq=False, kw_only=True)

    def reveal(self) -> str:
        """The text itself, for the one place that sends it."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(***)"

    def __str__(self) -> str:
        return "***"
