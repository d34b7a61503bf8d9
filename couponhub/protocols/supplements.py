"""Offers of an adapter that are no capability of their own: they tell more of one, and calling them calls nobody."""

from typing import Protocol, runtime_checkable

from couponhub.models import Identifier, NewCouponList


@runtime_checkable
class ChecksNewLists(Protocol):
    """Beside `WritesLists`: tells without a call what it would refuse in a new list."""

    def check_new_list(self, new: NewCouponList) -> None:
        """Refuse what `create_list(new)` refuses before anything is sent; calls nobody."""
        ...


@runtime_checkable
class TagsCodes(Protocol):
    """Beside `AcceptsFiles` or `AcceptsFileUrls`, of a vendor that binds uploaded codes to customers; others bind none."""

    @property
    def tag_identifiers(self) -> frozenset[Identifier]:
        """The kinds of identifier that customers may be named by. Answered from memory."""
        ...
