"""Who is asked about: one customer by exactly one typed identifier."""

import re
from enum import StrEnum

import attrs

from couponhub.errors import UsageError


class Identifier(StrEnum):
    """The kinds of customer identifier; the values are the words of the command line and of JSON."""

    MOBILE = "mobile"
    EMAIL = "email"
    EXTERNAL_ID = "external_id"
    ID = "id"
    """The vendor's own customer number: means something at one connection only."""


_KINDS = tuple(Identifier)
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


@attrs.frozen(kw_only=True)
class Customer:
    """A customer, named by exactly one identifier, kept as it was given.

    Attributes:
        mobile: A telephone number. Never completed or shortened by guess.
        email: An e-mail address.
        external_id: The retailer's own customer number.
        id: The vendor's own customer number.

    Raises:
        UsageError: None or several identifiers were given, or one is blank.
    """

    mobile: str | None = attrs.field(default=None, repr=False)
    email: str | None = attrs.field(default=None, repr=False)
    external_id: str | None = attrs.field(default=None, repr=False)
    id: str | None = attrs.field(default=None, repr=False)

    def __attrs_post_init__(self) -> None:
        given = [(kind, value) for kind in _KINDS if (value := getattr(self, kind)) is not None]
        if len(given) != 1:
            raise UsageError(
                f"a customer is named by exactly one identifier, {len(given)} were given",
                hint="give one of mobile, email, external_id, id",
            )
        kind, value = given[0]
        if not isinstance(value, str):
            raise UsageError(f"the customer's {kind} must be text, not {type(value).__name__}")
        if not value.strip():
            raise UsageError(f"the customer's {kind} is blank")
        if _CONTROL.search(value):
            raise UsageError(f"the customer's {kind} holds a character that is no text")

    @property
    def identifier(self) -> Identifier:
        """Which identifier this customer is named by."""
        # Spelled out: a lookup asks for it a dozen times.
        if self.mobile is not None:
            return Identifier.MOBILE
        if self.email is not None:
            return Identifier.EMAIL
        return Identifier.ID if self.external_id is None else Identifier.EXTERNAL_ID

    @property
    def value(self) -> str:
        """The identifier's text, as it was given."""
        return str(getattr(self, self.identifier))

    @property
    def masked(self) -> str:
        """For people's eyes and logs: the last two characters of all but short ones, else nothing of it."""
        return _masked(self.value)


def masked_form(text: str) -> str:
    """A form of an identifier for people's eyes: masked, with its length, as in `***10 (12 digits)`.

    The length tells a number with its country code from the same one without; nobody is found by it.
    """
    return f"{_masked(text)} ({len(text)} {'digits' if text.isdigit() else 'characters'})"


def _masked(text: str) -> str:
    return f"***{text[-2:] if len(text) >= 6 else ''}"
