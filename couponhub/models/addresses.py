"""E-mail addresses as people paste them, and the texts under which a vendor may keep one."""

import re
from unicodedata import category, normalize

from couponhub.errors import UsageError
from couponhub.models.given import given_one
from couponhub.models.pasting import half_width, unwrapped

_NAMED = re.compile(r"[^<>@]*<([^<>]+)>")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_NO_PART = re.compile(r'[\s()<>\[\]:;,"\\]')
_TYPOGRAPHIC = frozenset({"Pd", "Pi", "Pf"})
"""Dashes and quotes, which word processors put in the place of plain ones."""


def read_address(text: str) -> str:
    """The one address in a text, its case kept.

    Raises:
        UsageError: There is none, there are several, or something stands beside it; the text does not quote it.
    """
    plain = normalize("NFC", half_width(unwrapped(text)))
    if (named := _NAMED.fullmatch(plain)) is not None:
        plain = unwrapped(named[1])
    is_link = plain[:7].lower() == "mailto:"
    plain = unwrapped(plain[7:] if is_link else plain).removesuffix(".")
    local, _, domain = plain.rpartition("@")
    if not local or not domain:
        is_number = re.fullmatch(r"[+\d ().-]{7,}", plain)
        raise UsageError(
            "the customer's e-mail address has no @ between two parts",
            hint="a telephone number is given as the mobile" if is_number else "give one address",
        )
    is_plain = _QUOTED.fullmatch(local) is not None or not _NO_PART.search(local)
    if not is_plain or _NO_PART.search(domain) or (is_link and re.search("[?%]", plain)):
        raise UsageError(
            "the customer's e-mail address is not one address alone",
            hint="give what stands before and behind the @",
        )
    if "@" in local and re.search("[/|]", plain):
        raise UsageError("the customer's e-mail address is several", hint="give one address")
    if any(not char.isascii() and category(char) in _TYPOGRAPHIC for char in plain):
        raise UsageError(
            "the customer's e-mail address holds a dash or quote that is none of the keyboard's",
            hint="type it anew",
        )
    return plain


def address_forms(address: str) -> tuple[str, ...]:
    """The texts under which a vendor may keep an address that was read: as given first, then in lower case.

    Domains have no case and two spellings, in their own script and in ASCII. What stands before the @ has a case,
    of which hardly anybody makes use.
    """
    local, _, domain = given_one(str, address, "the address").rpartition("@")
    domains = tuple(dict.fromkeys((_in_script(domain), _in_ascii(domain))))
    locals_ = tuple(dict.fromkeys((local, local.lower())))
    return tuple(dict.fromkeys((address, *(f"{one}@{other}" for one in locals_ for other in domains))))


def same_address(address: str) -> str:
    """Return the one text that stands for all spellings of an address."""
    local, at, domain = address.rpartition("@")
    return normalize("NFC", f"{local}{at}{_in_script(domain)}".lower())


def _in_ascii(domain: str) -> str:
    import idna  # noqa: PLC0415 - few addresses need it

    lowered = domain.lower()
    if lowered.isascii():
        return lowered
    try:
        return idna.encode(lowered, uts46=True).decode()
    except idna.IDNAError:
        return lowered


def _in_script(domain: str) -> str:
    lowered = domain.lower()
    if lowered.isascii() and "xn--" not in lowered:
        return lowered
    import idna  # noqa: PLC0415 - few addresses need it

    try:
        return idna.decode(lowered, uts46=True)
    except idna.IDNAError:
        return lowered
