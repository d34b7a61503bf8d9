"""Numbers of things in sentences."""


def codes(count: int | None) -> str:
    """Return `1 code`, `1,234 codes`; `an unknown number of codes` where nobody counts."""
    return "an unknown number of codes" if count is None else some(count, "code")


def some(count: int, one: str) -> str:
    """Return how many there are of something, by its word for one of it."""
    return f"{count:,} {one}{'' if count == 1 else 's'}"
