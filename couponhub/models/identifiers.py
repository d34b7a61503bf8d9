"""The kinds of customer identifier, and how what people write and paste is read.

Vendors compare text. Asked about `"EXT-007 "`, or about the 919876543210.0 of a data frame, they answer truthfully
that they know no such customer, or worse, name another. So what surely does not belong to an identifier is taken
off, what may have changed it is refused, and nothing is asked about as it was pasted.
"""

import re
from enum import StrEnum

from couponhub.errors import UsageError
from couponhub.models.addresses import read_address
from couponhub.models.damage import Damage, damage_of, invisible_in
from couponhub.models.given import given_one, given_word
from couponhub.models.pasting import TAKE_AS_TEXT, half_width, trimmed, unwrapped
from couponhub.models.telephone import Telephone, check_dots
from couponhub.shown import is_invisible


class Identifier(StrEnum):
    """The kinds of customer identifier; the values are the words of the command line and of JSON."""

    MOBILE = "mobile"
    EMAIL = "email"
    EXTERNAL_ID = "external_id"
    ID = "id"
    """The vendor's own customer number: means something at one connection only."""


_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_MENDS = {
    Damage.ROUNDED: f"digits of it are lost: {TAKE_AS_TEXT}",
    Damage.DECIMAL: TAKE_AS_TEXT,
    Damage.FORMULA: "give what the cell shows",
    Damage.APOSTROPHE: "leave the apostrophe out",
    Damage.NOTHING: "leave customers out of whom nothing is known",
    Damage.ERROR: f"the spreadsheet has lost it: {TAKE_AS_TEXT}",
}


def read_identifier(kind: Identifier, text: str) -> str:
    """The text that a vendor may be asked about, and that equal identifiers should be compared by.

    Taken off are blanks and invisible characters around it; of a mobile also all decoration but a + in front; of
    an address and a mobile also quotes, brackets, `mailto:`, `tel:`, a name before it and commas behind it. Digits
    of any script become ASCII. An external id is otherwise kept exactly. Nothing is completed or shortened by guess.

    Args:
        kind: What it is.
        text: As somebody wrote or pasted it.

    Raises:
        UsageError: It is blank, ruined, or none of that kind. The text does not quote it, and the hint is the mend.
    """
    kind = given_word(Identifier, kind, "the kind of identifier")
    plain = unspoiled(kind, given_one(str, text, "the customer's identifier"))
    match kind:
        case Identifier.MOBILE:
            return Telephone.read(plain).text
        case Identifier.EMAIL:
            return read_address(plain)
        case _:
            return plain


def unspoiled(kind: Identifier, text: str) -> str:
    """The text without what clings to it, whether or not it is one of its kind.

    Raises:
        UsageError: It is blank or ruined, as of `read_identifier`.
    """
    if text.isascii() and (text.isdigit() or (text[1:].isdigit() and text[0] == "+")):
        return text  # as most are
    plain = trimmed(text)
    if not plain:
        raise UsageError(f"the customer's {kind} is blank")
    bare = unwrapped(plain)
    damage = damage_of(half_width(bare)) or (None if bare == plain else damage_of(plain))
    if damage is not None and not _is_quoted(plain, bare, damage):
        raise UsageError(f"the customer's {kind} is {damage}", hint=_MENDS[damage])
    if _CONTROL.search(plain):
        raise UsageError(
            f"the customer's {kind} holds a character that is no text",
            hint="give one identifier, on one line",
        )
    match kind:
        case Identifier.MOBILE:
            check_dots(bare)
            return bare
        case Identifier.EMAIL:
            return _seen(kind, bare)
        case _:
            return _read_number(kind, plain, bare)


def _is_quoted(plain: str, bare: str, damage: Damage) -> bool:
    """Tell whether what looks like an apostrophe in front is one of two quotes around it."""
    return damage is Damage.APOSTROPHE and bare[:1] != "'" and plain != bare


def _read_number(kind: Identifier, plain: str, bare: str) -> str:
    if bare != plain:
        raise UsageError(
            f"the customer's {kind} stands in quotes or brackets, or before a comma",
            hint="give it without them",
        )
    plain = _seen(kind, plain)
    if any(char.isspace() and char != " " for char in plain):
        raise UsageError(
            f"the customer's {kind} holds a blank that is none of the keyboard's", hint="type it anew"
        )
    digits = half_width(plain) if kind is Identifier.ID else plain
    return digits if digits.isascii() and digits.isdigit() else plain


def _seen(kind: Identifier, text: str) -> str:
    """Without invisible characters, where none of them can mean anything: some do, beside letters of other scripts."""
    if not invisible_in(text):
        return text
    seen = "".join(char for char in text if not is_invisible(char))
    if not seen.isascii():
        raise UsageError(f"the customer's {kind} holds a character that nobody sees", hint="type it anew")
    return seen
