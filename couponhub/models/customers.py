"""The person asked about: one customer by exactly one typed identifier."""

from typing import Self

import attrs

from couponhub.errors import UsageError
from couponhub.models.base import Documented, about
from couponhub.models.given import given_one
from couponhub.models.identifiers import Identifier, read_identifier, unspoiled


@attrs.frozen(kw_only=True)
class Customer(Documented):
    """A customer, named by exactly one identifier, kept as it was given.

    Raises:
        UsageError: None or several identifiers were given, or one that is blank or ruined, see `read_identifier`.
            One that is merely none of its kind, such as a mobile with letters, is refused when it is asked about.
    """

    mobile: str | None = attrs.field(
        default=None,
        repr=False,
        metadata=about("A telephone number. Never completed or shortened by guess."),
    )
    email: str | None = attrs.field(default=None, repr=False, metadata=about("An e-mail address."))
    external_id: str | None = attrs.field(
        default=None, repr=False, metadata=about("The retailer's own customer number.")
    )
    id: str | None = attrs.field(
        default=None, repr=False, metadata=about("The vendor's own customer number.")
    )

    def __attrs_post_init__(self) -> None:
        # Spelled out: each lookup over HTTP makes one.
        given = [one for one in (self.mobile, self.email, self.external_id, self.id) if one is not None]
        if len(given) != 1:
            raise UsageError(
                f"a customer is named by exactly one identifier, {len(given)} were given",
                hint="give one of mobile, email, external_id, id",
            )
        kind, value = self.identifier, given[0]
        if not isinstance(value, str):
            raise UsageError(f"the customer's {kind} must be text, not {type(value).__name__}")
        unspoiled(kind, value)

    @property
    def identifier(self) -> Identifier:
        """The kind of identifier that this customer is named by."""
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
    def plain(self) -> str:
        """The identifier as `read_identifier` reads it: what a vendor may be asked about.

        Raises:
            UsageError: It cannot be one of its kind; the text does not quote it.
        """
        return read_identifier(self.identifier, self.value)

    def read(self) -> Self:
        """The customer by the `plain` identifier; raises as that does."""
        return self if self.plain == self.value else type(self)(**{self.identifier: self.plain})

    @property
    def masked(self) -> str:
        """For people's eyes and logs: the last two characters of all but short ones, else nothing of it."""
        return _masked(self.value)


def masked_form(text: str) -> str:
    """A form of an identifier for people's eyes: masked, with its length, as in `***10 (12 digits)`.

    The length tells a number with its country code from the same one without; nobody is found by it.
    """
    given_one(str, text, "the identifier")
    return f"{_masked(text)} ({len(text)} {'digits' if text.isdigit() else 'characters'})"


def _masked(text: str) -> str:
    return f"***{text[-2:] if len(text) >= 6 else ''}"
