"""The offer of an emulated vendor to the kit; the kit gives it HTTP, faults, a recorder and a control API."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

import attrs
from werkzeug.wrappers import Request, Response


class ControlError(Exception):
    """The control API was asked for what cannot be; the text is answered with HTTP 400 (404 when `missing`)."""

    def __init__(self, message: str, *, missing: bool = False) -> None:
        super().__init__(message)
        self.missing = missing


@attrs.frozen(kw_only=True)
class EmulatedCustomer:
    """A customer as the control API names one; None where the vendor does not know that identifier."""

    mobile: str | None = None
    email: str | None = None
    external_id: str | None = None
    id: str | None = None


Cell = str | int | bool | datetime | None
"""A value in a table; instants are aware, None is shown as nothing."""


@attrs.frozen(kw_only=True)
class StateTable:
    """A table of what an emulated vendor holds, for people to look at.

    Attributes:
        name: Tells it from the vendor's others, and stands in addresses: small letters, digits and dashes.
        title: Its heading, in the vendor's own words.
        columns: The headings of its columns, of which the first names a row.
        count: How many rows there are.
        rows: Gives those from one position, counted from 0, up to before another, each with a cell for each column, as
            they stand when it is called; fewer where there are no more. It takes the vendor's lock itself.
    """

    name: str
    title: str
    columns: Sequence[str]
    count: int
    rows: Callable[[int, int], Sequence[Sequence[Cell]]]


class VendorEmulator(Protocol):
    """One vendor, stateful, in memory, thread-safe, written from the vendor's documented facts alone."""

    name: str
    """The adapter's name; the vendor is served under `/<name>/`."""

    base_path: str
    """The end of a `base_url`, after the vendor's prefix: "/v1", or ""."""

    credentials: Mapping[str, str]
    """The default credentials by setting name, as printed at start."""

    def handle(self, request: Request) -> Response:
        """Answer one call. `request.path` is relative to the vendor's prefix and begins with `/`."""
        ...

    def options(self) -> Mapping[str, Any]:
        """Every option with its value now, by the names of the vendor's facts."""
        ...

    def set_options(self, values: Mapping[str, Any]) -> None:
        """Change options. Raises ControlError for an unknown name or a wrong type, changing nothing."""
        ...

    def reset(self) -> None:
        """Empty it: no lists, no customers, default options, no rate counters."""
        ...

    def seed_demo(self) -> None:
        """Fill it with the demo's lists and customers."""
        ...

    def seed(self, content: Mapping[str, Any]) -> Sequence[str]:
        """Fill it from a seed file's part for this vendor: {"customers": [...], "lists": [{"name", "codes": [...]}]}.

        Returns:
            The ids that the lists got, in their order.
        """
        ...

    def add_customers(self, customers: Sequence[EmulatedCustomer]) -> None:
        """Make customers known; one that shares an identifier with a known one replaces it."""
        ...

    def codes(self, list_id: str) -> Sequence[Mapping[str, Any]]:
        """The truth: every code of a list as {"code", "status", "customer": {...} or None}, status in our words.

        "removed" is one that the vendor held once and has deleted.
        """
        ...

    def issue(
        self, list_id: str, customer: EmulatedCustomer, *, count: int | None, codes: Sequence[str] | None
    ) -> Sequence[str]:
        """Hand codes of a list to a customer, and answer them."""
        ...

    def redeem(self, list_id: str, code: str, details: Mapping[str, Any]) -> None:
        """Record a redemption.

        Optional details: `at` (aware, UTC; default the clock's now), `transaction`, `store_code`, `store_name` (text).
        """
        ...

    def set_rate_limits(self, *, documented: bool) -> None:
        """Switch the vendor's documented rate limits on or off."""
        ...

    def set_processing_delay(self, seconds: float) -> None:
        """Set how long, in real seconds, processing a file takes."""
        ...


@runtime_checkable
class TakesCodesBack(Protocol):
    """An emulated vendor may also know how a code that was handed out, or its use, is taken back.

    Both raise ControlError for what cannot be, as a code that was not redeemed.
    """

    def revoke(self, list_id: str, code: str) -> None:
        """Take a code that was not redeemed away from its customer."""
        ...

    def reactivate(self, list_id: str, code: str) -> None:
        """Take the last redemption of a code back."""
        ...


@runtime_checkable
class ShowsTables(Protocol):
    """An emulated vendor may also show what it holds, as tables of a page: lists, files, customers, coupons."""

    def tables(self) -> Sequence[StateTable]:
        """Return all tables, the empty ones too, in the order in which people look at them. It is asked often: cheap."""
        ...


@runtime_checkable
class KeepsErrorFiles(Protocol):
    """An emulated vendor may also name a file of refused rows that its own API does not serve."""

    def error_file(self, key: str) -> bytes:
        """The CSV of that key. Raises ControlError when there is none."""
        ...


@runtime_checkable
class Closes(Protocol):
    """An emulated vendor may also hold what the end of the server must give back, such as open files."""

    def close(self) -> None:
        """Give it back; no call comes afterwards, and background work has ended."""
        ...
