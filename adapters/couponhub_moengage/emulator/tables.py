"""The workspace's state as tables, for people who look at it."""

from collections.abc import Iterator, Sequence
from itertools import islice

from couponhub.testing.emulation.vendor import Cell, EmulatedCustomer, StateTable
from couponhub_moengage.emulator.lists import EmulatedList
from couponhub_moengage.emulator.state import State

Row = Sequence[Cell]


class Tables:
    """Lists, files, coupons and customers. Everything is read under the state's lock, a part of a table at a time."""

    def __init__(self, state: State) -> None:
        self._state = state

    def all(self) -> Sequence[StateTable]:
        """Return every table."""
        with self._state.settled():
            lists = self._state.lists.values()
            files = sum(len(held.files) for held in lists)
            coupons = sum(len(held.available) + len(held.issued) + len(held.removed) for held in lists)
            customers = len(self._state.customers)
            return (
                StateTable(
                    name="lists",
                    title="Coupon lists",
                    columns=(
                        "Name",
                        "Id",
                        "Label",
                        "Status",
                        "Available",
                        "Issued",
                        "Removed",
                        "Total",
                        "Expires",
                        "Created",
                        "Updated",
                    ),
                    count=len(lists),
                    rows=self._lists,
                ),
                StateTable(
                    name="files",
                    title="Files",
                    columns=("Name", "Id", "List", "Status", "Added", "Fetched from", "Created", "Updated"),
                    count=files,
                    rows=self._files,
                ),
                StateTable(
                    name="coupons",
                    title="Coupons",
                    columns=("Code", "Status", "List", "Customer", "Issued", "Campaign"),
                    count=coupons,
                    rows=self._coupons,
                ),
                StateTable(
                    name="customers",
                    title="Customers",
                    columns=("Mobile", "E-mail", "External id", "Id"),
                    count=customers,
                    rows=self._customers,
                ),
            )

    def _lists(self, start: int, stop: int) -> Sequence[Row]:
        with self._state.settled():
            return [
                (
                    held.name,
                    held.id,
                    held.label,
                    held.status,
                    len(held.available),
                    len(held.issued),
                    len(held.removed),
                    held.total,
                    held.expires_at,
                    held.created_at,
                    held.updated_at,
                )
                for held in islice(self._state.lists.values(), start, stop)
            ]

    def _files(self, start: int, stop: int) -> Sequence[Row]:
        with self._state.settled():
            every = ((held, file) for held in self._state.lists.values() for file in held.files.values())
            return [
                (
                    file.name,
                    file.id,
                    held.name,
                    file.status,
                    file.added_coupons,
                    file.file_url,
                    file.created_at,
                    file.updated_at,
                )
                for held, file in islice(every, start, stop)
            ]

    def _coupons(self, start: int, stop: int) -> Sequence[Row]:
        with self._state.settled():
            every = (row for held in self._state.lists.values() for row in self._coupons_of(held))
            return list(islice(every, start, stop))

    def _coupons_of(self, held: EmulatedList) -> Iterator[Row]:
        for code, handout in held.issued.items():
            customer = _named(self._state.customers[handout.customer])
            yield code, "issued", held.name, customer, handout.at, handout.campaign.name
        for code in held.available:
            yield code, "available", held.name, None, None, None
        for code in held.removed:
            yield code, "removed", held.name, None, None, None

    def _customers(self, start: int, stop: int) -> Sequence[Row]:
        with self._state.settled():
            return [
                (known.mobile, known.email, known.external_id, known.id)
                for known in islice(self._state.customers, start, stop)
            ]


def _named(customer: EmulatedCustomer) -> str | None:
    return customer.mobile or customer.email or customer.external_id or customer.id
