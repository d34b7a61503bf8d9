"""A text that must not be shown."""

from typing import final


@final
class Secret:
    """A password, key or token; shows as `***` wherever it is printed, `reveal` gives the text.

    No attrs class, for `attrs.asdict` of whatever holds one would take it apart.

    Attributes:
        literal: Whether it stood in the config file as plain text, which `doctor` warns about.
    """

    __slots__ = ("_value", "literal")

    def __init__(self, value: str, *, literal: bool = False) -> None:
        self._value = value
        self.literal = literal

    def reveal(self) -> str:
        """The text itself, for the one place that sends it."""
        return self._value

    def __getstate__(self) -> tuple[str, bool]:
        return self._value, self.literal

    def __setstate__(self, state: tuple[str, bool]) -> None:
        self._value, self.literal = state

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __repr__(self) -> str:
        return "Secret(***)"

    def __str__(self) -> str:
        return "***"


def secret_of(text: str | Secret) -> Secret:
    """A text of a caller's as a secret; one that is a secret already stays as it is."""
    return text if isinstance(text, Secret) else Secret(text)
