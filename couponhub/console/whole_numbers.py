"""Whole numbers in addresses and forms, whatever somebody wrote there."""

from collections.abc import Mapping

from couponhub.errors import UsageError


def whole_number(text: str, *, digits: int) -> int | None:
    """Return the number that a text is, of ASCII digits alone; None when it is none, or has more digits than that."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= digits else None


def files_a_minute(form: Mapping[str, str], *, digits: int) -> int | None:
    """Return the throttle that a form asks for; None for none.

    Raises:
        UsageError: It is no whole number of so many digits.
    """
    text = form.get("per_minute", "").strip()
    if not text:
        return None
    number = whole_number(text, digits=digits)
    if number is None:
        raise UsageError("files a minute: expected a whole number, or nothing for no limit of yours")
    return number
