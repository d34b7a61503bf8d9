"""The customers of the organisation, found by any of their identifiers."""

from collections.abc import Iterator

from couponhub_capillary.emulator.records import Customer


def digits_of(mobile: str) -> str:
    """The digits of a mobile number, without sign, blanks and dashes."""
    if mobile.isascii() and mobile.isdigit():
        return mobile
    return "".join(character for character in mobile if character.isdigit())


class Customers:
    """A directory of customers; identifiers are unique within it."""

    def __init__(self) -> None:
        self._by_id: dict[int, Customer] = {}
        self._by_mobile: dict[str, Customer] = {}
        self._by_email: dict[str, Customer] = {}
        self._by_external_id: dict[str, Customer] = {}
        self._next_id = 98_700_001

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[Customer]:
        return iter(self._by_id.values())

    def by_id(self, text: str) -> Customer | None:
        """The customer of that numeric id, given as text."""
        return self._by_id.get(int(text)) if text.isascii() and text.isdigit() else None

    def by_email(self, email: str) -> Customer | None:
        """The customer of that address."""
        return self._by_email.get(email)

    def by_external_id(self, external_id: str) -> Customer | None:
        """The customer of that external id."""
        return self._by_external_id.get(external_id)

    def by_mobile(self, mobile: str, country_code: str) -> Customer | None:
        """The customer of that number as it is, else with the country code before it (C-28)."""
        digits = digits_of(mobile)
        return self._by_mobile.get(digits) or self._by_mobile.get(country_code + digits)

    def add(
        self,
        *,
        mobile: str | None = None,
        email: str | None = None,
        external_id: str | None = None,
        id: int | None = None,  # noqa: A002 - the vendor's own word
        first_name: str | None = None,
        last_name: str | None = None,
    ) -> Customer:
        """Make a customer known; known ones that share an identifier are replaced, their coupons pass on.

        Without an `id` the replaced customer's is kept, so that adding somebody twice changes nothing.
        """
        found = (
            self._by_id.get(id) if id is not None else None,
            self._by_mobile.get(digits_of(mobile)) if mobile else None,
            self._by_email.get(email) if email else None,
            self._by_external_id.get(external_id) if external_id else None,
        )
        replaced = list({customer.id: customer for customer in found if customer is not None}.values())
        for customer in replaced:
            self._forget(customer)
        number = id if id is not None else replaced[0].id if replaced else self._new_id()
        added = Customer(
            id=number,
            mobile=mobile,
            email=email,
            external_id=external_id,
            first_name=first_name,
            last_name=last_name,
        )
        for customer in replaced:
            for coupon in customer.coupons:
                coupon.customer = added
            added.coupons.extend(customer.coupons)
        self._remember(added)
        return added

    def _new_id(self) -> int:
        while self._next_id in self._by_id:
            self._next_id += 1
        return self._next_id

    def _remember(self, customer: Customer) -> None:
        self._by_id[customer.id] = customer
        if customer.mobile:
            self._by_mobile[digits_of(customer.mobile)] = customer
        if customer.email:
            self._by_email[customer.email] = customer
        if customer.external_id:
            self._by_external_id[customer.external_id] = customer

    def _forget(self, customer: Customer) -> None:
        del self._by_id[customer.id]
        if customer.mobile:
            del self._by_mobile[digits_of(customer.mobile)]
        if customer.email:
            del self._by_email[customer.email]
        if customer.external_id:
            del self._by_external_id[customer.external_id]
