"""Codes that spreadsheets and double quoting have spoiled, beyond what these make of any text."""

import re

from couponhub.models.damage import damage_of

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# Not in `models.damage`: telephone numbers have groups, and addresses are pasted with quotes around them.
_FORMS = {
    "text in quotes": re.compile('["\u201c\u201d\u201e][^"\u201c\u201d]*["\u201c\u201d]'),
    "a count of rows": re.compile(
        r"\(?\d+ (?:rows?|records?|row\(s\))(?: affected| selected)?\)?", re.ASCII | re.IGNORECASE
    ),
    "a number in groups of thousands": re.compile(r"\d{1,3}(?:,\d{3})+|\d{1,3}(?:\.\d{3}){2,}", re.ASCII),
    # What a spreadsheet takes MAR-10 for; nobody writes codes in this mixture of letters.
    "a date": re.compile(
        rf"\d{{1,2}}-(?:{'|'.join(MONTHS)})(?:-\d\d|-\d{{4}})?|(?:{'|'.join(MONTHS)})-\d\d"
        r"|\d{4}-\d\d-\d\d 00:00:00(?:\.0+)?",
        re.ASCII,
    ),
}


def ruin_of(code: str) -> str | None:
    """Name what ruined a code, to follow "it is"; None where nothing did."""
    if damage := damage_of(code):
        return damage.value
    text = code.strip()
    return next((name for name, form in _FORMS.items() if form.fullmatch(text)), None)


def may_hold_ruins(text: str) -> bool:
    """Tell quickly whether codes that were joined may hold a ruined one, of letters, digits and single dashes."""
    return (
        "-" in text
        and not text.isupper()
        and any(f"-{month}" in text or f"{month}-" in text for month in MONTHS)
    )
