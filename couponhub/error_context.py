"""Errors that say where they happened, whichever adapter raised them."""

from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import TypeVar

import attrs

from couponhub.errors import CouponhubError

T = TypeVar("T")


@attrs.frozen
class ErrorContext:
    """A block whose errors name the connection and the operation, unless a deeper layer already did.

    with ErrorContext("loyalty", "read list"):
        ...
    """

    connection: str
    operation: str

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, CouponhubError):
            error.located(connection=self.connection, operation=self.operation)

    def each(self, items: Iterable[T]) -> Iterator[T]:
        """Locate errors that are raised while iterating, too."""
        with self:
            yield from items
