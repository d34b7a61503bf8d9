"""Telephone numbers with and without their country code, as the plans of the countries have them."""

from functools import cache

from couponhub.forking import loading

_LONGEST_NATIONAL_NUMBER = 10
"""Digits, where no plan is at hand; what is longer and begins with the country code has it."""


def spellings(digits: str, country_code: str, *, is_international: bool) -> tuple[str, ...]:
    """The digits by which tills and data bases write the number, in full first; only its own digits for a foreign one."""
    full = in_country(digits, country_code, is_international=is_international)
    if full is None:
        return (digits,)
    if not full.startswith(country_code):
        return (full, f"00{full}")
    national = full.removeprefix(country_code)
    return tuple(dict.fromkeys((full, national, f"{_trunk_prefix(country_code)}{national}", f"00{full}")))


def in_country(digits: str, country_code: str, *, is_international: bool) -> str | None:
    """The number in full, its country code in front; None where it is too short for one.

    Args:
        digits: As given, without a + in front.
        country_code: Of whoever keeps numbers without one.
        is_international: Whether there was a +.
    """
    if digits.startswith("00") and not is_international:
        digits, is_international = digits.removeprefix("00"), True
    if is_international and not digits.startswith(country_code):
        return digits or None
    national = national_number(digits, country_code, is_international=is_international)
    return f"{country_code}{national}" if national else None


def national_number(digits: str, country_code: str, *, is_international: bool) -> str:
    """The number within its country: no code and no trunk prefix in front; "" where nothing is left.

    9123456789 is a whole number in India, though it begins with 91, and 6581234567 is none in Singapore.
    """
    with loading:  # phonenumbers loads each country when it is first met
        return _national_number(digits, country_code, is_international=is_international)


def _national_number(digits: str, country_code: str, *, is_international: bool) -> str:
    import phonenumbers  # noqa: PLC0415 - 40 ms, and only connections with a country code need it

    region = phonenumbers.region_code_for_country_code(int(country_code))
    if is_international and not digits.startswith(country_code + (_trunk_prefix(country_code) or "0")):
        return digits.removeprefix(country_code)
    try:
        number = phonenumbers.parse(f"+{digits}" if is_international else digits, region)
    except phonenumbers.NumberParseException:
        number = None
    if number is not None and str(number.country_code) == country_code:
        national = phonenumbers.national_significant_number(number)
        is_known = phonenumbers.is_valid_number(number)
    else:
        national = digits.removeprefix(country_code) if is_international else digits
        is_known = False
    if is_known:
        return national
    # Of no pattern in use, but a till may have typed it.
    if national.startswith("0"):
        national = national.removeprefix("0")
    if national.startswith(country_code) and len(national) > _LONGEST_NATIONAL_NUMBER:
        national = national.removeprefix(country_code)
    return national


@cache  # the same for all numbers of a connection, and a lookup asks for it a dozen times
def _trunk_prefix(country_code: str) -> str:
    """Return the digits that are dialled before a national number inside the country; "" where there are none."""
    with loading:  # see above
        import phonenumbers  # noqa: PLC0415 - see above

        region = phonenumbers.region_code_for_country_code(int(country_code))
        return phonenumbers.ndd_prefix_for_region(region, strip_non_digits=True) or ""
